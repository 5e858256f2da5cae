"""Which papers need not be brought: for each paper of a procedure, whether all it proves arrives by a lawful path.

Two questions are kept apart: whether the use of the information is lawful, and whether a clause deems
the paper submitted (番号法第22条第2項, or the ordinance's own clause). A paper may be dropped only when both
are answered yes for everything that it proves.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from engine import wording
from engine.index import index_of
from engine.japanese import spoken_day
from engine.matching import satisfied
from engine.names import MAYOR
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
    lawful: bool = False  # the use itself is lawful
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
        return tuple(cases.decide(document) for document in documents)
    known = {document.name: document for document in reversed(documents)}
    return tuple(
        cases.decide(known[name])
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
            tuple(sorted(set(assumptions))),
        )

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
        grants = [
            grant
            for ask in asked
            for grant in self.grants[ask.action]
            if grant.holding is Holding.OWN and satisfied(grant, ask, item, party)
        ]
        who = "当該機関" if party is None else party.name
        return self._internal(item, document, grants, party, f"{who}が自ら保有する情報の利用")

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
            grants = [
                grant
                for grant in self.grants[Action.TRANSFER]
                if grant.holding is Holding.OTHER_AGENCY and satisfied(grant, ask, item, self.party)
            ]
            if grants:
                yield self._internal(item, document, grants, other, f"{other.name}からの提供")

    def _internal(
        self, item: GrantedInformation, document: RequiredDocument, grants: list[Grant], holder: Party | None, way: str
    ) -> _Path:
        if not grants:
            return _Path(False, f"{way}を認める規定がこの事務、この日、この人についてありません")
        closed = self._unheld(item, holder)
        if closed is not None:
            return _Path(False, f"{way}は適法ですが、{closed}", lawful=True)
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
        """Whether the municipality of residence holds the information: a linkage names 市町村長 as its provider."""
        return information in _held_by_mayors(self.index, self.request.body)

    # ---- the network ----------------------------------------------------------------------------

    def _network(self, item: GrantedInformation, document: RequiredDocument) -> _Path:
        request = self.request
        named = request.holder is not None and (request.holder_body is None or request.holder_body != request.body)
        ask = replace(request, action=Action.LINK)
        if not named:
            ask = replace(ask, holder=None, holder_designations=frozenset(), holder_body=None)
        grants = [
            grant
            for grant in self.grants[Action.LINK]
            if grant.holding is Holding.NETWORK and satisfied(grant, ask, item, self.party)
        ]
        way = "情報提供ネットワークシステムによる情報連携"
        if not grants:
            return _Path(False, f"{way}を認める規定がこの事務、この日、この人についてありません")
        if not named and request.facts.get(Fact.RESIDENT) is True:
            grants = [grant for grant in grants if MAYOR not in grant.holders]
            if not grants:
                text = (
                    f"{way}は適法ですが、当該市町村に住所があった人の情報は当該市町村が保有し、他の団体からは届きません"
                )
                return _Path(False, text, lawful=True)
        if request.facts.get(SAME_DAY) is True:
            return _Path(False, f"{way}は適法ですが、回答を待つため、即日の交付を望むときは書類が必要です", lawful=True)
        if request.facts.get(NETWORK_UP) is False:
            return _Path(False, f"{way}は適法ですが、システムが稼働していないため、書類が必要です", lawful=True)
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
        return _Path(False, text, lawful=True, assumptions=_doubt(full))

    # ---- deemed submission ----------------------------------------------------------------------

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
                        (*grant.assumptions, *clause.assumptions, *_doubt(full)),
                    )
                triggered.append(clause)
        if triggered:
            clause = triggered[0]
            text = (
                f"{way}は適法ですが、{clause.citation.label}のみなし規定は{'・'.join(sorted(clause.covers))}が求める書類に限られ、"
                f"{document.demanded_by}が求めるこの書類には及びません"
            )
            return _Path(False, text, lawful=True)
        text = f"{way}は適法ですが、書類の提出があったものとみなす規定がありません（{wording.ground(grants[0])}）"
        return _Path(False, text, lawful=True)


def _closed(item: GrantedInformation, paths: Iterable[_Path]) -> Iterator[str]:
    """Why nothing brings the item: the lawful paths with what closes them or, without any, that there is none."""
    known = list(paths)
    lawful = [path for path in known if path.lawful]
    for path in lawful or known:
        yield f"{wording.information(item)}: {path.reason}"


def _doubt(gate: Gate | None) -> tuple[str, ...]:
    return () if gate is None or gate.assumption is None else (gate.assumption,)


def _held_by_mayors(index: GrantIndex, body: str | None) -> frozenset[str]:
    """Information that some linkage lets municipalities provide; found once for a part."""
    return frozenset().union(*(index.linked_information(code, MAYOR) for code in {body, None}))
