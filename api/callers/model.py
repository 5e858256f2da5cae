"""A caller, its roles, and the scopes that each role may hold."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec


class Role(StrEnum):
    """What kind of caller it is."""

    SYSTEM = "system"
    EDITOR = "editor"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


ROLE_NAMES: Final = {
    Role.SYSTEM: "業務システム",
    Role.EDITOR: "起案者",
    Role.APPROVER: "承認者",
    Role.AUDITOR: "監査者",
    Role.ADMINISTRATOR: "管理者",
}

EVALUATE: Final = "jorei:decision:evaluate"
DECISION_READ: Final = "jorei:decision:read"
PERMIT_ISSUE: Final = "jorei:permit:issue"
LOG_READ: Final = "jorei:log:read"
RULESET_READ: Final = "jorei:ruleset:read"
RULESET_EDIT: Final = "jorei:ruleset:edit"
RULESET_APPROVE: Final = "jorei:ruleset:approve"
RULESET_PUBLISH: Final = "jorei:ruleset:publish"
INTROSPECT: Final = "jorei:token:introspect"

#: Every agency of its municipality: for a gateway that asks on behalf of several.
ANY_AGENCY: Final = "*"

#: What a role may hold; `*` stands for one whole part. The linkage layer adds no scope that edits rules.
HOLDS: Final[dict[Role, tuple[str, ...]]] = {
    Role.SYSTEM: (EVALUATE, DECISION_READ, PERMIT_ISSUE, RULESET_READ, INTROSPECT, "linkage:*:*"),
    Role.EDITOR: (RULESET_READ, RULESET_EDIT, EVALUATE),
    Role.APPROVER: (RULESET_READ, RULESET_APPROVE, RULESET_PUBLISH, EVALUATE),
    Role.AUDITOR: ("*:log:read",),
    Role.ADMINISTRATOR: (
        RULESET_READ,
        RULESET_PUBLISH,
        INTROSPECT,
        "jorei:caller:*",
        "jorei:key:*",
        "jorei:metrics:read",
        "linkage:register:*",
    ),
}

#: Roles that one client may not have together, and why.
_APART: Final[tuple[tuple[Role, Role, str], ...]] = (
    (Role.EDITOR, Role.APPROVER, "起案した者が自ら承認できてしまいます"),
    (Role.SYSTEM, Role.EDITOR, "業務システムは規則集を編集できません"),
    (Role.SYSTEM, Role.APPROVER, "業務システムは規則集を承認できません"),
    (Role.SYSTEM, Role.ADMINISTRATOR, "業務システムは利用者や鍵を管理できません"),
    (Role.ADMINISTRATOR, Role.EDITOR, "管理者が自ら起案できてしまいます"),
    (Role.ADMINISTRATOR, Role.APPROVER, "管理者が自ら承認できてしまいます"),
    *((Role.AUDITOR, role, "監査者は記録を読むだけです") for role in Role if role is not Role.AUDITOR),
)

#: What a role gets when nothing else is asked for.
USUAL: Final[dict[Role, frozenset[str]]] = {
    Role.SYSTEM: frozenset({EVALUATE, DECISION_READ, PERMIT_ISSUE, RULESET_READ}),
    Role.EDITOR: frozenset({RULESET_READ, RULESET_EDIT}),
    Role.APPROVER: frozenset({RULESET_READ, RULESET_APPROVE, RULESET_PUBLISH}),
    Role.AUDITOR: frozenset({LOG_READ}),
    Role.ADMINISTRATOR: frozenset({RULESET_READ, INTROSPECT}),
}

#: `${業務システムID}:${リソース名}:${操作名}`, of the characters that RFC 6749 allows in a scope.
_SCOPE = re.compile(r"[A-Za-z0-9_.-]{1,40}:[A-Za-z0-9_.-]{1,40}:[A-Za-z0-9_.-]{1,40}")
_CLIENT_ID = re.compile(r"[a-z][a-z0-9._-]{2,63}")


class Caller(msgspec.Struct, frozen=True, gc=False):
    """Who calls, as its credential says."""

    client_id: str
    name: str
    body: str | None  # municipality code
    municipality: str | None  # its name
    agency: str | None
    section: str | None
    roles: frozenset[Role]
    scopes: frozenset[str]
    system: str  # 業務ID
    agencies: frozenset[str] = frozenset()  # further agencies it asks for; ANY_AGENCY: all of its municipality
    per_minute: int | None = None
    thumbprint: str | None = None  # x5t#S256 of its client certificate


def is_scope(text: str) -> bool:
    """Whether the text has the form of a scope.

    Examples:
        >>> is_scope("jorei:decision:evaluate"), is_scope("jorei:decision"), is_scope("a b:c:d")
        (True, False, False)
    """
    return _SCOPE.fullmatch(text) is not None


def is_client_id(text: str) -> bool:
    """Whether the text can name a client: it stands in logs and records, and can hold no personal number."""
    from api.telemetry.redaction import is_clean

    return _CLIENT_ID.fullmatch(text) is not None and is_clean(text)


def may_hold(role: Role, scope: str) -> bool:
    """Whether callers of a role may have a scope.

    Examples:
        >>> may_hold(Role.SYSTEM, "jorei:ruleset:edit"), may_hold(Role.AUDITOR, "linkage:log:read")
        (False, True)
    """
    parts = scope.split(":")
    return any(all(p in ("*", q) for p, q in zip(held.split(":"), parts, strict=True)) for held in HOLDS[role])


def faults(roles: frozenset[Role], scopes: frozenset[str]) -> list[str]:
    """Why a caller may not have these roles and scopes, in Japanese; nothing when it may."""
    found = [] if roles else ["役割を一つは指定してください"]
    found += [
        f"役割「{ROLE_NAMES[a]}」と「{ROLE_NAMES[b]}」は兼ねられません（{why}）"
        for a, b, why in _APART
        if a in roles and b in roles
    ]
    for scope in sorted(scopes):
        if not is_scope(scope):
            found.append("スコープは「業務システムID:リソース名:操作名」の形で指定してください")
        elif not any(may_hold(role, scope) for role in roles):
            found.append(f"スコープ {scope} は、この役割には与えられません")
    return found
