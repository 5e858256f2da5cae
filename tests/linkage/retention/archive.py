"""A city of whose things some are past their time, some not, and some held back: on the day LATER everything is due."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from api.clock import to_ms
from api.decision_log import Verification, verify
from api.publication import JAPAN
from api.storage.database import Database
from api.storage.tables import log_payload
from linkage.addressee import changes
from linkage.addressee.sealing import sealed_handle
from linkage.addressee.values import Kind
from linkage.assessments import registering
from linkage.files import opening, writing
from linkage.files import tables as fi
from linkage.intermediate import tables as im
from linkage.records import Named, Office, ProvisionFacts, Side
from linkage.retention import cases, erasers, holds, tables
from linkage.retention.job import Erasure
from linkage.retention.rules import rules
from linkage.storage import tables as st
from tests.decision_log.helping import signer
from tests.linkage.addressee.numbers import number
from tests.linkage.office import CALLER
from tests.linkage.world import CITY, OPERATOR, World

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=JAPAN)
LATER = datetime(2034, 6, 1, 10, 0, tzinfo=JAPAN)
BEFORE = date(2034, 6, 1)
MOTHER, HELD, AGENCY = "ad_mother", "ad_held", "9900000000042101"
CHILD = "042021/child-medical"


class Archive(World):
    """Filled, with the clock at LATER."""

    def erasure(self, **how: Any) -> Erasure:
        return Erasure(self.gate, self.database, OPERATOR, **how)

    def order(self, work: Any) -> Any:
        return self.gate.operate("register.write", OPERATOR, work).result

    def fill(self) -> Archive:
        self.persons: dict[str, str] = {}
        for _ in range(5):
            self.inquire(MOTHER)
        self._people()
        self.clock.advance(timedelta(days=1))  # what is held back is of a later day: the log erases by days
        self._held()
        with self.database.begin() as connection:
            _copies(connection)
            _messages(connection)
        self.clock.set(LATER)
        self.inquire("ad_recent")
        return self

    def inquire(self, who: str) -> str:
        act = self.act("inquiry.send", who)
        facts = ProvisionFacts(
            side=Side.INQUIRER,
            serial="sr_aaaa",
            inquirer=Office("石巻市長", AGENCY, "保険年金課"),
            provider=Office("青嶺市長", "9900000000021101"),
            affair=Named("JM99000000000001", "子ども医療費の助成に関する事務"),
            procedure=Named("JT99010000000001", "認定の申請"),
            items=(Named("TM99000000000001", "地方税関係情報"),),
            requested=self.clock.now(),
        )
        made = self.gate.act(self.permit(act), CALLER, act, lambda _: None, provision=facts, subject=who)
        return made.records[0].id

    def _people(self) -> None:
        """One resident whose number changed; two non-residents, of whom one has a case still running."""
        for name, seed, kind in (
            ("resident", 1, Kind.RESIDENT),
            ("gone", 3, Kind.NON_RESIDENT),
            ("running", 4, Kind.NON_RESIDENT),
        ):
            self.persons[name] = self.number(number(seed), f"{seed:04d}", kind=kind).handle
        self.file = self.order(lambda t: registering.add_file(t, CITY, "市長", CHILD, "受給者ファイル"))
        self.do("file.create", (self.file,), lambda t: opening.create(t, self.file))
        resident, sealed = self.persons["resident"], self.sealed(number(2))
        work = lambda t: changes.change(t, self.vault, resident, sealed, NOW.date())  # noqa: E731
        self.do("addressee.change", (resident, sealed_handle(sealed)), work)
        for name in ("gone", "running", "resident"):
            self.case(name)
        self.order(lambda t: cases.open_case(t, self.persons["running"], CHILD, "2", NOW.date()))

    def _held(self) -> None:
        self.inquire(HELD)
        self.inquire(HELD)
        self.persons["held"] = self.number(number(5), "0005", kind=Kind.NON_RESIDENT).handle
        self.case("held")
        for who in (HELD, self.persons["held"]):
            self.order(lambda t, w=who: holds.place(t, w, "開示の請求", "rr_one"))

    def case(self, name: str) -> None:
        handle = self.persons[name]
        made = self.order(lambda t: cases.open_case(t, handle, CHILD, "1", NOW.date()))
        self.record(handle)
        until = self.order(lambda t: cases.close_case(t, made, handle, NOW.date()))
        assert until == date(2032, 3, 31)

    def record(self, handle: str) -> None:
        """A record of a person's case in the file."""
        act = self.act("record.write", self.file, handle)
        work = lambda t: writing.write(t, self.vault, self.file, handle, {"備考": "試験"})  # noqa: E731
        self.gate.act(self.office.permit(act, "store", procedure=1), CALLER, act, work, subject=handle)

    def due(self) -> dict[str, int]:
        with self.database.read() as connection:
            held = holds.held(connection)
            return {kind.id: erasers.due(connection, kind, BEFORE, held) for kind in rules().kinds}

    def noted(self) -> Counter[str]:
        """What the steps say that they erased."""
        table = tables.done
        with self.database.read() as connection:
            rows = connection.execute(select(table.c.kind, func.sum(table.c.count)).group_by(table.c.kind))
            return Counter({kind: int(count) for kind, count in rows})

    def rows(self) -> dict[str, int]:
        """What there is."""
        counted = (
            *(st.provision_record, st.addressee_number, st.vault_cell, st.vault_index, st.addressee_map),
            *(im.copy, im.inquiry, im.provision, im.link_code, tables.case, fi.record, fi.version, log_payload),
        )
        with self.database.read() as connection:
            return {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in counted}

    def verified(self, folder: Path) -> Verification:
        return verify(self.database, folder, signer().verifier)


