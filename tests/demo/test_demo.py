"""What `make demo` shows: it ends with 0 only when everything it claims was checked, and leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo.telling import NotTrue, Teller, wrapped
from dsl.masking import twelve_digits

ROOT = Path(__file__).resolve().parents[2]


def run(module: str, folder: Path) -> str:
    """The demonstration with temporary files in a folder of the test."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TMPDIR": str(folder)}
    command = [sys.executable, "-m", module]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert not list(folder.iterdir()), "files were left behind"
    assert not twelve_digits(done.stdout)
    return done.stdout


def left_listening(told: str) -> list[str]:
    """Addresses in what was told that something still listens on."""
    import socket

    found = []
    for port in set(re.findall(r"127\.0\.0\.1:(\d+)", told)):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                found.append(port)
    return found


def test_the_service(tmp_path: Path) -> None:
    told = run("demo.service", tmp_path)
    assert told.count("$ curl -s http://127.0.0.1:") == 6
    assert "$KEY" in told
    assert "根拠は石巻市番号利用条例第3条第2項" in told
    assert "P0318" in told
    assert "正しい記録です" in told
    assert left_listening(told) == []


def test_the_story(tmp_path: Path) -> None:
    told = run("demo.story", tmp_path)
    steps = [int(number) for number in re.findall(r"^(\d+)\. ", told, re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    for claim in (
        "青嶺市の答えが届いた",
        "所得課税証明書を省けた（番号法22条2項）",
        "住民票の写しを省けた（条例4条2項）",
        "番号法第9条第1項",
        "番号は入力もされていない",
        "すべての控えが正しい",
        "1文字でも書き換えた控えは、正しくないと分かる",
        "個のファイルのどこにもない",
        "すべての主張を確かめました",
    ):
        assert claim in told
    assert left_listening(told) == []


def test_a_claim_that_does_not_hold_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotTrue, match="二たす二は五"):
        Teller().claim(2 + 2 == 5, "二たす二は五")
    assert capsys.readouterr().out == ""


def test_lines_are_not_wider_than_a_terminal() -> None:
    import unicodedata

    text = "あいうabc、" * 60
    lines = list(wrapped(text, 76))
    assert "".join(lines) == text
    wide = max(sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in line) for line in lines)
    assert wide <= 78  # a mark that must not begin a line may hang over
