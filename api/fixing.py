"""Mends what the linter can mend: fixes are kept only when the texts then check without a new error."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.checked_folder import read_folder
from api.project import listing, shown_path
from dsl.compile import Compiled, Nation, SourceFile, compile_municipality
from dsl.diagnostics import Severity
from dsl.lint import check
from dsl.lint.finding import Lint
from dsl.lint.fixes import apply

_ROUNDS = 200  # a fix may bring another one into reach, and one that does harm makes the others go singly


@dataclass(frozen=True, slots=True)
class FixedFile:
    """A file that fixes changed."""

    path: Path
    shown: str
    before: str
    after: str

    def diff(self) -> str:
        """The change as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.shown, f"{self.shown}（直した後）", lineterm=""
        )
        return "\n".join(lines)

    def write(self) -> None:
        """Put the new text in the file, with the line ends and the mark that it had."""
        data = self.path.read_bytes()
        text = self.after.replace("\n", "\r\n") if b"\r\n" in data else self.after
        mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        self.path.write_bytes(mark + text.encode())


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of one folder: changed files, fixes that would amend promulgated text, fixes that were refused."""

    files: tuple[FixedFile, ...]
    made: int
    amending: tuple[Lint, ...]
    refused: tuple[Lint, ...]


def fix_folder(folder: Path, nation: Nation, *, texts_too: bool, only: Sequence[Path] = ()) -> Fixed:
    """The mended texts of one municipality; nothing is written.

    Args:
        folder: its folder.
        nation: what it is compiled against.
        texts_too: whether documents whose text is not the author's draft (〔状態 案〕) may be changed.
        only: files or folders to change; none: all.
    """
    found = listing(folder)
    read = read_folder(found)
    paths = {shown_path(Path(name)): Path(name) for name in found.files}
    if read.problems:
        return Fixed((), 0, (), ())
    chosen = {
        shown
        for shown, path in paths.items()
        if not only or any(path.resolve().is_relative_to(o.resolve()) for o in only)
    }
    state = _State.of(read.files, nation)
    made = 0
    refused: Sequence[Lint] = ()
    amending: Sequence[Lint] = ()
    for _ in range(_ROUNDS):
        fixable, amending = state.fixable(chosen, texts_too)
        state, count, refused = _round(state, fixable, nation)
        made += count
        if not count:
            break
    before = {f.path: f.text for f in read.files}
    changed = [f for f in state.files if f.text != before[f.path]]
    files = tuple(FixedFile(paths[f.path], f.path, before[f.path], f.text) for f in changed)
    return Fixed(files, made, tuple(amending), tuple(refused))


@dataclass(frozen=True, slots=True)
class _State:
    """Texts with what is wrong with them."""

    files: tuple[SourceFile, ...]
    compiled: Compiled
    lints: tuple[Lint, ...]

    @classmethod
    def of(cls, files: Sequence[SourceFile], nation: Nation) -> _State:
        compiled = compile_municipality(files, nation)
        return cls(tuple(files), compiled, check(files, compiled, nation))

    def errors(self) -> Counter[tuple[str, str, str]]:
        """The errors, wherever they stand: lines move when texts are mended."""
        return Counter((d.code, d.path, d.message) for d in self.compiled.diagnostics if d.severity is Severity.ERROR)

    def mendable(self) -> Counter[tuple[str, str, str]]:
        """The findings with a fix, wherever they stand."""
        return Counter(_key(f) for f in self.lints if f.fix is not None)

    def fixable(self, chosen: set[str], texts_too: bool) -> tuple[list[Lint], list[Lint]]:
        """Findings with a fix: those that may be made, and those that would amend a text that is no draft."""
        drafts = {d.path for d in self.compiled.documents if d.annotation("状態") == "案"}
        within = [f for f in self.lints if f.fix is not None and f.diagnostic.path in chosen]
        allowed = [f for f in within if texts_too or f.diagnostic.path in drafts]
        return allowed, [f for f in within if f not in allowed]


def _key(one: Lint) -> tuple[str, str, str]:
    return one.diagnostic.code, one.diagnostic.path, one.diagnostic.message


def _round(state: _State, fixes: Sequence[Lint], nation: Nation) -> tuple[_State, int, Sequence[Lint]]:
    """Make as many fixes as can be made at once; when together they do harm, each by itself."""
    if not fixes:
        return state, 0, ()
    together, count = _tried(state, fixes, nation)
    if together is not None:
        return together, count, ()
    for one in fixes:
        alone, count = _tried(state, [one], nation)
        if alone is not None:
            return alone, count, ()
    return state, 0, fixes


def _tried(state: _State, fixes: Sequence[Lint], nation: Nation) -> tuple[_State | None, int]:
    """The texts after the fixes; None when that brings a new error, or does not mend what it should."""
    files: list[SourceFile] = []
    made = 0
    for file in state.files:
        own = [f.fix for f in fixes if f.diagnostic.path == file.path and f.fix is not None]
        text, count = apply(file.text, own)
        made += count
        files.append(SourceFile(file.path, text))
    after = _State.of(files, nation)
    worse = after.errors() - state.errors()
    mended = state.mendable() - after.mendable()
    if worse or made == 0 or any(not mended[_key(f)] for f in fixes):
        return None, 0
    return after, made
