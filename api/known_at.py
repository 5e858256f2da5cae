"""「…の時点の文書で」: which publication a day, a moment, a digest or a name means, and the project as it stood then."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path

from api.project import HOME, Municipality, Project, Source, assemble
from api.publication import (
    BROKEN_TEXT,
    JAPAN,
    TOO_EARLY,
    UNKNOWN,
    Publication,
    PublicationRefused,
    chain,
    exists,
    read_published,
    spoken_moment,
)
from engine.japanese import day_of, masked

_SEQUENCE = re.compile(r"0*(\d{1,6})")
_NAME = re.compile(r"(\d{6,})-([0-9a-f]{12})(?:\.json)?")
_DIGEST = re.compile(r"[0-9a-f]{8,64}")
#: fewer digits than this are the number of a publication, not the head of a digest
_HELP = (
    "日（2016-02-01、平成28年2月1日）、時刻（2016-02-01T10:00:00+09:00）、公開の名か番号、"
    "又は規則集の符号（初めの8字以上）で指定してください。公開の一覧は jorei publications で見られます。"
)


def find(found: Sequence[Publication], asked: str, now: datetime) -> Publication:
    """The publication that `asked` means.

    A day means the last publication at or before its end in Japan, a moment the last at or before it (in Japan when it
    says no zone); a digest or its head, a name or a number mean that publication.

    Args:
        found: the publications, oldest first.
        asked: as typed.
        now: a day or moment after this cannot be asked for: what will be known then is not known.

    Raises:
        PublicationRefused: when nothing was published by then, or there is no such publication.
    """
    text = asked.strip()
    moment = _moment(text)
    if moment is not None:
        return _at(found, moment, now)
    named = _named(found, text)
    if len(named) == 1:
        return named[0]
    shown = masked(text)
    if len(named) > 1:
        names = "、".join(one.name for one in named)
        raise PublicationRefused(UNKNOWN, f"「{shown}」に当たる公開が二つ以上あります（{names}）", _HELP)
    raise PublicationRefused(UNKNOWN, f"「{shown}」という公開はありません（{exists(found)}）", _HELP)


def _named(found: Sequence[Publication], text: str) -> list[Publication]:
    if name := _NAME.fullmatch(text):
        return [one for one in found if one.name == f"{name[1]}-{name[2]}"]
    if number := _SEQUENCE.fullmatch(text):
        return [one for one in found if one.manifest.sequence == int(number[1])]
    head = text.lower()
    if _DIGEST.fullmatch(head):
        meant = [one for one in found if one.manifest.digest.startswith(head)]
        return meant[-1:] if len({one.manifest.digest for one in meant}) == 1 else meant  # the same texts again
    return []


def _moment(text: str) -> datetime | None:
    """The moment up to which publications count: the end of a day, or the moment itself."""
    day = day_of(text)
    if day is not None:
        return datetime.combine(day, time(23, 59, 59), JAPAN)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not re.search(r"[T: ]", text):  # fromisoformat takes 20160201 too, which may be the head of a digest
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=JAPAN)


def _at(found: Sequence[Publication], moment: datetime, now: datetime) -> Publication:
    end_of_today = datetime.combine(now.astimezone(JAPAN).date(), time(23, 59, 59), JAPAN)
    if moment > max(now, end_of_today):
        raise PublicationRefused(
            UNKNOWN, f"{spoken_moment(moment)}は、まだ来ていません", "今日までの日か時刻を指定してください。"
        )
    before = [one for one in found if one.manifest.published_at <= moment]
    if not before:
        raise PublicationRefused(
            TOO_EARLY,
            f"{spoken_moment(moment)}までに公開された文書はありません（{exists(found)}）",
            "最初の公開の後の日を指定するか、--known-at を付けずに今の文書で判定してください。",
        )
    return before[-1]


def load_known(store: Path, asked: str, now: datetime) -> Project:
    """The project as it stood at a publication, the very texts and so the very digest.

    Raises:
        PublicationRefused: when there is no such publication, or the store is not as it was written.
    """
    publication = find(chain(store, now), asked, now)
    rules: list[Source] = []
    folders: dict[str, list[Source]] = {}
    for file in publication.manifest.files:
        source = Source(file.path, read_published(store, publication, file))
        if file.role == "national":
            rules.append(source)
        else:
            folders.setdefault(file.folder or "", []).append(source)
    municipalities = tuple(Municipality(_folder(name), tuple(sources)) for name, sources in folders.items())
    project = assemble(tuple(rules), municipalities)
    if project.rule_set.digest != publication.manifest.digest:
        raise PublicationRefused(
            BROKEN_TEXT,
            f"公開 {publication.name} の文書から、公開のときと違う規則集ができました",
            "公開の控えから、フォルダを元に戻してください。",
        )
    return replace(project, publication=publication)


def _folder(shown: str) -> Path:
    """Where a folder that was shown as `shown` stands, for its scenarios."""
    path = Path(shown)
    return path if path.is_absolute() or path.exists() else HOME / path
