"""One folder checked: what it holds by hash, and what is wrong with it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from api.project import Listing, listing, read_text, shown_path, text_of
from dsl.diagnostics import Diagnostic, Severity
from dsl.syntax import Span

if TYPE_CHECKING:
    from dsl.compile import Nation, SourceFile

BROKEN_DOWN = "P0102"


class Outcome(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was found in a folder, each kind in the order of the files."""

    code: str | None = None  # of the body; None for the nation, and when no part was made
    name: str | None = None
    reading: tuple[Diagnostic, ...] = ()
    rules: tuple[Diagnostic, ...] = ()
    scenarios: tuple[Diagnostic, ...] = ()
    texts: tuple[bytes, ...] = ()  # sha256 of each text, for the digest of the rule set
    sound: tuple[bytes, ...] = ()  # of the scenario files without a finding, the marks of their texts


@dataclass(frozen=True, slots=True)
class Folder:
    """The texts of a folder as they were read at one time; `key` is None when something could not be read."""

    key: bytes | None
    files: tuple[SourceFile, ...]
    scenarios: tuple[SourceFile, ...]
    problems: tuple[Diagnostic, ...]


def fingerprint(found: Listing) -> bytes | None:
    """The hash of the paths shown and the bytes of every file of a folder; None when one cannot be read."""
    if found.problems:
        return None
    whole = _start(found)
    try:
        for names in (found.files, found.scenarios):
            for name in names:
                with open(name, "rb", buffering=0) as file:
                    _add(whole, name, file.read())
    except OSError:
        return None
    return whole.digest()


def stamp(found: Listing) -> tuple[bytes, int] | None:
    """What the system says of every file of a folder without reading it, and the newest of the times said (ns).

    A file that is written, replaced or given back an earlier time of change has another inode or another time of its
    own change, which nobody can set; so a stamp met before stands for the same bytes, if it was taken when the newest
    time was well past.
    """
    if found.problems:
        return None
    whole = hashlib.sha256(os.fsencode(shown_path(found.folder)))
    newest = 0
    try:
        for names in (found.files, found.scenarios):
            for name in names:
                seen = os.stat(name)
                newest = max(newest, seen.st_mtime_ns, seen.st_ctime_ns)
                said = f"\0{seen.st_dev} {seen.st_ino} {seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns}\0"
                whole.update(os.fsencode(name) + said.encode())
            whole.update(b"\0\0")
    except OSError:
        return None
    return whole.digest(), newest


def read_folder(found: Listing) -> Folder:
    """The texts of a folder with their fingerprint."""
    from dsl.compile import SourceFile

    problems = list(found.problems)
    whole = _start(found)
    readable = not problems
    groups: list[list[SourceFile]] = []
    for names in (found.files, found.scenarios):
        groups.append([])
        for name in names:
            path = Path(name)
            try:
                data = path.read_bytes()
            except OSError:
                readable = False
                text, problem = read_text(path)
            else:
                _add(whole, name, data)
                text, problem = text_of(path, data)
            if problem is not None:
                problems.append(problem)
            groups[-1].append(SourceFile(shown_path(path), text))
    return Folder(whole.digest() if readable else None, tuple(groups[0]), tuple(groups[1]), tuple(problems))


def _start(found: Listing) -> hashlib._Hash:
    whole = hashlib.sha256()
    _add(whole, shown_path(found.folder), b"")
    return whole


def _add(whole: hashlib._Hash, name: str, data: bytes) -> None:
    named = os.fsencode(name)
    whole.update(len(named).to_bytes(4, "big") + named + hashlib.sha256(data).digest())


def keyed(key: bytes | None, strict: bool) -> bytes | None:
    """The key under which the findings of a folder are kept: those of the linter apart."""
    return hashlib.sha256(b"strict" + key).digest() if strict and key is not None else key


def check_municipality(
    folder: Path, nation: Nation, strict: bool = False, sound: Collection[bytes] = ()
) -> tuple[bytes | None, Outcome]:
    """Check the folder of one municipality, its scenario files too.

    Args:
        folder: the folder.
        nation: what it is compiled against.
        strict: whether the linter looks at it too (`dsl.lint`).
        sound: scenario files that are known to have no finding; what is found in one follows from its text alone.

    Returns:
        The fingerprint of what was checked, None when it must be checked again next time; and what was found.
    """
    try:
        read = read_folder(listing(folder))
        return keyed(read.key, strict), _municipality(read, nation, strict, sound)
    except Exception as error:  # whatever breaks down here must be told, and must not stop the others
        return None, broken_down(folder, type(error).__name__)


def _municipality(read: Folder, nation: Nation, strict: bool, sound: Collection[bytes]) -> Outcome:
    from api.scenario_file import parse_scenarios
    from dsl.compile import compile_municipality

    compiled = compile_municipality(read.files, nation)
    body = compiled.part.body if compiled.part is not None else None
    rules = compiled.diagnostics
    if strict:
        from dsl.lint import check, merged

        rules = merged(rules, check(read.files, compiled, nation))
    marks = [hashlib.sha256(file.text.encode()).digest()[:16] for file in read.scenarios]
    found = [
        () if mark in sound else parse_scenarios(file.path, file.text).diagnostics
        for mark, file in zip(marks, read.scenarios, strict=True)
    ]
    return Outcome(
        body.code if body is not None else None,
        body.name if body is not None else None,
        read.problems,
        rules,
        tuple(d for each in found for d in each),
        texts_of(read.files),
        tuple(mark for mark, each in zip(marks, found, strict=True) if not each),
    )


def texts_of(files: Sequence[SourceFile]) -> tuple[bytes, ...]:
    """The hash of each text."""
    return tuple(hashlib.sha256(file.text.encode()).digest() for file in files)


def broken_down(folder: Path, what: str) -> Outcome:
    """The outcome of a check that was not finished."""
    found = Diagnostic(
        BROKEN_DOWN,
        Severity.ERROR,
        shown_path(folder),
        Span(1, 1, 1, 2),
        f"この市町村の文書を調べている途中で止まりました（{what}）",
        "調べ終わらなかった文書に誤りがないとは言えません。",
        "この市町村だけを jorei check フォルダ --jobs 1 で調べ、続くようなら jorei の開発者に知らせてください。",
    )
    return Outcome(reading=(found,))
