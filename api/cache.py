"""The compiled rule set on disk: keyed by all texts and all code it was made from, checked when read.

A file holds the sha256 of its own contents before them, so that a damaged or half-written file is
recognised and the rule set is compiled again. Only rule sets without errors are kept.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import msgspec

from dsl.diagnostics import Diagnostic
from engine.rule_set import RuleSet

#: Raised when the form of the file changes.
_FORM = b"jorei-cache-1\n"
_DIGEST = 32
_KEEP = 8
_RULE_SETS = ".msgpack"


class _Text(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def text(self) -> str: ...


class Kept(msgspec.Struct, frozen=True):
    """What is kept: a rule set and the warnings given when it was compiled."""

    rule_set: RuleSet
    diagnostics: tuple[Diagnostic, ...]


def folder() -> Path:
    """Where compiled rule sets are kept: `$JOREI_CACHE`, or `jorei` in the user's cache folder."""
    given = os.environ.get("JOREI_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "jorei"
    except RuntimeError:  # no home directory
        return Path(".jorei-cache")


def key_of(groups: Sequence[Iterable[_Text]]) -> str:
    """The identity of texts (with their grouping and the paths shown in messages) and of the code that compiles."""
    digest = hashlib.sha256(compiling_code())
    for group in groups:
        digest.update(b"\x00group")
        for source in group:
            for part in (source.path, source.text):
                data = part.encode("utf-8", "surrogatepass")
                digest.update(len(data).to_bytes(8, "big"))
                digest.update(data)
    return digest.hexdigest()


def read(key: str) -> Kept | None:
    """The rule set kept under `key`, or None when there is none or it cannot be trusted."""
    body = read_body(f"{key}{_RULE_SETS}")
    if body is None:
        return None
    with without_collection():
        try:
            return msgspec.msgpack.decode(body, type=Kept)
        except (msgspec.MsgspecError, ValueError, TypeError):
            return None


def write(key: str, kept: Kept) -> None:
    """Keep a rule set; a cache that cannot be written is no reason to fail."""
    write_body(f"{key}{_RULE_SETS}", msgspec.msgpack.encode(kept), _KEEP)


def read_body(name: str) -> memoryview | None:
    """What is kept in a file of the cache, or None when there is none or it is damaged."""
    try:
        data = (folder() / name).read_bytes()
    except OSError:
        return None
    head = len(_FORM) + _DIGEST
    body = memoryview(data)[head:]
    if data[: len(_FORM)] != _FORM or data[len(_FORM) : head] != hashlib.sha256(body).digest():
        return None
    return body


def write_body(name: str, body: bytes, keep: int) -> None:
    """Keep something in a file of the cache, and of the files with the same ending only the newest `keep`."""
    where = folder()
    part = ""
    try:
        where.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=where, suffix=".part", delete=False) as file:
            part = file.name
            file.write(_FORM + hashlib.sha256(body).digest())
            file.write(body)
        os.replace(part, where / name)
        _tidy(where, Path(name).suffix, keep)
    except OSError:
        if part:
            with contextlib.suppress(OSError):
                os.unlink(part)


def _tidy(where: Path, suffix: str, keep: int) -> None:
    """Keep the newest few, so that editing does not fill the disk."""
    found = sorted(where.glob(f"*{suffix}"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in found[keep:]:
        with contextlib.suppress(OSError):
            old.unlink()


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Many small values are made at once and none is garbage: the collector would only walk them again and again."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def code_digest(packages: tuple[str, ...], alone: tuple[str, ...] = ()) -> bytes:
    """Digest of all code and data of `packages` and the packages within, and of `alone` without those within."""
    digest = hashlib.sha256(_FORM + msgspec.__version__.encode())
    for package in (*packages, *alone):
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(place).glob("*" if package in alone else "**/*")):
                if path.suffix in (".py", ".lark", ".yaml") and path.is_file():
                    digest.update(path.name.encode())
                    digest.update(path.read_bytes())
    return digest.digest()


@cache
def compiling_code() -> bytes:
    """Digest of the code that turns texts into a rule set."""
    return code_digest(("dsl", "engine"))
