"""Every code has one Japanese sentence, what to do, and a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.keys import refused as keys
from api.permits.refusals import TEXTS, PermitRefused

PAGES = Path(__file__).parents[2] / "docs" / "ja" / "codes"
KEYS = (keys.OPEN_TO_OTHERS, keys.DAMAGED, keys.UNKNOWN_KEY, keys.NOT_WRITTEN)


@pytest.mark.parametrize("code", [*TEXTS, *KEYS])
def test_page(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text("utf-8")
    assert page.startswith(f"# {code} ")
    assert page.splitlines()[0].endswith("（エラー）")
    for part in ("## 何が起きているか", "## なぜ問題か", "## 直し方"):
        assert part in page


@pytest.mark.parametrize("code", TEXTS)
def test_text(code: str) -> None:
    refused = PermitRefused(code)
    assert refused.text.count("。") == 1
    assert refused.text.endswith("。")
    assert refused.help.endswith("。")
    assert refused.status in (400, 403, 404, 409, 503)


def test_no_page_without_a_code() -> None:
    pages = {page.stem for page in PAGES.glob("P03*.md")}
    assert pages == {*TEXTS, *KEYS}
