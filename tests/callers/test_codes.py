"""Every code of this part has a page, and every page its code."""

from __future__ import annotations

import re
from pathlib import Path

from api.callers import refused

PAGES = Path(__file__).parents[2] / "docs" / "ja" / "codes"


def test_every_code_has_its_page() -> None:
    codes = {v for v in vars(refused).values() if isinstance(v, str) and re.fullmatch(r"C05\d\d", v)}
    assert len(codes) == 14
    assert {p.stem for p in PAGES.glob("C05*.md")} == codes
    for code in codes:
        page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {code} ")
        assert [line for line in page.splitlines() if line.startswith("## ")] == [
            "## 何が起きているか",
            "## なぜ問題か",
            "## 直し方",
        ]
