"""The compiled nation on disk, so that one changed municipality is compiled at once.

It is kept with the tables of the parser, under the hash of its texts and of the code, as a pickle of our own values; when
it is read, nothing but the classes of `dsl` and `engine`, days and plain containers is made of it, so that a file that
somebody else put there runs no code of theirs.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import pickle
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from api import cache
from dsl.diagnostics import Diagnostic

if TYPE_CHECKING:
    from dsl.compile import Nation, SourceFile

_NATIONS, _TABLES = ".nation", ".tables"
_KEEP = 4


def libraries() -> bytes:
    """What is read depends on these besides our code: Python, and the libraries that read."""
    return "\n".join([sys.version, *(f"{name} {version(name)}" for name in ("lark", "pyyaml"))]).encode()


def compiled(files: Sequence[SourceFile], use_cache: bool = True) -> tuple[tuple[Diagnostic, ...], Nation]:
    """The nation of these texts and what is wrong with them; compiled unless it is kept.

    Args:
        files: the national rule files and registers, by the paths that messages show.
        use_cache: whether what is kept may be used, and kept.
    """
    name = hashlib.sha256(cache.key_of([files]).encode() + libraries()).hexdigest()
    if use_cache:
        kept = _read(name + _NATIONS)
        if kept is not None:
            _use_tables(name + _TABLES)
            return kept
    from dsl.compile import compile_nation

    made, nation = compile_nation(files)
    found = (made.diagnostics, nation)
    if use_cache:
        from dsl.formulas import tables

        cache.write_body(name + _NATIONS, pickle.dumps(found, protocol=5), _KEEP)
        cache.write_body(name + _TABLES, tables(), _KEEP)
    return found


def _read(name: str) -> tuple[tuple[Diagnostic, ...], Nation] | None:
    body = cache.read_body(name)
    if body is None:
        return None
    with cache.without_collection():
        try:
            from dsl.compile import Nation

            diagnostics, nation = _Values(io.BytesIO(body)).load()
        except Exception:  # a pickle of another form can fail in any way; then the nation is compiled
            return None
    if not isinstance(nation, Nation) or not all(isinstance(one, Diagnostic) for one in diagnostics):
        return None
    return tuple(diagnostics), nation


def _use_tables(name: str) -> None:
    """Give the parser its tables, where they are kept; else it builds them."""
    body = cache.read_body(name)
    if body is None:
        return
    try:
        held = _Values(io.BytesIO(body)).load()
    except Exception:  # as with the nation
        return
    if isinstance(held, dict) and held.keys() == {"data", "memo"}:
        from dsl.formulas import use_tables

        use_tables(held)


class _Values(pickle.Unpickler):
    """Makes values of our own classes, days and plain containers, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("datetime", "date"):
            return date
        if (module, name) in (("builtins", "frozenset"), ("builtins", "set")):
            return {"frozenset": frozenset, "set": set}[name]
        if module.split(".")[0] in ("dsl", "engine") and "." not in name:
            found = getattr(importlib.import_module(module), name, None)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name}")
