"""Finds rule files, compiles them or takes them from the cache, and says what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api import cache
from dsl.diagnostics import Diagnostic, Severity
from dsl.syntax import Span

if TYPE_CHECKING:
    from api.publication import Publication
    from dsl.compile import Compiled, Nation
    from engine.rule_set import RuleSet

#: The folder that holds `rules/` and `ordinances/`: the checkout, or site-packages of an installed wheel.
HOME = Path(__file__).resolve().parent.parent
SCENARIOS = "scenarios"
_SUFFIXES = (".jorei", ".yaml", ".yml")  # those after the first are registers and scenario files


class ProjectNotFoundError(Exception):
    """A folder that was asked for is not there, or holds no rule file."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file: the path to show, and its text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What stands in a folder: rule files and registers, scenario files, and folders within that cannot be read."""

    folder: Path
    files: tuple[str, ...]
    scenarios: tuple[str, ...]
    problems: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Municipality:
    """The folder of one municipality and what it holds."""

    folder: Path
    sources: tuple[Source, ...]

    @property
    def scenarios(self) -> Path:
        """Where its scenario files stand (the folder need not exist)."""
        return self.folder / SCENARIOS


@dataclass(frozen=True, slots=True)
class Project:
    """Rule files, the rule set compiled from them, and every finding.

    `rule_set` is always there; a part whose files have errors carries them as faults and permits nothing.
    `publication` is there when the texts are those of a publication and not the files of today.
    """

    rule_set: RuleSet
    diagnostics: tuple[Diagnostic, ...]
    rules: tuple[Source, ...]
    municipalities: tuple[Municipality, ...]
    from_cache: bool = False
    publication: Publication | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every file read."""
        return (*self.rules, *(source for m in self.municipalities for source in m.sources))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop the files from being used."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not self.errors


def default_rules() -> Path:
    """The project's own national rules."""
    return HOME / "rules"


def default_ordinances() -> Path:
    """The project's own municipalities."""
    return HOME / "ordinances"


def default_publications() -> Path:
    """Where the texts of this project are published."""
    return HOME / "publications"


class Nations:
    """The national rules compiled so far, for projects that are loaded together and share them."""

    def __init__(self, use_cache: bool = True) -> None:
        self._use_cache = use_cache
        self._compiled: dict[tuple[Source, ...], tuple[Compiled, Nation]] = {}

    def of(self, national: tuple[Source, ...]) -> tuple[Compiled, Nation]:
        """What the national rules compile to; the same texts are compiled once."""
        from api.kept_nation import compiled
        from dsl.compile import Compiled, SourceFile

        found = self._compiled.get(national)
        if found is None:
            diagnostics, nation = compiled([SourceFile(s.path, s.text) for s in national], self._use_cache)
            found = self._compiled[national] = (Compiled(nation.part, diagnostics, ()), nation)
        return found


def load(
    rules: Path | None = None,
    ordinances: Sequence[Path] = (),
    use_cache: bool = True,
    nations: Nations | None = None,
) -> Project:
    """Load national rules and municipalities.

    Args:
        rules: The folder of the national rules; default: the project's own.
        ordinances: Folders of one municipality each, or folders of such folders; default: the project's own.
        use_cache: Whether a compiled rule set of the same texts may be taken from, and put into, the cache.
        nations: National rules compiled before, for projects that share them.

    Raises:
        ProjectNotFoundError: If a folder does not exist or holds no rule file.
    """
    findings: list[Diagnostic] = []
    folder = default_rules() if rules is None else rules
    national = tuple(_sources(folder, findings))
    if not any(source.path.endswith(".jorei") for source in national):
        raise ProjectNotFoundError(f"フォルダ {folder} に法令の文書（*.jorei）がありません")
    municipalities = tuple(
        Municipality(one, tuple(_sources(one, findings)))
        for given in (ordinances or (default_ordinances(),))
        for one in municipality_folders(given)
    )
    return assemble(national, municipalities, findings, use_cache, nations)


def assemble(
    national: tuple[Source, ...],
    municipalities: tuple[Municipality, ...],
    findings: Sequence[Diagnostic] = (),
    use_cache: bool = True,
    nations: Nations | None = None,
) -> Project:
    """The project of texts already read; `findings` are those of the reading."""
    key = cache.key_of([national, *(m.sources for m in municipalities)])
    if use_cache and not findings:
        kept = cache.read(key)
        if kept is not None:
            return Project(kept.rule_set, kept.diagnostics, national, municipalities, from_cache=True)
    return _build(key, national, municipalities, findings, use_cache, nations or Nations(use_cache))


