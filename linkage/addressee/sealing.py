"""Sealed numbers: the form in which an Individual Number travels, JWE (RFC 7516) in compact form.

To the vault: `seal(text, vault_key)`, where `vault_key` is the public key the service gives out. Back to the caller: to
the public half of an `Ephemeral` key that the caller made for this one answer and that never leaves it. ECDH-ES+A256KW
over X25519, A256GCM, nothing else. The adapter kit uses this module too; it needs no gate and no database.

A permit names what is sealed by `sealed_handle`, the hash of the sealed text: the same number sealed twice has different
handles, so the handle tells nothing about the number, and a permit for one sealed text is good for no other.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OKPKey

from linkage.refusal import Refusal

if TYPE_CHECKING:
    from linkage.addressee.secrets import Secrets

KIND = "jorei-sealed+jwe"
#: A batch of some thousand people; the text of one number has some three hundred characters.
LARGEST = 8 * 1024 * 1024


class _Registry(JWERegistry):
    """The one pair of algorithms, and room for a batch."""

    max_ciphertext_length = LARGEST


_REGISTRY = _Registry(algorithms=["ECDH-ES+A256KW", "A256GCM"])


class SealRefused(Refusal):
    """A sealed text cannot be made or opened (G0634, G0635)."""


def sealed_handle(sealed: str) -> str:
    """The handle by which a permit names a sealed text: `sl_` and the SHA-256 in base32.

    Examples:
        >>> sealed_handle("abc")[:12], len(sealed_handle("abc"))
        ('sl_xj4bnp4pa', 55)
    """
    return "sl_" + base64.b32encode(hashlib.sha256(sealed.encode()).digest()).decode().rstrip("=").lower()


def seal(text: str, key: Mapping[str, Any]) -> str:
    """Seal a text to a public key (JWK of X25519).

    Raises:
        SealRefused: G0635, the key is not one to seal to.
    """
    try:
        public = OKPKey.import_key({name: key[name] for name in ("kty", "crv", "x")})
        if public.curve_name != "X25519":
            raise ValueError
        header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "typ": KIND, "kid": str(key.get("kid", "ephemeral"))}
        return jwe.encrypt_compact(header, text.encode(), public, registry=_REGISTRY)
    except (JoseError, KeyError, ValueError, TypeError):
        raise SealRefused(
            "G0635", "返信を封じる公開鍵が正しくない。", "その場限りの X25519 の公開鍵（JWK）を示してください。"
        ) from None


def unseal(sealed: str, key: OKPKey) -> str:
    """Open a sealed text with the private key.

    Raises:
        SealRefused: G0634, whatever is wrong with it.
    """
    try:
        if len(sealed) > LARGEST:
            raise ValueError
        opened = jwe.decrypt_compact(sealed, key, registry=_REGISTRY)
        if opened.protected.get("typ") != KIND or opened.plaintext is None or "zip" in opened.protected:
            raise ValueError
        return opened.plaintext.decode()
    except (JoseError, ValueError, TypeError, KeyError):
        raise _not_opened() from None


def unseal_for_vault(sealed: str, secrets: Secrets) -> str:
    """Open what was sealed to the vault, with the secret that the header names.

    Raises:
        SealRefused: G0634.
    """
    secret = secrets.of(_kid(sealed))
    if secret is None:
        raise _not_opened()
    return unseal(sealed, secret.sealing)


def _kid(sealed: str) -> str:
    try:
        head = sealed.partition(".")[0]
        return str(msgspec.json.decode(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])
    except (ValueError, KeyError, TypeError, msgspec.MsgspecError):
        raise _not_opened() from None


def _not_opened() -> SealRefused:
    return SealRefused("G0634", "封じた電文を開けない。", "保管庫がいま配っている公開鍵で、封じ直してください。")


class Ephemeral:
    """A caller's key pair for one answer. `public` goes with the request; only this object opens the answer."""

    def __init__(self) -> None:
        self._key = OKPKey.generate_key("X25519", private=True)

    @property
    def public(self) -> dict[str, str]:
        """The public half, as a JWK."""
        return {
            name: str(value) for name, value in self._key.as_dict(private=False).items() if name in ("kty", "crv", "x")
        }

    def open(self, sealed: str) -> str:
        """Open the answer.

        Raises:
            SealRefused: G0634.
        """
        return unseal(sealed, self._key)
