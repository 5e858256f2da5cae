"""The syntax tree of an instrument: lines as articles, paragraphs, items and tables; sentences as formulas.

Built by `dsl.structure` (lines) and `dsl.formulas` (sentences, by Lark); read by `dsl.resolve`,
`dsl.checks` and `dsl.compile`. All nodes are immutable and carry the span of what the author typed.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Span:
    """Where something stands: 1-based lines and columns, in characters as typed; `end` exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Annotation:
    """One 〔名 値〕."""

    name: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A run of promulgated text.

    `raw` is what was typed without annotations; `normal` is the normalised form that matching uses
    (NFKC; see `dsl.normalise`). Provision numbers inside sentences are Arabic in `normal`.
    """

    raw: str
    normal: str
    span: Span


class InstrumentKind(enum.StrEnum):
    """Kinds of instrument."""

    ACT = "法律"
    CABINET_ORDER = "政令"
    ORDER = "命令"
    COMMISSION_RULE = "委員会規則"
    ORDINANCE = "条例"
    REGULATION = "規則"
    GUIDELINE = "要綱"
    NOTICE = "告示"


# ---- references -------------------------------------------------------------------------------


class Whose(enum.StrEnum):
    """The instrument that a reference points into."""

    SELF = "self"  # 別表第1, 第3条
    ACT = "act"  # 法…
    PARENT = "parent"  # 条例… in a 規則


@dataclass(frozen=True, slots=True)
class TableRef:
    """別表第N of an instrument.

    Number "" of the Act is its only table (別表, from 2024-05-27); of another instrument, the table in this paragraph (次の表).
    """

    whose: Whose
    number: str
    span: Span


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column of a table: `name` as written (左欄, 第2欄, 機関の欄)."""

    table: TableRef
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class RowRef:
    """A row of a table, by number (`row`) or by wording (`wording`, with optional 部 `part`)."""

    table: TableRef
    row: str | None
    wording: str | None
    part: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class ProvisionRef:
    """第N条第M項第K号; relative parts are resolved by the parser to absolute numbers of this instrument."""

    whose: Whose
    article: str | None
    paragraph: str | None
    item: str | None
    span: Span
    law: str | None = None  # name of another law, when the reference is to one
    supplementary: bool = False  # 附則の条項


# ---- phrases ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NamedAgencies:
    """Agencies by name: 市長又は教育委員会 → ("市長", "教育委員会"); 市の機関 → ("市の機関",)."""

    names: tuple[str, ...]
    span: Span


AgencyPhrase = NamedAgencies | ColumnRef


@dataclass(frozen=True, slots=True)
class ItemsBelow:
    """次の各号に掲げる事務: the items of this paragraph."""

    span: Span


