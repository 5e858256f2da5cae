"""Which papers need not be brought: for each paper of a procedure, whether all it proves arrives by a lawful path.

Two questions are kept apart: whether the use of the information is lawful, and whether a clause deems
the paper submitted (番号法第22条第2項, or the ordinance's own clause). A paper may be dropped only when both
are answered yes for everything that it proves.
"""

from __future__ import annotations

import enum
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from engine import wording
from engine.index import index_of
from engine.japanese import spoken_day
from engine.matching import State, bar_value, literal_value, reaches, state
from engine.rule_set import Action, Citation, Fact, Holding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.index import GrantIndex
    from engine.request import Request
    from engine.rule_set import DeemedSubmission, Gate, Grant, GrantedInformation, Party, RequiredDocument, RuleSet

FULL_OPERATION = "full-operation"
TRIAL_OPERATION = "trial-operation"
SAME_DAY = "same_day"
NETWORK_UP = "network_up"


class Droppable(enum.StrEnum):
    """Whether a paper need not be brought."""

    YES = "yes"
    NO = "no"
    PARTIAL = "partial"


class Attachment(msgspec.Struct, frozen=True):
    """The answer on one paper. `reasons` name the path of each thing it proves, or what failed."""

    name: str
    droppable: Droppable
    reasons: tuple[str, ...]
    bases: tuple[Citation, ...] = ()
    assumptions: tuple[str, ...] = ()


class _Path(msgspec.Struct, frozen=True):
    """One way by which one thing could come instead of paper: open, or what closes it."""

    open: bool
    reason: str
    reached: bool = False  # a provision opens it for this affair, procedure, day and person; something else closes it
    bases: tuple[Citation, ...] = ()
    assumptions: tuple[str, ...] = ()


def attachments(rule_set: RuleSet, request: Request) -> tuple[Attachment, ...]:
    """Decide every paper that the procedure asks for, or those the request names.

    Args:
        rule_set: The rules.
        request: The request; its action does not matter, its affair, procedure, day and facts do.
    """
    cases = _Case(index_of(rule_set), request)
    documents = list(_documents(cases, request))
    if request.attachments is None:
        return tuple(cases.answer(document) for document in documents)
    known = {document.name: document for document in reversed(documents)}
    return tuple(
        cases.answer(known[name])
        if name in known
        else Attachment(name, Droppable.NO, ("この手続でこの書類の提出を求める定めが、規則にありません",))
        for name in request.attachments
    )


def _documents(case: _Case, request: Request) -> Iterator[RequiredDocument]:
    scope = case.index.scope(request.body, request.affair)
    for part in case.parts:
        for document in part.documents:
            if (
                document.affair in scope
                and (
                    request.procedure is None or document.procedures is None or request.procedure in document.procedures
                )
                and document.period.contains(request.on)
            ):
                yield document


