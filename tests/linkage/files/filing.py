"""A town whose child benefits have a file, created by permit; the guards stand before the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import func, select

from api.permits import Act
from linkage.assessments import registering
from linkage.assessments import tables as register
from linkage.files import opening, reading, tables, writing
from linkage.files.values import Record, Written
from linkage.gate import Acted, Ticket
from linkage.people import organisation
from linkage.storage.tables import vault_cell
from tests.linkage.addressee.numbers import number
from tests.linkage.office import CALLER
from tests.linkage.people.town import CHILD, MAYOR, SECTION, START, Town
from tests.linkage.world import CITY

T = TypeVar("T")
FIELDS = {"申請の種類": "受給資格の認定", "備考": "ひみつの事情"}


class Filing(Town):
    """`file` is created; `mother` and `neighbour` are addressees; every act names `hand`, its handler."""

    def ready(self) -> Filing:
        self.order(lambda t: organisation.add_unit(t, CITY, MAYOR, SECTION, START))
        self.order(lambda t: organisation.add_duty(t, CITY, MAYOR, SECTION, CHILD, START))
        self.hand = self.assessed().handler()
        self.file = self.register()
        self.create(self.file)
        self.mother, self.neighbour = (self.number(number(seed), f"{seed:04d}").handle for seed in (1, 2))
        return self

    def do(self, name: str, handles: tuple[str, ...], work: Callable[[Ticket], T], **more: Any) -> Acted[T]:
        """As in any world, by the handler."""
        return super().do(name, handles, work, handler=self.hand, **more)

    def register(self, agency: str = MAYOR, affair: str = CHILD) -> str:
        """A file in the register, not yet created."""

        def entered(ticket: Ticket) -> str:
            file = registering.add_file(ticket, CITY, agency, affair, "試験のファイル")
            registering.count_persons(ticket, file, 10, self.clock.now().date())
            return file

        return self.order(entered)

    def by(self, act: Act, work: Callable[[Ticket], T], action: str, token: str | None = None, **asked: Any) -> T:
        """An act by a permit of its own, or with the token of another."""
        given = token or self.office.permit(act, action, CALLER, **asked)
        subject = next((handle for handle in act.handles if handle.startswith("ad_")), None)
        acted: Acted[T] = self.gate.act(given, CALLER, act, work, subject=subject, handler=self.hand)
        return acted.result

    def create(self, file: str, token: str | None = None, **asked: Any) -> None:
        self.by(self.act("file.create", file), lambda t: opening.create(t, file), "store", token, **asked)

    def write(
        self,
        person: str = "",
        fields: Mapping[str, str] = FIELDS,
        *,
        file: str = "",
        record: str | None = None,
        after: int = 0,
        closed: Any = None,
        token: str | None = None,
        **asked: Any,
    ) -> Written:
        where, whom = file or self.file, person or self.mother
        act = self.act("record.write", where, whom, *(() if record is None else (record,)))

        def work(ticket: Ticket) -> Written:
            return writing.write(ticket, self.vault, where, whom, fields, record=record, after=after, closed=closed)

        return self.by(act, work, "store", token, **asked)

    def read(
        self, person: str = "", *, versions: bool = False, token: str | None = None, **asked: Any
    ) -> tuple[Record, ...]:
        whom = person or self.mother
        work = lambda t: reading.search(t, self.vault, whom, versions=versions)  # noqa: E731
        return self.by(self.act("record.search", whom), work, "use", token, **asked)

    def kept(self) -> tuple[int, int, int]:
        """How many records, versions and cells of records there are."""
        with self.database.read() as connection:
            counted = (
                select(func.count()).select_from(tables.record),
                select(func.count()).select_from(tables.version),
                select(func.count()).select_from(vault_cell).where(vault_cell.c.purpose == "record"),
            )
            records, versions, cells = (connection.scalar(query) or 0 for query in counted)
            return records, versions, cells


def last_day(filing: Filing, file: str) -> str | None:
    """The day on which a file's entry in the register ends."""
    with filing.database.read() as connection:
        return connection.scalar(select(register.file.c.last).where(register.file.c.id == file))
