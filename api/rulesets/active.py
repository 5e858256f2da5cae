"""Which rule set decides now: read by one attribute, swapped whole when another is in force.

A thread looks at the published bundles each second and at midnight. What comes into force is verified, compiled and
warmed beside the rule set that decides, then takes its place in one step; a request under way keeps the one it began
with. What will come into force later is made ready at once. What cannot be loaded never takes a place: the service goes
on with the rule set it has and says that it is not ready, and why.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from api.clock import today
from api.keys import KeyRefused
from api.known_at import load_known
from api.publication import JAPAN, PublicationRefused
from api.rulesets.loaded import Loaded, of_bundle, of_project
from api.rulesets.refusal import NOT_EXAMINED, NOTHING_IN_FORCE, RuleSetRefused
from api.rulesets.shelf import Shelved, find, in_force, next_day, unknown, verified

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from api.clock import Clock
    from api.keys import KeyStore
    from api.project import Project
    from api.storage.database import Database

_POLL = 1.0
_RETRY = 30.0  # seconds until what could not be loaded is tried again
_STALE = 30.0  # seconds without a look at the bundles after which the service is not ready
_OLDER = 4  # rule sets kept for replay


@dataclass(frozen=True, slots=True)
class Status:
    """Whether the rule set that should decide does, and why not."""

    ready: bool
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where bundles come from."""

    database: Database
    store: Path
    keys: KeyStore


