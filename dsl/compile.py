"""From rule files to a checked rule set: the one entry point of the language.

`build` parses every file, reads the registers, compiles the national part and then each
municipality, and returns the rule set with every finding. A part whose files have errors carries
them as faults, so that no interpreter permits anything by a text that cannot be relied on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from dsl.commencement import begins_by_amendment
from dsl.designations import Designations
from dsl.diagnostics import Diagnostic, Severity
from dsl.editions import Edition, check_side_by_side, editions, slices, text_on
from dsl.findings import Findings
from dsl.instrument import EPOCH, Instrument
from dsl.joining import clip, join
from dsl.masking import digest
from dsl.municipal import Municipality
from dsl.national import compile_national
from dsl.national_model import National
from dsl.national_registers import (
    AssumptionEntry,
    Designation,
    DutyEntry,
    GateEntry,
    read_assumptions,
    read_designations,
    read_duties,
    read_gates,
)
from dsl.organisation import Organisation, default_organisation, read_organisation
from dsl.parse import parse
from dsl.proviso import linked
from dsl.syntax import Annotation, Document, InstrumentKind, Span
from engine.period import Period
from engine.rule_set import Part, RuleSet


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A rule file or register: where it stands (for messages) and its text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Build:
    """A compiled rule set with its findings; `ok` when none is an error."""

    rule_set: RuleSet
    diagnostics: tuple[Diagnostic, ...]
    documents: tuple[Document, ...]

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return all(d.severity is not Severity.ERROR for d in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Nation:
    """The national part, its texts slice by slice (what municipalities are compiled against), and the days they cover."""

    part: Part
    slices: tuple[tuple[Period, National], ...]
    valid: Period


@dataclass(frozen=True, slots=True)
class Compiled:
    """What became of the files of the nation or of one municipality."""

    part: Part | None
    diagnostics: tuple[Diagnostic, ...]
    documents: tuple[Document, ...]


def build(national: Sequence[SourceFile], municipalities: Sequence[Sequence[SourceFile]]) -> Build:
    """Compile rule files.

    Args:
        national: the files of `rules/` (instruments and registers).
        municipalities: the files of each municipality's folder.

    Returns:
        The rule set and every finding, in the order of the files.
    """
    return gather(national, compile_nation(national), municipalities)


def gather(
    national: Sequence[SourceFile],
    compiled_nation: tuple[Compiled, Nation],
    municipalities: Sequence[Sequence[SourceFile]],
) -> Build:
    """Compile municipalities under a nation that is compiled already; see `build`."""
    compiled, nation = compiled_nation
    findings = list(compiled.diagnostics)
    documents = list(compiled.documents)
    bodies: dict[str, Part] = {}
    names: dict[str, str] = {}
    ambiguous: set[str] = set()  # 府中市, 伊達市: two bodies of one name are told apart by code only
    for files in municipalities:
        own = compile_municipality(files, nation)
        findings.extend(own.diagnostics)
        documents.extend(own.documents)
        if own.part is None or own.part.body is None:
            continue
        if own.part.body.code in bodies:
            findings.append(same_body_twice(files[0].path, own.part.body.name))
        bodies[own.part.body.code] = own.part
        shared = names.setdefault(own.part.body.name, own.part.body.code) != own.part.body.code
        ambiguous |= {own.part.body.name} if shared else set()
    for name in ambiguous:
        del names[name]
    whole = digest_of([*national, *(f for files in municipalities for f in files)])
    return Build(RuleSet(whole, nation.valid, nation.part, bodies, names), tuple(findings), tuple(documents))


def digest_of(files: Iterable[SourceFile]) -> str:
    """The identity of a set of files: sha256 over their contents in an order that ignores where they stand."""
    each = sorted(hashlib.sha256(f.text.encode()).digest() for f in files)
    return digest(b"".join(each))


def same_body_twice(path: str, name: str) -> Diagnostic:
    """The finding that two folders hold the texts of one body."""
    found = Findings()
    found.add(
        "J0316", path, Span(1, 1, 1, 2), f"{name}の文書が二つのフォルダにあります", "一つのフォルダにまとめてください。"
    )
    return found.all[0]


def _documents(files: Sequence[SourceFile], findings: list[Diagnostic]) -> list[Document]:
    found = []
    for file in files:
        if file.path.endswith(".jorei"):
            document, diagnostics = parse(file.path, file.text)
            findings.extend(diagnostics)
            found.append(document)
    return found


def _faults(findings: Iterable[Diagnostic]) -> tuple[str, ...]:
    return tuple(f"{d.code} {d.path}:{d.span.line}: {d.message}" for d in findings if d.severity is Severity.ERROR)


def compile_nation(files: Sequence[SourceFile]) -> tuple[Compiled, Nation]:
    """Compile the Act, its orders and the national registers, slice by slice."""
    own: list[Diagnostic] = []
    parsed = _documents(files, own)
    designations: tuple[Designation, ...] = ()
    assumptions: tuple[AssumptionEntry, ...] = ()
    gates: tuple[GateEntry, ...] = ()
    practices: tuple[DutyEntry, ...] = ()
    for file in files:
        name = file.path.replace("\\", "/").rpartition("/")[2]
        if name == "designations.yaml":
            designations, found = read_designations(file.path, file.text)
            own.extend(found)
        elif name == "assumptions.yaml":
            assumptions, found = read_assumptions(file.path, file.text)
            own.extend(found)
        elif name == "duties.yaml":
            practices, found = read_duties(file.path, file.text)
            own.extend(found)
        elif name == "gates.yaml":
            gates, found = read_gates(file.path, file.text)
            own.extend(found)
    checks = Findings()
    placed = editions(parsed, lambda _: None, checks)
    for document in parsed:
        check_side_by_side(document, checks)
    known = Designations(designations)
    found_slices: list[tuple[Period, National]] = []
    acts = [e for e in placed if e.document.kind is InstrumentKind.ACT]
    for on in slices(placed, _covered(acts)) if acts else ():
        texts = _texts(placed, on)
        act = next((t for t in texts if t.kind is InstrumentKind.ACT), None)
        if act is not None:
            orders = [t for t in texts if t.kind is not InstrumentKind.ACT]
            national = compile_national(act, orders, known, assumptions, gates)
            national.practices(practices)
            national.links = linked(national.grants)
            found_slices.append((on, national))
    if not found_slices:
        findings = (*own, *checks.all)
        part = Part(body=None, faults=("番号法のファイル（法律）がありません", *_faults(findings)))
        return Compiled(part, findings, tuple(parsed)), Nation(part, (), Period(EPOCH, EPOCH))
    _tell_each_other([national for _, national in found_slices])
    part = join([(on, clip(national.part(), on)) for on, national in found_slices])
    _check_assumptions(parsed, part.assumptions, checks)
    diagnostics = (*own, *checks.all)
    part = _with_faults(part, _faults(diagnostics))
    valid = Period(found_slices[0][0].first, found_slices[-1][0].last)
    return Compiled(part, diagnostics, tuple(parsed)), Nation(part, tuple(found_slices), valid)


def _texts(placed: Iterable[Edition], on: Period, code: str | None = None) -> list[Instrument]:
    """The instruments as they stand in a slice."""
    return [
        Instrument(text_on(e.document, on), code, common)
        for e in placed
        if (common := e.span.intersect(on)) is not None
    ]


def _covered(acts: Sequence[Edition]) -> Period:
    """From the first day of the oldest edition of the Act to the last day of the newest."""
    newest = max(acts, key=lambda e: e.span.first)
    return Period(min(e.span.first for e in acts), newest.span.last)


def _tell_each_other(nationals: Sequence[National]) -> None:
    """Registers name affairs and information by what they are called on any day."""
    for national in nationals:
        for other in nationals:
            if other is not national:
                for id_, affair in other.affairs.items():
                    held = national.affairs_elsewhere.get(id_, affair)
                    names = tuple(dict.fromkeys((*held.aliases, *affair.aliases)))
                    national.affairs_elsewhere[id_] = msgspec.structs.replace(held, aliases=names)
                national.information_elsewhere |= set(other.information)
                for item in other.items.values():
                    national.opened_elsewhere.setdefault(item.affair, set()).update(item.information)


def _with_faults(part: Part, faults: tuple[str, ...]) -> Part:
    return msgspec.structs.replace(part, faults=tuple(dict.fromkeys((*part.faults, *faults))))


#: findings that a reference leads nowhere
_REFERENCES = frozenset({"J0302", "J0304", "J0315", "J0325"})

#: a register may name what the texts know on some days only
_NAMED_ELSEWHERE = frozenset({"J0319"})


class _Slice:
    """What was found in one slice: the documents that are texts in it, and those of them not in force on any day of it."""

    def __init__(self, on: Period, texts: Sequence[Instrument], findings: Findings) -> None:
        self.on = on
        self.findings = findings
        self.documents = frozenset(t.document.path for t in texts)
        self.dormant = frozenset(t.document.path for t in texts if not _in_force(t, on))

    def holds(self, path: str) -> bool:
        """Whether the file counts in this slice: a document in force, or a register."""
        return path not in self.dormant and (path in self.documents or not path.endswith(".jorei"))


def _in_force(instrument: Instrument, on: Period) -> bool:
    started = instrument.commencements.values()
    return not started or any(period.intersect(on) for period in started)


def compile_municipality(files: Sequence[SourceFile], nation: Nation) -> Compiled:
    """Compile the folder of one municipality against the nation's texts, slice by slice."""
    own: list[Diagnostic] = []
    parsed = _documents(files, own)
    organisation = _organisation(files, parsed, own)
    if organisation is None or not parsed or not nation.slices:
        return Compiled(None, tuple(own), tuple(parsed))
    checks = Findings()
    _check_body(parsed, organisation, checks)
    gate_days = nation.slices[-1][1].gate_days
    placed = editions(parsed, lambda document: begins_by_amendment(document, gate_days), checks)
    for document in parsed:
        check_side_by_side(document, checks)
    parts: list[tuple[Period, Part]] = []
    found: list[_Slice] = []
    for within, national in nation.slices:
        for on in slices(placed, within):
            texts = _texts(placed, on, organisation.code)
            here = Findings()
            parts.append((on, clip(Municipality(national, organisation, texts, here).part(), on)))
            found.append(_Slice(on, texts, here))
    part = join(parts)
    _check_assumptions(parsed, {**nation.part.assumptions, **part.assumptions}, checks)
    own += [*checks.all, *_told(found)]
    own.sort(key=lambda d: (d.path, d.span.line, d.span.column))
    return Compiled(msgspec.structs.replace(part, faults=_faults(own)), tuple(own), tuple(parsed))


