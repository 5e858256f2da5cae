"""The text side of `jorei diff`: 新旧対照表 of the files that differ, as text, HTML and Word."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.layout import WIDTH

if TYPE_CHECKING:
    from api.comparison.entries import Comparison
    from api.project import Source
    from api.two_states import Pair
    from dsl.syntax import Document


@dataclass(frozen=True, slots=True)
class TextDifference:
    """How one instrument's text differs; a path is None when the instrument is not there."""

    old: str | None
    new: str | None
    comparison: Comparison

    @property
    def name(self) -> str:
        """The file it is about."""
        return self.new or self.old or ""

    @property
    def shown(self) -> str:
        """The comparison as text, under the name of the file."""
        from api.comparison.text import as_text

        return f"{self.name}\n{as_text(self.comparison, WIDTH)}"

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"old": self.old, "new": self.new, "text": self.shown}


def compare_texts(pair: Pair) -> list[TextDifference]:
    """The instruments whose text differs."""
    from api.comparison.entries import compare

    return [
        TextDifference(
            None if old is None else old.path,
            None if new is None else new.path,
            compare(_document(old), _document(new)),
        )
        for old, new in pair.texts
    ]


def write_tables(texts: list[TextDifference], html: Path | None, docx: Path | None) -> list[Path]:
    """Write each comparison; with several, the name of the instrument's file goes before the suffix.

    Raises:
        OSError: If a file cannot be written.
    """
    written: list[Path] = []
    for text in texts:
        for path in (html, docx):
            if path is None:
                continue
            target = path if len(texts) == 1 else path.with_name(f"{path.stem}_{Path(text.name).stem}{path.suffix}")
            if path is html:
                from api.comparison.html import as_html

                target.write_text(as_html(text.comparison), encoding="utf-8")
            else:
                from api.comparison.word import write_docx

                write_docx(text.comparison, target)
            written.append(target)
    return written


def _document(source: Source | None) -> Document | None:
    if source is None:
        return None
    from dsl.parse import parse

    return parse(source.path, source.text)[0]
