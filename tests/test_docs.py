"""The handbook tells the truth: its files are written, its commands run, its output is seen.

In a page, a fence with a path (```` ```yaml 要求.yaml ````) is a file, and a ``console`` fence holds commands
(``$ jorei …``, with ``# 終了状態 1`` when it is not 0), each followed by pieces of its output in order.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.project import HOME

PAGES = [*sorted((HOME / "docs" / "ja").glob("*.md")), HOME / "README.md"]
FENCE = re.compile(r"^```(\S*)(?: +(\S+))?[ \t]*\n(.*?)^```$", re.M | re.S)
STATUS = re.compile(r"\s+#\s*終了状態\s*(\d)\s*$")
LINK = re.compile(r"\]\(([^)#\s]+)\)")


def commands(block: str) -> Iterator[tuple[str, int, list[str]]]:
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        line, *pieces = part.strip("\n").split("\n")
        status = STATUS.search(line)
        yield STATUS.sub("", line), int(status[1]) if status else 0, [p.strip() for p in pieces if p.strip()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page(page: Path, tmp_path: Path) -> None:
    ran = 0
    for language, path, body in FENCE.findall(page.read_text(encoding="utf-8")):
        if path:
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
        elif language == "console":
            for line, status, pieces in commands(body):
                run(line, status, pieces, tmp_path)
                ran += 1
        elif language == "python":
            exec(compile(body, str(page), "exec"), {})  # our own page
    assert ran


def run(line: str, status: int, pieces: list[str], folder: Path) -> None:
    program, *arguments = shlex.split(line)
    assert program == "jorei", line
    script = Path(sys.executable).with_name("jorei")
    done = subprocess.run(
        [str(script), *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )
    said = "".join((done.stdout + done.stderr).split())
    assert done.returncode == status, f"{line}\n{done.stdout}\n{done.stderr}"
    at = 0
    for piece in pieces:
        found = said.find("".join(piece.split()), at)
        assert found >= 0, f"{line}: {piece!r} is not in\n{done.stdout}\n{done.stderr}"
        at = found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_command_is_in_the_handbook() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for command in ("check", "fmt", "text", "decide", "explain", "replay", "bench"):
        assert f"jorei {command}" in text
