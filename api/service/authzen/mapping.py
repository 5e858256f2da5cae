"""Between AuthZEN's four entities and the words of a request; docs/AUTHZEN.md says the same to its readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from api.service.problems import Problem

if TYPE_CHECKING:
    from api.callers import Caller

AGENCY: Final = "agency"
SECTION: Final = "section"
INFORMATION: Final = "information"
FILE: Final = "file"
ACTIONS: Final = ("use", "transfer", "link", "store", "card")

SUBJECT_TYPES: Final = (AGENCY, SECTION)
RESOURCE_TYPES: Final = (INFORMATION, FILE)

#: Members of the context that are words of a request as they are.
_CONTEXT: Final = ("municipality", "affair", "procedure", "on", "facts", "attachments")


def _fault(pointer: str, detail: str) -> Problem:
    return Problem("request-invalid", errors=[{"pointer": f"#/{pointer}", "detail": detail}])


def entity(holder: Mapping[str, Any], name: str, required: tuple[str, ...]) -> Mapping[str, Any]:
    """A subject, resource or action, with its required members as strings.

    Raises:
        Problem: When it is missing, ill-typed, or lacks a member.
    """
    value = holder.get(name)
    if value.__class__ is not dict:
        raise _fault(name, "項目がありません" if name not in holder else "オブジェクトで書いてください")
    assert value is not None
    for member in required:
        if value.get(member).__class__ is not str:
            missing = member not in value
            raise _fault(f"{name}/{member}", "項目がありません" if missing else "文字列で書いてください")
    _object(value, "properties", name)
    checked: Mapping[str, Any] = value
    return checked


def _object(value: Mapping[str, Any], member: str, within: str = "") -> Mapping[str, Any]:
    found = value.get(member)
    if found is None and member not in value:
        return {}
    if found.__class__ is not dict:
        raise _fault(f"{within}/{member}" if within else member, "オブジェクトで書いてください")
    assert found is not None
    checked: Mapping[str, Any] = found
    return checked


def context_of(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The context, empty when there is none."""
    return _object(asked, "context")


class Asked:
    """One evaluation in AuthZEN's terms, its form checked; strings of unknown meaning are for the decision to deny."""

    __slots__ = ("action", "context", "resource", "subject")

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self.subject = entity(asked, "subject", ("type", "id"))
        self.action = entity(asked, "action", ("name",))
        self.resource = entity(asked, "resource", ("type", "id"))
        self.context = context_of(asked)

    def words(self, caller: Caller, today: str) -> dict[str, Any]:
        """The words of the request (`engine.resolve`); what is not said comes from the credential and the clock.

        Raises:
            Problem: 403 when the section is not the caller's; 400 when a member is ill-typed.
        """
        return words_of(self.subject, self.action, self.resource, self.context, caller, today)

    @property
    def complete(self) -> bool:
        """Whether the words follow from the entities alone, whoever calls and on whatever day."""
        context = self.context
        return "on" in context and "municipality" in context and self.subject["type"] == AGENCY


def words_of(
    subject: Mapping[str, Any],
    action: Mapping[str, Any],
    resource: Mapping[str, Any],
    context: Mapping[str, Any],
    caller: Caller,
    today: str,
) -> dict[str, Any]:
    """The words of a request."""
    words: dict[str, Any] = {"action": action["name"]}
    for name in _CONTEXT:
        value = context.get(name)
        if value is not None:
            words[name] = value
    if "on" not in words:
        words["on"] = today
    if "municipality" not in words and caller.municipality is not None:
        words["municipality"] = caller.municipality
    agency = _agency(subject, caller)
    if agency is not None:
        words["agency"] = agency
    properties = resource.get("properties") or {}
    if resource["type"] == INFORMATION:
        person = properties.get("person")
        words["information"] = [resource["id"] if person is None else {"name": resource["id"], "person": person}]
    holder = properties.get("holder", context.get("holder"))
    if holder is not None:
        words["holder"] = holder
    return words


def _agency(subject: Mapping[str, Any], caller: Caller) -> str | None:
    """The agency that asks: named itself, or that of the caller when the subject is the caller's own section."""
    if subject["type"] == AGENCY:
        agency: str = subject["id"]
        return agency
    if subject["type"] == SECTION:
        if caller.section is not None and subject["id"] != caller.section:
            raise Problem(
                "forbidden",
                "認証された呼び出し元の部署ではありません",
                errors=[{"pointer": "#/subject/id", "detail": "認証された呼び出し元の部署ではありません"}],
            )
        return caller.agency
    return None


def unknown_types(subject: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, str]:
    """The types that no decision is about, by entity: well formed, and denied."""
    found = {}
    if subject["type"] not in SUBJECT_TYPES:
        found["subject"] = subject["type"]
    if resource["type"] not in RESOURCE_TYPES:
        found["resource"] = resource["type"]
    return found
