"""The course of a request, step by step: received, more asked, decided, carried out. Each step needs a live ticket."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import func, insert, select, update

from api import ids
from api.clock import to_ms
from dsl.masking import twelve_digits
from linkage.records import ProvisionRecord, Side, of_person
from linkage.rights import tables
from linkage.rights.grounds import is_stop
from linkage.rights.limits import Course, Pause, base, limits, refusal_articles, rule
from linkage.rights.reading import application_of, bars_of, course_of, row_of
from linkage.rights.refusals import RightsRefused
from linkage.rights.values import Application, By, Kind, Outcome, State, Subject
from linkage.ticket import admit

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from linkage.ticket import Admission, Ticket

_W = "rights.write"
#: Of a stop of provision: the section that holds the copies stops them, by a permit.
STOPPING = (_W, "copy.correct")
#: How many records of a person are looked through for those who were provided.
_RECORDS = 10_000


def receive(ticket: Ticket, request: str, application: Application) -> str:
    """Keep a request under a fresh id (rq_…), and give it. What bars it is told to the person, not refused here.

    Raises:
        RightsRefused: M0103 something is missing; M0104 twelve digits; M0105 the representative; M0113 the record.
    """
    here = admit(ticket, _W)
    _checked(application)
    if application.record is not None:
        _of_person(here, application)
    today = here.at.date()
    here.connection.execute(
        insert(tables.request).values(
            id=request,
            person=application.person,
            kind=application.kind.value,
            subject=application.subject.value,
            application=msgspec.json.encode(application),
            course=msgspec.json.encode(Course(today)),
            received=today.isoformat(),
            state=State.RECEIVED.value,
        )
    )
    _step(ticket, request, "受付", f"{application.route}で受け付けた。")
    return request


def ask(ticket: Ticket, request: str, what: str) -> None:
    """補正を求める: from today the clock stands.

    Raises:
        RightsRefused: M0101, M0102, M0104.
    """
    here = admit(ticket, _W)
    row = _at(here, request, State.RECEIVED)
    _fit(what)
    course = course_of(row)
    course = msgspec.structs.replace(course, pauses=(*course.pauses, Pause(here.at.date())))
    _put(here, request, state=State.CORRECTING, course=course)
    _step(ticket, request, "補正の求め", f"{what}（{rule(Kind(row['kind'])).correction.article}）")


def complete(ticket: Ticket, request: str, what: str) -> None:
    """補正された: the clock goes on from today.

    Raises:
        RightsRefused: M0101, M0102, M0104.
    """
    here = admit(ticket, _W)
    row = _at(here, request, State.CORRECTING)
    _fit(what)
    course = course_of(row)
    *earlier, last = course.pauses
    pauses = (*earlier, Pause(last.asked, here.at.date()))
    _put(here, request, state=State.RECEIVED, course=msgspec.structs.replace(course, pauses=pauses))
    _step(ticket, request, "補正", what)


def extend(ticket: Ticket, request: str, days: int, reason: str) -> None:
    """期限の延長, told to the person with its reason.

    Raises:
        RightsRefused: M0106 too long, without reason, told too late, or the second one; M0101, M0102, M0104.
    """
    here = admit(ticket, _W)
    row = _at(here, request, State.RECEIVED)
    _fit(reason)
    course, kind, today = course_of(row), Kind(row["kind"]), here.at.date()
    says, last = rule(kind).extend, base(course, kind, today)
    if not 0 < days <= says.days or not reason.strip() or today > last or course.extended or course.special:
        raise RightsRefused("M0106", days=str(says.days), last=last.isoformat(), article=says.article)
    _put(here, request, course=msgspec.structs.replace(course, extended=days))
    _step(ticket, request, "期限の延長", f"{days}日延長した。理由: {reason}（{says.article}）")


def take_longer(ticket: Ticket, request: str, until: date, reason: str) -> None:
    """期限の特例: the rest is decided until a day that is told to the person with the reason.

    Raises:
        RightsRefused: M0107 without reason, told too late, no later day, or the second time; M0101, M0102, M0104.
    """
    here = admit(ticket, _W)
    row = _at(here, request, State.RECEIVED)
    _fit(reason)
    course, kind, today = course_of(row), Kind(row["kind"]), here.at.date()
    says, last = rule(kind).special, base(course, kind, today)
    if not reason.strip() or today > last or until <= last or course.special:
        raise RightsRefused("M0107", last=last.isoformat(), article=says.article)
    _put(here, request, course=msgspec.structs.replace(course, special=until))
    _step(ticket, request, "期限の特例", f"{until.isoformat()}までに決定する。理由: {reason}（{says.article}）")


def decide_part(ticket: Ticket, request: str, what: str) -> None:
    """相当の部分の決定, while the rest takes its longer time.

    Raises:
        RightsRefused: M0107 no longer time was told, it asks for no part, or the part is decided; M0101, M0102, M0104.
    """
    here = admit(ticket, _W)
    row = _at(here, request, State.RECEIVED)
    _fit(what)
    course, kind, today = course_of(row), Kind(row["kind"]), here.at.date()
    says = rule(kind).special
    if course.special is None or says.part_days is None or course.part_decided is not None or not what.strip():
        raise RightsRefused("M0107", last=base(course, kind, today).isoformat(), article=says.article)
    _put(here, request, course=msgspec.structs.replace(course, part_decided=today))
    _step(ticket, request, "相当の部分の決定", f"{what}（{says.article}）")


def decide(ticket: Ticket, request: str, outcome: Outcome, reason: str = "", article: str | None = None) -> None:
    """Decide. What is not granted in full needs a reason and an article of the register.

    Raises:
        RightsRefused: M0108 the law leaves no way to grant it; M0109 reason or article; M0101, M0102, M0104.
    """
    here = admit(ticket, _W)
    row = _at(here, request, State.RECEIVED)
    _fit(reason)
    application, kind = application_of(row), Kind(row["kind"])
    bars = bars_of(here.connection, application, date.fromisoformat(row["received"]))
    if outcome is not Outcome.REFUSED and bars:
        raise RightsRefused("M0108", article=bars[0].article, text=bars[0].text)
    articles = refusal_articles(kind, application.subject is Subject.RECORDS)
    if outcome is not Outcome.GRANTED and (not reason.strip() or article not in articles):
        raise RightsRefused("M0109", articles="、".join(articles))
    article = article if outcome is not Outcome.GRANTED else rule(kind).carry_out.article
    day = here.at.date().isoformat()
    _put(here, request, state=State.DECIDED, outcome=outcome.value, article=article, explanation=reason, decided=day)
    _step(ticket, request, "決定", f"{rule(kind).name}の請求: {outcome.japanese}。{reason}（{article}）")


def carry_out(ticket: Ticket, request: str, what: str) -> int:
    """Note that what was decided is done; after a correction, gives how many have to be told.

    Raises:
        RightsRefused: M0110 a stop of provision is carried out by `stop.stop_provision`; M0101, M0102, M0104.
    """
    here = admit(ticket, _W)
    row = _granted(here, request)
    _fit(what)
    if Kind(row["kind"]) is Kind.STOP_OF_PROVISION:
        raise RightsRefused("M0110")
    _put(here, request, state=State.CARRIED_OUT, carried_out=here.at.date().isoformat())
    _step(ticket, request, "実施", what)
    if Kind(row["kind"]) is not Kind.CORRECTION:
        return 0
    return _tell(here, row, what)


def withdraw(ticket: Ticket, request: str, person: str) -> None:
    """取下げ by the person.

    Raises:
        RightsRefused: M0101 no such request of this person; M0102.
    """
    here = admit(ticket, _W)
    row = _at(here, request, State.RECEIVED, State.CORRECTING)
    if row["person"] != person:
        raise RightsRefused("M0101", 404)
    course = course_of(row)
    pauses = tuple(Pause(one.asked, one.answered or here.at.date()) for one in course.pauses)
    _put(here, request, state=State.WITHDRAWN, course=msgspec.structs.replace(course, pauses=pauses))
    _step(ticket, request, "取下げ", "本人が取り下げた。")


def notified(ticket: Ticket, notice: str) -> None:
    """Note that a recipient was told.

    Raises:
        RightsRefused: M0112.
    """
    here = admit(ticket, _W)
    table = tables.notice
    row = here.connection.execute(select(table).where(table.c.id == notice).with_for_update()).one_or_none()
    if row is None or row.sent_ms is not None:
        raise RightsRefused("M0112", 404 if row is None else 409)
    here.connection.execute(update(table).where(table.c.id == notice).values(sent_ms=to_ms(here.at)))
    _step(ticket, row.request, "提供先への通知", f"{row.recipient}に通知した（{row.article}）。")


def stopped(ticket: Ticket, request: str, what: str) -> str:
    """Note that a stop of provision is done, by the act that did it; gives the person.

    Raises:
        RightsRefused: M0111 another kind of request; M0101, M0102.
    """
    here = admit(ticket, *STOPPING)
    row = _granted(here, request)
    if Kind(row["kind"]) is not Kind.STOP_OF_PROVISION:
        raise RightsRefused("M0111")
    _put(here, request, state=State.CARRIED_OUT, carried_out=here.at.date().isoformat())
    _step(ticket, request, "実施", what)
    return str(row["person"])


def _granted(here: Admission, request: str) -> RowMapping:
    """A decided request with something to carry out."""
    row = _at(here, request, State.DECIDED)
    if row["outcome"] == Outcome.REFUSED.value:
        raise RightsRefused("M0102", state="応じない決定")
    return row


def _at(here: Admission, request: str, *states: State) -> RowMapping:
    """The request, held, in one of the states."""
    row = row_of(here.connection, request, lock=True)
    state = State(row["state"])
    if state not in states:
        raise RightsRefused("M0102", state=state.japanese)
    return row


def _put(
    here: Admission, request: str, *, state: State | None = None, course: Course | None = None, **to: str | None
) -> None:
    values: dict[str, object] = dict(to)
    if state is not None:
        values["state"] = state.value
    if course is not None:
        values["course"] = msgspec.json.encode(course)
    here.connection.execute(update(tables.request).where(tables.request.c.id == request).values(values))


def _step(ticket: Ticket, request: str, name: str, text: str) -> None:
    here = admit(ticket, *STOPPING)
    table = tables.step
    seq = here.connection.scalar(select(func.count()).select_from(table).where(table.c.request == request)) or 0
    row = {"request": request, "seq": seq, "at_ms": to_ms(here.at), "step": name, "by": here.caller, "text": text}
    here.connection.execute(insert(table), [row | {"evaluation": here.evaluation}])


def _checked(application: Application) -> None:
    """Refuse what lacks something the law wants in the writing."""
    says, documents = rule(application.kind), limits().evidence
    texts = (application.target, application.reason, application.representative or "", application.section or "")
    for text in texts:
        _fit(text)
    missing = [] if application.target.strip() else ["対象"]
    if not says.fee and not application.reason.strip():
        missing.append("趣旨及び理由")
    if application.identity not in documents.own:
        missing.append("本人確認書類")
    if missing:
        raise RightsRefused("M0103", 400, what="・".join(missing))
    if application.by is By.SELF:
        return
    known = documents.statutory if application.by is By.STATUTORY else documents.voluntary
    if application.authority not in known or not (application.representative or "").strip():
        raise RightsRefused("M0105", 400, documents="・".join(known))


def _fit(text: str) -> None:
    if twelve_digits(text):
        raise RightsRefused("M0104", 400)


def _of_person(here: Admission, application: Application) -> ProvisionRecord:
    """The record that a request is about."""
    for record in of_person(here.connection, application.person, withheld=True, limit=_RECORDS):
        ground = record.facts.non_disclosure
        if record.id == application.record and (ground is None or is_stop(ground)):
            return record
    raise RightsRefused("M0113", 404)


def _tell(here: Admission, row: RowMapping, what: str) -> int:
    """Keep a notice for each who was provided (個人情報保護法97条), and note at the record what was not right."""
    application, says = application_of(row), rule(Kind(row["kind"])).notice
    if says is None:
        return 0
    records = application.subject is Subject.RECORDS
    recipients = _recorded(here, application) if records else _provided(here, application.person)
    article = says.of_records if records else says.article
    rows = [
        {
            "id": ids.new("rn"),
            "request": row["id"],
            "recipient": name,
            "code": code,
            "article": article,
            "records": count,
            "made_ms": to_ms(here.at),
        }
        for (name, code), count in sorted(recipients.items())
    ]
    if rows:
        here.connection.execute(insert(tables.notice), rows)
    if application.record is not None:
        note = {"record": application.record, "request": row["id"], "text": what, "day": here.at.date().isoformat()}
        here.connection.execute(insert(tables.annotation), [note])
    return len(rows)


def _provided(here: Admission, person: str) -> dict[tuple[str, str], int]:
    """Who was provided with information of the person by this body, and how often."""
    found: dict[tuple[str, str], int] = {}
    for record in of_person(here.connection, person, withheld=True, limit=_RECORDS):
        facts = record.facts
        if facts.side is Side.PROVIDER and facts.provided is not None:
            key = (facts.inquirer.name, facts.inquirer.code)
            found[key] = found.get(key, 0) + 1
    return found


def _recorded(here: Admission, application: Application) -> dict[tuple[str, str], int]:
    """Who else keeps the record: the Prime Minister, and the other side of it."""
    found = {("内閣総理大臣（デジタル庁）", ""): 1}
    if application.record is not None:
        facts = _of_person(here, application).facts
        other = facts.inquirer if facts.side is Side.PROVIDER else facts.provider
        found[other.name, other.code] = 1
    return found
