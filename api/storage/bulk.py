"""Many rows in few statements.

The SQLite driver lets go of the interpreter at every step of a statement, and a busy event loop then keeps it for a
while; so a row a statement would make a batch wait once a row. PostgreSQL takes each column as one array.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, LargeBinary, Table, Text

_SIZES = (256, 128, 64, 32, 16, 8, 4, 2, 1)


def insert(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, each with a value for every column in the order of the table."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_arrays(table), tuple(list(column) for column in zip(*rows, strict=True)))
        return
    at = 0
    for size in _SIZES:
        while len(rows) - at >= size:
            values = tuple(value for row in rows[at : at + size] for value in row)
            connection.exec_driver_sql(_many(table, size), values)
            at += size


@cache
def _many(table: Table, size: int) -> str:
    row = f"({','.join('?' * len(table.columns))})"
    return f"INSERT INTO {table.name} ({_columns(table)}) VALUES {','.join([row] * size)}"


@cache
def _arrays(table: Table) -> str:
    arrays = ", ".join(f"%b::{_type(column.type)}[]" for column in table.columns)
    return f"INSERT INTO {table.name} ({_columns(table)}) SELECT * FROM unnest({arrays})"


def _columns(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _type(kind: object) -> str:
    for known, name in ((BigInteger, "bigint"), (Integer, "integer"), (LargeBinary, "bytea"), (Text, "text")):
        if isinstance(kind, known):
            return name
    raise TypeError(f"no array of {kind!r}")
