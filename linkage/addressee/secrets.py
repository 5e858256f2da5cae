"""The vault's root secrets: what the key folder holds for it, and the keys drawn from each.

One root secret wraps the data keys (key-encryption key) and opens what callers seal for the vault (X25519). Both are
drawn from it by HKDF-SHA-256 under different labels, so that one does not tell about the other.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import OKPKey

from api.keys import Purpose

if TYPE_CHECKING:
    from api.keys import KeyStore

_LENGTH = 32
_NAME = re.compile(r"kek-[0-9]{6}")


@dataclass(frozen=True)
class Secret:
    """One root secret and the keys drawn from it."""

    kid: str
    root: bytes = field(repr=False)

    def _drawn(self, label: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"jorei-vault/1 " + label).derive(self.root)

    @cached_property
    def wrapping(self) -> AESGCM:
        """The key-encryption key."""
        return AESGCM(self._drawn(b"key-encryption"))

    @cached_property
    def sealing(self) -> OKPKey:
        """The X25519 key that callers seal to; `as_dict(private=False)` is what they are given."""
        private = X25519PrivateKey.from_private_bytes(self._drawn(b"sealing"))
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return OKPKey.import_key(pem, {"kid": self.kid, "use": "enc", "alg": "ECDH-ES+A256KW"})


class Secrets(Protocol):
    """Where root secrets are kept: the key folder."""

    def active(self) -> Secret:
        """The secret that wraps now."""
        ...

    def of(self, kid: str) -> Secret | None:
        """An older secret, while the folder has it."""
        ...

    def rotate(self) -> Secret:
        """Make a new secret the active one; older ones stay to open with."""
        ...


class FolderSecrets:
    """The root secrets in the key folder, under names that count up; the last one is active.

    Every call looks into the folder when it does not know a name, so all processes on it see a rotation.
    """

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._known: dict[str, Secret] = {}

    def active(self) -> Secret:
        """The newest secret; the first call makes one."""
        names = self.names()
        if not names:
            self._keys.secret(Purpose.VAULT, _name(1))
            names = self.names()
        found = self.of(names[-1])
        if found is None:
            raise RuntimeError("a secret of the vault was taken away while it was read")
        return found

    def of(self, kid: str) -> Secret | None:
        """The secret of a name."""
        known = self._known.get(kid)
        if known is None and _NAME.fullmatch(kid):
            root = self._keys.read_secret(Purpose.VAULT, kid)
            if root is not None and len(root) == _LENGTH:
                known = self._known[kid] = Secret(kid, root)
        return known

    def rotate(self) -> Secret:
        """A new secret under the next name."""
        names = self.names()
        name = _name(int(names[-1].rpartition("-")[2]) + 1 if names else 1)
        self._keys.put_secret(Purpose.VAULT, name, secrets.token_bytes(_LENGTH))
        return self.active()

    def drop(self, kid: str) -> None:
        """Destroy an older secret. What it still wraps, here or in a copy of the database, is lost with it."""
        if kid == self.active().kid:
            raise ValueError("the active secret is not destroyed")
        self._keys.drop_secret(Purpose.VAULT, kid)
        self._known.pop(kid, None)

    def names(self) -> tuple[str, ...]:
        """Every secret there is, oldest first."""
        return tuple(name for name in self._keys.secret_names(Purpose.VAULT) if _NAME.fullmatch(name))


def _name(place: int) -> str:
    return f"kek-{place:06d}"