def ms(day: date) -> int:
    return to_ms(datetime(day.year, day.month, day.day, 12, tzinfo=JAPAN))


def _copies(connection: Connection) -> None:
    def copy(handle: str, key: str, version: int, registered: date, until: date | None, withdrawn: date | None) -> None:
        connection.execute(
            im.copy.insert().values(
                agency=AGENCY,
                handle=handle,
                information="TM99000000000001",
                dataset="0001",
                record_key=key,
                version=version,
                public_from="2020-01-01",
                public_until=None if until is None else until.isoformat(),
                automatic=True,
                sealed="sealed",
                evaluation="ev_x",
                registered_ms=ms(registered),
                withdrawn_ms=None if withdrawn is None else ms(withdrawn),
            )
        )

    first, ended = date(2026, 1, 1), date(2027, 3, 31)
    copy(MOTHER, "ended", 1, first, None, None)  # overtaken
    copy(MOTHER, "ended", 2, date(2026, 6, 1), ended, None)
    copy(MOTHER, "withdrawn", 1, first, None, ended)
    copy(MOTHER, "public", 1, first, None, None)  # overtaken
    copy(MOTHER, "public", 2, date(2026, 6, 1), None, None)  # stays
    copy(MOTHER, "late", 1, first, None, None)  # stays: overtaken only now
    copy(MOTHER, "late", 2, date(2034, 5, 1), ended, None)  # stays: else the one before would come back
    copy(HELD, "ended", 1, first, ended, None)  # held


def _messages(connection: Connection) -> None:
    done, recent = ms(date(2026, 12, 1)), ms(date(2034, 5, 31))
    for handle, ended, name in ((MOTHER, done, "a"), (HELD, done, "b"), (MOTHER, recent, "c"), (MOTHER, None, "d")):
        state = "answered" if ended else "accepted"
        connection.execute(
            im.inquiry.insert().values(
                record_id=f"rq_{name}",
                processing_number=f"tx_{name}",
                handle=handle,
                caller=CALLER,
                evaluation="ev_x",
                state=state,
                same_day=False,
                message=b"{}",
                attempts=0,
                next_ms=0,
                deadline_ms=0,
                prepared_ms=0,
                ended_ms=ended,
                answer=b"sealed",
            )
        )
        connection.execute(
            im.provision.insert().values(
                processing_number=f"tx_{name}",
                state="delivered" if ended else "received",
                notice=b"{}",
                handle=handle,
                received_ms=done,
                answer=b"sealed",
                delivered_ms=ended,
                next_ms=0,
                attempts=0,
            )
        )
    for handle, code in ((MOTHER, None), (HELD, None), ("ad_other", "lc_x")):
        row = {"agency": AGENCY, "handle": handle, "code": code, "asked_ms": done}
        connection.execute(im.link_code.insert().values(row))


def bodies_about(database: Database, handle: str) -> int:
    """How many bodies in the log name a person."""
    with database.read() as connection:
        bodies = connection.scalars(select(log_payload.c.body)).all()
    return sum(handle.encode() in bytes(body) for body in bodies)


def told(certificate: Any) -> Counter[str]:
    return Counter({line.kind: line.count for line in certificate.lines if line.count})
