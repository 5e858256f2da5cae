"""What holds for every test.

Properties are tried on examples drawn from their own text, the same in every run, so that a run says something of the
change it follows; and no example has a deadline, since machines are slow and fast. `make search` draws new ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import system_log

_PATIENT = (HealthCheck.too_slow,)
settings.register_profile("same", derandomize=True, deadline=None, print_blob=True, suppress_health_check=_PATIENT)
settings.register_profile("search", max_examples=1_000, deadline=None, print_blob=True, suppress_health_check=_PATIENT)
settings.load_profile("same")  # pytest's --hypothesis-profile has the last word


@pytest.fixture(scope="session", autouse=True)
def log_at_first() -> system_log.State:
    """The log of the process before anything ran in it: fixtures of the session are made after those used by all."""
    return system_log.State()


@pytest.fixture(scope="module", autouse=True)
def log_put_back(log_at_first: system_log.State) -> Iterator[None]:
    """A service that ran in one module leaves no log set up for the next, whichever fixture ran it."""
    yield
    log_at_first.put_back()
