"""Which provision of the old text is which of the new: by identity, by number, and by wording where numbers moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.comparison.marks import plain
from api.comparison.provisions import Provision
from dsl.normalise import normalise

#: what a pair is worth: the same by 〔旧番号〕 or 〔事務〕; the same number; the same number with other words
_SURE, _SAME_NUMBER, _NUMBER_ONLY = 3.0, 0.25, 0.05
#: how alike two provisions must be to be one with the same number, and with another number
_LIKE, _ALIKE = 0.3, 0.6


@dataclass(frozen=True, slots=True)
class _Face:
    """What of a provision is looked at: its number, all its characters, and its wording in pairs of characters."""

    provision: Provision
    text: str
    pairs: frozenset[str]


def align(old: Sequence[Provision], new: Sequence[Provision]) -> list[tuple[Provision | None, Provision | None]]:
    """Pair the provisions that stand side by side under one heading.

    Returns:
        Every provision of both once, in the order of the new ones; a removed one follows what preceded it.
    """
    start = 0
    while start < min(len(old), len(new)) and _untouched(old[start], new[start]):
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and _untouched(old[-1 - end], new[-1 - end]):
        end += 1
    before = list(zip(old[:start], new[:start], strict=True))
    after = list(zip(old[len(old) - end :], new[len(new) - end :], strict=True))
    ours = [_face(p) for p in old[start : len(old) - end]]
    theirs = [_face(p) for p in new[start : len(new) - end]]
    matched = _crossing(_in_order(ours, theirs), ours, theirs)
    return [*before, *_merged(matched, ours, theirs), *after]


def _untouched(old: Provision, new: Provision) -> bool:
    if (old.part, old.number, old.former, old.named) != (new.part, new.number, new.former, new.named):
        return False
    return all_text(old) == all_text(new)


def all_text(provision: Provision) -> str:
    """Every character of a provision and of what is under it, without white space."""
    return "\n".join(plain(p.text) for p in provision.passages())


def _face(provision: Provision) -> _Face:
    wording = "".join(normalise(_wording(p)).text for p in _each(provision))
    return _Face(provision, all_text(provision), frozenset(wording[i : i + 2] for i in range(len(wording) - 1)))


def _each(provision: Provision) -> list[Provision]:
    return [provision, *(inner for child in provision.children for inner in _each(child))]


def _wording(provision: Provision) -> str:
    """What a provision says, without its own number."""
    passage = provision.passage
    if passage.cells:
        cells = [passage.text[a:b] for a, b in passage.cells]
        return "".join(cells[1:] if provision.number else cells)
    return passage.wording


def _likeness(old: _Face, new: _Face) -> float:
    """How much of the wording two provisions share, from 0 to 1 (Dice's coefficient)."""
    total = len(old.pairs) + len(new.pairs)
    if not total:
        return 1.0 if old.text == new.text else 0.0
    return 2 * len(old.pairs & new.pairs) / total


def _worth(old: _Face, new: _Face) -> float:
    """What pairing two provisions is worth; 0 when they are not one provision."""
    one, other = old.provision, new.provision
    if one.part is not other.part:
        return 0.0
    if one.former or other.former:
        same = (one.former or one.address) == (other.former or other.address)
        return _SURE if same and (one.former != "なし" or one.number == other.number) else 0.0
    numbered = one.number == other.number
    if one.named and other.named and not one.named & other.named:
        return _NUMBER_ONLY if numbered and one.number else 0.0
    likeness = _likeness(old, new)
    if one.named and one.named == other.named:
        return _SURE + likeness + (_SAME_NUMBER if numbered else 0.0)
    if numbered and one.number:
        return likeness + _SAME_NUMBER if likeness >= _LIKE else _NUMBER_ONLY
    return likeness if likeness >= (_LIKE if numbered else _ALIKE) else 0.0


def _in_order(ours: Sequence[_Face], theirs: Sequence[_Face]) -> list[tuple[int, int]]:
    """The pairs worth most together that do not cross."""
    worth = [[_worth(a, b) for b in theirs] for a in ours]
    best = [[0.0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i in range(len(ours) - 1, -1, -1):
        for j in range(len(theirs) - 1, -1, -1):
            paired = best[i + 1][j + 1] + worth[i][j] if worth[i][j] else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], paired)
    pairs, i, j = [], 0, 0
    while i < len(ours) and j < len(theirs):
        if worth[i][j] and best[i][j] == best[i + 1][j + 1] + worth[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _crossing(pairs: list[tuple[int, int]], ours: Sequence[_Face], theirs: Sequence[_Face]) -> dict[int, int]:
    """New → old, with those too that changed their order."""
    matched = {j: i for i, j in pairs}
    left = [i for i in range(len(ours)) if i not in set(matched.values())]
    free = [j for j in range(len(theirs)) if j not in matched]
    found = sorted(((_worth(ours[i], theirs[j]), -i, -j) for i in left for j in free), reverse=True)
    taken: set[int] = set()
    for worth, minus_i, minus_j in found:
        if worth and -minus_i not in taken and -minus_j not in matched:
            matched[-minus_j] = -minus_i
            taken.add(-minus_i)
    return matched


def _merged(
    matched: dict[int, int], ours: Sequence[_Face], theirs: Sequence[_Face]
) -> list[tuple[Provision | None, Provision | None]]:
    """In the order of the new text; what was removed stands behind what it followed."""
    gone = set(range(len(ours))) - set(matched.values())
    out: list[tuple[Provision | None, Provision | None]] = []

    def removed_from(i: int) -> None:
        while i in gone:
            gone.remove(i)
            out.append((ours[i].provision, None))
            i += 1

    removed_from(0)
    for j, face in enumerate(theirs):
        i = matched.get(j)
        out.append((None if i is None else ours[i].provision, face.provision))
        if i is not None:
            removed_from(i + 1)
    return out
