from __future__ import annotations

from tests.service.conftest import project, system_log

__all__ = ["project", "system_log"]

SEED = 20261126
