"""Every refusal of storage and log has a Japanese page, and every page its refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.decision_log import refused as log
from api.storage import refused as storage

PAGES = Path(__file__).parents[2] / "docs" / "ja" / "codes"
STORAGE = {value for name, value in vars(storage).items() if name.isupper() and str(value).startswith("D04")}


def test_pages_and_codes_are_the_same() -> None:
    assert {page.stem for page in PAGES.glob("D04*.md")} == STORAGE | set(log.TEXTS)
    assert len(STORAGE) == 6


@pytest.mark.parametrize("code", sorted(STORAGE | set(log.TEXTS)))
def test_page(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text("utf-8")
    assert page.startswith(f"# {code} ")
    for part in ("（エラー）\n", "## 何が起きているか", "## なぜ問題か", "## 直し方"):
        assert part in page


@pytest.mark.parametrize("code", log.TEXTS)
def test_refusals(code: str) -> None:
    found = log.refused(code, "ここ")
    assert found.text.endswith("（ここ）")
    assert found.lines().splitlines()[0].startswith(f"{code} エラー: ")
    again = found.again()
    assert again is not found
    assert again.lines() == found.lines()
