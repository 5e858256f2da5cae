"""Many rows in few statements, for one transaction.

Every statement costs its turn: the SQLite driver lets go of the interpreter at each, and a busy event loop then keeps it
for a while; PostgreSQL is a round trip away. So on SQLite the rows of a table are one statement, filled up with empty
rows to one of a few sizes (each is prepared once); on PostgreSQL the rows of all tables are one, each column an array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, LargeBinary, Table, Text

Rows = Sequence[tuple[Any, ...]]

_MOST = 256


def insert(connection: Connection, rows: Mapping[Table, Rows]) -> None:
    """Insert rows by table, each with a value for every column in the order of the table; its first is never empty."""
    filled = {table: own for table, own in rows.items() if own}
    if not filled:
        return
    if connection.dialect.name == "postgresql":
        arrays = tuple(list(column) for own in filled.values() for column in zip(*own, strict=True))
        connection.exec_driver_sql(_arrays(tuple(filled)), arrays)
        return
    for table, own in filled.items():
        for at in range(0, len(own), _MOST):
            _insert(connection, table, own[at : at + _MOST])


def _insert(connection: Connection, table: Table, rows: Rows) -> None:
    size = 1 << (len(rows) - 1).bit_length()
    empty = (None,) * (len(table.columns) * (size - len(rows)))
    connection.exec_driver_sql(_many(table, size), tuple(value for row in rows for value in row) + empty)


@cache
def _many(table: Table, size: int) -> str:
    row = f"({','.join('?' * len(table.columns))})"
    values = f"VALUES {','.join([row] * size)}"
    return f"INSERT INTO {table.name} ({_columns(table)}) SELECT * FROM ({values}) WHERE column1 IS NOT NULL"


@cache
def _arrays(tables: tuple[Table, ...]) -> str:
    *earlier, last = (_array(table) for table in tables)
    named = ", ".join(f"t{n} AS ({statement})" for n, statement in enumerate(earlier))
    return f"WITH {named} {last}" if named else last


def _array(table: Table) -> str:
    arrays = ", ".join(f"%b::{_type(column.type)}[]" for column in table.columns)
    return f"INSERT INTO {table.name} ({_columns(table)}) SELECT * FROM unnest({arrays})"


def _columns(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _type(kind: object) -> str:
    for known, name in ((BigInteger, "bigint"), (Integer, "integer"), (LargeBinary, "bytea"), (Text, "text")):
        if isinstance(kind, known):
            return name
    raise TypeError(f"no array of {kind!r}")
