"""The part of one municipality: its ordinance, regulations and register, read into grants.

Blanket clauses and column references are resolved here, so that a decision is a look-up. The
network proviso becomes bars, computed from the linkages that are open to the same agency for the
same affair and information on the same days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dsl.affairs import declare_items, declare_rows
from dsl.clauses import municipal_clauses
from dsl.commencement import commence
from dsl.findings import Findings, nearest
from dsl.granting import fact_conditions
from dsl.information import check_cells
from dsl.instrument import Instrument
from dsl.national_model import National
from dsl.operative import card_use, provision_to_other_agency, scope_of_use, use_within_agency
from dsl.organisation import COMMITTEES, HEADS, Organisation
from dsl.papers import deemed_clauses, required_documents
from dsl.phrases import agencies as agencies_in
from dsl.place import Place, column_index, placed
from dsl.proviso import linked
from dsl.registered import assessments, consents, holdings, linkages, own_information
from dsl.regulation import Regulations, Target
from dsl.syntax import (
    AgencyPhrase,
    Article,
    CardUse,
    Cell,
    ColumnRef,
    InstrumentKind,
    NamedAgencies,
    NetworkProviso,
    Paragraph,
    ProvisionToOtherAgency,
    Row,
    ScopeOfIndependentUse,
    Sentence,
    Span,
    Table,
    TableRef,
    UseWithinAgency,
)
from engine.rule_set import (
    Affair,
    Assumption,
    Body,
    Clause,
    Grant,
    Part,
    Party,
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
    links: dict[str, list[Grant]] = field(default_factory=dict)  # linkages of independent use by affair
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
            check_cells(self, ordinance)
        for regulation in self.regulations_only():
            parent = self.parent(regulation)
            if parent is not None:
                self.regulations.read(regulation, parent, [t for t in self.targets if t.ordinance is parent])
        for ordinance in self.ordinances:
            self._ordinance(ordinance, (ScopeOfIndependentUse, CardUse))
        linkages(self)
        self.links = linked(self.grants)
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
        """Report an agency that the body does not have, with the nearest that it can have."""
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
                        self._formula(ordinance, article, paragraph, sentence)

    def _formula(self, ordinance: Instrument, article: Article, paragraph: Paragraph, sentence: Sentence) -> None:
        period = ordinance.in_force(
            article.annotations, paragraph.annotations, keys=(article.number, f"{article.number}/{paragraph.number}")
        )
        if period is None:
            return
        citations = ordinance.cite_provision(period, article, paragraph)
        conditions = fact_conditions(sentence.annotations, sentence.text.raw, citations[0])
        at = Place(ordinance, article, paragraph, period, citations, conditions)
        before = len(self.grants) + len(self.voids)
        formula = sentence.formula
        match formula:
            case ScopeOfIndependentUse(clauses=clauses, exclusions=exclusions):
                for clause in clauses:
                    scope_of_use(self, at, clause, (*exclusions, *clause.exclusions))
            case CardUse(agencies=agencies, affairs=affairs):
                card_use(self, at, agencies, affairs)
            case UseWithinAgency(agencies=agencies, affairs=affairs, information=info):
                proviso = any(isinstance(s.formula, NetworkProviso) for s in paragraph.sentences)
                use_within_agency(self, at, agencies, affairs, info, proviso)
            case ProvisionToOtherAgency():
                provision_to_other_agency(self, at, formula)
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
