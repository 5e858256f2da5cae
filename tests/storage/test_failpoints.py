from __future__ import annotations

import re
from pathlib import Path

from api import failpoints

_ROOT = Path(failpoints.__file__).parents[1]


def test_every_point_is_named_and_every_name_is_a_point() -> None:
    found = [
        name
        for package in ("api", "linkage")
        for path in (_ROOT / package).rglob("*.py")
        for name in re.findall(r'\b_?reach\("([^"]*)"\)', path.read_text(encoding="utf-8"))
        if name != "name"
    ]
    assert set(found) == set(failpoints.NAMES)
    assert len(found) == len(set(found))
