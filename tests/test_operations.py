"""What docs/OPERATIONS.md, the Dockerfile and compose.yaml say fits the program; its SQL runs on a real PostgreSQL."""

from __future__ import annotations

import json
import re
import shlex
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
import yaml
from sqlalchemy.engine import make_url

from api.callers import tables as caller_tables
from api.cli.app import app
from api.permits import tables as permit_tables
from api.project import HOME
from api.rulesets import tables as ruleset_tables
from api.storage import tables as storage_tables
from tests.databases import Server, postgresql_server
from tests.handbook import FENCE, Reader

__all__ = ["postgresql_server"]

PAGE = (HOME / "docs" / "OPERATIONS.md").read_text("utf-8")
COMMANDS: Any = typer.main.get_command(app)
BARE = "postgresql://jorei_{}@db.example/jorei"


def options(words: list[str]) -> tuple[str, set[str], list[str]]:
    """The command that words call, the options it has, and those that were given."""
    command, name = COMMANDS, "jorei"
    while hasattr(command, "commands") and words:  # typer brings its own click
        name, *words = words
        assert name in command.commands, name
        command = command.commands[name]
    known = {one for parameter in command.params for one in parameter.opts} | {"--help"}
    return name, known, [word.partition("=")[0] for word in words if word.startswith("--")]


def shown() -> Iterator[tuple[str, list[str]]]:
    """Every call of `jorei` in a fence of the handbook and in what installs it."""
    pages = [HOME / "README.md", *(HOME / "docs").glob("*.md"), *(HOME / "docs" / "ja").glob("*.md")]
    for page in pages:
        for language, _, body in FENCE.findall(page.read_text("utf-8")):
            if language in ("sh", "console", "text", "ini", "bash"):
                for line in body.replace("\\\n", " ").splitlines():
                    for call in re.findall(r"(?:^|[ /])jorei ([a-z_]+[^|>#]*)", line):
                        yield f"{page.name}: {call}", shlex.split(call.replace("(", "").replace(")", ""))
    install = (HOME / "Dockerfile").read_text("utf-8")
    yield "Dockerfile", json.loads(install[install.rindex("CMD ") + 4 :])
    yield "compose.yaml", yaml.safe_load((HOME / "compose.yaml").read_text("utf-8"))["services"]["jorei"]["command"]


def test_every_call_that_is_shown_exists() -> None:
    calls = [(where, words) for where, words in shown() if words[0] in COMMANDS.commands]
    assert len(calls) > 100
    for where, words in calls:
        name, known, given = options(words)
        assert set(given) <= known, f"{where}: {name} has no {set(given) - known}"


def test_the_settings_are_all_in_the_table() -> None:
    _, known, _ = options(["serve"])
    listed = set(re.findall(r"^\| `(--[a-z-]+)` \|", PAGE, re.M))
    assert listed == {one for one in known if one.startswith("--")} - {"--help"}


def test_the_environment_that_is_named_is_read() -> None:
    sources = "".join(
        path.read_text("utf-8") for folder in ("api", "linkage") for path in (HOME / folder).rglob("*.py")
    )
    texts = [PAGE, *((HOME / name).read_text("utf-8") for name in ("Dockerfile", "compose.yaml"))]
    named = {name for text in texts for name in re.findall(r"\bJOREI_[A-Z_]+", text)}
    assert named
    for name in named:
        assert f'"{name}"' in sources, name


def test_what_is_only_added_to_is_revoked() -> None:
    revoked = set(re.search(r"REVOKE UPDATE, DELETE ON ([\w,\s]+) FROM", PAGE)[1].replace(",", " ").split())  # type: ignore[index]
    kept = {
        *storage_tables.APPEND_ONLY,
        *permit_tables.APPEND_ONLY,
        *ruleset_tables.APPEND_ONLY,
        *getattr(caller_tables, "APPEND_ONLY", ()),
    }
    assert revoked == kept | {"log_payload"}


