"""YAML as people type it: plain values with the place of each, and every fault of the text.

Differences from plain PyYAML, each because the plain way misled people who write requests:

* a key is always text (``on:`` is the word on, not *true*), and a key given twice is a fault;
* a number with a leading zero stays text (``042021`` is a municipality code, not an octal number);
* only true, false, yes and no are truth values;
* dates are days; a day that does not exist stays text and is reported by whoever wants a day;
* aliases may not multiply a small file into a large one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

import yaml

from engine.japanese import has_twelve_digits

#: Where a value stands in its document: keys and indices from the root.
Path = tuple[str | int, ...]

_MAX_NODES = 200_000
_MAX_DEPTH = 60
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\Z")
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_DAYS_IN_TEXT = re.compile(r"(?<!\d)(?:19|20)\d\d-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])(?!\d)")
_REAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+\Z")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the text. `kind`: syntax, duplicate, digits, key or size."""

    kind: str
    text: str
    line: int
    column: int


@dataclass(slots=True)
class Loaded:
    """What a text says, where each value stands (1-based line and column), and its faults."""

    value: object = None
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def place(self, path: Path) -> tuple[int, int]:
        """Where the value at `path` stands, or the nearest value around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))


class _TooLargeError(Exception):
    """The document holds more values than any request or scenario file should."""


def load(text: str) -> Loaded:
    """Read one YAML document. Never raises: what is wrong is in `faults`.

    Examples:
        >>> load("on: 2016-01-01\\nmunicipality: 042021").value
        {'on': datetime.date(2016, 1, 1), 'municipality': '042021'}
        >>> [f.kind for f in load("a: 1\\na: 2").faults]
        ['duplicate']
    """
    loaded = Loaded()
    _digits(text, loaded)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        loaded.faults.append(_syntax(error))
        return loaded
    except RecursionError:
        loaded.faults.append(Fault("size", "入れ子が深すぎます", 1, 1))
        return loaded
    if node is None:
        return loaded
    try:
        loaded.value = _Reader(loaded).value(node, ())
    except _TooLargeError as error:
        loaded.value = None
        loaded.faults.append(Fault("size", str(error), 1, 1))
    return loaded


def _digits(text: str, loaded: Loaded) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if has_twelve_digits(_DAYS_IN_TEXT.sub("日", line)):
            said = "12桁以上の数字の並びがあります。個人番号は判断に要らないので、書かないでください"
            first = next(n for n, c in enumerate(line, 1) if not c.isspace())
            loaded.faults.append(Fault("digits", said, number, first))


class _Reader:
    """Turns composed nodes into values and notes their places."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._count = 0
        self._open: list[int] = []

    def value(self, node: yaml.Node, path: Path) -> object:
        """The plain value of a node."""
        self._count += 1
        if self._count > _MAX_NODES:
            raise _TooLargeError("値が多すぎます（別名 * の使いすぎではありませんか）")
        if id(node) in self._open:
            raise _TooLargeError("別名（*）が自分自身を指しています")
        if len(self._open) >= _MAX_DEPTH:
            raise _TooLargeError("入れ子が深すぎます")
        mark = node.start_mark
        self._loaded.places.setdefault(path, (mark.line + 1, mark.column + 1))
        self._open.append(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return [self.value(child, (*path, n)) for n, child in enumerate(node.value)]
            return _scalar(node)
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, child in node.value:
            mark = key.start_mark
            if not isinstance(key, yaml.ScalarNode):
                self._fault("key", "項目の名が文字列ではありません", mark)
                continue
            name = str(key.value)
            shown = "（伏せました）" if has_twelve_digits(name) else name
            if name in found:
                self._fault("duplicate", f"項目「{shown}」が二度書かれています", mark)
                continue
            found[name] = self.value(child, (*path, name))
            self._loaded.places[(*path, name)] = (mark.line + 1, mark.column + 1)
        return found

    def _fault(self, kind: str, text: str, mark: yaml.Mark) -> None:
        self._loaded.faults.append(Fault(kind, text, mark.line + 1, mark.column + 1))


def _scalar(node: yaml.Node) -> object:
    text = str(node.value)
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return text  # quoted: what was typed
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text.lower() in _TRUTH:
        return _TRUTH[text.lower()]
    if _WHOLE.match(text) and len(text) <= 18:
        return int(text)
    if _REAL.match(text) and len(text) <= 18:
        return float(text)
    day = _DAY.match(text)
    if day:
        try:
            return date(int(day[1]), int(day[2]), int(day[3]))
        except ValueError:
            return text
    return text


def _syntax(error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return Fault("syntax", _spoken(str(getattr(error, "problem", "") or error)), line, column)


def _spoken(problem: str) -> str:
    """The commonest slips in plain Japanese; the parser's own words are not for our readers."""
    if "'\\t'" in problem:
        return "タブ文字は使えません。半角の空白で字下げしてください"
    if "mapping values are not allowed" in problem:
        return 'ここに「:」は書けません。字下げをそろえるか、値を「" "」で囲んでください'
    if "expected ',' or" in problem:
        return "{ } や [ ] の中の区切りの「,」か、閉じる括弧がありません"
    if "found unexpected end of stream" in problem:
        return "引用符が閉じられていません"
    if "could not find expected ':'" in problem:
        return "「項目: 値」の「:」（半角のコロンと空白）がありません"
    if "undefined alias" in problem:
        return "別名（*）の元がありません"
    if "special characters are not allowed" in problem or "unacceptable character" in problem:
        return "使えない制御文字があります"
    if "expected a single document" in problem or "but found another document" in problem:
        return "一つのファイルに文書が二つあります（「---」を除いてください）"
    if "expected <block end>" in problem or "expected the node content" in problem:
        return "字下げか記号が正しくありません"
    return "YAMLとして読めません。字下げ、「:」の後の空白、括弧と引用符の対応を確かめてください"
