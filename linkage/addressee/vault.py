"""The vault: sealed cells and their blind index.

A cell is a value sealed with AES-256-GCM under a data key, bound (AAD) to its record, its purpose and the key. Data keys
come in generations of 256, one for each segment of the records, and stand in the database wrapped by a key-encryption
key of the key folder. Equal values are found by the blind index, HMAC-SHA-256 under a key of its own, which has
generations too: while it is rotated, two stand beside each other and both are searched.

The locks: whoever uses the vault holds its one row of state shared, whoever begins or ends a generation holds it alone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets as randomness
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, delete, insert, select

from linkage.addressee.number import HANDLING
from linkage.refusal import Refusal
from linkage.storage.tables import vault_cell, vault_index, vault_key, vault_state
from linkage.ticket import admit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from linkage.addressee.secrets import Secret, Secrets
    from linkage.ticket import Ticket

SEGMENTS = 256
STRIDE = 512  # key ids of one generation; the index key is the one after the segments
CONTENT = "record"  # the purpose of what records of files say (`linkage.files`)
_NONCE = 12


#: Built once: every act asks these.
_STATE = select(vault_state).with_for_update(read=True)
_FIND = select(vault_index.c.blind, vault_index.c.record).where(
    vault_index.c.purpose == bindparam("sought"), vault_index.c.blind.in_(bindparam("blinds", expanding=True))
)


class VaultRefused(Refusal):
    """The vault cannot seal, open or rotate (G063x)."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a record, to be sealed or looked up."""

    record: str
    purpose: str
    content: bytes

    def __repr__(self) -> str:
        return f"Value({self.record!r}, {self.purpose!r}, …)"


@dataclass(frozen=True, slots=True)
class State:
    """The generations of keys in use: that cells are sealed under, that the index is written under, and searched from."""

    cells: int
    blinding: int
    oldest_blinding: int


def segment_of(record: str) -> int:
    """The segment of a record."""
    return hashlib.sha256(record.encode()).digest()[0]


def index_key(generation: int) -> int:
    """The id of the index key of a generation."""
    return generation * STRIDE + SEGMENTS


def bound(purpose: str, record: str, key_id: int) -> bytes:
    """What a sealed cell is bound to."""
    return f"jorei-vault/1|{purpose}|{record}|{key_id}".encode()


def seal_with(key: AESGCM, value: Value, key_id: int) -> bytes:
    """The sealed form of a value: nonce and ciphertext."""
    nonce = randomness.token_bytes(_NONCE)
    return nonce + key.encrypt(nonce, value.content, bound(value.purpose, value.record, key_id))


def open_with(key: AESGCM, sealed: bytes, purpose: str, record: str, key_id: int) -> bytes:
    """The content of a sealed cell.

    Raises:
        VaultRefused: G0632, it was altered or moved.
    """
    try:
        return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound(purpose, record, key_id))
    except InvalidTag:
        raise damaged() from None


def damaged() -> VaultRefused:
    """The refusal of a cell that was altered, moved or taken away."""
    return VaultRefused(
        "G0632", "保管庫の内容が書き換えられているか、壊れている。", "控えと見比べ、直るまで使わないでください。"
    )


def wrap(secret: Secret, key_id: int, key: bytes) -> bytes:
    """A data key wrapped by a key-encryption key."""
    nonce = randomness.token_bytes(_NONCE)
    return nonce + secret.wrapping.encrypt(nonce, key, f"jorei-vault-key/1|{key_id}".encode())


def unwrap(secrets: Secrets, key_id: int, wrapped_by: str, wrapped: bytes) -> bytes:
    """The data key again.

    Raises:
        VaultRefused: G0631, the key folder does not hold the key that wrapped it.
    """
    secret = secrets.of(wrapped_by)
    try:
        if secret is not None:
            return secret.wrapping.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], f"jorei-vault-key/1|{key_id}".encode())
    except InvalidTag:
        pass
    raise VaultRefused(
        "G0631", "保管庫の鍵が違う。", "このデータベースと組になった鍵のフォルダを使ってください。"
    ) from None