class _Case:
    """One request, asked about its papers."""

    def __init__(self, index: GrantIndex, request: Request) -> None:
        self.index = index
        self.request = request
        self.parts = index.parts(request.body)
        self.party = index.party(request.body, request.party)
        scope = index.scope(request.body, request.affair)
        self.grants = {
            action: index.grants(request.body, action, scope) for action in (Action.USE, Action.TRANSFER, Action.LINK)
        }
        on = request.on
        self.deemed = [clause for part in self.parts for clause in part.deemed if clause.period.contains(on)]
        self.gates = {gate.id: gate for gate in index.rule_set.national.gates}

    def answer(self, document: RequiredDocument) -> Attachment:
        """Decide one paper; when the request names no procedure, it must be droppable in each that asks for it."""
        decided = self.decide(document)
        if self.request.procedure is not None or decided.droppable is not Droppable.YES:
            return decided
        known = {key: p for part in self.parts for key, p in part.procedures.items() if p.affair == document.affair}
        asking = [key for key in sorted(known) if document.procedures is None or key in document.procedures]
        droppable = [key for key in asking if self._in(key).decide(document).droppable is Droppable.YES]
        if droppable == asking:
            return decided
        labels = "、".join(known[key].label_on(self.request.on) for key in droppable)
        which = f"省略できるのは{labels}の手続に限られます" if droppable else "どの手続でも省略できません"
        reason = f"手続が示されていないため、省略できるかが分かりません。{which}"
        return Attachment(document.name, Droppable.NO, (reason,), (document.citation,), decided.assumptions)

    def _in(self, procedure: str) -> _Case:
        """The same request in one procedure."""
        return _Case(self.index, replace(self.request, procedure=procedure))

    def decide(self, document: RequiredDocument) -> Attachment:
        """Decide one paper."""
        if not document.proves:
            reason = "この書類が証明する特定個人情報が定められていないため、提出が必要です"
            return Attachment(document.name, Droppable.NO, (reason,), (document.citation,))
        reasons: list[str] = []
        bases: list[Citation] = []
        assumptions: list[str] = list(document.assumptions)
        arriving = 0
        for item in document.proves:
            paths = list(self._paths(item, document))
            way = next((path for path in paths if path.open), None)
            if way is None:
                reasons.extend(_closed(item, paths))
                continue
            arriving += 1
            reasons.append(f"{wording.information(item)}: {way.reason}")
            bases.extend(way.bases)
            assumptions.extend(way.assumptions)
        droppable = (
            Droppable.YES if arriving == len(document.proves) else Droppable.PARTIAL if arriving else Droppable.NO
        )
        return Attachment(
            document.name,
            droppable,
            tuple(dict.fromkeys(reasons)),
            tuple(dict.fromkeys(bases)),
            tuple(sorted({name for name in assumptions if self._on_the_day(name)})),
        )

    def _on_the_day(self, assumption: str) -> bool:
        """Whether the assumption bears on the day (an undeclared one always does)."""
        declared = [part.assumptions[assumption] for part in self.parts if assumption in part.assumptions]
        return not declared or any(a.period.contains(self.request.on) for a in declared)

    def _paths(self, item: GrantedInformation, document: RequiredDocument) -> Iterator[_Path]:
        yield self._own(item, document)
        yield from self._other_agencies(item, document)
        yield self._network(item, document)

    # ---- own holdings and other agencies of the body -------------------------------------------

    def _own(self, item: GrantedInformation, document: RequiredDocument) -> _Path:
        request, party = self.request, self.party
        asked = (
            replace(
                request,
                action=Action.TRANSFER,
                holder=request.party,
                holder_designations=frozenset() if party is None else party.designations,
                holder_body=request.body,
            ),
            replace(request, action=Action.USE, holder=None, holder_designations=frozenset(), holder_body=None),
        )
        reaching = [
            (grant, ask)
            for ask in asked
            for grant in self.grants[ask.action]
            if grant.holding is Holding.OWN and reaches(grant, ask, item, party)
        ]
        who = "当該機関" if party is None else party.name
        return self._internal(item, document, reaching, party, f"{who}が自ら保有する情報の利用")

    def _other_agencies(self, item: GrantedInformation, document: RequiredDocument) -> Iterator[_Path]:
        request = self.request
        own = self.index.rule_set.bodies.get(request.body) if request.body is not None else None
        for other in () if own is None else own.parties.values():
            if other.key == request.party:
                continue
            ask = replace(
                request,
                action=Action.TRANSFER,
                holder=other.key,
                holder_designations=other.designations,
                holder_body=other.body,
            )
            reaching = [
                (grant, ask)
                for grant in self.grants[Action.TRANSFER]
                if grant.holding is Holding.OTHER_AGENCY and reaches(grant, ask, item, self.party)
            ]
            if reaching:
                yield self._internal(item, document, reaching, other, f"{other.name}からの提供")

    def _internal(
        self,
        item: GrantedInformation,
        document: RequiredDocument,
        reaching: list[tuple[Grant, Request]],
        holder: Party | None,
        way: str,
    ) -> _Path:
        grants = _permitting(reaching)
        if not grants:
            return _no_ground(way, reaching)
        closed = self._unheld(item, holder)
        if closed is not None:
            return _Path(False, f"{way}は適法ですが、{closed}", reached=True)
        return self._deemed_path(document, grants, way, network=False)

    def _unheld(self, item: GrantedInformation, holder: Party | None) -> str | None:
        """Why the agency does not hold the information about this person, if it does not.

        A request that names the agency as the holder says that it holds it (…が保有するもの); else the
        register of holdings says so. A residence outside on the reference date always speaks against it.
        """
        named = holder is not None and self.request.holder == holder.key
        held = named or (
            holder is not None
            and any(
                entry.party == holder.key and entry.information == item.name
                for part in self.parts
                for entry in part.holdings
            )
        )
        if not held:
            return "その機関がこの情報を保有していることが組織の登録にありません"
        if self._by_residence(item.name):
            resident = self.request.facts.get(Fact.RESIDENT)
            if resident is None and not named:
                name = wording.fact(Fact.RESIDENT.value)
                return f"事実「{name}」（resident）が示されていないため、保有しているかが分かりません"
            if resident is False:
                return "基準日に市外に住所があった人の情報なので、保有していません"
        return None

    def _by_residence(self, information: str) -> bool:
        """Whether who holds the information turns on residence: bodies of this kind provide it to each other."""
        codes = {self.request.body, None}
        return any(information in self.index.linked_information(code, d) for code in codes for d in self._here)

    @cached_property
    def _here(self) -> frozenset[str]:
        """What the agencies of the body fall under."""
        own = self.index.rule_set.bodies.get(self.request.body) if self.request.body is not None else None
        return frozenset().union(*(party.designations for party in own.parties.values())) if own else frozenset()

    # ---- the network ----------------------------------------------------------------------------

    def _network(self, item: GrantedInformation, document: RequiredDocument) -> _Path:
        request = self.request
        named = request.holder is not None and (request.holder_body is None or request.holder_body != request.body)
        ask = replace(request, action=Action.LINK)
        if not named:
            ask = replace(ask, holder=None, holder_designations=frozenset(), holder_body=None)
        reaching = [
            (grant, ask)
            for grant in self.grants[Action.LINK]
            if grant.holding is Holding.NETWORK and reaches(grant, ask, item, self.party)
        ]
        way = "情報提供ネットワークシステムによる情報連携"
        grants = _permitting(reaching)
        if not grants:
            return _no_ground(way, reaching)
        resident = request.facts.get(Fact.RESIDENT)
        if not named and resident is not False:
            grants = [grant for grant in grants if grant.holders.isdisjoint(self._here)]
            if not grants:
                return _Path(False, f"{way}は適法ですが、{_held_here(resident)}", reached=True)
        if request.facts.get(SAME_DAY) is True:
            return _Path(
                False, f"{way}は適法ですが、回答を待つため、即日の交付を望むときは書類が必要です", reached=True
            )
        if request.facts.get(NETWORK_UP) is False:
            return _Path(False, f"{way}は適法ですが、システムが稼働していないため、書類が必要です", reached=True)
        closed = self._before_full_operation(way)
        if closed is not None:
            return closed
        return self._deemed_path(document, grants, way, network=True)

    def _before_full_operation(self, way: str) -> _Path | None:
        on = self.request.on
        full = self.gates.get(FULL_OPERATION)
        if full is not None and on >= full.first:
            return None
        trial = self.gates.get(TRIAL_OPERATION)
        when = "その日は規則に定められていません" if full is None else f"{spoken_day(full.first)}からです"
        if trial is not None and on >= trial.first:
            text = (
                f"{way}は試行運用として適法ですが、試行の間は書類の提出が必要です。省略できるのは本格運用の後で、{when}"
            )
        else:
            text = f"{way}により書類を省略できるのは本格運用の後で、{when}"
        return _Path(False, text, reached=True, assumptions=_doubt(full))

    # ---- deemed submission ----------------------------------------------------------------------

    def _borrowed(self, grant: Grant) -> tuple[str, ...]:
        """What lets a grant of another affair reach this one."""
        affair = self.index.affair(self.request.body, self.request.affair)
        return () if affair is None or grant.affair == affair.id else affair.assumptions

    def _deemed_path(self, document: RequiredDocument, grants: list[Grant], way: str, *, network: bool) -> _Path:
        triggered: list[DeemedSubmission] = []
        for grant in grants:
            for clause in self.deemed:
                fits = grant.clause in clause.triggers or (network and clause.network and not clause.triggers)
                if not fits:
                    continue
                if document.demanded_by in clause.covers:
                    full = self.gates.get(FULL_OPERATION) if network else None
                    deemed = f"{clause.citation.label}により書類の提出があったものとみなされます"
                    return _Path(
                        True,
                        f"{way}（{wording.ground(grant)}）により届き、{deemed}",
                        True,
                        (*grant.bases, clause.citation),
                        (*grant.assumptions, *self._borrowed(grant), *clause.assumptions, *_doubt(full)),
                    )
                triggered.append(clause)
        if triggered:
            clause = triggered[0]
            text = (
                f"{way}は適法ですが、{clause.citation.label}のみなし規定は{'・'.join(sorted(clause.covers))}が求める書類に限られ、"
                f"{document.demanded_by}が求めるこの書類には及びません"
            )
            return _Path(False, text, reached=True)
        text = f"{way}は適法ですが、書類の提出があったものとみなす規定がありません（{wording.ground(grants[0])}）"
        return _Path(False, text, reached=True)


