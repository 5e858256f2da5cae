"""Each code of a refusal has a page, and each page is about a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.project import HOME
from dsl.masking import twelve_digits

PAGES = HOME / "docs" / "ja" / "codes"
CODES = {
    code
    for folder in (HOME / "linkage", HOME / "linkage" / "addressee", HOME / "linkage" / "storage")
    for file in folder.glob("*.py")
    for code in re.findall(r"\"(G06\d\d)\"", file.read_text("utf-8"))
}


def test_codes_and_pages_are_the_same() -> None:
    assert {path.stem for path in PAGES.glob("G06*.md")} == CODES
    assert len(CODES) > 20


@pytest.mark.parametrize("page", sorted(PAGES.glob("G06*.md")), ids=lambda page: page.stem)
def test_page(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.match(rf"# {page.stem} \S.*（エラー）\n", text)
    for part in ("## 何が起きているか", "## なぜ問題か", "## 直し方", "## 例", "誤り", "正しい例"):
        assert part in text
    assert not twelve_digits(text)
