"""Each code of a refusal about people, assessments and retention has a page, and each page is about a code."""

from __future__ import annotations

import re

import pytest

from api.project import HOME
from dsl.masking import twelve_digits
from linkage.assessments.refusals import TEXTS as ASSESSMENTS
from linkage.people.refusals import TEXTS as PEOPLE
from linkage.retention.refusals import TEXTS as RETENTION

PAGES = HOME / "docs" / "ja" / "codes"
TEXTS = {**ASSESSMENTS, **PEOPLE, **RETENTION}
RAISED = {
    code
    for package in ("assessments", "people", "retention")
    for file in (HOME / "linkage" / package).glob("*.py")
    if file.name != "refusals.py"
    for code in re.findall(r"\"(G07\d\d)\"", file.read_text("utf-8"))
}


def test_codes_pages_and_refusals_are_the_same() -> None:
    assert len(TEXTS) == len(ASSESSMENTS) + len(PEOPLE) + len(RETENTION), "a code of two packages"
    assert {path.stem for path in PAGES.glob("G07*.md")} == set(TEXTS) == RAISED


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_page(code: str) -> None:
    text = (PAGES / f"{code}.md").read_text("utf-8")
    assert re.match(rf"# {code} \S.*（エラー）\n", text)
    for part in ("## 何が起きているか", "## なぜ問題か", "## 直し方", "## 例", "誤り", "正しい例"):
        assert part in text
    assert not twelve_digits(text)
    assert TEXTS[code][0].split("{")[0].rstrip("「（ ") in text
