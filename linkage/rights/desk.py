"""The desk for requests of the person: each step through the gate, in a transaction of its own, recorded in the log."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from api import ids
from api.clock import today
from api.permits import Act
from linkage.intermediate.disclosure import ALL
from linkage.rights import course, reading, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.clock import Clock
    from api.storage.database import Database
    from linkage.gate import Gate
    from linkage.rights.reading import ToSend
    from linkage.rights.values import Application, Outcome, Standing
    from linkage.ticket import Ticket


class RightsDesk:
    """Takes requests and brings them to their end. `operator` is who orders a step; the gate asks its authority."""

    def __init__(self, gate: Gate, database: Database, clock: Clock) -> None:
        self._gate, self._database, self._clock = gate, database, clock

    def receive(self, operator: str, application: Application) -> Standing:
        """Take a request in. See `course.receive`."""
        request = ids.new("rq")
        handles = (application.person, request, "rights.receive")
        work: Callable[[Ticket], str] = lambda ticket: course.receive(ticket, request, application)  # noqa: E731
        self._gate.operate("rights.write", operator, work, handles=handles)
        return self.standing(request)

    def ask(self, operator: str, request: str, what: str) -> Standing:
        """Ask the person for more; the clock stands."""
        return self._step(operator, request, "rights.ask", lambda ticket: course.ask(ticket, request, what))

    def complete(self, operator: str, request: str, what: str) -> Standing:
        """The person answered; the clock goes on."""
        return self._step(operator, request, "rights.complete", lambda ticket: course.complete(ticket, request, what))

    def extend(self, operator: str, request: str, days: int, reason: str) -> Standing:
        """Extend the time, with notice."""
        return self._step(
            operator, request, "rights.extend", lambda ticket: course.extend(ticket, request, days, reason)
        )

    def take_longer(self, operator: str, request: str, until: date, reason: str) -> Standing:
        """Take the longer time for what is very much, or takes very long, with notice."""
        return self._step(
            operator, request, "rights.longer", lambda ticket: course.take_longer(ticket, request, until, reason)
        )

    def decide_part(self, operator: str, request: str, what: str) -> Standing:
        """Decide the substantial part of what is very much."""
        return self._step(operator, request, "rights.decide-part", lambda t: course.decide_part(t, request, what))

    def decide(
        self, operator: str, request: str, outcome: Outcome, reason: str = "", article: str | None = None
    ) -> Standing:
        """Decide."""
        return self._step(
            operator, request, "rights.decide", lambda ticket: course.decide(ticket, request, outcome, reason, article)
        )

    def carry_out(self, operator: str, request: str, what: str) -> Standing:
        """Note that what was decided is done, and what notices follow."""
        return self._step(operator, request, "rights.carry-out", lambda t: course.carry_out(t, request, what))

    def withdraw(self, operator: str, request: str, person: str) -> Standing:
        """The person takes it back."""
        return self._step(operator, request, "rights.withdraw", lambda t: course.withdraw(t, request, person))

    def notified(self, operator: str, notice: str) -> None:
        """A recipient was told."""
        work: Callable[[Ticket], None] = lambda ticket: course.notified(ticket, notice)  # noqa: E731
        self._gate.operate("rights.write", operator, work, handles=(notice, "rights.notify"))

    def stop_act(self, request: str) -> Act:
        """The act that a permit has to name to stop the provision a request asks for."""
        return Act("copy.correct", "copy", (self.standing(request).application.person, request))

    def stop_provision(
        self,
        token: str,
        caller: str,
        request: str,
        agencies: tuple[str, ...],
        information: str = ALL,
        *,
        handler: str | None = None,
    ) -> Standing:
        """Stop the provision of a person's information by these agencies, by a permit for `stop_act`."""
        act = self.stop_act(request)
        person = act.handles[0]
        self._gate.act(
            token,
            caller,
            act,
            lambda ticket: stop.stop_provision(ticket, request, person, agencies, information),
            subject=person,
            handler=handler,
        )
        return self.standing(request)

    def standing(self, request: str) -> Standing:
        """Where a request stands today."""
        with self._database.read() as connection:
            return reading.standing(connection, request, today(self._clock))

    def of_person(self, person: str) -> tuple[Standing, ...]:
        """The requests of a person, newest first."""
        with self._database.read() as connection:
            return reading.of_person(connection, person, today(self._clock))

    def open(self) -> tuple[Standing, ...]:
        """What is to be decided, the most urgent first."""
        with self._database.read() as connection:
            return reading.open_requests(connection, today(self._clock))

    def overdue(self) -> tuple[Standing, ...]:
        """What should have been decided by now."""
        with self._database.read() as connection:
            return reading.overdue(connection, today(self._clock))

    def unsent(self) -> tuple[ToSend, ...]:
        """Whom to tell of a correction."""
        with self._database.read() as connection:
            return reading.notices_of(connection, unsent=True)

    def _step(self, operator: str, request: str, name: str, work: Callable[[Ticket], object]) -> Standing:
        person = self.standing(request).application.person
        self._gate.operate("rights.write", operator, work, handles=(person, request, name))
        return self.standing(request)
