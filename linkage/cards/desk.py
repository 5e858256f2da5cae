"""The desk for notifications and cards: each step through the gate, recorded in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api import ids
from api.clock import today
from api.permits import Act
from linkage.cards import flow, uses

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.clock import Clock
    from api.storage.database import Database
    from linkage.cards.values import Case, Identity, Step, Use
    from linkage.gate import Gate
    from linkage.ticket import Ticket


class CardDesk:
    """Brings notifications and cards on, by an operator's order; lets cards be used, by a permit."""

    def __init__(self, gate: Gate, database: Database, clock: Clock) -> None:
        self._gate, self._database, self._clock = gate, database, clock

    def ask_number(self, operator: str, person: str) -> Case:
        """Ask J-LIS for a number."""
        return self._begin(operator, person, "card.ask-number", flow.ask_number, "nt")

    def apply(self, operator: str, person: str) -> Case:
        """Take the application for a card in."""
        return self._begin(operator, person, "card.apply", flow.apply, "cd")

    def move(self, operator: str, case: str, step: Step, text: str = "", identity: Identity | None = None) -> Case:
        """Take a step. See `flow.move`."""
        handles = (self.case(case).person, case, f"card.{step.value}")
        work: Callable[[Ticket], None] = lambda ticket: flow.move(ticket, case, step, text, identity)  # noqa: E731
        self._gate.operate("rights.write", operator, work, handles=handles)
        return self.case(case)

    def case(self, case: str) -> Case:
        """A case as it stands."""
        with self._database.read() as connection:
            return flow.case_of(connection, case)

    def of_person(self, person: str) -> tuple[Case, ...]:
        """The cases of a person, newest first."""
        with self._database.read() as connection:
            return flow.of_person(connection, person)

    def expired(self) -> tuple[Case, ...]:
        """Cards past their time that were not given back."""
        with self._database.read() as connection:
            return flow.expired(connection, today(self._clock))

    # --- use by ordinance -------------------------------------------------------------------------------------

    def enrol_act(self, card: str) -> Act:
        """The act, with a fresh application identifier, that a permit has to name to enrol a card."""
        return Act("card.use", "card", (card, ids.new("ap")))

    def use_act(self, application: str) -> Act:
        """The act that a permit has to name to use a card by an application."""
        return Act("card.use", "card", (application,))

    def enrol(self, token: str, caller: str, act: Act, affair: str, local: str) -> Use:
        """Write an application on the free area of a card, by a permit for `enrol_act`."""
        card, application = act.handles
        work: Callable[[Ticket], Use] = lambda ticket: uses.enrol(ticket, card, application, affair, local)  # noqa: E731
        return self._gate.act(token, caller, act, work, subject=self.case(card).person).result

    def use(self, token: str, caller: str, application: str) -> Use:
        """Use a card by its application, by a permit for `use_act`."""
        return self._gate.act(
            token,
            caller,
            self.use_act(application),
            lambda ticket: uses.use(ticket, application),
            subject=self._person(application),
        ).result

    def end(self, token: str, caller: str, application: str) -> None:
        """Take an application off its card, by a permit for `use_act`."""
        act = self.use_act(application)
        self._gate.act(token, caller, act, lambda t: uses.end(t, application), subject=self._person(application))

    def _person(self, application: str) -> str | None:
        with self._database.read() as connection:
            return uses.person_of(connection, application)

    def _begin(
        self, operator: str, person: str, name: str, work: Callable[[Ticket, str, str], None], prefix: str
    ) -> Case:
        case = ids.new(prefix)
        handles = (person, case, name)
        self._gate.operate("rights.write", operator, lambda ticket: work(ticket, case, person), handles=handles)
        return self.case(case)
