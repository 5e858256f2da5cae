"""The rule set: immutable values that every interpreter reads and none changes.

A *grant* says who may, for which affair and procedure, do what, with which information, held by
whom, in which period, by which citations, under which conditions, with which duties. Blanket
clauses, column references, delegations and definitions are resolved into grants when the rule
files are compiled (`dsl.compile`), so a decision is a look-up plus its conditions.

The rule set is divided into a national part and one part for each municipality; a request about
municipality X is decided by the national part and X's part alone.

Designations. A party (an agency) is known by a key and falls under a set of designations
(市長 of 石巻市: key ``042021/市長``, designations {``042021/市長``, 市町村長, 都道府県知事等, …}).
A grant names designations; it reaches a party when the two sets meet. National agencies and
statutory roles have their own designation as key (``厚生労働大臣``).

None of these values can stand in a cycle, so the garbage collector is told not to look (gc=False).
"""

from __future__ import annotations

import enum
from datetime import date

import msgspec

from engine.period import Period


class Action(enum.StrEnum):
    """What the business system asks to do."""

    USE = "use"  # 利用
    TRANSFER = "transfer"  # 庁内連携（同一機関内の利用・他の機関への提供）
    LINK = "link"  # 情報連携
    STORE = "store"  # 収集・保管・ファイルの保有
    CARD = "card"  # 個人番号カードの利用（法18条）


class Holding(enum.StrEnum):
    """Whose holdings a grant opens, relative to the acting agency."""

    NONE = "none"  # the grant is not about information (number use, card)
    OWN = "own"  # 自ら（当該機関）が保有するもの
    OTHER_AGENCY = "other_agency"  # 同じ地方公共団体の他の機関が保有するもの
    NETWORK = "network"  # 他の団体が保有し、情報提供ネットワークシステムで提供するもの


class Citation(msgspec.Struct, frozen=True, gc=False):
    """The address of one provision, as it stands in `in_force`.

    `label` is the address as a lawyer writes it (番号法第9条第1項, 番号法別表第一の15の項).
    The parts are canonical numbers ("19", "6-2") or None. `clause` is the identity of the
    provision, which does not change when it is renumbered.
    """

    label: str
    instrument: str  # short name: 番号法
    clause: str
    in_force: Period
    article: str | None = None
    paragraph: str | None = None
    item: str | None = None
    table: str | None = None
    row: str | None = None


class Fact(enum.StrEnum):
    """Facts of a request that conditions and bars may ask for (after `engine.facts.normalise`)."""

    CONSENT = "consent"  # 本人（又は必要な者）の同意がある
    PIA = "pia"  # 保護評価が必要な水準で公表されている（又は義務がない）
    RESIDENT = "resident"  # 基準日に当該市町村に住所があった＝情報を当該市町村が保有する
    PPC_NOTIFIED = "ppc_notified"  # 委員会への届出の効力が生じている


#: 〔事実 名〕 makes a fact with this prefix before its name.
SPECIFIC_FACT = "specific:"


class Literal(msgspec.Struct, frozen=True, gc=False):
    """`fact` has the value `value`. Facts are booleans; a missing fact makes it unknown."""

    fact: str
    value: bool


class Condition(msgspec.Struct, frozen=True, gc=False):
    """What must hold beside the ground itself. Unknown fact → undetermined; false → condition unmet."""

    id: str
    literal: Literal
    text: str  # 満たすべきこと、日本語の一文
    citation: Citation
    remedy: str  # 満たすための手当て、日本語の一文


class Bar(msgspec.Struct, frozen=True, gc=False):
    """A prohibition that takes a grant away: on the days of `period`, when every literal is true.

    An empty `literals` bars unconditionally. A literal whose fact is missing makes the bar
    unknown, and an unknown bar denies (undetermined).
    """

    id: str
    period: Period
    literals: tuple[Literal, ...]
    text: str
    citation: Citation
    alternative: str  # the lawful route instead, 日本語の一文


class GrantedInformation(msgspec.Struct, frozen=True, order=True, gc=False):
    """One item of information a grant opens; `person` None means about anybody in the affair."""

    name: str
    person: str | None = None  # 申請者, 世帯員 …: as the 規則 words it


