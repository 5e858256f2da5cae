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

from dsl.designations import Designations
from dsl.diagnostics import Diagnostic, Severity
from dsl.findings import Findings
from dsl.instrument import EPOCH, Instrument
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


def build(national: Sequence[SourceFile], municipalities: Sequence[Sequence[SourceFile]]) -> Build:
    """Compile rule files.

    Args:
        national: the files of `rules/` (instruments and registers).
        municipalities: the files of each municipality's folder.

    Returns:
        The rule set and every finding, in the order of the files.
    """
    findings: list[Diagnostic] = []
    documents: list[Document] = []
    act_part, centre = _national(national, findings, documents)
    bodies: dict[str, Part] = {}
    names: dict[str, str] = {}
    for files in municipalities:
        part = _municipality(files, centre, findings, documents) if centre is not None else None
        if part is None or part.body is None:
            continue
        if part.body.code in bodies:
            path = files[0].path
            findings.append(_conflict(path, part.body.name))
        bodies[part.body.code] = part
        names[part.body.name] = part.body.code
    digest = digest_of([*national, *(f for files in municipalities for f in files)])
    valid = centre.act.span if centre is not None else Period(EPOCH, EPOCH)
    return Build(RuleSet(digest, valid, act_part, bodies, names), tuple(findings), tuple(documents))


def digest_of(files: Iterable[SourceFile]) -> str:
    """The identity of a set of files: sha256 over their contents in an order that ignores where they stand."""
    each = sorted(hashlib.sha256(f.text.encode()).digest() for f in files)
    return hashlib.sha256(b"".join(each)).hexdigest()


def _conflict(path: str, name: str) -> Diagnostic:
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


def _national(
    files: Sequence[SourceFile], findings: list[Diagnostic], documents: list[Document]
) -> tuple[Part, National | None]:
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
    findings.extend(own)
    documents.extend(parsed)
    acts = [d for d in parsed if d.kind is InstrumentKind.ACT]
    if not acts:
        return Part(body=None, faults=("番号法のファイル（法律）がありません", *_faults(own))), None
    orders = [Instrument(d) for d in parsed if d.kind is not InstrumentKind.ACT]
    centre = compile_national(Instrument(acts[0]), orders, Designations(designations), assumptions, gates)
    centre.practices(practices)
    checks = Findings()
    _check_assumptions(parsed, centre.assumptions, checks)
    findings.extend(checks.all)
    part = centre.part()
    faults = _faults([*own, *checks.all])
    return (_with_faults(part, faults) if faults else part), centre


def _with_faults(part: Part, faults: tuple[str, ...]) -> Part:
    return msgspec.structs.replace(part, faults=tuple(dict.fromkeys((*part.faults, *faults))))


def _municipality(
    files: Sequence[SourceFile], national: National, findings: list[Diagnostic], documents: list[Document]
) -> Part | None:
    own: list[Diagnostic] = []
    parsed = _documents(files, own)
    documents.extend(parsed)
    organisation = _organisation(files, parsed, own)
    if organisation is None or not parsed:
        findings.extend(own)
        return None
    checks = Findings()
    _check_titles(parsed, organisation, checks)
    instruments = [Instrument(d, organisation.code) for d in parsed]
    part = Municipality(national, organisation, instruments, checks).part()
    declared = {**national.assumptions, **part.assumptions}
    _check_assumptions(parsed, declared, checks)
    own.extend(checks.all)
    own.sort(key=lambda d: (d.path, d.span.line, d.span.column))
    findings.extend(own)
    return msgspec.structs.replace(part, faults=_faults(own))


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


def _check_titles(parsed: Sequence[Document], organisation: Organisation, checks: Findings) -> None:
    seen: dict[str, Document] = {}
    for document in parsed:
        if document.title in seen:
            checks.add(
                "J0316",
                document.path,
                document.span,
                f"「{document.title}」という題名の文書が二つあります",
                f"{seen[document.title].path} と題名を分けてください。",
            )
        seen[document.title] = document
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
