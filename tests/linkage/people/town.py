"""A city whose registers are kept: organisation, handlers, training, assessments; with or without the guards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import MetaData, select

from api.permits import Act
from api.project import HOME
from api.storage.database import Database
from api.storage.tables import log_entry
from dsl.organisation import Organisation, read_organisation
from engine.rule_set import RuleSet
from linkage.acts import ACTS
from linkage.assessments import taking
from linkage.assessments.guard import AssessmentGuard
from linkage.gate import Acted, Ticket
from linkage.people import handlers, organisation, training
from linkage.people.guards import ContractorGuard, HandlerGuard
from linkage.people.requirements import requirements
from linkage.refusal import Refusal
from tests.linkage.office import CALLER, rules
from tests.linkage.world import ANOTHER_ASKS, CITY, OPERATOR, World

T = TypeVar("T")
MAYOR, SECTION = "市長", "保険年金課"
CHILD = "042021/child-medical"
START = date(2026, 4, 1)
FILE = HOME / "ordinances" / "ishinomaki" / "organisation.yaml"


def read() -> Organisation:
    found, problems = read_organisation("organisation.yaml", FILE.read_text("utf-8"))
    assert found is not None
    assert not problems
    return found


def rule_set() -> RuleSet:
    return rules()[0]


class Town(World):
    """Registers written by orders; `guarded` puts the three guards before the gate."""

    def __init__(self, database: Database, folder: Path, *, guarded: bool = True) -> None:
        super().__init__(database, folder)
        self._seen = MetaData()
        if guarded:
            for guard in self.guards():
                self.gate.register(guard)

    def guards(self) -> tuple[Any, ...]:
        return (
            AssessmentGuard(CITY, rule_set),
            HandlerGuard(CITY, rule_set),
            ContractorGuard(CITY, rule_set),
        )

    def order(self, work: Callable[[Ticket], T], operation: str = "register.write") -> T:
        return self.gate.operate(operation, OPERATOR, work).result

    def organised(self) -> Town:
        self.order(lambda t: organisation.load(t, read(), rule_set(), START))
        return self

    def assessed(self) -> Town:
        self.order(lambda t: taking.take_over(t, rule_set(), CITY, {CHILD: MAYOR}))
        return self

    def handler(self, *, affair: str = CHILD, trained: bool = True, agency: str = MAYOR, section: str = SECTION) -> str:
        """An enrolled handler, assigned and trained."""
        id_ = self.order(lambda t: handlers.enrol(t, CITY, "試験 花子", START))
        self.order(lambda t: handlers.assign(t, id_, agency, section, affair, START))
        if trained:
            self.train(id_)
        return id_

    def train(self, handler: str, on: date = date(2026, 5, 1)) -> None:
        for course in requirements().required_courses:
            self.order(lambda t, c=course: training.record(t, handler, c, on))  # type: ignore[misc]

    def whole(self) -> tuple[Town, str]:
        """Everything in order, and a handler."""
        self.organised().assessed()
        return self, self.handler()

    def attempt(self, name: str = "file.create", *, token: str | None = None, **how: Any) -> Acted[str]:
        """An act on nothing; what it writes is its record."""
        act = self.act(name, "pf_x")
        return self.gate.act(token or self.token(name), how.pop("caller", CALLER), act, lambda _: "done", **how)

    def token(self, name: str = "file.create", **members: Any) -> str:
        caller = members.pop("caller", CALLER)
        act = Act(name, ACTS[name].target, ("pf_x",))
        action = members.pop("action", sorted(ACTS[name].actions)[0])
        asked = ANOTHER_ASKS if name == "provision.answer" else {}
        return self.office.permit(act, action, caller, **{**asked, **members})

    def refused(self, code: str, run: Callable[[], object]) -> Refusal:
        """The refusal; nothing was written but its record."""
        before, entries = self.contents(), self.kinds()
        with pytest.raises(Refusal) as raised:
            run()
        assert raised.value.code == code, (raised.value.code, raised.value.text)
        after = self.contents()
        assert {name for name in after if before[name] != after[name]} <= LOG, "something was written"
        grown = self.kinds() - entries
        assert grown["refused-act"] == 1
        assert set(grown) <= {"refused-act", "decision", "permit"}
        return raised.value

    def kinds(self) -> Counter[str]:
        """Entries of the log by kind."""
        with self.database.read() as connection:
            return Counter(connection.scalars(select(log_entry.c.kind)))

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        if not self._seen.tables:
            self._seen.reflect(self.database.engine)
        tables = self._seen.tables.values()
        with self.database.read() as connection:
            return {table.name: sorted(map(tuple, connection.execute(select(table))), key=repr) for table in tables}


LOG = frozenset({"log_entry", "log_payload", "log_head", "log_node", "state_epoch"})
