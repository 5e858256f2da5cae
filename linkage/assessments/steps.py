"""The steps of an assessment, each on its day and in its order: drafted, (comment, review,) submitted, published.

Of a local body the 全項目評価 asks for 公示 and 意見の求め (規則7条1項), 意見の考慮と見直し and 第三者点検 (4項), then
提出 (5項) and 公表 (6項); the others for 提出 and 公表 (5条・6条). Every level has its 基礎項目評価書 published too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping, insert, select, update

from api import ids
from engine.impact_assessment import LEVELS
from linkage.assessments import tables
from linkage.assessments.figures import figures, files
from linkage.assessments.measures import measures
from linkage.assessments.refusals import AssessmentRefused
from linkage.people.keeping import admitted, make_stale, worded

if TYPE_CHECKING:
    from linkage.ticket import Admission, Ticket

FULL = LEVELS[-1]


def draft(
    ticket: Ticket, body: str, agency: str, affair: str, level: str, on: date, *, changes: Sequence[str] = ()
) -> str:
    """Begin an assessment with the figures of the day; `changes`: important ones that it is made for. Gives its id.

    Raises:
        AssessmentRefused: G0704 no such change, G0707 a day to come, G0708 no such level, no file, or persons not counted.
    """
    admission = admitted(ticket)
    worded(機関=agency, 事務=affair)
    if on > admission.at.date():
        raise AssessmentRefused("G0707")
    if level not in LEVELS[1:]:
        raise AssessmentRefused("G0708", what=f"水準 {level}")
    numbers = figures(admission.connection, body, agency, affair, on)
    if numbers.persons is None or not files(admission.connection, body, affair, on):
        raise AssessmentRefused("G0708", what="ファイルと対象人数")
    _known_changes(admission, body, affair, changes)
    id_ = ids.new("pa")
    values = {
        "id": id_,
        "body": body,
        "agency": agency,
        "affair": affair,
        "level": level,
        "persons": numbers.persons,
        "handlers": numbers.handlers,
        "incident": numbers.incident,
        "drafted": on.isoformat(),
    }
    admission.connection.execute(insert(tables.assessment), [values])
    if changes:
        rows = [{"assessment": id_, "change": change} for change in dict.fromkeys(changes)]
        admission.connection.execute(insert(tables.covered), rows)
    return id_


def open_for_comment(ticket: Ticket, id_: str, first: date, last: date) -> None:
    """公示: the assessment is open for comment from a day to a day, both included.

    Raises:
        AssessmentRefused: G0705–G0707, G0709.
    """
    admission, row = _at(ticket, id_)
    _after(admission, row, "drafted", first)
    days = measures().full.comment_days
    if (last - first).days + 1 < days:
        raise AssessmentRefused("G0706", days=str(days))
    _note(admission, id_, comment_from=first, comment_until=last)


def consider(ticket: Ticket, id_: str, on: date) -> None:
    """意見を十分考慮した上での見直し, after the time for comment.

    Raises:
        AssessmentRefused: G0705, G0707, G0709.
    """
    admission, row = _at(ticket, id_)
    _need(row, "comment_until", "公示して住民その他の者の意見を求めること", "規則第7条第1項")
    if on <= date.fromisoformat(row["comment_until"]):
        raise AssessmentRefused("G0707")
    _after(admission, row, "comment_from", on)
    _note(admission, id_, considered=on)


def review(ticket: Ticket, id_: str, on: date, reviewer: str) -> None:
    """第三者点検: the opinion of a council or of a person of learning and experience who is no staff of the body.

    Raises:
        AssessmentRefused: G0705, G0707, G0709.
    """
    admission, row = _at(ticket, id_)
    worded(点検した者=reviewer)
    _need(row, "considered", "得られた意見の考慮と見直し", "規則第7条第4項")
    _after(admission, row, "considered", on)
    _note(admission, id_, reviewed=on, reviewer=reviewer)


def submit(ticket: Ticket, id_: str, on: date) -> None:
    """委員会への提出.

    Raises:
        AssessmentRefused: G0705, G0707, G0709.
    """
    admission, row = _at(ticket, id_)
    if row["level"] == FULL:
        _need(row, "reviewed", "第三者点検", "規則第7条第4項・第5項")
    _after(admission, row, "reviewed" if row["level"] == FULL else "drafted", on)
    _note(admission, id_, submitted=on)


def publish(ticket: Ticket, id_: str, on: date, *, basic: date | None = None) -> None:
    """公表. `basic`: the day on which its 基礎項目評価書 was published, of an assessment beyond 基礎.

    Raises:
        AssessmentRefused: G0705, G0707, G0708, G0709.
    """
    admission, row = _at(ticket, id_)
    _need(row, "submitted", "委員会への提出", "規則第5条・第6条・第7条第5項")
    _after(admission, row, "submitted", on)
    if row["level"] == LEVELS[1]:
        basic = on
    if basic is None or basic > on:
        raise AssessmentRefused("G0708", what="基礎項目評価書の公表日")
    _note(admission, id_, published=on, basic=basic)


def withdraw(ticket: Ticket, id_: str, why: str) -> int:
    """取下げ, from today. Permits issued before are stale; gives the new epoch.

    Raises:
        AssessmentRefused: G0704, G0709.
    """
    admission, row = _at(ticket, id_)
    worded(理由=why)
    table, today = tables.assessment, admission.at.date().isoformat()
    ended = {"withdrawn": today, "why_withdrawn": why}
    admission.connection.execute(update(table).where(table.c.id == id_).values(ended))
    return make_stale(admission, str(row["body"]), "保護評価の評価書の取下げ")


def _known_changes(admission: Admission, body: str, affair: str, changes: Sequence[str]) -> None:
    table = tables.change
    query = select(table.c.id).where(table.c.body == body, table.c.affair == affair, table.c.id.in_(list(changes)))
    found = set(admission.connection.scalars(query)) if changes else set()
    for change in changes:
        if change not in found:
            raise AssessmentRefused("G0704", what=change)


def _at(ticket: Ticket, id_: str) -> tuple[Admission, RowMapping]:
    admission = admitted(ticket)
    query = select(tables.assessment).where(tables.assessment.c.id == id_).with_for_update()
    row = admission.connection.execute(query).mappings().first()
    if row is None:
        raise AssessmentRefused("G0704", what=id_)
    if row["withdrawn"] is not None:
        raise AssessmentRefused("G0709")
    return admission, row


def _need(row: RowMapping, step: str, before: str, article: str) -> None:
    if row[step] is None:
        raise AssessmentRefused("G0705", before=before, article=article)


def _after(admission: Admission, row: RowMapping, step: str, on: date) -> None:
    if on < date.fromisoformat(row[step]) or on > admission.at.date():
        raise AssessmentRefused("G0707")


def _note(admission: Admission, id_: str, **days: date | str) -> None:
    table = tables.assessment
    values = {name: day.isoformat() if isinstance(day, date) else day for name, day in days.items()}
    admission.connection.execute(update(table).where(table.c.id == id_).values(values))
