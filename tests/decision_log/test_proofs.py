"""Proofs out of the stored log are those of the whole tree, and read few rows."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from api.decision_log import NoSuchProof, consistency_proof, head, inclusion_proof, merkle, root_at
from api.decision_log.proofs import DamagedTree, StoredTree
from api.storage.database import Database
from api.storage.tables import log_entry
from tests.decision_log.helping import grow, tamper

SIZES = (1, 255, 1, 300, 213, 254)
"""Ends at 1024, with appends that end before, on and after a stored node."""


def test_proofs_of_every_kind(database: Database) -> None:
    grow(database, SIZES)
    with database.read() as connection:
        leaves = [bytes(one) for one in connection.scalars(select(log_entry.c.leaf_hash).order_by(log_entry.c.idx))]
        whole = merkle.over(leaves)
        assert head(connection).root == merkle.root(leaves)
        for size in (1, 2, 255, 256, 257, 511, 512, 513, 770, 1023, 1024):
            assert root_at(connection, size) == merkle.root(leaves[:size])
            for index in {0, 1, size // 2, size - 1} & set(range(size)):
                assert inclusion_proof(connection, index, size) == merkle.inclusion(index, size, whole)
            for older in {1, 2, size // 2, size} - {0}:
                if older <= size:
                    proof = consistency_proof(connection, older, size)
                    assert proof == merkle.consistency(older, size, whole)
        assert inclusion_proof(connection, 5) == merkle.inclusion(5, 1024, whole)


def test_empty(database: Database) -> None:
    with database.read() as connection:
        assert root_at(connection, 0) == merkle.EMPTY
        with pytest.raises(NoSuchProof):
            inclusion_proof(connection, 0)


@pytest.mark.parametrize(("index", "size"), [(3, 3), (-1, 3), (0, 4), (0, 0), (0, -1)])
def test_no_such_proof(database: Database, index: int, size: int) -> None:
    grow(database, 3)
    with database.read() as connection:
        with pytest.raises(NoSuchProof):
            inclusion_proof(connection, index, size)
        with pytest.raises(NoSuchProof):
            consistency_proof(connection, size + 1, size)


def test_few_rows(database: Database) -> None:
    grow(database, [5_000])
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    with database.read() as connection:
        event.listen(database.engine, "before_cursor_execute", count)
        inclusion_proof(connection, 1234)
        event.remove(database.engine, "before_cursor_execute", count)
    assert statements <= 5


def test_missing_rows(database: Database) -> None:
    grow(database, 600)
    tamper(database, "DELETE FROM log_node WHERE pos = 0", "DELETE FROM log_entry WHERE idx = 550")
    with database.read() as connection:
        tree = StoredTree(connection)
        with pytest.raises(DamagedTree):
            tree.subtree(0, 256)
        with pytest.raises(DamagedTree):
            tree.subtree(512, 600)
