"""What `/oauth/token` (RFC 6749) and `/oauth/introspect` (RFC 7662) answer. Knows no web framework."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from api.callers.assertions import ASSERTION_TYPE, AssertionRefused, Assertions, client_of
from api.callers.authenticator import Authenticator
from api.callers.model import INTROSPECT, Caller, is_client_id
from api.callers.refused import CallerRefused, NotAuthenticated, RegisterRefused, RegisterUnavailable
from api.callers.rights import require
from api.callers.strict import LONGEST_TOKEN, NotStrict, form
from api.keys import KeyRefused

_PLAIN: Final = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
_BASIC: Final = ("WWW-Authenticate", 'Basic realm="jorei", charset="UTF-8"')
LONGEST_BODY: Final = 2 * LONGEST_TOKEN
_GRANT = "client_credentials"
_TEXTS: Final = {
    "invalid_request": "要求の形が正しくありません",
    "invalid_client": "クライアントを認証できません",
    "unsupported_grant_type": "grant_type は client_credentials だけです",
    "invalid_scope": "与えられていないスコープです",
    "temporarily_unavailable": "今は認証できません。少しおいてから、やり直してください",
}
_STATUS: Final = {"invalid_client": 401, "temporarily_unavailable": 503}


class Answer(msgspec.Struct, frozen=True):
    """What to answer: always JSON that no cache keeps."""

    status: int
    body: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = _PLAIN

    def json(self) -> bytes:
        """The body as bytes."""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class _Refused(Exception):
    """An error of RFC 6749. `description` is ASCII, as it asks; the Japanese text goes into a member of its own."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error, self.description = error, description

    def answer(self) -> Answer:
        body = {"error": self.error, "error_description": self.description, "message": _TEXTS[self.error]}
        status = _STATUS.get(self.error, 400)
        return Answer(status, body, (*_PLAIN, _BASIC) if status == 401 else _PLAIN)


