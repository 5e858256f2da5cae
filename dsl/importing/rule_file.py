"""A document into a rule file: laid out, checked against the document word for word, marked where a person must look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from dsl.diagnostics import Diagnostic
from dsl.importing import notes
from dsl.importing.codes import finding
from dsl.importing.frame import Frame, body_start, read_frame
from dsl.importing.layout import Layout, OutLine
from dsl.importing.left_out import may_be_provisions
from dsl.importing.lines import kind_of
from dsl.importing.marking import SIGN, Check, mark_doubts, mark_gaps, settle
from dsl.importing.numbering import leaps
from dsl.importing.source import Ledger, LeftOut, Piece, Source, Words, plain, words_of
from dsl.lines import Kind
from dsl.masking import mask, twelve_digits
from dsl.normalise import wareki_of
from dsl.parse import parse
from dsl.syntax import Document, InstrumentKind, NotExpressible
from dsl.text import promulgated_text


@dataclass(frozen=True, slots=True)
class Given:
    """What the clerk tells: it goes before what the document says."""

    kind: InstrumentKind | None = None
    title: str | None = None
    municipality: tuple[str, str] | None = None  # name, code of six digits
    number: str | None = None
    promulgated: date | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """How many sentences and rows there are, and how many were taken without a mark."""

    sentences: int
    sentences_taken: int
    rows: int
    rows_taken: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A place of the rule file that a person must look at."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The rule file, or None with the findings that refuse the document."""

    text: str | None
    findings: tuple[Diagnostic, ...]
    left_out: tuple[LeftOut, ...] = ()
    marked: tuple[Marked, ...] = ()
    share: Share | None = None
    kind: InstrumentKind | None = None

    @property
    def refused(self) -> bool:
        """Whether no rule file came about."""
        return self.text is None


def import_document(source: Source, given: Given, check: Check | None = None) -> Imported:
    """Make a rule file of a document.

    Args:
        source: the document as its reader gave it.
        given: what the clerk tells.
        check: the findings of compiling a file's text with the national rules; default: the form alone.

    Returns:
        The rule file whose promulgated text is the document's, or the reasons why there is none. Never raises.
    """
    made = _import(source, given, check)
    placed = tuple(
        replace(d, span=replace(d.span, line=source.place(d.span.line), end_line=source.place(d.span.line)))
        for d in made.findings
    )
    left = tuple(replace(x, at=source.place(x.at)) for x in made.left_out)
    return replace(made, findings=(*source.notices, *placed), left_out=left)


def _import(source: Source, given: Given, check: Check | None) -> Imported:
    refusal = _forbidden(source)
    if refusal:
        return Imported(None, tuple(refusal))
    source = replace(source, pieces=tuple(_page_apart(p) for p in source.pieces))
    pieces = source.pieces
    amending = _amending(source)
    if amending is not None:
        return Imported(None, (amending,))
    start = body_start(pieces)
    if start is None:
        return Imported(None, (_no_article(source),))
    ledger = Ledger()
    frame = read_frame(pieces, start, ledger)
    kind = given.kind or (frame.kind if frame else None)
    if given.title and frame is None:
        frame = Frame(given.title, 0, kind, None, None, (), (), tuple(pieces[start:]))
    if frame is None or kind is None:
        return Imported(None, (_no_kind(source, frame),))
    layout = Layout(source.path, ledger)
    layout.take(frame.body)
    head = _head(frame, kind, given)
    lines = layout.lines
    mark_gaps(lines)
    mark_doubts(lines)

    def write(held: Sequence[OutLine]) -> str:
        return "\n".join([*head, *(line.written for line in held)]) + "\n"

    first = len(head) + 1
    left = settle(lines, write, first, lambda text: parse(source.path, text)[1])
    if check is not None and not left:
        left = settle(lines, write, first, check)
    text = write(lines)
    lost = _difference(source, frame, ledger, text, given)
    if lost is not None:
        return Imported(None, (lost,), tuple(ledger.entries))
    text = _spaced(text)
    document, _ = parse(source.path, text)
    marked = _marked(text)
    findings = [*layout.found, *_unexpressed(source, lines), *_unsettled(source, left, lines, first)]
    findings += [*leaps(source.path, lines), *may_be_provisions(source, ledger.entries, pieces[start].at)]
    if given.municipality is None:
        findings.append(_no_body(source, frame))
    findings.sort(key=lambda d: (d.span.line, d.code))
    return Imported(text, tuple(findings), tuple(ledger.entries), marked, share_of(document), kind)


