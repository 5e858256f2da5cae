"""The roadmap as dated events: gates of the nation, the instruments of one body, and what each affair may do when.

Everything is read from the rule set: no day stands here. Days that a plan expects are marked as such, and what rests
on an assumption names it.
"""

from __future__ import annotations

import enum
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from engine.period import Period
from engine.region import joined
from engine.rule_set import Action, Holding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from engine.rule_set import Affair, Assumption, Body, Citation, Grant, Part, RuleSet

_ONE_DAY = timedelta(days=1)


class Lane(enum.StrEnum):
    """Where an event stands."""

    NATION = "国の制度"
    INSTRUMENTS = "条例・規則"
    AFFAIRS = "事務"


class Kind(enum.StrEnum):
    """What happens on the day."""

    GATE = "制度の節目"
    EDITION = "法令の条文"
    RENUMBERED = "条項の移動"
    FORCE = "施行"
    END = "末日"
    FIRST = "初日"
    LAST = "最後の日"
    NOTIFIED = "委員会届出の効力"
    STOPPED = "委員会届出による連携の終わり"
    ASSESSED = "保護評価の公表"
    CHANGED = "重要な変更"


class Track(enum.StrEnum):
    """What an affair may do over a run of days."""

    USE = "利用"
    INTERNAL = "庁内連携"
    LINKAGE = "情報連携"
    CARD = "カード利用"


class Event(msgspec.Struct, frozen=True):
    """Something that happens on a day. `citations` are the provisions it rests on; `planned`: expected by a plan."""

    on: date
    lane: Lane
    kind: Kind
    text: str
    citations: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    planned: bool = False
    affair: str | None = None
    source: str = ""


class Run(msgspec.Struct, frozen=True):
    """The days on which an affair may do something, as runs without gaps; conditions may have to be met besides."""

    affair: str
    track: Track
    days: tuple[Period, ...]
    citations: tuple[str, ...]
    assumptions: tuple[str, ...]


class Row(msgspec.Struct, frozen=True):
    """One affair with its runs."""

    affair: str
    name: str
    runs: tuple[Run, ...]


class Timeline(msgspec.Struct, frozen=True):
    """The events of one body in order of days, and its affairs."""

    body: str
    name: str
    events: tuple[Event, ...]
    rows: tuple[Row, ...]

    def within(self, days: Period, affair: str | None = None) -> Timeline:
        """Only the events and runs of some days and, of the affairs, only one."""
        events = tuple(e for e in self.events if days.contains(e.on) and (affair is None or e.affair in (None, affair)))
        rows = []
        for row in self.rows:
            if affair not in (None, row.affair):
                continue
            runs = []
            for run in row.runs:
                cut = tuple(part for part in (d.intersect(days) for d in run.days) if part is not None)
                if cut:
                    runs.append(msgspec.structs.replace(run, days=cut))
            if runs:
                rows.append(Row(row.affair, row.name, tuple(runs)))
        return Timeline(self.body, self.name, events, tuple(rows))


def timeline(rule_set: RuleSet, code: str) -> Timeline:
    """The timeline of a body.

    Args:
        rule_set: The rules.
        code: The code of the body, 6 digits.

    Raises:
        KeyError: If the body is not in the rule set.
    """
    part = rule_set.bodies[code]
    assert part.body is not None
    bounds: list[Event] = []
    rows = tuple(_rows(rule_set, part.body, part, bounds))
    national = rule_set.national
    texts = [clause.citation for clause in national.clauses]
    events = [
        *_gates(national),
        *_editions(national),
        *_moves((*texts, *_citations(national), *_citations(part))),
        *_instruments(part, code),
        *_notifications(part),
        *_assessments(part, rule_set),
        *bounds,
    ]
    declared = {**national.assumptions, **part.assumptions}
    events = [_on_the_day(event, declared) for event in events]
    lanes, kinds = list(Lane), list(Kind)
    events.sort(key=lambda e: (e.on, lanes.index(e.lane), kinds.index(e.kind), e.affair or "", e.text))
    return Timeline(code, part.body.name, tuple(dict.fromkeys(events)), rows)


def _on_the_day(event: Event, declared: dict[str, Assumption]) -> Event:
    """The event with only the assumptions that bear on its day (a plan's dates, and undeclared ones, always do)."""
    if event.kind is Kind.GATE:
        return event
    bearing = tuple(a for a in event.assumptions if a not in declared or declared[a].period.contains(event.on))
    return msgspec.structs.replace(event, assumptions=bearing)


# ---- the nation -------------------------------------------------------------------------------------


def _gates(national: Part) -> Iterator[Event]:
    for gate in national.gates:
        doubt = () if gate.assumption is None else (gate.assumption,)
        yield Event(gate.first, Lane.NATION, Kind.GATE, gate.text, (), doubt, gate.planned, source=gate.source)


