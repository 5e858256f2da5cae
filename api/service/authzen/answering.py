"""Decisions in AuthZEN's form. Two values only; why, and under which duties, stands in the context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from api.canonical import canonical

if TYPE_CHECKING:
    from api.service.deciding import Deciding
    from api.service.problems import Problem
    from api.service.remembering import Prepared

#: Where the words of a request stand in AuthZEN's entities.
_POINTERS: Final = {
    "action": "#/action/name",
    "agency": "#/subject/id",
    "information": "#/resource/id",
    "holder": "#/resource/properties/holder",
    "subject": "#/subject/type",
    "resource": "#/resource/type",
}


def pointer(native: str) -> str:
    """The place in AuthZEN's request of a member of the native one.

    Examples:
        >>> pointer("#/information/0/name"), pointer("#/facts"), pointer("#")
        ('#/resource/id', '#/context/facts', '#')
    """
    first, _, rest = native.removeprefix("#").removeprefix("/").partition("/")
    if not first:
        return "#"
    return _POINTERS.get(first) or f"#/context/{first}" + (f"/{rest}" if rest else "")


def moved(errors: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """The errors of a problem with their pointers into AuthZEN's request."""
    return None if errors is None else [error | {"pointer": pointer(error["pointer"])} for error in errors]


def evaluation(deciding: Deciding, prepared: Prepared, at: bytes, evaluation_id: str, index: int | None) -> bytes:
    """One decision with its context."""
    log = b"null" if index is None else b'{"index":%d}' % index
    if prepared.form.decision is None:
        said = _refused(prepared.answer)
        before, on, after = said, b"", b""
    else:
        before, after = deciding.encoder.context(prepared.form)
        on = prepared.on
    return b"".join(
        (
            deciding.authzen_bundle,
            at,
            b'","evaluation_id":"',
            evaluation_id.encode(),
            b'","log":',
            log,
            b",",
            before,
            on,
            after,
            b'},"decision":true}' if prepared.lawful else b'},"decision":false}',
        )
    )


def _refused(answer: bytes) -> bytes:
    """The members of the context of a request whose names are not known."""
    content = msgspec.json.decode(answer)
    members = {
        "missing": [],
        "obligations": [],
        "outcome": content["outcome"],
        "reasons": [
            {
                "citations": [],
                "code": one["code"],
                "pointer": pointer(one["pointer"]),
                "text": one["detail"],
                **({"suggestion": one["suggestion"]} if "suggestion" in one else {}),
            }
            for one in content["problems"]
        ],
        "ruleset": content["ruleset"],
    }
    return canonical(members)[1:-1]


def replayed(content: dict[str, Any], index: int) -> bytes:
    """The evaluation that a record holds, as it was answered."""
    answer = content["answer"]
    head = {
        "bundle": content["ruleset"]["bundle"],
        "evaluated_at": content["at"],
        "evaluation_id": content["id"],
        "log": {"index": index},
    }
    if "items" not in answer:
        said = msgspec.json.decode(b"{" + _refused(canonical(answer)) + b"}")
    else:
        said = {
            "missing": sorted(
                {
                    u["fact"]
                    for item in answer["items"]
                    for u in item["unmet"]
                    if u["code"] == "missing_fact" and u["fact"]
                }
            ),
            "obligations": [
                {"id": duty["id"], "properties": {"citation": duty["basis"], "text": duty["text"]}, "type": "duty"}
                for duty in answer["duties"]
            ],
            "on": answer["on"],
            "outcome": answer["outcome"],
            "reasons": [reason for item in answer["items"] for reason in _reasons(item)],
            "ruleset": answer["ruleset"],
        }
    return canonical({"context": head | said, "decision": answer["lawful"]})


def _reasons(item: dict[str, Any]) -> list[dict[str, Any]]:
    about = item["information"]
    if item["lawful"]:
        text = "次の規定により適法です"
        return [{"citations": item["basis"], "code": "permitted", "information": about, "text": text}]
    return [
        {
            "citations": [] if reason["basis"] is None else [reason["basis"]],
            "code": reason["code"],
            "information": about,
            "text": reason["text"],
        }
        for reason in item["unmet"]
    ]


def failed(problem: Problem) -> bytes:
    """An evaluation of a batch that cannot be made: denied, with the error."""
    error: dict[str, Any] = {"status": 400 if problem.status in (406, 413, 415, 422) else problem.status}
    error |= {"message": problem.title, "type": problem.to_json()["type"]}
    if problem.errors:
        error["errors"] = problem.errors
    return canonical({"context": {"error": error}, "decision": False})
