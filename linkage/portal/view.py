"""What a person sees: provision records, uses and refusals as one list, in the words of then.

Records under non-disclosure (個人情報保護法78条1項, 番号法23条2項) are in the log, and not here: neither listed nor counted,
nor found by their id, since that they exist may be what must not be known. A stop of provision is no such ground.
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, select

from api.clock import from_ms
from api.decision_log.bodies import Recorded, entry_of
from linkage.acts import ACTS
from linkage.addressee.people import handles_of
from linkage.portal import traces
from linkage.records import ProvisionFacts, ProvisionRecord, Side, of_person
from linkage.rights.grounds import is_stop
from linkage.rights.reading import Annotation, annotations_of
from linkage.storage.tables import provision_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linkage.portal.words import Names

PAGE = 50
#: How many times a page's worth is read of each kind, so that what happened in one moment stays on one page.
_TIMES = 4


class Sort(enum.StrEnum):
    """What an entry is, to the person."""

    INQUIRED = "inquired"
    RECEIVED = "received"
    PROVIDED = "provided"
    USED = "used"
    REFUSED = "refused"

    @property
    def japanese(self) -> str:
        """As people read it."""
        return {
            Sort.INQUIRED: "照会した",
            Sort.RECEIVED: "受け取った",
            Sort.PROVIDED: "提供した",
            Sort.USED: "利用した",
            Sort.REFUSED: "拒まれた",
        }[self]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened with a person's information."""

    id: str
    sort: Sort
    at: datetime
    headline: str
    who: str
    whom: str | None = None
    affair: str | None = None
    procedure: str | None = None
    items: tuple[str, ...] = ()
    requested: datetime | None = None
    provided: datetime | None = None
    refusal: str | None = None
    bases: tuple[str, ...] = ()
    serial: str | None = None
    codes: tuple[tuple[str, str], ...] = ()
    retain_until: date | None = None
    annotations: tuple[Annotation, ...] = ()
    statutory: bool = False  # a record of 番号法23条


