"""My Portal without its pages: log-in, what a person sees, requests and notices, each change through the gate."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from api import ids
from api.clock import today
from linkage.addressee.people import handles_of
from linkage.portal import logins, notices, traces
from linkage.portal.cookies import Cookies
from linkage.portal.proofs import Proof, Prover, Sign
from linkage.portal.refusals import PortalRefused
from linkage.portal.view import Item, View
from linkage.rights import reading
from linkage.rights.desk import RightsDesk
from linkage.rights.values import Application, By, Kind, Outcome, Standing, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.clock import Clock
    from api.keys import KeyStore
    from api.storage.database import Database
    from linkage.gate import Gate
    from linkage.portal.logins import Bearer, Begun
    from linkage.portal.notices import Notice, Posted
    from linkage.portal.words import Names
    from linkage.ticket import Ticket

#: Who orders what My Portal itself does (log-ins, requests of the person). The gate's authority has to know it.
OPERATOR = "my-portal"
LOGIN_DOCUMENT = "マイ・ポータルへのログイン"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_W = "rights.write"


class Portal:
    """All that the pages and the JSON are made of.

    Args:
        gate: of the body whose portal it is; its authority lets `OPERATOR` order rights.write.
        database: of the service.
        clock: tells the time.
        keys: of the installation.
        names: what affairs and systems are called.
        sign: signs the log as it stands (`ServiceContext.checkpoints.now`, or `proofs.signing`).
        municipality: its name on the pages.
        base_url: under which people reach it; cookies are marked Secure unless that is this very machine.
    """

    def __init__(
        self,
        gate: Gate,
        database: Database,
        clock: Clock,
        keys: KeyStore,
        names: Names,
        sign: Sign,
        *,
        municipality: str,
        base_url: str,
    ) -> None:
        self._gate, self._database, self.clock, self._names = gate, database, clock, names
        self.municipality = municipality
        self.secure = urlsplit(base_url).hostname not in _LOOPBACK
        self.cookies = Cookies(keys)
        self.prover = Prover(database, keys, sign)
        self.desk = RightsDesk(gate, database, clock)

    # --- the counter and the sections -------------------------------------------------------------------------

    def ticket(self, operator: str, bearer: Bearer) -> str:
        """A log-in ticket for a person who came to the counter, as it is printed. Shown once, kept nowhere.

        Raises:
            PortalRefused: M0201, M0209.
        """
        secret = logins.fresh()
        self._operate(operator, lambda ticket: logins.issue(ticket, secret, bearer), bearer.person, "portal.ticket")
        return logins.grouped(secret)

    def post(self, operator: str, notice: Notice) -> str:
        """Post a notice of a section; gives its id.

        Raises:
            PortalRefused: M0207.
        """
        id_ = ids.new("no")
        handles = (id_, "portal.notice") if notice.person is None else (notice.person, id_, "portal.notice")
        self._operate(operator, lambda ticket: notices.post(ticket, id_, notice), *handles)
        return id_

    # --- the person -------------------------------------------------------------------------------------------

    def log_in(self, secret: str) -> Begun:
        """Begin a session with a ticket.

        Raises:
            PortalRefused: M0202.
        """
        with self._database.read() as connection:
            bearer = logins.holder(connection, secret, self.clock.now())
        if bearer is None:  # nothing is recorded of guesses: the log is not for strangers to fill
            raise PortalRefused("M0202")
        session = logins.fresh()
        operated = self._gate.operate(
            _W, OPERATOR, lambda t: logins.redeem(t, secret, session), handles=(bearer.person, "portal.log-in")
        )
        return operated.result

    def log_out(self, begun: Begun) -> None:
        """End a session."""
        self._operate(OPERATOR, lambda t: logins.end(t, begun.id), begun.bearer.person, "portal.log-out")

    def session(self, cookie: str | None) -> Begun | None:
        """The session of a cookie, while it goes on."""
        now = self.clock.now()
        id_ = self.cookies.session(cookie, now) if cookie else None
        if id_ is None:
            return None
        with self._database.read() as connection:
            return logins.live(connection, id_, now)

    def records(self, begun: Begun, before: datetime | None = None) -> tuple[tuple[Item, ...], datetime | None]:
        """What happened with the person's information, newest first, and where the next page begins."""
        self._gather()
        with self._database.read() as connection:
            return View(connection, begun.bearer.person, self._names).page(before)

    def record(self, begun: Begun, id_: str) -> tuple[Item, Proof]:
        """One entry with its proof.

        Raises:
            PortalRefused: M0205 there is none, it is another's, or withheld; M0206.
        """
        self._gather()
        with self._database.read() as connection:
            view = View(connection, begun.bearer.person, self._names)
            found = view.one(id_)
        if found is None:
            raise PortalRefused("M0205", 404)
        return found[0], self.prover.proof(found[1], view.handles)

    def notices(self, begun: Begun) -> tuple[Posted, ...]:
        """お知らせ, newest first."""
        with self._database.read() as connection:
            handles = handles_of(connection, begun.bearer.person)
            return notices.of_person(connection, handles, today(self.clock))

    def requests(self, begun: Begun) -> tuple[Standing, ...]:
        """The person's own requests, newest first."""
        with self._database.read() as connection:
            handles = handles_of(connection, begun.bearer.person)
            found = [one for handle in handles for one in reading.of_person(connection, handle, today(self.clock))]
        return tuple(sorted(found, key=lambda one: one.received, reverse=True))

    def request(self, begun: Begun, id_: str) -> Standing:
        """One of the person's own requests.

        Raises:
            PortalRefused: M0205.
        """
        found = next((one for one in self.requests(begun) if one.id == id_), None)
        if found is None:
            raise PortalRefused("M0205", 404)
        return found

    def disclosures(self, begun: Begun) -> tuple[Standing, ...]:
        """Disclosures the person was given, on which a correction or stop may rest."""
        return tuple(
            one
            for one in self.requests(begun)
            if one.application.kind is Kind.DISCLOSURE
            and one.carried_out is not None
            and one.outcome is not Outcome.REFUSED
        )

    def apply(
        self,
        begun: Begun,
        kind: Kind,
        subject: Subject,
        target: str,
        reason: str,
        *,
        record: str | None = None,
        disclosure: str | None = None,
    ) -> Standing:
        """Hand in a request.

        Raises:
            RightsRefused: M0103, M0104, M0113.
        """
        bearer = begun.bearer
        application = Application(
            person=bearer.person,
            kind=kind,
            subject=subject,
            by=bearer.by,
            representative=bearer.representative if bearer.by is not By.SELF else None,
            identity=LOGIN_DOCUMENT,
            authority=bearer.authority,
            target=target,
            reason=reason,
            record=record or None,
            disclosure=disclosure or None,
            route="マイ・ポータル",
        )
        return self.desk.receive(OPERATOR, application)

    def withdraw(self, begun: Begun, id_: str) -> Standing:
        """Take a request back.

        Raises:
            PortalRefused: M0205.
            RightsRefused: M0102.
        """
        return self.desk.withdraw(OPERATOR, id_, self.request(begun, id_).application.person)

    # --- within -----------------------------------------------------------------------------------------------

    def _gather(self) -> None:
        """Look at what the log holds since the last time."""
        while True:
            with self._database.read() as connection:
                if not traces.behind(connection):
                    return
            if self._gate.operate(_W, OPERATOR, traces.gather, handles=("portal.traces",)).result < traces.BATCH:
                return

    def _operate(self, operator: str, work: Callable[[Ticket], object], *handles: str) -> None:
        self._gate.operate(_W, operator, work, handles=handles)
