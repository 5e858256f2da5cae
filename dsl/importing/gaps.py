"""Places where a document holds what is no text (a picture of a character, a formula): 〓 stands for it, and grants nothing."""

from __future__ import annotations

from dsl.diagnostics import Diagnostic
from dsl.importing.codes import finding

#: the mark that printers set for a character they do not have (geta)
GAP = "〓"


def gap_found(path: str, at: int, what: str) -> Diagnostic:
    """The finding for one thing inside a line that cannot be written as text.

    Args:
        path: the file.
        at: the place of the line.
        what: what stands there, in Japanese.
    """
    return finding(
        "I0128", path, at, f"{what}は文字でないので、条文では「{GAP}」としました",
        f"原本で確かめ、取り込んだ文書の「{GAP}」をその字に改めてください。改めるまで、その文や行は何も認めません。",
    )  # fmt: skip


def is_gap(text: str) -> bool:
    """Whether a line is nothing but such places."""
    bare = "".join(text.split())
    return bool(bare) and not bare.strip(GAP)


def struck_found(path: str, at: int, texts: list[str], what: str) -> Diagnostic:
    """The finding for words that are struck out or not shown: taken over as they are, to be judged by a person."""
    shown = "、".join(dict.fromkeys(t for t in texts if t))[:60]
    return finding(
        "I0129", path, at, f"{what} {len(texts)}か所（「{shown}」）も、条文として写しました",
        "消された字句であれば、取り込んだ文書から除いてください。公布された条文の一部であれば、そのままで構いません。",
    )  # fmt: skip
