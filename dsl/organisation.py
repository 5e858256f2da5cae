"""The organisation register of a body: agencies, holdings, impact assessments, notifications, consent.

Keys are Japanese because legal affairs staff keep this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

from dsl.diagnostics import Diagnostic
from dsl.register_reader import Reader, Value
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
