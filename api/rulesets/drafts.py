"""Drafts as rows: read, locked, taken a step on, and each step recorded in the decision log in the same transaction."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, insert, select, update

from api.canonical import canonical
from api.clock import from_ms, to_ms
from api.decision_log import Entry
from api.ids import new
from api.rulesets.contents import HeldFile, decoded
from api.rulesets.refusal import CHANGED, SAME_PERSON, UNKNOWN, WRONG_STATE, RuleSetRefused
from api.rulesets.tables import ruleset_draft, ruleset_step

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from api.clock import Clock
    from api.rulesets.people import Person


class State(enum.StrEnum):
    """Where a draft stands."""

    DRAFT = "draft"
    CHECKED = "checked"
    REPLAYED = "replayed"
    APPROVED = "approved"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    ROLLED_BACK = "rolled_back"


WORDS = {
    State.DRAFT: "案",
    State.CHECKED: "検査済み",
    State.REPLAYED: "事例確認済み",
    State.APPROVED: "承認済み",
    State.PUBLISHED: "公開済み",
    State.REJECTED: "差戻し",
    State.WITHDRAWN: "取下げ",
    State.ROLLED_BACK: "元に戻した",
}
#: Steps and the states that they may be taken in.
FROM = {
    "edit": (State.DRAFT, State.CHECKED, State.REPLAYED, State.APPROVED, State.REJECTED),
    "check": (State.DRAFT, State.CHECKED),
    "replay": (State.CHECKED, State.REPLAYED),
    "approve": (State.REPLAYED,),
    "reject": (State.DRAFT, State.CHECKED, State.REPLAYED, State.APPROVED),
    "withdraw": (State.DRAFT, State.CHECKED, State.REPLAYED, State.APPROVED, State.REJECTED),
    "publish": (State.APPROVED,),
}
_EDITING = ("create", "edit")


class Step(msgspec.Struct, frozen=True):
    """One step of a draft."""

    number: int
    act: str
    state: str
    person: str
    role: str
    at: datetime
    revision: int
    content: str
    detail: dict[str, Any]


class Draft(msgspec.Struct, frozen=True):
    """A draft with its steps."""

    id: str
    kind: str
    state: State
    revision: int
    content: str
    digest: str
    files: tuple[HeldFile, ...]
    steps: tuple[Step, ...]
    created: datetime
    base: str | None = None
    note: str | None = None
    bundle: str | None = None

    @property
    def editors(self) -> tuple[str, ...]:
        """Everybody who ever wrote at it."""
        return tuple(sorted({step.person for step in self.steps if step.act in _EDITING}))

    @property
    def approvals(self) -> tuple[Step, ...]:
        """Approvals of exactly what it holds now."""
        return tuple(
            s for s in self.steps if s.act == "approve" and s.revision == self.revision and s.content == self.content
        )

    def last(self, act: str) -> Step | None:
        """The latest step of a kind on this revision."""
        return next((s for s in reversed(self.steps) if s.act == act and s.revision == self.revision), None)


def draft_of(connection: Connection, name: str, *, lock: bool = False) -> Draft:
    """A draft; with `lock` nobody else takes it a step on before this transaction ends.

    Raises:
        RuleSetRefused: B0501.
    """
    asked = select(ruleset_draft).where(ruleset_draft.c.id == name)
    row = connection.execute(asked.with_for_update() if lock else asked).one_or_none()
    if row is None:
        raise RuleSetRefused(UNKNOWN, "その案はありません", "jorei ruleset list で案の一覧を見てください。")
    steps = connection.execute(
        select(ruleset_step).where(ruleset_step.c.draft == name).order_by(ruleset_step.c.number)
    ).all()
    return _draft(row, steps)


def drafts(connection: Connection, limit: int = 100) -> Sequence[Row[Any, Any, Any, Any, Any, Any, Any, Any, Any]]:
    """The latest drafts, newest first, as rows without their steps."""
    c = ruleset_draft.c
    asked = select(c.id, c.kind, c.state, c.revision, c.digest, c.note, c.bundle, c.created_ms, c.changed_ms)
    return connection.execute(asked.order_by(c.created_ms.desc(), c.id).limit(limit)).all()


def _draft(row: Row[Any], steps: Iterable[Row[Any]]) -> Draft:
    return Draft(
        id=row.id,
        kind=row.kind,
        state=State(row.state),
        revision=row.revision,
        content=row.content,
        digest=row.digest,
        files=decoded(row.files),
        steps=tuple(
            Step(
                s.number,
                s.act,
                s.state,
                s.person,
                s.role,
                from_ms(s.at_ms),
                s.revision,
                s.content,
                msgspec.json.decode(s.detail),
            )
            for s in steps
        ),
        created=from_ms(row.created_ms),
        base=row.base,
        note=row.note,
        bundle=row.bundle,
    )


def may(draft: Draft, act: str) -> None:
    """Refuse a step that the state of the draft does not allow.

    Raises:
        RuleSetRefused: B0502.
    """
    if draft.state not in FROM[act]:
        allowed = "・".join(WORDS[state] for state in FROM[act])
        raise RuleSetRefused(
            WRONG_STATE,
            f"この案は「{WORDS[draft.state]}」なので、その操作はできません",
            f"その操作ができるのは、{allowed}のときです。案、検査、事例、承認、公開の順に進めてください。",
        )


def unchanged(draft: Draft, seen: Draft) -> None:
    """Refuse when the draft is no longer what was looked at.

    Raises:
        RuleSetRefused: B0506.
    """
    if (draft.revision, draft.content, draft.digest) != (seen.revision, seen.content, seen.digest):
        raise changed()


def changed() -> RuleSetRefused:
    """What is taken a step on is not what was looked at."""
    return RuleSetRefused(
        CHANGED, "この案は、見たときから書き換えられています", "今の案を見て、検査からやり直してください。"
    )


def another_person(draft: Draft, person: Person) -> None:
    """Refuse an approval by one who wrote at the draft.

    Raises:
        RuleSetRefused: B0503.
    """
    if person.id in draft.editors:
        raise RuleSetRefused(
            SAME_PERSON, "案を書いた人は、その案を承認できません", "案を書いていない承認者が承認してください。"
        )


def step(
    connection: Connection,
    draft: Draft,
    act: str,
    state: State,
    person: Person,
    role: str,
    clock: Clock,
    detail: Mapping[str, Any],
    **columns: Any,
) -> Entry:
    """Take a locked draft a step on; the entry of the log that the caller appends last.

    Args:
        connection: whose transaction holds the lock.
        draft: as read under the lock, with the columns that this step changes already changed.
        act: what is done.
        state: where it stands afterwards.
        person: who does it.
        role: in which role.
        clock: when.
        detail: bounded plain values.
        columns: of the draft's row, that change.
    """
    at = clock.now()
    c = ruleset_draft.c
    connection.execute(
        update(ruleset_draft).where(c.id == draft.id).values(state=state, changed_ms=to_ms(at), **columns)
    )
    return add_step(connection, draft, act, state, person, role, at, detail)


def add_step(
    connection: Connection,
    draft: Draft,
    act: str,
    state: State,
    person: Person,
    role: str,
    at: datetime,
    detail: Mapping[str, Any],
) -> Entry:
    """The row of a step, and its entry for the log."""
    c = ruleset_step.c
    number = connection.execute(
        select(func.coalesce(func.max(c.number), 0) + 1).where(c.draft == draft.id)
    ).scalar_one()
    connection.execute(
        insert(ruleset_step).values(
            draft=draft.id,
            number=number,
            act=act,
            state=state,
            person=person.id,
            role=role,
            at_ms=to_ms(at),
            revision=draft.revision,
            content=draft.content,
            detail=canonical(detail).decode(),
        )
    )
    body = {
        "v": 1,
        "at": at.isoformat(timespec="milliseconds"),
        "act": act,
        "by": {"id": person.id, "role": role},
        "draft": draft.id,
        "revision": draft.revision,
        "content": draft.content,
        "ruleset": draft.digest,
        "detail": {key: value for key, value in detail.items() if key not in ("findings", "differences", "faults")},
    }
    leaf = {"ruleset": draft.digest, "outcome": act, "draft": draft.id}
    name = new("rs")
    return Entry(name, "ruleset", leaf, canonical({"id": name, **body}), None)
