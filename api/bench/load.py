"""Drives a server on loopback: with wrk where it is installed, else with a client of our own; CPU seconds from /proc."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import uvloop

_TICKS = os.sysconf("SC_CLK_TCK")
_LENGTH = b"content-length:"
_PATIENCE = 10.0  # seconds that the last answers are waited for
_LUA = """
local b={} for l in io.lines("%(bodies)s") do b[#b+1]=l end
local i=0
wrk.method="POST"
for k,v in pairs({%(headers)s}) do wrk.headers[k]=v end
request=function() i=i+1 return wrk.format(nil,"%(path)s",nil,b[(i-1) %% #b+1]) end
done=function(s,l,r) io.write(string.format("R {\\"requests\\":%%d,\\"us\\":%%d,\\"errors\\":%%d,\\"p50_us\\":%%f,\\"p99_us\\":%%f}\\n",
s.requests,s.duration,s.errors.connect+s.errors.read+s.errors.write+s.errors.status+s.errors.timeout,l:percentile(50),l:percentile(99))) end
"""


@dataclass(frozen=True, slots=True)
class Target:
    """What is called."""

    port: int
    path: str
    headers: dict[str, str]
    bodies: Sequence[bytes]


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all its children, so far."""
    total = 0.0
    for one in _tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def memory(pid: int) -> int:
    """Resident bytes of a process and all its children."""
    pages = 0
    for one in _tree(pid):
        try:
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE")


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            found += _tree(int(child))
    return found


def drive(target: Target, connections: int, seconds: float, folder: Path, pid: int) -> dict[str, Any]:
    """Call as fast as the server answers; requests, their times, errors, and the server's CPU seconds."""
    before = cpu_seconds(pid)
    if shutil.which("wrk"):
        found = _wrk(target, connections, seconds, folder)
    else:
        found = uvloop.run(_own(target, connections, seconds, None))
    return _rated(found, cpu_seconds(pid) - before)


def paced(target: Target, connections: int, seconds: float, rate: float, pid: int) -> dict[str, Any]:
    """Call at a steady rate with the client of our own, away from the server's core: latency below saturation."""
    before = cpu_seconds(pid)
    with _apart():
        found = uvloop.run(_own(target, connections, seconds, rate))
    return _rated(found, cpu_seconds(pid) - before) | {"asked_per_s": round(rate, 1)}


@contextmanager
def _apart() -> Iterator[None]:
    """On the second core alone, where there is one, and without rounds of the collector: they would count as latency."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    collects = gc.isenabled()
    if len(cores) > 1:
        os.sched_setaffinity(0, {sorted(cores)[1]})
    gc.disable()
    try:
        yield
    finally:
        if len(cores) > 1:
            os.sched_setaffinity(0, cores)
        if collects:
            gc.enable()


def _rated(found: dict[str, Any], cpu: float) -> dict[str, Any]:
    wall = found["us"] / 1e6
    return {
        "requests": found["requests"],
        "errors": found["errors"],
        "per_s": round(found["requests"] / wall, 1),
        "cpu_s": round(cpu, 2),
        "per_cpu_s": round(found["requests"] / max(cpu, 0.01), 1),
        "p50_ms": round(found["p50_us"] / 1000, 3),
        "p99_ms": round(found["p99_us"] / 1000, 3),
    }


def _wrk(target: Target, connections: int, seconds: float, folder: Path) -> dict[str, Any]:
    bodies, script = folder / "bodies", folder / "wrk.lua"
    bodies.write_bytes(b"\n".join(target.bodies) + b"\n")
    headers = ",".join(f'["{name}"]="{value}"' for name, value in target.headers.items())
    script.write_text(_LUA % {"bodies": bodies, "headers": headers, "path": target.path})
    url = f"http://127.0.0.1:{target.port}"
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "10s",
        "-s",
        str(script),
        url,
    ]
    pinned = ["taskset", "-c", "1"] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []
    done = subprocess.run([*pinned, *command], capture_output=True, text=True, timeout=seconds + 60)
    said: dict[str, Any] = json.loads(next(line[2:] for line in done.stdout.splitlines() if line.startswith("R ")))
    return said


async def _own(target: Target, connections: int, seconds: float, rate: float | None) -> dict[str, Any]:
    """Plain HTTP/1.1; with a rate, calls are due at their times whether or not others are late, and timed from then."""
    calls = _calls(target)
    times: list[float] = []
    errors = turn = 0
    idle: deque[_Line] = deque()
    overdue: deque[float] = deque()
    began = time.perf_counter()
    until = began + seconds

    def start(line: _Line, due: float) -> None:
        nonlocal turn
        line.due = due
        line.transport.write(calls[turn % len(calls)])
        turn += 1

    def answered(line: _Line, good: bool) -> None:
        nonlocal errors
        now = time.perf_counter()
        times.append(now - line.due)
        errors += not good
        if rate is None:
            if now < until:
                start(line, now)
        elif overdue:
            start(line, overdue.popleft())
        else:
            idle.append(line)

    loop = asyncio.get_running_loop()
    lines = [await _connected(loop, target.port, answered) for _ in range(connections)]
    if rate is None:
        for line in lines:
            start(line, time.perf_counter())
    else:
        idle.extend(lines)
    due = time.perf_counter()
    while (now := time.perf_counter()) < until:
        while rate is not None and due <= now:
            if idle:
                start(idle.popleft(), due)
            else:
                overdue.append(due)
            due += 1 / rate
        await asyncio.sleep(0.0005)
    while len(times) < turn and time.perf_counter() < until + _PATIENCE:  # what is overdue is asked too
        await asyncio.sleep(0.001)
    for line in lines:
        line.transport.close()
    if len(times) < turn or overdue:
        raise RuntimeError("the server left calls without an answer")
    times.sort()
    wall = time.perf_counter() - began
    at = [times[min(len(times) - 1, int(len(times) * share))] * 1e6 for share in (0.5, 0.99)] if times else [0.0, 0.0]
    return {"requests": len(times), "us": wall * 1e6, "errors": errors, "p50_us": at[0], "p99_us": at[1]}


async def _connected(loop: asyncio.AbstractEventLoop, port: int, answered: Callable[[_Line, bool], None]) -> _Line:
    _, line = await loop.create_connection(lambda: _Line(answered), "127.0.0.1", port)
    return line


def _calls(target: Target) -> list[bytes]:
    named = "".join(f"{name}: {value}\r\n" for name, value in target.headers.items())
    head = f"POST {target.path} HTTP/1.1\r\nHost: localhost\r\n{named}"
    return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in target.bodies]


class _Line(asyncio.Protocol):
    """A connection, with one call under way at most."""

    transport: asyncio.Transport

    def __init__(self, answered: Callable[[_Line, bool], None]) -> None:
        self._answered = answered
        self._whole = 0
        self._read = bytearray()
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        if not self._whole:
            end = self._read.find(b"\r\n\r\n")
            if end < 0:
                return
            length = next(one for one in bytes(self._read[:end]).lower().split(b"\r\n") if one.startswith(_LENGTH))
            self._whole = end + 4 + int(length[len(_LENGTH) :])
        if len(self._read) >= self._whole:
            good = self._read.startswith(b"HTTP/1.1 200")
            self._whole = 0
            self._read.clear()
            self._answered(self, good)
