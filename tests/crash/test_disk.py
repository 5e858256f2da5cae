"""A disk that takes no more: refusals with a reason; whatever was answered is there when there is room again."""

from __future__ import annotations

import resource
from pathlib import Path

from tests.crash.checks import check
from tests.crash.load import Load
from tests.crash.place import Place
from tests.service.conftest import REQUEST

_ROOM = 700 * 1024  # bytes that a file of the service may have: the database when made has less
_REFUSED = 40  # calls refused one after the other: the disk is full for good


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ROOM, _ROOM))


def test_no_room_for_the_log(tmp_path: Path) -> None:
    place = Place(tmp_path / "home", f"sqlite:///{tmp_path / 'jorei.db'}")
    assert (tmp_path / "jorei.db").stat().st_size < _ROOM // 2
    many = {"requests": [REQUEST] * 40}
    with place.serving(prepared=_limited) as serving:
        load = Load(place, serving, 3, patient=True)
        with place.client(serving) as client:
            refused = 0
            for _ in range(800):  # what is copied out of the write-ahead log makes room once more, until nothing does
                answer = client.post("/v1/decisions", json=many)
                refused = refused + 1 if answer.status_code != 200 else 0
                if refused == 0:
                    continue
                assert answer.status_code == 503, answer.text
                assert answer.json()["type"] == "urn:jorei:problem:log-unavailable"
                assert "lawful" not in answer.text
                if refused == _REFUSED:
                    break
            assert refused == _REFUSED
            assert client.get("/livez").status_code == 200
        history = load.stop()
        serving.kill()
        serving.ended()
    for one in history.calls:
        if one.status == 503:
            one.status = None
    check(place, history)
    with place.serving() as serving, place.client(serving) as client:
        assert client.post("/v1/decisions", json=REQUEST).status_code == 200
        assert client.post("/v1/decisions", json=many).status_code == 200