def _editions(national: Part) -> Iterator[Event]:
    """First and last days of the texts: each file is an edition of its instrument."""
    texts: dict[str, dict[str, list[Period]]] = {}
    for clause in national.clauses:
        texts.setdefault(clause.citation.instrument, {}).setdefault(clause.file, []).append(clause.citation.in_force)
    for instrument, files in sorted(texts.items()):
        spans = sorted((joined(periods)[0].first, _last(periods), file) for file, periods in files.items())
        for number, (first, last, _) in enumerate(spans):
            text = f"{instrument}の条文（{'ここから' if number == 0 else '次の版に置き換わる'}）"
            yield Event(first, Lane.NATION, Kind.EDITION, text, (instrument,))
            if last is not None and not any(start == last + _ONE_DAY for start, _, _ in spans):
                yield Event(last, Lane.NATION, Kind.END, f"{instrument}の最後の日", (instrument,))


def _last(periods: Iterable[Period]) -> date | None:
    return joined(periods)[-1].last


def _moves(citations: Iterable[Citation]) -> Iterator[Event]:
    """Days on which provisions move to another number, one event for each instrument and day."""
    known: dict[str, dict[Period, Citation]] = {}
    for citation in citations:
        known.setdefault(citation.clause, {})[citation.in_force] = citation
    moved: dict[tuple[date, str], list[str]] = {}
    for addresses in known.values():
        ordered = [addresses[period] for period in sorted(addresses, key=lambda p: p.first)]
        for before, after in pairwise(ordered):
            if before.label != after.label and before.in_force.first != after.in_force.first:
                short = after.label.removeprefix(after.instrument)
                moved.setdefault((after.in_force.first, after.instrument), []).append(f"{before.label}→{short}")
    for (on, instrument), labels in moved.items():
        known_labels = tuple(sorted(set(labels)))
        text = f"{instrument}の条項の番号が移る（{len(known_labels)}件）"
        yield Event(on, Lane.NATION, Kind.RENUMBERED, text, known_labels)


# ---- the body's instruments -------------------------------------------------------------------------


def _citations(part: Part) -> Iterator[Citation]:
    for grant in part.grants:
        yield from grant.bases
    for procedure in part.procedures.values():
        yield from procedure.citations
    for clause in part.deemed:
        yield clause.citation
    for document in part.documents:
        yield document.citation
    for void in part.voids:
        yield void.citation


def _instruments(part: Part, code: str) -> Iterator[Event]:
    """Entry into force and last days of the provisions, one event for each instrument and day."""
    doubts: dict[str, set[str]] = {}
    for grant in part.grants:
        for basis in grant.bases:
            doubts.setdefault(basis.clause, set()).update(a for a in grant.assumptions if a in part.assumptions)
    known: dict[str, list[Citation]] = {}
    for citation in _citations(part):
        if citation.clause.startswith(f"{code}/"):
            known.setdefault(citation.clause, []).append(citation)
    days: dict[tuple[date, Kind, str], set[tuple[str, frozenset[str]]]] = {}
    for clause, citations in known.items():
        doubt = frozenset(doubts.get(clause, ()))
        for run in joined(citation.in_force for citation in citations):
            standing = next(c for c in citations if c.in_force.first == run.first)
            days.setdefault((run.first, Kind.FORCE, standing.instrument), set()).add((standing.label, doubt))
            if run.last is not None:
                days.setdefault((run.last, Kind.END, standing.instrument), set()).add((standing.label, doubt))
    for (on, kind, instrument), entries in days.items():
        labels = tuple(sorted((label for label, _ in entries), key=_by_number))
        word = "施行" if kind is Kind.FORCE else "末日（この日まで効力がある）"
        doubt = frozenset().union(*(d for _, d in entries))
        yield Event(
            on, Lane.INSTRUMENTS, kind, f"{instrument}の{len(labels)}件の規定の{word}", labels, tuple(sorted(doubt))
        )


def _by_number(label: str) -> tuple[object, ...]:
    digits = "".join(c if c.isdigit() else " " for c in label).split()
    return ("別表" in label, *map(int, digits))


# ---- affairs ----------------------------------------------------------------------------------------


