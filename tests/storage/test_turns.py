"""Writers of one process take turns; on SQLite nobody starves."""

import threading
import time
from pathlib import Path

from sqlalchemy import text

from api.storage.database import default_url, open_database
from api.storage.turns import Turns


def test_turns_are_taken_in_the_order_of_asking() -> None:
    turns, order, threads = Turns(), [], []

    def wait(number: int) -> None:
        with turns.turn(10):
            order.append(number)

    with turns.turn(10):
        for number in range(8):
            threads.append(threading.Thread(target=wait, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_who_gives_up_leaves_the_queue_whole() -> None:
    turns, went = Turns(), []

    def impatient() -> None:
        with turns.turn(0.01):
            went.append("impatient")

    def patient() -> None:
        with turns.turn(10):
            went.append("patient")

    with turns.turn(10):
        first, second = threading.Thread(target=impatient), threading.Thread(target=patient)
        first.start()
        while not turns._waiting:
            time.sleep(0.001)
        second.start()
        first.join()
        assert went == ["impatient"]  # it goes to the database, which says whether it is busy
    second.join()
    assert went == ["impatient", "patient"]
    with turns.turn(0):
        assert turns._taken
    assert not turns._taken


def test_a_writer_without_pauses_starves_nobody(tmp_path: Path) -> None:
    database = open_database(default_url(tmp_path))
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE noted (who TEXT)"))
    stop, greedy = threading.Event(), []

    def writes_on() -> None:
        while not stop.is_set():
            with database.begin() as connection:
                connection.execute(text("INSERT INTO noted VALUES ('greedy')"))
                time.sleep(0.002)
            greedy.append(1)

    threads = [threading.Thread(target=writes_on) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            before = len(greedy)
            with database.begin() as connection:
                connection.execute(text("INSERT INTO noted VALUES ('patient')"))
            assert len(greedy) - before <= 8  # those ahead in the queue, and what ended beside it
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        database.close()