def _told(found: Sequence[_Slice]) -> Iterable[Diagnostic]:
    """The findings of the slices, each once.

    Warnings count when they hold in every slice in which the document is in force (`dsl.lint` speaks of single days).
    A reference that leads nowhere only on some days, because the law it cites was renumbered or repealed, grants nothing
    on those days and is a warning that names them.
    """
    kept: dict[tuple[str, str, Span], list[tuple[Period, Diagnostic]]] = {}
    for piece in found:
        for diagnostic in piece.findings.all:
            if diagnostic.path not in piece.dormant:
                kept.setdefault((diagnostic.code, diagnostic.path, diagnostic.span), []).append((piece.on, diagnostic))
    for (code, path, _), times in kept.items():
        standing = sum(piece.holds(path) for piece in found)
        diagnostic = times[0][1]
        if len(times) < standing and code in _NAMED_ELSEWHERE:
            continue
        if len(times) >= standing or (diagnostic.severity is Severity.ERROR and code not in _REFERENCES):
            yield diagnostic
        elif diagnostic.severity is Severity.ERROR:
            days = "、".join(_days(on) for on, _ in times)
            yield replace(diagnostic, severity=Severity.WARNING, message=f"{diagnostic.message}（{days}）")


def _days(on: Period) -> str:
    return f"{on.first.isoformat()}から" + (f"{on.last.isoformat()}まで" if on.last else "")


