"""Bundles: an immutable manifest of the texts, who made and approved them and from which day, signed as a JWS."""

from __future__ import annotations

import base64
import hashlib
import warnings
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from api.canonical import canonical
from api.publication import digest_of_texts
from api.rulesets.contents import HeldFile, content_of
from api.rulesets.examining import BodyOf
from api.rulesets.refusal import BROKEN_SEAL, RuleSetRefused
from engine.japanese import spoken_day

if TYPE_CHECKING:
    from api.keys import KeyStore

FORM = "jorei-bundle/1"
WITHDRAWAL = "jorei-bundle-withdrawal/1"
_ALGORITHM = "Ed25519"
_TYPES = {FORM: "jorei-bundle+jws", WITHDRAWAL: "jorei-withdrawal+jws"}

_Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


def name_of(sequence: int, digest: str) -> str:
    """The name of a bundle. No run of it can look like an Individual Number: ten digits at most, a letter between.

    Examples:
        >>> name_of(12, "3f9a61d204bc" * 5)
        '000012r3f9a61d204'
    """
    return f"{sequence:06}r{digest[:10]}"


class Approval(msgspec.Struct, frozen=True):
    """Who approved exactly this content, and when."""

    person: str
    at: datetime


class Manifest(msgspec.Struct, frozen=True):
    """What is signed. `previous` is the hash of the signed manifest before it, so that bundles form a chain."""

    form: str
    sequence: Annotated[int, msgspec.Meta(ge=1)]
    digest: _Hash
    content: _Hash
    effective_from: date
    files: tuple[HeldFile, ...]
    bodies: tuple[BodyOf, ...]
    draft: str
    editors: tuple[str, ...]
    approvals: tuple[Approval, ...]
    published_by: str
    published_at: datetime
    previous: _Hash | None = None
    back_to: str | None = None  # the earlier bundle, when this one goes back to it
    note: str | None = None
    difference: dict[str, Any] | None = None  # from the bundle before: summary, counts, texts

    @property
    def name(self) -> str:
        """The name by which decisions know the bundle."""
        return name_of(self.sequence, self.digest)

    @property
    def spoken(self) -> str:
        """Name and day for people."""
        return f"{self.name}（{spoken_day(self.effective_from)}から）"


class Withdrawal(msgspec.Struct, frozen=True):
    """A bundle withdrawn before its day."""

    form: str
    bundle: str
    person: str
    at: datetime


def payload_of(said: Manifest | Withdrawal) -> bytes:
    """The bytes that are signed."""
    return canonical(msgspec.to_builtins(said))


def hash_of(token: str) -> str:
    """The hash of what a bundle's token signs, which the next bundle names as `previous`."""
    middle = token.split(".")[1]
    return hashlib.sha256(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))).hexdigest()


def sign(said: Manifest | Withdrawal, keys: KeyStore) -> str:
    """The compact JWS."""
    from api.keys import Purpose

    key = keys.signing_key(Purpose.BUNDLE)
    header = {"alg": _ALGORITHM, "kid": key.kid, "typ": _TYPES[said.form]}
    return jws.serialize_compact(header, payload_of(said), key, algorithms=[_ALGORITHM])


def opened(token: str, keys: KeyStore, name: str) -> Manifest:
    """The manifest of a bundle, its seal and all that it says of itself verified.

    Args:
        token: the compact JWS.
        keys: whose keys of bundles are trusted.
        name: by which the bundle is kept.

    Raises:
        RuleSetRefused: B0508 with the reason.
    """
    manifest: Manifest = _decoded(_payload(token, keys, name, FORM), Manifest, name)
    rules = (file.sha256 for file in manifest.files if file.role != "scenario")
    if manifest.form != FORM:
        raise _seal(name, "の形を、この版の jorei は知りません")
    if manifest.name != name:
        raise _seal(name, "の名と、中の番号か符号が違います")
    if digest_of_texts(rules) != manifest.digest or content_of(manifest.files) != manifest.content:
        raise _seal(name, "の文書の並びと、規則集の符号が合いません")
    if not {a.person for a in manifest.approvals} - set(manifest.editors):
        raise _seal(name, "に、案を書いた人でない承認者がいません")
    return manifest


def withdrawn(token: str, keys: KeyStore, name: str) -> Withdrawal:
    """The withdrawal of a bundle, verified.

    Raises:
        RuleSetRefused: B0508 with the reason.
    """
    said: Withdrawal = _decoded(_payload(token, keys, name, WITHDRAWAL), Withdrawal, name)
    if said.form != WITHDRAWAL or said.bundle != name:
        raise _seal(name, "の取下げの記録が、別の公開のものです")
    return said


def linked(manifest: Manifest, before: str | None) -> None:
    """Refuse a bundle that does not follow from the one before it, given as its token.

    Raises:
        RuleSetRefused: B0508.
    """
    try:
        wanted = hash_of(before) if before is not None else None
    except (IndexError, ValueError):
        raise _seal(manifest.name, "の一つ前の公開が壊れています") from None
    if manifest.previous != wanted:
        raise _seal(manifest.name, "が引く一つ前の公開と合いません")


def _payload(token: str, keys: KeyStore, name: str, form: str) -> bytes:
    from api.keys import Purpose

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = jws.deserialize_compact(token, keys.public_keys(Purpose.BUNDLE), algorithms=[_ALGORITHM])
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise _seal(name, f"の署名を確かめられません（{_why(error)}）") from error
    header = found.headers()
    if header.get("typ") != _TYPES[form] or header.get("alg") != _ALGORITHM or "crit" in header:
        raise _seal(name, "の署名が、公開の署名ではありません")
    return found.payload


def _why(error: Exception) -> str:
    said = getattr(error, "error", "") or type(error).__name__
    if said in ("invalid_key_id", "InvalidKeyIdError") or "key" in str(error).lower():
        return "知らない鍵による署名です"
    return "署名が合いません" if said == "bad_signature" else "署名の形が壊れています"


def _decoded(payload: bytes, form: type[Any], name: str) -> Any:
    try:
        said = msgspec.json.decode(payload, type=form)
    except msgspec.MsgspecError as error:
        raise _seal(name, "の中身を読めません") from error
    return said


def _seal(name: str, what: str) -> RuleSetRefused:
    return RuleSetRefused(
        BROKEN_SEAL,
        f"公開 {name} {what}",
        "データベースと鍵のフォルダの控えから元に戻してください。それまでは、直前の規則集のまま判定します。",
    )