def _spaced(text: str) -> str:
    """The file with blank lines between its articles, as `jorei fmt` lays it out."""
    from dsl.formatter import format_source, same_words

    formatted = format_source(text)
    return formatted if same_words(text, formatted) else text


def _head(frame: Frame, kind: InstrumentKind, given: Given) -> list[str]:
    head = [f"{kind.value} {frame.title}"]
    known = []
    name = given.municipality[0] if given.municipality else ""
    if given.municipality:
        known.append(f"〔団体 {given.municipality[0]} {given.municipality[1]}〕")
    number, day = given.number or frame.number, given.promulgated or frame.promulgated
    if number and day:
        known.append("〔状態 公布〕")
    if number:
        if name and name not in number and "年" in number:
            year, _, rest = number.partition("年")
            number = f"{year}年{name}{rest}"
        known.append(f"〔番号 {number}〕")
    if day:
        known.append(f"〔公布 {wareki_of(day)}〕")
    if known:
        head.append("".join(known))
    head += [notes.note(text) for _, text in frame.history]
    head += [notes.note(f"前文: {words.text}") for words in frame.preamble]
    return head


# ---- refusals -------------------------------------------------------------------------------------


def _forbidden(source: Source) -> list[Diagnostic]:
    if not any(plain(t) for p in source.pieces for t in words_of(p)):
        return [
            finding(
                "I0102", source.path, 1, f"{source.form}として読みましたが、文字が一つもありません",
                "画像だけの文書であれば、文字のある文書（例規集の HTML、Word、テキスト）を用意してください。",
            )
        ]  # fmt: skip
    found = []
    for piece in source.pieces:
        texts = list(words_of(piece))
        if any(twelve_digits(t) for t in (*texts, "".join(t for t in texts if isinstance(piece, Words)))):
            found.append(
                finding(
                    "I0106", source.path, piece.at, "12桁の数字（************）があります",
                    "個人番号であれば、直ちにその文書の扱いを確かめてください。個人番号でなければ、その部分を除いた文書を取り込んでください。",
                )
            )  # fmt: skip
        aside = isinstance(piece, Words) and (
            piece.aside or notes.is_bracketed(piece.text) or notes.history_behind(piece.text) is not None
        )
        if not aside and any("〔" in t or "〕" in t for t in texts):
            found.append(
                finding(
                    "I0107", source.path, piece.at, f"「{mask(texts[0])[:30]}」に〔 〕があります",
                    "〔 〕は注記の印なので、条文には書けません。出版者の注であればその部分を除き、条文であれば（ ）に改めた上で、原本との違いを控えておいてください。",
                )
            )  # fmt: skip
    return found


def _shown(source: Source, count: int = 3) -> str:
    texts = [t.strip() for p in source.pieces for t in words_of(p) if plain(t)]
    return "、".join(f"「{mask(t)[:24]}」" for t in texts[:count])


def _page_apart(piece: Piece) -> Piece:
    """The number of a printed page is no line of the text."""
    if isinstance(piece, Words) and piece.aside is None and notes.is_page(piece.text):
        return replace(piece, aside="ページの番号")
    return piece