def _organisation(
    files: Sequence[SourceFile], parsed: Sequence[Document], findings: list[Diagnostic]
) -> Organisation | None:
    for file in files:
        if file.path.endswith(("organisation.yaml", "organisation.yml")):
            organisation, found = read_organisation(file.path, file.text)
            findings.extend(found)
            return organisation
    for document in parsed:
        body = (document.annotation("団体") or "").split()
        if len(body) == 2:
            organisation = default_organisation(body[0], body[1])
            if organisation is not None:
                return replace(organisation, path=document.path)
    if parsed:
        checks = Findings()
        checks.add(
            "J0318",
            parsed[0].path,
            Span(1, 1, 1, 2),
            "どの団体の文書か分かりません",
            "文書の頭に〔団体 石巻市 042021〕のように、団体の名称と6桁のコードを書いてください。",
        )
        findings.extend(checks.all)
    return None


def _check_body(parsed: Sequence[Document], organisation: Organisation, checks: Findings) -> None:
    for document in parsed:
        body = (document.annotation("団体") or "").split()
        if body and body[-1] != organisation.code:
            annotation = next(a for a in document.annotations if a.name == "団体")
            checks.add(
                "J0318",
                document.path,
                annotation.span,
                f"団体コード {body[-1]} が organisation.yaml の {organisation.code} と違います",
                "どちらかを改めてください。",
            )


def _check_assumptions(parsed: Sequence[Document], declared: Container[str], checks: Findings) -> None:
    for document in parsed:
        for annotation in _every_annotation(document):
            if annotation.name == "仮定" and annotation.value not in declared:
                checks.add(
                    "J0321",
                    document.path,
                    annotation.span,
                    f"仮定「{annotation.value}」は宣言されていません",
                    "rules/assumptions.yaml か organisation.yaml の「仮定」に書き加えてください。",
                )


def _every_annotation(document: Document) -> Iterable[Annotation]:
    yield from document.annotations
    for article in document.articles:
        yield from article.annotations
        for paragraph in article.paragraphs:
            yield from paragraph.annotations
            for sentence in paragraph.sentences:
                yield from sentence.annotations
            for item in paragraph.items:
                yield from item.annotations
    for table in document.tables:
        yield from table.annotations
        for row in table.rows:
            yield from row.annotations
            for cell in row.cells:
                yield from cell.annotations