class Endpoint:
    """The token endpoint and the introspection of one installation.

    Args:
        allow_basic: whether `client_secret_basic` is taken as well, as the interim that the specification allows.
    """

    def __init__(self, authenticator: Authenticator, assertions: Assertions, *, allow_basic: bool = True) -> None:
        self._callers, self._assertions, self._allow_basic = authenticator, assertions, allow_basic

    def token(self, headers: list[tuple[bytes, bytes]], body: bytes, peer: str | None) -> Answer:
        """Answer a request for an access token."""
        try:
            caller, granted, certificate = self._grant(headers, body, peer)
            token = self._callers.tokens.issue(caller, granted, certificate)
        except _Refused as refused:
            return refused.answer()
        except CallerRefused as refused:
            return _answer_of(refused)
        except (SQLAlchemyError, RegisterRefused, KeyRefused):
            return _Refused("temporarily_unavailable", "try again later").answer()
        life = int(self._callers.tokens.life.total_seconds())
        found = {"access_token": token, "token_type": "Bearer", "expires_in": life, "scope": " ".join(sorted(granted))}
        return Answer(200, found)

    def introspect(self, headers: list[tuple[bytes, bytes]], body: bytes, peer: str | None) -> Answer:
        """Answer what a token is worth to a caller that may ask."""
        try:
            require(self._callers.admit(headers, peer), INTROSPECT)
            asked = _form(headers, body)
            if "token" not in asked:
                raise _Refused("invalid_request", "token is required")
            return Answer(200, self._described(asked["token"]))
        except _Refused as refused:
            return refused.answer()
        except CallerRefused as refused:
            return _answer_of(refused)

    def _described(self, token: str) -> dict[str, Any]:
        tokens = self._callers.tokens
        try:
            read = tokens.verify(token)
            caller, _ = self._callers.by_token(token, read.thumbprint)
        except KeyRefused:
            raise _Refused("temporarily_unavailable", "try again later") from None
        except NotAuthenticated:
            return {"active": False}
        found = {
            "active": True,
            "scope": " ".join(sorted(caller.scopes)),
            "client_id": caller.client_id,
            "sub": caller.client_id,
            "token_type": "Bearer",
            "iss": tokens.issuer,
            "aud": "jorei",
            "exp": int(read.expires.timestamp()),
            "iat": read.issued_ms // 1000,
            "jti": read.jti,
            "system": caller.system,
            "body": caller.body,
            "agency": caller.agency,
        }
        if read.thumbprint is not None:
            found["cnf"] = {"x5t#S256": read.thumbprint}
        return {name: value for name, value in found.items() if value is not None}

    def _grant(
        self, headers: list[tuple[bytes, bytes]], body: bytes, peer: str | None
    ) -> tuple[Caller, frozenset[str], str | None]:
        """The authenticated client, the scopes to grant, and the certificate to bind to."""
        asked = _form(headers, body)
        grant = asked.get("grant_type")
        if grant is None:
            raise _Refused("invalid_request", "grant_type is required")
        if grant != _GRANT:
            raise _Refused("unsupported_grant_type", "only client_credentials is supported")
        try:
            caller = self._client(headers, asked)
            certificate = self._certificate(headers, peer, caller)
        except (_Refused, NotAuthenticated) as refused:
            self._callers.limits.stranger(peer)
            if isinstance(refused, NotAuthenticated):
                raise _Refused("invalid_client", "client certificate refused") from None
            raise
        self._callers.limits.caller(caller)
        return caller, _scopes(caller, asked.get("scope")), certificate

    def _certificate(self, headers: list[tuple[bytes, bytes]], peer: str | None, caller: Caller) -> str | None:
        shown = self._callers.certificate_of(headers, peer)
        if shown is None:
            return None
        if caller.thumbprint is not None and not hmac.compare_digest(shown, caller.thumbprint):
            raise _Refused("invalid_client", "client certificate refused")
        return shown

    def _client(self, headers: list[tuple[bytes, bytes]], asked: dict[str, str]) -> Caller:
        authorization = [value for name, value in headers if name == b"authorization"]
        has_assertion = "client_assertion" in asked or "client_assertion_type" in asked
        if len(authorization) > 1 or (authorization and has_assertion):
            raise _Refused("invalid_request", "more than one way of client authentication")
        if has_assertion:
            return self._by_assertion(asked)
        if "client_secret" in asked:
            raise _Refused("invalid_client", "client_secret_post is not supported")
        if authorization:
            return self._by_basic(authorization[0], asked)
        raise _Refused("invalid_client", "client authentication is required")

    def _by_assertion(self, asked: dict[str, str]) -> Caller:
        if asked.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in asked:
            raise _Refused("invalid_request", "client_assertion_type must be jwt-bearer")
        assertion = asked["client_assertion"]
        try:
            client_id = client_of(assertion)
            if asked.get("client_id", client_id) != client_id:
                raise AssertionRefused("client_id differs from the assertion")
            known = self._callers.known(client_id)
            secret = None if known is None else self._callers.register.secret_of(known)
            self._assertions.verify(assertion, client_id, secret)
        except AssertionRefused as refused:
            raise _Refused("invalid_client", str(refused)) from None
        assert known is not None
        return known.caller

    def _by_basic(self, authorization: bytes, asked: dict[str, str]) -> Caller:
        if not self._allow_basic:
            raise _Refused("invalid_client", "client_secret_basic is switched off")
        client_id, given = _basic(authorization)
        known = self._callers.known(client_id) if is_client_id(client_id) else None
        secret = None if known is None else self._callers.register.secret_of(known)
        same = hmac.compare_digest(given.encode(), (secret or secrets.token_hex(26)).encode())
        if known is None or secret is None or not same or asked.get("client_id", client_id) != client_id:
            raise _Refused("invalid_client", "client authentication failed")
        return known.caller


def _form(headers: list[tuple[bytes, bytes]], body: bytes) -> dict[str, str]:
    types = [value for name, value in headers if name == b"content-type"]
    try:
        if len(types) != 1 or len(body) > LONGEST_BODY:
            raise NotStrict("content type or size")
        return form(types[0].decode("ascii", "replace"), body)
    except NotStrict:
        raise _Refused("invalid_request", "one form of unique parameters is required") from None


def _basic(authorization: bytes) -> tuple[str, str]:
    scheme, _, rest = authorization.partition(b" ")
    try:
        if scheme.lower() != b"basic":
            raise ValueError
        name, colon, secret = base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")
        if not colon:
            raise ValueError
        return unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
    except (ValueError, binascii.Error):
        raise _Refused("invalid_client", "malformed Authorization header") from None


def _scopes(caller: Caller, asked: str | None) -> frozenset[str]:
    if asked is None:
        granted = caller.scopes
    else:
        granted = frozenset(asked.split(" "))
        if not granted <= caller.scopes:
            raise _Refused("invalid_scope", "a requested scope is not granted to this client")
    if not granted:
        raise _Refused("invalid_scope", "no scope is granted to this client")
    return granted


def _answer_of(refused: CallerRefused) -> Answer:
    """A refusal of the register or of a limit in the words of RFC 6750."""
    errors = {401: "invalid_token", 403: "insufficient_scope", 429: "too_many_requests"}
    error = "temporarily_unavailable" if isinstance(refused, RegisterUnavailable) else errors[refused.status]
    return Answer(refused.status, {"error": error, "message": refused.text}, (*_PLAIN, *refused.headers))
