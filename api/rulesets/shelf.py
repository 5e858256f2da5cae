"""Published bundles as rows: which is in force on a day, and a bundle opened with everything about it verified."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from api.clock import from_ms
from api.rulesets.bundles import Manifest, linked, opened, withdrawn
from api.rulesets.contents import TextFile, texts
from api.rulesets.refusal import BROKEN_SEAL, UNKNOWN, RuleSetRefused
from api.rulesets.tables import ruleset_bundle, ruleset_withdrawal
from dsl.masking import mask

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from api.keys import KeyStore

_B, _W = ruleset_bundle.c, ruleset_withdrawal.c
_DIGEST = re.compile(r"[0-9a-f]{8,64}")


class Shelved(NamedTuple):
    """A bundle as its row says, not yet verified."""

    sequence: int
    name: str
    digest: str
    draft: str
    effective_from: date
    jws: str
    published_ms: int
    withdrawn_ms: int | None

    @property
    def told(self) -> dict[str, Any]:
        """What lists say of it."""
        gone = self.withdrawn_ms
        return {
            "bundle": self.name,
            "digest": self.digest,
            "draft": self.draft,
            "effective_from": self.effective_from.isoformat(),
            "published_at": from_ms(self.published_ms).isoformat(timespec="seconds"),
            "withdrawn_at": None if gone is None else from_ms(gone).isoformat(timespec="seconds"),
        }


def _rows() -> Select[Any]:
    return select(ruleset_bundle, _W.withdrawn_ms).outerjoin(ruleset_withdrawal, _W.sequence == _B.sequence)


def _shelved(row: Any) -> Shelved:
    day = date.fromisoformat(row.effective_from)
    return Shelved(row.sequence, row.name, row.digest, row.draft, day, row.jws, row.published_ms, row.withdrawn_ms)


def in_force(connection: Connection, day: date) -> Shelved | None:
    """The bundle that decides on a day: of those begun and not withdrawn, the latest published."""
    asked = _rows().where(_W.sequence.is_(None), _B.effective_from <= day.isoformat())
    row = connection.execute(asked.order_by(_B.sequence.desc()).limit(1)).one_or_none()
    return None if row is None else _shelved(row)


def next_day(connection: Connection, day: date) -> date | None:
    """The first day after this on which another bundle begins."""
    asked = (
        select(func.min(_B.effective_from))
        .select_from(ruleset_bundle.outerjoin(ruleset_withdrawal, _W.sequence == _B.sequence))
        .where(_W.sequence.is_(None), _B.effective_from > day.isoformat())
    )
    found = connection.execute(asked).scalar_one()
    return None if found is None else date.fromisoformat(found)


def latest(connection: Connection, *, standing: bool = False) -> Shelved | None:
    """The newest bundle; with `standing` the newest that was not withdrawn."""
    asked = _rows().where(_W.sequence.is_(None)) if standing else _rows()
    row = connection.execute(asked.order_by(_B.sequence.desc()).limit(1)).one_or_none()
    return None if row is None else _shelved(row)


def bundles(connection: Connection, limit: int = 1000) -> tuple[Shelved, ...]:
    """The newest bundles, oldest first."""
    rows = connection.execute(_rows().order_by(_B.sequence.desc()).limit(limit)).all()
    return tuple(_shelved(row) for row in reversed(rows))


def find(connection: Connection, asked: str) -> Shelved:
    """The bundle of a name, or the newest of a digest or of its head.

    Raises:
        RuleSetRefused: B0501, also when a head means several digests.
    """
    text = asked.strip().lower()
    row = connection.execute(_rows().where(_B.name == text)).one_or_none()
    if row is not None:
        return _shelved(row)
    if _DIGEST.fullmatch(text):
        rows = connection.execute(_rows().where(_B.digest.like(f"{text}%")).order_by(_B.sequence.desc())).all()
        if rows and len({row.digest for row in rows}) == 1:
            return _shelved(rows[0])
    raise unknown(asked)


def unknown(asked: str) -> RuleSetRefused:
    """No such bundle."""
    return RuleSetRefused(
        UNKNOWN,
        f"「{mask(asked)[:80]}」という規則集は公開されていません",
        "公開の名か、規則集の符号（初めの8字以上）で指定してください。一覧は jorei ruleset list で見られます。",
    )


def verified(connection: Connection, one: Shelved, keys: KeyStore) -> Manifest:
    """The manifest of a bundle, verified: its seal, its row, what it follows from, what was withdrawn after it.

    Raises:
        RuleSetRefused: B0508 with the reason.
    """
    manifest = opened(one.jws, keys, one.name)
    if (manifest.sequence, manifest.digest, manifest.effective_from, manifest.draft) != (
        one.sequence,
        one.digest,
        one.effective_from,
        one.draft,
    ):
        raise _seal(one.name, "の表の値と、署名された中身が違います")
    before = connection.execute(select(_B.jws).where(_B.sequence == one.sequence - 1)).scalar_one_or_none()
    if one.sequence > 1 and before is None:
        raise _seal(one.name, "の一つ前の公開がありません")
    linked(manifest, before)
    later = select(_B.name, _B.effective_from, ruleset_withdrawal.c.jws).join(
        ruleset_withdrawal, _W.sequence == _B.sequence
    )
    for row in connection.execute(later.where(_B.sequence > one.sequence)):
        said = withdrawn(row.jws, keys, row.name)
        if said.at.date() >= date.fromisoformat(row.effective_from):
            raise _seal(row.name, "が、始まる日より後に取り下げられています")
    return manifest


def texts_of(store: Path, manifest: Manifest) -> tuple[TextFile, ...]:
    """The texts of a bundle, each as its hash says.

    Raises:
        RuleSetRefused: B0507 at the first that is not.
    """
    return texts(store, manifest.files)


def _seal(name: str, what: str) -> RuleSetRefused:
    return RuleSetRefused(
        BROKEN_SEAL,
        f"公開 {name} {what}",
        "データベースの控えから元に戻してください。それまでは、直前の規則集のまま判定します。",
    )
