"""The key of the log out of the key store."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.decision_log.note import Signer, Verifier
from api.keys import KeyStore, Purpose, State

if TYPE_CHECKING:
    from api.keys import KeyRecord

#: The origin of the log, which is the name of its key. Logs of different installations differ in their keys.
ORIGIN: Final = "jorei.log"


def signer_of(keys: KeyStore, origin: str = ORIGIN) -> Signer:
    """The key that signs checkpoints now."""
    private = keys.signing_key(Purpose.CHECKPOINT).private_key
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError("the key of checkpoints is no Ed25519 key")
    return Signer(origin, private)


def verifiers_of(keys: KeyStore, origin: str = ORIGIN) -> tuple[Verifier, ...]:
    """Every key that ever signed checkpoints; a revoked one is known as such, and trusted no more."""
    return tuple(
        Verifier(origin, _raw(key), revoked=state is State.REVOKED)
        for purpose, key, state in keys.listed()
        if purpose is Purpose.CHECKPOINT
    )


def _raw(key: KeyRecord) -> bytes:
    return base64.urlsafe_b64decode(key.x + "=" * (-len(key.x) % 4))
