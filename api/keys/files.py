"""Files that only their owner reads, written whole or not at all, by one process at a time."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from api.keys.refused import DAMAGED, NOT_WRITTEN, OPEN_TO_OTHERS, KeyRefused

_WAIT = 10.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_folder(folder: Path) -> None:
    """Make a folder of mode 0700, and those above it that are missing; one that is there must be open to nobody else.

    `mkdir(parents=True)` would give the folders above the mode of the umask, and so a purpose that is open to others.

    Raises:
        KeyRefused: when it is open to others, or cannot be made.
    """
    try:
        for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from None
    _private(folder)


def read(path: Path) -> bytes | None:
    """The bytes of a file; None when there is none.

    Raises:
        KeyRefused: when it is open to others, or cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyRefused(
            DAMAGED,
            f"鍵の文書 {path} を読めません（{error.strerror or 'I/O'}）",
            "文書の権限と、ディスクを確かめてください。",
        ) from None
    with os.fdopen(handle, "rb") as file:
        _refuse_open(path, os.fstat(file.fileno()))
        return file.read()


def write(path: Path, data: bytes) -> None:
    """Put a file of mode 0600 in the place of the one of that name, on the disk before it appears.

    Raises:
        KeyRefused: when it cannot be written; the file before it then stands as it was.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        _sync(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise _not_written(path, error) from None


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    try:
        path.unlink(missing_ok=True)
        _sync(path.parent)
    except OSError as error:
        raise _not_written(path, error) from None


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other writers out of a folder; the system lets go when the process ends, however it ends.

    Raises:
        KeyRefused: when another does not come to an end.
    """
    try:
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _not_written(folder, error) from None
    try:
        until = time.monotonic() + _WAIT
        while not _locked(handle):
            if time.monotonic() > until:
                raise KeyRefused(
                    NOT_WRITTEN,
                    f"ほかの処理が、鍵のフォルダ {folder} を使い終わりません",
                    "ほかに鍵を入れ替えている人がいないか確かめて、もう一度実行してください。",
                )
            time.sleep(0.01)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _private(path: Path) -> None:
    _refuse_open(path, path.stat())


def _refuse_open(path: Path, found: os.stat_result) -> None:
    if sys.platform != "win32" and found.st_mode & _OTHERS:
        raise KeyRefused(
            OPEN_TO_OTHERS,
            f"鍵の置き場所 {path} を、ほかの利用者が開けます",
            "フォルダは chmod 700、文書は chmod 600 とし、鍵が読まれたおそれがあれば jorei keys rotate で入れ替えてください。",
        )


def _sync(folder: Path) -> None:
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _not_written(path: Path, error: OSError) -> KeyRefused:
    return KeyRefused(
        NOT_WRITTEN,
        f"鍵の置き場所 {path} に書けません（{error.strerror or 'I/O'}）",
        "フォルダの権限と、ディスクの空きを確かめてください。",
    )
