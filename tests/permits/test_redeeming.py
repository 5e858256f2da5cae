"""A permit opens one act, once, in the transaction that does it, on both databases."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from api.clock import FixedClock
from api.keys import KeyStore
from api.permits import Act, PermitRefused, redeem
from api.permits import epoch as epochs
from api.publication import JAPAN
from api.storage.database import Database, open_database
from tests.engine.build import CITY, OTHER_CITY
from tests.permits.office import CALLER, HIDE, NOW, SHOW, Office, digest, parts, sealed

pytestmark = pytest.mark.filterwarnings("ignore:.*utcfromtimestamp.*:DeprecationWarning")


def test_once(office: Office) -> None:
    token = office.token()
    permit = office.redeem(token)
    assert permit.act == SHOW
    assert permit.request["action"] == "use"
    assert [office.refusal(token) for _ in range(3)] == ["P0318"] * 3
    assert office.redeemed() == [permit.jti]


def test_what_is_kept_of_a_redemption(office: Office) -> None:
    token = office.token()
    permit = office.redeem(token)
    with office.database.read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM permit_redemption").one()
    assert tuple(row) == (permit.jti, permit.evaluation_id, CALLER, SHOW.name, int(NOW.timestamp() * 1000))
    with pytest.raises(Exception, match="append-only"), office.database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM permit_redemption")


def test_fifty_at_once(office: Office) -> None:
    token = office.token()
    barrier = threading.Barrier(50)

    def one(_: int) -> str:
        barrier.wait()
        for _ in range(40):
            try:
                office.redeem(token)
            except PermitRefused as refused:
                return refused.code
            except Exception as error:  # a pool of connections smaller than fifty
                if "Timeout" in type(error).__name__ or "locked" in str(error):
                    continue
                raise
            return "taken"
        return "never"

    with ThreadPoolExecutor(50) as pool:
        said = Counter(pool.map(one, range(50)))
    assert said == {"taken": 1, "P0318": 49}
    assert len(office.redeemed()) == 1
    assert len(office.entries("act")) == 1


def test_same_jti_in_another_permit(office: Office) -> None:
    """Two permits of a faulty issuer with one jti: the second is used up with the first."""
    _, claims, _ = parts(office.token())
    first = sealed(office, claims)
    second = sealed(office, claims | {"act": {"name": HIDE.name, "target": HIDE.target, "handles": list(HIDE.handles)}})
    office.redeem(first)
    assert office.refusal(second, HIDE) == "P0318"


@pytest.mark.parametrize(
    "act",
    [
        HIDE,
        msgspec.structs.replace(SHOW, target="copy"),
        msgspec.structs.replace(SHOW, handles=()),
        msgspec.structs.replace(SHOW, handles=SHOW.handles[:1]),
        msgspec.structs.replace(SHOW, handles=SHOW.handles[::-1]),
        msgspec.structs.replace(SHOW, handles=(*SHOW.handles, "ad_more")),
        msgspec.structs.replace(SHOW, handles=(SHOW.handles[0], SHOW.handles[1].replace("p", "р"))),  # Cyrillic
        msgspec.structs.replace(SHOW, handles=(SHOW.handles[0], "ａｄ_p7rt5zzq")),  # NFKC makes it the same
        msgspec.structs.replace(SHOW, handles=(SHOW.handles[0], SHOW.handles[1].upper())),
        msgspec.structs.replace(SHOW, name="ａddressee.show"),
        msgspec.structs.replace(SHOW, name="addressee.show "),
    ],
)
def test_another_act(desk: Office, act: Act) -> None:
    token = desk.token()
    assert desk.refusal(token, act) == "P0317"
    assert desk.redeemed() == []
    desk.redeem(token)  # the refusal left it as it was


def test_another_caller(desk: Office) -> None:
    token = desk.token()
    assert desk.refusal(token, caller="other") == "P0316"
    bound = desk.token(thumbprint="t" * 43)
    assert desk.refusal(bound) == "P0316"
    desk.redeem(bound, thumbprint="t" * 43)


def test_the_transaction_undone_leaves_it_unused(office: Office) -> None:
    token = office.token()
    with contextlib.suppress(ZeroDivisionError), office.database.begin() as connection:
        redeem(connection, token, SHOW, CALLER, office.keys, office.clock)
        raise ZeroDivisionError
    assert office.redeemed() == []
    office.redeem(token)


# ---- what changes meanwhile ---------------------------------------------------------------------------


@pytest.mark.parametrize("body", [CITY, epochs.EVERYBODY])
def test_the_epoch_moved_on(office: Office, body: str) -> None:
    token = office.token()
    with office.database.begin() as connection:
        assert epochs.advance(connection, body, "評価書の取下げ", office.clock) == 1
    assert office.refusal(token) == "P0319"
    office.redeem(office.token())


@pytest.mark.parametrize("body", [OTHER_CITY, None])
def test_the_epoch_of_others_does_not_matter(office: Office, body: str | None) -> None:
    token = office.token()
    with office.database.begin() as connection:
        epochs.advance(connection, body, "評価書の取下げ", office.clock)
    office.redeem(token)


def test_an_advance_undone_is_none(office: Office) -> None:
    token = office.token()
    with contextlib.suppress(ZeroDivisionError), office.database.begin() as connection:
        epochs.advance(connection, CITY, "取消し", office.clock)
        raise ZeroDivisionError
    office.redeem(token)


def test_the_rule_set_was_replaced(office: Office) -> None:
    token = office.token()
    assert office.refusal(token, active_digest=digest("cd")) == "P0304"
    assert office.redeem(token, active_digest=None).ruleset == office.digest


def test_midnight_in_japan_between_issue_and_redemption(office: Office) -> None:
    office.clock.set(datetime(2026, 11, 26, 23, 59, 45, tzinfo=JAPAN))
    before, after = office.token(), office.token()
    office.clock.set(datetime(2026, 11, 26, 23, 59, 59, 999_000, tzinfo=JAPAN))
    office.redeem(before)
    office.clock.set(datetime(2026, 11, 27, 0, 0, tzinfo=JAPAN))
    assert office.refusal(after) == "P0320"
    office.redeem(office.token())


def test_the_clock_stepped_back(office: Office) -> None:
    """An expired permit does not come to life again: the log knows a later time."""
    token = office.token()
    office.clock.advance(timedelta(seconds=90))
    assert office.refusal(token) == "P0314"
    office.ask()  # recorded at the later time
    office.clock.advance(timedelta(seconds=-80))
    assert office.refusal(token) == "P0321"
    office.clock.advance(timedelta(seconds=78))
    assert office.refusal(token) == "P0314"


def test_expired_and_future(office: Office) -> None:
    token = office.token()
    office.clock.advance(timedelta(seconds=60))
    assert office.refusal(token) == "P0314"
    office.clock.advance(timedelta(seconds=-65))
    assert office.refusal(token) == "P0315"


# ---- races and stops -----------------------------------------------------------------------------------


def test_an_advance_waits_for_a_redemption_under_way(office: Office) -> None:
    """Either the act was first, or the permit is stale; never both."""
    token, other = office.token(), office.token()
    began, order = threading.Event(), []

    def move_on() -> None:
        began.set()
        with office.database.begin() as connection:
            epochs.advance(connection, CITY, "取消し", office.clock)
            order.append("advanced")

    with office.database.begin() as connection:
        redeem(connection, token, SHOW, CALLER, office.keys, office.clock)
        thread = threading.Thread(target=move_on)
        thread.start()
        began.wait()
        time.sleep(0.3)
        order.append("acted")
    thread.join()
    assert order == ["acted", "advanced"]
    assert office.refusal(other) == "P0319"


@pytest.mark.parametrize("rows", [0, 1])
def test_a_redemption_waits_for_an_advance_under_way(office: Office, rows: int) -> None:
    """Also for the first advance ever, when there is no row to lock."""
    for _ in range(rows):
        with office.database.begin() as connection:
            epochs.advance(connection, CITY, "取消し", office.clock)
    token = office.token()
    said: list[str] = []
    with office.database.begin() as connection:
        epochs.advance(connection, CITY, "取消し", office.clock)
        thread = threading.Thread(target=lambda: said.append(office.refusal(token)))
        thread.start()
        time.sleep(0.3)
        assert said == []
    thread.join()
    assert said == ["P0319"]


_STOP = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from api.clock import FixedClock
from api.keys import KeyStore
from api.permits import redeem
from api.storage.database import open_database
from tests.permits.office import CALLER, NOW, SHOW

url, folder, token, when = sys.argv[1:]
clock = FixedClock(NOW)
database = open_database(url)
with database.begin() as connection:
    redeem(connection, token, SHOW, CALLER, KeyStore(Path(folder), clock), clock)
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_between_redemption_and_act(office: Office, database_url: str, when: str) -> None:
    """Before the commit nothing happened, and the permit opens the act after the restart; after it, it is used."""
    token = office.token()
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _STOP, database_url, str(office.folder / "keys"), token, when],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    if when == "before":
        assert office.redeemed() == []
        office.redeem(token)
    assert office.refusal(token) == "P0318"
    assert len(office.redeemed()) == 1


def test_a_verifier_restarted(database: Database, database_url: str, tmp_path: Path) -> None:
    office = Office(database, tmp_path)
    token = office.token()
    office.redeem(token)
    office.close()
    clock = FixedClock(NOW)
    opened = open_database(database_url)
    with pytest.raises(PermitRefused, match="P0318"), opened.begin() as connection:
        redeem(connection, token, SHOW, CALLER, KeyStore(tmp_path / "keys", clock), clock)
    opened.close()
