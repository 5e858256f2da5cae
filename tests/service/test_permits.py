"""Permits over HTTP, end to end, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.callers import Role
from api.permits import Act, verify
from tests.service.conftest import REQUEST, UNLAWFUL, Running, caller, today

PATH = "/v1/permits"
ACT = {"name": "copy.register", "target": "copy", "handles": ["adr-kfmzq"]}


def _asked(**changes: Any) -> dict[str, Any]:
    return {"request": REQUEST | {"on": today()} | changes, "act": ACT}


def _token(service: Running) -> tuple[str, dict[str, Any]]:
    said = service.post(PATH, _asked()).json()
    return said["permit"]["token"], said


def test_a_lawful_decision_of_today_gets_a_permit_bound_to_the_act(service: Running) -> None:
    token, said = _token(service)
    assert said["decision"]["decision"]["lawful"] is True
    assert said["refusal"] is None
    permit = verify(token, service.context.keys, service.context.clock, audience="jorei-linkage", caller="fukushi")
    assert permit.evaluation_id == said["decision"]["id"]
    assert permit.log_index == said["decision"]["log"]["index"]
    assert permit.act == Act("copy.register", "copy", ("adr-kfmzq",))
    assert permit.ruleset == service.context.deciding().digest
    assert 0 < permit.expires_ms - permit.issued_ms <= 60_000
    kids = {key["kid"] for key in service.client.get("/.well-known/jwks.json").json()["keys"]}
    import json
    from base64 import urlsafe_b64decode

    header = json.loads(urlsafe_b64decode(token.split(".")[0] + "=="))
    assert header["kid"] in kids
    record = service.client.get(f"/v1/decisions/{said['decision']['id']}")
    assert record.json() == said["decision"]


def test_no_permit_for_an_unlawful_decision_or_another_day(service: Running) -> None:
    for asked, code in ((UNLAWFUL, "P0301"), (REQUEST, "P0302")):
        answer = service.post(PATH, {"request": asked, "act": ACT})
        assert answer.status_code == 200
        said = answer.json()
        assert said["permit"] is None
        assert said["refusal"]["code"] == code
        assert said["decision"]["log"]["index"] >= 0  # the decision stands all the same


def test_a_permit_is_redeemed_once_and_the_same_act_gets_the_same_receipt(service: Running) -> None:
    token, said = _token(service)
    jti = said["permit"]["jti"]
    body = {"permit": token, "act": ACT, "act_id": f"act-{jti}"}
    first = service.post(f"{PATH}/redeem", body)
    assert first.status_code == 200
    assert first.json()["again"] is False
    second = service.post(f"{PATH}/redeem", body)
    assert second.json() == first.json() | {"again": True}
    other = service.post(f"{PATH}/redeem", body | {"act_id": f"other-{jti}"})
    assert other.status_code == 409
    assert other.json()["type"] == "urn:jorei:problem:permit-already-used"
    wrong = service.post(f"{PATH}/{jti}/outcome", {"act_id": f"other-{jti}", "outcome": "completed"})
    assert wrong.status_code == 404
    done = {"act_id": f"act-{jti}", "outcome": "completed"}
    for _ in range(2):
        assert service.post(f"{PATH}/{jti}/outcome", done).status_code == 200
    assert service.post(f"{PATH}/{jti}/outcome", done | {"outcome": "failed"}).status_code == 409


def test_of_fifty_at_once_exactly_one_redeems(service: Running) -> None:
    token, said = _token(service)
    jti = said["permit"]["jti"]

    def redeem(number: int) -> int:
        body = {"permit": token, "act": ACT, "act_id": f"act-{number}-{jti}"}
        return service.post(f"{PATH}/redeem", body).status_code

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(redeem, range(50)))
    assert sorted(statuses) == [200] + [409] * 49


def test_a_permit_opens_no_other_act_and_nobody_elses(service: Running) -> None:
    token, said = _token(service)
    jti = said["permit"]["jti"]
    other = {"permit": token, "act": ACT | {"handles": ["adr-other"]}, "act_id": f"act-{jti}"}
    assert service.post(f"{PATH}/redeem", other).status_code == 403
    key = service.add(caller(f"taxes-{service.home.name}"))
    with service.as_(key) as stranger:
        stolen = stranger.post(f"{PATH}/redeem", json={"permit": token, "act": ACT, "act_id": f"act-{jti}"})
        assert stolen.status_code == 403
    broken = token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")
    answer = service.post(f"{PATH}/redeem", {"permit": broken, "act": ACT, "act_id": f"act-{jti}"})
    assert answer.status_code == 403
    assert token not in answer.text


def test_the_id_of_the_act_may_come_as_idempotency_key_and_must_come(service: Running) -> None:
    token, said = _token(service)
    body = {"permit": token, "act": ACT}
    missing = service.post(f"{PATH}/redeem", body)
    assert missing.status_code == 400
    assert missing.json()["type"] == "urn:jorei:problem:idempotency-key-missing"
    headers = {"Idempotency-Key": f"act-{said['permit']['jti']}"}
    assert service.client.post(f"{PATH}/redeem", json=body, headers=headers).status_code == 200
    differs = body | {"act_id": "act-something-else"}
    assert service.client.post(f"{PATH}/redeem", json=differs, headers=headers).status_code == 400


def test_the_same_key_gets_the_same_permit(service: Running) -> None:
    headers = {"Idempotency-Key": "permit-1"}
    first = service.client.post(PATH, json=_asked(), headers=headers)
    second = service.client.post(PATH, json=_asked(), headers=headers)
    assert first.json()["permit"]["token"] == second.json()["permit"]["token"]
    assert first.content == second.content
    other = service.client.post(PATH, json=_asked(on="2016-04-01"), headers=headers)
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("changes", "act", "code"),
    [({"on": "2016-04-01"}, ACT, "P0302"), ({}, ACT | {"name": "Copy Register"}, "P0306"), (UNLAWFUL, ACT, "P0301")],
    ids=["another day", "no act", "unlawful"],
)
def test_the_same_key_gets_the_same_refusal(
    service: Running, changes: dict[str, Any], act: dict[str, Any], code: str
) -> None:
    headers = {"Idempotency-Key": f"refused-{code}"}
    body = _asked(**changes) | {"act": act}
    first = service.client.post(PATH, json=body, headers=headers)
    assert first.json()["refusal"]["code"] == code
    assert service.client.post(PATH, json=body, headers=headers).content == first.content


def test_acts_without_a_known_end_are_listed_for_auditors(service: Running) -> None:
    key = service.add(caller(f"kansa-{service.home.name}", Role.AUDITOR))
    assert service.client.get(f"{PATH}/unreported").status_code == 403
    with service.as_(key) as auditor:
        answer = auditor.get(f"{PATH}/unreported")
        assert answer.status_code == 200
        assert answer.json()["unreported"] == []  # none is older than a minute


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"request": REQUEST},
        {"act": ACT},
        {"request": REQUEST, "act": ACT, "more": 1},
        {"request": 5, "act": ACT},
        {"request": REQUEST, "act": "copy.register"},
        {"request": REQUEST, "act": ACT | {"handles": "x"}},
        {"request": REQUEST, "act": ACT | {"more": 1}},
        {"request": REQUEST, "act": {"name": "x"}},
    ],
    ids=str,
)
def test_ill_formed_calls_are_400(light: Running, body: dict[str, Any]) -> None:
    answer = light.post(PATH, body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"].startswith("#/")


def test_an_act_that_is_not_written_in_its_form_gets_no_permit(light: Running) -> None:
    for act in (ACT | {"name": "Copy Register"}, ACT | {"handles": ["住民"]}):
        said = light.post(PATH, {"request": REQUEST | {"on": today()}, "act": act}).json()
        assert said["permit"] is None
        assert said["refusal"]["code"] == "P0306"


def test_a_caller_without_the_scope_gets_none(light: Running) -> None:
    key = light.add(caller("yomu", scopes=frozenset({"jorei:decision:evaluate"})))
    with light.as_(key) as client:
        assert client.post(PATH, json=_asked()).status_code == 403
        assert client.post("/v1/decisions", json=REQUEST).status_code == 200
