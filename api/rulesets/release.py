"""Approved drafts published from a day, publications withdrawn before it, and the way back to an earlier bundle."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.clock import to_ms, today
from api.decision_log import Entry
from api.failpoints import reach
from api.permits.epoch import EVERYBODY, advance
from api.publication import chain
from api.publishing import publish as keep_publication
from api.rulesets.bundles import FORM, WITHDRAWAL, Approval, Manifest, Withdrawal, hash_of, sign
from api.rulesets.contents import HeldFile, project_of, read_note
from api.rulesets.drafts import Draft, State, changed, draft_of, may, step, unchanged
from api.rulesets.examining import BodyOf, Checked
from api.rulesets.lifecycle import Lifecycle, broken, not_green
from api.rulesets.people import ADMINISTRATOR, APPROVER, EDITOR, Person, acting
from api.rulesets.refusal import BAD_DAY, BUSY, SAME_PERSON, WRONG_STATE, RuleSetRefused
from api.rulesets.shelf import Shelved, find, in_force, latest, texts_of, verified
from api.rulesets.tables import ruleset_bundle, ruleset_draft, ruleset_record, ruleset_withdrawal
from engine.japanese import spoken_day

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_TRIES = 3
_TEXTS_TOLD = 200


class Release:
    """Publishes what a lifecycle approved."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle

    def publish(self, name: str, person: Person, effective_from: date | None = None) -> Shelved:
        """Publish an approved draft from a day on; at once without one.

        The texts are read and compiled once more. What is published is what was checked and approved, or nothing is.

        Raises:
            RuleSetRefused: with the reason; a draft found broken is a draft again.
        """
        role = acting(person, APPROVER, ADMINISTRATOR)
        for _ in range(_TRIES):
            draft = self.lifecycle.draft(name)
            may(draft, "publish")
            self._day(effective_from or today(self.lifecycle.clock))
            checked = self._sound(draft, person, role)
            previous, manifest = self._previous()
            difference = self._difference(manifest, draft)
            try:
                return self._put(draft, person, role, effective_from, checked, previous, manifest, difference)
            except (_Overtaken, IntegrityError):
                continue
        raise RuleSetRefused(BUSY, "ほかの公開と重なりました", "少し待って、もう一度公開してください。")

    def propose_rollback(self, base: str, person: Person, note: str | None = None) -> Draft:
        """Propose to go back to an earlier bundle: its texts are checked and replayed anew, then await approval."""
        draft = self.lifecycle.begin_again(person, base, note)
        draft, checked = self.lifecycle.check(draft.id, person)
        if draft.state is not State.CHECKED:
            raise broken(checked)
        draft, replayed = self.lifecycle.replay(draft.id, person)
        if draft.state is not State.REPLAYED:
            raise not_green(replayed)
        return draft

    def confirm_rollback(self, name: str, person: Person, effective_from: date | None = None) -> Shelved:
        """Approve a proposal to go back, as another person than who proposed it, and put it into force."""
        draft = self.lifecycle.draft(name)
        if draft.kind != "rollback":
            raise RuleSetRefused(
                WRONG_STATE, "これは、元に戻す案ではありません", "jorei ruleset rollback --to で案を作ってください。"
            )
        if draft.state is not State.APPROVED:
            self.lifecycle.approve(name, person, draft.content)
        return self.publish(name, person, effective_from)

    def withdraw(self, asked: str, person: Person, reason: str | None = None) -> Shelved:
        """Withdraw a bundle before its day."""
        life = self.lifecycle
        role = acting(person, EDITOR, APPROVER, ADMINISTRATOR)
        said = read_note(reason)

        def take(connection: Connection) -> Entry:
            bundle = find(connection, asked)
            draft = draft_of(connection, bundle.draft, lock=True)
            at = life.clock.now()
            if bundle.withdrawn_ms is not None or bundle.effective_from <= today(life.clock):
                raise RuleSetRefused(
                    WRONG_STATE,
                    f"公開 {bundle.name} は、もう取り下げられません",
                    "jorei ruleset rollback で元に戻してください。",
                )
            token = sign(Withdrawal(WITHDRAWAL, bundle.name, person.id, at), life.keys)
            values = {"sequence": bundle.sequence, "jws": token, "withdrawn_ms": to_ms(at)}
            connection.execute(insert(ruleset_withdrawal).values(values))
            detail = {"bundle": bundle.name, "reason": said}
            return step(connection, draft, "withdraw", State.WITHDRAWN, person, role, life.clock, detail)

        try:
            life.transact(take)
        except IntegrityError:
            raise RuleSetRefused(
                WRONG_STATE, "その公開は、もう取り下げられています", "一覧を見直してください。"
            ) from None
        with life.database.read() as connection:
            return find(connection, asked)

    def record_in_force(self) -> str | None:
        """Write the bundle in force into the chain of publications, for `--known-at`; what it is called there.

        Raises:
            PublicationRefused: when the store cannot be written or trusted.
        """
        life = self.lifecycle
        with life.database.read() as connection:
            one = in_force(connection, today(life.clock))
            if one is None or _recorded(connection, one):
                return None
            manifest = verified(connection, one, life.keys)
        note = f"{one.name}{f' {manifest.note}' if manifest.note else ''}"
        project = project_of(texts_of(life.store, manifest))
        made = keep_publication(life.store, project, life.clock.now(), manifest.published_by, note)
        found = made or chain(life.store, life.clock.now())[-1]
        reach("ruleset.before-record")
        with suppress(IntegrityError), life.database.begin() as connection:  # another worker wrote it
            connection.execute(insert(ruleset_record).values(sequence=one.sequence, record=found.sha256))
        return found.name

    # ---- within -------------------------------------------------------------------------------------

    def _sound(self, draft: Draft, person: Person, role: str) -> Checked:
        """What a full compile of the draft's texts finds now; a draft found broken is a draft again."""
        life = self.lifecycle
        found = life.examiner.check(life.texts(draft))
        if found.ok and found.digest == draft.digest:
            return found

        def take(connection: Connection) -> Entry:
            locked = draft_of(connection, draft.id, lock=True)
            unchanged(locked, draft)
            may(locked, "publish")
            detail = {"errors": found.errors, "findings": list(found.findings[:50])}
            return step(connection, locked, "broken", State.DRAFT, person, role, life.clock, detail)

        life.transact(take)
        raise broken(found)

    def _previous(self) -> tuple[Shelved | None, Manifest | None]:
        life = self.lifecycle
        with life.database.read() as connection:
            previous = latest(connection)
            standing = latest(connection, standing=True)
            return previous, None if standing is None else verified(connection, standing, life.keys)

    def _difference(self, before: Manifest | None, draft: Draft) -> dict[str, Any] | None:
        """What changes from the bundle before: only told, so that texts of it that are gone stop nothing."""
        life = self.lifecycle
        if before is None:
            return None
        try:
            found = life.examiner.compare(texts_of(life.store, before), life.texts(draft), 0)
        except RuleSetRefused as refused:
            return {"from": before.name, "not_compared": refused.text}
        return {
            "from": before.name,
            "summary": list(found.summary),
            "counts": found.counts,
            "texts": list(found.texts[:_TEXTS_TOLD]),
        }

    def _day(self, effective_from: date) -> None:
        now = today(self.lifecycle.clock)
        if effective_from < now:
            raise RuleSetRefused(
                BAD_DAY, "過ぎた日からは公開できません", f"今日（{spoken_day(now)}）からの日を指定してください。"
            )

    def _put(
        self,
        draft: Draft,
        person: Person,
        role: str,
        effective_from: date | None,
        checked: Checked,
        previous: Shelved | None,
        before: Manifest | None,
        difference: dict[str, Any] | None,
    ) -> Shelved:
        life = self.lifecycle

        def take(connection: Connection) -> Sequence[Entry]:
            locked = draft_of(connection, draft.id, lock=True)
            unchanged(locked, draft)
            may(locked, "publish")
            day = effective_from or today(life.clock)
            self._day(day)
            self._after_others(connection, previous, day)
            manifest = self._manifest(locked, person, day, checked, previous, difference)
            _insert(connection, manifest, sign(manifest, life.keys))
            reach("ruleset.after-insert")
            if locked.kind == "rollback":
                _rolled_back(connection, locked, to_ms(manifest.published_at))
            for body in concerned(before, manifest):
                advance(connection, body, f"規則集 {manifest.name} の公開", life.clock)
            reach("ruleset.after-epoch")
            detail = {
                "bundle": manifest.name,
                "from": day.isoformat(),
                "approved_by": [approval.person for approval in manifest.approvals],
                "back_to": manifest.back_to,
            }
            columns = {"bundle": manifest.name}
            return [step(connection, locked, "publish", State.PUBLISHED, person, role, life.clock, detail, **columns)]

        life.transact(take)
        with life.database.read() as connection:
            return find(connection, draft_of(connection, draft.id).bundle or "")

    def _after_others(self, connection: Connection, previous: Shelved | None, day: date) -> None:
        newest = latest(connection)
        if (newest and newest.sequence) != (previous and previous.sequence):
            raise _Overtaken
        standing = latest(connection, standing=True)
        if standing is not None and standing.effective_from > day:
            raise RuleSetRefused(
                BAD_DAY,
                f"{spoken_day(standing.effective_from)}からの公開 {standing.name} が予約されています",
                "その日以後から公開するか、先に予約を取り下げてください（jorei ruleset withdraw）。",
            )

    def _manifest(
        self,
        draft: Draft,
        person: Person,
        day: date,
        checked: Checked,
        previous: Shelved | None,
        difference: dict[str, Any] | None,
    ) -> Manifest:
        approvals = tuple(Approval(s.person, s.at) for s in draft.approvals if s.person not in draft.editors)
        if not approvals:
            raise RuleSetRefused(
                SAME_PERSON, "この内容には、案を書いていない人の承認がありません", "別の承認者が承認してください。"
            )
        green = draft.last("replay")
        if green is None or green.state != State.REPLAYED or green.content != draft.content:
            raise changed()
        return Manifest(
            form=FORM,
            sequence=previous.sequence + 1 if previous else 1,
            digest=checked.digest,
            content=draft.content,
            effective_from=day,
            files=draft.files,
            bodies=checked.bodies,
            draft=draft.id,
            editors=draft.editors,
            approvals=approvals,
            published_by=person.id,
            published_at=_second(self.lifecycle.clock.now()),
            previous=hash_of(previous.jws) if previous else None,
            back_to=draft.base if draft.kind == "rollback" else None,
            note=draft.note,
            difference=difference,
        )


