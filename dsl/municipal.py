"""The part of one municipality: its ordinance, regulations and register, read into grants.

Blanket clauses and column references are resolved here, so that a decision is a look-up. The
network proviso becomes bars, computed from the linkages that are open to the same agency for the
same affair and information on the same days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dsl.affairs import declare_items, declare_rows
from dsl.clauses import municipal_clauses
from dsl.commencement import commence
from dsl.entries import entries
from dsl.findings import Findings, nearest
from dsl.granting import USES, dated, storing
from dsl.instrument import Instrument, values
from dsl.national_model import National
from dsl.papers import deemed_clauses, required_documents
from dsl.phrases import agencies as agencies_in
from dsl.phrases import information
from dsl.place import Entry, Place, column_index, for_number_use, placed
from dsl.proviso import barred
from dsl.registered import assessments, consents, holdings, linkages, own_information
from dsl.registers import COMMITTEES, HEADS, Organisation
from dsl.regulation import Narrowing, Regulations, Target
from dsl.syntax import (
    AffairClause,
    AgencyPhrase,
    Article,
    CardUse,
    Cell,
    ColumnRef,
    Exclusion,
    InformationPhrase,
    InstrumentKind,
    NamedAgencies,
    NetworkProviso,
    Paragraph,
    ProvisionToOtherAgency,
    Row,
    ScopeOfIndependentUse,
    Span,
    Table,
    TableRef,
    UseWithinAgency,
    Whose,
)
from engine.period import Period
from engine.rule_set import (
    Action,
    Affair,
    Assumption,
    Bar,
    Body,
    Citation,
    Clause,
    Condition,
    Grant,
    GrantedInformation,
    Holding,
    Part,
    Party,
    PeriodLimit,
    Void,
)

#: collective names of every executive agency of the body
_ALL_AGENCIES = frozenset(
    {
        "市の機関",
        "町の機関",
        "村の機関",
        "区の機関",
        "県の機関",
        "市の執行機関",
        "町の執行機関",
        "村の執行機関",
        "区の執行機関",
        "県の執行機関",
        "実施機関",
        "執行機関",
        "機関",
    }
)


@dataclass(slots=True)
class Municipality:
    """One body under compilation. Call `part()` once."""

    national: National
    organisation: Organisation
    instruments: Sequence[Instrument]
    findings: Findings
    affairs: dict[str, Affair] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    voids: list[Void] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    effective: set[str] = field(default_factory=set)
    parties: dict[str, Party] = field(default_factory=dict)
    regulations: Regulations = field(init=False)
    information: dict[str, str] = field(default_factory=dict)
    uses: dict[str, list[Grant]] = field(default_factory=dict)  # affair → its USE grants by ordinance
    targets: list[Target] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.regulations = Regulations(self.findings)

    @property
    def code(self) -> str:
        """The municipality's code of 6 digits."""
        return self.organisation.code

    @property
    def ordinances(self) -> list[Instrument]:
        """The instruments that are ordinances."""
        return [i for i in self.instruments if i.kind is InstrumentKind.ORDINANCE]

    def part(self) -> Part:
        """Compile everything and return the finished part."""
        organisation = self.organisation
        self._parties()
        for instrument in self.instruments:
            commence(instrument, self.national, self.findings)
        for ordinance in self.ordinances:
            declare_items(self, ordinance)
            declare_rows(self, ordinance)
        for regulation in self.regulations_only():
            parent = self.parent(regulation)
            if parent is not None:
                self.regulations.read(regulation, parent, [t for t in self.targets if t.ordinance is parent])
        for ordinance in self.ordinances:
            self._ordinance(ordinance, (ScopeOfIndependentUse, CardUse))
        linkages(self)
        for ordinance in self.ordinances:
            self._ordinance(ordinance, (UseWithinAgency, ProvisionToOtherAgency))
        own_information(self)
        consents(self)
        deemed = tuple(deemed_clauses(self))
        documents = tuple(required_documents(self))
        municipal_clauses(self)
        return Part(
            body=Body(self.code, organisation.name, organisation.kind),
            parties=self.parties,
            affairs=self.affairs,
            procedures=self.regulations.procedures,
            information=self.information,
            grants=tuple(self.grants),
            voids=tuple(self.voids),
            documents=documents,
            deemed=deemed,
            holdings=tuple(holdings(self)),
            assessments=tuple(assessments(self)),
            assumptions={
                id_: Assumption(id_, text, source, self.national.act.span)
                for id_, text, source in organisation.assumptions
            },
            clauses=tuple(self.clauses),
            faults=tuple(f"{d.code} {d.message}" for d in self.findings.all if d.severity.value == "エラー"),
        )

    # ---- agencies --------------------------------------------------------------------------

    def _parties(self) -> None:
        organisation = self.organisation
        allowed = {HEADS[organisation.kind], *COMMITTEES}
        for agency in organisation.agencies:
            if agency.name not in allowed:
                hint = nearest(agency.name, allowed)
                self.findings.add(
                    "J0305",
                    organisation.path or self.instruments[0].document.path,
                    agency.span,
                    f"「{agency.name}」は{organisation.kind}の執行機関ではありません",
                    f"「{hint}」の誤りではありませんか。"
                    if hint
                    else f"執行機関は {'・'.join(sorted(allowed))} です。",
                )
                continue
            party = self.national.designations.party(
                self.code, organisation.name, organisation.kind, agency.name, organisation.qualifications
            )
            self.parties[party.key] = party

    def named(self, names: Iterable[str], instrument: Instrument, span: Span) -> frozenset[str]:
        """Party keys of agencies by name; an unknown name is a finding."""
        keys: set[str] = set()
        for name in names:
            bare = name.removeprefix(self.organisation.name.removesuffix(self.organisation.kind[-1:]))
            if name in _ALL_AGENCIES:
                keys |= set(self.parties)
            elif f"{self.code}/{name}" in self.parties:
                keys.add(f"{self.code}/{name}")
            elif f"{self.code}/{bare}" in self.parties:
                keys.add(f"{self.code}/{bare}")
            else:
                self.unknown_agency(name, instrument, span)
        return frozenset(keys)

    def unknown_agency(self, name: str, instrument: Instrument, span: Span) -> None:
        known = [p.name for p in self.parties.values()]
        allowed = {HEADS[self.organisation.kind], *COMMITTEES}
        hint = nearest(name, allowed)
        if name in allowed:
            help_ = f"organisation.yaml の「機関」に「{name}」を加えてください。"
        elif hint:
            help_ = f"「{hint}」の誤りではありませんか。"
        else:
            help_ = f"この団体の機関は {'・'.join(known)} です。"
        code = "J0301" if hint or name in allowed else "J0305"
        self.findings.add(code, instrument, span, f"「{name}」という執行機関はこの団体にありません", help_)

    def agencies(
        self, phrase: AgencyPhrase | None, row: Row | None, table: Table | None, instrument: Instrument
    ) -> frozenset[str]:
        """Party keys that an agency phrase reaches for one row."""
        if phrase is None:
            return frozenset(self.parties)
        if isinstance(phrase, NamedAgencies):
            return self.named(phrase.names, instrument, phrase.span)
        if row is None or table is None:
            return frozenset(self.parties)
        cell = self.cell(phrase, row, table, instrument)
        if cell is None:
            return frozenset()
        names = [part.name for part in agencies_in(cell.text.raw.strip())]
        return self.named(names, instrument, cell.text.span)

    # ---- tables ----------------------------------------------------------------------------

    def table(
        self, ref: TableRef, instrument: Instrument, paragraph: Paragraph | None, article: Article | None
    ) -> Table | None:
        """The table a reference points at; a reference to nothing is a finding."""
        if not ref.number and paragraph is not None and paragraph.table is not None and article is not None:
            return placed(paragraph.table, article, paragraph)
        found = instrument.tables.get(ref.number)
        if found is None:
            known = "、".join(f"別表第{n}" for n in instrument.tables if n) or "表はありません"
            self.findings.add(
                "J0302", instrument, ref.span, f"別表第{ref.number}はこの文書にありません", f"この文書の表: {known}"
            )
        return found

    def cell(self, ref: ColumnRef, row: Row, table: Table, instrument: Instrument) -> Cell | None:
        """The cell of a row in the column that a reference names; a missing column is a finding."""
        index = column_index(ref.name, table.columns)
        if index is None or index >= len(row.cells):
            columns = "・".join(table.columns)
            self.findings.add(
                "J0304",
                instrument,
                ref.span,
                f"この表に「{ref.name}」はありません",
                f"この表の欄は、左から {columns} です。",
            )
            return None
        return row.cells[index]

    def regulations_only(self) -> list[Instrument]:
        """Every instrument below an ordinance."""
        return [i for i in self.instruments if i.kind is not InstrumentKind.ORDINANCE]

    def parent(self, regulation: Instrument) -> Instrument | None:
        """The ordinance that a regulation implements: 〔上位 …〕, else the only ordinance of the folder."""
        named = regulation.document.annotation("上位")
        if named:
            found = next((o for o in self.ordinances if named in (o.short, o.document.title)), None)
        else:
            found = self.ordinances[0] if len(self.ordinances) == 1 else None
        if found is None:
            names = "・".join(o.short for o in self.ordinances) or "なし"
            self.findings.add(
                "J0325",
                regulation,
                Span(1, 1, 1, 2),
                "どの条例の規則か分かりません",
                f"〔上位 条例の略称〕を書き加えてください。このフォルダの条例: {names}",
            )
        return found

    # ---- formulas --------------------------------------------------------------------------

    def _ordinance(self, ordinance: Instrument, kinds: tuple[type, ...]) -> None:
        for article in ordinance.document.articles:
            for paragraph in article.paragraphs:
                for sentence in paragraph.sentences:
                    if isinstance(sentence.formula, kinds):
                        self._formula(ordinance, article, paragraph, sentence.formula)

    def _formula(self, ordinance: Instrument, article: Article, paragraph: Paragraph, formula: object) -> None:
        period = ordinance.in_force(
            article.annotations, paragraph.annotations, keys=(article.number, f"{article.number}/{paragraph.number}")
        )
        if period is None:
            return
        at = Place(ordinance, article, paragraph, period, ordinance.cite_provision(period, article, paragraph))
        before = len(self.grants) + len(self.voids)
        match formula:
            case ScopeOfIndependentUse(clauses=clauses, exclusions=exclusions):
                for clause in clauses:
                    self._scope(at, clause, (*exclusions, *clause.exclusions))
            case CardUse(agencies=agencies, affairs=affairs):
                self._card(at, agencies, affairs)
            case UseWithinAgency(agencies=agencies, affairs=affairs, information=info):
                proviso = any(isinstance(s.formula, NetworkProviso) for s in paragraph.sentences)
                self._within(at, agencies, affairs, info, proviso)
            case ProvisionToOtherAgency():
                self._provision(at, formula)
            case _:
                return
        if len(self.grants) + len(self.voids) == before:
            self.findings.add(
                "J0314",
                ordinance,
                paragraph.span,
                f"{at.citations[0].label}は、どの求めも認めません",
                "引いている表・欄・機関と施行日を確かめてください。",
            )
        else:
            self.effective.add(at.citations[0].clause)

    # ---- grants ----------------------------------------------------------------------------

    def _scope(self, at: Place, clause: AffairClause, exclusions: Sequence[Exclusion]) -> None:
        enabling = self.national.grounds.get("ordinance_use", ())
        for entry in entries(self, at, clause.affairs, exclusions):
            parties = self._entry_parties(at, clause.agencies, entry)
            if not parties:
                continue
            if entry.void:
                self._void(frozenset({Action.USE, Action.STORE}), parties, entry)
                continue
            for narrowing in for_number_use(entry.narrowings) or (None,):
                chain = [at.citations, *entry.bases, *([[narrowing.citation]] if narrowing else []), enabling]
                period = entry.period.intersect(narrowing.period) if narrowing else entry.period
                self.grant(
                    frozenset({Action.USE}),
                    parties,
                    entry,
                    period,
                    chain,
                    procedures=narrowing.procedures if narrowing else None,
                    keep=self.uses,
                )

    def _entry_parties(self, at: Place, phrase: AgencyPhrase | None, entry: Entry) -> frozenset[str]:
        parties = self.agencies(phrase, entry.row, entry.table, at.instrument)
        if entry.statutory_parties:
            parties = frozenset(
                k
                for k in parties
                if k in entry.statutory_parties or self.parties[k].designations & entry.statutory_parties
            )
        return parties

    def _void(self, actions: frozenset[Action], parties: frozenset[str], entry: Entry) -> None:
        citation = entry.bases[0][0]
        self.voids.append(
            Void(
                actions,
                parties,
                entry.affair,
                entry.period,
                citation,
                f"{citation.label}は{entry.void}ため、何も認められない",
            )
        )

    def _card(self, at: Place, phrase: AgencyPhrase | None, affairs: object) -> None:
        area = self.national.grounds.get("card_area", ())
        for entry in entries(self, at, affairs):
            parties = self._entry_parties(at, phrase, entry)
            self.grant(frozenset({Action.CARD}), parties, entry, entry.period, [at.citations, *entry.bases, area])

    def _within(self, at: Place, phrase: AgencyPhrase, affairs: object, info: InformationPhrase, proviso: bool) -> None:
        enabling = self.national.grounds.get("ordinance_use", ())
        for entry in entries(self, at, affairs):
            parties = self._entry_parties(at, phrase, entry)
            if not parties:
                continue
            if entry.void:
                self._void(USES, parties, entry)
                continue
            for narrowing, granted in self._informed(at, info, entry):
                period = entry.period.intersect(narrowing.period) if narrowing else entry.period
                chain = [at.citations, *entry.bases, *([[narrowing.citation]] if narrowing else []), enabling]
                for party in sorted(parties):
                    for names, bars in barred(self, party, entry.affair, granted, at if proviso else None):
                        self.grant(
                            USES,
                            frozenset({party}),
                            entry,
                            period,
                            chain,
                            information=names,
                            bars=bars,
                            procedures=narrowing.procedures if narrowing else None,
                            holding=Holding.OWN,
                        )

    def _provision(self, at: Place, formula: ProvisionToOtherAgency) -> None:
        ground = self.national.grounds.get("agency_provision", ())
        for entry in entries(self, at, formula.affairs):
            requesters = self._entry_parties(at, formula.requester, entry)
            if not requesters:
                continue
            if entry.void:
                self._void(frozenset({Action.TRANSFER}), requesters, entry)
                continue
            for holders, narrowing, granted in self._held_by(at, formula, entry):
                period = entry.period.intersect(narrowing.period) if narrowing else entry.period
                chain = [at.citations, *entry.bases, *([[narrowing.citation]] if narrowing else []), ground]
                self.grant(
                    frozenset({Action.TRANSFER}),
                    requesters,
                    entry,
                    period,
                    chain,
                    information=granted,
                    procedures=narrowing.procedures if narrowing else None,
                    holding=Holding.OTHER_AGENCY,
                    holders=holders,
                )

    def _held_by(
        self, at: Place, formula: ProvisionToOtherAgency, entry: Entry
    ) -> Iterator[tuple[frozenset[str], Narrowing | None, frozenset[GrantedInformation]]]:
        """The information of an entry by who holds it: each row of the item may name another agency."""
        by_holder: dict[frozenset[str], list[Row]] = {}
        for row in entry.rows or ((entry.row,) if entry.row else ()):
            by_holder.setdefault(self.agencies(formula.holder, row, entry.table, at.instrument), []).append(row)
        if not by_holder:
            by_holder[self.agencies(formula.holder, None, None, at.instrument)] = []
        for holders, rows in by_holder.items():
            if holders:
                for narrowing, granted in self._informed(at, formula.information, entry, tuple(rows)):
                    yield holders, narrowing, granted

    def _informed(
        self, at: Place, info: InformationPhrase, entry: Entry, rows: tuple[Row, ...] = ()
    ) -> Iterator[tuple[Narrowing | None, frozenset[GrantedInformation]]]:
        """What information a clause opens for an entry: by the regulation's pairs, else by the cell."""
        if isinstance(info.what, ColumnRef) and info.what.table.whose is Whose.ACT:
            yield None, frozenset(GrantedInformation(n) for n in entry.statutory_information)
            return
        if not isinstance(info.what, ColumnRef):
            yield None, frozenset(GrantedInformation(n) for n in information(info.what.text))
            return
        if entry.row is None or entry.table is None:
            return
        cells = [self.cell(info.what, r, entry.table, at.instrument) for r in rows or entry.rows or (entry.row,)]
        every = [self.cell(info.what, r, entry.table, at.instrument) for r in entry.rows or (entry.row,)]
        names = tuple(dict.fromkeys(n for c in cells if c is not None for n in _names(c)))
        known = {n for c in every if c is not None for n in _names(c)}
        for cell in cells:
            for name in _names(cell) if cell is not None else ():
                self._know(name, at.instrument, cell.text.span if cell else entry.row.span)
        pairs = [n for n in entry.narrowings if n.information is not None]
        if not pairs:
            lists = for_number_use(entry.narrowings)
            granted = frozenset(GrantedInformation(n) for n in names)
            for narrowing in lists or (None,):
                yield narrowing, granted
            return
        for pair in pairs:
            assert pair.information is not None
            within = frozenset(g for g in pair.information if g.name in names)
            for beyond in sorted(g for g in pair.information if g.name not in known):
                self.findings.add(
                    "J0324",
                    at.instrument,
                    entry.row.span,
                    f"{pair.citation.label}の「{beyond.name}」は、この欄にありません",
                    f"欄に「{beyond.name}」を加えるか、規則から除いてください。",
                )
            if within:
                yield pair, within

    def _declared_of(self, bases: Sequence[Citation]) -> Iterator[str]:
        """The assumptions that instruments and paragraphs behind a grant declare by 〔仮定 …〕."""
        shorts = {c.instrument for c in bases}
        for instrument in self.instruments:
            if instrument.short in shorts:
                yield from values(instrument.document.annotations, "仮定")
        for effect, cited in self.national.grounds.items():
            if any(c in bases for c in cited):
                yield from self.national.ground_assumptions.get(effect, ())

    def _know(self, name: str, instrument: Instrument, span: Span) -> None:
        known = self.national.information
        if name in known or name in self.information:
            return
        hint = nearest(name, [n for n in known if len(n) <= 24])
        close = hint is not None and (
            abs(len(hint) - len(name)) <= 2 and sum(a != b for a, b in zip(hint, name, strict=False)) <= 3
        )
        if not name.endswith(("情報", "事項")) or close:
            self.findings.add(
                "J0303",
                instrument,
                span,
                f"「{name}」という特定個人情報は知られていません",
                f"「{hint}」の誤りではありませんか。"
                if hint
                else "「…に関する情報」の形で書くか、番号法の定義語を使ってください。",
            )
            return
        self.information[name] = instrument.short

    def grant(
        self,
        actions: frozenset[Action],
        parties: frozenset[str],
        entry: Entry,
        period: Period | None,
        chain: Sequence[Sequence[Citation]],
        *,
        information: frozenset[GrantedInformation] | None = None,
        procedures: frozenset[str] | None = None,
        holding: Holding = Holding.NONE,
        holders: frozenset[str] = frozenset(),
        bars: tuple[Bar, ...] = (),
        conditions: tuple[Condition, ...] = (),
        limits: tuple[PeriodLimit, ...] = (),
        assumptions: Sequence[str] = (),
        keep: dict[str, list[Grant]] | None = None,
    ) -> None:
        if period is None:
            return
        for piece, bases in dated(period, chain):
            tail = "/".join(sorted(k.rpartition("/")[2] for k in parties))
            mark = "+".join(sorted({g.name for g in information or ()}))
            whom = "+".join(sorted({g.person or "" for g in information or ()}))
            number = "+".join(sorted(p.rpartition("/")[2] for p in procedures or ()))
            grant = Grant(
                id=f"{bases[0].clause}#{entry.affair}#{bases[min(1, len(bases) - 1)].clause}#{number}#{tail}#{mark}#{whom}@{piece.first.isoformat()}",
                actions=actions,
                parties=parties,
                affair=entry.affair,
                period=piece,
                bases=bases,
                clause=bases[0].clause,
                procedures=procedures,
                information=information,
                holding=holding,
                holders=holders,
                conditions=conditions,
                bars=tuple(b for b in bars if b.period.intersect(piece)),
                limits=(*(PeriodLimit(c.in_force, f"{c.label}の施行", c) for c in bases), *limits),
                assumptions=tuple(dict.fromkeys((*entry.assumptions, *assumptions, *self._declared_of(bases)))),
                statutory=False,
            )
            self.grants.append(grant)
            if keep is not None:
                keep.setdefault(entry.affair, []).append(grant)
            if actions & {Action.USE, Action.TRANSFER}:
                self.grants.extend(storing(self.national, grant))


def _names(cell: Cell) -> tuple[str, ...]:
    """The information that a cell lists: by 〔情報 …〕, else by its wording."""
    return values(cell.annotations, "情報") or information(cell.text.raw.strip())
