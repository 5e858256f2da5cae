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
    digest = hashlib.sha256(_code())
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
    try:
        data = (folder() / f"{key}.msgpack").read_bytes()
    except OSError:
        return None
    head = len(_FORM) + _DIGEST
    body = memoryview(data)[head:]
    if data[: len(_FORM)] != _FORM or data[len(_FORM) : head] != hashlib.sha256(body).digest():
        return None
    with _without_collection():
        try:
            return msgspec.msgpack.decode(body, type=Kept)
        except (msgspec.MsgspecError, ValueError, TypeError):
            return None


def write(key: str, kept: Kept) -> None:
    """Keep a rule set; a cache that cannot be written is no reason to fail."""
    body = msgspec.msgpack.encode(kept)
    where = folder()
    name = ""
    try:
        where.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=where, suffix=".part", delete=False) as file:
            name = file.name
            file.write(_FORM + hashlib.sha256(body).digest() + body)
        os.replace(name, where / f"{key}.msgpack")
        _tidy(where)
    except OSError:
        if name:
            with contextlib.suppress(OSError):
                os.unlink(name)


def _tidy(where: Path) -> None:
    """Keep the newest few, so that editing does not fill the disk."""
    found = sorted(where.glob("*.msgpack"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in found[_KEEP:]:
        with contextlib.suppress(OSError):
            old.unlink()


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Many small values are made at once and none is garbage: the collector would only walk them again and again."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@cache
def _code() -> bytes:
    """Digest of the code that turns texts into a rule set."""
    digest = hashlib.sha256(_FORM + msgspec.__version__.encode())
    for package in ("dsl", "engine"):
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(place).rglob("*")):
                if path.suffix in (".py", ".lark", ".yaml") and path.is_file():
                    digest.update(path.name.encode())
                    digest.update(path.read_bytes())
    return digest.digest()
