"""Schemathesis over the whole OpenAPI document of the running service, all phases, by one caller of each role."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.callers import Role
from api.callers.model import USUAL
from api.project import Project
from api.service.settings import Limits, Settings
from tests.http_fuzz.conftest import SEED
from tests.service.conftest import Running, caller, running

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,"
    "use_after_free,ensure_resource_availability,ignored_auth"
)
#: Role → what it goes over, and how many examples of each operation.
GOES_OVER = {
    Role.SYSTEM: (".", 20),
    Role.EDITOR: ("^/v1/rulesets", 4),
    Role.APPROVER: ("^/v1/rulesets", 4),
    Role.AUDITOR: ("^/v1/(log|permits/unreported)", 6),
    Role.ADMINISTRATOR: ("^/(oauth|metrics|v1/version)", 4),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[Running]:
    limits = Limits(stranger_per_minute=None)  # calls without a credential are among the checks; more than 120 a minute
    with running(Settings(home=tmp_path_factory.mktemp("fuzz"), files=True, limits=limits), project) as found:
        yield found


@pytest.mark.parametrize("role", list(GOES_OVER), ids=lambda role: role.value)
def test_the_service_keeps_its_document(service: Running, role: Role, tmp_path: Path) -> None:
    key = service.add(caller(f"fuzz-{role.value}", role, scopes=USUAL[role]))
    paths, examples = GOES_OVER[role]
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{service.url}/openapi.json", "--no-color", "--seed", str(SEED), "--workers", "1"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--checks", CHECKS),
        *("-H", f"Authorization: Bearer {key}", "--include-path-regex", paths),
        *("--max-examples", str(examples), "--continue-on-failure"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=900)
    said = re.sub(r"jk_\w+", "jk_…", done.stdout + done.stderr)
    assert done.returncode == 0, said[-20_000:]
    tested = re.search(r"Operations:\s+(\d+) selected", said)
    assert tested is not None, said
    assert int(tested.group(1)) >= 2
    assert role is not Role.SYSTEM or "Stateful" in said
