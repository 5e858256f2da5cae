"""Publications: what the rule files were at one moment, kept so that a decision can be asked as they stood then.

A store is a folder. `texts/<sha256>` holds each text once; `<sequence>-<digest>.json` is the record of one publication:
its files by hash, its moment, and the hash of the record before it. So a record that was changed or taken out breaks
the chain, and a text that was changed no longer has the hash it is kept under. Records are never written again.
Here they are read and verified; `api.publishing` writes them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from dsl.masking import digest
from engine.japanese import spoken_day

#: The form of the records written now. A later form has another number; members that are added do not change it.
FORM = "jorei-publication/1"
TEXTS = "texts"

BROKEN_FILES, TWELVE_DIGITS, BROKEN_CHAIN, BROKEN_TEXT, WRONG_CLOCK, TOO_EARLY, UNKNOWN, UNREADABLE, NOT_WRITTEN = (
    f"P02{n:02}" for n in range(1, 10)
)
#: Refusals that the caller can mend in the call itself.
OF_THE_CALL = frozenset({TOO_EARLY, UNKNOWN})

#: Days are those of Japan, which has kept one time since 1951.
JAPAN = timezone(timedelta(hours=9))

_NAME = re.compile(r"(\d{6,})-([0-9a-f]{12})\.json")

_Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class PublicationRefused(Exception):
    """A publication cannot be made, found or trusted.

    Attributes:
        code: P02xx, with a page in docs/ja/codes.
        text: what is wrong.
        help: how to mend it.
    """

    def __init__(self, code: str, text: str, help_: str) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text, self.help = code, text, help_

    @property
    def of_the_call(self) -> bool:
        """Whether the call asked for something that is not there, as against a store that cannot be trusted."""
        return self.code in OF_THE_CALL

    def lines(self) -> str:
        """What to print."""
        return f"{self.code} エラー: {self.text}\n  直し方: {self.help}\n  詳しい説明: docs/ja/codes/{self.code}.md"


class PublishedFile(msgspec.Struct, frozen=True):
    """One file of a publication: the path it was shown under, whose it is, and the hash of its text."""

    path: str
    role: Literal["national", "municipality"]
    sha256: _Hash
    folder: str | None = None  # of the municipality


class Manifest(msgspec.Struct, frozen=True):
    """The record of one publication. Members that a later program adds are left alone, and the chain covers them."""

    form: str
    sequence: Annotated[int, msgspec.Meta(ge=1)]
    digest: _Hash
    published_at: _Moment
    files: tuple[PublishedFile, ...]
    previous: _Hash | None = None  # sha256 of the record before it
    published_by: str | None = None
    note: str | None = None

    @property
    def name(self) -> str:
        """The name of the publication, and of its record without `.json`."""
        return f"{self.sequence:06}-{self.digest[:12]}"


@dataclass(frozen=True, slots=True)
class Publication:
    """A record read from the store; `sha256` is its own hash, which the next record names."""

    manifest: Manifest
    sha256: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.manifest.name

    @property
    def spoken(self) -> str:
        """Name and moment for people."""
        return f"{self.name}（{spoken_moment(self.manifest.published_at)}公開）"

    def to_json(self) -> dict[str, str]:
        """What an answer records of the publication whose texts decided."""
        at = self.manifest.published_at
        return {"name": self.name, "published_at": at.isoformat().replace("+00:00", "Z"), "record": self.sha256}


class _Form(msgspec.Struct):
    form: str


def encoded(manifest: Manifest) -> bytes:
    """The record as it is written: JSON that people can read, too."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def sha256_of(data: bytes) -> str:
    """The hash that names texts and records."""
    return hashlib.sha256(data).hexdigest()


def digest_of_texts(hashes: Iterable[str]) -> str:
    """The digest of a rule set from the hashes of its texts; the same as `dsl.compile.digest_of`."""
    return digest(b"".join(sorted(bytes.fromhex(one) for one in hashes)))


def chain(store: Path, now: datetime) -> tuple[Publication, ...]:
    """Every publication of a store, oldest first, each shown to follow from the one before.

    Args:
        store: the folder; one that does not exist holds no publication.
        now: no record may be later than this.

    Raises:
        PublicationRefused: at the first record that is missing, changed, of an unknown form or out of time.
    """
    found: list[Publication] = []
    for number, (sequence, path) in enumerate(_records(store), 1):
        if sequence != number:
            raise _chain(
                f"公開の記録 {path.name} の前に、{number}番目の記録がありません"
                if sequence > number
                else f"公開の記録の番号 {sequence} が重なっています（{path.name}）"
            )
        found.append(_linked(path, found[-1] if found else None, now))
    return tuple(found)


def _records(store: Path) -> list[tuple[int, Path]]:
    """The records in the order of their numbers."""
    found = []
    try:
        paths = sorted(store.iterdir()) if store.exists() else []
    except OSError as error:
        raise PublicationRefused(
            UNREADABLE,
            f"公開のフォルダ {store} を読めません（{error.strerror or 'I/O'}）",
            "フォルダを確かめてください。",
        ) from error
    for path in paths:
        if path.suffix == ".json":
            named = _NAME.fullmatch(path.name)
            if named is None:
                raise _chain(f"公開のフォルダに、公開の記録の名ではない文書 {path.name} があります")
            found.append((int(named[1]), path))
    return sorted(found)