class PeriodLimit(msgspec.Struct, frozen=True, gc=False):
    """One provision that bounds a grant in time; the grant's period lies inside every limit."""

    period: Period
    text: str  # 例「番号法第9条の施行」「情報提供ネットワークシステムの試行運用の開始」
    citation: Citation | None = None


class Grant(msgspec.Struct, frozen=True, gc=False):
    """One ground on which a request can be lawful. See the module docstring.

    When a grant reaches a request, and when it then permits, is defined in docs/SEMANTICS.md.
    """

    id: str
    actions: frozenset[Action]
    parties: frozenset[str]
    affair: str
    period: Period
    bases: tuple[Citation, ...]  # the chain that made it, operative clause first
    clause: str  # identity of the operative clause (for deemed submission, coverage)
    procedures: frozenset[str] | None = None
    information: frozenset[GrantedInformation] | None = None
    holding: Holding = Holding.NONE
    holders: frozenset[str] = frozenset()  # designations; empty with OWN
    conditions: tuple[Condition, ...] = ()
    bars: tuple[Bar, ...] = ()
    limits: tuple[PeriodLimit, ...] = ()
    assumptions: tuple[str, ...] = ()
    statutory: bool = True  # False: by ordinance


class Void(msgspec.Struct, frozen=True, gc=False):
    """A provision that would have granted but grants nothing, and why (規則で定めるもの with no 規則)."""

    actions: frozenset[Action]
    parties: frozenset[str]
    affair: str
    period: Period
    citation: Citation
    reason: str


class Duty(msgspec.Struct, frozen=True, gc=False):
    """A duty that follows when an action is permitted (本人確認, 記録, 安全管理 …)."""

    id: str
    text: str
    citation: Citation
    actions: frozenset[Action]


class Prohibition(msgspec.Struct, frozen=True, gc=False):
    """A general prohibition that refuses the actions unless a ground permits them (法19条柱書・20条 …)."""

    actions: frozenset[Action]
    citation: Citation
    text: str


def _worded(wordings: tuple[tuple[date, str], ...], on: date, latest: str) -> str:
    """The last wording that began on or before the day; before the first one, the first."""
    begun = [text for first, text in wordings if first <= on]
    return begun[-1] if begun else wordings[0][1] if wordings else latest


class Affair(msgspec.Struct, frozen=True, gc=False):
    """An affair (事務). `scope` holds the ids whose grants reach it: itself, broader, narrower.

    `assumptions` are what the scope beyond itself rests on: they bear on a decision that grants of other affairs carry.
    """

    id: str
    name: str
    scope: frozenset[str]
    aliases: tuple[str, ...] = ()  # citations and short names by which a request may name it
    fields: frozenset[str] = frozenset()  # 分野
    statutory: bool = True
    assumptions: tuple[str, ...] = ()
    wordings: tuple[tuple[date, str], ...] = ()  # where the name changed: from that day it reads so

    def name_on(self, on: date) -> str:
        """The name as the text of the day words it."""
        return _worded(self.wordings, on, self.name)


class Procedure(msgspec.Struct, frozen=True, gc=False):
    """A numbered procedure (号) that an affair is narrowed to. Key: `<affair>/<number>`.

    `citations` are its addresses in turn; their periods do not overlap. `text` is its latest wording, `wordings` all of
    them in turn when there were several.
    """

    id: str
    affair: str
    text: str
    citations: tuple[Citation, ...]
    wordings: tuple[tuple[date, str], ...] = ()

    def text_on(self, on: date) -> str:
        """The wording of a day."""
        return _worded(self.wordings, on, self.text)

    def cited_on(self, on: date) -> Citation | None:
        """The address of the procedure on a day, None when it does not stand then."""
        return next((c for c in self.citations if c.in_force.contains(on)), None)

    def label_on(self, on: date) -> str:
        """Its address on a day; on other days the latest it had."""
        return (self.cited_on(on) or self.citations[-1]).label


class Party(msgspec.Struct, frozen=True, gc=False):
    """An agency that can act, receive or hold."""

    key: str  # 042021/市長 or 厚生労働大臣
    name: str  # 市長
    body: str | None  # 042021
    designations: frozenset[str]
    uncertain: frozenset[str] = frozenset()  # designations the register leaves open (不明)


class Body(msgspec.Struct, frozen=True, gc=False):
    """A local government: code of 6 digits, name and kind (市 町 村 特別区 都道府県)."""

    code: str
    name: str
    kind: str


