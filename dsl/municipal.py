"""The part of one municipality: its ordinance, regulations and register, read into grants.

Blanket clauses and column references are resolved here, so that a decision is a look-up. The
network proviso becomes bars, computed from the linkages that are open to the same agency for the
same affair and information on the same days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dsl.commencement import commence
from dsl.designations import EXECUTIVE
from dsl.findings import Findings, nearest
from dsl.instrument import Instrument, value, values
from dsl.national import TAX, National, dated, network_limits, storing
from dsl.papers import deemed_clauses, required_documents
from dsl.phrases import delegation, information, without_delegation
from dsl.registers import COMMITTEES, HEADS, Organisation
from dsl.regulation import Narrowing, Regulations, Target, TargetItem, TargetRow
from dsl.syntax import (
    AffairClause,
    AgencyPhrase,
    Annotation,
    Article,
    CardUse,
    Cell,
    ColumnRef,
    DeemedSubmission,
    Exclusion,
    ForwardScope,
    InformationPhrase,
    InstrumentKind,
    Item,
    ItemsBelow,
    NamedAffair,
    NamedAgencies,
    NarrowingList,
    NarrowingPairs,
    NetworkProviso,
    NoEffect,
    NotExpressible,
    Paragraph,
    ProvisionToOtherAgency,
    RequiredDocuments,
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
    ClauseStatus,
    Condition,
    Fact,
    Grant,
    GrantedInformation,
    Holding,
    Holdings,
    ImpactAssessment,
    Literal,
    Part,
    Party,
    PeriodLimit,
    Void,
)

#: the fields of Art. 9(2)
FIELDS = ("福祉", "保健", "医療", "社会保障", "地方税", "防災", "類する事務")

#: collective names of every executive agency of the body
_ALL_AGENCIES = frozenset({"市の機関", "町の機関", "村の機関", "区の機関", "県の機関", "市の執行機関", "町の執行機関",
                           "村の執行機関", "区の執行機関", "県の執行機関", "実施機関", "執行機関", "機関"})

_USES = frozenset({Action.USE, Action.TRANSFER})


@dataclass(frozen=True, slots=True)
class _Entry:
    """One affair that a phrase names, with the chain of citations and the days that lead to it."""

    affair: str
    row: Row | None
    table: Table | None
    bases: tuple[Sequence[Citation], ...]
    period: Period
    narrowings: tuple[Narrowing, ...]
    void: str | None
    statutory_parties: frozenset[str] = frozenset()
    statutory_information: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


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
            self._rows(ordinance)
            self._listed(ordinance)
        for regulation in self._regulations():
            parent = self.parent(regulation)
            if parent is not None:
                self.regulations.read(regulation, parent, [t for t in self.targets if t.ordinance is parent])
        for ordinance in self.ordinances:
            self._ordinance(ordinance, (ScopeOfIndependentUse, CardUse))
        self._linkages()
        for ordinance in self.ordinances:
            self._ordinance(ordinance, (UseWithinAgency, ProvisionToOtherAgency))
        self._own_information()
        self._consents()
        deemed = tuple(deemed_clauses(self))
        documents = tuple(required_documents(self))
        self._clauses()
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
            holdings=tuple(self._holdings()),
            assessments=tuple(self._assessments()),
            assumptions={id_: Assumption(id_, text, source, self.national.act.span)
                         for id_, text, source in organisation.assumptions},
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
                self.findings.add("J0305", organisation.path or self.instruments[0].document.path, agency.span,
                                  f"「{agency.name}」は{organisation.kind}の執行機関ではありません",
                                  f"「{hint}」の誤りではありませんか。" if hint else f"執行機関は {'・'.join(sorted(allowed))} です。")
                continue
            party = self.national.designations.party(self.code, organisation.name, organisation.kind, agency.name,
                                                     organisation.qualifications)
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
                self._unknown_agency(name, instrument, span)
        return frozenset(keys)

    def _unknown_agency(self, name: str, instrument: Instrument, span: Span) -> None:
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

    def agencies(self, phrase: AgencyPhrase | None, row: Row | None, table: Table | None,
                 instrument: Instrument) -> frozenset[str]:
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
        from dsl.phrases import agencies as split

        names = [part.name for part in split(cell.text.raw.strip())]
        return self.named(names, instrument, cell.text.span)

    # ---- tables ----------------------------------------------------------------------------

    def table(self, ref: TableRef, instrument: Instrument, paragraph: Paragraph | None, article: Article | None) -> Table | None:
        """The table a reference points at; a reference to nothing is a finding."""
        if not ref.number and paragraph is not None and paragraph.table is not None and article is not None:
            return _placed(paragraph.table, article, paragraph)
        found = instrument.tables.get(ref.number)
        if found is None:
            known = "、".join(f"別表第{n}" for n in instrument.tables if n) or "表はありません"
            self.findings.add("J0302", instrument, ref.span, f"別表第{ref.number}はこの文書にありません", f"この文書の表: {known}")
        return found

    def cell(self, ref: ColumnRef, row: Row, table: Table, instrument: Instrument) -> Cell | None:
        """The cell of a row in the column that a reference names; a missing column is a finding."""
        index = _column(ref.name, table.columns)
        if index is None or index >= len(row.cells):
            columns = "・".join(table.columns)
            self.findings.add("J0304", instrument, ref.span, f"この表に「{ref.name}」はありません",
                              f"この表の欄は、左から {columns} です。")
            return None
        return row.cells[index]

    def _rows(self, ordinance: Instrument) -> None:
        tables = [*ordinance.document.tables]
        for article in ordinance.document.articles:
            tables += [_placed(p.table, article, p) for p in article.paragraphs if p.table is not None]
        for table in tables:
            seen: set[str] = set()
            for row in table.rows:
                if row.deleted or row.continuation:
                    continue
                if row.number in seen:
                    self.findings.add("J0310", ordinance, row.span, f"{row.number}の項が二度あります", "項の番号を改めてください。")
                seen.add(row.number)
                text = _affair_text(row, table)
                affair = self._identify(ordinance, table, row, text)
                self.targets.append(TargetRow(ordinance, table, row, affair))

    def _identify(self, ordinance: Instrument, table: Table, row: Row, cell: Cell | None) -> str:
        annotations = _annotations(row)
        text = without_delegation(cell.text.raw.strip()) if cell else ""
        match = value(annotations, "対応")
        if match:
            number = match.rpartition("/")[2]
            known = self.national.rows.get(number) if "別表第一" in match or "別表第1" in match else None
            if known is None and number in self.national.items:
                known = self.national.items[number].affair
            if known is None:
                self.findings.add("J0302", ordinance, row.span, f"{match} という項は番号法の別表にありません", "項番号を確かめてください。")
            else:
                return known
        named = value(annotations, "事務")
        statutory = self._same_statutory(text)
        if named is None and statutory:
            return statutory
        if named is None:
            same = next((a for a in self.affairs.values() if text and a.name == text), None)
            if same:
                return same.id
            named = f"{_table_word(table)}/{row.number}"
        if named in self.national.affairs:
            return named
        if statutory:
            self.findings.add("J0309", ordinance, row.span, f"「{text}」は番号法の別表に掲げられた法定事務です",
                              f"独自利用事務から外すか、〔対応 {statutory}〕としてください。")
        self._declare(ordinance, table, row, named, text, annotations)
        return f"{self.code}/{named}"

    def _same_statutory(self, text: str) -> str | None:
        return next((a.id for a in self.national.affairs.values() if text and a.name == text), None)

    def _declare(self, ordinance: Instrument, table: Table, row: Row, named: str, text: str,
                 annotations: Sequence[Annotation]) -> None:
        key = f"{self.code}/{named}"
        fields = frozenset(f for v in values(annotations, "分野") for f in v.split())
        self._check_fields(ordinance, row.span, text, fields, declared=key in self.affairs)
        label = f"{ordinance.short}{ordinance.table_heading(table)}の{row.number.replace('-', 'の')}の項"
        held = self.affairs.get(key)
        if held is None:
            self.affairs[key] = Affair(key, text, frozenset({key}), (named, label), fields, statutory=False)
            return
        if text != held.name:
            self.findings.add("J0322", ordinance, row.span, f"〔事務 {named}〕が、別の文言の事務にも付いています",
                              f"先の行は「{held.name[:40]}」です。同じ事務なら文言をそろえ、別の事務なら印を分けてください。")
        self.affairs[key] = Affair(key, held.name, held.scope, (*held.aliases, label), held.fields | fields, statutory=False)

    def _check_fields(self, instrument: Instrument, span: Span, text: str, fields: frozenset[str], *, declared: bool) -> None:
        for name in fields - set(FIELDS):
            self.findings.add("J0306", instrument, span, f"分野「{name}」は番号法第9条第2項にありません",
                              f"使える分野は {'・'.join(FIELDS)} です。どれにも当たらない事務は、条例で定めても独自利用できません。")
        if not fields and not declared:
            self.findings.add("J0307", instrument, span, f"「{text[:30]}」に分野の印がありません", "行の末尾に〔分野 福祉〕のように書き加えてください。")

    # ---- formulas --------------------------------------------------------------------------

    def _ordinance(self, ordinance: Instrument, kinds: tuple[type, ...]) -> None:
        for article in ordinance.document.articles:
            for paragraph in article.paragraphs:
                for sentence in paragraph.sentences:
                    if isinstance(sentence.formula, kinds):
                        self._formula(ordinance, article, paragraph, sentence.formula)

    def _formula(self, ordinance: Instrument, article: Article, paragraph: Paragraph, formula: object) -> None:
        period = ordinance.in_force(article.annotations, paragraph.annotations,
                                    keys=(article.number, f"{article.number}/{paragraph.number}"))
        if period is None:
            return
        at = _Place(ordinance, article, paragraph, period, ordinance.cite_provision(period, article, paragraph))
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
            self.findings.add("J0314", ordinance, paragraph.span, f"{at.citations[0].label}は、どの求めも認めません",
                              "引いている表・欄・機関と施行日を確かめてください。")
        else:
            self.effective.add(at.citations[0].clause)

    def entries(self, at: _Place, phrase: object, exclusions: Sequence[Exclusion] = ()) -> Iterator[_Entry]:
        """The affairs that a phrase names, each with its row, days and narrowings."""
        excluded = self._excluded(exclusions)
        for entry in self._all_entries(at, phrase):
            if entry.affair not in excluded:
                yield entry

    def _all_entries(self, at: _Place, phrase: object) -> Iterator[_Entry]:
        match phrase:
            case ColumnRef(table=TableRef(whose=Whose.ACT, number=number)):
                yield from self._statutory_entries(number, phrase, at)
            case ColumnRef(table=ref):
                table = self.table(ref, at.instrument, at.paragraph, at.article)
                for row in table.rows if table else ():
                    if not row.deleted and not row.continuation and table is not None:
                        yield from self._row_entry(at, table, row, phrase)
            case ItemsBelow():
                for item in at.paragraph.items:
                    yield self._item_entry(at, item)
            case NamedAffair(text=text):
                yield self._named_entry(at, text)
            case ForwardScope(to=provisions):
                for provision in provisions:
                    yield from self._forward(at, provision.article or at.article.number, provision.paragraph or "1")
            case _:
                return

    def _row_entry(self, at: _Place, table: Table, row: Row, ref: ColumnRef) -> Iterator[_Entry]:
        cell = self.cell(ref, row, table, at.instrument)
        clause = at.instrument.clause(table=table.number, row=row.number)
        target = next((t for t in self.targets if t.key == clause), None)
        period = at.instrument.in_force(table.annotations, _annotations(row), keys=(f"別表{table.number}",))
        period = period.intersect(at.period) if period else None
        if cell is None or target is None or period is None:
            return
        narrowings = self.regulations.of(target.key)
        void = None
        delegated = [d for c in row.cells if (d := delegation(c.text.raw.strip())) and d != "主務省令"]
        if delegated and not narrowings:
            void = f"{delegated[0]}で定めるものを定める{delegated[0]}がない"
            self.findings.add("J0308", at.instrument, row.span,
                              f"{_table_word(table)}の{row.number.replace('-', 'の')}の項は{delegated[0]}に委ねていますが、それを受ける{delegated[0]}がありません",
                              f"{delegated[0]}に「条例{_table_word(table)}の{row.number.replace('-', 'の')}の項の{delegated[0]}で定める事務は、…とする。」と定めてください。")
        citation = at.instrument.cite_row(period, table, row)
        self.effective.add(citation.clause)
        yield _Entry(target.affair, row, table, ([citation],), period, narrowings, void,
                     assumptions=values(_annotations(row), "仮定"))

    def _statutory_entries(self, number: str, ref: ColumnRef, at: _Place) -> Iterator[_Entry]:
        if number == "2":
            for item in self.national.items.values():
                names = tuple(dict.fromkeys(n for p in item.pairs for n in p.information))
                yield _Entry(item.affair, None, None, ([item.citation],), at.period, (), None, item.parties, names,
                             item.assumptions)
            return
        if number == "1":
            for grant in self.national.grants:
                if Action.USE in grant.actions and len(grant.bases) > 1 and grant.bases[1].table == "1":
                    yield _Entry(grant.affair, None, None, ([grant.bases[1]],), at.period, (), None, grant.parties)
            return
        self.findings.add("J0302", at.instrument, ref.span, f"番号法に別表第{number}はありません", "番号法の別表は第一と第二です。")

    def _item_entry(self, at: _Place, item: Item) -> _Entry:
        citation = at.instrument.cite_provision(at.period, at.article, at.paragraph, item)
        clause = at.instrument.clause(at.article.number, at.paragraph.number, item.number)
        affair = next(t.affair for t in self.targets if t.key == clause)
        narrowings = self.regulations.of(clause)
        delegated = delegation(item.text.raw.strip())
        void = None
        if delegated and delegated != "主務省令" and not narrowings:
            void = f"{delegated}で定めるものを定める{delegated}がない"
            where = citation[0].label.removeprefix(at.instrument.short)
            self.findings.add("J0308", at.instrument, item.span, f"{where}は{delegated}に委ねていますが、それを受ける{delegated}がありません",
                              f"{delegated}に「条例{where}の{delegated}で定める事務は、…とする。」と定めてください。")
        self.effective.add(citation[0].clause)
        return _Entry(affair, None, None, (citation,), at.period, narrowings, void)

    def _listed(self, ordinance: Instrument) -> None:
        """Declare the affairs that an ordinance lists in items instead of a table."""
        for article in ordinance.document.articles:
            for paragraph in article.paragraphs:
                formula = next((s.formula for s in paragraph.sentences
                                if isinstance(s.formula, ScopeOfIndependentUse | CardUse)), None)
                if formula is None:
                    continue
                for item in paragraph.items:
                    named = value(item.annotations, "事務") or f"{article.number}.{paragraph.number}.{item.number}"
                    key = self._list_item(ordinance, article, paragraph, item, named, card=isinstance(formula, CardUse))
                    self.targets.append(TargetItem(ordinance, article.number, paragraph.number, item.number, key))

    def _list_item(self, ordinance: Instrument, article: Article, paragraph: Paragraph, item: Item, named: str, *,
                   card: bool) -> str:
        text = without_delegation(item.text.raw.strip())
        statutory = self._same_statutory(text)
        if statutory or named in self.national.affairs:
            return statutory or named
        key = f"{self.code}/{named}"
        fields = frozenset(f for v in values(item.annotations, "分野") for f in v.split())
        if not card:
            self._check_fields(ordinance, item.span, text, fields, declared=key in self.affairs)
        label = ordinance.cite_provision(ordinance.span, article, paragraph, item)[0].label
        self.affairs.setdefault(key, Affair(key, text, frozenset({key}), (named, label), fields, statutory=False))
        return key

    def _named_entry(self, at: _Place, text: str) -> _Entry:
        bare = without_delegation(text)
        key = self._same_statutory(bare) or next((a.id for a in self.affairs.values() if a.name == bare), None)
        if key is None:
            named = f"{at.article.number}.{at.paragraph.number}"
            key = f"{self.code}/{named}"
            self.affairs[key] = Affair(key, bare, frozenset({key}), (named,), frozenset(), statutory=False)
        return _Entry(key, None, None, (), at.period, (), None)

    def _forward(self, at: _Place, article_number: str, paragraph_number: str) -> Iterator[_Entry]:
        article = at.instrument.articles.get(article_number)
        for paragraph in article.paragraphs if article else ():
            if paragraph.number != paragraph_number or article is None:
                continue
            for sentence in paragraph.sentences:
                if isinstance(sentence.formula, UseWithinAgency):
                    there = replace(at, article=article, paragraph=paragraph)
                    for entry in self._all_entries(there, sentence.formula.affairs):
                        parties = self.agencies(sentence.formula.agencies, entry.row, entry.table, at.instrument)
                        yield replace(entry, statutory_parties=entry.statutory_parties or parties)

    def _excluded(self, exclusions: Sequence[Exclusion]) -> frozenset[str]:
        found: set[str] = set()
        for exclusion in exclusions:
            number = exclusion.table.number if exclusion.table else "1"
            known = self.national.rows if number == "1" else {k: i.affair for k, i in self.national.items.items()}
            rows = exclusion.rows or tuple(known)
            for row in rows:
                if row in known and row not in exclusion.excepted:
                    found |= {a.id for a in self.national.affairs.values() if known[row] in a.scope}
            found -= {a.id for row in exclusion.excepted if row in known
                      for a in self.national.affairs.values() if known[row] in a.scope}
        return frozenset(found)

    # ---- grants ----------------------------------------------------------------------------

    def _scope(self, at: _Place, clause: AffairClause, exclusions: Sequence[Exclusion]) -> None:
        enabling = self.national.grounds.get("ordinance_use", ())
        for entry in self.entries(at, clause.affairs, exclusions):
            parties = self._entry_parties(at, clause.agencies, entry)
            if not parties:
                continue
            if entry.void:
                self._void(frozenset({Action.USE, Action.STORE}), parties, entry)
                continue
            for narrowing in _by_article(entry.narrowings) or (None,):
                chain = [at.citations, *entry.bases, *([[narrowing.citation]] if narrowing else []), enabling]
                period = entry.period.intersect(narrowing.period) if narrowing else entry.period
                self._grant(frozenset({Action.USE}), parties, entry, period, chain,
                            procedures=narrowing.procedures if narrowing else None, keep=self.uses)

    def _entry_parties(self, at: _Place, phrase: AgencyPhrase | None, entry: _Entry) -> frozenset[str]:
        parties = self.agencies(phrase, entry.row, entry.table, at.instrument)
        if entry.statutory_parties:
            parties = frozenset(
                k for k in parties
                if k in entry.statutory_parties or self.parties[k].designations & entry.statutory_parties
            )
        return parties

    def _void(self, actions: frozenset[Action], parties: frozenset[str], entry: _Entry) -> None:
        citation = entry.bases[0][0]
        self.voids.append(Void(actions, parties, entry.affair, entry.period, citation,
                               f"{citation.label}は{entry.void}ため、何も認められない"))

    def _card(self, at: _Place, phrase: AgencyPhrase | None, affairs: object) -> None:
        area = self.national.grounds.get("card_area", ())
        for entry in self.entries(at, affairs):
            parties = self._entry_parties(at, phrase, entry)
            self._grant(frozenset({Action.CARD}), parties, entry, entry.period, [at.citations, *entry.bases, area])

    def _within(self, at: _Place, phrase: AgencyPhrase, affairs: object, info: InformationPhrase, proviso: bool) -> None:
        enabling = self.national.grounds.get("ordinance_use", ())
        for entry in self.entries(at, affairs):
            parties = self._entry_parties(at, phrase, entry)
            if not parties:
                continue
            if entry.void:
                self._void(_USES, parties, entry)
                continue
            for narrowing, granted in self._informed(at, info, entry):
                period = entry.period.intersect(narrowing.period) if narrowing else entry.period
                chain = [at.citations, *entry.bases, *([[narrowing.citation]] if narrowing else []), enabling]
                for party in sorted(parties):
                    for names, bars in self._barred(party, entry.affair, granted, at if proviso else None):
                        self._grant(_USES, frozenset({party}), entry, period, chain, information=names, bars=bars,
                                    procedures=narrowing.procedures if narrowing else None, holding=Holding.OWN)

    def _provision(self, at: _Place, formula: ProvisionToOtherAgency) -> None:
        ground = self.national.grounds.get("agency_provision", ())
        for entry in self.entries(at, formula.affairs):
            requesters = self._entry_parties(at, formula.requester, entry)
            holders = self.agencies(formula.holder, entry.row, entry.table, at.instrument)
            if not requesters or not holders:
                continue
            if entry.void:
                self._void(frozenset({Action.TRANSFER}), requesters, entry)
                continue
            for narrowing, granted in self._informed(at, formula.information, entry):
                period = entry.period.intersect(narrowing.period) if narrowing else entry.period
                chain = [at.citations, *entry.bases, *([[narrowing.citation]] if narrowing else []), ground]
                self._grant(frozenset({Action.TRANSFER}), requesters, entry, period, chain, information=granted,
                            procedures=narrowing.procedures if narrowing else None,
                            holding=Holding.OTHER_AGENCY, holders=holders)

    def _informed(self, at: _Place, info: InformationPhrase, entry: _Entry) -> Iterator[tuple[Narrowing | None, frozenset[GrantedInformation]]]:
        """What information a clause opens for an entry: by the regulation's pairs, else by the cell."""
        if isinstance(info.what, ColumnRef) and info.what.table.whose is Whose.ACT:
            yield None, frozenset(GrantedInformation(n) for n in entry.statutory_information)
            return
        if not isinstance(info.what, ColumnRef):
            yield None, frozenset(GrantedInformation(n) for n in information(info.what.text))
            return
        if entry.row is None or entry.table is None:
            return
        cell = self.cell(info.what, entry.row, entry.table, at.instrument)
        if cell is None:
            return
        names = values(cell.annotations, "情報") or information(cell.text.raw.strip())
        for name in names:
            self._know(name, at.instrument, cell.text.span)
        pairs = [n for n in entry.narrowings if n.information is not None]
        if not pairs:
            lists = _by_article(entry.narrowings)
            granted = frozenset(GrantedInformation(n) for n in names)
            for narrowing in lists or (None,):
                yield narrowing, granted
            return
        for pair in pairs:
            assert pair.information is not None
            within = frozenset(g for g in pair.information if g.name in names)
            for beyond in sorted(pair.information - within):
                self.findings.add("J0324", at.instrument, cell.text.span,
                                  f"{pair.citation.label}の「{beyond.name}」は、この欄にありません",
                                  f"欄に「{beyond.name}」を加えるか、規則から除いてください。")
            if within:
                yield pair, within

    def _know(self, name: str, instrument: Instrument, span: Span) -> None:
        known = self.national.information
        if name in known or name in self.information:
            return
        hint = nearest(name, [n for n in known if len(n) <= 24])
        close = hint is not None and (abs(len(hint) - len(name)) <= 2 and sum(a != b for a, b in zip(hint, name, strict=False)) <= 3)
        if not name.endswith(("情報", "事項")) or close:
            self.findings.add("J0303", instrument, span, f"「{name}」という特定個人情報は知られていません",
                              f"「{hint}」の誤りではありませんか。" if hint else "「…に関する情報」の形で書くか、番号法の定義語を使ってください。")
            return
        self.information[name] = instrument.short

    def _grant(self, actions: frozenset[Action], parties: frozenset[str], entry: _Entry, period: Period | None,
               chain: Sequence[Sequence[Citation]], *, information: frozenset[GrantedInformation] | None = None,
               procedures: frozenset[str] | None = None, holding: Holding = Holding.NONE,
               holders: frozenset[str] = frozenset(), bars: tuple[Bar, ...] = (),
               conditions: tuple[Condition, ...] = (), limits: tuple[PeriodLimit, ...] = (),
               assumptions: Sequence[str] = (), keep: dict[str, list[Grant]] | None = None) -> None:
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
                assumptions=tuple(dict.fromkeys((*entry.assumptions, *assumptions))),
                statutory=False,
            )
            self.grants.append(grant)
            if keep is not None:
                keep.setdefault(entry.affair, []).append(grant)
            if actions & {Action.USE, Action.TRANSFER}:
                self.grants.extend(storing(self.national, grant))

    # ---- the network proviso ---------------------------------------------------------------

    def _barred(self, party: str, affair: str, granted: frozenset[GrantedInformation],
                at: _Place | None) -> Iterator[tuple[frozenset[GrantedInformation], tuple[Bar, ...]]]:
        """Cut the information by the bars that the proviso lays on it."""
        if at is None:
            yield granted, ()
            return
        proviso = at.citations[0]
        groups: dict[tuple[Bar, ...], set[GrantedInformation]] = {}
        for item in granted:
            groups.setdefault(tuple(self._bars(party, affair, item.name, proviso)), set()).add(item)
        for bars, items in groups.items():
            yield frozenset(items), bars

    def _bars(self, party: str, affair: str, name: str, proviso: Citation) -> Iterator[Bar]:
        designations = self.parties[party].designations
        known = self.affairs.get(affair) or self.national.affairs.get(affair)
        scope = known.scope if known else frozenset({affair})
        seen: set[tuple[Period, bool]] = set()
        for grant in self._link_grants():
            if grant.affair not in scope or not grant.parties & designations or grant.information is None:
                continue
            if all(g.name != name for g in grant.information):
                continue
            own = bool(grant.holders & designations)
            if (grant.period, own) in seen:
                continue
            seen.add((grant.period, own))
            condition = "（基準日に当該団体に住所がなかった者については）" if own else ""
            yield Bar(
                id=f"{proviso.clause}!proviso#{grant.id}",
                period=grant.period,
                literals=(Literal(Fact.RESIDENT, False),) if own else (),
                text=f"{proviso.label}ただし書により、{condition}{name}は{grant.bases[-1].label}に基づき"
                     "情報提供ネットワークシステムを使用して提供を受けることができるため、庁内の利用はできない",
                citation=proviso,
                alternative=f"{grant.bases[0].label}により、情報提供ネットワークシステムを使用して照会する",
            )

    def _link_grants(self) -> Iterator[Grant]:
        for grant in self.national.grants:
            if Action.LINK in grant.actions:
                yield grant
        for grant in self.grants:
            if Action.LINK in grant.actions:
                yield grant

    # ---- linkage of independent use, holdings, consent ---------------------------------------

    def affair_key(self, name: str) -> str | None:
        """The affair a register names: by id, citation or wording."""
        for table in (self.affairs, self.national.affairs):
            for affair in table.values():
                if name in (affair.id, affair.name, *affair.aliases) or affair.id == f"{self.code}/{name}":
                    return affair.id
        return None

    def register_affair(self, name: str, span: Span) -> str | None:
        """Like `affair_key`; an unknown affair is a finding of the register."""
        key = self.affair_key(name)
        if key is None:
            known = [a for affair in (*self.affairs.values(), *self.national.affairs.values()) for a in affair.aliases]
            hint = nearest(name, known)
            self.findings.add("J0319", self.organisation.path, span, f"「{name}」という事務はありません",
                              f"「{hint}」の誤りではありませんか。" if hint else "条例の行の〔事務 …〕と同じ名前を書いてください。")
        return key

    def _linkages(self) -> None:
        for entry in self.organisation.notifications:
            key = self.register_affair(entry.affair, entry.span)
            item = self.national.items.get(entry.similar_to.rpartition("/")[2])
            if item is None:
                self.findings.add("J0302", self.organisation.path, entry.span, f"準ずる事務「{entry.similar_to}」は番号法別表第二にありません",
                                  "例: 番号法別表第二/9")
            if key is None or item is None:
                continue
            open_ = {n for p in item.pairs for n in p.information}
            for beyond in [n for n in entry.information if n not in open_]:
                self.findings.add("J0320", self.organisation.path, entry.span,
                                  f"「{beyond}」は、{item.citation.label}で求められる情報にありません",
                                  f"求められる情報: {'、'.join(sorted(open_))}")
            if entry.stopped and entry.ceased is None:
                continue
            self._linkage(key, item.number, [n for n in entry.information if n in open_],
                          Period(entry.effective or self.national.gates["trial-operation"].first, entry.ceased),
                          notified=entry.effective is not None)

    def _linkage(self, affair: str, number: str, names: Sequence[str], period: Period, *, notified: bool) -> None:
        item = self.national.items[number]
        uses = self.uses.get(affair, ())
        addresses = self.national.gate_addresses.get("independent-linkage", ())
        ground = _gate_citations(self.national, "independent-linkage")
        if not addresses or not uses:
            return
        for pair in item.pairs:
            for name in (n for n in pair.information if n in names):
                bounds = network_limits(self.national, local=True, pension="年金給付関係情報" in name)
                open_: Period | None = period
                for limit, _ in bounds:
                    open_ = open_.intersect(limit.period) if open_ else None
                for parties in dict.fromkeys(g.parties for g in uses):
                    use = next(g for g in uses if g.parties == parties)
                    entry = _Entry(affair, None, None, (), period, (), None)
                    conditions = [c for c in (self._pia(ground, open_),) if c]
                    if name == TAX:
                        conditions.append(consent_condition(ground[0]))
                    if not notified:
                        conditions.append(_notification_condition(ground[0]))
                    assumed = [a for _, ids in bounds for a in ids] + list(item.assumptions)
                    gate = self.national.gates["independent-linkage"]
                    self._grant(frozenset({Action.LINK, Action.STORE}), parties, entry, open_,
                                [ground, [use.bases[0]], [item.citation]],
                                information=frozenset({GrantedInformation(name)}), holding=Holding.NETWORK,
                                holders=pair.holders, conditions=tuple(conditions), limits=tuple(b for b, _ in bounds),
                                assumptions=[*assumed, *([gate.assumption] if gate.assumption else [])])

    def _pia(self, ground: Sequence[Citation], period: Period | None) -> Condition | None:
        cited = self.national.grounds.get("assessment_before_linkage", ())
        if not cited or period is None:
            return None
        at = next((c for c in cited if c.in_force.intersect(period)), cited[0])
        return Condition("pia:linkage", Literal(Fact.PIA, True), "特定個人情報保護評価が必要な水準で実施され、評価書が公表されていること",
                         at, "特定個人情報保護評価を実施し、評価書を公表する")

    def _own_information(self) -> None:
        """Information an agency holds for an affair may be used for that very affair (目的内の利用)."""
        uses = [g for g in (*self.national.grants, *self.grants) if Action.USE in g.actions and g.information is None]
        for holding in self.organisation.holdings:
            key = self.register_affair(holding.affair, holding.span)
            party = self.parties.get(f"{self.code}/{holding.agency}")
            if party is None:
                self._unknown_agency(holding.agency, self.instruments[0], holding.span)
                continue
            if key is None:
                continue
            for use in uses:
                if use.affair == key and use.parties & party.designations:
                    self.grants.append(
                        Grant(
                            id=f"{use.id}!own#{holding.agency}#{holding.information}",
                            actions=_USES,
                            parties=frozenset({party.key}),
                            affair=use.affair,
                            period=use.period,
                            bases=use.bases,
                            clause=f"{use.clause}!own",
                            procedures=use.procedures,
                            information=frozenset({GrantedInformation(holding.information)}),
                            holding=Holding.OWN,
                            conditions=use.conditions,
                            limits=use.limits,
                            assumptions=use.assumptions,
                            statutory=use.statutory,
                        )
                    )

    def _consents(self) -> None:
        """地方税法第22条: tax information needs consent where the applicant has no duty to report it."""
        for entry in self.organisation.consents:
            key = self.register_affair(entry.affair, entry.span)
            if key is None:
                continue
            changed: list[Grant] = []
            for grant in self.grants:
                touched = grant.affair == key and any(g.name == entry.information for g in grant.information or ())
                if not touched or any(c.literal.fact == Fact.CONSENT for c in grant.conditions):
                    changed.append(grant)
                    continue
                changed.extend(_with_consent(grant, entry.information))
            self.grants[:] = changed

    def _holdings(self) -> Iterator[Holdings]:
        for entry in self.organisation.holdings:
            key = self.affair_key(entry.affair)
            if key is not None:
                yield Holdings(f"{self.code}/{entry.agency}", entry.information, key, entry.section)

    def _assessments(self) -> Iterator[ImpactAssessment]:
        for entry in self.organisation.assessments:
            key = self.register_affair(entry.affair, entry.span)
            if key is not None:
                yield ImpactAssessment(key, entry.level, entry.published, entry.persons, entry.handlers, entry.incident,
                                       entry.changed)

    # ---- clauses ---------------------------------------------------------------------------

    def _regulations(self) -> list[Instrument]:
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
            self.findings.add("J0325", regulation, Span(1, 1, 1, 2), "どの条例の規則か分かりません",
                              f"〔上位 条例の略称〕を書き加えてください。このフォルダの条例: {names}")
        return found

    def _clauses(self) -> None:
        exercisable = self.effective | self.regulations.clauses
        for instrument in self.instruments:
            for article in instrument.document.articles:
                for paragraph in article.paragraphs:
                    self._paragraph_clause(instrument, article, paragraph, exercisable)
            for table in instrument.document.tables:
                for row in table.rows:
                    if not row.continuation:
                        self._row_clause(instrument, table, row)

    def _paragraph_clause(self, instrument: Instrument, article: Article, paragraph: Paragraph, exercisable: set[str]) -> None:
        citation = instrument.cite_provision(instrument.span, article, paragraph)[0]
        formulas = [s.formula for s in paragraph.sentences]
        text = "".join(s.text.raw for s in paragraph.sentences)
        status, reason = ClauseStatus.ENCODED, "・".join(type(f).__name__ for f in formulas if f is not None)
        silent = [f for f in formulas if isinstance(f, NoEffect | NotExpressible)]
        if formulas and len(silent) == len(formulas):
            first = silent[0]
            unexpressed = isinstance(first, NotExpressible) and not first.out_of_scope
            status = ClauseStatus.NOT_EXPRESSIBLE if unexpressed else ClauseStatus.OUT_OF_SCOPE
            reason = first.kind if isinstance(first, NoEffect) else first.reason
        acting = isinstance(next(iter(formulas), None), ScopeOfIndependentUse | UseWithinAgency | ProvisionToOtherAgency
                            | DeemedSubmission | CardUse | NarrowingList | NarrowingPairs)
        items = {instrument.cite_provision(instrument.span, article, paragraph, i)[0].clause for i in paragraph.items}
        effective = acting and (citation.clause in exercisable or bool(items & exercisable))
        self.clauses.append(Clause(citation.clause, citation, text, status, reason, instrument.document.path,
                                   paragraph.span.line, effective=effective))

    def _row_clause(self, instrument: Instrument, table: Table, row: Row) -> None:
        citation = instrument.cite_row(instrument.span, table, row)
        text = " | ".join(c.text.raw.strip() for c in row.cells)
        status = ClauseStatus.OUT_OF_SCOPE if row.deleted else ClauseStatus.ENCODED
        self.clauses.append(Clause(citation.clause, citation, text, status, "削除" if row.deleted else "項",
                                   instrument.document.path, row.span.line, effective=citation.clause in self.effective))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sentence stands, the days it is in force and its citations."""

    instrument: Instrument
    article: Article
    paragraph: Paragraph
    period: Period
    citations: tuple[Citation, ...]


def consent_condition(citation: Citation) -> Condition:
    """Consent to the use of tax information (地方税法第22条)."""
    return Condition("consent", Literal(Fact.CONSENT, True),
                     "地方税関係情報について、必要な者の同意があること（地方税法第22条の守秘義務）", citation,
                     "本人（手続により世帯員等）の同意を得る")


def _notification_condition(citation: Citation) -> Condition:
    return Condition("ppc-notified", Literal(Fact.PPC_NOTIFIED, True), "個人情報保護委員会への届出の効力が生じていること", citation,
                     "個人情報保護委員会に届け出る")


def _with_consent(grant: Grant, name: str) -> Iterator[Grant]:
    import msgspec

    needing = frozenset(g for g in grant.information or () if g.name == name)
    rest = (grant.information or frozenset()) - needing
    if rest:
        yield msgspec.structs.replace(grant, information=rest)
    yield msgspec.structs.replace(grant, id=f"{grant.id}!consent", information=needing,
                                  conditions=(*grant.conditions, consent_condition(grant.bases[0])))


def _gate_citations(national: National, gate: str) -> tuple[Citation, ...]:
    """The dated addresses of a ground whose text is not at hand (rules/gates.yaml 所在)."""
    from dsl.instrument import EPOCH
    from dsl.normalise import normalise

    addresses = sorted(national.gate_addresses.get(gate, ()))
    found = []
    for index, (first, address) in enumerate(addresses):
        following = addresses[index + 1][0] if index + 1 < len(addresses) else None
        last = following.fromordinal(following.toordinal() - 1) if following else national.act.span.last
        label = normalise(address).text
        label = label if label.startswith(national.act.short) else national.act.short + label
        found.append(Citation(label, national.act.short, f"{national.act.short}/{gate}", Period(max(first, EPOCH), last)))
    return tuple(found)


def _placed(table: Table, article: Article, paragraph: Paragraph) -> Table:
    """A table inside a paragraph, numbered by its place."""
    from dsl.instrument import branch

    place = branch(article.number, "条") + (branch(paragraph.number, "項") if len(article.paragraphs) > 1 else "")
    return replace(table, number=place)


def _column(name: str, columns: Sequence[str]) -> int | None:
    if name.endswith("の欄") and name[:-2] in columns:
        return columns.index(name[:-2])
    if name in columns:
        return columns.index(name)
    if name in ("左欄", "上欄"):
        return 0
    if name in ("右欄", "下欄"):
        return len(columns) - 1
    if name == "中欄":
        return 1 if len(columns) == 3 else None
    digits = "".join(ch for ch in name if ch.isdigit())
    if digits and 1 <= int(digits) <= len(columns):
        return int(digits) - 1
    return None


def _annotations(row: Row) -> tuple[Annotation, ...]:
    return (*row.annotations, *(a for cell in row.cells for a in cell.annotations))


def _affair_text(row: Row, table: Table) -> Cell | None:
    """The cell that words the affair: the one annotated 〔事務〕, else the first that speaks of 事務."""
    marked = next((c for c in row.cells if value(c.annotations, "事務")), None)
    if marked:
        return marked
    for name, cell in zip(table.columns, row.cells, strict=False):
        if "事務" in name:
            return cell
    return next((c for c in row.cells if "事務" in c.text.raw), None)


def _table_word(table: Table) -> str:
    return f"{table.number}の表" if table.number.startswith("第") else f"別表第{table.number.replace('-', 'の')}"


def _by_article(narrowings: Sequence[Narrowing]) -> tuple[Narrowing, ...]:
    """The narrowings for number use: lists as they are, pairs of one article united."""
    lists = tuple(n for n in narrowings if n.information is None)
    return lists or tuple(narrowings)


__all__ = ["EXECUTIVE", "FIELDS", "Municipality", "RequiredDocuments", "consent_condition"]
