"""`jorei log`, as an operator uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from api.cli.app import app
from api.clock import SystemClock
from api.decision_log import Entry, append
from api.decision_log.receipt import OFFLINE
from api.storage.database import default_url, open_database
from api.storage.tables import log_payload
from tests.decision_log.helping import entry, tamper

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            app(["log", *arguments], prog_name="jorei")
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def home(tmp_path: Path) -> str:
    """An installation with five records, the first two of them due for erasure."""
    folder = tmp_path / "home"
    folder.mkdir()
    database = open_database(default_url(folder))
    with database.begin() as connection:
        entries = [entry(n, retain=date(2020, 1, 1) if n < 2 else None) for n in range(4)]
        append(connection, [*entries, Entry("ev_known", "decision", {"outcome": "lawful"}, b'{"n":4}')], SystemClock())
    database.close()
    return str(folder)


def test_verify(run: Run, home: str) -> None:
    assert run("verify", "--home", home)[:2] == (
        0,
        "正しい記録です。記録 5件（本文 5件、消去済み 0件、検査点 0個）\n",
    )
    assert run("checkpoint", "--home", home)[0] == 0
    status, out, _ = run("verify", "--home", home, "--quick", "--json")
    value = json.loads(out)
    assert (status, value["ok"], value["begun_at"], value["checkpoints"]) == (0, True, 5, 1)


def test_verify_finds(run: Run, home: str) -> None:
    database = open_database(default_url(Path(home)))
    with database.begin() as connection:
        connection.execute(update(log_payload).where(log_payload.c.idx == 3).values(body=b"{}"))
    database.close()
    status, out, err = run("verify", "--home", home)
    assert (status, out) == (1, "")
    assert "合わない最初の番号は 3 です" in err
    assert "本文が書き換えられています" in err
    status, out, _ = run("verify", "--home", home, "--json")
    assert (status, json.loads(out)["faults"][0]["kind"]) == (1, "body")


def test_checkpoint_of_a_log_that_is_not_what_it_was(run: Run, home: str) -> None:
    status, note, _ = run("checkpoint", "--home", home)
    assert (status, note.splitlines()[:2]) == (0, ["jorei.log", "5"])
    assert run("checkpoint", "--home", home)[1] == note
    database = open_database(default_url(Path(home)))
    tamper(database, "UPDATE log_head SET size = 4, root = chain")
    database.close()
    assert run("checkpoint", "--home", home)[0] == 1
    assert run("proof", "ev_known", "--home", home)[0] == 1


def test_a_receipt_from_the_office_to_the_person(run: Run, home: str, tmp_path: Path) -> None:
    receipt = tmp_path / "控え.tlog-proof"
    assert run("proof", "ev_known", "--home", home, "--output", str(receipt))[0] == 0
    assert run("proof", "ev_known", "--home", home, "--output", str(receipt))[0] == 2
    key = run("key", "--home", home)[1].strip()
    status, out, err = run("check", str(receipt), "--key", key)
    assert (status, json.loads(out)["body"], "4番" in err) == (0, {"n": 4}, True)
    alone = subprocess.run([sys.executable, "-I", str(OFFLINE), str(receipt), key], capture_output=True, check=False)
    assert alone.returncode == 0
    assert run("proof", "4", "--home", home)[1] == receipt.read_text(encoding="utf-8")
    text = receipt.read_text(encoding="utf-8").replace("index 4", "index 3")
    receipt.write_text(text, encoding="utf-8")
    status, out, _ = run("check", str(receipt), "--key", key)
    assert (status, out.startswith("正しくありません")) == (1, True)


def test_show(run: Run, home: str) -> None:
    status, out, _ = run("show", "ev_known", "--home", home)
    assert (status, json.loads(out)["index"], json.loads(out)["body"]) == (0, 4, {"n": 4})
    status, _, err = run("show", "1234-5678-9012", "--home", home)
    assert status == 2
    assert "9012" not in err
    assert run("show", "5", "--home", home)[0] == 2


def test_erase(run: Run, home: str) -> None:
    assert run("erase", "--home", home, "--before", "2020-01-01")[1].endswith("0件を消去しました\n")
    assert run("erase", "--home", home)[1].endswith("2件を消去しました\n")
    assert json.loads(run("show", "0", "--home", home)[1])["erased"] is True
    assert run("verify", "--home", home)[0] == 0
    for day in ("2999-01-01", "明日"):
        assert run("erase", "--home", home, "--before", day)[0] == 2


def test_fork(run: Run, home: str, tmp_path: Path) -> None:
    path = Path(home) / "jorei.db"
    backup = path.read_bytes()
    said = ("--reason", "控えから復元", "--by", "情報政策課")
    run("checkpoint", "--home", home)
    assert "宣言は要りません" in run("fork", "--home", home, *said)[1]
    database = open_database(default_url(Path(home)))
    with database.begin() as connection:
        append(connection, [entry()], SystemClock())
    database.close()
    run("checkpoint", "--home", home)
    path.write_bytes(backup)
    assert run("verify", "--home", home)[0] == 1
    status, out, _ = run("fork", "--home", home, *said)
    assert (status, "5番" in out) == (0, True)
    assert run("verify", "--home", home)[0] == 0
    database = open_database(default_url(Path(home)))
    with database.begin() as connection:
        connection.execute(update(log_payload).where(log_payload.c.idx == 3).values(body=b"{}"))
    database.close()
    assert run("fork", "--home", home, *said)[0] == 1


def test_wrong_calls(run: Run, home: str, tmp_path: Path) -> None:
    for command in (("verify",), ("checkpoint",), ("show", "0"), ("proof", "0"), ("erase",)):
        assert run(*command, "--home", str(tmp_path))[0] == 2
        assert run(*command, "--home", home, "--database", "mysql://x")[0] == 1
    assert run("key", "--home", str(tmp_path / "missing"))[0] == 2
    assert run("check", str(tmp_path / "missing"), "--key", "a")[0] == 1
