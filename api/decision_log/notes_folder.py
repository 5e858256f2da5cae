"""The folder outside the database where signed notes are kept: written whole or not at all, never written again."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from api.decision_log import note
from api.decision_log.note import Checkpoint, NoteRefused, Verifier
from api.failpoints import reach

Kind = Literal["checkpoint", "fork"]
_SUFFIX = ".note"


@dataclass(frozen=True, slots=True)
class Kept:
    """A note of the folder, by its name."""

    kind: Kind
    size: int
    path: Path

    def read(self) -> str:
        """The whole note."""
        return self.path.read_text(encoding="utf-8")


def name_of(kind: Kind, size: int, root: bytes, key: Verifier) -> str:
    """The name of a note: size, beginning of the root, key. Its letters keep it from looking like twelve digits."""
    return f"{kind}-{size:010}-r{_short(root)}-k{_short(key.key_id)}{_SUFFIX}"


def _short(raw: bytes) -> str:
    return base64.b32encode(raw[:4]).decode("ascii").rstrip("=").lower()


def keep(folder: Path, name: str, text: str) -> Path:
    """Write a note durably; one that is there already stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if path.exists():
        return path
    temporary = folder / f".{secrets.token_hex(4)}.tmp"
    try:
        with temporary.open("xb") as file:
            data = text.encode()
            file.write(data[: len(data) // 2])
            file.flush()
            reach("checkpoint.mid-write")
            file.write(data[len(data) // 2 :])
            file.flush()
            os.fsync(file.fileno())
        reach("checkpoint.before-rename")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _flush(folder)
    return path


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def kept(folder: Path, kind: Kind) -> list[Kept]:
    """The notes of a kind, by size."""
    if not folder.is_dir():
        return []
    found = []
    for path in folder.glob(f"{kind}-*{_SUFFIX}"):
        size = path.name.split("-")[1]
        if size.isdecimal():
            found.append(Kept(kind, int(size), path))
    return sorted(found, key=lambda one: (one.size, one.path.name))


def checkpoints(folder: Path, verifiers: Iterable[Verifier]) -> Iterator[tuple[Kept, Checkpoint | None]]:
    """Every checkpoint of the folder, by size, but those of a revoked key; none where no trusted key signed it."""
    keys = tuple(verifiers)
    for one in kept(folder, "checkpoint"):
        found = opened(one, keys)
        if found is not None or not _disowned(one, keys):
            yield one, found


def opened(one: Kept, verifiers: Iterable[Verifier]) -> Checkpoint | None:
    """The checkpoint of a file; none where no trusted key signed it, or it is not the one of its name."""
    keys = tuple(verifiers)
    try:
        found = note.verify(one.read(), keys)
    except (NoteRefused, OSError, UnicodeDecodeError):
        return None
    names = {name_of("checkpoint", found.size, found.root, key) for key in keys}
    return found if one.path.name in names else None


def _disowned(one: Kept, keys: tuple[Verifier, ...]) -> bool:
    try:
        return note.disowned(one.read(), keys)
    except (OSError, UnicodeDecodeError):
        return False
