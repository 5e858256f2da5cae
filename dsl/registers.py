"""Registers: facts beside the law, as YAML (organisation, holdings, impact assessments, notifications, designations).

Reading is strict: a duplicate or unknown key, a wrong type or a bad date is a finding with its
line, never a default. Keys are Japanese because legal affairs staff keep these files.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import cast

import yaml

from dsl.diagnostics import Diagnostic, Severity
from dsl.syntax import Span

#: kinds of local government and the name of their head (長)
HEADS = {"市": "市長", "町": "町長", "村": "村長", "特別区": "区長", "都道府県": "知事"}

#: executive agencies besides the head (地方自治法第180条の5)
COMMITTEES = (
    "教育委員会",
    "選挙管理委員会",
    "人事委員会",
    "公平委員会",
    "監査委員",
    "農業委員会",
    "固定資産評価審査委員会",
    "公安委員会",
    "労働委員会",
    "収用委員会",
    "海区漁業調整委員会",
    "内水面漁場管理委員会",
)

LEVELS = ("義務なし", "基礎", "重点", "全項目")


@dataclass(frozen=True, slots=True)
class Value:
    """A YAML value with the place where it was typed; `data` is a str, bool, int, date, None, list or dict of Values."""

    data: object
    span: Span


@dataclass(slots=True)
class Reader:
    """Reads typed members out of a YAML mapping and collects findings."""

    path: str
    findings: list[Diagnostic] = field(default_factory=list)

    def problem(self, code: str, span: Span, message: str, help_: str) -> None:
        """Record an error of a register."""
        self.findings.append(
            Diagnostic(
                code,
                Severity.ERROR,
                self.path,
                span,
                message,
                "登録簿の誤りは、判定の前提となる事実の誤りになります。",
                help_,
            )
        )

    def load(self, text: str) -> Value | None:
        """Parse the YAML text; None after a syntax error (recorded)."""
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            self.problem(
                "J0201",
                Span(line, column, line, column + 1),
                "YAML の書き方に誤りがあります",
                "行頭の空白（字下げ）と「: 」の後の空白を確かめてください。タブは使えません。",
            )
            return None
        if node is None:
            return None
        return self._value(node)

    def _value(self, node: yaml.Node) -> Value:
        span = _span(node)
        if isinstance(node, yaml.MappingNode):
            members: dict[str, Value] = {}
            for key, value in node.value:
                name = str(key.value)
                if name in members:
                    self.problem("J0202", _span(key), f"「{name}」が二度書かれています", "どちらか一つにしてください。")
                members[name] = self._value(value)
            return Value(members, span)
        if isinstance(node, yaml.SequenceNode):
            return Value([self._value(item) for item in node.value], span)
        return Value(_scalar(cast(yaml.ScalarNode, node)), span)

    def members(self, value: Value | None, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Value]:
        """The members of a mapping; unknown and missing ones are findings."""
        if value is None:
            return {}
        if not isinstance(value.data, dict):
            self.problem("J0203", value.span, "「名前: 値」の並びが要ります", "例: {名称: 市長}")
            return {}
        data = cast(dict[str, Value], value.data)
        names = list(known)
        for name, member in data.items():
            if name not in names:
                near = difflib.get_close_matches(name, names, 1)
                hint = f"「{near[0]}」の誤りではありませんか。" if near else f"使える名前は {'・'.join(names)} です。"
                self.problem("J0204", member.span, f"「{name}」という項目はありません", hint)
        for name in required:
            if name not in data:
                self.problem("J0205", value.span, f"「{name}」がありません", f"「{name}: …」を書き加えてください。")
        return data

    def items(self, value: Value | None) -> Iterator[Value]:
        """The items of a list; nothing for a missing one."""
        if value is None or value.data is None:
            return
        if not isinstance(value.data, list):
            self.problem("J0203", value.span, "「- 」で始まる並びが要ります", "例: - {名称: 市長}")
            return
        yield from cast(list[Value], value.data)

    def text(self, value: Value | None, default: str = "") -> str:
        """A text; numbers are taken as typed."""
        if value is None or value.data is None:
            return default
        if isinstance(value.data, list | dict):
            self.problem("J0203", value.span, "一つの語が要ります", "並びや「名前: 値」は書けません。")
            return default
        return str(value.data)

    def texts(self, value: Value | None) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(self.text(item) for item in self.items(value))

    def day(self, value: Value | None) -> date | None:
        """A day written 2016-01-01; None when missing."""
        if value is None or value.data is None:
            return None
        if isinstance(value.data, date):
            return value.data
        from dsl.normalise import parse_wareki

        parsed = parse_wareki(str(value.data))
        if isinstance(parsed, date):
            return parsed
        self.problem("J0206", value.span, f"日付として読めません: {value.data}", "例: 2016-01-01、平成28年1月1日")
        return None

    def number(self, value: Value | None) -> int:
        """A whole number of zero or more."""
        if value is not None and isinstance(value.data, int) and not isinstance(value.data, bool) and value.data >= 0:
            return value.data
        if value is not None:
            self.problem("J0207", value.span, "零以上の整数が要ります", "例: 12000")
        return 0

    def flag(self, value: Value | None, default: bool | None = None) -> bool | None:
        """True, False, or None for 不明."""
        if value is None or value.data is None:
            return default
        if isinstance(value.data, bool):
            return value.data
        if str(value.data) == "不明":
            return None
        self.problem("J0208", value.span, "true・false・不明のいずれかが要ります", "例: true")
        return None


def _span(node: yaml.Node) -> Span:
    start, end = node.start_mark, node.end_mark
    if end.line != start.line:
        return Span(start.line + 1, start.column + 1, start.line + 1, start.column + 2)
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _scalar(node: yaml.ScalarNode) -> object:
    if node.tag == "tag:yaml.org,2002:bool":
        return node.value.lower() in {"true", "yes", "on"}
    if node.tag == "tag:yaml.org,2002:int" and node.value.isdigit() and not node.value.startswith("0"):
        return int(node.value)
    if node.tag == "tag:yaml.org,2002:int" and node.value == "0":
        return 0
    if node.tag == "tag:yaml.org,2002:null":
        return None
    if node.tag == "tag:yaml.org,2002:timestamp":
        try:
            return date.fromisoformat(node.value)
        except ValueError:
            return node.value
    return node.value


# ---- organisation register ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgencyEntry:
    """An agency of the body and its sections (課 → affair ids)."""

    name: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class HoldingEntry:
    """Information an agency holds for one of its affairs."""

    agency: str
    information: str
    affair: str
    section: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class AssessmentEntry:
    """A 保護評価書."""

    affair: str
    level: str
    published: date | None
    persons: int
    handlers: int
    incident: bool
    changed: date | None
    span: Span


@dataclass(frozen=True, slots=True)
class NotificationEntry:
    """A notification to the PPC (委員会規則第3条の届出)."""

    affair: str
    similar_to: str
    information: tuple[str, ...]
    effective: date | None
    ceased: date | None
    stopped: bool
    span: Span


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """Information that needs consent for an affair (地方税法第22条)."""

    affair: str
    information: str
    span: Span


@dataclass(frozen=True, slots=True)
class Organisation:
    """The organisation register of one body."""

    name: str
    code: str
    kind: str
    qualifications: dict[str, bool | None]  # 福祉事務所, 保健所設置, 事業主体 …; None = 不明
    agencies: tuple[AgencyEntry, ...]
    holdings: tuple[HoldingEntry, ...] = ()
    assessments: tuple[AssessmentEntry, ...] = ()
    notifications: tuple[NotificationEntry, ...] = ()
    consents: tuple[ConsentEntry, ...] = ()
    assumptions: tuple[tuple[str, str, str], ...] = ()  # id, 内容, 出典
    path: str = ""


def default_organisation(name: str, code: str) -> Organisation | None:
    """The organisation of a body that keeps no register: its head and its committees, nothing known beyond."""
    kind = next((k for k in ("市", "町", "村") if name.endswith(k)), None)
    if kind is None and name.endswith("区"):
        kind = "特別区"
    if kind is None and name[-1:] in "都道府県":
        kind = "都道府県"
    if kind is None:
        return None
    span = Span(1, 1, 1, 1)
    agencies = tuple(AgencyEntry(n, (), span) for n in (HEADS[kind], "教育委員会", "選挙管理委員会", "監査委員"))
    return Organisation(name, code, kind, {}, agencies)


def read_organisation(path: str, text: str) -> tuple[Organisation | None, tuple[Diagnostic, ...]]:
    """Read organisation.yaml; None when the body itself cannot be told."""
    reader = Reader(path)
    root = reader.members(
        reader.load(text),
        ("団体", "該当", "機関", "保有", "保護評価", "委員会届出", "同意", "仮定", "注"),
        ("団体",),
    )
    body = reader.members(
        root.get("団体"),
        ("名称", "コード", "種類", "福祉事務所", "保健所設置", "架空", "注"),
        ("名称", "コード", "種類"),
    )
    kind = reader.text(body.get("種類"))
    if body and kind not in HEADS:
        reader.problem(
            "J0209",
            body["種類"].span if "種類" in body else root["団体"].span,
            f"団体の種類「{kind}」は使えません",
            f"{'・'.join(HEADS)} のいずれかにしてください。",
        )
    if not body or kind not in HEADS:
        return None, tuple(reader.findings)
    qualifications: dict[str, bool | None] = {
        name: reader.flag(body[name]) for name in ("福祉事務所", "保健所設置") if name in body
    }
    raw = root.get("該当")
    if raw is not None and isinstance(raw.data, dict):
        qualifications |= {name: reader.flag(value) for name, value in cast(dict[str, Value], raw.data).items()}
    register = Organisation(
        name=reader.text(body.get("名称")),
        code=reader.text(body.get("コード")),
        kind=kind,
        qualifications=qualifications,
        agencies=tuple(_agency(reader, v) for v in reader.items(root.get("機関"))) or _head_only(kind),
        holdings=tuple(_holding(reader, v) for v in reader.items(root.get("保有"))),
        assessments=tuple(_assessment(reader, v) for v in reader.items(root.get("保護評価"))),
        notifications=tuple(_notification(reader, v) for v in reader.items(root.get("委員会届出"))),
        consents=tuple(c for c in (_consent(reader, v) for v in reader.items(root.get("同意"))) if c is not None),
        assumptions=tuple(_assumption(reader, v) for v in reader.items(root.get("仮定"))),
        path=path,
    )
    return register, tuple(reader.findings)


def _head_only(kind: str) -> tuple[AgencyEntry, ...]:
    span = Span(1, 1, 1, 1)
    return (AgencyEntry(HEADS[kind], (), span), AgencyEntry("教育委員会", (), span))


def _agency(reader: Reader, value: Value) -> AgencyEntry:
    members = reader.members(value, ("名称", "課", "注"), ("名称",))
    sections = []
    for section in reader.items(members.get("課")):
        parts = reader.members(section, ("名称", "事務", "注"), ("名称",))
        sections.append((reader.text(parts.get("名称")), reader.texts(parts.get("事務"))))
    return AgencyEntry(reader.text(members.get("名称")), tuple(sections), value.span)


def _holding(reader: Reader, value: Value) -> HoldingEntry:
    members = reader.members(value, ("機関", "情報", "事務", "課", "注"), ("機関", "情報", "事務"))
    return HoldingEntry(
        reader.text(members.get("機関")),
        reader.text(members.get("情報")),
        reader.text(members.get("事務")),
        reader.text(members.get("課")) or None,
        value.span,
    )


def _assessment(reader: Reader, value: Value) -> AssessmentEntry:
    members = reader.members(
        value, ("事務", "水準", "公表日", "対象人数", "取扱者数", "重大事故", "変更日", "注"), ("事務", "水準")
    )
    level = reader.text(members.get("水準"))
    if level not in LEVELS and "水準" in members:
        reader.problem(
            "J0210",
            members["水準"].span,
            f"保護評価の水準「{level}」は使えません",
            f"{'・'.join(LEVELS)} のいずれかにしてください。",
        )
    return AssessmentEntry(
        reader.text(members.get("事務")),
        level,
        reader.day(members.get("公表日")),
        reader.number(members.get("対象人数")),
        reader.number(members.get("取扱者数")),
        bool(reader.flag(members.get("重大事故"), False)),
        reader.day(members.get("変更日")),
        value.span,
    )


def _notification(reader: Reader, value: Value) -> NotificationEntry:
    members = reader.members(
        value,
        ("事務", "準ずる事務", "情報", "届出日", "効力発生日", "中止日", "状態", "注"),
        ("事務", "準ずる事務", "情報"),
    )
    state = reader.text(members.get("状態"), "有効")
    if state not in {"有効", "中止", "準備中"}:
        reader.problem(
            "J0211", members["状態"].span, f"届出の状態「{state}」は使えません", "有効・中止・準備中のいずれかです。"
        )
    return NotificationEntry(
        reader.text(members.get("事務")),
        reader.text(members.get("準ずる事務")),
        reader.texts(members.get("情報")),
        reader.day(members.get("効力発生日")),
        reader.day(members.get("中止日")),
        state == "中止",
        value.span,
    )


def _consent(reader: Reader, value: Value) -> ConsentEntry | None:
    members = reader.members(value, ("事務", "情報", "要否", "同意者", "注"), ("事務", "情報", "要否"))
    if reader.text(members.get("要否")) != "要":
        return None
    return ConsentEntry(reader.text(members.get("事務")), reader.text(members.get("情報")), value.span)


def _assumption(reader: Reader, value: Value) -> tuple[str, str, str]:
    members = reader.members(value, ("id", "内容", "出典", "期間", "注"), ("id", "内容"))
    return (reader.text(members.get("id")), reader.text(members.get("内容")), reader.text(members.get("出典")))


# ---- national registers -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Membership:
    """One way to fall under a designation: kinds of body, which agency, and a qualification if any."""

    kinds: tuple[str, ...]
    agency: str  # 長, 執行機関 or the name of a committee
    requires: str | None
    body: str | None = None  # only this body (広島市 …)


@dataclass(frozen=True, slots=True)
class Designation:
    """A statutory designation of agencies: by membership (該当) or by members (構成)."""

    name: str
    memberships: tuple[Membership, ...]
    members: tuple[str, ...]
    defined_in: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class AssumptionEntry:
    """A doubt of the sources."""

    id: str
    text: str
    source: str
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class GateEntry:
    """A dated gate; `provision` ties a phrase such as 法附則第1条第4号 to its day."""

    id: str
    text: str
    first: date
    source: str
    assumption: str | None
    provision: str | None
    addresses: tuple[tuple[date, str], ...]


def _list(path: str, text: str, read: Callable[[Reader, Value], object]) -> tuple[list[object], Reader]:
    reader = Reader(path)
    root = reader.load(text)
    return [read(reader, value) for value in reader.items(root)], reader


def read_designations(path: str, text: str) -> tuple[tuple[Designation, ...], tuple[Diagnostic, ...]]:
    """Read rules/designations.yaml."""

    def entry(reader: Reader, value: Value) -> Designation:
        members = reader.members(value, ("名称", "該当", "定義", "構成", "注", "出典", "国", "仮定"), ("名称",))
        memberships = []
        for way in reader.items(members.get("該当")):
            parts = reader.members(way, ("種類", "機関", "要件", "注", "団体"), ("種類", "機関"))
            memberships.append(
                Membership(
                    reader.texts(parts.get("種類")),
                    reader.text(parts.get("機関")),
                    reader.text(parts.get("要件")) or None,
                    reader.text(parts.get("団体")) or None,
                )
            )
        return Designation(
            reader.text(members.get("名称")),
            tuple(memberships),
            reader.texts(members.get("構成")),
            reader.text(members.get("定義")) or None,
            value.span,
        )

    entries, reader = _list(path, text, entry)
    return tuple(cast(list[Designation], entries)), tuple(reader.findings)


def read_assumptions(path: str, text: str) -> tuple[tuple[AssumptionEntry, ...], tuple[Diagnostic, ...]]:
    """Read rules/assumptions.yaml."""

    def entry(reader: Reader, value: Value) -> AssumptionEntry:
        members = reader.members(value, ("id", "内容", "出典", "期間", "注"), ("id", "内容", "出典"))
        days = reader.members(members.get("期間"), ("初日", "末日"))
        return AssumptionEntry(
            reader.text(members.get("id")),
            reader.text(members.get("内容")),
            reader.text(members.get("出典")),
            reader.day(days.get("初日")),
            reader.day(days.get("末日")),
        )

    entries, reader = _list(path, text, entry)
    return tuple(cast(list[AssumptionEntry], entries)), tuple(reader.findings)


@dataclass(frozen=True, slots=True)
class DutyEntry:
    """A practice that follows a decision without being worded as an article."""

    id: str
    text: str
    source: str
    scenes: tuple[str, ...]


def read_duties(path: str, text: str) -> tuple[tuple[DutyEntry, ...], tuple[Diagnostic, ...]]:
    """Read rules/duties.yaml."""

    def entry(reader: Reader, value: Value) -> DutyEntry:
        members = reader.members(value, ("id", "内容", "出典", "場面", "仮定", "注"), ("id", "内容", "出典", "場面"))
        return DutyEntry(
            reader.text(members.get("id")),
            reader.text(members.get("内容")),
            reader.text(members.get("出典")),
            reader.texts(members.get("場面")),
        )

    entries, reader = _list(path, text, entry)
    return tuple(cast(list[DutyEntry], entries)), tuple(reader.findings)


def read_gates(path: str, text: str) -> tuple[tuple[GateEntry, ...], tuple[Diagnostic, ...]]:
    """Read rules/gates.yaml."""

    def entry(reader: Reader, value: Value) -> GateEntry | None:
        members = reader.members(
            value, ("id", "内容", "初日", "出典", "仮定", "条項", "所在", "注"), ("id", "内容", "初日", "出典")
        )
        first = reader.day(members.get("初日"))
        if first is None:
            return None
        addresses = []
        for address in reader.items(members.get("所在")):
            parts = reader.members(address, ("初日", "条項"), ("初日", "条項"))
            day = reader.day(parts.get("初日"))
            if day is not None:
                addresses.append((day, reader.text(parts.get("条項"))))
        return GateEntry(
            reader.text(members.get("id")),
            reader.text(members.get("内容")),
            first,
            reader.text(members.get("出典")),
            reader.text(members.get("仮定")) or None,
            reader.text(members.get("条項")) or None,
            tuple(addresses),
        )

    entries, reader = _list(path, text, entry)
    return tuple(e for e in cast(Sequence[GateEntry | None], entries) if e is not None), tuple(reader.findings)
