"""The native API: single decisions, batches, streams, records, papers, explanations."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
import pytest

from api.callers import Role
from api.canonical import canonical
from api.service.answers import answer_json, brief_json
from api.service.deciding import replayed
from engine.desk import Desk
from tests.service.conftest import EVALUATION, REQUEST, UNLAWFUL, Running, caller

JSON = {"Content-Type": "application/json"}
ONE = "/v1/decisions"
NUMBER = "1234-5678-9012"


def _desk(service: Running) -> Desk:
    return service.context.deciding().desk


def test_a_decision_is_answered_as_the_engine_decides(service: Running) -> None:
    for asked in (REQUEST, UNLAWFUL):
        decision = _desk(service).decide(asked)
        said = service.post(ONE, asked)
        assert said.status_code == 200
        assert said.json()["decision"] == answer_json(decision)
        brief = service.post(f"{ONE}?citations=ids", asked).json()
        assert brief["decision"] == brief_json(decision)


def test_the_record_is_read_back_and_replays_bit_for_bit(service: Running) -> None:
    said = service.post(ONE, REQUEST)
    found = service.client.get(f"{ONE}/{said.json()['id']}")
    assert found.content == said.content
    brief = service.client.get(f"{ONE}/{said.json()['id']}?citations=ids").json()
    assert brief["decision"] == service.post(f"{ONE}?citations=ids", REQUEST).json()["decision"]
    key = service.add(caller(f"kansa-{service.home.name}", Role.AUDITOR))
    with service.as_(key) as auditor:
        entry = auditor.get(f"/v1/log/entries/{said.json()['log']['index']}").json()
    body = entry["body"]
    assert body["v"] == 1
    assert body["request"] == REQUEST
    assert body["caller"] == {
        "client_id": "fukushi",
        "system": "fukushi",
        "body": "042021",
        "agency": "市長",
        "section": "子育て支援課",
    }
    deciding = service.context.deciding()
    assert body["ruleset"] == {"bundle": "files", "digest": deciding.digest}
    assert replayed(deciding.desk, deciding.digest, body["request"]) == canonical(body["answer"])
    leaf = json.loads(entry["leaf"])
    assert leaf["outcome"] == "permitted"
    assert leaf["ruleset"] == deciding.digest


def test_a_refused_evaluation_replays_too(service: Running) -> None:
    asked = EVALUATION | {"context": EVALUATION["context"] | {"affair": "知らない事務"}}
    said = service.post("/access/v1/evaluation", asked).json()
    found = service.client.get(f"{ONE}/{said['context']['evaluation_id']}").json()
    deciding = service.context.deciding()
    assert found["decision"]["outcome"] == "refused"
    words = REQUEST | {"affair": "知らない事務"}
    assert replayed(deciding.desk, deciding.digest, words) == canonical(found["decision"])


@pytest.mark.parametrize(
    "change",
    [
        {"subject": {"type": "user", "id": "alice"}},
        {"resource": {"type": "account", "id": "地方税関係情報"}},
        {"action": {"name": "can_read"}},
    ],
    ids=str,
)
def test_every_recorded_answer_of_authzen_replays_from_its_words(light: Running, change: dict[str, Any]) -> None:
    said = light.post("/access/v1/evaluation", EVALUATION | change).json()
    record = light.client.get(f"{ONE}/{said['context']['evaluation_id']}").json()
    key = light.add(caller(f"kansa-{said['context']['log']['index']}", Role.AUDITOR))
    with light.as_(key) as auditor:
        body = auditor.get(f"/v1/log/entries/{record['log']['index']}").json()["body"]
    deciding = light.context.deciding()
    assert replayed(deciding.desk, deciding.digest, body["request"]) == canonical(body["answer"])


def test_a_request_that_cannot_be_decided_is_422_with_pointers_and_no_values(service: Running) -> None:
    asked = REQUEST | {"affair": "ひみつの事務", "facts": {"ひみつの事実": "はい"}, "ひみつの項目": 1}
    answer = service.post(ONE, asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["type"] == "urn:jorei:problem:request-refused"
    assert said["status"] == 422
    assert {one["pointer"] for one in said["errors"]} == {"#/affair", "#/facts", "#"}
    assert {one["code"] for one in said["errors"]} == {"R0103", "R0114", "R0110"}
    assert "ひみつ" not in answer.text


def test_a_near_name_of_the_rule_set_is_suggested(light: Running) -> None:
    answer = light.post(ONE, REQUEST | {"affair": "child-medica"})
    assert answer.json()["errors"][0]["suggestion"] == "child-medical"


@pytest.mark.parametrize("value", [[], "x", 1, None, True])
def test_a_body_that_is_no_object_is_400(light: Running, value: Any) -> None:
    answer = light.client.post(ONE, content=json.dumps(value).encode(), headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:jorei:problem:request-invalid"


def test_the_content_type_must_be_json(light: Running) -> None:
    answer = light.client.post(ONE, content=json.dumps(REQUEST).encode(), headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert light.client.post(ONE, content=b"x", headers=packed).status_code in (400, 415)


def test_citations_are_full_or_ids(light: Running) -> None:
    for query in ("citations=some", "citations=full&citations=ids", "citations="):
        assert light.post(f"{ONE}?{query}", REQUEST).status_code == 400


def test_a_body_beyond_the_limit_is_413_before_it_is_read(light: Running) -> None:
    limit = light.context.settings.limits.batch_body
    big = b'{"a":"' + b"x" * limit + b'"}'
    assert light.client.post(ONE, content=big, headers=JSON).status_code == 413
    small = b'{"a":"' + b"x" * light.context.settings.limits.body + b'"}'
    assert light.client.post("/v1/explain", content=small, headers=JSON).status_code == 413

    def chunks() -> Any:
        for _ in range(limit // 65536 + 2):
            yield b" " * 65536

    assert light.client.post(ONE, content=chunks(), headers=JSON).status_code == 413


@pytest.mark.parametrize("path", [ONE, "/v1/attachments", "/v1/explain", "/v1/permits", "/v1/permits/redeem"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":"\xff"}',
        b"[" * 5000,
        b'{"a":9007199254740993}',
        b'{"a":NaN}',
    ],
    ids=str,
)
def test_unreadable_bodies_are_400_everywhere(light: Running, path: str, body: bytes) -> None:
    answer = light.client.post(path, content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


_PLANTED = [
    {"affair": NUMBER},
    {"affair": "１２３４５６７８９０１２"},
    {"agency": NUMBER},
    {"municipality": NUMBER},
    {"on": NUMBER},
    {"facts": {NUMBER: True}},
    {"facts": {"resident": NUMBER}},
    {"information": [NUMBER]},
    {"information": [{"name": "地方税関係情報", "person": NUMBER}]},
    {"holder": 123456789012},
    {"procedure": 123456789012},
    {NUMBER: 1},
    {"deep": [[{"x": [NUMBER]}]]},
    {"municipality": "青嶺市", "affair": NUMBER},
]


@pytest.mark.parametrize("change", _PLANTED, ids=str)
def test_a_personal_number_anywhere_is_refused_counted_and_never_shown(
    light: Running, change: dict[str, Any], system_log: io.StringIO
) -> None:
    asked = REQUEST | change
    before = _count(light)
    bodies = {
        ONE: asked,
        "/v1/attachments": asked,
        "/v1/permits": {"request": asked, "act": {"name": "a", "target": "b", "handles": []}},
    }
    assert light.post(ONE, {"requests": [REQUEST, NUMBER]}).status_code == 400
    for path, body in bodies.items():
        answer = light.post(path, body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["type"] == "urn:jorei:problem:personal-number-not-allowed"
        assert not any(part in answer.text for part in ("5678", "５６７８", "9012"))
    batch = light.post(ONE, {"requests": [REQUEST, asked]})
    assert batch.status_code == 400
    assert "5678" not in batch.text
    assert _count(light) == before + 5
    assert "5678" not in system_log.getvalue()


def _count(light: Running) -> float:
    lines = light.client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("jorei_personal_number_refused_total{"))


# --- batches ---------------------------------------------------------------------------------------


def test_a_batch_keeps_order_and_puts_errors_in_place(service: Running) -> None:
    requests: list[Any] = [REQUEST, UNLAWFUL, {"action": "use"}, 5, REQUEST | {"agency": "教育委員会"}, REQUEST]
    answer = service.post(ONE, {"requests": requests})
    assert answer.status_code == 200
    said = answer.json()["decisions"]
    assert [one.get("decision", {}).get("lawful") for one in said] == [True, False, None, None, None, True]
    assert [one.get("error", {}).get("status") for one in said] == [None, None, 403, 400, 403, None]
    assert len({one["id"] for one in said if "id" in one}) == 3
    places = [one["log"]["index"] for one in said if "id" in one]
    assert places == list(range(places[0], places[0] + 3))
    for one in said:
        if "id" in one:
            assert service.client.get(f"{ONE}/{one['id']}").json() == one


def test_a_batch_says_what_single_requests_say(service: Running) -> None:
    requests = [REQUEST | {"on": f"2016-{month:02}-01"} for month in range(1, 13)] + [UNLAWFUL]
    for citations in ("full", "ids"):
        said = service.post(f"{ONE}?citations={citations}", {"requests": requests}).json()["decisions"]
        alone = [service.post(f"{ONE}?citations={citations}", one).json() for one in requests]
        assert [one["decision"] for one in said] == [one["decision"] for one in alone]


def test_an_item_of_unknown_names_is_an_error_in_place(service: Running) -> None:
    said = service.post(ONE, {"requests": [REQUEST | {"affair": "知らない"}, REQUEST]}).json()["decisions"]
    assert said[0]["error"]["type"] == "urn:jorei:problem:request-refused"
    assert said[1]["decision"]["lawful"] is True


def test_escapes_and_spaces_change_nothing(light: Running) -> None:
    plain = {"requests": [REQUEST, UNLAWFUL]}
    texts = [json.dumps(plain, ensure_ascii=True), json.dumps(plain, ensure_ascii=False, indent=3)]
    answers = [light.client.post(ONE, content=text.encode(), headers=JSON).json()["decisions"] for text in texts]
    first, second = ([one["decision"] for one in said] for said in answers)
    assert first == second


@pytest.mark.parametrize(
    "text",
    [
        '{"requests":[{"action":"use","action":"use"}]}',
        '{"requests":[],"requests":[]}',
        '{"requests":[{"facts":{"a":1,"a":1}}]}',
        '{"requests":[{"a\\u0062":1,"ab":1}]}',
        '{"requests":[{"a":"\xff"}]}',
        '{"requests":[{"a":1},]}',
        '{"requests":[{"a":NaN}]}',
        '{"requests":5}',
        '{"requests":{}}',
        '{"requests":null}',
        '{"requests":[],"more":1}',
    ],
)
def test_a_malformed_batch_is_400_as_a_whole(light: Running, text: str) -> None:
    answer = light.client.post(ONE, content=text.encode("latin-1"), headers=JSON)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_empty_batch_has_no_decisions(light: Running) -> None:
    assert light.post(ONE, {"requests": []}).json() == {"decisions": []}


def test_a_batch_of_ten_thousand_and_not_one_more(light: Running) -> None:
    answer = light.post(f"{ONE}?citations=ids", {"requests": [REQUEST] * 10_000})
    assert answer.status_code == 200
    said = answer.json()["decisions"]
    assert len({one["id"] for one in said}) == 10_000
    places = [one["log"]["index"] for one in said]
    assert places == sorted(set(places))
    too_many = light.post(ONE, {"requests": [REQUEST] * 10_001})
    assert too_many.status_code == 422
    assert too_many.json()["type"] == "urn:jorei:problem:batch-too-large"


def test_deep_nesting_in_an_item_is_refused(light: Running) -> None:
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    answer = light.post(ONE, {"requests": [REQUEST | {"facts": deep}]})
    assert answer.status_code == 200
    assert "error" in answer.json()["decisions"][0]


# --- streams ---------------------------------------------------------------------------------------


def _lines(client: httpx.Client, requests: list[Any]) -> list[dict[str, Any]]:
    with client.stream("POST", ONE, json={"requests": requests}, headers={"Accept": "application/x-ndjson"}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-request-id"]
        return [json.loads(line) for line in answer.iter_lines()]


def test_a_stream_has_a_line_a_request_and_says_that_it_is_complete(service: Running) -> None:
    requests = [REQUEST, UNLAWFUL, 5] * 200
    *said, last = _lines(service.client, requests)
    assert last == {"complete": True, "count": 600}
    assert [("error" in one, one.get("decision", {}).get("lawful")) for one in said] == [
        (False, True),
        (False, False),
        (True, None),
    ] * 200
    one = next(one for one in said if "id" in one)
    assert service.client.get(f"{ONE}/{one['id']}").json() == one


def test_each_line_is_durable_before_it_is_sent(service: Running) -> None:
    """Read the first piece, and look into the log while the rest is not yet decided."""
    requests = [REQUEST] * 5000
    headers = {"Accept": "application/x-ndjson"}
    with service.client.stream("POST", ONE, json={"requests": requests}, headers=headers) as answer:
        lines = answer.iter_lines()
        first = json.loads(next(lines))
        with service.as_(service.key) as other:
            assert other.get(f"{ONE}/{first['id']}").json() == first
        assert sum(1 for _ in lines) == 5000  # 4,999 more and the last


def test_a_personal_number_ends_a_stream(light: Running) -> None:
    *said, last = _lines(light.client, [REQUEST] * 300 + [REQUEST | {"affair": NUMBER}] + [REQUEST] * 300)
    assert last["complete"] is False
    assert last["error"]["type"] == "urn:jorei:problem:personal-number-not-allowed"
    assert last["count"] == len(said) < 301


# --- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [REQUEST, {"requests": [REQUEST, 5, UNLAWFUL] * 150}], ids=["single", "batch"])
def test_the_same_key_and_payload_get_the_same_answer(service: Running, body: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": f"key-{len(body)}"}
    first = service.client.post(ONE, json=body, headers=headers)
    second = service.client.post(ONE, json=body, headers=headers)
    assert first.status_code == 200
    assert first.content == second.content
    quoted = service.client.post(ONE, json=body, headers={"Idempotency-Key": f'"key-{len(body)}"'})
    assert quoted.content == first.content
    other = service.client.post(ONE, json=UNLAWFUL, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:jorei:problem:idempotency-key-reused"
    brief = service.client.post(f"{ONE}?citations=ids", json=body, headers=headers)
    assert brief.status_code == 422


def test_a_key_belongs_to_its_caller(service: Running) -> None:
    key = service.add(caller(f"other-{service.home.name}"))
    headers = {"Idempotency-Key": "shared"}
    with service.as_(key) as other:
        assert (
            other.post(ONE, json=REQUEST, headers=headers).json()["id"]
            != service.client.post(ONE, json=REQUEST, headers=headers).json()["id"]
        )


@pytest.mark.parametrize("key", ["", '""', "x" * 300])
def test_a_bad_key_is_400(light: Running, key: str) -> None:
    answer = light.client.post(ONE, json=REQUEST, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:jorei:problem:idempotency-key-invalid"


def test_a_key_with_a_number_in_it_leaves_no_trace(service: Running) -> None:
    first = service.client.post(ONE, json=REQUEST, headers={"Idempotency-Key": NUMBER})
    assert first.status_code == 200
    with service.context.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM idempotency").fetchall()
    assert NUMBER not in str(rows)


# --- records, explanations, papers -----------------------------------------------------------------


def test_a_decision_is_read_by_its_own_municipality_and_by_auditors_only(service: Running) -> None:
    said = service.post(ONE, REQUEST).json()
    path = f"{ONE}/{said['id']}"
    name = service.home.name
    colleague = service.add(caller(f"colleague-{name}"))
    stranger = service.add(caller(f"stranger-{name}", body="990021", municipality="青嶺市"))
    board = service.add(caller(f"board-{name}", agency="教育委員会"))
    auditor = service.add(caller(f"auditor-{name}", Role.AUDITOR))
    for key, status in ((colleague, 200), (stranger, 404), (board, 404), (auditor, 200)):
        with service.as_(key) as client:
            assert client.get(path).status_code == status
            assert client.get(f"{path}/explanation").status_code == status
    assert service.client.get(f"{ONE}/ev_none").status_code == 404


def test_an_explanation_is_a_tree_from_the_record(service: Running) -> None:
    for asked, holds in ((REQUEST, True), (UNLAWFUL, False)):
        said = service.post(ONE, asked).json()
        answer = service.client.get(f"{ONE}/{said['id']}/explanation")
        assert answer.status_code == 200
        tree = answer.json()["tree"]
        assert tree["holds"] is holds
        assert tree["children"][0]["text"] == "地方税関係情報"
        assert answer.json()["text"].startswith("○" if holds else "×")
        assert answer.json()["ruleset"] == said["decision"]["ruleset"]


def test_a_refused_evaluation_has_an_explanation_too(light: Running) -> None:
    asked = EVALUATION | {"context": EVALUATION["context"] | {"affair": "知らない事務"}}
    said = light.post("/access/v1/evaluation", asked).json()
    answer = light.client.get(f"{ONE}/{said['context']['evaluation_id']}/explanation")
    assert answer.status_code == 200
    assert answer.json()["tree"]["holds"] is False


def test_the_papers_that_may_stay_at_home(service: Running) -> None:
    answer = service.post("/v1/attachments", REQUEST)
    assert answer.status_code == 200
    said = answer.json()
    kept = [one["name"] for one in said["attachments"] if one["droppable"] == "yes"]
    assert kept
    for name in kept:
        assert name in said["text"]
    assert said["text"].endswith("。")
    early = service.post("/v1/attachments", UNLAWFUL).json()
    assert not any(one["droppable"] == "yes" for one in early["attachments"])


def test_a_provision_is_explained(service: Running) -> None:
    answer = service.post("/v1/explain", {"citation": "番号法別表第一の15の項", "on": "2016-04-01"})
    assert answer.status_code == 200
    assert "利用を認めます" in answer.text
    unknown = service.post("/v1/explain", {"citation": "ひみつ法第1条"})
    assert unknown.status_code == 404
    assert "ひみつ" not in unknown.text
    for bad in ({}, {"citation": 1}, {"citation": "番号法第9条", "on": "いつか"}, {"citation": "x", "more": 1}):
        assert service.post("/v1/explain", bad).status_code == 400


def test_the_version_names_the_rule_set(service: Running) -> None:
    said = service.client.get("/v1/version").json()
    assert said["ruleset"]["digest"] == service.context.deciding().digest
    assert said["ruleset"]["bundle"] == "files"


@pytest.mark.parametrize("path", ["/nothing", "/v1/decisions/", "/v1/log/entries/x", "/v1/log/entries/999999"])
def test_what_is_not_there_is_a_problem_too(light: Running, path: str) -> None:
    answer = light.client.get(path)
    assert answer.status_code in (400, 403, 404)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]


def test_the_figures_name_what_was_done(service: Running) -> None:
    service.post(ONE, REQUEST)
    service.post(ONE, {"requests": [UNLAWFUL] * 3})
    service.client.get("/v1/log/checkpoint")
    text = service.client.get("/metrics").text
    found = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}
    decided = {name: value for name, value in found.items() if name.startswith("jorei_decisions_total")}
    assert any('decision="true"' in name for name in decided)
    assert sum(v for n, v in decided.items() if 'reason_code="no_basis"' in n) >= 3
    assert found["jorei_log_size"] >= 4
    assert 0 <= found["jorei_log_last_checkpoint_age_seconds"] < 600
    assert found['jorei_ruleset_info{version="files"}'] == 1
    assert any(name.startswith('jorei_http_requests_total{route="/v1/decisions",status="200"') for name in found)
    assert "石巻" not in text
