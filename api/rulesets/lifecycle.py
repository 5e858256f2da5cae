"""A draft from its first text to its approval. Each step is one transaction with its entry in the decision log.

What takes long (compiling, deciding scenarios) is done outside of the transaction, on texts read by their hashes; the
transaction then takes the step only when the draft is still what was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from sqlalchemy import insert

from api.clock import to_ms
from api.decision_log import Entry, append
from api.failpoints import reach
from api.ids import new
from api.publication import digest_of_texts
from api.rulesets.aside import Examiner, Here
from api.rulesets.contents import HeldFile, TextFile, content_of, encoded, keep, read_note, read_upload, texts
from api.rulesets.drafts import Draft, State, add_step, another_person, changed, draft_of, may, step, unchanged
from api.rulesets.people import APPROVER, EDITOR, Person, acting
from api.rulesets.refusal import BAD_UPLOAD, BROKEN, NOT_GREEN, RuleSetRefused
from api.rulesets.shelf import find, verified
from api.rulesets.tables import ruleset_draft

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from api.clock import Clock
    from api.decision_log import Journal
    from api.keys import KeyStore
    from api.rulesets.examining import Checked, Replayed
    from api.storage.database import Database

_TOLD = 50  # findings and differences kept with a step
_T = TypeVar("_T")


class Lifecycle:
    """Takes drafts their steps.

    Args:
        database: where drafts and bundles are.
        store: the publication store with the texts.
        keys: that sign and verify bundles.
        clock: what dates every step.
        examiner: compiles and decides, here or in a process of its own.
        journal: of a service: its refusal to write (damaged log) holds here too.
    """

    def __init__(
        self,
        database: Database,
        store: Path,
        keys: KeyStore,
        clock: Clock,
        examiner: Examiner | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.database, self.store, self.keys, self.clock = database, store, keys, clock
        self.examiner: Examiner = examiner or Here()
        self._journal = journal

    # ---- drafts -------------------------------------------------------------------------------------

    def draft(self, name: str) -> Draft:
        """A draft with its steps.

        Raises:
            RuleSetRefused: B0501.
        """
        with self.database.read() as connection:
            return draft_of(connection, name)

    def create(
        self,
        person: Person,
        files: Iterable[tuple[str, str]],
        base: str | None = None,
        remove: Iterable[str] = (),
        note: str | None = None,
    ) -> Draft:
        """Begin a draft.

        Args:
            person: who drafts.
            files: (path, text) each; with a base those that are new or other.
            base: the bundle or digest whose texts it begins with.
            remove: paths of the base that are to be gone.
            note: why.

        Raises:
            RuleSetRefused: when the files cannot be taken.
        """
        role = acting(person, EDITOR)
        said = read_note(note)
        held, begun = self._held(files, base, remove)
        return self._begin(person, role, "draft", held, begun, said)

    def edit(
        self,
        name: str,
        person: Person,
        files: Iterable[tuple[str, str]],
        remove: Iterable[str] = (),
        *,
        seen: int | None = None,
    ) -> Draft:
        """Change files of a draft; it must be checked, replayed and approved anew.

        Args:
            name: of the draft.
            person: who edits; can approve it no more.
            files: (path, text) that are new or other.
            remove: paths that are to be gone.
            seen: the revision that the change was made to.
        """
        role = acting(person, EDITOR)
        before = self.draft(name)
        _is_draft(before)
        if seen is not None and before.revision != seen:
            raise changed()
        held = self._merged(before.files, files, remove)

        def take(connection: Connection) -> Entry:
            draft = draft_of(connection, name, lock=True)
            may(draft, "edit")
            unchanged(draft, before)
            after = msgspec.structs.replace(
                draft, revision=draft.revision + 1, files=held, content=content_of(held), digest=_digest(held)
            )
            columns = {
                "revision": after.revision,
                "files": encoded(held),
                "content": after.content,
                "digest": after.digest,
            }
            said = {"files": len(held)}
            return step(connection, after, "edit", State.DRAFT, person, role, self.clock, said, **columns)

        self.transact(take)
        return self.draft(name)

    def check(self, name: str, person: Person) -> tuple[Draft, Checked]:
        """Compile the draft in full; without an error it is checked, with one it is a draft (again)."""
        role = acting(person, EDITOR, APPROVER)
        before = self.draft(name)
        may(before, "check")
        found = self.examiner.check(self.texts(before))
        good = found.ok and found.digest == before.digest
        detail = {
            "errors": found.errors,
            "warnings": found.warnings,
            "bodies": [msgspec.to_builtins(body) for body in found.bodies],
            "findings": list(found.findings[:_TOLD]),
        }
        state = State.CHECKED if good else State.DRAFT
        return self._examined(before, "check", state, person, role, detail), found

    def replay(self, name: str, person: Person) -> tuple[Draft, Replayed]:
        """Decide every scenario of the draft; when all are as expected it is replayed, else it stays checked."""
        role = acting(person, EDITOR, APPROVER)
        before = self.draft(name)
        may(before, "replay")
        found = self.examiner.replay(self.texts(before))
        good = found.green and found.digest == before.digest
        detail = {
            "scenarios": found.scenarios,
            "failed": found.failed,
            "interpreters": list(found.interpreters),
            "without": list(found.without[:_TOLD]),
            "faults": list(found.faults[:_TOLD]),
            "differences": list(found.differences[:_TOLD]),
        }
        state = State.REPLAYED if good else State.CHECKED
        return self._examined(before, "replay", state, person, role, detail), found

    def approve(self, name: str, person: Person, content: str | None = None) -> Draft:
        """Approve exactly what the draft holds. Nobody who ever wrote at it can.

        Args:
            name: of the draft.
            person: who approves.
            content: the identity of what was looked at; when it is another by now, nothing is approved.
        """
        role = acting(person, APPROVER)

        def take(connection: Connection) -> Entry:
            draft = draft_of(connection, name, lock=True)
            another_person(draft, person)
            may(draft, "approve")
            if content is not None and content != draft.content:
                raise changed()
            return step(connection, draft, "approve", State.APPROVED, person, role, self.clock, {})

        self.transact(take)
        return self.draft(name)

    def reject(self, name: str, person: Person, reason: str | None = None) -> Draft:
        """Send a draft back."""
        return self._simple(name, person, acting(person, APPROVER), "reject", State.REJECTED, reason)

    def withdraw(self, name: str, person: Person, reason: str | None = None) -> Draft:
        """Give a draft up that is not published."""
        return self._simple(name, person, acting(person, EDITOR, APPROVER), "withdraw", State.WITHDRAWN, reason)

    # ---- what the other half of the life uses --------------------------------------------------------

    def texts(self, draft: Draft) -> tuple[TextFile, ...]:
        """The texts of a draft, each as its hash says."""
        return texts(self.store, draft.files)

    def transact(self, work: Callable[[Connection], Entry | Sequence[Entry]]) -> None:
        """Do a step and record it, both or neither."""
        if self._journal is not None and self._journal.refusal is not None:
            raise self._journal.refusal
        with self.database.begin() as connection:
            entries = work(connection)
            append(connection, [entries] if isinstance(entries, Entry) else entries, self.clock)
            reach("ruleset.before-commit")
        reach("ruleset.after-commit")

    def begin_again(self, person: Person, base: str, note: str | None) -> Draft:
        """A proposal to go back to an earlier bundle: a draft that holds exactly its texts."""
        role, said = acting(person, EDITOR, APPROVER), read_note(note)
        with self.database.read() as connection:
            bundle = find(connection, base)
            manifest = verified(connection, bundle, self.keys)
        texts(self.store, manifest.files)
        return self._begin(person, role, "rollback", manifest.files, bundle.name, said)

    # ---- within -------------------------------------------------------------------------------------

    def _begin(
        self, person: Person, role: str, kind: str, held: tuple[HeldFile, ...], base: str | None, note: str | None
    ) -> Draft:
        name, at = new("rd"), self.clock.now()
        draft = Draft(name, kind, State.DRAFT, 1, content_of(held), _digest(held), held, (), at, base, note)

        def take(connection: Connection) -> Entry:
            values = {
                "id": name,
                "kind": kind,
                "state": State.DRAFT,
                "revision": 1,
                "content": draft.content,
                "digest": draft.digest,
                "files": encoded(held),
                "base": base,
                "note": note,
                "created_ms": to_ms(at),
                "changed_ms": to_ms(at),
            }
            connection.execute(insert(ruleset_draft).values(values))
            detail = {"files": len(held), "kind": kind, "base": base, "note": note}
            return add_step(connection, draft, "create", State.DRAFT, person, role, at, detail)

        self.transact(take)
        return self.draft(name)

    def _held(
        self, files: Iterable[tuple[str, str]], base: str | None, remove: Iterable[str]
    ) -> tuple[tuple[HeldFile, ...], str | None]:
        if base is None:
            return self._merged((), files, remove), None
        with self.database.read() as connection:
            bundle = find(connection, base)
            manifest = verified(connection, bundle, self.keys)
        return self._merged(manifest.files, files, remove), bundle.name

    def _merged(
        self, before: Sequence[HeldFile], files: Iterable[tuple[str, str]], remove: Iterable[str]
    ) -> tuple[HeldFile, ...]:
        """The files of before with others laid over them, kept in the store."""
        uploaded = read_upload(files)
        gone = frozenset(remove)
        if gone - {file.path for file in before}:
            raise RuleSetRefused(
                BAD_UPLOAD, "取り除くとされた文書が、元にありません", "取り除く文書の場所（path）を確かめてください。"
            )
        over = {file.path: file for file in keep(self.store, uploaded)}
        held = {file.path: file for file in before if file.path not in gone} | over
        if not any(file.role == "national" for file in held.values()):
            raise RuleSetRefused(
                BAD_UPLOAD,
                "法律と命令の文書（rules/）がありません",
                "元にする公開（base）を指定するか、すべての文書を送ってください。",
            )
        return tuple(sorted(held.values()))

    def _examined(
        self, before: Draft, act: str, state: State, person: Person, role: str, detail: dict[str, Any]
    ) -> Draft:
        def take(connection: Connection) -> Entry:
            draft = draft_of(connection, before.id, lock=True)
            unchanged(draft, before)
            may(draft, act)
            return step(connection, draft, act, state, person, role, self.clock, detail)

        self.transact(take)
        return self.draft(before.id)

    def _simple(self, name: str, person: Person, role: str, act: str, state: State, reason: str | None) -> Draft:
        said = read_note(reason)

        def take(connection: Connection) -> Entry:
            draft = draft_of(connection, name, lock=True)
            may(draft, act)
            return step(connection, draft, act, state, person, role, self.clock, {"reason": said})

        self.transact(take)
        return self.draft(name)


def _digest(files: Iterable[HeldFile]) -> str:
    return digest_of_texts(file.sha256 for file in files if file.role != "scenario")


def _is_draft(draft: Draft) -> None:
    if draft.kind != "draft":
        raise RuleSetRefused(
            BAD_UPLOAD, "元に戻す案の文書は、書き換えられません", "新しい案を作ってください（jorei ruleset draft）。"
        )


def broken(found: Checked) -> RuleSetRefused:
    """A draft with errors is not taken further."""
    return RuleSetRefused(
        BROKEN, f"文書に誤りが {found.errors}件あります", "検査の結果の誤りを直して、案を改めてください。"
    )


def not_green(found: Replayed) -> RuleSetRefused:
    """A draft whose scenarios are not as expected is not taken further."""
    why = f"事例 {found.scenarios}件のうち {found.failed}件が期待と違います"
    if found.faults:
        why = f"事例の文書に誤りが {len(found.faults)}件あります"
    elif found.without or not found.scenarios:
        why = "事例のない市町村があります" if found.without else "事例が一つもありません"
    return RuleSetRefused(NOT_GREEN, why, "事例か文書を直して、案を改めてください。")
