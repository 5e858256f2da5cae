"""Each code of rights, portal and cards has a page, and each page is about a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.project import HOME
from dsl.masking import twelve_digits
from linkage.cards.refusals import TEXTS as CARDS
from linkage.portal.refusals import TEXTS as PORTAL
from linkage.rights.refusals import TEXTS as RIGHTS

PAGES = HOME / "docs" / "ja" / "codes"
CODES = {**RIGHTS, **PORTAL, **CARDS}


def test_codes_and_pages_are_the_same() -> None:
    assert {path.stem for path in PAGES.glob("M0[123]*.md")} == set(CODES)
    assert len(CODES) == len(RIGHTS) + len(PORTAL) + len(CARDS)


def test_every_code_is_raised_and_every_raised_code_has_a_text() -> None:
    raised = set()
    for folder in ("rights", "portal", "cards"):
        for file in (HOME / "linkage" / folder).glob("*.py"):
            raised |= set(re.findall(r'Refused\("(M\d{4})"', file.read_text("utf-8")))
    assert raised == set(CODES)


@pytest.mark.parametrize("page", sorted(PAGES.glob("M0[123]*.md")), ids=lambda page: page.stem)
def test_page(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.match(rf"# {page.stem} \S.*（エラー）\n", text)
    for part in ("## 何が起きているか", "## なぜ問題か", "## 直し方", "## 例", "誤り", "正しい例"):
        assert part in text
    assert not twelve_digits(text)
