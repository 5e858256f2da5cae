"""Every test that docs/VERIFICATION.md names exists, and every failpoint stands in it."""

from __future__ import annotations

import ast
import re

import pytest

from api import failpoints
from api.project import HOME
from tests.crash.rounds import POINTS
from tests.crash.test_crash import SEED

TEXT = (HOME / "docs" / "VERIFICATION.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", TEXT)))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_named_tests_exist(path: str, name: str) -> None:
    tree = ast.parse((HOME / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_nothing_is_named_otherwise() -> None:
    """A name that is written differently would not be looked for."""
    assert len(NAMED) > 40
    assert set(re.findall(r"test_\w+(?!\w*\.py)", TEXT)) - {name for _, name in NAMED} <= {
        found[: -len(".py")] for found in re.findall(r"test_\w+\.py", TEXT)
    }
    assert str(SEED) in TEXT


def test_every_failpoint_of_the_service_is_in_the_matrix() -> None:
    points = {*POINTS, *(name for name in failpoints.NAMES if name.startswith(("gate.", "erase.")))}
    assert {name for name in points if f"`{name}`" not in TEXT} == set()
