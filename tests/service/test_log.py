"""The log over HTTP: what it proves is checked with the client's own arithmetic."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import httpx
import pytest

from api.callers import Role
from api.decision_log import merkle, note
from api.decision_log.keys import verifiers_of
from tests.service.conftest import REQUEST, Running, caller


@pytest.fixture(scope="module")
def auditor(service: Running) -> Iterator[httpx.Client]:
    with service.as_(service.add(caller("kansa", Role.AUDITOR))) as client:
        yield client


def _raw(text: str) -> bytes:
    return base64.b64decode(text)


def test_a_decision_is_proved_to_stand_under_a_signed_checkpoint(service: Running, auditor: httpx.Client) -> None:
    said = service.post("/v1/decisions", REQUEST).json()
    signed = httpx.get(f"{service.url}/v1/log/checkpoint")
    assert signed.status_code == 200
    assert signed.headers["content-type"] == "text/plain; charset=utf-8"
    checkpoint = note.verify(signed.text, verifiers_of(service.context.keys))
    assert checkpoint.size > said["log"]["index"]
    for query in (f"id={said['id']}", f"index={said['log']['index']}"):
        proof = service.client.get(f"/v1/log/proof/inclusion?{query}&size={checkpoint.size}").json()
        assert proof["index"] == said["log"]["index"]
        assert _raw(proof["root"]) == checkpoint.root
        hashes = [_raw(one) for one in proof["hashes"]]
        leaf = _raw(proof["leaf_hash"])
        assert merkle.verify_inclusion(proof["index"], proof["size"], leaf, hashes, checkpoint.root)
    entry = auditor.get(f"/v1/log/entries/{said['log']['index']}").json()
    assert hashlib.sha256(b"\x00" + entry["leaf"].encode()).digest() == leaf


def test_the_log_is_proved_to_go_on(service: Running, auditor: httpx.Client) -> None:
    before = note.verify(auditor.get("/v1/log/checkpoint").text, verifiers_of(service.context.keys))
    service.post("/v1/decisions", {"requests": [REQUEST] * 300})
    after = note.verify(auditor.get("/v1/log/checkpoint").text, verifiers_of(service.context.keys))
    assert after.size == before.size + 300
    proof = auditor.get(f"/v1/log/proof/consistency?from={before.size}&to={after.size}").json()
    assert (_raw(proof["root_from"]), _raw(proof["root_to"])) == (before.root, after.root)
    hashes = [_raw(one) for one in proof["hashes"]]
    assert merkle.verify_consistency(before.size, after.size, hashes, before.root, after.root)


def test_the_whole_log_verifies(service: Running, auditor: httpx.Client) -> None:
    said = auditor.post("/v1/log/verify").json()
    assert said["ok"] is True
    assert said["faults"] == []
    assert said["bodies"] > 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/log/entries/100000000", 404),
        ("/v1/log/entries/-1", 404),
        ("/v1/log/entries/x", 400),
        ("/v1/log/proof/inclusion", 400),
        ("/v1/log/proof/inclusion?id=ev_x&index=1", 400),
        ("/v1/log/proof/inclusion?id=ev_none", 404),
        ("/v1/log/proof/inclusion?index=-1", 400),
        ("/v1/log/proof/inclusion?index=0&size=100000000", 404),
        ("/v1/log/proof/inclusion?index=0&index=1", 400),
        ("/v1/log/proof/consistency", 400),
        ("/v1/log/proof/consistency?from=0", 404),
        ("/v1/log/proof/consistency?from=5&to=2", 404),
    ],
)
def test_what_cannot_be_proved_is_a_problem(auditor: httpx.Client, path: str, status: int) -> None:
    answer = auditor.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_log_is_for_auditors(service: Running) -> None:
    assert service.client.get("/v1/log/entries/0").status_code == 403
    assert service.client.post("/v1/log/verify").status_code == 403
    with httpx.Client(base_url=service.url) as bare:
        assert bare.get("/v1/log/entries/0").status_code == 401
        assert bare.get("/v1/log/proof/inclusion?index=0").status_code == 401
