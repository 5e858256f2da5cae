"""A city against a model of it: whatever is done in whatever order, both say the same."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from api.storage.database import open_database
from linkage.addressee import changes, people
from linkage.addressee.values import Found, local_form
from linkage.refusal import Refusal
from tests.databases import Server
from tests.linkage.addressee.numbers import number
from tests.linkage.addressee.test_people import change, correct, mapping, merge, shown
from tests.linkage.world import World

DAY = date(2026, 11, 26)
NUMBERS = st.integers(0, 7).map(number)
LOCALS = st.tuples(st.sampled_from(["juki", "zei"]), st.integers(1, 6).map(str))


@dataclass
class Person:
    current: str | None = None
    before: list[str] = field(default_factory=list)


class City(RuleBasedStateMachine):
    """The model: persons by handle, 宛名番号, and where merged handles went."""

    fresh: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(tempfile.mkdtemp(prefix="jorei-city-"))
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = open_database(type(self).fresh())
        self.stack.callback(database.close)
        self.world = World(database, folder)
        self.persons: dict[str, Person] = {}
        self.locals: dict[tuple[str, str], str] = {}
        self.gone: dict[str, str] = {}
        self.running: Any = None

    def teardown(self) -> None:
        self.stack.close()

    def owner(self, digits: str) -> str | None:
        return next((h for h, p in self.persons.items() if digits == p.current or digits in p.before), None)

    def attempt(self, allowed: str | None, run: Callable[..., Any], *given: Any) -> Any:
        """Run it; it must do what the model says: succeed, or be refused with this code."""
        if allowed is None:
            return run(*given)
        with pytest.raises(Refusal) as refused:
            run(*given)
        assert refused.value.code == allowed
        return None

    @rule(digits=st.none() | NUMBERS, local=LOCALS)
    def numbering(self, digits: str | None, local: tuple[str, str]) -> None:
        by_local, by_number = self.locals.get(local), self.owner(digits) if digits else None
        code = None
        if by_local and by_number and by_local != by_number:
            code = "G0624"
        elif digits and by_local and not by_number and self.persons[by_local].current:
            code = "G0623"
        system, text = local
        run = lambda: self.world.number(digits, text, system=system)  # noqa: E731
        answer = self.attempt(code, run)
        if code:
            return
        known = by_local or by_number
        assert answer.new == (known is None)
        assert known is None or answer.handle == known
        person = self.persons.setdefault(answer.handle, Person())
        self.locals[local] = answer.handle
        if digits and not by_number:
            person.current = digits

    def one(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.persons) + sorted(self.gone)))

    def replacing(self, handle: str, digits: str) -> str | None:
        if handle in self.gone:
            return "G0626"
        if self.owner(digits):
            return "G0623"
        return None if self.persons[handle].current else "G0628"

    @precondition(lambda self: self.persons)
    @rule(data=st.data(), digits=NUMBERS)
    def change(self, data: st.DataObject, digits: str) -> None:
        handle = self.one(data)
        code = self.replacing(handle, digits)
        self.attempt(code, change, self.world, handle, digits, DAY)
        if code is None:
            person = self.persons[handle]
            person.before.append(person.current or "")
            person.current = digits

    @precondition(lambda self: self.persons)
    @rule(data=st.data(), digits=NUMBERS)
    def correct(self, data: st.DataObject, digits: str) -> None:
        handle = self.one(data)
        code = self.replacing(handle, digits)
        self.attempt(code, correct, self.world, handle, digits)
        if code is None:
            self.persons[handle].current = digits

    @precondition(lambda self: self.persons)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        keep, away = self.one(data), self.one(data)
        code = "G0626" if {keep, away} & self.gone.keys() else "G0627" if keep == away else None
        self.attempt(code, merge, self.world, keep, away)
        if code is not None:
            return
        kept, lost = self.persons[keep], self.persons.pop(away)
        kept.before += lost.before
        if kept.current and lost.current:
            kept.before.append(lost.current)
        kept.current = kept.current or lost.current
        self.locals = {local: keep if handle == away else handle for local, handle in self.locals.items()}
        self.gone = {h: keep if to == away else to for h, to in self.gone.items()} | {away: keep}

    @precondition(lambda self: self.persons)
    @rule(data=st.data(), local=LOCALS)
    def map(self, data: st.DataObject, local: tuple[str, str]) -> None:
        handle = self.one(data)
        code = "G0626" if handle in self.gone else None
        if code is None and self.locals.get(local, handle) != handle:
            code = "G0624"
        self.attempt(code, mapping, self.world, handle, *local)
        if code is None:
            self.locals[local] = handle

    @rule(digits=NUMBERS)
    def search(self, digits: str) -> None:
        owner = self.owner(digits)
        wanted = None if owner is None else Found(owner, self.persons[owner].current == digits)
        assert self.world.search(digits) == wanted

    @precondition(lambda self: self.persons)
    @rule(data=st.data())
    def show(self, data: st.DataObject) -> None:
        handle = self.one(data)
        person = self.persons.get(handle)
        code = "G0626" if person is None else None if person.current or person.before else "G0628"
        answer = self.attempt(code, shown, self.world, handle)
        if person is not None and code is None:
            current = [one.number for one in answer if one.until is None]
            assert current == ([person.current] if person.current else [])
            assert sorted(one.number for one in answer if one.until) == sorted(person.before)

    @rule(what=st.sampled_from(["keys", "index"]))
    def rotate_a_little(self, what: str) -> None:
        """One step of a rotation; the next step comes later, or never."""
        if self.running is None:
            rotation = self.world.rotation(batch=2, pause=0)
            self.running = rotation.keys() if what == "keys" else rotation.index()
        if next(self.running, None) is None:
            self.running = None

    @invariant()
    def maps_are_the_same(self) -> None:
        with self.world.database.read() as connection:
            for (system, local), handle in self.locals.items():
                assert people.handle_of(connection, system, local_form(local)) == handle
            for handle in self.persons:
                wanted = sorted((s, local_form(n)) for (s, n), h in self.locals.items() if h == handle)
                assert list(people.locals_of(connection, handle)) == wanted
            serials = [people.serial_of(connection, handle) for handle in (*self.persons, *self.gone)]
            assert len(set(serials)) == len(serials)
            for handle, keep in self.gone.items():
                assert changes.survivor(connection, handle) == keep


def run(fresh: Callable[[], str], examples: int) -> None:
    machine = type("City", (City,), {"fresh": staticmethod(fresh)})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    how = settings(max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(machine, settings=how)


def test_a_city_on_sqlite(tmp_path: Path, _sqlite_template: Path) -> None:  # noqa: PT019  # a value is used
    place = iter(range(10**6))

    def fresh() -> str:
        path = tmp_path / f"{next(place)}.db"
        shutil.copyfile(_sqlite_template, path)
        return f"sqlite:///{path}"

    run(fresh, 8)


@pytest.mark.usefixtures("postgresql_server")
def test_a_city_on_postgresql(postgresql_server: Server) -> None:
    run(postgresql_server.fresh, 3)
