"""The tables of the systems of the plan name modules and tests that exist, and leave no part of the plan out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.project import HOME

PAGES = (HOME / "docs" / "LINKAGE.md", HOME / "docs" / "ja" / "22-保管・連携の層.md")
#: The parts of the plan that the design lists a system for.
PARTS = (
    "2(3)",
    "2(4)",
    "5(5)",
    "5(6)",
    "6(1)",
    "6(2)",
    "6(3)",
    "6(4)",
    "6(5)",
    "6(6)",
    "6(7)",
    "6(8)",
    "6(9)",
    "7",
    "8",
    "9",
)
_PATH = re.compile(r"`((?:api|dsl|engine|linkage|ordinances|rules|tests|demo)/[^`]+)`")
_ROW = re.compile(r"^\| ([0-9][^|]*) \|(.+)\|$", re.M)


def rows(page: Path) -> list[tuple[set[str], list[str]]]:
    """The parts and the paths of each row."""
    return [
        ({part.strip() for part in re.split("[,・]", parts)}, _PATH.findall(rest))
        for parts, rest in _ROW.findall(page.read_text("utf-8"))
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_and_tests_exist(page: Path) -> None:
    found = rows(page)
    assert len(found) >= 14
    for parts, paths in found:
        assert [path for path in paths if not path.startswith("tests/")], parts
        assert [path for path in paths if path.startswith("tests/")], parts
        for path in paths:
            assert (HOME / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_part_of_the_plan_is_there(page: Path) -> None:
    named = {part for parts, _ in rows(page) for part in parts}
    assert set(PARTS) <= named, set(PARTS) - named


@pytest.mark.parametrize("page", sorted((HOME / "docs" / "ja" / "codes").glob("G09*.md")), ids=lambda page: page.stem)
def test_codes_of_the_layer(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.match(rf"# {page.stem} \S.*（エラー）\n", text)
    for part in ("## 何が起きているか", "## なぜ問題か", "## 直し方", "## 例", "誤り", "正しい例"):
        assert part in text


def test_codes_and_pages_of_the_layer_are_the_same() -> None:
    sources = [*(HOME / "linkage").glob("*.py"), *(HOME / "linkage").glob("*/*.py")]
    codes = {code for file in sources for code in re.findall(r"\"(G09\d\d)\"", file.read_text("utf-8"))}
    assert codes == {page.stem for page in (HOME / "docs" / "ja" / "codes").glob("G09*.md")}