class Vault:
    """Seals, opens and finds values within acts on addressees, and of records of files within the acts on those.

    Rotation is in `linkage.addressee.rotation`.
    """

    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets
        self._cell_keys: dict[int, AESGCM] = {}
        self._index_keys: dict[int, bytes] = {}

    def public_key(self) -> dict[str, str]:
        """What callers seal to (JWK): `sealing.seal(text, vault.public_key())`. Ask again after a rotation."""
        return {name: str(value) for name, value in self.secrets.active().sealing.as_dict(private=False).items()}

    def put(self, ticket: Ticket, values: Sequence[Value]) -> None:
        """Seal values into new cells."""
        connection = _admitted(ticket, {value.purpose for value in values}, "record.write")
        generation = self.state(connection).cells
        rows = []
        for value in values:
            key_id = generation * STRIDE + segment_of(value.record)
            sealed = seal_with(self.cell_key(connection, key_id), value, key_id)
            rows.append({"record": value.record, "purpose": value.purpose, "key_id": key_id, "sealed": sealed})
        if rows:
            connection.execute(insert(vault_cell), rows)

    def get(self, ticket: Ticket, purpose: str, records: Iterable[str]) -> dict[str, bytes]:
        """The contents of the cells of some records."""
        connection = _admitted(ticket, {purpose}, "record.search")
        self.state(connection)
        query = select(vault_cell).where(vault_cell.c.purpose == purpose, vault_cell.c.record.in_(list(records)))
        return {
            row.record: open_with(self.cell_key(connection, row.key_id), row.sealed, purpose, row.record, row.key_id)
            for row in connection.execute(query)
        }

    def drop(self, ticket: Ticket, purpose: str, record: str) -> None:
        """Remove a cell, and what finds it: after this nobody can know what it held."""
        connection = admit(ticket, *HANDLING).connection
        self.state(connection)
        connection.execute(delete(vault_cell).where(vault_cell.c.purpose == purpose, vault_cell.c.record == record))
        connection.execute(delete(vault_index).where(vault_index.c.purpose == purpose, vault_index.c.record == record))

    def enter(self, ticket: Ticket, values: Sequence[Value]) -> None:
        """Enter values in the index, so that `find` finds their records."""
        connection = admit(ticket, *HANDLING).connection
        generation = self.state(connection).blinding
        key = self.blinding_key(connection, generation)
        rows = [
            {
                "purpose": value.purpose,
                "blind": blinded(key, value.purpose, value.content),
                "record": value.record,
                "generation": generation,
            }
            for value in values
        ]
        if rows:
            connection.execute(insert(vault_index), rows)

    def find(self, ticket: Ticket, purpose: str, contents: Sequence[bytes]) -> dict[bytes, tuple[str, ...]]:
        """The records whose value is one of the contents; contents found nowhere are left out."""
        connection = admit(ticket, *HANDLING).connection
        state = self.state(connection)
        blinds: dict[bytes, bytes] = {}
        for generation in range(state.oldest_blinding, state.blinding + 1):
            key = self.blinding_key(connection, generation)
            blinds |= {blinded(key, purpose, content): content for content in contents}
        found: dict[bytes, tuple[str, ...]] = {}
        for row in connection.execute(_FIND, {"sought": purpose, "blinds": list(blinds)}):
            content = blinds[bytes(row.blind)]
            found[content] = (*found.get(content, ()), row.record)
        return found

    def state(self, connection: Connection) -> State:
        """The generations in use, held shared to the end of the transaction.

        Raises:
            VaultRefused: G0633, the vault was never set up.
        """
        row = connection.execute(_STATE).one_or_none()
        if row is None:
            raise VaultRefused(
                "G0633", "保管庫に鍵がまだない。", "管理者が鍵の交代（vault.rotate）を一度行ってください。"
            )
        return State(row.cells, row.blinding, row.oldest_blinding)

    def cell_key(self, connection: Connection, key_id: int) -> AESGCM:
        """A data key of cells."""
        key = self._cell_keys.get(key_id)
        if key is None:
            key = self._cell_keys[key_id] = AESGCM(self._unwrapped(connection, key_id))
        return key

    def blinding_key(self, connection: Connection, generation: int) -> bytes:
        """The index key of a generation."""
        key = self._index_keys.get(generation)
        if key is None:
            key = self._index_keys[generation] = self._unwrapped(connection, index_key(generation))
        return key

    def _unwrapped(self, connection: Connection, key_id: int) -> bytes:
        row = connection.execute(select(vault_key).where(vault_key.c.id == key_id)).one_or_none()
        if row is None:
            raise VaultRefused("G0632", "保管庫の鍵の表が欠けている。", "控えから戻してください。")
        return unwrap(self.secrets, key_id, row.wrapped_by, row.wrapped)


def _admitted(ticket: Ticket, purposes: Iterable[str], of_records: str) -> Connection:
    """For cells of records by the one act on those, for others by acts on addressees: neither opens the other's."""
    connection = admit(ticket, *HANDLING, of_records).connection
    for purpose in purposes:
        admit(ticket, *((of_records,) if purpose == CONTENT else HANDLING))
    return connection


def blinded(key: bytes, purpose: str, content: bytes) -> bytes:
    """The blind form of a value."""
    return hmac.digest(key, purpose.encode() + b"\0" + content, "sha256")


def keys_of(generation: int, secret: Secret, now_ms: int) -> list[Mapping[str, object]]:
    """Fresh data keys of cells for a generation, wrapped."""
    first = generation * STRIDE
    return [fresh_key(key_id, secret, now_ms) for key_id in range(first, first + SEGMENTS)]


def fresh_key(key_id: int, secret: Secret, now_ms: int) -> Mapping[str, object]:
    """One fresh data key, wrapped."""
    wrapped = wrap(secret, key_id, randomness.token_bytes(32))
    return {"id": key_id, "wrapped_by": secret.kid, "wrapped": wrapped, "made_ms": now_ms}
