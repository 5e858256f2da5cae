"""The project's own instruments, printed and taken in again: the same words, and the same meaning with the same notes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsl.compile import SourceFile
from dsl.importing.rule_file import Given
from dsl.syntax import InstrumentKind
from dsl.text import promulgated_text
from tests.compile.bodies import under_the_nation
from tests.importing.documents import imported
from tests.importing.rendering import blocks_of, every_form

ORDINANCES = Path(__file__).parents[2] / "ordinances"
FILES = sorted(p for p in ORDINANCES.glob("*/*.jorei") if not promulgated_text(p.read_text("utf-8")).startswith("要綱"))
FORMS = ("テキスト", "Word", "HTML 0", "HTML 1", "HTML 2")


def words(source: str) -> str:
    return re.sub(r"[\s|]", "", promulgated_text(source))


def name_of(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_same_words(path: Path, form: str) -> None:
    source = path.read_text("utf-8")
    kind = InstrumentKind(source.split(" ")[0])
    made = imported(every_form(*blocks_of(source))[form], form, Given(kind=kind), compiled=False)
    assert made.text is not None, [d.message for d in made.findings]
    assert words(made.text) == words(source)
    assert made.marked == (), made.marked


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("folder", sorted({p.parent for p in FILES}), ids=lambda p: p.name)
def test_same_meaning_with_the_same_notes(folder: Path, form: str) -> None:
    """Each line of the import, given the notes of the line with the same words, compiles to the same grants."""
    files = [
        SourceFile(p.name, p.read_text("utf-8")) for p in sorted(folder.iterdir()) if p.suffix in (".jorei", ".yaml")
    ]
    again = [SourceFile(f.path, _taken_in(f.text, form)) if f.path.endswith(".jorei") else f for f in files]
    first, second = (under_the_nation([each]) for each in (files, again))
    one, other = (next(iter(b.rule_set.bodies.values())) for b in (first, second))
    assert other.faults == one.faults
    assert _grants(other.grants) == _grants(one.grants)
    assert _grants(other.grants)


def _grants(grants: object) -> list[str]:
    """Grants without the place in the file that they come from."""
    return sorted(re.sub(r"(line|column)=\d+", "", str(g)) for g in grants)  # type: ignore[attr-defined]


def _taken_in(source: str, form: str) -> str:
    made = imported(
        every_form(*blocks_of(source))[form], form, Given(kind=InstrumentKind(source.split(" ")[0])), compiled=False
    )
    assert made.text is not None, [d.message for d in made.findings]
    taken = [x for x in made.text.split("\n") if words(x)]
    out: list[str] = []
    for line in source.split("\n"):
        if words(line):
            assert words(taken[0]) == words(line)
            out.append(_noted(taken.pop(0), line))
        elif line.strip():
            out.append(line)
    assert taken == []
    return "\n".join(out) + "\n"


def _noted(taken: str, original: str) -> str:
    """A line of the import with the notes of the original line behind the same characters."""
    taken = re.sub(r" *〔[^〔〕]*〕", "", taken)
    for note in reversed(list(re.finditer(r"〔[^〔〕]*〕", original))):
        count = len(words(original[: note.start()]))
        at = next((i + 1 for i in range(len(taken)) if len(words(taken[: i + 1])) == count), 0)
        taken = taken[:at] + note.group() + taken[at:]
    return taken
