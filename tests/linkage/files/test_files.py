"""Files and their records: what lets one be created, written and read, what does not, and what is left of it where."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from api import failpoints
from api.publication import JAPAN
from api.storage.database import Database
from linkage.addressee import changes
from linkage.addressee.vault import CONTENT, STRIDE, Value
from linkage.assessments import registering, steps
from linkage.assessments import tables as register
from linkage.files import opening, reading, tables, values, writing
from linkage.files.refusals import TEXTS
from linkage.people import handlers, organisation
from linkage.portal import traces
from linkage.portal.view import View
from linkage.portal.words import RuleNames
from linkage.refusal import Refusal
from linkage.retention import cases, holds
from linkage.retention import tables as retention
from linkage.retention.job import Erasure
from linkage.storage.tables import vault_cell
from tests.linkage.addressee.test_no_number import everything, files
from tests.linkage.files.filing import FIELDS, Filing, last_day
from tests.linkage.office import CALLER
from tests.linkage.people.town import CHILD, LOG, MAYOR, SECTION, START, rule_set
from tests.linkage.world import CITY, OPERATOR

OTHER = "042021/single-parent-medical"
LATER = datetime(2034, 6, 1, 10, 0, tzinfo=JAPAN)


@pytest.fixture
def filing(database: Database, tmp_path: Path) -> Filing:
    return Filing(database, tmp_path).ready()


def refused(filing: Filing, code: str, run: Callable[[], object]) -> Refusal:
    """The refusal, after which no record is there that was not before."""
    before = filing.kept()
    with pytest.raises(Refusal) as raised:
        run()
    assert raised.value.code == code, (raised.value.code, raised.value.text)
    assert filing.kept() == before
    return raised.value


# ---- files ---------------------------------------------------------------------------------------


def test_a_file_is_created_from_the_register_for_its_affair_and_agency(filing: Filing) -> None:
    refused(filing, "G0931", lambda: filing.create("pf_unknown"))
    refused(filing, "G0933", lambda: filing.create(filing.file))
    for whose in ({"agency": "教育委員会"}, {"affair": OTHER}):
        file = filing.register(**whose)
        refused(filing, "G0932", lambda f=file: filing.create(f))  # type: ignore[misc]
        refused(filing, "G0932", lambda f=file: filing.write(file=f))  # type: ignore[misc]
    second, third = filing.register(), filing.register()
    refused(filing, "G0934", lambda: filing.write(file=second))
    token = filing.office.permit(filing.act("file.create", second), "store")
    refused(filing, "G0601", lambda: filing.create(third, token))
    filing.create(second, token)
    refused(filing, "G0601", lambda: filing.create(second, token))
    filing.write(file=second)
    work = lambda t: opening.create(t, third)  # noqa: E731
    refused(filing, "G0604", lambda: filing.by(filing.act("file.create", third), work, "use"))
    filing.order(lambda t: registering.end_file(t, second))
    filing.clock.advance(timedelta(days=1))
    refused(filing, "G0931", lambda: filing.write(file=second))
    assert filing.read() == ()
    is_closed_by_an_order_once_it_is_empty(filing)


def is_closed_by_an_order_once_it_is_empty(filing: Filing) -> None:
    def close(operator: str = OPERATOR) -> None:
        filing.gate.operate("register.write", operator, lambda t: opening.close(t, filing.file))

    filing.write()
    assert "1件" in refused(filing, "G0939", close).text
    assert last_day(filing, filing.file) is None
    filing.clock.set(LATER)
    with filing.database.begin() as connection:
        connection.execute(tables.record.delete())
        connection.execute(tables.version.delete())
    refused(filing, "G0615", lambda: close("juki"))
    close()
    assert last_day(filing, filing.file) == "2034-06-01"
    refused(filing, "G0934", close)


def test_without_an_assessment_nothing_is_held(sqlite_database: Database, tmp_path: Path) -> None:
    filing = Filing(sqlite_database, tmp_path).ready()
    token = filing.office.permit(filing.act("record.write", filing.file, filing.mother), "store")
    filing.write()
    with filing.database.read() as connection:
        made = select(register.assessment.c.id).where(register.assessment.c.affair == CHILD)
        assessment = str(connection.scalar(made))
    another = filing.register()
    filing.order(lambda t: steps.withdraw(t, assessment, "記載に誤り"))
    refused(filing, "G0601", lambda: filing.write(token=token))  # issued before: stale
    assert "番号法28条1項" in refused(filing, "G0701", filing.write).text
    refused(filing, "G0701", lambda: filing.create(another))
    assert len(filing.read()) == 1  # what is there may still be read


# ---- records -------------------------------------------------------------------------------------


def test_versions_are_kept_and_one_is_current(filing: Filing) -> None:
    first = filing.write()
    second = filing.write(fields={"備考": "あらためた"}, record=first.record, after=1)
    assert (second.record, second.version, second.case) == (first.record, 2, first.case)
    refusal = refused(filing, "G0938", lambda: filing.write(record=first.record, after=1))
    assert "第2版" in refusal.text
    refused(filing, "G0937", lambda: filing.write(filing.neighbour, record=first.record, after=2))
    (now,) = filing.read()
    assert (now.version, now.current, now.fields) == (2, True, {"備考": "あらためた"})
    before, after = filing.read(versions=True)
    assert (before.fields, before.current, after) == (FIELDS, False, now)
    assert before.evaluation.startswith("ev_")
    assert before.evaluation != after.evaluation
    assert filing.read(filing.neighbour) == ()
    with filing.database.read() as connection:
        (written,) = connection.execute(select(tables.version).where(tables.version.c.version == 2))
    assert (written.evaluation, written.caller) == (now.evaluation, CALLER)
    for day in (date(2026, 11, 25), date(2026, 11, 27)):  # before the case began, and to come
        refused(filing, "G0735", lambda d=day: filing.write(closed=d))  # type: ignore[misc]
    other = filing.write(filing.neighbour)
    merge = lambda t: changes.merge(t, filing.vault, filing.neighbour, filing.mother)  # noqa: E731
    filing.do("addressee.merge", (filing.neighbour, filing.mother), merge)
    assert {one.record for one in filing.read(filing.neighbour)} == {first.record, other.record}
    assert filing.write(filing.neighbour, record=first.record, after=2).version == 3
    refused(filing, "G0626", filing.write)
    refused(filing, "G0622", lambda: filing.write("ad_nobody"))


def test_a_permit_is_for_its_file_person_and_affair_and_once(sqlite_database: Database, tmp_path: Path) -> None:
    filing = Filing(sqlite_database, tmp_path).ready()
    record = filing.write().record
    second = filing.register()
    filing.create(second)
    token = filing.office.permit(filing.act("record.write", filing.file, filing.mother), "store")
    refused(filing, "G0601", lambda: filing.write(file=second, token=token))
    refused(filing, "G0601", lambda: filing.write(filing.neighbour, token=token))
    refused(filing, "G0601", lambda: filing.write(record=record, after=1, token=token))
    refused(filing, "G0601", lambda: filing.read(token=token))
    filing.write(token=token)
    assert "P0318" in refused(filing, "G0601", lambda: filing.write(token=token)).text
    act = filing.act("record.write", filing.file, filing.neighbour)  # and what the ticket names, no more
    for work in (
        lambda t: writing.write(t, filing.vault, filing.file, filing.mother, FIELDS),
        lambda t: writing.write(t, filing.vault, second, filing.neighbour, FIELDS),
        lambda t: writing.write(t, filing.vault, filing.file, filing.neighbour, FIELDS, record=record, after=1),
    ):
        refused(filing, "G0611", lambda w=work: filing.by(act, w, "store"))  # type: ignore[misc]
    refused(filing, "G0610", lambda: filing.by(act, lambda t: reading.search(t, filing.vault, filing.mother), "store"))
    number = lambda t: filing.vault.get(t, "number", [])  # noqa: E731
    refused(filing, "G0610", lambda: filing.by(filing.act("record.search", filing.mother), number, "use"))
    seal = lambda t: filing.vault.put(t, [Value("x", CONTENT, b"{}")])  # noqa: E731
    refused(filing, "G0610", lambda: filing.do("addressee.amend", (filing.mother,), seal))


def test_each_affair_reads_its_own_files_and_writes_nothing(sqlite_database: Database, tmp_path: Path) -> None:
    filing = Filing(sqlite_database, tmp_path).ready()
    filing.order(lambda t: organisation.add_duty(t, CITY, MAYOR, SECTION, OTHER, START))
    filing.order(lambda t: handlers.assign(t, filing.hand, MAYOR, SECTION, OTHER, START))
    asked: dict[str, Any] = {"affair": "single-parent-medical"}
    file = filing.register(affair=OTHER)
    filing.create(file, **asked)
    refused(filing, "G0932", lambda: filing.write(**asked))
    theirs, ours = filing.write(file=file, **asked), filing.write()
    assert [one.record for one in filing.read(**asked)] == [theirs.record]
    before = filing.contents()
    assert [one.record for one in filing.read(versions=True)] == [ours.record]
    after = filing.contents()
    assert {name for name in after if before[name] != after[name]} <= LOG | {"permit_redemption"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "G0935"),
        ({"額": 5}, "G0935"),
        ({" ": "x"}, "G0935"),
        ({"名" * 65: "x"}, "G0935"),
        ({"備考": "あ" * 22_000}, "G0935"),
        ({"備考": "番号 １２３４-5678-9012"}, "G0936"),
        ({"123456789012": "x"}, "G0936"),
    ],
)
def test_what_is_no_content_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as raised:
        values.encoded(fields)
    assert raised.value.code == code


def test_refusals_have_pages_that_say_the_same() -> None:
    pages = Path(__file__).parents[3] / "docs" / "ja" / "codes"
    for code, (text, _) in TEXTS.items():
        assert (
            text.split("{")[0].split("（")[0].rstrip("。") in (pages / f"{code}.md").read_text("utf-8").split("\n")[0]
        )


def test_writers_at_once(filing: Filing) -> None:
    """Of several next versions one is written; of several new records all, in one case."""
    record = filing.write().record
    outcomes: list[str] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
            outcomes.append("written")
        except Refusal as refusal:
            outcomes.append(refusal.code)

    following = [lambda n=n: filing.write(fields={"n": str(n)}, record=record, after=1) for n in range(4)]
    threads = [threading.Thread(target=run, args=(work,)) for work in (*following, *[filing.write] * 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["G0938"] * 3 + ["written"] * 4
    assert filing.kept() == (4, 5, 5)
    with filing.database.read() as connection:
        assert len(connection.execute(select(retention.case)).all()) == 1


def ended(filing: Filing, token: str, point: str) -> int:
    """How a process of its own ended that wrote a record: by a signal at the failpoint, or with nothing wrong (0)."""
    filing.database.engine.dispose()  # no connection is inherited
    child = os.fork()
    if not child:
        status = 1
        try:
            failpoints._name, failpoints._left = failpoints._armed(point)
            filing.write(token=token)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_crash_leaves_redemption_and_record_or_neither(filing: Filing) -> None:
    token = filing.office.permit(filing.act("record.write", filing.file, filing.mother), "store")
    before = filing.kept(), filing.kinds()
    for point in ("gate.after-redeem", "gate.before-commit"):
        assert ended(filing, token, point) == -signal.SIGKILL
        assert (filing.kept(), filing.kinds()) == before
    assert ended(filing, token, "gate.after-commit") == -signal.SIGKILL
    assert filing.kept() == (1, 1, 1)
    refused(filing, "G0601", lambda: filing.write(token=token))
    assert len(filing.read()) == 1
    again = filing.office.permit(filing.act("record.write", filing.file, filing.mother), "store")
    assert ended(filing, again, "") == 0
    assert filing.kept() == (2, 2, 2)


# ---- at rest -------------------------------------------------------------------------------------


def test_keys_are_rotated_and_a_version_is_bound_to_its_place(filing: Filing) -> None:
    record = filing.write().record
    filing.write(record=record, fields={"備考": "二つ目"}, after=1)
    list(filing.rotation(batch=2, pause=0).keys())
    query = select(vault_cell).where(vault_cell.c.purpose == CONTENT).order_by(vault_cell.c.record)
    with filing.database.read() as connection:
        cells = connection.execute(query).all()
    assert {cell.key_id // STRIDE for cell in cells} == {2}
    assert [one.version for one in filing.read(versions=True)] == [1, 2]
    old, new = cells
    with filing.database.begin() as connection:  # what was said before, put in the place of what is said now
        moved = {"sealed": old.sealed, "key_id": old.key_id}
        connection.execute(update(vault_cell).where(vault_cell.c.record == new.record).values(moved))
    refused(filing, "G0632", filing.read)
    with filing.database.begin() as connection:  # the record of one person given to another
        connection.execute(update(tables.record).values(person=filing.neighbour))
    refused(filing, "G0632", lambda: filing.read(filing.neighbour))


def test_a_dump_shows_nothing_of_what_was_written(filing: Filing) -> None:
    record = filing.write().record
    filing.write(record=record, fields={"備考": "ひみつの事情の続き"}, after=1)
    filing.read()
    refused(filing, "G0936", lambda: filing.write(fields={"備考": "ひみつの事情 1234 5678 9012"}))
    kept = everything(filing.database) + files(filing.database)
    assert record.encode() in kept
    for text in ("ひみつの事情", "受給資格の認定", "1234 5678 9012"):
        for codec in ("utf-8", "utf-16-le", "utf-16-be", "cp932", "unicode_escape"):
            assert text.encode(codec) not in kept, (text, codec)


def test_the_person_sees_the_acts_with_their_articles(sqlite_database: Database, tmp_path: Path) -> None:
    filing = Filing(sqlite_database, tmp_path).ready()
    filing.write()
    filing.read()
    refused(filing, "G0936", lambda: filing.write(fields={"備考": "1234 5678 9012"}))
    filing.order(traces.gather, "rights.write")
    with filing.database.read() as connection:
        items, _ = View(connection, filing.mother, RuleNames(rule_set())).page()
    refusal, search, writing_, *_ = sorted(items, key=lambda item: (item.sort.value, item.headline))
    assert "「業務の記録の登録」をしようとして、拒まれました" in refusal.headline
    assert {item.headline.partition("「")[2] for item in (search, writing_)} == {
        "業務の記録の検索」をしました",
        "業務の記録の登録」をしました",
    }
    for item in (search, writing_):
        assert item.affair == "子ども医療費の助成に関する事務"
        assert any(base.startswith("石巻市番号利用条例第3条") for base in item.bases)


# ---- retention -----------------------------------------------------------------------------------


def test_erasure_takes_records_whose_cases_are_over_and_may_be_interrupted(filing: Filing) -> None:
    day = filing.clock.now().date()
    over = filing.write(closed=day)
    filing.write(record=over.record, after=1, closed=day, procedure=3)  # of a case with fewer years
    running = filing.write(closed=day)
    filing.write(record=running.record, after=1, procedure=2)  # of a case that is not over
    for _ in range(2):
        filing.write(closed=day)
    held = filing.write(filing.neighbour, closed=day)
    hold = filing.order(lambda t: holds.place(t, filing.neighbour, "開示の請求", "rr_one"))
    assert filing.kept() == (5, 7, 7)
    filing.clock.set(LATER)

    class Stopped(Exception):
        pass

    def stop(point: str) -> None:
        if point == "retention.step" and filing.kept()[0] < 5:
            raise Stopped

    def erasure(**how: Any) -> Erasure:
        return Erasure(filing.gate, filing.database, OPERATOR, limit=2, **how)

    with pytest.raises(Stopped):
        erasure(reached=stop).run(LATER.date())
    records, versions, cells = filing.kept()
    assert records == 3
    assert versions == cells
    made = erasure().run(LATER.date())
    assert {line.kind: line.count for line in made.lines}["file-record"] == 3
    assert filing.kept() == (2, 3, 3)
    with filing.database.read() as connection:
        assert set(connection.scalars(select(tables.record.c.id))) == {running.record, held.record}
        ended = set(connection.scalars(select(retention.case.c.closed)))
    assert ended == {None, day.isoformat()}
    filing.order(lambda t: holds.release(t, hold, "開示した"))
    filing.order(lambda t: cases.open_case(t, filing.mother, CHILD, "1", day))  # another case keeps nothing
    erasure().run(LATER.date())
    assert filing.kept() == (1, 2, 2)
