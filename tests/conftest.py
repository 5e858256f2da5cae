"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import system_log


@pytest.fixture(scope="module", autouse=True)
def log_put_back() -> Iterator[None]:
    """A service that ran in one module leaves no log set up for the next."""
    with system_log.kept():
        yield
