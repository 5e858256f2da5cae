"""No Individual Number stands in clear anywhere: in the database, its files, the log, the program's logs, the errors."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import MetaData, select, text

from api.storage.database import Database, open_database
from linkage.addressee import looking, numbering
from linkage.addressee.number import IndividualNumber
from linkage.addressee.sealing import sealed_handle
from linkage.addressee.values import Batch
from linkage.gate import Ticket
from tests.linkage.addressee.numbers import number
from tests.linkage.addressee.test_people import change, correct, load, merge, row, shown
from tests.linkage.office import CALLER
from tests.linkage.world import World

NUMBERS = [number(place) for place in range(13)]


def encodings(digits: str) -> Iterator[tuple[str, bytes]]:
    """The forms in which a number might have been left somewhere."""
    ascii_ = digits.encode()
    wide = digits.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)})
    kanji = digits.translate({ord(str(d)): "〇一二三四五六七八九"[d] for d in range(10)})
    grouped = [f"{digits[:4]}{between}{digits[4:8]}{between}{digits[8:]}" for between in (" ", "-", "　", "－")]
    for name, form in [("plain", digits), ("wide", wide), ("kanji", kanji), *(("grouped", form) for form in grouped)]:
        for codec in ("utf-8", "utf-16-le", "utf-16-be", "cp932"):
            yield f"{name} {codec}", form.encode(codec)
    yield "reversed", ascii_[::-1]
    yield "hex", ascii_.hex().encode()
    yield "HEX", ascii_.hex().upper().encode()
    yield "packed", bytes.fromhex(digits)
    yield "integer big", int(digits).to_bytes(5, "big")
    yield "integer little", int(digits).to_bytes(5, "little")
    yield "integer hex", f"{int(digits):x}".encode()
    for shift in range(3):  # wherever it stood in a longer text
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield f"base64 {shift}", encode(b"\0" * shift + ascii_)[(0, 2, 3)[shift] : (16, 17, 18)[shift]]
    yield "base32", base64.b32encode(ascii_)[:19]
    for hash_ in (hashlib.md5, hashlib.sha1, hashlib.sha256):  # without a key: found by trying all
        yield hash_.__name__, hash_(ascii_).digest()
        yield f"{hash_.__name__} hex", hash_(ascii_).hexdigest().encode()


def test_the_search_finds_each_form() -> None:
    """What is looked for below would be found if it were there."""
    for name, form in encodings(NUMBERS[0]):
        assert len(form) >= 5, name
    for shift in range(3):
        longer = b"number="[:shift] + NUMBERS[0].encode() + b";xyz"
        assert (0, f"base64 {shift}") in hits(base64.b64encode(longer))
    for form in (NUMBERS[0].encode(), bytes.fromhex(NUMBERS[0]), NUMBERS[0].encode().hex().encode()):
        assert hits(b"before" + form + b"after")


def hits(data: bytes) -> list[tuple[int, str]]:
    data = re.sub(rb"\0{64,}", b"", data)  # pages not yet used
    return [(i, name) for i, digits in enumerate(NUMBERS) for name, form in encodings(digits) if form in data]


def everything(database: Database) -> bytes:
    """Every value of every row of every table, as bytes."""
    seen = MetaData()
    seen.reflect(database.engine)
    parts: list[bytes] = []
    with database.read() as connection:
        for table in seen.tables.values():
            for found in connection.execute(select(table)):
                parts += [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in found]
    return b"\n".join(parts)


def files(database: Database) -> bytes:
    """The files that the database lies in, unused pages and write-ahead logs with them."""
    if database.dialect == "sqlite":
        path = Path(str(database.engine.url.database))
        return b"".join(p.read_bytes() for p in path.parent.glob(f"{path.name}*"))  # -wal, -shm
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("CHECKPOINT"))
        folder = Path(str(connection.scalar(text("SHOW data_directory"))))
        own = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    found = [*(folder / "base" / str(own)).iterdir(), *(p for p in (folder / "pg_wal").iterdir() if p.is_file())]
    return b"".join(path.read_bytes() for path in found)


def live(world: World, errors: list[str]) -> None:
    """A year of a city in a minute: everything that has to do with numbers, and much that goes wrong."""
    handles = [world.number(NUMBERS[i], f"{i + 1}").handle for i in range(6)]
    load(world, row(11, NUMBERS[11]), row(12, NUMBERS[12]), row(13, None))
    change(world, handles[0], NUMBERS[6], date(2026, 11, 26))
    correct(world, handles[1], NUMBERS[7])
    merge(world, handles[2], handles[3])
    assert shown(world, handles[0])[0].number == NUMBERS[6]
    assert world.search(NUMBERS[6]).handle == handles[0]
    assert world.search(NUMBERS[8]) is None
    list(world.rotation(batch=4, pause=0).index())

    def failing(ticket: Ticket) -> None:
        known = looking.number_of(ticket, world.vault, handles[0])
        raise RuntimeError(known, [known], {"number": known})

    typo = NUMBERS[9][:-1] + str((int(NUMBERS[9][-1]) + 1) % 10)
    NUMBERS.append(typo)
    batch = world.sealed(msgspec.json.encode(Batch("juki", (row(21, NUMBERS[10]), row(22, typo)))).decode())
    broken = world.sealed(f'{{"system":"juki","rows":[{{"number":"{NUMBERS[10]}"}},"{NUMBERS[10]}"]}}')
    attempts: list[Any] = [
        lambda: world.number(typo, "31"),
        lambda: world.number(NUMBERS[9], NUMBERS[9]),
        lambda: world.number(NUMBERS[4], "1"),
        lambda: world.number(NUMBERS[9], "1"),
        lambda: change(world, handles[4], NUMBERS[5], date(2026, 11, 26)),
        lambda: world.do("addressee.load", (sealed_handle(batch),), lambda t: numbering.load(t, world.vault, batch)),
        lambda: world.do("addressee.load", (sealed_handle(broken),), lambda t: numbering.load(t, world.vault, broken)),
        lambda: world.do("code.acquire", (handles[0],), failing),
        lambda: IndividualNumber.entered(typo),
        lambda: world.gate.act("x", CALLER, world.act("addressee.show", NUMBERS[9]), lambda t: None),
        lambda: world.gate.act(NUMBERS[9], NUMBERS[9], world.act("addressee.show", "ad_a"), lambda t: None),
        lambda: world.gate.act("x", CALLER, type(world.act("addressee.show"))(NUMBERS[9], "x", ()), lambda t: None),
        lambda: world.gate.operate(NUMBERS[9], NUMBERS[9], lambda t: None, handles=(NUMBERS[9],)),
    ]
    for attempt in attempts:
        with pytest.raises(Exception) as raised:
            attempt()
        error = raised.value
        chain = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
        errors += [repr(error), str(error), chain, repr(vars(error))]


def test_no_number_anywhere(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy.engine", "sqlalchemy.pool", "alembic", "joserfc"):
        caplog.set_level(logging.DEBUG, logger=name)
    database = open_database(database_url)
    errors: list[str] = []
    try:
        live(World(database, tmp_path), errors)
        rows, pages = everything(database), files(database)
    finally:
        database.close()
    assert b"addressee.number" in rows  # the acts were recorded
    assert "INSERT INTO vault_cell" in caplog.text  # and the program did log what it did
    for place, data in {
        "rows": rows,
        "files": pages,
        "logs": caplog.text.encode(),
        "errors": "\n".join(errors).encode(),
        "output": "".join(capfd.readouterr()).encode(),
        "key folder": b"".join(p.read_bytes() for p in (tmp_path / "keys").rglob("*") if p.is_file()),
    }.items():
        assert hits(data) == [], place
