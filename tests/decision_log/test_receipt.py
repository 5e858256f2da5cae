"""A person's receipt, checked by a program that needs nothing but Python."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from api.decision_log import NoSuchProof, entry_at, erase_all, offline, publish
from api.decision_log.receipt import OFFLINE, receipt
from api.storage.database import Database
from tests.decision_log.helping import clock, grow, signer

_KEY = signer().verifier


def made(database: Database, folder: Path, index: int) -> str:
    note = publish(database, folder, signer(), clock())[1]
    with database.read() as connection:
        recorded = entry_at(connection, index)
        assert recorded is not None
        return receipt(connection, recorded, note, _KEY)


def run(text: str, folder: Path, key: str = _KEY.text) -> tuple[int, str]:
    path = folder / "控え.tlog-proof"
    path.write_text(text, encoding="utf-8", newline="")
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(OFFLINE), str(path), key]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=30, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("index", [0, 255, 256, 299])
def test_right(database: Database, tmp_path: Path, index: int) -> None:
    grow(database, [100, 200])
    text = made(database, tmp_path / "outside", index)
    assert text.startswith("c2sp.org/tlog-proof@v1\nextra ")
    found = offline.check(text, _KEY.text)
    assert (found["index"], found["size"]) == (index, 300)


def test_as_a_program(sqlite_database: Database, tmp_path: Path) -> None:
    grow(sqlite_database, 5)
    text = made(sqlite_database, tmp_path / "outside", 3)
    status, said = run(text, tmp_path)
    assert status == 0
    assert json.loads(said)["body"] == {"n": 3, "request": "転入した者の税額"}
    status, said = run(text, tmp_path, signer(2).verifier.text)
    assert (status, "公開鍵の署名がありません" in said) == (1, True)
    assert run("nonsense", tmp_path)[0] == 1
    assert len(OFFLINE.read_text(encoding="utf-8").splitlines()) < 150


def test_after_the_body_was_erased(sqlite_database: Database, tmp_path: Path) -> None:
    grow(sqlite_database, 5)
    later = clock(days=900)
    erase_all(sqlite_database, later.now().date(), later)
    text = made(sqlite_database, tmp_path / "outside", 3)
    assert offline.check(text, _KEY.text)["body"] is None


def test_a_checkpoint_older_than_the_entry(sqlite_database: Database, tmp_path: Path) -> None:
    grow(sqlite_database, 5)
    note = publish(sqlite_database, tmp_path, signer(), clock())[1]
    grow(sqlite_database, 1)
    with sqlite_database.read() as connection:
        recorded = entry_at(connection, 5)
        assert recorded is not None
        with pytest.raises(NoSuchProof):
            receipt(connection, recorded, note, _KEY)


def test_every_part_counts(sqlite_database: Database, tmp_path: Path) -> None:
    grow(sqlite_database, 9)
    text = made(sqlite_database, tmp_path / "outside", 4)
    lines = text.split("\n")
    extra = json.loads(base64.b64decode(lines[1].removeprefix("extra ")))
    for forged in (
        extra | {"body": extra["body"].replace('"n":4', '"n":5')},
        extra | {"leaf": extra["leaf"].replace("lawful", "denied")},
        extra | {"salt": base64.b64encode(bytes(32)).decode()},
    ):
        changed = "extra " + base64.b64encode(json.dumps(forged).encode()).decode()
        with pytest.raises(offline.Wrong):
            offline.check("\n".join([lines[0], changed, *lines[2:]]), _KEY.text)
    for index in (0, 3, 5, 8, 9, 400):
        with pytest.raises(offline.Wrong):
            offline.check("\n".join([*lines[:2], f"index {index}", *lines[3:]]), _KEY.text)
    for at in range(3, len(lines)):
        if lines[at]:
            with pytest.raises((offline.Wrong, ValueError)):
                offline.check("\n".join([*lines[:at], *lines[at + 1 :]]), _KEY.text)


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511), st.integers(0, 3))
def test_its_ed25519_is_that_of_the_library(seed: bytes, message: bytes, bit: int, what: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert offline.signed(public, message, signature)
    flipped = (int.from_bytes(signature, "big") ^ (1 << bit)).to_bytes(64, "big")
    wrong = [(public, message, flipped), (public, message + b"x", signature), (public, message, signature[:-1])]
    wrong.append((Ed25519PrivateKey.generate().public_key().public_bytes_raw(), message, signature))
    with suppress(offline.Wrong):
        assert not offline.signed(*wrong[what])