@dataclass(frozen=True, slots=True)
class NamedAffair:
    """An affair by its wording in the sentence."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class ForwardScope:
    """次項の規定により…利用して行う事務: the affairs of the paragraphs `to`."""

    to: tuple[ProvisionRef, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class LinkageTerm:
    """特定個人番号利用事務 · 利用特定個人情報: what the linkage table of the State holds since 2024-05-27 (法第19条第8号)."""

    span: Span


AffairPhrase = ColumnRef | ItemsBelow | NamedAffair | ForwardScope | LinkageTerm


@dataclass(frozen=True, slots=True)
class InformationPhrase:
    """特定個人情報 by column or by wording; `own` when it is 自ら（当該機関）が保有するもの."""

    what: ColumnRef | NamedAffair | LinkageTerm
    own: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Exclusion:
    """（…を除く。）over affairs. `rows` = statutory rows excluded; empty = every statutory affair
    (法別表第1に掲げる事務). `excepted` = rows that the exclusion does not reach (除外の適用除外)."""

    table: TableRef | None
    rows: tuple[str, ...]
    excepted: tuple[str, ...]
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class AffairClause:
    """One member of a scope: these agencies doing these affairs."""

    agencies: AgencyPhrase | None
    affairs: AffairPhrase
    exclusions: tuple[Exclusion, ...]
    span: Span


# ---- formulas ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScopeOfIndependentUse:
    """法第9条第2項の条例で定める事務は、…とする。"""

    clauses: tuple[AffairClause, ...]
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True)
class UseWithinAgency:
    """…は、…事務を処理するために必要な限度で、…特定個人情報であって…保有するものを利用することができる。"""

    agencies: AgencyPhrase
    affairs: AffairPhrase
    information: InformationPhrase


@dataclass(frozen=True, slots=True)
class NetworkProviso:
    """ただし、…情報提供ネットワークシステムを使用して…受けることができる場合は、この限りでない。"""


@dataclass(frozen=True, slots=True)
class ProvisionToOtherAgency:
    """法第19条第9号の…: requester (acts) asks holder for information for affairs."""

    requester: AgencyPhrase
    affairs: AffairPhrase
    holder: AgencyPhrase
    information: InformationPhrase
    act_item: str | None = None  # the item of Art. 19 it cites ("9")


@dataclass(frozen=True, slots=True)
class DeemedSubmission:
    """…の規定による…場合において、…書面の提出があったものとみなす。

    `covers`: subset of {条例, 規則, 規程, 法令}. `of_provision`: triggered by 提供 instead of 利用.
    """

    triggers: tuple[ProvisionRef, ...]
    covers: frozenset[str]
    of_provision: bool


@dataclass(frozen=True, slots=True)
class NarrowingList:
    """…の項の規則（主務省令）で定める事務は、次のとおりとする。 `single` = the affair in the sentence itself.

    A target is a row (条例別表第1の1の項) or, where the ordinance lists affairs in items, a provision
    (条例第3条第1項第2号の規則で定める事務は、…). `only` = the qualification of 「…のうち、…に係るものは」.
    """

    targets: tuple[RowRef | ProvisionRef, ...]
    single: NamedAffair | None
    only: str | None = None


@dataclass(frozen=True, slots=True)
class NarrowingPairs:
    """…次の各号に掲げる事務とし、同項の規則で定める特定個人情報は、…当該各号に定める情報とする。

    `single` = the affair in the sentence itself, and `information` what is defined for it there
    (「…に関する事務とし、同項で定める情報は、…に係る次に掲げる情報とする」: then the items are information, not pairs).
    """

    targets: tuple[RowRef | ProvisionRef, ...]
    single: NamedAffair | None = None
    information: NamedAffair | None = None


@dataclass(frozen=True, slots=True)
class RequiredDocuments:
    """…申請書には、次に掲げる書類を添えなければならない。 Target: a row, a provision (procedure), or both."""

    row: RowRef | None
    procedure: ProvisionRef | None


@dataclass(frozen=True, slots=True)
class Commencement:
    """When something enters into force: a day, the day of promulgation, or the day a law's provision does."""

    day: date | None
    on_promulgation: bool
    with_provision: ProvisionRef | None


@dataclass(frozen=True, slots=True)
class EntryIntoForce:
    """この条例は、…から施行する。（ただし…） `provisions` empty = the whole instrument."""

    provisions: tuple[ProvisionRef, ...]
    commencement: Commencement
    applied_from: date | None = None
    proviso: bool = False


@dataclass(frozen=True, slots=True)
class Definitions:
    """Definitions. `terms` (word, meaning) for 「X」とは、Yをいう; empty when items below or the Act's usage."""

    as_in_act: bool
    items_below: bool
    terms: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CardUse:
    """法第18条第1号の条例で定める事務は、… `affairs`: items below or named."""

    agencies: AgencyPhrase | None
    affairs: AffairPhrase


@dataclass(frozen=True, slots=True)
class StatutoryFormula:
    """A sentence of the Act (or a PPC rule) with its own effect; `effect` is one of STATUTORY_EFFECTS."""

    effect: str


