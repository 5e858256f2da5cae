"""Publishing: the texts of a project written into a store for good. See `api.publication` for what a store holds.

Texts are written first, the record last, each under its final name only when it is whole and on the disk. So whatever
stops in between leaves texts that no record names, which the next publication uses or passes by, and never half a
publication. One publisher writes at a time; others wait.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from api.failpoints import reach
from api.project import shown_path
from api.publication import (
    BROKEN_FILES,
    BROKEN_TEXT,
    FORM,
    NOT_WRITTEN,
    TEXTS,
    TWELVE_DIGITS,
    WRONG_CLOCK,
    Manifest,
    Publication,
    PublicationRefused,
    PublishedFile,
    chain,
    encoded,
    sha256_of,
    spoken_moment,
)
from dsl.masking import twelve_digits

if TYPE_CHECKING:
    from api.project import Project, Source

LOCK = ".lock"
_WAIT = 30.0


def publish(
    store: Path, project: Project, now: datetime, published_by: str | None = None, note: str | None = None
) -> Publication | None:
    """Keep the texts of a project as a new publication.

    Args:
        store: the folder; made when it is not there.
        project: loaded, without errors.
        now: the moment of publication, with its zone.
        published_by: who publishes, if that is to be recorded (a section, not a person's number).
        note: why.

    Returns:
        The publication; None when the last one holds the same texts.

    Raises:
        PublicationRefused: when the files have errors or what may be an Individual Number, when the store cannot be
            trusted or written, when the clock is behind the last publication.
    """
    _fit(project, published_by, note)
    files = _files(project)
    at = now.astimezone(UTC).replace(microsecond=0)
    try:
        (store / TEXTS).mkdir(parents=True, exist_ok=True)
        with _alone(store):
            return _next(store, project, files, at, published_by, note)
    except OSError as error:
        raise _not_written(store, error) from error


def keep_texts(store: Path, texts: Iterable[str]) -> list[str]:
    """Keep texts under their hashes, on the disk, without publishing them; the hashes in the same order.

    Raises:
        PublicationRefused: when the store holds something else under such a hash, or cannot be written.
    """
    hashes: list[str] = []
    try:
        (store / TEXTS).mkdir(parents=True, exist_ok=True)
        with _alone(store):
            for text in texts:
                data = text.encode()
                hashes.append(sha256_of(data))
                _write_text(store / TEXTS / hashes[-1], data, hashes[-1])
            _sync_folder(store / TEXTS)
    except OSError as error:
        raise _not_written(store, error) from error
    return hashes


def _not_written(store: Path, error: OSError) -> PublicationRefused:
    return PublicationRefused(
        NOT_WRITTEN,
        f"公開のフォルダ {store} に書けません（{error.strerror or 'I/O'}）",
        "フォルダの権限と、ディスクの空きを確かめてください。",
    )


def _fit(project: Project, *said: str | None) -> None:
    if not project.ok:
        raise PublicationRefused(
            BROKEN_FILES,
            f"文書に誤りが {len(project.errors)}件あるので、公開できません",
            "jorei check で誤りを見て、直してから公開してください。",
        )
    for source in project.sources:
        for number, line in enumerate(source.text.splitlines(), 1):
            if twelve_digits(line):
                raise PublicationRefused(
                    TWELVE_DIGITS,
                    f"{source.path}:{number} に12桁の数字があるので、公開できません",
                    "個人番号のおそれがあります。その数字を文書から取り除いてください。",
                )
    for text in said:
        if text is not None and twelve_digits(text):
            raise PublicationRefused(
                TWELVE_DIGITS, "覚え書き又は名に12桁の数字があるので、公開できません", "その数字を取り除いてください。"
            )


def _files(project: Project) -> tuple[tuple[Source, PublishedFile], ...]:
    def of(source: Source, folder: str | None) -> tuple[Source, PublishedFile]:
        hashed = sha256_of(source.text.encode())
        return source, PublishedFile(source.path, "national" if folder is None else "municipality", hashed, folder)

    national = (of(source, None) for source in project.rules)
    own = (of(source, shown_path(m.folder)) for m in project.municipalities for source in m.sources)
    return (*national, *own)


def _next(
    store: Path,
    project: Project,
    files: tuple[tuple[Source, PublishedFile], ...],
    at: datetime,
    published_by: str | None,
    note: str | None,
) -> Publication | None:
    found = chain(store, max(at, datetime.now(UTC)))
    last = found[-1] if found else None
    if last is not None and last.manifest.digest == project.rule_set.digest:
        return None
    if last is not None and at < last.manifest.published_at:
        raise PublicationRefused(
            WRONG_CLOCK,
            f"今の時刻（{spoken_moment(at)}）が、最後の公開 {last.spoken} より前です",
            "この機械の時計を合わせてください。",
        )
    manifest = Manifest(
        form=FORM,
        sequence=last.manifest.sequence + 1 if last else 1,
        digest=project.rule_set.digest,
        published_at=at,
        files=tuple(file for _, file in files),
        previous=last.sha256 if last else None,
        published_by=published_by,
        note=note,
    )
    for source, file in files:
        _write_text(store / TEXTS / file.sha256, source.text.encode(), file.sha256)
    _sync_folder(store / TEXTS)
    data = encoded(manifest)
    write_whole(store / f"{manifest.name}.json", data)
    _sync_folder(store)
    return Publication(manifest, sha256_of(data))


def _write_text(path: Path, data: bytes, sha256: str) -> None:
    if not path.exists():
        write_whole(path, data)
    elif sha256_of(path.read_bytes()) != sha256:
        raise PublicationRefused(
            BROKEN_TEXT,
            f"公開のフォルダの {TEXTS}/{path.name} が、書き換えられています",
            "公開の控えから、その文書を元に戻してください。",
        )


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that appears under its name only when it is whole and on the disk, and never over another.

    Raises:
        FileExistsError: when there is one of that name.
        OSError: when it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()  # of a process that had our number and was stopped
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():  # nobody else writes here: see `_alone`
            raise FileExistsError(17, "同じ名の文書があります", str(path))
        reach("ruleset.mid-write")
        os.rename(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk (Windows does so by itself, and does not open folders)."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Keep other publishers out. The system lets go of the lock when its process ends, however it ends."""
    with (store / LOCK).open("ab") as file:
        until = time.monotonic() + _WAIT
        while not _locked(file.fileno()):
            if time.monotonic() > until:
                raise PublicationRefused(
                    NOT_WRITTEN,
                    f"ほかの公開が {_WAIT:.0f}秒たっても終わりません（{store / LOCK}）",
                    "ほかに jorei publish を実行している人がいないか確かめて、もう一度実行してください。",
                )
            time.sleep(0.02)
        yield


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
