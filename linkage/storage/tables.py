"""The tables that every part of the linkage layer shares: provision records, residents and the vault of numbers.

Times are milliseconds UTC, days ISO text, hashes and sealed cells blobs. Packages with tables of their own declare them
in `linkage/<package>/tables.py` and migrate them by `linkage/<package>/migrations` (see `linkage.storage`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

NAMES = {
    "pk": "%(table_name)s_pk",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
}
metadata = MetaData(naming_convention=NAMES)

#: 情報提供等の記録（番号法23条・26条）. Triggers refuse changes, and removal before the time.
provision_record = Table(
    "provision_record",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("evaluation", Text, nullable=False),
    Column("requested_ms", BigInteger, nullable=False),
    Column("provided_ms", BigInteger),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("non_disclosure", Boolean, nullable=False),
    Column("retain_until", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "person", "recorded_ms"),
    Index(None, "serial"),
    Index(None, "retain_until"),
)

#: Days up to which records may be removed: each row is an order given through the gate (retention.erase).
record_release = Table(
    "record_release",
    metadata,
    Column("operation", Text, primary_key=True),
    Column("before", Text, nullable=False),  # records whose last day is before this one may go
    Column("ordered_ms", BigInteger, nullable=False),
)

#: 団体内統合宛名. `serial` is the 団体内統合宛名番号 without its zeros.
addressee = Table(
    "addressee",
    metadata,
    Column("handle", Text, primary_key=True),
    Column("serial", BigInteger, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # resident | non_resident
    Column("merged_into", Text),
    Column("made_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)

#: Numbers given out: one row.
addressee_serial = Table(
    "addressee_serial",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("next", BigInteger, nullable=False),
)

#: The Individual Numbers a person has had, each sealed in a cell; the cell of one registered in error is gone.
addressee_number = Table(
    "addressee_number",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handle", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("until", Text),
    Column("ended_by", Text),  # changed | corrected | merged
    Index(None, "handle"),
)

#: 業務システムの宛名番号との対応.
addressee_map = Table(
    "addressee_map",
    metadata,
    Column("system", Text, primary_key=True),
    Column("local", Text, primary_key=True),
    Column("handle", Text, nullable=False),
    Index(None, "handle"),
)

#: One row: the generations of data keys in use. A generation of cell keys is 256 keys, one a segment.
vault_state = Table(
    "vault_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("cells", Integer, nullable=False),  # generation that seals
    Column("blinding", Integer, nullable=False),  # generation that new entries of the index are made with
    Column("oldest_blinding", Integer, nullable=False),  # generations from here on are searched
)

#: Data keys, each wrapped by a key-encryption key of the key folder.
vault_key = Table(
    "vault_key",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # generation × 512 + segment; 256 is the index key
    Column("wrapped_by", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)

#: Sealed values: AES-256-GCM, bound to their record and purpose.
vault_cell = Table(
    "vault_cell",
    metadata,
    Column("record", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("key_id", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "key_id"),
)

#: Blind index: keyed hash of a value, by generation of the key.
vault_index = Table(
    "vault_index",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("blind", LargeBinary, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    Index(None, "record"),
    Index(None, "generation"),
)
