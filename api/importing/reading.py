"""A file into a source: what it is is told by its bytes, not by its name; what cannot be read is refused with what was seen."""

from __future__ import annotations

import re

from api.importing.docx import NotWordError, read_docx
from api.importing.encoding import decode
from api.importing.html import read_html
from api.importing.plain_text import read_plain_text
from dsl.diagnostics import Diagnostic
from dsl.importing.codes import finding
from dsl.importing.source import Source, Words
from dsl.masking import mask

_HTML = re.compile(
    r"<\s*(!doctype\s+html|html|head|body|div|table|p|span|h[1-6]|br|a|ul|meta)\b[^<]*>|</\s*(div|p|table|span)\s*>",
    re.IGNORECASE,
)
_KNOWN = (
    (b"%PDF", "PDF", "例規集の HTML か Word の文書を用意するか、PDF の文字を写してテキストにしてください。文字の順が変わっていないかを見比べてください。"),
    (b"\xd0\xcf\x11\xe0", "古い形式の Word か Excel（.doc・.xls）", "Word で開き、.docx の形で保存し直してください。Excel の表は取り込めません。"),
    (b"{\\rtf", "リッチテキスト（RTF）", "Word で開き、.docx の形で保存し直してください。"),
    (b"\x89PNG", "画像（PNG）", "画像からは条文を読み取れません。文字のある文書を用意してください。"),
    (b"\xff\xd8\xff", "画像（JPEG）", "画像からは条文を読み取れません。文字のある文書を用意してください。"),
    (b"GIF8", "画像（GIF）", "画像からは条文を読み取れません。文字のある文書を用意してください。"),
)  # fmt: skip


def read_source(path: str, data: bytes) -> Source | Diagnostic:
    """Read a document.

    Args:
        path: the file, for messages.
        data: its bytes.

    Returns:
        The document as lines and tables, or why it cannot be read. Never raises.
    """
    if not data.strip():
        return finding(
            "I0102",
            path,
            1,
            "ファイルに何も入っていません（0文字）",
            "条例や規則の全文の入ったファイルを指定してください。",
        )
    for head, name, help_ in _KNOWN:
        if data.lstrip()[:8].startswith(head):
            return finding(
                "I0101", path, 1, f"{name}のファイルです（先頭の{min(len(data), 4)}バイト: {data[:4].hex(' ')}）", help_
            )
    if data.startswith(b"PK"):
        return _packed(path, data)
    decoded = decode(data)
    if decoded is None:
        return finding(
            "I0108", path, 1, f"文字コードが、UTF-8・シフトJIS・EUC-JP のどれでもありません（{len(data)}バイト、先頭: {data[:8].hex(' ')}）",
            "メモ帳などで開いて文字が読めることを確かめ、UTF-8 で保存し直してください。",
        )  # fmt: skip
    text, _ = decoded
    if not _HTML.search(text[:20000]):
        return read_plain_text(path, text.removeprefix("\ufeff"))
    source = read_html(path, text.removeprefix("\ufeff").replace("\x00", ""))
    if any(not isinstance(p, Words) or p.aside != "画像" for p in source.pieces):
        return source
    images = len(re.findall(r"<\s*img\b", text, re.IGNORECASE))
    frames = len(re.findall(r"<\s*i?frame\b", text, re.IGNORECASE))
    return finding(
        "I0102", path, 1, f"HTML ですが、文字が一つもありません（画像{images}個、枠{frames}個、{len(data)}バイト）",
        "枠（フレーム）のあるページでは、条文の入った枠だけを開いて保存してください。画像だけのページは取り込めません。",
    )  # fmt: skip


def _packed(path: str, data: bytes) -> Source | Diagnostic:
    try:
        return read_docx(path, data)
    except NotWordError as error:
        return finding(
            "I0101", path, 1, f"Word の文書（.docx）として開けません（{mask(str(error))[:80]}）",
            "Word で開けることを確かめ、.docx の形で保存し直してください。表計算の表（.xlsx）は取り込めません。",
        )  # fmt: skip
