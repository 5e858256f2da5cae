"""Entries of the register: files and their counts, staff, incidents, changes, emergencies.

What may take something away makes permits stale in the same transaction (`state_epoch`).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from api import ids
from linkage.assessments import tables
from linkage.assessments.measures import measures
from linkage.assessments.refusals import AssessmentRefused
from linkage.assessments.standing import HOLDS, standing
from linkage.people.keeping import admitted, make_stale, worded

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Table

    from linkage.ticket import Admission, Ticket


def add_file(ticket: Ticket, body: str, agency: str, affair: str, name: str, *, exemption: str | None = None) -> str:
    """Enter a file that is to be held from now on, with the item of 規則4条 that exempts it where one does.

    Raises:
        AssessmentRefused: G0708 no such exemption, or none that a municipality can rely on.
    """
    admission = admitted(ticket)
    worded(機関=agency, 事務=affair, ファイルの名称=name)
    if exemption is not None and measures().exemption(exemption) is None:
        raise AssessmentRefused("G0708", what=f"評価を要しない理由 {exemption}")
    id_, before = ids.new("pf"), _good(admission, body, affair)
    values = {
        "id": id_,
        "body": body,
        "agency": agency,
        "affair": affair,
        "name": name,
        "exemption": exemption,
        "entered": admission.at.date().isoformat(),
    }
    admission.connection.execute(insert(tables.file), [values])
    _felt(admission, body, affair, before)
    return id_


def end_file(ticket: Ticket, id_: str) -> None:
    """The file is held no more after today; its persons count no longer.

    Raises:
        AssessmentRefused: G0704.
    """
    admission = admitted(ticket)
    row = _row(admission, tables.file, id_)
    before = _good(admission, row["body"], row["affair"])
    last = admission.at.date().isoformat()
    admission.connection.execute(update(tables.file).where(tables.file.c.id == id_).values(last=last))
    _felt(admission, row["body"], row["affair"], before)


def count_persons(ticket: Ticket, file: str, persons: int, on: date) -> None:
    """Enter 対象人数 of a file as of a day: all persons in it. The level may rise by it.

    Raises:
        AssessmentRefused: G0704, G0707 a day to come, G0708 fewer than none.
    """
    admission = admitted(ticket)
    row = _row(admission, tables.file, file)
    _past(admission, on)
    if persons < 0:
        raise AssessmentRefused("G0708", what="対象人数")
    before = _good(admission, row["body"], row["affair"])
    seq = _next(admission, tables.count, tables.count.c.file == file)
    values = {"id": ids.new("pc"), "file": file, "on": on.isoformat(), "seq": seq, "persons": persons}
    admission.connection.execute(insert(tables.count), [values])
    _felt(admission, row["body"], row["affair"], before)


def state_staff(ticket: Ticket, body: str, affair: str, own: int, on: date) -> None:
    """Enter how many of the body's own staff handle the affair's files, as of a day.

    Raises:
        AssessmentRefused: G0707, G0708.
    """
    admission = admitted(ticket)
    _past(admission, on)
    if own < 0:
        raise AssessmentRefused("G0708", what="取扱者数")
    before = _good(admission, body, affair)
    seq = _next(admission, tables.staff, tables.staff.c.affair == affair)
    values = {"id": ids.new("ps"), "body": body, "affair": affair, "on": on.isoformat(), "seq": seq, "own": own}
    admission.connection.execute(insert(tables.staff), [values])
    _felt(admission, body, affair, before)


def report_incident(
    ticket: Ticket, body: str, agency: str, occurred: date, known: date, persons: int, note: str, *, intentional: bool
) -> bool:
    """Enter an incident of an agency; gives whether it is serious. It may raise the level of every affair of the agency.

    Raises:
        AssessmentRefused: G0707 known before it occurred, or a day to come; G0708.
    """
    admission = admitted(ticket)
    worded(機関=agency, 概要=note)
    _past(admission, known)
    if known < occurred or persons < 0:
        raise AssessmentRefused("G0707")
    serious = measures().serious.met(persons, intentional=intentional)
    values = {
        "id": ids.new("pi"),
        "body": body,
        "agency": agency,
        "occurred": occurred.isoformat(),
        "known": known.isoformat(),
        "persons": persons,
        "intentional": intentional,
        "serious": serious,
        "note": note,
    }
    admission.connection.execute(insert(tables.incident), [values])
    if serious:
        make_stale(admission, body, "特定個人情報に関する重大事故")
    return serious


def plan_change(ticket: Ticket, body: str, affair: str, on: date, kind: str, note: str) -> str:
    """Enter a change that takes effect on a day; gives its id. An important one is assessed before it (番号法28条1項).

    Raises:
        AssessmentRefused: G0704 no such kind.
    """
    admission = admitted(ticket)
    worded(事務=affair, 概要=note)
    known = measures().change(kind)
    if known is None:
        raise AssessmentRefused("G0704", what=kind)
    id_ = ids.new("pg")
    values = {
        "id": id_,
        "body": body,
        "affair": affair,
        "on": on.isoformat(),
        "kind": kind,
        "important": known.important,
        "note": note,
    }
    admission.connection.execute(insert(tables.change), [values])
    if known.important and on <= admission.at.date():
        make_stale(admission, body, "特定個人情報ファイルの重要な変更")
    return id_


def hold_at_once(ticket: Ticket, body: str, affair: str, reason: str) -> date:
    """規則9条2項: hold a file at once because of a disaster; gives the last day by which the assessment must be made.

    Raises:
        PeopleRefused: G0716, G0717.
    """
    admission = admitted(ticket)
    worded(事務=affair, やむを得ない事由=reason)
    first = admission.at.date()
    last = first + timedelta(days=measures().emergency.days)
    values = {
        "id": ids.new("pe"),
        "body": body,
        "affair": affair,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "reason": reason,
    }
    admission.connection.execute(insert(tables.emergency), [values])
    return last


def _next(admission: Admission, table: Table, whose: ColumnElement[bool]) -> int:
    return (admission.connection.scalar(select(func.max(table.c.seq)).where(whose)) or 0) + 1


def _past(admission: Admission, on: date) -> None:
    if on > admission.at.date():
        raise AssessmentRefused("G0707")


def _row(admission: Admission, table: Table, id_: str) -> dict[str, str]:
    row = admission.connection.execute(select(table).where(table.c.id == id_)).mappings().first()
    if row is None:
        raise AssessmentRefused("G0704", what=id_)
    return dict(row)


def _good(admission: Admission, body: str, affair: str) -> bool:
    found = standing(admission.connection, body, affair, admission.at.date())
    return found is not None and found.state in HOLDS


def _felt(admission: Admission, body: str, affair: str, before: bool) -> None:
    """Permits go stale when the entry took away what was in order."""
    if before and not _good(admission, body, affair):
        make_stale(admission, body, "保護評価の必要な水準の上昇")