def _permitting(reaching: Iterable[tuple[Grant, Request]]) -> list[Grant]:
    return [g for g, ask in reaching if state(g, ask.on, ask.facts, pending=False) is State.SATISFIED]


def _no_ground(way: str, reaching: list[tuple[Grant, Request]]) -> _Path:
    """Why no ground permits: the first that reaches says what stands against it."""
    if not reaching:
        return _Path(False, f"{way}を認める規定がこの事務、この手続、この日、この人についてありません")
    against = next(text for grant, ask in reaching for text in _against(grant, ask))
    return _Path(False, f"{way}はできません。{against}", reached=True)


def _against(grant: Grant, ask: Request) -> Iterator[str]:
    for bar in grant.bars:
        value = bar_value(bar, ask.on, ask.facts)
        if value is True:
            yield wording.barred(grant, bar).text
        elif value is None:
            missing = next(x.fact for x in bar.literals if ask.facts.get(x.fact) is None)
            yield wording.missing_bar(grant, bar, missing).text
    for condition in grant.conditions:
        value = literal_value(condition.literal, ask.facts)
        if value is False:
            yield f"次のことが満たされていません: {condition.text}"
        elif value is None:
            yield wording.missing_condition(grant, condition).text


def _held_here(resident: bool | None) -> str:
    if resident is None:
        name = wording.fact(Fact.RESIDENT.value)
        return f"事実「{name}」（resident）が示されていないため、当該市町村と他の団体のどちらが保有しているかが分かりません"
    return "当該市町村に住所があった人の情報は当該市町村が保有し、他の団体からは届きません"


def _closed(item: GrantedInformation, paths: Iterable[_Path]) -> Iterator[str]:
    """Why nothing brings the item: the paths that a provision opens with what closes them or, without any, all."""
    known = list(paths)
    reached = [path for path in known if path.reached]
    for path in reached or known:
        yield f"{wording.information(item)}: {path.reason}"


def _doubt(gate: Gate | None) -> tuple[str, ...]:
    return () if gate is None or gate.assumption is None else (gate.assumption,)