def _build(
    key: str,
    national: tuple[Source, ...],
    municipalities: tuple[Municipality, ...],
    findings: Sequence[Diagnostic],
    use_cache: bool,
    nations: Nations,
) -> Project:
    from dsl.compile import SourceFile, gather  # the parser is loaded only when there is something to parse

    built = gather(
        [SourceFile(s.path, s.text) for s in national],
        nations.of(national),
        [[SourceFile(s.path, s.text) for s in m.sources] for m in municipalities],
    )
    project = Project(built.rule_set, (*findings, *built.diagnostics), national, municipalities)
    if use_cache and project.ok:
        cache.write(key, cache.Kept(project.rule_set, project.diagnostics))
    return project


def municipality_folders(given: Path) -> list[Path]:
    """The municipalities that a folder stands for: itself, or the folders in it.

    Raises:
        ProjectNotFoundError: If there is none.
    """
    return [one.folder for one in municipality_listings(given)]


def municipality_listings(given: Path) -> list[Listing]:
    """The municipalities that a folder stands for, with what stands in each; one that cannot be read is among them.

    Raises:
        ProjectNotFoundError: If there is none.
    """
    if not given.is_dir():
        raise ProjectNotFoundError(f"フォルダ {given} がありません")
    try:
        inner = sorted(given.iterdir())
    except OSError as error:
        raise ProjectNotFoundError(f"フォルダ {given} を読めません（{error.strerror or 'I/O'}）") from error
    if any(path.suffix == ".jorei" for path in inner):
        return [listing(given)]
    each = (listing(p) for p in inner if p.name != SCENARIOS and not p.name.startswith(".") and p.is_dir())
    found = [one for one in each if one.files or one.problems]
    if not found:
        raise ProjectNotFoundError(f"フォルダ {given} に条例や規則の文書（*.jorei）がありません")
    return found


def listing(folder: Path) -> Listing:
    """What stands in a folder, in the order of the paths.

    Hidden files and folders are passed by, and rule files in folders called `scenarios`; a folder within that is only
    a link is not entered.
    """
    problems: list[Diagnostic] = []
    files: list[str] = []
    scenarios: list[str] = []
    _walk(str(folder), files, problems, rules=True)
    within = str(folder / SCENARIOS)
    if os.path.isdir(within):
        _walk(within, scenarios, problems, rules=False)
    return Listing(folder, tuple(files), tuple(scenarios), tuple(problems))


def _walk(folder: str, found: list[str], problems: list[Diagnostic], *, rules: bool) -> None:
    """Many thousand folders are walked, so names are kept as they come from the system."""
    try:
        with os.scandir(folder) as entries:
            here = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        problems.append(_unreadable(Path(folder), 1, f"フォルダを読めません（{error.strerror or 'I/O'}）"))
        return
    for entry in here:
        if rules and entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if not (rules and entry.name == SCENARIOS):
                _walk(entry.path, found, problems, rules=rules)
        elif entry.name.endswith(_SUFFIXES if rules else _SUFFIXES[1:]) and entry.is_file():
            found.append(entry.path)


def _sources(folder: Path, findings: list[Diagnostic]) -> Iterator[Source]:
    if not folder.is_dir():
        raise ProjectNotFoundError(f"フォルダ {folder} がありません")
    found = listing(folder)
    findings.extend(found.problems)
    for name in found.files:
        path = Path(name)
        text, problem = read_text(path)
        if problem is not None:
            findings.append(problem)
        yield Source(shown_path(path), text)


def given_path(path: Path) -> Path:
    """The path as given; else, when it stands there, a path as messages show it, from the project."""
    return HOME / path if not path.exists() and (HOME / path).exists() else path


def shown_path(path: Path) -> str:
    """The path as messages show it: from the project for its own files, otherwise as it was given."""
    inside = path.is_absolute() and path.is_relative_to(HOME)
    shown = (path.relative_to(HOME) if inside else path).as_posix()
    return os.fsencode(shown).decode("utf-8", "replace")  # in the locale C the system gives names as bytes


def read_text(path: Path) -> tuple[str, Diagnostic | None]:
    """The text of a file; a finding when it is not UTF-8 or cannot be read. A mark and CR LF of Windows are dropped."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return "", _unreadable(path, 1, f"読めません（{error.strerror or 'I/O'}）")
    return text_of(path, data)


def text_of(path: Path, data: bytes) -> tuple[str, Diagnostic | None]:
    """The text that the bytes of a file are; see `read_text`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = _unreadable(path, line, "文字コードが UTF-8 ではありません")
        return data.decode("utf-8-sig", errors="replace"), problem
    return text.replace("\r\n", "\n").replace("\r", "\n"), None


def _unreadable(path: Path, line: int, message: str) -> Diagnostic:
    return Diagnostic(
        "P0101",
        Severity.ERROR,
        shown_path(path),
        Span(line, 1, line, 2),
        message,
        "読めない文書からは、何が定められているかを知ることができません。",
        "文書を UTF-8 で保存し直してください（メモ帳では、名前を付けて保存の「文字コード」で選びます）。",
    )
