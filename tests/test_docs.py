"""The handbook tells the truth: its files are written, its commands run, its output is seen (see tests/handbook.py)."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.project import HOME
from api.service.app import create_app
from api.service.models import EVALUATION_EXAMPLE
from api.service.settings import Settings
from tests import generated
from tests.handbook import work_through
from tests.test_operations import COMMANDS

JA = HOME / "docs" / "ja"
#: Pages whose commands are run.
PAGES = [
    *sorted(JA.glob("*.md")),
    HOME / "README.md",
    HOME / "docs" / "API.md",
    HOME / "docs" / "OPERATIONS.md",
]
#: Pages whose links are followed.
LINKED = sorted({*PAGES, *(HOME / "docs").glob("*.md"), *(JA / "codes").glob("README.md")})
LINK = re.compile(r"\]\(([^)#\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page(page: Path, tmp_path: Path) -> None:
    assert work_through(page.read_text(encoding="utf-8"), tmp_path, page)


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


CODE = re.compile(r"[A-Z]0[1-9]\d\d|[A-Z]000[1-9]|[A-Z]00[1-9]\d")
#: Modules that make their codes of a letter and a number.
MADE = re.compile(r'f"[A-Z]0\d*\{')


def codes() -> Iterator[tuple[str, str]]:
    """Every code that the program can say, and the module that says it."""
    for package in ("api", "dsl", "engine", "linkage"):
        for file in (HOME / package).rglob("*.py"):
            text = file.read_text("utf-8")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                    yield node.value, str(file)
            if MADE.search(text):
                module = importlib.import_module(".".join(file.relative_to(HOME).with_suffix("").parts))
                for value in vars(module).values():
                    if isinstance(value, str) and CODE.fullmatch(value):
                        yield value, str(file)


def test_every_code_has_a_page_and_every_page_its_code() -> None:
    said = dict(codes())
    assert len(said) > 300
    pages = {page.stem for page in generated.CODES.glob("*.md")} - {"README"}
    assert {code: where for code, where in said.items() if code not in pages} == {}
    assert pages - said.keys() == set()


def test_the_index_of_codes_is_what_the_pages_say() -> None:
    assert (generated.CODES / "README.md").read_text("utf-8") == generated.index(), "python -m tests.generated"


@pytest.mark.parametrize("page", generated.PARTS, ids=lambda page: page.name)
def test_tables_are_what_the_program_says(page: Path) -> None:
    assert page.read_text("utf-8") == generated.filled(page), "python -m tests.generated"


def test_every_command_is_in_the_readme_and_in_the_handbook() -> None:
    readme = (HOME / "README.md").read_text("utf-8")
    handbook = "".join(page.read_text("utf-8") for page in PAGES)
    for command in COMMANDS.commands:
        assert f"`{command}`" in readme or f"jorei {command}" in readme, command
        assert f"jorei {command}" in handbook, command


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {(HOME / target).resolve() for target in LINK.findall((HOME / "README.md").read_text("utf-8"))}
    for page in [*(HOME / "docs").glob("*.md"), *JA.glob("*.md")]:
        assert page in linked, page.name


def test_every_path_that_is_named_exists() -> None:
    named = re.compile(r"`((?:api|dsl|engine|linkage|docs|rules|ordinances|tests)/[\w./-]*)`")
    for page in LINKED:
        for path in named.findall(page.read_text("utf-8")):
            assert (HOME / path).exists(), f"{page.name}: {path}"


def test_the_example_of_authzen_is_the_one_that_is_tested() -> None:
    text = (HOME / "docs" / "AUTHZEN.md").read_text("utf-8")
    shown = re.search(r"POST /access/v1/evaluation\n(.*?)```", text, re.S)
    assert shown is not None
    assert json.loads(shown[1]) == EVALUATION_EXAMPLE


def test_every_call_of_the_service_is_in_the_table(tmp_path: Path) -> None:
    edge = create_app(Settings(tmp_path / "home", files=True, plug_ins=False))
    try:
        paths = edge.app.openapi()["paths"]
    finally:
        edge.context.journal.close()
        edge.context.database.close()
    calls = {f"{method.upper()} {path}" for path, said in paths.items() for method in said}
    text = (HOME / "docs" / "API.md").read_text("utf-8")
    shown = re.findall(r"`((?:GET|POST|PUT|DELETE|PATCH) /\S+)`", text.partition("## A service to try")[0])
    assert set(shown) == calls | {"GET /openapi.json"}
