"""What a permit says, and for exactly which act."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from api.canonical import canonical
from api.permits.refusals import BAD_ACT, TWELVE_DIGITS, PermitRefused
from engine.japanese import has_twelve_digits
from engine.request import Request
from engine.rule_set import GrantedInformation

#: The header's type, by which no other token is taken for a permit (RFC 8725).
TYPE = "authz-permit+jwt"
AUDIENCE = "jorei-linkage"
ISSUER = "jorei"

#: The longest a permit may live, in seconds.
LIFE = 60

_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")
_HANDLE = re.compile(r"[!-~]{1,200}")
_ELEVEN = re.compile(r"\d{11}")  # 住民票コード
_MOST_HANDLES = 10_000


class Act(msgspec.Struct, frozen=True):
    """What exactly may be done: its name, the kind of store, and whom or what it touches.

    Handles stand for persons and records; they are never an Individual Number.
    """

    name: str
    target: str
    handles: tuple[str, ...] = ()


class Permit(msgspec.Struct, frozen=True):
    """A permit that was issued, or verified."""

    jti: str
    evaluation_id: str
    caller: str
    act: Act
    body: str | None  # code of the municipality; None for a national agency
    ruleset: str  # digest
    epoch: int
    on: str  # ISO day, in Japan
    issued_ms: int
    expires_ms: int
    request: Mapping[str, Any]  # what was decided, see `binding`
    grants: tuple[str, ...]
    citations: tuple[str, ...]
    obligations: tuple[str, ...]
    log_index: int  # of the decision
    bundle: str | None = None
    thumbprint: str | None = None  # of the caller's certificate


class LogClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the decision stands in the log."""

    index: int
    leaf_hash: str


class RuleSetClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The rule set that decided; the digest in base64url, whose runs of digits are short."""

    digest: str
    bundle: str | None = None


class Obligation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A duty that comes with the act."""

    id: str


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The certificate by which the caller must come again (RFC 8705)."""

    x5t: str = msgspec.field(name="x5t#S256")


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The payload of a permit. All but `log` is recorded before it is signed."""

    iss: str
    aud: tuple[str, ...]
    sub: str
    iat: int
    nbf: int
    exp: int
    jti: str
    evaluation_id: str
    ruleset: RuleSetClaim
    epoch: int
    on: str
    body: str | None = None
    act: Act
    binding: dict[str, Any]
    binding_hash: str
    grants: tuple[str, ...]
    citations: tuple[str, ...]
    obligations: tuple[Obligation, ...]
    uses: Literal[1]
    log: LogClaim | None = None
    cnf: Confirmation | None = None

    def permit(self) -> Permit:
        """The permit that they say."""
        return Permit(
            jti=self.jti,
            evaluation_id=self.evaluation_id,
            caller=self.sub,
            act=self.act,
            body=self.body,
            ruleset=decoded(self.ruleset.digest).hex(),
            epoch=self.epoch,
            on=self.on,
            issued_ms=self.iat * 1000,
            expires_ms=self.exp * 1000,
            request=self.binding,
            grants=self.grants,
            citations=self.citations,
            obligations=tuple(one.id for one in self.obligations),
            log_index=self.log.index if self.log else -1,
            bundle=self.ruleset.bundle,
            thumbprint=self.cnf.x5t if self.cnf else None,
        )


def binding(request: Request) -> dict[str, Any]:
    """What was decided, as keys of the rule set: the request with every name resolved; what it does not say is absent."""
    said = {
        "action": request.action.value,
        "body": request.body,
        "party": request.party,
        "affair": request.affair,
        "procedure": request.procedure,
        "information": [_item(item) for item in request.information] or None,
        "holder": request.holder,
        "on": request.on.isoformat(),
        "facts": dict(request.facts),
    }
    return {name: value for name, value in said.items() if value is not None}


def _item(item: GrantedInformation) -> dict[str, str]:
    return {"name": item.name} if item.person is None else {"name": item.name, "person": item.person}


def binding_hash(bound: Mapping[str, Any]) -> str:
    """base64url of SHA-256 of the canonical JSON."""
    return encoded(hashlib.sha256(canonical(bound)).digest())


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding; a text that those bytes are not written as is refused.

    Raises:
        ValueError: when the text is not the one way to write its bytes.
    """
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encoded(data) != text:
        raise ValueError("not the canonical base64url")
    return data


def check_act(act: Act) -> None:
    """Refuse an act that is not written in its one form, or that may name a person's number.

    Raises:
        PermitRefused: P0305, P0306.
    """
    words = (act.name, act.target, *act.handles)
    if any(has_twelve_digits(word) or _ELEVEN.search(unicodedata.normalize("NFKC", word)) for word in words):
        raise PermitRefused(TWELVE_DIGITS)
    if (
        not _NAME.fullmatch(act.name)
        or not _NAME.fullmatch(act.target)
        or len(act.handles) > _MOST_HANDLES
        or not all(_HANDLE.fullmatch(handle) for handle in act.handles)
    ):
        raise PermitRefused(BAD_ACT)


def check_digits(text: str) -> None:
    """Refuse canonical JSON with a run of twelve digits in any value (quotes stand between values).

    Raises:
        PermitRefused: P0305.
    """
    if has_twelve_digits(text):
        raise PermitRefused(TWELVE_DIGITS)
