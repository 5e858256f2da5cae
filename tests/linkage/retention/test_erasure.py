"""The erasure job: what it erases and what not, holds, dry run, certificate; killed anywhere, it is never half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from api.decision_log.bodies import body_of
from api.storage.database import open_database
from api.storage.tables import log_entry
from dsl.masking import twelve_digits
from linkage.gate import GateRefused
from linkage.intermediate import tables as im
from linkage.refusal import Refusal
from linkage.retention import cases, holds, job, tables
from linkage.retention.job import certificates, spelled
from linkage.storage import tables as st
from tests.linkage.addressee.numbers import number
from tests.linkage.retention.archive import BEFORE, CHILD, HELD, LATER, MOTHER, NOW, Archive, bodies_about, told
from tests.linkage.world import OPERATOR

#: What of the archive is due: counted by hand from `Archive.fill`.
DUE = {
    "provision-record": 5,
    "number-before": 1,
    "person": 1,
    "file-record": 3,
    "case": 3,  # gone, running (its first), resident
    "copy": 4,
    "inquiry-answer": 1,
    "provision-answer": 1,
    "inquiry": 1,
    "provision": 1,
    "code-asked": 1,
}


@pytest.fixture
def archive(database_url: str, tmp_path: Path) -> Iterator[Archive]:
    database = open_database(database_url)
    yield Archive(database, tmp_path).fill()
    database.close()


def without_log(due: dict[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in due.items() if kind != "log-body"}


def test_what_is_due_is_erased_and_the_rest_is_not(archive: Archive, tmp_path: Path) -> None:
    due = archive.due()
    assert without_log(due) == DUE
    assert bodies_about(archive.database, HELD) > 0
    made = archive.erasure().run(BEFORE)
    assert told(made) == archive.noted() == Counter({kind: count for kind, count in due.items() if count})
    assert not any(archive.due().values())
    with archive.database.read() as connection:
        assert set(connection.scalars(select(st.provision_record.c.person))) == {HELD, "ad_recent"}
        left = connection.execute(select(im.copy.c.handle, im.copy.c.record_key, im.copy.c.version)).all()
        answers = set(connection.scalars(select(im.inquiry.c.record_id)))
        codes = set(connection.scalars(select(im.link_code.c.handle)))
    assert {tuple(row) for row in left} == {
        (MOTHER, "public", 2),
        (MOTHER, "late", 1),
        (MOTHER, "late", 2),
        (HELD, "ended", 1),
    }
    assert answers == {"rq_b", "rq_c", "rq_d"}
    assert codes == {HELD, "ad_other"}
    assert bodies_about(archive.database, HELD) > 0
    assert archive.verified(tmp_path).ok


def test_persons_whose_cases_are_over(archive: Archive) -> None:
    archive.erasure().run(BEFORE)
    archive.clock.set(LATER)
    found = {seed: archive.search(number(seed)) for seed in (1, 2, 3, 4, 5)}
    assert found[1] is None, "the number before the change is gone"
    assert found[3] is None, "nobody can be found by the number of whose cases are over"
    for seed, name in ((2, "resident"), (4, "running"), (5, "held")):
        assert found[seed].handle == archive.persons[name]
    with archive.database.read() as connection:
        assert connection.scalar(select(st.addressee.c.serial).where(st.addressee.c.handle == archive.persons["gone"]))
        records = set(connection.scalars(select(st.vault_cell.c.record)))
    assert archive.persons["gone"] not in records
    assert archive.persons["held"] in records


def test_a_hold_released_lets_it_go(archive: Archive, tmp_path: Path) -> None:
    archive.erasure().run(BEFORE)
    archive.clock.advance(timedelta(days=1))
    assert archive.order(lambda t: holds.release_source(t, "rr_one", "開示した")) == 2
    due = without_log(archive.due())
    assert due["provision-record"] == 2
    assert due["person"] == due["copy"] == due["inquiry"] == 1
    archive.erasure().run(BEFORE)
    assert not any(archive.due().values())
    assert archive.verified(tmp_path).ok
    with archive.database.read() as connection:
        assert set(connection.scalars(select(st.provision_record.c.person))) == {"ad_recent"}
        assert len(certificates(connection)) == 2


def test_a_hold_reaches_those_merged(archive: Archive) -> None:
    gone, held = archive.persons["gone"], archive.persons["held"]
    with archive.database.begin() as connection:
        table = st.addressee
        connection.execute(table.update().where(table.c.handle == gone).values(merged_into=held))
        assert {gone, held} <= holds.held(connection)
        connection.execute(table.update().where(table.c.handle == gone).values(merged_into=None))
        connection.execute(table.update().where(table.c.handle == held).values(merged_into=gone))
        assert {gone, held} <= holds.held(connection)


def test_no_body_about_a_person_held_is_erased(archive: Archive) -> None:
    before = bodies_about(archive.database, HELD)
    archive.erasure().run(BEFORE)
    assert bodies_about(archive.database, HELD) == before


def test_the_dry_run_changes_nothing_and_says_it_in_japanese(archive: Archive) -> None:
    rows = archive.rows()
    report = archive.erasure().dry_run(BEFORE)
    assert archive.rows() == rows
    assert {line.kind: line.count for line in report.lines} == archive.due()
    assert {line.kind: line.held for line in report.lines if line.held}.items() >= {
        "provision-record": 2,
        "person": 1,
        "copy": 1,
        "inquiry": 1,
    }.items()
    text = report.text()
    for part in (
        "令和16年6月1日より前",
        "何も消していません",
        "情報提供等の記録 5件（ほかに保留 2件）",
        "番号法施行令第30条",
        "仮定 A-COPY-YEAR",
        "保留が2件",
    ):
        assert part in text
    assert not twelve_digits(text)


def test_a_dry_run_of_nothing(archive: Archive) -> None:
    assert "消すものはありません" in archive.erasure().dry_run(date(2026, 11, 26)).text()


def test_the_certificate_is_recorded_and_its_digest_is_in_the_log(archive: Archive) -> None:
    made = archive.erasure(limit=2).run(BEFORE)
    with archive.database.read() as connection:
        assert certificates(connection) == (made,)
        last = connection.execute(select(log_entry).order_by(log_entry.c.idx.desc()).limit(1)).one()
        body = msgspec.json.decode(body_of(connection, last.id) or b"")
    assert body["act"] == {"name": "retention.erase", "target": "records", "handles": [made.job, spelled(made)]}
    text = made.text()
    for part in ("消去の証明書", OPERATOR, "情報提供等の記録 5件", "復元できない方法"):
        assert part in text
    assert made.operations == sum(archive_steps(archive).values())
    changed = msgspec.structs.replace(made, operator="somebody")
    assert spelled(changed) != spelled(made)


def archive_steps(archive: Archive) -> Counter[str]:
    with archive.database.read() as connection:
        return Counter(connection.scalars(select(tables.done.c.kind)))


def test_who_may_not_erases_nothing(archive: Archive) -> None:
    rows = archive.rows()
    erasure = job.Erasure(archive.gate, archive.database, "somebody")
    with pytest.raises(GateRefused, match="G0615"):
        erasure.run(BEFORE)
    assert {k: v for k, v in archive.rows().items() if k != "log_payload"} == {
        k: v for k, v in rows.items() if k != "log_payload"
    }


def test_days_to_come_and_two_jobs(archive: Archive) -> None:
    with pytest.raises(Refusal, match="G0733"):
        archive.erasure().run(BEFORE + timedelta(days=1))
    archive.gate.operate("retention.erase", OPERATOR, lambda t: job.start(t, date(2030, 1, 1)))
    with pytest.raises(Refusal, match="G0732"):
        archive.erasure().run(BEFORE)
    archive.erasure().run(date(2030, 1, 1))
    archive.erasure().run(BEFORE)


def test_a_job_that_is_over_takes_no_step(archive: Archive) -> None:
    made = archive.erasure().run(BEFORE)
    with pytest.raises(Refusal, match="G0731"):
        archive.gate.operate(
            "retention.erase", OPERATOR, lambda t: job.step(t, made.job, "copy", 1, archive.erasure()._data)
        )


def test_a_certificate_that_does_not_fit_is_refused(archive: Archive) -> None:
    """Something became due, or a count differs: it cannot be certified."""
    data = archive.erasure()._data
    id_ = archive.gate.operate("retention.erase", OPERATOR, lambda t: job.start(t, BEFORE)).result
    with archive.database.read() as connection:
        made = job.certificate(connection, id_, data)
    with pytest.raises(Refusal, match="G0736"):
        archive.gate.operate("retention.erase", OPERATOR, lambda t: job.finish(t, id_, spelled(made), made, data))
    assert archive.erasure().run(BEFORE).job == id_


def test_an_erasure_goes_on_when_something_becomes_due_meanwhile(archive: Archive) -> None:
    """The hold is released after the sweep: the finish is refused inside, and the sweep goes round again."""
    done: list[str] = []

    def reached(point: str) -> None:
        if point == "retention.swept" and not done:
            done.append(point)
            archive.order(lambda t: holds.release_source(t, "rr_one", "終わった"))

    made = archive.erasure(reached=reached).run(BEFORE)
    assert told(made)["provision-record"] == 7
    assert not any(archive.due().values())


# ---- killed --------------------------------------------------------------------------------------

#: One process after another, each killed where it says; together they come to the end of the job.
KILLS = [
    ("", "gate.before-commit:1"),  # before the job is there
    ("retention.begun:1", ""),
    ("retention.step:1", ""),
    ("", "gate.before-commit:3"),
    ("retention.step:4", ""),
    ("retention.step:8", ""),
    ("", "erase.mid-way:1"),
    ("", "erase.mid-way:2"),
    ("retention.swept:1", ""),
    ("", "gate.before-commit:2"),  # the certificate made, not yet recorded
]


def run(url: str, folder: Path, kill: str, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.linkage.retention.erasing", url, str(folder), kill]
    environment = {**os.environ, "JOREI_FAILPOINT": failpoint}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_killed_anywhere_it_is_never_half_and_goes_on(archive: Archive, database_url: str, tmp_path: Path) -> None:
    """Killed again and again at one point after another; each time what is noted is what is gone, and no more."""
    due, rows = archive.due(), archive.rows()
    for kill, failpoint in KILLS:
        ended = run(database_url, tmp_path, kill, failpoint)
        assert ended.returncode == -signal.SIGKILL, (kill, failpoint, ended.stderr)
        noted = archive.noted()
        assert {kind: due[kind] - noted[kind] for kind in due} == archive.due(), (kill, failpoint)
        now = archive.rows()
        assert rows["provision_record"] - now["provision_record"] == noted["provision-record"]
        assert rows["im_copy"] - now["im_copy"] == noted["copy"]
        assert (
            rows["file_record"] - now["file_record"]
            == rows["file_version"] - now["file_version"]
            == noted["file-record"]
        )
        assert archive.verified(tmp_path).ok
    made = archive.erasure().run(BEFORE)
    assert told(made) == Counter({kind: count for kind, count in due.items() if count})
    assert archive.verified(tmp_path).ok
    with archive.database.read() as connection:
        assert certificates(connection) == (made,)


def test_killed_after_the_end_it_is_certified(archive: Archive, database_url: str, tmp_path: Path) -> None:
    due = archive.due()
    ended = run(database_url, tmp_path, "retention.finished:1")
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert not any(archive.due().values())
    with archive.database.read() as connection:
        (made,) = certificates(connection)
    assert told(made) == Counter({kind: count for kind, count in due.items() if count})


def test_the_same_process_without_a_kill(archive: Archive, database_url: str, tmp_path: Path) -> None:
    """The kill tests would pass with a process that does nothing: this one shows that it erases."""
    ended = run(database_url, tmp_path, "")
    assert ended.stdout.strip() == "whole", ended.stderr
    assert not any(archive.due().values())


# ---- cases and holds -----------------------------------------------------------------------------


def test_a_case_is_closed_once_and_not_before_it_opened(archive: Archive) -> None:
    handle = archive.persons["running"]
    id_ = archive.order(lambda t: cases.open_case(t, handle, CHILD, "1", LATER.date()))
    for who, day in (("ad_x", LATER.date()), (handle, NOW.date()), (handle, date(2034, 6, 2))):
        with pytest.raises(Refusal, match="G0735"):
            archive.order(lambda t, w=who, d=day: cases.close_case(t, id_, w, d))
    assert archive.order(lambda t: cases.close_case(t, id_, handle, LATER.date())) == date(2040, 3, 31)
    with pytest.raises(Refusal, match="G0735"):
        archive.order(lambda t: cases.close_case(t, id_, handle, LATER.date()))


def test_a_case_by_the_permit_of_the_business_system(archive: Archive) -> None:
    handle = archive.persons["running"]
    archive.do("record.write", (handle,), lambda t: cases.open_case(t, handle, CHILD, "1", LATER.date()))
    with pytest.raises(Refusal, match="G0611"):
        archive.do("record.write", ("ad_x",), lambda t: cases.open_case(t, handle, CHILD, "1", LATER.date()))


def test_holds_say_why_and_once(archive: Archive) -> None:
    first = archive.order(lambda t: holds.place(t, "ad_a", "訴え", "rr_two"))
    assert archive.order(lambda t: holds.place(t, "ad_a", "訴え", "rr_two")) == first
    for words in (("", "訴え", "rr"), ("ad_a", " ", "rr"), ("ad_a", "123456789012", "rr")):
        with pytest.raises(Refusal, match="G0737"):
            archive.order(lambda t, w=words: holds.place(t, *w))
    archive.order(lambda t: holds.release(t, first, "取り下げ"))
    with pytest.raises(Refusal, match="G0734"):
        archive.order(lambda t: holds.release(t, first, "取り下げ"))
