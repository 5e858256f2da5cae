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
    from engine.rule_set import RuleSet

#: The folder that holds `rules/` and `ordinances/`: the checkout, or site-packages of an installed wheel.
HOME = Path(__file__).resolve().parent.parent
SCENARIOS = "scenarios"
_SUFFIXES = (".jorei", ".yaml", ".yml")


class ProjectNotFoundError(Exception):
    """A folder that was asked for is not there, or holds no rule file."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file: the path to show, and its text."""

    path: str
    text: str


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
    """

    rule_set: RuleSet
    diagnostics: tuple[Diagnostic, ...]
    rules: tuple[Source, ...]
    municipalities: tuple[Municipality, ...]
    from_cache: bool = False

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


def load(rules: Path | None = None, ordinances: Sequence[Path] = (), use_cache: bool = True) -> Project:
    """Load national rules and municipalities.

    Args:
        rules: The folder of the national rules; default: the project's own.
        ordinances: Folders of one municipality each, or folders of such folders; default: the project's own.
        use_cache: Whether a compiled rule set of the same texts may be taken from, and put into, the cache.

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
    key = cache.key_of([national, *(m.sources for m in municipalities)])
    if use_cache and not findings:
        kept = cache.read(key)
        if kept is not None:
            return Project(kept.rule_set, kept.diagnostics, national, municipalities, from_cache=True)
    return _build(key, national, municipalities, findings, use_cache)


def _build(
    key: str,
    national: tuple[Source, ...],
    municipalities: tuple[Municipality, ...],
    findings: list[Diagnostic],
    use_cache: bool,
) -> Project:
    from dsl.compile import SourceFile, build  # the parser is loaded only when there is something to parse

    built = build(
        [SourceFile(s.path, s.text) for s in national],
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
    if not given.is_dir():
        raise ProjectNotFoundError(f"フォルダ {given} がありません")
    if any(given.glob("*.jorei")):
        return [given]
    inner = [p for p in sorted(given.iterdir()) if p.is_dir() and p.name != SCENARIOS and not p.name.startswith(".")]
    found = [p for p in inner if next(_files(p), None) is not None]
    if not found:
        raise ProjectNotFoundError(f"フォルダ {given} に条例や規則の文書（*.jorei）がありません")
    return found


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in inside)
        if path.suffix in _SUFFIXES and not hidden and SCENARIOS not in inside[:-1] and path.is_file():
            yield path


def _sources(folder: Path, findings: list[Diagnostic]) -> Iterator[Source]:
    if not folder.is_dir():
        raise ProjectNotFoundError(f"フォルダ {folder} がありません")
    for path in _files(folder):
        text, problem = read_text(path)
        shown = shown_path(path)
        if problem is not None:
            findings.append(problem)
        yield Source(shown, text)


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
