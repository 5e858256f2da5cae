"""Reading of what strangers send: forms, JSON and compact JWS, without a second meaning."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NoReturn
from urllib.parse import parse_qsl

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20
LONGEST_TOKEN = 8192


class NotStrict(ValueError):
    """What was sent can be read in two ways, or in none. Its text repeats nothing of it."""


def form(content_type: str | None, body: bytes) -> dict[str, str]:
    """The members of a form; empty ones count as left out (RFC 6749).

    Examples:
        >>> form("application/x-www-form-urlencoded", b"grant_type=client_credentials&scope=")
        {'grant_type': 'client_credentials'}
    """
    if content_type is None or content_type.split(";")[0].strip().lower() != _FORM:
        raise NotStrict("content type")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise NotStrict("not a form") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise NotStrict("repeated parameter")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict("repeated member")
    return found


def _no_constant(_: str) -> NoReturn:
    raise NotStrict("not a number")


def json_object(text: bytes) -> dict[str, Any]:
    """A JSON object without repeated members."""
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise NotStrict("not JSON") from None
    if not isinstance(found, dict):
        raise NotStrict("not an object")
    return found


def base64url(text: str) -> bytes:
    """The bytes of base64url without padding, in its one spelling."""
    try:
        found = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        raise NotStrict("not base64url") from None
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != text:
        raise NotStrict("not base64url")
    return found


def jws_parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a compact JWS, unverified."""
    if len(token) > LONGEST_TOKEN:
        raise NotStrict("too long")
    parts = token.split(".")
    if len(parts) != 3:
        raise NotStrict("not a compact JWS")
    header, claims = json_object(base64url(parts[0])), json_object(base64url(parts[1]))
    base64url(parts[2])
    if "crit" in header or "b64" in header:
        raise NotStrict("critical header")
    return header, claims
