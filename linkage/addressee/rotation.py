"""Rotation of the vault's keys while it serves, in steps of one transaction each.

`rotate` makes a new key-encryption key, wraps every data key by it and begins a new generation of data keys; from then
on new cells are sealed under these. `reencrypt` seals some of the older cells anew; `begin_index` and `reindex` do the
same for the blind index. What is left to do is seen from the data itself, so a run that was interrupted anywhere is
taken up by calling it again. `Rotation` drives the steps through the gate; a key whose last cell is gone is destroyed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, func, insert, select, update

from api.clock import to_ms
from linkage.addressee.people import indexed
from linkage.addressee.vault import (
    STRIDE,
    State,
    Value,
    blinded,
    fresh_key,
    index_key,
    keys_of,
    open_with,
    seal_with,
    segment_of,
    unwrap,
    wrap,
)
from linkage.storage.tables import vault_cell, vault_index, vault_key, vault_state
from linkage.ticket import admit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from linkage.addressee.vault import Vault
    from linkage.gate import Gate
    from linkage.ticket import Ticket

BATCH = 500
_POLLED = 0.12


def rotate(ticket: Ticket, vault: Vault) -> int:
    """A new key-encryption key and a new generation of data keys; the first time, everything. Gives the generation.

    The key is written to the key folder first: should the transaction then fail, the folder holds a key that wraps
    nothing, which does no harm.
    """
    admission = admit(ticket, "vault.rotate")
    connection, now = admission.connection, to_ms(admission.at)
    state = _alone(connection)
    if state is None:
        secret = vault.secrets.active()
        rows = [*keys_of(1, secret, now), fresh_key(index_key(1), secret, now)]
        connection.execute(insert(vault_key), rows)
        connection.execute(insert(vault_state), [{"id": 1, "cells": 1, "blinding": 1, "oldest_blinding": 1}])
        return 1
    secret = vault.secrets.rotate()
    for row in connection.execute(select(vault_key)).all():
        key = unwrap(vault.secrets, row.id, row.wrapped_by, row.wrapped)
        wrapped = {"wrapped_by": secret.kid, "wrapped": wrap(secret, row.id, key)}
        connection.execute(update(vault_key).where(vault_key.c.id == row.id).values(wrapped))
    connection.execute(insert(vault_key), keys_of(state.cells + 1, secret, now))
    connection.execute(update(vault_state).values(cells=state.cells + 1))
    return state.cells + 1


def reencrypt(ticket: Ticket, vault: Vault, limit: int = BATCH) -> int:
    """Seal up to so many older cells under the newest generation; 0 when none was left, and their keys are destroyed."""
    connection = admit(ticket, "vault.encrypt").connection
    generation = vault.state(connection).cells
    first = generation * STRIDE
    rows = connection.execute(
        select(vault_cell)
        .where(vault_cell.c.key_id < first)
        .order_by(vault_cell.c.key_id)
        .limit(limit)
        .with_for_update()
    ).all()
    anew = []
    for row in rows:
        old = vault.cell_key(connection, row.key_id)
        value = Value(row.record, row.purpose, open_with(old, row.sealed, row.purpose, row.record, row.key_id))
        key_id = first + segment_of(row.record)
        sealed = seal_with(vault.cell_key(connection, key_id), value, key_id)
        anew.append({"r": row.record, "p": row.purpose, "key_id": key_id, "sealed": sealed})
    if anew:
        table = vault_cell.c
        one = and_(table.record == bindparam("r"), table.purpose == bindparam("p"))
        connection.execute(update(vault_cell).where(one), anew)
    if not rows:
        _alone(connection)
        left = connection.scalar(select(func.count()).select_from(vault_cell).where(vault_cell.c.key_id < first))
        if not left:
            connection.execute(delete(vault_key).where(vault_key.c.id < first, _of_cells()))
    return len(rows)


def unused(ticket: Ticket, vault: Vault, kids: Iterable[str]) -> tuple[str, ...]:
    """The secrets among these that wrap no data key any more and are not active: they may be destroyed."""
    connection = admit(ticket, "vault.rotate").connection
    _alone(connection)
    wrapping = {*connection.scalars(select(vault_key.c.wrapped_by).distinct()), vault.secrets.active().kid}
    return tuple(kid for kid in kids if kid not in wrapping)


def begin_index(ticket: Ticket, vault: Vault) -> int:
    """A new generation of the index key, for new entries at once; older ones are still searched. Gives the generation."""
    admission = admit(ticket, "vault.index")
    connection = admission.connection
    _alone(connection)
    generation = vault.state(connection).blinding + 1
    key = fresh_key(index_key(generation), vault.secrets.active(), to_ms(admission.at))
    connection.execute(insert(vault_key), [key])
    connection.execute(update(vault_state).values(blinding=generation))
    return generation


def reindex(ticket: Ticket, vault: Vault, limit: int = BATCH) -> int:
    """Move up to so many entries to the newest generation; 0 when none was left, and the older keys are destroyed."""
    connection = admit(ticket, "vault.index").connection
    state = vault.state(connection)
    entries = connection.execute(
        select(vault_index)
        .where(vault_index.c.generation < state.blinding)
        .order_by(vault_index.c.generation)
        .limit(limit)
        .with_for_update()
    ).all()
    if entries:
        table = vault_index.c
        one = and_(table.purpose == bindparam("p"), table.blind == bindparam("b"), table.record == bindparam("r"))
        old = [{"p": entry.purpose, "b": entry.blind, "r": entry.record} for entry in entries]
        connection.execute(delete(vault_index).where(one), old)
        connection.execute(insert(vault_index), _moved(connection, vault, entries, state.blinding))
    if not entries and state.oldest_blinding < state.blinding:
        _end_index(connection)
    return len(entries)


def _end_index(connection: Connection) -> None:
    """No entry of an older generation is left: search no more for them."""
    state = _alone(connection)
    if state is None:
        return
    older = vault_index.c.generation < state.blinding
    if connection.scalar(select(func.count()).select_from(vault_index).where(older)):
        return
    old_keys = [index_key(generation) for generation in range(state.oldest_blinding, state.blinding)]
    connection.execute(update(vault_state).values(oldest_blinding=state.blinding))
    connection.execute(delete(vault_key).where(vault_key.c.id.in_(old_keys)))


def _alone(connection: Connection) -> State | None:
    row = connection.execute(select(vault_state).with_for_update()).one_or_none()
    return None if row is None else State(row.cells, row.blinding, row.oldest_blinding)


def _moved(
    connection: Connection, vault: Vault, entries: Sequence[Row[Any]], generation: int
) -> list[dict[str, object]]:
    """The entries again, under the key of a generation."""
    key = vault.blinding_key(connection, generation)
    records = {entry.record for entry in entries}
    cells = connection.execute(select(vault_cell).where(vault_cell.c.record.in_(records)))
    contents = {
        (cell.record, cell.purpose): open_with(
            vault.cell_key(connection, cell.key_id), cell.sealed, cell.purpose, cell.record, cell.key_id
        )
        for cell in cells
    }
    return [
        {
            "purpose": entry.purpose,
            "blind": blinded(key, entry.purpose, indexed(entry.purpose, contents[entry.record, entry.purpose])),
            "record": entry.record,
            "generation": generation,
        }
        for entry in entries
    ]


def _of_cells() -> ColumnElement[bool]:
    return vault_key.c.id % STRIDE < STRIDE // 2


class Rotation:
    """Drives a rotation through the gate, a batch a transaction, with room for others between two.

    SQLite has one writer at a time, and those who wait look again at most every tenth of a second: so a pause is as
    long as the batch took, and longer than that. PostgreSQL locks only the rows of the batch.
    """

    def __init__(
        self, gate: Gate, vault: Vault, operator: str, *, batch: int = BATCH, pause: float | None = None
    ) -> None:
        self._gate, self._vault, self._operator = gate, vault, operator
        self._batch, self._pause = batch, pause

    def set_up(self) -> None:
        """Give a new vault its first keys; with keys, this is a rotation."""
        self._gate.operate("vault.rotate", self._operator, lambda ticket: rotate(ticket, self._vault))

    def keys(self) -> Iterator[int]:
        """Rotate the keys and seal every cell anew; yields the cells done so far. Take it up again with `encrypt`."""
        self.set_up()
        yield from self.encrypt()

    def encrypt(self) -> Iterator[int]:
        """Seal what is left under older keys."""
        return self._steps("vault.encrypt", reencrypt)

    def index(self) -> Iterator[int]:
        """Rotate the key of the index; yields the entries done so far. Take it up again with `index_again`."""
        self._gate.operate("vault.index", self._operator, lambda ticket: begin_index(ticket, self._vault))
        yield from self.index_again()

    def index_again(self) -> Iterator[int]:
        """Move what is left in older generations of the index."""
        return self._steps("vault.index", reindex)

    def _steps(self, operation: str, step: Callable[[Ticket, Vault, int], int]) -> Iterator[int]:
        done = 0
        while True:
            started = time.monotonic()
            acted = self._gate.operate(operation, self._operator, lambda ticket: step(ticket, self._vault, self._batch))
            if not acted.result:
                return
            done += acted.result
            yield done
            time.sleep(self._rest(time.monotonic() - started))

    def _rest(self, took: float) -> float:
        if self._pause is not None:
            return self._pause
        return max(_POLLED, took) if self._gate.dialect == "sqlite" else 0.0
