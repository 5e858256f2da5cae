"""Whether a permit is for this very inquiry or provision: its decided request against the codes of the message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from linkage.intermediate.refusals import IntermediateRefused

if TYPE_CHECKING:
    from api.permits import Permit
    from linkage.intermediate.codes import Codes


def check(
    permit: Permit,
    codes: Codes,
    *,
    requester: str,
    provider: str,
    affair: str,
    procedure: str,
    information: str,
) -> None:
    """Return when the permit's request says what the codes say.

    Raises:
        IntermediateRefused: N0105, naming what differs.
    """
    asked = permit.request
    who, whom = codes.agency(requester), codes.agency(provider)
    number = codes.procedure(procedure, affair).procedure
    name = codes.information(information).name
    differs = [
        japanese
        for japanese, good in (
            ("行為", asked.get("action") == "link"),
            ("照会する機関", asked.get("party") == who.party),
            ("事務", _is_affair(asked, codes.affair(affair).affairs)),
            ("手続", _is_procedure(asked, number)),
            ("情報", name in _information(asked)),
            ("提供者", asked.get("holder") in (whom.name, whom.party)),
        )
        if not good
    ]
    if differs:
        raise IntermediateRefused("N0105", what="・".join(differs))


def native_request(
    codes: Codes,
    *,
    requester: str,
    provider: str,
    affair: str,
    procedure: str,
    information: str,
    on: date,
    facts: Mapping[str, object],
) -> dict[str, object]:
    """The request of a decision (POST /v1/decisions) that the codes stand for."""
    who, whom = codes.agency(requester), codes.agency(provider)
    request: dict[str, object] = {
        "action": "link",
        "agency": who.agency,
        "affair": codes.affair(affair).affairs[0],
        "information": [codes.information(information).name],
        "holder": whom.name,
        "on": on.isoformat(),
        "facts": dict(facts),
    }
    if who.municipality is not None:
        request["municipality"] = who.municipality
    number = codes.procedure(procedure, affair).procedure
    if number is not None:
        request["procedure"] = number
    return request


def _is_affair(asked: Mapping[str, Any], affairs: Iterable[str]) -> bool:
    said = str(asked.get("affair"))
    return any(said == affair or said.endswith(f"/{affair}") for affair in affairs)


def _is_procedure(asked: Mapping[str, Any], number: str | None) -> bool:
    said = asked.get("procedure")
    if number is None:
        return True
    return said is not None and str(said).rpartition("/")[2] == number


def _information(asked: Mapping[str, Any]) -> frozenset[str]:
    given = asked.get("information") or ()
    return frozenset(str(one.get("name")) if isinstance(one, Mapping) else str(one) for one in given)
