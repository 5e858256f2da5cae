"""Answers sealed from provider to requester (JWE, ECDH-ES on X25519, A256GCM): nobody between them can read one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from linkage.refusal import Refusal

_ALGORITHMS = ["ECDH-ES", "A256GCM"]


class SealBroken(Refusal):
    """What was sealed cannot be opened with this key (N0120)."""

    def __init__(self) -> None:
        super().__init__(
            "N0120",
            "封をした回答を開けない。鍵が違うか、内容が変えられている。",
            "鍵の登録を確かめ、照会し直してください。",
        )


def seal(data: bytes, public: str) -> str:
    """The bytes readable by the holder of the private key only; `public` is base64url of 32 bytes."""
    key = OKPKey.import_key({"kty": "OKP", "crv": "X25519", "x": public})
    return jwe.encrypt_compact({"alg": "ECDH-ES", "enc": "A256GCM"}, data, key, algorithms=_ALGORITHMS)


class SealKey:
    """The private key of one intermediate server, a file of mode 0600 outside every database."""

    def __init__(self, file: Path) -> None:
        raw = kept_secret(file, lambda: X25519PrivateKey.generate().private_bytes_raw())
        self._key = OKPKey.import_key(X25519PrivateKey.from_private_bytes(raw))
        self.public = str(self._key.as_dict(private=False)["x"])

    def open(self, sealed: str) -> bytes:
        """What was sealed to this key.

        Raises:
            SealBroken: When it was not, or was changed.
        """
        try:
            found = jwe.decrypt_compact(sealed, self._key, algorithms=_ALGORITHMS).plaintext
        except (JoseError, ValueError):
            raise SealBroken from None
        if found is None:
            raise SealBroken
        return found


def kept_secret(file: Path, make: Callable[[], bytes]) -> bytes:
    """The secret of a file of mode 0600; made on first use, complete or not at all, and then for good."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_once(file, make())
    return file.read_bytes()


def _write_once(file: Path, data: bytes) -> None:
    partial = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with contextlib.suppress(FileExistsError):
        os.link(partial, file)  # the first writer wins
    os.unlink(partial)
