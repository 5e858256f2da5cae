"""Tables of permits redeemed from a store apart from this database. Rows are only added.

`permit_redemption` and `state_epoch` stand in `api.storage.tables`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from api.storage.tables import metadata

#: What a separate store redeemed, for which act of its own.
permit_remote = Table(
    "permit_remote",
    metadata,
    Column("jti", Text, primary_key=True),
    Column("act_id", Text, nullable=False, unique=True),
    Column("client_id", Text, nullable=False),
    Column("redeemed_ms", BigInteger, nullable=False),
)

#: What it says came of the act; the last one stands. `unknown` may be followed by what was found out.
permit_outcome = Table(
    "permit_outcome",
    metadata,
    Column("jti", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("outcome", Text, nullable=False),  # completed | failed | unknown
    Column("reported_ms", BigInteger, nullable=False),
)

APPEND_ONLY = ("permit_remote", "permit_outcome")
