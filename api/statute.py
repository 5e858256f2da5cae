"""What became of every provision of the national law in scope, and proof that none was overlooked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from engine.rule_set import ClauseStatus

if TYPE_CHECKING:
    from api.project import Project
    from engine.rule_set import Clause

_WORDS = {
    ClauseStatus.ENCODED: "判断に使う",
    ClauseStatus.OUT_OF_SCOPE: "対象外",
    ClauseStatus.NOT_EXPRESSIBLE: "未表現",
}
_NUMERAL = r"[0-9０-９〇一二三四五六七八九十百千]+"
_ARTICLE = re.compile(rf"\s*第{_NUMERAL}条")
_ROW = re.compile(rf"\s*[|｜]\s*({_NUMERAL}(?:の{_NUMERAL})*)\s*(?:〔[^〕]*〕\s*)*[|｜]")
_SECTION = re.compile(r"\s*(附則|別表)")


@dataclass(frozen=True, slots=True)
class Statute:
    """Every national provision with what became of it; `unaccounted` are places in the files that no provision covers."""

    clauses: tuple[Clause, ...]
    unaccounted: tuple[str, ...]

    @property
    def counts(self) -> dict[ClauseStatus, int]:
        """How many provisions are encoded, out of scope and not expressible."""
        found = Counter(clause.status for clause in self.clauses)
        return {status: found[status] for status in ClauseStatus}

    def text(self) -> str:
        """The list for people: by instrument, then the counts."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for instrument, group in groupby(self.clauses, key=lambda c: c.citation.instrument):
            yield f"■ {instrument}"
            for clause in group:
                word = _WORDS[clause.status]
                reason = "" if clause.status is ClauseStatus.ENCODED else f"（{clause.reason}）"
                yield f"  {word}　{clause.citation.label}{reason}"
            yield ""
        for place in self.unaccounted:
            yield f"  分類されていない規定　{place}"
        said = "、".join(f"{_WORDS[status]} {n}" for status, n in self.counts.items())
        yield f"法令の規定 {len(self.clauses)}件: {said}。分類されていない規定 {len(self.unaccounted)}件"

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "clauses": [
                {
                    "id": clause.id,
                    "label": clause.citation.label,
                    "instrument": clause.citation.instrument,
                    "status": clause.status.value,
                    "reason": clause.reason,
                    "file": clause.file,
                    "line": clause.line,
                }
                for clause in self.clauses
            ],
            "counts": {status.value: n for status, n in self.counts.items()},
            "unaccounted": list(self.unaccounted),
        }


def statute(project: Project) -> Statute:
    """Classify the national provisions of a project.

    That none is overlooked is not taken from the compiler: the files are read again, line by line,
    and each article heading and each numbered row must hold the place of at least one provision.
    """
    clauses = project.rule_set.national.clauses
    places: dict[str, list[int]] = {}
    for clause in clauses:
        places.setdefault(clause.file, []).append(clause.line)
    missing = [
        f"{source.path}:{first} {words}"
        for source in project.rules
        if source.path.endswith(".jorei")
        for first, last, words in provisions(source.text)
        if not any(first <= line < last for line in places.get(source.path, ()))
    ]
    return Statute(clauses, tuple(missing))


def provisions(text: str) -> list[tuple[int, int, str]]:
    """The articles (outside 附則) and numbered rows of a file: first line, line after the last, heading.

    Examples:
        >>> provisions("法律 例\\n第1条 甲\\n乙\\n別表第1\\n| 項 | 事務 |\\n| 1 | 丙 |\\n附則\\n第1条 丁")
        [(2, 4, '第1条'), (6, 7, '1の項')]
    """
    lines = text.splitlines()
    starts: list[tuple[int, str | None]] = []
    supplementary = False
    for number, line in enumerate(lines, 1):
        row = _ROW.match(line)
        article = _ARTICLE.match(line)
        section = _SECTION.match(line)
        if section:
            supplementary = section[1] == "附則"
            starts.append((number, None))
        elif supplementary:
            continue
        elif row:
            starts.append((number, f"{row[1]}の項"))
        elif article:
            starts.append((number, article[0].strip()))
    if not starts:
        return []
    ends = [*(number for number, _ in starts[1:]), len(lines) + 1]
    return [(first, last, words) for (first, words), last in zip(starts, ends, strict=True) if words is not None]
