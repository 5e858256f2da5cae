"""Two states of the rules, loaded to be compared: folders of municipalities, national rules, or two files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from api.project import (
    Municipality,
    Nations,
    Project,
    ProjectNotFoundError,
    Source,
    assemble,
    load,
    read_text,
    shown_path,
)

_NATIONAL = ("法律", "政令", "命令", "委員会規則")


class NotComparableError(Exception):
    """The two things given are not states of the same rules; the text says why, in Japanese."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The rules before and after, and the rule files that were given to be compared."""

    old: Project
    new: Project
    old_sources: tuple[Source, ...]
    new_sources: tuple[Source, ...]

    @property
    def texts(self) -> list[tuple[Source | None, Source | None]]:
        """The rule files that differ, old and new beside each other: of one file name, else of one heading."""
        old = [s for s in self.old_sources if s.path.endswith(".jorei")]
        new = [s for s in self.new_sources if s.path.endswith(".jorei")]
        pairs: list[tuple[Source | None, Source | None]] = []
        for same in (_name, _heading):
            for source in tuple(old):
                other = next((s for s in new if same(s) == same(source)), None)
                if other is not None or len(old) == len(new) == 1:
                    other = other or new[0]
                    pairs.append((source, other))
                    old.remove(source)
                    new.remove(other)
        pairs += [(source, None) for source in old] + [(None, source) for source in new]
        return [(a, b) for a, b in pairs if a is None or b is None or a.text != b.text]


def load_pair(old: Path, new: Path, rules: Path | None = None, old_rules: Path | None = None) -> Pair:
    """Load two states of the rules.

    Args:
        old: A folder of one municipality (or of several), of national rules, or one rule file in its folder.
        new: The same, afterwards.
        rules: The national rules that go with municipalities; default: the project's own.
        old_rules: Those that go with `old`, where they differ.

    Raises:
        NotComparableError: If the two are not of one kind or not about one municipality.
        ProjectNotFoundError: If a folder is missing or holds no rule file.
    """
    for path in (old, new):
        if not path.exists():
            raise ProjectNotFoundError(f"{path} がありません")
    if old.is_file() != new.is_file():
        raise NotComparableError("フォルダどうしか、文書どうしを比べてください")
    if old.is_file():
        return _files(old, new, rules, old_rules)
    if _is_national(old) != _is_national(new):
        raise NotComparableError("国の法令のフォルダと市町村のフォルダは比べられません")
    nations = Nations()
    if _is_national(old):
        if rules is not None or old_rules is not None:
            raise NotComparableError("国の法令どうしを比べるときは、--rules と --old-rules は使えません")
        before, after = load(old), load(new)
        return Pair(before, after, before.rules, after.rules)
    before = load(old_rules or rules, (old,), nations=nations)
    after = load(rules, (new,), nations=nations)
    return _pair(before, after, of_rules=old_rules is not None)


def _pair(before: Project, after: Project, *, of_rules: bool) -> Pair:
    mine, theirs = (set(project.rule_set.bodies) for project in (before, after))
    if mine.isdisjoint(theirs):
        raise NotComparableError("二つのフォルダは、別の団体のものです。同じ団体の、改正の前と後を比べてください")
    sources = [tuple(source for m in p.municipalities for source in m.sources) for p in (before, after)]
    if of_rules:
        sources = [(*p.rules, *found) for p, found in zip((before, after), sources, strict=True)]
    return Pair(before, after, sources[0], sources[1])


def _files(old: Path, new: Path, rules: Path | None, old_rules: Path | None) -> Pair:
    """Two files of one instrument: each in its folder, without the other; a later edition joins the one before it."""
    for path in (old, new):
        if path.suffix != ".jorei":
            raise NotComparableError(f"{path} は条例や規則の文書（*.jorei）ではありません")
    same_folder = old.resolve().parent == new.resolve().parent
    if _is_national(old.parent) or _is_national(new.parent):
        if not (_is_national(old.parent) and _is_national(new.parent)):
            raise NotComparableError("国の法令と市町村の文書は比べられません")
        before, after = load(old.parent), load(new.parent)
        if same_folder:
            before = assemble(_without(before.rules, new), before.municipalities)
            if not _later_edition(old, new):
                after = assemble(_without(after.rules, old), after.municipalities)
        return Pair(before, after, _only(before.rules, old), _only(after.rules, new))
    nations = Nations()
    before = load(old_rules or rules, (old.parent,), nations=nations)
    after = load(rules, (new.parent,), nations=nations)
    if same_folder:
        before = assemble(before.rules, _each_without(before.municipalities, new), nations=nations)
        if not _later_edition(old, new):
            after = assemble(after.rules, _each_without(after.municipalities, old), nations=nations)
    pair = _pair(before, after, of_rules=False)
    return replace(pair, old_sources=_only(pair.old_sources, old), new_sources=_only(pair.new_sources, new))


def _later_edition(old: Path, new: Path) -> bool:
    """Whether the new file is the text from a later day on (〔範囲 …から〕), so that the old one stays the text before it."""
    from dsl.instrument import written_span
    from dsl.parse import parse

    spans = [written_span(parse(path.name, read_text(path)[0])[0]) for path in (old, new)]
    return spans[0].first < spans[1].first


def _each_without(municipalities: Sequence[Municipality], path: Path) -> tuple[Municipality, ...]:
    return tuple(replace(m, sources=_without(m.sources, path)) for m in municipalities)


def _without(sources: Sequence[Source], path: Path) -> tuple[Source, ...]:
    return tuple(source for source in sources if source.path != shown_path(path))


def _only(sources: Sequence[Source], path: Path) -> tuple[Source, ...]:
    return tuple(source for source in sources if source.path == shown_path(path))


def _is_national(folder: Path) -> bool:
    """Whether the folder holds instruments of the nation: some file begins with their kind."""
    for path in sorted(folder.glob("*.jorei")):
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            if file.readline().startswith(_NATIONAL):
                return True
    return False


def _name(source: Source) -> str:
    return Path(source.path).name


def _heading(source: Source) -> str:
    return "".join(source.text.split("\n", 1)[0].split())