#: effects of StatutoryFormula: one Lark rule each
STATUTORY_EFFECTS = (
    "statutory_use",  # 9条1項
    "ordinance_use",  # 9条2項
    "related_affair_use",  # 9条3項（令和6年5月27日から4項）
    "disaster_payment_use",  # 9条4項（同日から5項）
    "received_use",  # 9条5項（同日から6項）
    "entrusted_use",  # …の委託を受けた者も、同様とする
    "prohibition_of_provision",  # 19条柱書
    "provision_ground",  # 19条各号（7号・9号以外）
    "statutory_linkage",  # 19条7号（令和3年9月1日から8号）
    "linkage_table",  # 令和6年デジタル庁・総務省令第9号2条: 旧別表第二に代わる表
    "ordinance_affair_linkage",  # 19条9号（独自利用事務の情報連携）
    "agency_provision",  # 19条9号（令和3年9月1日から11号）
    "prohibition_of_request",  # 15条
    "prohibition_of_collection",  # 20条
    "prohibition_of_file_creation",  # 28条
    "card_area",  # 18条
    "network_notification",  # 21条2項
    "provider_obligation",  # 22条1項
    "statutory_deemed_submission",  # 22条2項
    "ordinance_affair_rules",  # 26条前段: 21条から25条までの準用
    "ordinance_affair_readings",  # 26条後段: 22条2項の「法令」を「条例」と読む
    "assessment_before_linkage",  # 27条6項
    "assessment",  # 27条1項
    "independent_linkage",  # 委員会規則
    "duty",  # 〔義務 …〕
)


@dataclass(frozen=True, slots=True)
class NoEffect:
    """A sentence without effect on a decision; `kind`: 趣旨, 責務, 委任, 経過, 定義, or the author's reason."""

    kind: str


@dataclass(frozen=True, slots=True)
class NotExpressible:
    """〔未表現 理由〕 or 〔対象外 理由〕."""

    reason: str
    out_of_scope: bool


Formula = (
    ScopeOfIndependentUse
    | UseWithinAgency
    | NetworkProviso
    | ProvisionToOtherAgency
    | DeemedSubmission
    | NarrowingList
    | NarrowingPairs
    | RequiredDocuments
    | EntryIntoForce
    | Definitions
    | CardUse
    | StatutoryFormula
    | NoEffect
    | NotExpressible
)


# ---- document ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence (up to 。 outside parentheses). `formula` is None when it matched none (an error was reported)."""

    text: Text
    formula: Formula | None
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A 号 or a finer item. `sentences` only when the item is a sentence with effect (19条各号); else `text` is a designation.

    In NarrowingPairs an item line holds the affair and, after a blank, the information
    (「…に関する事務　当該申請を行う者に係る地方税関係情報」) or 「次に掲げる情報」 with sub-items: `definition` is that second half.
    """

    number: str  # canonical: "1", "1-2"; sub-items: ア, イ …
    text: Text
    definition: Text | None
    items: tuple[Item, ...]
    span: Span
    annotations: tuple[Annotation, ...] = ()
    formula: Formula | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell; `continued` when it repeats the cell above (blank in a continuation row)."""

    text: Text
    annotations: tuple[Annotation, ...] = ()
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A table row. `number` is the canonical item number; continuation rows repeat it and set `continuation`."""

    number: str
    cells: tuple[Cell, ...]  # without the 項 cell
    deleted: bool
    continuation: bool
    span: Span
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `number` "" for a table inside a paragraph. `columns` are names without 項."""

    number: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    span: Span
    caption: str | None = None
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A 項. An article without numbered paragraphs has one, numbered "1" with `numbered` False."""

    number: str
    numbered: bool
    sentences: tuple[Sentence, ...]
    items: tuple[Item, ...]
    table: Table | None
    span: Span
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """A 条."""

    number: str
    caption: str | None
    paragraphs: tuple[Paragraph, ...]
    deleted: bool
    span: Span
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Supplementary:
    """附則."""

    caption: str | None
    paragraphs: tuple[Paragraph, ...]
    articles: tuple[Article, ...]
    span: Span
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One instrument as parsed."""

    path: str
    kind: InstrumentKind
    title: str
    annotations: tuple[Annotation, ...]
    articles: tuple[Article, ...]
    tables: tuple[Table, ...]
    supplementary: tuple[Supplementary, ...]
    span: Span
    source: str = field(repr=False, default="")  # the file's text, for messages and `jorei text`

    def annotation(self, name: str) -> str | None:
        """The value of the first instrument annotation called `name`, or None."""
        return next((a.value for a in self.annotations if a.name == name), None)