def test_the_images_port_is_the_one_published() -> None:
    compose = yaml.safe_load((HOME / "compose.yaml").read_text("utf-8"))
    service = compose["services"]["jorei"]
    port = next(word.partition("=")[2] for word in service["command"] if word.startswith("--port="))
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    image = (HOME / "Dockerfile").read_text("utf-8")
    assert f"EXPOSE {port}" in image
    assert f"127.0.0.1:{port}/readyz" in image
    assert set(service["secrets"]) <= set(compose["secrets"])
    assert service["environment"]["PGPASSFILE"].removeprefix("/run/secrets/") in service["secrets"]


def sql(within: bool) -> list[str]:
    """The statements of the page, of those in the database `jorei` or of those before there is one."""
    bodies = [body for language, path, body in FENCE.findall(PAGE) if language == "sql" and bool(path) is within]
    return [one.strip() for body in bodies for one in body.split(";") if one.strip()]


@pytest.fixture
def roles(postgresql_server: Server) -> Iterator[Server]:
    for statement in sql(within=False):
        postgresql_server.run(statement)
    yield postgresql_server
    postgresql_server.run("DROP DATABASE jorei WITH (FORCE)")
    for role in ("jorei_owner", "jorei_app"):
        postgresql_server.run(f"DROP ROLE {role}")


def test_postgresql_with_two_roles(roles: Server, tmp_path: Path) -> None:
    folder = make_url(roles.url).query["host"]
    url = {role: f"postgresql://jorei_{role}@/jorei?host={folder}" for role in ("owner", "app")}
    lines = [line for language, _, body in FENCE.findall(PAGE) if language == "sh" for line in body.splitlines()]
    first, later = (
        next(line for line in lines if line.startswith("jorei serve") and BARE.format(role) in line)
        for role in ("owner", "app")
    )
    reader = Reader(tmp_path)
    try:
        reader.do(
            "jorei callers add kodomo --home /var/lib/jorei --name 子 --role system --municipality 石巻市 --agency 市長 "
            f"--database '{url['owner']}'",
            0,
            [],
        )
        reader.serve(shlex.split(reader.put(first.replace(BARE.format("owner"), f"'{url['owner']}'"))), [])
        reader.stop()
        prepare, vacuum = sql(within=True)[:-1], sql(within=True)[-1]
        assert vacuum.startswith("VACUUM")
        with psycopg.connect(url["owner"], autocommit=True) as owner:
            for statement in prepare:
                owner.execute(statement)  # type: ignore[call-overload]
        reader.serve([*shlex.split(reader.put(later.replace(BARE.format("app"), f"'{url['app']}'"))), "--files"], [])
        asked = urllib.request.Request(
            f"http://127.0.0.1:{reader.port}/v1/decisions",
            json.dumps(
                {
                    "action": "use",
                    "municipality": "石巻市",
                    "agency": "市長",
                    "affair": "child-medical",
                    "on": "2016-01-01",
                }
            ).encode(),
            {"Authorization": f"Bearer {reader.environment['KODOMO']}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked) as answer:
            assert json.load(answer)["decision"]["lawful"] is True
        reader.stop()
        refused = (
            "UPDATE log_entry SET kind = 'x'",
            "DELETE FROM log_payload",
            "TRUNCATE checkpoint",
            "DROP TABLE caller",
        )
        for statement in refused:
            with psycopg.connect(url["app"]) as holder, pytest.raises(psycopg.errors.InsufficientPrivilege):
                holder.execute(statement)  # type: ignore[call-overload]
        reader.do(f"jorei log verify --home /var/lib/jorei --database '{url['app']}'", 0, ["正しい記録です。"])
        reader.do(f"jorei log erase --home /var/lib/jorei --database '{url['owner']}'", 0, ["0件を消去"])
        with psycopg.connect(url["owner"], autocommit=True) as owner:
            owner.execute(vacuum)  # type: ignore[call-overload]
    finally:
        reader.close()
