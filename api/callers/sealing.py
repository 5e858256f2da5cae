"""Client secrets at rest: sealed by a key of the key folder, which is kept apart from the database."""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.callers.refused import BAD_SEALING_KEY, RegisterRefused
from api.keys import KeyStore, Purpose

_VERSION: Final = b"\x01"
_NONCE, _KEY = 12, 32
_NAME = "client-secrets"


class Sealer:
    """Seals with AES-256-GCM, bound to the client. The key is made on first use.

    A client secret must be known to check `client_secret_jwt`, so it cannot be hashed.
    """

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._cipher: AESGCM | None = None

    def seal(self, secret: str, client_id: str) -> bytes:
        """The secret as the database keeps it."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._key().encrypt(nonce, secret.encode(), client_id.encode())

    def unseal(self, sealed: bytes, client_id: str) -> str:
        """The secret of the client.

        Raises:
            RegisterRefused: when it was sealed for another client or by another key.
        """
        if sealed[:1] == _VERSION:
            nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
            try:
                return self._key().decrypt(nonce, rest, client_id.encode()).decode()
            except InvalidTag:
                pass
        raise RegisterRefused(
            BAD_SEALING_KEY,
            f"呼び出し元 {client_id} のシークレットを、この鍵のフォルダの鍵では開けません",
            "データベースと鍵のフォルダを同じ時点の控えから戻すか、jorei callers rotate で作り直してください",
        )

    def _key(self) -> AESGCM:
        if self._cipher is None:
            self._keys.signing_key(Purpose.TOKEN)  # makes the folder of the purpose, for its owner only
            self._cipher = AESGCM(self._keys.secret(Purpose.TOKEN, _NAME, _KEY))
        return self._cipher