class ActiveRules:
    """The rule sets of one process.

    Args:
        database: where bundles are.
        store: the publication store with their texts.
        keys: whose bundles are trusted.
        clock: what says which day it is in Japan.
        files: a project that decides while no bundle is in force; none for refusing then.
        poll: seconds between looks at the bundles.
        swapped: told each rule set that took the place of another.
        record: called after a swap, to keep the bundle for `--known-at`; what it raises is no reason not to decide.
    """

    def __init__(
        self,
        database: Database | None,
        store: Path | None,
        keys: KeyStore | None,
        clock: Clock,
        *,
        files: Project | None = None,
        poll: float = _POLL,
        swapped: Callable[[Loaded], None] | None = None,
        record: Callable[[], object] | None = None,
    ) -> None:
        self._shelf = _Shelf(database, store, keys) if database and store and keys else None
        self._clock, self._poll, self._swapped, self._record = clock, poll, swapped, record
        self._files = of_project(files) if files is not None else None
        self._current: Loaded | None = self._files
        self._status = Status(self._files is not None, *(() if self._files else _nothing()))
        self._older: OrderedDict[str, Loaded] = OrderedDict()
        self._ahead: Loaded | None = None
        self._failed: dict[str, tuple[float, RuleSetRefused]] = {}
        self._looked = time.monotonic()
        self._looking, self._loading = threading.Lock(), threading.Lock()
        self._wake, self._closed = threading.Event(), False
        self._thread: threading.Thread | None = None

    @classmethod
    def from_project(cls, project: Project, clock: Clock | None = None) -> ActiveRules:
        """A project's own files, without bundles.

        Raises:
            RuleSetRefused: when they have errors.
        """
        from api.clock import SystemClock

        return cls(None, None, None, clock or SystemClock(), files=project)

    # ---- what decides -------------------------------------------------------------------------------

    def current(self) -> Loaded:
        """The rule set that decides now.

        Raises:
            RuleSetRefused: B0512 when there is none.
        """
        found = self._current
        if found is None:
            code, reason = self._status.code, self._status.reason
            raise RuleSetRefused(code or NOTHING_IN_FORCE, reason or "", "規則集を公開してください。")
        return found

    def of(self, digest: str) -> Loaded:
        """The rule set of a digest, also one that no longer decides.

        Raises:
            RuleSetRefused: when it is not kept, or is not as it was.
        """
        current = self._current
        if current is not None and current.digest == digest:
            return current
        with self._loading:
            found = self._older.get(digest)
            if found is None:
                found = self._fetch(digest)
                self._older[digest] = found
            self._older.move_to_end(digest)
            while len(self._older) > _OLDER:
                self._older.popitem(last=False)
            return found

    def digest_in(self, connection: Connection) -> str:
        """The digest of what decides now, read within a transaction: this process may not have swapped yet.

        Raises:
            RuleSetRefused: B0512 when there is none.
        """
        one = None if self._shelf is None else in_force(connection, today(self._clock))
        return self.current().digest if one is None else one.digest

    @property
    def status(self) -> Status:
        """For readiness."""
        if self._thread is not None and time.monotonic() - self._looked > max(_STALE, 3 * self._poll):
            return Status(False, NOT_EXAMINED, "公開されている規則集を確かめられません")
        return self._status

    # ---- the swap -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Load what is in force, then keep looking in a thread."""
        if self._shelf is not None and self._thread is None:
            self.refresh()
            self._thread = threading.Thread(target=self._run, name="jorei-rules", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Look now: something was published."""
        self._wake.set()

    def close(self) -> None:
        """Look no more."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def refresh(self, *, again: bool = False) -> Status:
        """Look at the bundles once, and swap when another is in force; how things stand.

        Args:
            again: whether what could not be loaded a moment ago is tried again.
        """
        if self._shelf is None:
            return self._status
        if again:
            self._failed.clear()
        with self._looking:
            try:
                with self._shelf.database.read() as connection:
                    day = today(self._clock)
                    wanted = in_force(connection, day)
                    later = next_day(connection, day)
                    coming = None if later is None else in_force(connection, later)
            except SQLAlchemyError as error:
                self._status = Status(
                    False, NOT_EXAMINED, f"公開されている規則集を読めません（{type(error).__name__}）"
                )
                return self._status
            self._looked = time.monotonic()
            self._status = self._take(wanted)
            self._prepare(coming, wanted)
            return self._status

    def _take(self, wanted: Shelved | None) -> Status:
        if wanted is None:
            if self._current is not self._files:
                return Status(False, NOTHING_IN_FORCE, "効力のある公開が、なくなっています")
            return Status(True) if self._files is not None else Status(False, *_nothing())
        current = self._current
        if current is not None and current.name == wanted.name:
            return Status(True)
        try:
            loaded = self._made(wanted)
        except RuleSetRefused as refused:
            if current is None:
                return Status(False, refused.code, refused.text)
            return Status(False, refused.code, f"{refused.text}。規則集 {current.name} のまま判定しています")
        self._swap(loaded)
        return Status(True)

    def _swap(self, loaded: Loaded) -> None:
        before, self._current = self._current, loaded
        self._ahead = None
        if before is not None:
            with self._loading:
                self._older[before.digest] = before
        if self._swapped is not None:
            self._swapped(loaded)
        if self._record is not None:
            try:
                self._record()
            except (PublicationRefused, RuleSetRefused, KeyRefused, SQLAlchemyError, OSError):
                return  # tried again with the next swap or by the command line

    def _prepare(self, coming: Shelved | None, wanted: Shelved | None) -> None:
        """Make ready what comes into force on a later day; whatever is wrong with it is told already now."""
        if coming is None or coming == wanted:
            self._ahead = None
            return
        if self._ahead is None or self._ahead.name != coming.name:
            self._ahead = None
            try:
                self._ahead = self._made(coming)
            except RuleSetRefused as refused:
                if self._status.ready:
                    self._status = Status(False, refused.code, f"これから始まる公開: {refused.text}")

    def _made(self, one: Shelved) -> Loaded:
        """A bundle loaded; what failed is not tried again at once.

        Raises:
            RuleSetRefused: with the reason.
        """
        ready = self._ahead
        if ready is not None and ready.name == one.name and self._still(ready, one):
            return ready
        failed = self._failed.get(one.name)
        if failed is not None and time.monotonic() < failed[0]:
            raise failed[1]
        try:
            loaded = self._load(one)
        except RuleSetRefused as refused:
            self._failed[one.name] = (time.monotonic() + _RETRY, refused)
            raise
        self._failed.pop(one.name, None)
        return loaded

    def _still(self, ready: Loaded, one: Shelved) -> bool:
        """Whether what was made ready a while ago is what is signed now, by a key that is still trusted."""
        assert self._shelf is not None
        try:
            with self._shelf.database.read() as connection:
                return verified(connection, one, self._shelf.keys) == ready.manifest
        except (RuleSetRefused, KeyRefused):
            return False  # loaded again, it says why

    def _load(self, one: Shelved) -> Loaded:
        assert self._shelf is not None
        try:
            return of_bundle(self._shelf.database, one, self._shelf.store, self._shelf.keys)
        except KeyRefused as refused:
            raise RuleSetRefused(NOT_EXAMINED, refused.text, refused.help) from refused
        except RuleSetRefused:
            raise
        except Exception as error:  # whatever breaks down, the rule set in place goes on
            text = f"公開 {one.name} を読み込めませんでした（{type(error).__name__}）"
            raise RuleSetRefused(NOT_EXAMINED, text, "保守の担当者に知らせてください。") from error

    def _fetch(self, digest: str) -> Loaded:
        files = self._files
        if files is not None and files.digest == digest:
            return files
        if self._shelf is None:
            raise unknown(digest)
        with self._shelf.database.read() as connection:
            try:
                one = find(connection, digest)
            except RuleSetRefused as refused:
                return self._of_publication(digest, refused)
        return self._load(one)

    def _of_publication(self, digest: str, refused: RuleSetRefused) -> Loaded:
        """A rule set that was kept by `jorei publish` and decided as files."""
        assert self._shelf is not None
        try:
            return of_project(load_known(self._shelf.store, digest, self._clock.now()))
        except PublicationRefused:
            raise refused from None

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(self._until_next())
            self._wake.clear()
            if not self._closed:
                self.refresh()

    def _until_next(self) -> float:
        """Seconds until the next look: the poll, or midnight in Japan when that is sooner."""
        now = self._clock.now().astimezone(JAPAN)
        midnight = datetime.combine(now.date() + timedelta(days=1), time_of_day(0), JAPAN)
        return max(0.001, min(self._poll, (midnight - now).total_seconds()))


def _nothing() -> tuple[str, str]:
    return NOTHING_IN_FORCE, "公開された規則集がありません"