def _amending(source: Source) -> Diagnostic | None:
    """The refusal of an instrument that amends another; 附則 of a consolidated text may amend others."""
    before = ""
    for piece in source.pieces:
        if not isinstance(piece, Words):
            if piece.rows and _sides([plain(cell.text) for cell in piece.rows[0]]):
                return _two_sides(source, piece.at)
            continue
        if piece.aside:
            continue
        if kind_of(piece.text) is Kind.SUPPLEMENTARY:
            return None
        if _sides([before, plain(piece.text)]):
            return _two_sides(source, piece.at)
        before = plain(piece.text)
        if "の一部を次のように改正する" in plain(piece.text):
            return finding(
                "I0109", source.path, piece.at, f"「{_cut(mask(piece.text))}」は、ほかの条文を改める改め文です",
                "改正を溶け込ませた後の全文（例規集の現行の条例など）を取り込み、前の版と並べてください。何が変わるかは jorei diff で確かめられます。",
            )  # fmt: skip
    return None


_NEW, _OLD = ("改正後", "改正案", "新"), ("改正前", "現行", "旧")


def _sides(names: Sequence[str]) -> bool:
    """Whether two neighbours are the heads of a comparison of old and new."""
    said = [name.removeprefix("（").removesuffix("）") for name in names]
    return any((a in _NEW and b in _OLD) or (a in _OLD and b in _NEW) for a, b in pairwise(said))


def _two_sides(source: Source, at: int) -> Diagnostic:
    return finding(
        "I0109", source.path, at, "改正の前と後を並べた新旧対照表です",
        "改正を溶け込ませた後の全文を取り込んでください。新旧対照表は、二つの版から jorei diff で作れます。",
    )  # fmt: skip


def _no_article(source: Source) -> Diagnostic:
    lines = sum(1 for p in source.pieces for t in words_of(p) if plain(t))
    return finding(
        "I0103", source.path, 1,
        f"{source.form}として{lines}行を読みましたが、「第1条」で始まり本文のある条が一つもありません。最初の行: {_shown(source)}",
        "条例や規則の全文のページか文書かを確かめてください。一覧や目次のページ、一部改正の新旧対照表は取り込めません。",
    )  # fmt: skip


def _no_kind(source: Source, frame: Frame | None) -> Diagnostic:
    if frame is None:
        message = f"第1条の前に、題名が見つかりません。最初の行: {_shown(source)}"
        return finding(
            "I0104",
            source.path,
            1,
            message,
            "--title に題名を、--kind に種類（条例・規則・要綱・告示）を指定してください。",
        )
    message = f"題名「{mask(frame.title)}」からは、条例・規則・要綱・告示のどれか分かりません"
    return finding("I0104", source.path, frame.title_at, message, "--kind 条例 のように、種類を指定してください。")


def _no_body(source: Source, frame: Frame) -> Diagnostic:
    return finding(
        "I0125", source.path, max(1, frame.title_at), "団体の名称とコードが指定されていません",
        "--municipality 042021 石巻市 のように指定するか、文書の頭に〔団体 名称 コード〕を書いてください。",
    )  # fmt: skip


# ---- nothing is lost -------------------------------------------------------------------------------


def _difference(source: Source, frame: Frame, ledger: Ledger, text: str, given: Given) -> Diagnostic | None:
    """Where the promulgated text of the result differs from the document; None when it does not."""
    entries: dict[int, list[str]] = {}
    for entry in ledger.entries:
        entries.setdefault(entry.at, []).append(plain(entry.text))
    expected: list[tuple[str, int]] = []
    for piece in source.pieces:
        own = "".join(plain(t) for t in words_of(piece))
        for gone in sorted(entries.pop(piece.at, []), key=len, reverse=True):
            at = own.rfind(gone) if isinstance(piece, Words) and not own.startswith(gone) else own.find(gone)
            if at < 0:
                return _lost(source, piece.at, gone, "")
            own = own[:at] + own[at + len(gone) :]
        if own:
            expected.append((own, piece.at))
    heading, *rest = promulgated_text(text).split("\n")
    title = "" if given.title and frame.title_at == 0 else plain(heading.split(" ", 1)[1])
    got = title + plain("\n".join(rest))
    want = "".join(t for t, _ in expected)
    if got == want:
        return None
    index = next((i for i, (a, b) in enumerate(zip(got, want, strict=False)) if a != b), min(len(got), len(want)))
    seen = 0
    for own, at in expected:
        if index < seen + len(own) or (own, at) == expected[-1]:
            return _lost(source, at, want[index : index + 24], got[index : index + 24])
        seen += len(own)
    return _lost(source, 1, want[index : index + 24], got[index : index + 24])


