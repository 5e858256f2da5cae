"""The Merkle tree of RFC 6962 and RFC 9162: roots, proofs, and their verification. Pure; hashes are bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

_sha256 = hashlib.sha256

EMPTY = _sha256(b"").digest()
HASH = 32

#: The root over the leaves of a range, first included, last not.
Subtree = Callable[[int, int], bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf."""
    return _sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node."""
    return _sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """The largest power of two below a count of at least two: how many leaves go left."""
    return 1 << (count - 1).bit_length() - 1


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over hashes of leaves.

    Examples:
        >>> root([]) == EMPTY, root([leaf_hash(b"a")]) == leaf_hash(b"a")
        (True, True)
    """
    if not leaves:
        return EMPTY
    row = list(leaves)
    while len(row) > 1:
        pairs = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        row = [*pairs, row[-1]] if len(row) % 2 else pairs
    return row[0]


def over(leaves: Sequence[bytes]) -> Subtree:
    """Roots of ranges of leaves that are all at hand."""
    return lambda first, last: root(leaves[first:last])


def inclusion(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The proof that the leaf of an index is in the tree of a size (RFC 9162 2.1.3.1)."""
    if not 0 <= index < size:
        raise IndexError("no such leaf in that tree")
    proof: list[bytes] = []
    first, last = 0, size
    while last - first > 1:
        middle = first + split(last - first)
        if index < middle:
            proof.append(subtree(middle, last))
            last = middle
        else:
            proof.append(subtree(first, middle))
            first = middle
    return proof[::-1]


def consistency(older: int, newer: int, subtree: Subtree) -> list[bytes]:
    """The proof that the tree of the newer size begins with that of the older (RFC 9162 2.1.4.1)."""
    if not 0 < older <= newer:
        raise IndexError("no such pair of trees")
    proof: list[bytes] = []
    first, last, whole = 0, newer, True
    while older != last:
        middle = first + split(last - first)
        if older <= middle:
            proof.append(subtree(middle, last))
            last = middle
        else:
            proof.append(subtree(first, middle))
            first, whole = middle, False
    if not whole:
        proof.append(subtree(first, last))
    return proof[::-1]


def root_of_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to (RFC 9162 2.1.3.2); none when it has the wrong length."""
    if not 0 <= index < size or len(leaf) != HASH:
        return None
    at, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0 or len(one) != HASH:
            return None
        if at & 1 or at == last:
            found = node_hash(one, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, one)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether a proof shows that the leaf is in the tree with the expected root."""
    return root_of_inclusion(index, size, leaf, proof) == expected


def verify_consistency(older: int, newer: int, proof: Sequence[bytes], older_root: bytes, newer_root: bytes) -> bool:
    """Whether a proof shows that the newer tree begins with the older (RFC 9162 2.1.4.2). Never from the empty tree."""
    if not 0 < older <= newer or any(len(one) != HASH for one in proof):
        return False
    if older == newer:
        return not proof and older_root == newer_root
    path = [older_root, *proof] if older & (older - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = older - 1, newer - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    to_older = to_newer = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            to_older, to_newer = node_hash(one, to_older), node_hash(one, to_newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            to_newer = node_hash(to_newer, one)
        at, last = at >> 1, last >> 1
    return last == 0 and to_older == older_root and to_newer == newer_root
