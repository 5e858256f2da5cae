"""What a caller may do: scopes, roles, and for whom it may ask."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from api.callers.model import ANY_AGENCY, ROLE_NAMES, Caller, Role, may_hold
from api.callers.refused import NO_ROLE, NO_SCOPE, OTHER_AGENCY, OTHER_BODY, SAME_PERSON, Forbidden
from engine.japanese import plain


class NotYours(msgspec.Struct, frozen=True):
    """A request for another municipality or agency than the caller's own: to be answered with 403."""

    code: str
    pointer: str  # JSON Pointer into the native request
    text: str  # repeats nothing of the request
    status: int = 403


@lru_cache(maxsize=4096)
def _held(roles: frozenset[Role], scope: str) -> bool:
    return any(may_hold(role, scope) for role in roles)


def allows(caller: Caller, scope: str) -> bool:
    """Whether the caller has the scope, and one of its roles may have it."""
    return scope in caller.scopes and _held(caller.roles, scope)


def require(caller: Caller, scope: str) -> None:
    """Let pass a caller with the scope.

    Raises:
        Forbidden: with the challenge of RFC 6750.
    """
    if not allows(caller, scope):
        challenge = f'Bearer realm="jorei", error="insufficient_scope", scope="{scope}"'
        text = f"この呼び出しには、スコープ {scope} が要ります"
        raise Forbidden(NO_SCOPE, text, (("WWW-Authenticate", challenge),))


def require_role(caller: Caller, role: Role) -> None:
    """Let pass a caller of the role, else raise `Forbidden`."""
    if role not in caller.roles:
        raise Forbidden(NO_ROLE, f"この呼び出しは、役割「{ROLE_NAMES[role]}」の者だけができます")


def separate(approver: Caller, editor_client_id: str) -> None:
    """Let pass an approval by somebody else than who edited, else raise `Forbidden`."""
    require_role(approver, Role.APPROVER)
    if Role.EDITOR in approver.roles or approver.client_id == editor_client_id:
        raise Forbidden(SAME_PERSON, "起案した者は、自らの起案を承認できません")


_BODY = NotYours(OTHER_BODY, "#/municipality", "認証された呼び出し元の市町村ではありません")
_AGENCY = NotYours(OTHER_AGENCY, "#/agency", "認証された呼び出し元の機関ではありません")


def acts_for(caller: Caller, request: Mapping[str, Any]) -> NotYours | None:
    """None when the caller may ask for the municipality and agency of a native request, else the problem.

    A request that leaves them out, or writes anything but a name, asks for nobody the caller is.
    """
    municipality, agency = request.get("municipality"), request.get("agency")
    if municipality != caller.municipality and not _same_body(caller, municipality):
        return _BODY
    if agency == caller.agency and agency is not None:
        return None
    if not isinstance(agency, str):
        return _AGENCY
    named = plain(agency)
    own = (caller.agency,) if caller.agency else ()
    if ANY_AGENCY in caller.agencies or any(named == plain(name) for name in (*own, *caller.agencies)):
        return None
    return _AGENCY


def _same_body(caller: Caller, municipality: object) -> bool:
    if caller.municipality is None:
        return caller.body is None and municipality in (None, "")
    if not isinstance(municipality, str):
        return False
    named = plain(municipality)
    return named == plain(caller.municipality) or (caller.body is not None and named == caller.body)
