"""Runs the pages of the handbook as a reader would: files are written, commands are run, the service is started.

In a page, a fence with a path (```` ```yaml request.yaml ````) is a file, and a ``console`` fence holds commands
(``$ jorei …``; ``# 終了状態 1`` or ``# exit status 1`` when it is not 0; a line that ends with ``\\`` goes on), each
followed by pieces of its output in order. A page that names the folder of an installation (`/var/lib/jorei`) is run in a
shell: that folder lies in a temporary one, `jorei serve … &` starts a real service, `kill %1` ends it, and what an answer
shows once is put into a variable as the page tells its reader to: the key or secret of a caller into the caller's name in
capitals, identifiers into ID, PERMIT, JTI, DRAFT and BUNDLE.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```(\S*)(?: +(\S+))?[ \t]*\n(.*?)^```$", re.M | re.S)
STATUS = re.compile(r"\s+#\s*(?:終了状態|exit status)\s*(\d)\s*$")
JOREI = Path(sys.executable).with_name("jorei")
#: Folders of the pages that lie in the temporary one.
FOLDERS = ("/var/lib/jorei", "/srv/backup")
PORT = "127.0.0.1:8000"
_SHOWN = (
    ("ID", re.compile(r'"id":"(ev_[a-z2-7]{26})"')),
    ("PERMIT", re.compile(r'"token":"([\w.-]+)"')),
    ("JTI", re.compile(r'"jti":"(pm_[a-z2-7]{26})"')),
    ("TOKEN", re.compile(r'"access_token":"([\w.-]+)"')),
    ("DRAFT", re.compile(r"(?:案 |\")(rd_[a-z2-7]{26})")),
)
_CREDENTIAL = re.compile(r"呼び出し元 (\S+) を\S+。\s+(?:APIキー|シークレット): (\S+)")
_STARTS, _ENDS = 60.0, 45.0


def commands(block: str) -> Iterator[tuple[str, int, list[str]]]:
    """Each command of a ``console`` fence, its exit status, and pieces of its output."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        line, *pieces = part.strip("\n").split("\n")
        while line.endswith("\\"):
            line = f"{line[:-1].rstrip()} {pieces.pop(0).strip()}"
        status = STATUS.search(line)
        yield STATUS.sub("", line), int(status[1]) if status else 0, [p.strip() for p in pieces if p.strip()]


def expect(said: str, pieces: list[str], line: str) -> None:
    """Every piece is in what was said, in order; white space does not count."""
    bare = "".join(said.split())
    at = 0
    for piece in pieces:
        found = bare.find("".join(piece.split()), at)
        assert found >= 0, f"{line}: {piece!r} is not in\n{said}"
        at = found


def run(line: str, status: int, pieces: list[str], folder: Path) -> None:
    """One command of a page that needs no service."""
    program, *arguments = shlex.split(line)
    assert program == "jorei", line
    done = subprocess.run(
        [str(JOREI), *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == status, f"{line}\n{done.stdout}\n{done.stderr}"
    expect(done.stdout + done.stderr, pieces, line)


class Reader:
    """Somebody who works through a page about the service, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = os.environ | {"PATH": f"{JOREI.parent}{os.pathsep}{os.environ['PATH']}"}
        self.services: list[subprocess.Popen[str]] = []

    def put(self, text: str) -> str:
        """What a page says, with its folders and its port where they are here."""
        for name in FOLDERS:
            text = text.replace(name, str(self.folder / name.strip("/").replace("/", "-")))
        return text.replace(PORT, f"127.0.0.1:{self.port}")

    def do(self, line: str, status: int, pieces: list[str]) -> None:
        """One command of the page."""
        if line.startswith("jorei serve") and line.endswith("&"):
            self.serve(shlex.split(self.put(line[:-1])), pieces)
            return
        if line == "kill %1":
            self.stop()
            return
        pieces = [self.put(re.sub(r"\$([A-Z]+)", lambda found: self.environment[found[1]], piece)) for piece in pieces]
        done = self.shell(line)
        assert done.returncode == status, f"{line}\n{done.stdout}\n{done.stderr}"
        said = done.stdout + done.stderr
        expect(said, pieces, line)
        self.remember(said)

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """A command in a shell, with the variables that came of the ones before."""
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", self.put(line)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )

    def remember(self, said: str) -> None:
        """Copy what an answer shows into its variable."""
        for name, form in _SHOWN:
            for value in form.findall(said):
                self.environment[name] = value
        for caller, value in _CREDENTIAL.findall(said):
            self.environment[caller.upper().replace("-", "_")] = value

    def serve(self, words: list[str], pieces: list[str]) -> None:
        """Start the service and wait until it answers."""
        log = self.folder / "serve.log"
        with log.open("a", encoding="utf-8") as written:
            process = subprocess.Popen(
                [str(JOREI), *words[1:], "--port", str(self.port)],
                cwd=self.folder,
                env=self.environment,
                stdout=written,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.services.append(process)
        until = time.monotonic() + _STARTS
        while not self.answers():
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.1)
        expect(log.read_text("utf-8"), [self.put(piece) for piece in pieces], " ".join(words))

    def answers(self) -> bool:
        """Whether the service is alive."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Tell the service to end; it leaves in order."""
        process = self.services.pop()
        process.send_signal(signal.SIGTERM)
        assert process.wait(_ENDS) == 0, (self.folder / "serve.log").read_text("utf-8")

    def close(self) -> None:
        """End whatever still runs."""
        for process in self.services:
            process.terminate()
            process.wait(_ENDS)


def work_through(text: str, folder: Path, page: Path) -> int:
    """Write the files of a page and run its commands; how many were run."""
    reader = Reader(folder) if any(name in text for name in FOLDERS) else None
    ran = 0
    try:
        for language, path, body in FENCE.findall(text):
            if path and language != "sql":
                write(folder / path, body if reader is None else reader.put(body))
            elif language == "console":
                for line, status, pieces in commands(body):
                    if reader is None:
                        run(line, status, pieces, folder)
                    else:
                        reader.do(line, status, pieces)
                    ran += 1
            elif language == "python":
                scope: dict[str, Any] = {}
                exec(compile(body, str(page), "exec"), scope)  # our own page
    finally:
        if reader is not None:
            reader.close()
    return ran


def write(file: Path, body: str) -> None:
    """A file of a page."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(body, encoding="utf-8")