def _notifications(part: Part) -> Iterator[Event]:
    """Days on which a notification to the PPC takes effect or ends: bounds of a linkage that no provision sets."""
    runs: dict[tuple[str, str], list[Grant]] = {}
    for grant in part.grants:
        if Action.LINK in grant.actions and not grant.statutory:
            for entry in grant.information or ():
                runs.setdefault((grant.affair, entry.name), []).append(grant)
    found: dict[tuple[date, Kind, str], list[tuple[str, Grant]]] = {}
    for (affair, name), grants in runs.items():
        for run in joined(grant.period for grant in grants):
            first = next(g for g in grants if g.period.first == run.first)
            bounds = [*(limit.period for limit in first.limits), *(basis.in_force for basis in first.bases)]
            if all(bound.first != run.first for bound in bounds):
                found.setdefault((run.first, Kind.NOTIFIED, affair), []).append((name, first))
            last = next((g for g in grants if g.period.last == run.last), None)
            if run.last is None or last is None:
                continue
            bounds = [*(limit.period for limit in last.limits), *(basis.in_force for basis in last.bases)]
            if all(bound.last != run.last for bound in bounds):
                found.setdefault((run.last, Kind.STOPPED, affair), []).append((name, last))
    for (on, kind, affair), entries in found.items():
        names = "、".join(sorted({name for name, _ in entries}))
        owner = part.affairs.get(affair)
        text = f"{affair if owner is None else owner.name}: {kind.value}（{names}）"
        assumptions = tuple(sorted({a for _, g in entries for a in g.assumptions}))
        labels = tuple(dict.fromkeys(g.bases[0].label for _, g in entries if g.bases))
        yield Event(on, Lane.AFFAIRS, kind, text, labels, assumptions, affair=affair)


def _assessments(part: Part, rule_set: RuleSet) -> Iterator[Event]:
    for entry in part.assessments:
        affair = part.affairs.get(entry.affair) or rule_set.national.affairs.get(entry.affair)
        name = entry.affair if affair is None else affair.name
        if entry.published is not None:
            text = f"{name}: {entry.level}の保護評価書の公表"
            yield Event(entry.published, Lane.AFFAIRS, Kind.ASSESSED, text, affair=entry.affair)
        if entry.changed is not None:
            text = f"{name}: 保護評価の対象の重要な変更"
            yield Event(entry.changed, Lane.AFFAIRS, Kind.CHANGED, text, affair=entry.affair)


def _rows(rule_set: RuleSet, body: Body, part: Part, bounds: list[Event]) -> Iterator[Row]:
    """The body's own affairs, and those of the nation that its registers speak of; their bounds go into `bounds`."""
    named = dict.fromkeys([*part.affairs, *(h.affair for h in part.holdings), *(a.affair for a in part.assessments)])
    designations = frozenset().union(*(party.designations for party in part.parties.values()))
    reaching: dict[str, list[Grant]] = {}
    for owner in rule_set.parts(body.code):
        for grant in owner.grants:
            if not grant.parties.isdisjoint(designations):
                reaching.setdefault(grant.affair, []).append(grant)
    for key in named:
        affair = part.affairs.get(key) or rule_set.national.affairs.get(key)
        if affair is not None:
            grants = [grant for scope in sorted(affair.scope) for grant in reaching.get(scope, ())]
            runs = []
            for track, opening in _tracks(grants).items():
                run = _run(affair, track, opening)
                runs.append(run)
                bounds.extend(_bounds(affair, run, opening))
            if runs:
                yield Row(affair.id, affair.name, tuple(runs))


def _tracks(grants: list[Grant]) -> dict[Track, list[Grant]]:
    tracks = {
        Track.USE: [g for g in grants if Action.USE in g.actions and g.holding is Holding.NONE],
        Track.INTERNAL: [g for g in grants if Action.TRANSFER in g.actions],
        Track.LINKAGE: [g for g in grants if Action.LINK in g.actions],
        Track.CARD: [g for g in grants if Action.CARD in g.actions],
    }
    return {track: opening for track, opening in tracks.items() if opening}


def _run(affair: Affair, track: Track, grants: list[Grant]) -> Run:
    doubts = {a for grant in grants for a in grant.assumptions} | set(affair.assumptions)
    return Run(affair.id, track, joined(g.period for g in grants), _labels(grants), tuple(sorted(doubts)))


def _labels(grants: Iterable[Grant]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(grant.bases[0].label for grant in grants if grant.bases))


def _bounds(affair: Affair, run: Run, grants: list[Grant]) -> Iterator[Event]:
    """First and last days of the runs, cited by the grants that begin or end there."""
    for days in run.days:
        for on, kind, word in ((days.first, Kind.FIRST, "初日"), (days.last, Kind.LAST, "最後の日")):
            if on is None:
                continue
            there = [g for g in grants if on == (g.period.first if kind is Kind.FIRST else g.period.last)]
            doubts = {a for grant in there for a in grant.assumptions}
            text = f"{affair.name}: {run.track.value}の{word}"
            yield Event(on, Lane.AFFAIRS, kind, text, _labels(there), tuple(sorted(doubts)), affair=affair.id)
