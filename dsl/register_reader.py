"""Reading registers (YAML): typed members with their places, and every mistake as a finding.

Reading is strict: a duplicate or unknown key, a wrong type or a bad date is a finding with its
line, never a default. Keys are Japanese because legal affairs staff keep these files.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import cast

import yaml

from dsl.diagnostics import Diagnostic, Severity
from dsl.syntax import Span


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
