"""The tree grown leaf by leaf: only the roots of its perfect subtrees are kept."""

from __future__ import annotations

import hashlib

from api.decision_log.merkle import EMPTY, HASH, node_hash

#: Perfect subtrees are stored at every eighth level, so that a proof reads few rows and an append writes fewer.
STORED = 8

_sha256 = hashlib.sha256


class Peaks:
    """The peaks of a tree, largest first, and the stored nodes that its growth completed.

    Attributes:
        size: leaves so far.
        completed: (level, position, hash) of subtrees at stored levels, since the start.
    """

    __slots__ = ("_hashes", "completed", "size")

    def __init__(self, size: int = 0, packed: bytes = b"") -> None:
        if len(packed) != size.bit_count() * HASH:
            raise ValueError("peaks do not fit the size")
        self.size = size
        self._hashes = [packed[at : at + HASH] for at in range(0, len(packed), HASH)]
        self.completed: list[tuple[int, int, bytes]] = []

    def push(self, leaf: bytes) -> None:
        """Add the hash of a leaf."""
        hashes, size, level, found = self._hashes, self.size, 0, leaf
        while size & 1:
            found = _sha256(b"\x01" + hashes.pop() + found).digest()
            size >>= 1
            level += 1
            if level % STORED == 0:
                self.completed.append((level, size, found))
        hashes.append(found)
        self.size += 1

    @property
    def packed(self) -> bytes:
        """The peaks, one after another."""
        return b"".join(self._hashes)

    @property
    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self._hashes:
            return EMPTY
        found = self._hashes[-1]
        for one in self._hashes[-2::-1]:
            found = node_hash(one, found)
        return found