def _linked(path: Path, before: Publication | None, now: datetime) -> Publication:
    one = _read(path)
    manifest = one.manifest
    if f"{manifest.name}.json" != path.name:
        raise _chain(f"公開の記録 {path.name} の名と、中の番号か符号が違います")
    if manifest.previous != (before.sha256 if before else None):
        told = f"一つ前の記録 {before.name} が、書き換えられています" if before else "一つ前の記録がありません"
        raise _chain(f"公開の記録 {path.name} が引く一つ前の記録と合いません（{told}）")
    if digest_of_texts(file.sha256 for file in manifest.files) != manifest.digest:
        raise _chain(f"公開の記録 {path.name} の文書の並びと、規則集の符号が合いません")
    if before is not None and manifest.published_at < before.manifest.published_at:
        raise PublicationRefused(
            WRONG_CLOCK,
            f"公開の記録 {path.name} の時刻が、一つ前の記録 {before.name} より前です",
            "公開の控えから、フォルダを元に戻してください。",
        )
    if manifest.published_at > now:
        raise PublicationRefused(
            WRONG_CLOCK,
            f"公開の記録 {path.name} の時刻（{spoken_moment(manifest.published_at)}）が、まだ来ていません",
            "この機械の時計を確かめてください。",
        )
    return one


def _read(path: Path) -> Publication:
    try:
        data = path.read_bytes()
        form = msgspec.json.decode(data, type=_Form).form
        if form != FORM:
            raise PublicationRefused(
                UNREADABLE,
                f"公開の記録 {path.name} の形（{form[:40]}）は、この版の jorei では読めません",
                "新しい版の jorei を使ってください。",
            )
        return Publication(msgspec.json.decode(data, type=Manifest), sha256_of(data))
    except OSError as error:
        told = f"読めません（{error.strerror or 'I/O'}）"
    except (msgspec.MsgspecError, UnicodeDecodeError):
        told = "壊れています"
    raise PublicationRefused(
        UNREADABLE, f"公開の記録 {path.name} が{told}", "公開の控えから、その文書を元に戻してください。"
    )


def _chain(text: str) -> PublicationRefused:
    return PublicationRefused(BROKEN_CHAIN, text, "公開の控えから、フォルダを元に戻してください。")


def read_published(store: Path, publication: Publication, file: PublishedFile) -> str:
    """The text of one file as it was published.

    Raises:
        PublicationRefused: when it is missing or is not the text that was published.
    """
    told = f"公開 {publication.name} の文書 {file.path}"
    try:
        data = (store / TEXTS / file.sha256).read_bytes()
    except OSError as error:
        raise _text(f"{told} を読めません（{TEXTS}/{file.sha256}）") from error
    if sha256_of(data) != file.sha256:
        raise _text(f"{told} が、公開の後に書き換えられています（{TEXTS}/{file.sha256}）")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _text(f"{told} の文字コードが UTF-8 ではありません（{TEXTS}/{file.sha256}）") from error


def _text(text: str) -> PublicationRefused:
    return PublicationRefused(BROKEN_TEXT, text, "公開の控えから、その文書を元に戻してください。")


def verify(store: Path, now: datetime) -> tuple[Publication, ...]:
    """Check the chain and every text of every publication.

    Raises:
        PublicationRefused: at the first that is not as it was published.
    """
    found = chain(store, now)
    seen: set[str] = set()
    for publication in found:
        for file in publication.manifest.files:
            if file.sha256 not in seen:
                read_published(store, publication, file)
                seen.add(file.sha256)
    return found


def moment_now() -> datetime:
    """This moment, to the second: the grain of the records."""
    return datetime.now(JAPAN).replace(microsecond=0)


def spoken_moment(at: datetime) -> str:
    """A moment by the clocks of Japan.

    Examples:
        >>> from datetime import UTC
        >>> spoken_moment(datetime(2016, 1, 31, 15, 5, tzinfo=UTC))
        '平成28年2月1日0時05分'
    """
    here = at.astimezone(JAPAN)
    return f"{spoken_day(here.date())}{here.hour}時{here.minute:02}分"


def changed_files(publication: Publication, before: Publication | None) -> int:
    """How many files are other, new or gone since the publication before."""
    now = {(file.path, file.sha256) for file in publication.manifest.files}
    then = {(file.path, file.sha256) for file in before.manifest.files} if before else set()
    return len({path for path, _ in now ^ then})


def exists(found: Sequence[Publication]) -> str:
    """What publications there are, for one who asked for another."""
    if not found:
        return "公開は一つもありません"
    if len(found) == 1:
        return f"ある公開は {found[0].spoken} だけです"
    return f"最初の公開は {found[0].spoken}、最後の公開は {found[-1].spoken} です"
