"""Every code has a page and a bad file; every bad file gives its code at the passage meant."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dsl.codes import CODES
from dsl.parse import parse, typed_lines

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "docs" / "ja" / "codes"
EXPECTED: dict[str, str | None] = yaml.safe_load((HERE / "bad" / "expected.yaml").read_text("utf-8"))


def test_every_code_has_a_bad_file() -> None:
    assert set(EXPECTED) == set(CODES)
    assert {p.stem for p in (HERE / "bad").glob("*.jorei")} == set(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_page(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text("utf-8")
    entry = CODES[code]
    assert page.startswith(f"# {code} {entry.title}（{entry.severity.value}）")
    for part in ("## 何が起きているか", "## なぜ問題か", "## 直し方", "## 例", "誤り", "正しい例"):
        assert part in page


@pytest.mark.parametrize("code", sorted(CODES))
def test_bad_file(code: str) -> None:
    path = HERE / "bad" / f"{code}.jorei"
    source = path.read_text("utf-8")
    _, findings = parse(path.name, source)
    found = [d for d in findings if d.code == code]
    assert found, [f"{d.code} {d.message}" for d in findings]
    lines = typed_lines(source)
    passages = []
    for finding in found:
        assert finding.severity is CODES[code].severity
        assert finding.reason == CODES[code].reason
        assert finding.help
        span = finding.span
        assert span.line == span.end_line
        assert 1 <= span.column < span.end_column
        passages.append(lines[span.line - 1][span.column - 1 : span.end_column - 1])
    expected = EXPECTED[code]
    assert expected is None or expected in passages, passages


def test_bad_files_give_little_else() -> None:
    """A mistake is reported once, not as a flood."""
    for code in CODES:
        _, findings = parse(code, (HERE / "bad" / f"{code}.jorei").read_text("utf-8"))
        assert len(findings) <= 3, [f"{d.code} {d.message}" for d in findings]