def _lost(source: Source, at: int, want: str, got: str) -> Diagnostic:
    return finding(
        "I0105", source.path, at, f"元の文書では「{want}」の所が、写した条文では「{got}」になりました",
        "この文書は取り込みません。前後の行（表の結合、条や項の番号）を確かめ、テキストに写し直してから取り込んでください。",
    )  # fmt: skip


# ---- what is left to do ------------------------------------------------------------------------------


def _unexpressed(source: Source, lines: Sequence[OutLine]) -> list[Diagnostic]:
    found = []
    for line in lines:
        for offset, reasons in sorted(line.marks.items()):
            for reason in (r for r in reasons if SIGN in r):
                start = line.text.rfind("。", 0, max(0, offset - 1)) + 1
                found.append(_to_check("I0120", source, line.at, line.text[start:offset], reason))
        code = "I0121" if line.kind is Kind.ROW else "I0120"
        found += [_to_check(code, source, line.at, line.text, r) for r in line.behind if SIGN in r]
    return found


def _to_check(code: str, source: Source, at: int, text: str, reason: str) -> Diagnostic:
    what = "行" if code == "I0121" else "文"
    said = reason.removeprefix(f"〔未表現 {SIGN}: ").removesuffix("〕")
    return finding(
        code, source.path, at, f"この{what}は、〔未表現〕としました: 「{_cut(text)}」（{said}）",
        "原本と見比べ、定型文に合うように書き直すか、判定に関わらなければ〔効力なし 理由〕に改めてください。",
    )  # fmt: skip


def _cut(text: str) -> str:
    bare = text.strip()
    return bare if len(bare) <= 50 else bare[:49] + "…"


def _unsettled(source: Source, errors: Sequence[Diagnostic], lines: Sequence[OutLine], first: int) -> list[Diagnostic]:
    found = []
    for error in errors:
        index = error.span.line - first
        at = lines[index].at if 0 <= index < len(lines) else 1
        found.append(
            finding(
                "I0127", source.path, at, f"取り込んだ文書に誤りが残ります（{error.code}）: {error.message}", error.help
            )
        )
    return found


def _marked(text: str) -> tuple[Marked, ...]:
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        for piece in line.split("〔未表現 ")[1:]:
            reason = piece.split("〕")[0]
            if reason.startswith(SIGN):
                found.append(Marked(number, mask(_cut(promulgated_text(line))), reason.removeprefix(f"{SIGN}: ")))
    return tuple(found)


def share_of(document: Document) -> Share:
    """How much of a rule file is taken without a mark of the importer."""
    sentences = [
        s
        for articles in (document.articles, *(x.articles for x in document.supplementary))
        for a in articles
        for p in a.paragraphs
        for s in p.sentences
    ] + [s for x in document.supplementary for p in x.paragraphs for s in p.sentences]
    tables = [*document.tables, *(p.table for a in document.articles for p in a.paragraphs if p.table)]
    rows = [r for t in tables for r in t.rows]
    taken = [
        s
        for s in sentences
        if s.formula is not None and not (isinstance(s.formula, NotExpressible) and s.formula.reason.startswith(SIGN))
    ]
    kept = [
        r
        for r in rows
        if not any(
            a.name == "未表現" and a.value.startswith(SIGN)
            for a in (*r.annotations, *(a for c in r.cells for a in c.annotations))
        )
    ]
    return Share(len(sentences), len(taken), len(rows), len(kept))