def _insert(connection: Connection, manifest: Manifest, token: str) -> None:
    values = {
        "sequence": manifest.sequence,
        "name": manifest.name,
        "digest": manifest.digest,
        "draft": manifest.draft,
        "effective_from": manifest.effective_from.isoformat(),
        "jws": token,
        "published_ms": to_ms(manifest.published_at),
    }
    connection.execute(insert(ruleset_bundle).values(values))


class _Overtaken(Exception):
    """Another bundle was published meanwhile."""


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _recorded(connection: Connection, one: Shelved) -> bool:
    asked = select(ruleset_record.c.record).where(ruleset_record.c.sequence == one.sequence)
    return connection.execute(asked).one_or_none() is not None


def _rolled_back(connection: Connection, draft: Draft, at_ms: int) -> None:
    """The drafts of the bundles after the one that is gone back to are rolled back."""
    c = ruleset_draft.c
    target = find(connection, draft.base or "")
    later = select(ruleset_bundle.c.draft).where(ruleset_bundle.c.sequence > target.sequence)
    connection.execute(
        update(ruleset_draft)
        .where(c.id.in_(later), c.state == State.PUBLISHED)
        .values(state=State.ROLLED_BACK, changed_ms=at_ms)
    )


def concerned(before: Manifest | None, after: Manifest) -> tuple[str, ...]:
    """Whose permits go stale: everybody's when national texts change, else those of the bodies whose texts do."""
    if before is None or _of(before.files, None) != _of(after.files, None):
        return (EVERYBODY,)
    codes: set[str] = set()
    for manifest, other in ((before, after), (after, before)):
        codes.update(body.code for body in manifest.bodies if _differs(body, manifest, other))
    return tuple(sorted(codes))


def _differs(body: BodyOf, one: Manifest, other: Manifest) -> bool:
    same = next((b for b in other.bodies if b.code == body.code), None)
    return same is None or _of(one.files, body.folder) != _of(other.files, same.folder)


def _of(files: Sequence[HeldFile], folder: str | None) -> frozenset[str]:
    """The rule texts of the nation or of a folder, by hash."""
    if folder is None:
        return frozenset(f.sha256 for f in files if f.role == "national")
    return frozenset(f.sha256 for f in files if f.role == "municipality" and f.folder == folder)


def told(manifest: Manifest) -> dict[str, Any]:
    """A manifest as plain values."""
    value: dict[str, Any] = msgspec.to_builtins(manifest)
    return {"bundle": manifest.name, **value}
