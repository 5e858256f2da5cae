"""The register's beginning: what organisation.yaml says of assessments, taken over once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from api import ids
from engine.impact_assessment import LEVELS
from linkage.assessments import tables
from linkage.people.keeping import admitted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.rule_set import ImpactAssessment, RuleSet
    from linkage.ticket import Admission, Ticket

#: The agency of an affair that nobody is registered to carry out.
UNKNOWN = "長"


def take_over(ticket: Ticket, rule_set: RuleSet, body: str, agencies: Mapping[str, str]) -> tuple[str, ...]:
    """Take the assessments that the rule set has of a body; `agencies` by affair (people register). Gives the affairs.

    An affair that the register knows already is left as it is. What was entered counts from the days written there, so
    past days are judged alike.
    """
    admission = admitted(ticket)
    taken = []
    for entry in rule_set.bodies[body].assessments:
        known = select(tables.file.c.id).where(tables.file.c.body == body, tables.file.c.affair == entry.affair)
        if admission.connection.scalar(known.limit(1)) is None:
            _take(admission, body, agencies.get(entry.affair, UNKNOWN), entry)
            taken.append(entry.affair)
    return tuple(taken)


def _take(admission: Admission, body: str, agency: str, entry: ImpactAssessment) -> None:
    today = admission.at.date()
    days = [day for day in (entry.published, entry.changed) if day is not None]
    since = min([*days, today]) - timedelta(days=1)
    connection, key = admission.connection, {"body": body, "affair": entry.affair}
    file = ids.new("pf")
    whose = {**key, "agency": agency}
    row = {"id": file, **whose, "name": "登録簿から引き継いだファイル", "entered": since.isoformat()}
    connection.execute(insert(tables.file), [row])
    counted = {"id": ids.new("pc"), "file": file, "on": since.isoformat(), "seq": 1, "persons": entry.persons}
    connection.execute(insert(tables.count), [counted])
    stated = {"id": ids.new("ps"), **key, "on": since.isoformat(), "seq": 1, "own": entry.handlers}
    connection.execute(insert(tables.staff), [stated])
    if entry.incident:
        _incident(admission, whose, today)
    if entry.changed is not None:
        change = {"id": ids.new("pg"), **key, "on": entry.changed.isoformat(), "kind": "scope-of-persons"}
        connection.execute(insert(tables.change), [{**change, "important": True, "note": "登録簿から引き継いだ変更"}])
    if entry.published is not None and entry.level != LEVELS[0]:
        _published(admission, whose, entry, entry.published)


def _incident(admission: Admission, whose: dict[str, str], today: date) -> None:
    row = {
        "id": ids.new("pi"),
        "body": whose["body"],
        "agency": whose["agency"],
        "occurred": today.isoformat(),
        "known": today.isoformat(),
        "persons": 0,
        "intentional": False,
        "serious": True,
        "note": "登録簿から引き継いだ重大事故（日は引き継いだ日）",
    }
    admission.connection.execute(insert(tables.incident), [row])


def _published(admission: Admission, whose: dict[str, str], entry: ImpactAssessment, published: date) -> None:
    day = published.isoformat()
    row = {
        "id": ids.new("pa"),
        **whose,
        "level": entry.level,
        "persons": entry.persons,
        "handlers": entry.handlers,
        "incident": entry.incident,
        "drafted": day,
        "submitted": day,
        "basic": day,
        "published": day,
    }
    admission.connection.execute(insert(tables.assessment), [row])