class Holdings(msgspec.Struct, frozen=True, gc=False):
    """Information that an agency holds in the course of one of its own affairs (organisation register)."""

    party: str
    information: str
    affair: str
    section: str | None = None


class ImpactAssessment(msgspec.Struct, frozen=True, gc=False):
    """One entry of the impact assessment register (保護評価書)."""

    affair: str
    level: str  # 基礎 | 重点 | 全項目 | 義務なし
    published: date | None
    persons: int
    handlers: int
    incident: bool
    changed: date | None = None  # 重要な変更の日


class RequiredDocument(msgspec.Struct, frozen=True, gc=False):
    """A paper that a procedure asks for, and what it proves."""

    id: str
    name: str
    affair: str
    procedures: frozenset[str] | None
    proves: tuple[GrantedInformation, ...]
    citation: Citation
    demanded_by: str  # 法令 | 条例 | 規則 | 規程: the kind of norm that demands it
    period: Period
    assumptions: tuple[str, ...] = ()


class DeemedSubmission(msgspec.Struct, frozen=True, gc=False):
    """A clause that deems a paper submitted when information came by one of `triggers`.

    `triggers` are clause ids (the operative clauses whose grants count). `covers` are the kinds of
    norm whose papers are deemed: subset of {法令, 条例, 規則, 規程}. `network` is true for the
    statutory clause (Art. 22(2)), which works on provision through the network.
    """

    clause: str
    citation: Citation
    triggers: frozenset[str]
    covers: frozenset[str]
    period: Period
    network: bool = False
    assumptions: tuple[str, ...] = ()


class Gate(msgspec.Struct, frozen=True, gc=False):
    """A dated gate of the roadmap (番号の利用, 試行運用, 本格運用 …); `planned`: the day is a plan's (予定), not the event's."""

    id: str
    text: str
    first: date
    source: str
    assumption: str | None = None
    planned: bool = False


class Assumption(msgspec.Struct, frozen=True, gc=False):
    """A fact of law the sources leave in doubt; it surfaces in each decision of its period that rests on it."""

    id: str
    text: str
    source: str
    period: Period


class ClauseStatus(enum.StrEnum):
    """What became of a provision: the answer of `jorei check --statute`."""

    ENCODED = "encoded"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_EXPRESSIBLE = "not_expressible"


class Clause(msgspec.Struct, frozen=True, gc=False):
    """A provision of a loaded instrument: what it says, where it stands and what became of it."""

    id: str
    citation: Citation
    text: str
    status: ClauseStatus
    reason: str  # formula that encoded it, or why not
    file: str
    line: int
    municipal: bool = False  # a row that concerns municipal agencies
    effective: bool = False  # has an effect on decisions, so a scenario can exercise it


class Part(msgspec.Struct, frozen=True, gc=False):
    """The rules of the nation, or of one municipality."""

    body: Body | None
    parties: dict[str, Party] = {}
    affairs: dict[str, Affair] = {}
    procedures: dict[str, Procedure] = {}
    information: dict[str, str] = {}  # name → where it is defined (label)
    grants: tuple[Grant, ...] = ()
    voids: tuple[Void, ...] = ()
    duties: tuple[Duty, ...] = ()
    prohibitions: tuple[Prohibition, ...] = ()
    documents: tuple[RequiredDocument, ...] = ()
    deemed: tuple[DeemedSubmission, ...] = ()
    holdings: tuple[Holdings, ...] = ()
    assessments: tuple[ImpactAssessment, ...] = ()
    gates: tuple[Gate, ...] = ()
    assumptions: dict[str, Assumption] = {}
    clauses: tuple[Clause, ...] = ()
    faults: tuple[str, ...] = ()  # J-codes and messages; non-empty = the text cannot be relied on


class RuleSet(msgspec.Struct, frozen=True, gc=False):
    """National part plus municipal parts. `digest` names the texts it was made from (sha256, hex)."""

    digest: str
    valid: Period  # the days the loaded versions can decide
    national: Part
    bodies: dict[str, Part]  # by code of 6 digits
    names: dict[str, str]  # municipality name → code

    def parts(self, body: str | None) -> tuple[Part, ...]:
        """The parts that decide for `body`: its own first, then the national part."""
        if body is None:
            return (self.national,)
        return (self.bodies[body], self.national)