class View:
    """Reads the entries about a person."""

    def __init__(self, connection: Connection, person: str, names: Names) -> None:
        self._connection, self._names = connection, names
        self.handles = handles_of(connection, person)

    def page(self, before: datetime | None = None, limit: int = PAGE) -> tuple[tuple[Item, ...], datetime | None]:
        """The newest entries before a moment, and where the next page begins; None after the last."""
        items = [*self._of_records(before, limit * _TIMES), *self._of_traces(before, limit * _TIMES)]
        items.sort(key=lambda one: (one.at, one.id), reverse=True)
        if len(items) <= limit:
            return self._annotated(items), None
        last = items[limit - 1].at  # what happened in the same moment stays on the same page
        page = [one for one in items if one.at >= last]
        return self._annotated(page), last if len(page) < len(items) else None

    def one(self, id_: str) -> tuple[Item, Recorded] | None:
        """An entry of the person with its place in the log; None when it is not the person's, or withheld."""
        entry = entry_of(self._connection, id_)
        if entry is None:
            return None
        if entry.kind == "provision":
            record = self._record(id_)
            found = None if record is None else self._of_record(record)
        elif entry.kind in traces.KINDS and traces.is_of_person(self._connection, self.handles, entry.index):
            found = self._of_trace(entry)
        else:
            found = None
        return None if found is None else (self._annotated([found])[0], entry)

    def _record(self, id_: str) -> ProvisionRecord | None:
        table = provision_record.c
        query = select(table.body).where(table.id == id_, table.person.in_(self.handles))
        body = self._connection.scalar(query)
        record = None if body is None else msgspec.json.decode(body, type=ProvisionRecord)
        return record if record is not None and _open(record) else None

    def _of_records(self, before: datetime | None, limit: int) -> list[Item]:
        found = [
            record
            for handle in self.handles
            for record in of_person(self._connection, handle, withheld=True, before=before, limit=limit)
        ]
        return [self._of_record(one) for one in found if _open(one)]

    def _of_traces(self, before: datetime | None, limit: int) -> list[Item]:
        entries = traces.of_person(self._connection, self.handles, before=before, limit=limit)
        return [item for entry in entries if (item := self._of_trace(entry)) is not None]

    def _of_record(self, record: ProvisionRecord) -> Item:
        facts = record.facts
        sort = _sort(facts)
        names = "、".join(dict.fromkeys(one.name for one in facts.items))
        return Item(
            id=record.id,
            sort=sort,
            at=record.recorded,
            headline=_headline(sort, facts.inquirer.name, facts.provider.name, names),
            who=_office(facts.inquirer.name, facts.inquirer.section),
            whom=_office(facts.provider.name, facts.provider.section),
            affair=facts.affair.name,
            procedure=facts.procedure.name,
            items=tuple(dict.fromkeys(one.name for one in facts.items)),
            requested=facts.requested,
            provided=facts.provided,
            refusal=facts.refusal,
            bases=_act_first(record.bases),
            serial=facts.serial,
            codes=(
                ("事務コード", facts.affair.code),
                ("事務手続コード", facts.procedure.code),
                ("照会した機関のコード", facts.inquirer.code),
                ("提供した機関のコード", facts.provider.code),
            ),
            retain_until=record.retain_until,
            statutory=True,
        )

    def _of_trace(self, entry: Recorded) -> Item | None:
        body = traces.decoded(entry.body)
        if not body or body.get("records"):
            return None
        refused = entry.kind == "refused-act"
        name = body["act"]["name"]
        what = ACTS[name].japanese if name in ACTS else "登録されていない操作"
        who, affair = self._asker(body)
        return Item(
            id=entry.id,
            sort=Sort.REFUSED if refused else Sort.USED,
            at=from_ms(entry.at_ms),
            headline=f"{who}が「{what}」をしようとして、拒まれました" if refused else f"{who}が「{what}」をしました",
            who=who,
            affair=affair,
            refusal=body["reason"] if refused else None,
            bases=_act_first(body.get("citations", ())),
            codes=(("操作の名前", name), *((("拒んだ理由の番号", body["code"]),) if refused else ())),
        )

    def _asker(self, body: dict[str, Any]) -> tuple[str, str | None]:
        """Who did it, and for which affair, from the decision it rests on."""
        decision = entry_of(self._connection, body.get("evaluation") or "")
        said = traces.decoded(None if decision is None else decision.body)
        request, caller = said.get("request", {}), said.get("caller", {})
        system = self._names.caller(body["caller"])
        agency = request.get("agency") or caller.get("agency")
        place = _place(request.get("municipality"), agency, caller.get("section"))
        affair = request.get("affair")
        on = date.fromisoformat(request.get("on") or body["at"][:10])
        named = self._names.affair(request.get("municipality"), affair, on) if affair else None
        return f"{place}（{system}）" if place else system, named

    def _annotated(self, items: list[Item]) -> tuple[Item, ...]:
        notes = annotations_of(self._connection, [one.id for one in items])
        return tuple(msgspec.structs.replace(one, annotations=tuple(notes.get(one.id, ()))) for one in items)


def _open(record: ProvisionRecord) -> bool:
    """Whether the person may know of a record."""
    return record.facts.non_disclosure is None or is_stop(record.facts.non_disclosure)


def _place(municipality: str | None, agency: str | None, section: str | None) -> str:
    """Whose section it is.

    Examples:
        >>> _place("石巻市", "市長", "市民課"), _place("石巻市", "教育委員会", None)
        ('石巻市長市民課', '石巻市教育委員会')
    """
    body, head = municipality or "", agency or ""
    if body and head.startswith(body[-1]):
        head = head[1:]
    return f"{body}{head}{section or ''}"


def _act_first(bases: Iterable[str]) -> tuple[str, ...]:
    """The Act before ordinances and rules."""
    return tuple(sorted(bases, key=lambda base: not base.startswith("番号法")))


def _office(name: str, section: str | None) -> str:
    return f"{name}（{section}）" if section else name


def _sort(facts: ProvisionFacts) -> Sort:
    if facts.refusal:
        return Sort.REFUSED
    if facts.side is Side.PROVIDER:
        return Sort.PROVIDED
    return Sort.INQUIRED if facts.provided is None else Sort.RECEIVED


def _headline(sort: Sort, inquirer: str, provider: str, names: str) -> str:
    match sort:
        case Sort.REFUSED:
            return f"{inquirer}が{provider}に「{names}」を求め、提供されませんでした"
        case Sort.INQUIRED:
            return f"{inquirer}が{provider}に「{names}」を照会しました"
        case Sort.RECEIVED:
            return f"{inquirer}が{provider}から「{names}」の提供を受けました"
        case _:
            return f"{provider}が{inquirer}に「{names}」を提供しました"
