"""The processes of the demonstration: started in a folder that is removed, stopped whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
JOREI = (sys.executable, "-c", "from api.cli import main; main()")
_START = 60.0


class Process:
    """One process, with what it says in a file."""

    def __init__(self, name: str, command: list[str], log: Path, url: str) -> None:
        self.name, self.url, self.log = name, url, log
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
            )

    def wait(self) -> None:
        """Until it answers."""
        ends = time.monotonic() + _START
        while time.monotonic() < ends:
            if self._process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/livez", trust_env=False, timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        said = self.log.read_text(errors="replace")[-1500:]
        raise RuntimeError(f"{self.name}が始まりません。\n{said}")

    def stop(self) -> int:
        """End it in order; its exit status."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        return int(self._process.returncode)


class Stage:
    """A folder and the processes in it."""

    def __init__(self, folder: Path, closing: ExitStack) -> None:
        self.folder, self._closing = folder, closing

    def start(self, name: str, command: list[str], port: int) -> Process:
        """Start a process; wait for it with `wait`."""
        log = self.folder / f"{len(list(self.folder.glob('*.log')))}.log"
        process = Process(name, command, log, f"http://127.0.0.1:{port}")
        self._closing.callback(process.stop)
        return process


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage; nothing of it is left behind."""
    with tempfile.TemporaryDirectory(prefix="jorei-demo-") as name, ExitStack() as closing:
        os.chmod(name, 0o700)
        try:
            yield Stage(Path(name), closing)
        except Exception:
            sys.stdout.writelines(troubles(Path(name)))
            raise


def troubles(folder: Path) -> Iterator[str]:
    """What the processes said of errors."""
    for log in sorted(folder.glob("*.log")):
        for line in log.read_text(errors="replace").splitlines():
            if '"level":"error"' in line or '"level":"critical"' in line:
                yield f"   {line}\n"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def jorei(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of jorei."""
    return subprocess.run([*JOREI, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
