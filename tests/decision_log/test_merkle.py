"""The tree against the vectors of transparency-dev/merkle, and against its definition."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.decision_log import merkle
from api.decision_log.merkle import verify_consistency, verify_inclusion
from api.decision_log.peaks import Peaks

_VECTORS = json.loads((Path(__file__).parent / "rfc6962_proof_vectors.json").read_text(encoding="utf-8"))
_LEAVES = [merkle.leaf_hash(bytes.fromhex(one)) for one in _VECTORS["leaf_inputs_hex"]]


def test_the_vectors_are_all_there() -> None:
    assert (len(_VECTORS["inclusion"]), len(_VECTORS["consistency"])) == (98, 98)
    assert sum(case["wantErr"] for case in _VECTORS["inclusion"]) > 50


@pytest.mark.parametrize("size", range(9))
def test_roots(size: int) -> None:
    expected = bytes.fromhex(_VECTORS["root_hashes_hex_by_tree_size"][size])
    assert merkle.root(_LEAVES[:size]) == expected
    peaks = Peaks()
    for leaf in _LEAVES[:size]:
        peaks.push(leaf)
    assert peaks.root == expected


@pytest.mark.parametrize("case", _VECTORS["inclusion"], ids=lambda case: case["case"] + " " + case["desc"])
def test_inclusion_vectors(case: dict[str, Any]) -> None:
    proof = [_raw(one) for one in case["proof"] or ()]
    found = verify_inclusion(case["leafIdx"], case["treeSize"], _raw(case["leafHash"]), proof, _raw(case["root"]))
    assert found is not case["wantErr"]


@pytest.mark.parametrize("case", _VECTORS["consistency"], ids=lambda case: case["case"] + " " + case["desc"])
def test_consistency_vectors(case: dict[str, Any]) -> None:
    proof = [_raw(one) for one in case["proof"] or ()]
    found = verify_consistency(case["size1"], case["size2"], proof, _raw(case["root1"]), _raw(case["root2"]))
    assert found is not case["wantErr"]


def _raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(count)]


def _mth(leaves: list[bytes]) -> bytes:
    """RFC 9162 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + _mth(leaves[:k]) + _mth(leaves[k:])).digest()


@given(st.integers(0, 600))
def test_root_is_the_definition(size: int) -> None:
    leaves = _leaves(size)
    peaks = Peaks()
    for leaf in leaves:
        peaks.push(leaf)
    assert merkle.root(leaves) == peaks.root == _mth(leaves)
    assert Peaks(size, peaks.packed).root == peaks.root
    assert peaks.completed == [(8, pos, _mth(leaves[pos * 256 : pos * 256 + 256])) for pos in range(size // 256)]


@st.composite
def _placed(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, 300))
    return draw(st.integers(0, size - 1)), size


@given(_placed(), st.data())
def test_inclusion(placed: tuple[int, int], data: st.DataObject) -> None:
    index, size = placed
    leaves = _leaves(size)
    root, proof = merkle.root(leaves), merkle.inclusion(index, size, merkle.over(leaves))
    assert len(proof) <= (size - 1).bit_length()
    assert verify_inclusion(index, size, leaves[index], proof, root)
    everything = [leaves[index], root, *proof]
    changed = _one_bit(data, everything)
    assert not verify_inclusion(index, size, changed[0], changed[2:], changed[1])
    assert not verify_inclusion(index, size, leaves[index], [*proof, root], root)
    if proof:
        assert not verify_inclusion(index, size, leaves[index], proof[:-1], root)
    other = data.draw(st.integers(0, 400).filter(lambda n: n != index))
    assert not verify_inclusion(other, size, leaves[index], proof, root)


@given(_placed(), st.data())
def test_consistency(placed: tuple[int, int], data: st.DataObject) -> None:
    older, newer = placed[0] + 1, placed[1]
    leaves = _leaves(newer)
    roots = merkle.root(leaves[:older]), merkle.root(leaves)
    proof = merkle.consistency(older, newer, merkle.over(leaves))
    assert verify_consistency(older, newer, proof, *roots)
    changed = _one_bit(data, [*roots, *proof])
    assert not verify_consistency(older, newer, changed[2:], changed[0], changed[1])
    assert not verify_consistency(older, newer, [*proof, roots[0]], *roots)
    if proof:
        assert not verify_consistency(older, newer, proof[:-1], *roots)


def _one_bit(data: st.DataObject, hashes: list[bytes]) -> list[bytes]:
    which = data.draw(st.integers(0, len(hashes) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = int.from_bytes(hashes[which], "big") ^ (1 << bit)
    return [changed.to_bytes(32, "big") if at == which else one for at, one in enumerate(hashes)]


def test_every_single_bit_of_a_proof_counts() -> None:
    leaves = _leaves(7)
    root, proof = merkle.root(leaves), merkle.inclusion(2, 7, merkle.over(leaves))
    whole = [leaves[2], root, *proof]
    for which, one in enumerate(whole):
        for bit in range(256):
            changed = list(whole)
            changed[which] = (int.from_bytes(one, "big") ^ (1 << bit)).to_bytes(32, "big")
            assert not verify_inclusion(2, 7, changed[0], changed[2:], changed[1])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_such_leaf(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        merkle.inclusion(index, size, merkle.over(_leaves(3)))
    assert not verify_inclusion(index, size, _leaves(1)[0], [], _leaves(1)[0])


@pytest.mark.parametrize(("older", "newer"), [(0, 3), (4, 3), (-1, 3)])
def test_no_such_pair(older: int, newer: int) -> None:
    with pytest.raises(IndexError):
        merkle.consistency(older, newer, merkle.over(_leaves(3)))


def test_peaks_that_do_not_fit() -> None:
    with pytest.raises(ValueError):
        Peaks(3, bytes(32))
