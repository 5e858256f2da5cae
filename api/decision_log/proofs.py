"""Proofs read from the stored log: a few rows for each, however long the log is."""

from __future__ import annotations

from sqlalchemy import Connection, select

from api.decision_log import merkle
from api.decision_log.appending import head
from api.decision_log.merkle import EMPTY, node_hash
from api.decision_log.peaks import STORED
from api.storage.tables import log_entry, log_node

_TILE = 1 << STORED


class NoSuchProof(ValueError):
    """The log has no such entry or size."""


class DamagedTree(Exception):
    """A row that the proof needs is not there."""


class StoredTree:
    """Roots of ranges of leaves, from stored hashes; each row is read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def subtree(self, first: int, last: int) -> bytes:
        """The root over the leaves of a range, as the tree splits it."""
        count = last - first
        if count == 0:
            return EMPTY
        if count & (count - 1) == 0 and first % count == 0:
            level = count.bit_length() - 1
            return self._node(level, first >> level)
        middle = first + merkle.split(count)
        return node_hash(self.subtree(first, middle), self.subtree(middle, last))

    def root(self, size: int) -> bytes:
        """The root of the tree when it had a size."""
        return self.subtree(0, size)

    def _node(self, level: int, pos: int) -> bytes:
        base = level // STORED * STORED
        width = 1 << (level - base)
        first = pos * width
        tile = self._tile(base, first // _TILE)
        row = tile[first % _TILE : first % _TILE + width]
        if len(row) != width:
            raise DamagedTree
        return merkle.root(row)

    def _tile(self, level: int, number: int) -> list[bytes]:
        """The hashes of a tile; it ends before the first that is missing."""
        found = self._tiles.get((level, number))
        if found is None:
            first = number * _TILE
            found = []
            for pos, hashed in self._rows(level, first):
                if pos != first + len(found):
                    break
                found.append(hashed)
            self._tiles[level, number] = found
        return found

    def _rows(self, level: int, first: int) -> list[tuple[int, bytes]]:
        last = first + _TILE - 1
        if level == 0:
            query = select(log_entry.c.idx, log_entry.c.leaf_hash).where(log_entry.c.idx.between(first, last))
            rows = self._connection.execute(query.order_by(log_entry.c.idx))
        else:
            nodes = select(log_node.c.pos, log_node.c.hash).where(
                log_node.c.level == level, log_node.c.pos.between(first, last)
            )
            rows = self._connection.execute(nodes.order_by(log_node.c.pos))
        return [(pos, bytes(hashed)) for pos, hashed in rows]


def inclusion_proof(connection: Connection, index: int, size: int | None = None) -> list[bytes]:
    """The proof that an entry is in the log of a size; of its present size when none is given.

    Raises:
        NoSuchProof: when the log, or the log of that size, has no such entry.
    """
    size = _known(connection, size)
    if not 0 <= index < size:
        raise NoSuchProof
    return merkle.inclusion(index, size, StoredTree(connection).subtree)


def consistency_proof(connection: Connection, size1: int, size2: int | None = None) -> list[bytes]:
    """The proof that the log of one size goes on as that of another.

    Raises:
        NoSuchProof: when the log never had these sizes in this order.
    """
    size2 = _known(connection, size2)
    if not 0 < size1 <= size2:
        raise NoSuchProof
    return merkle.consistency(size1, size2, StoredTree(connection).subtree)


def root_at(connection: Connection, size: int) -> bytes:
    """The root of the log when it had a size."""
    return StoredTree(connection).root(_known(connection, size))


def _known(connection: Connection, size: int | None) -> int:
    present = head(connection).size
    if size is None:
        return present
    if not 0 <= size <= present:
        raise NoSuchProof
    return size
