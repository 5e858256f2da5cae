"""What was left out and may yet be a provision: a sentence among the parts of the page, a picture in the text."""

from __future__ import annotations

from collections.abc import Sequence

from dsl.diagnostics import Diagnostic
from dsl.importing.codes import finding
from dsl.importing.source import LeftOut, Source

#: reasons for which nothing needs to be looked at
_HARMLESS = frozenset(("公布の文", "様式"))
#: words in a cell that the cell above covers
UNSEEN = "結合されて見えない欄"
_CUT = 30


def may_be_provisions(source: Source, left: Sequence[LeftOut], first: int) -> list[Diagnostic]:
    """Findings for what is in no line of the rule file although it looks like a provision.

    Args:
        source: the document.
        left: what was left out of it.
        first: the place of the first line of the provisions.
    """
    pictures = [x for x in left if x.why == "画像" and x.at > first]
    found = [
        _sentence(source, x)
        for x in left
        if not x.kept and x.why not in _HARMLESS and ("。" in x.text or x.why == UNSEEN)
    ]
    found += [_picture(source, x) for x in pictures]
    forms = [x for x in left if x.why == "様式"]
    if forms:
        found.append(_forms(source, forms))
    return found


def _sentence(source: Source, left: LeftOut) -> Diagnostic:
    text = "".join(left.text.split())
    return finding(
        "I0122", source.path, left.at, f"「{text[:_CUT]}」は、{left.why}とみて写していません",
        "条文の一部であれば、その部分を条文の位置に置いた文書を作り、取り込み直してください。",
    )  # fmt: skip


def _picture(source: Source, left: LeftOut) -> Diagnostic:
    return finding(
        "I0128", source.path, left.at, "条文の間に画像だけの行があります。画像は写していません",
        "画像が別表や条文であれば、その文字を書いた文書を作り、取り込み直してください。",
    )  # fmt: skip


def _forms(source: Source, left: Sequence[LeftOut]) -> Diagnostic:
    lines = len({x.at for x in left})
    return finding(
        "I0122", source.path, left[0].at, f"「{''.join(left[0].text.split())[:_CUT]}」から後の様式（{lines}か所）は写していません",
        "様式に判定に関わる定めがないことを、原本で確かめてください。",
    )  # fmt: skip
