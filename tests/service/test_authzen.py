"""OpenID AuthZEN Authorization API 1.0, rule by rule, against the running service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from api.callers import Role
from tests.service.conftest import EVALUATION, Running, caller, today

ONE = "/access/v1/evaluation"
MANY = "/access/v1/evaluations"
RESOURCES = "/access/v1/search/resource"
ACTIONS = "/access/v1/search/action"
JSON = {"Content-Type": "application/json"}
VECTORS = Path(__file__).parent / "authzen_vectors"
REQUEST_SCHEMA = json.loads((VECTORS / "evaluation-request.schema.json").read_text())
RESPONSE_SCHEMA = json.loads((VECTORS / "evaluation-response.schema.json").read_text())


def _with(**changes: Any) -> dict[str, Any]:
    return EVALUATION | changes


def _context(**changes: Any) -> dict[str, Any]:
    return _with(context=EVALUATION["context"] | changes)


def _valid(answer: Any) -> None:
    jsonschema_rs.validator_for(RESPONSE_SCHEMA).validate(answer)


# --- a single evaluation ---------------------------------------------------------------------------


def test_a_permitted_evaluation_says_why_and_under_which_duties(service: Running) -> None:
    answer = service.post(ONE, EVALUATION)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    _valid(said)
    assert said["decision"] is True
    context = said["context"]
    assert context["outcome"] == "permitted"
    assert context["ruleset"] == service.context.deciding().digest
    assert context["on"] == "2016-04-01"
    labels = [one["label"] for reason in context["reasons"] for one in reason["citations"]]
    assert "石巻市番号利用条例第3条第2項" in labels
    assert context["missing"] == []
    assert {one["type"] for one in context["obligations"]} == {"duty"}
    assert all(one["properties"]["citation"]["label"] for one in context["obligations"])
    assert context["evaluation_id"].startswith("ev_")
    assert context["log"]["index"] >= 0


def test_a_denial_is_200_and_says_why(service: Running) -> None:
    answer = service.post(ONE, _context(on="2015-12-01"))
    assert answer.status_code == 200
    said = answer.json()
    _valid(said)
    assert said["decision"] is False
    assert said["context"]["outcome"] == "no_basis"
    assert said["context"]["reasons"][0]["code"] == "not_yet"
    assert said["context"]["reasons"][0]["text"]


def test_a_missing_fact_is_named(service: Running) -> None:
    link = _with(
        action={"name": "link"},
        resource={"type": "information", "id": "地方税関係情報"},
        context={"municipality": "石巻市", "affair": "child-medical", "on": "2018-04-01"},
    )
    said = service.post(ONE, link).json()
    assert said["decision"] is False
    assert said["context"]["outcome"] == "undetermined"
    assert said["context"]["missing"] == ["consent"]
    given = link | {"context": link["context"] | {"facts": {"consent": True}}}
    assert service.post(ONE, given).json()["context"]["missing"] == []


def test_the_answer_is_the_record(service: Running) -> None:
    said = service.post(ONE, EVALUATION).json()
    native = service.client.get(f"/v1/decisions/{said['context']['evaluation_id']}").json()
    assert native["decision"]["lawful"] is said["decision"]
    assert native["log"] == said["context"]["log"]
    assert native["at"] == said["context"]["evaluated_at"]


@pytest.mark.parametrize("action", ["use", "transfer", "link", "store", "card"])
def test_every_action_is_decided(light: Running, action: str) -> None:
    resource = EVALUATION["resource"] if action != "card" else {"type": "file", "id": "card"}
    said = light.post(ONE, _with(action={"name": action}, resource=resource)).json()
    assert said["context"]["outcome"] != "refused"


def test_a_file_asks_for_no_information(light: Running) -> None:
    used = _with(action={"name": "use"}, resource={"type": "file", "id": "子ども医療費ファイル"})
    said = light.post(ONE, used).json()
    assert said["context"]["reasons"][0]["information"] is None
    assert said["decision"] is True


def test_the_section_of_the_caller_stands_for_its_agency(light: Running) -> None:
    said = light.post(ONE, _with(subject={"type": "section", "id": "子育て支援課"})).json()
    assert said["decision"] is True
    assert light.post(ONE, _with(subject={"type": "section", "id": "税務課"})).status_code == 403


def test_what_the_context_leaves_out_comes_from_the_credential_and_the_clock(light: Running) -> None:
    context = {k: v for k, v in EVALUATION["context"].items() if k not in ("municipality", "on")}
    said = light.post(ONE, _with(context=context)).json()
    assert said["context"]["on"] == today()
    record = light.client.get(f"/v1/decisions/{said['context']['evaluation_id']}").json()
    assert record["decision"]["on"] == today()


def test_no_context_at_all_is_a_denial_with_the_missing_members(light: Running) -> None:
    asked = {k: v for k, v in EVALUATION.items() if k != "context"}
    answer = light.post(ONE, asked)
    assert answer.status_code == 200
    said = answer.json()
    assert said["decision"] is False
    assert said["context"]["outcome"] == "refused"
    assert {"R0107"} == {one["code"] for one in said["context"]["reasons"]}
    assert said["context"]["reasons"][0]["pointer"] == "#/context/affair"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"subject": {"type": "user", "id": "alice"}}, "#/subject/type"),
        ({"resource": {"type": "account", "id": "1"}}, "#/resource/type"),
        ({"action": {"name": "can_read"}}, "#/action/name"),
        ({"resource": {"type": "information", "id": "知らない情報"}}, "#/resource/id"),
        ({"resource": {"type": "information", "id": "地方税関係情報", "properties": {"holder": "ひみつ団"}}}, None),
        ({"context": EVALUATION["context"] | {"affair": "知らない事務"}}, "#/context/affair"),
        ({"context": EVALUATION["context"] | {"on": "1990-01-01"}}, "#/context/on"),
        ({"context": EVALUATION["context"] | {"facts": {"知らない事実": True}}}, "#/context/facts"),
    ],
)
def test_what_is_not_known_is_a_denial_never_a_guess(
    light: Running, change: dict[str, Any], pointer: str | None
) -> None:
    answer = light.post(ONE, EVALUATION | change)
    assert answer.status_code == 200
    said = answer.json()
    _valid(said)
    assert said["decision"] is False
    assert said["context"]["outcome"] == "refused"
    if pointer is not None:
        assert pointer in [one["pointer"] for one in said["context"]["reasons"]]
    for echoed in ("知らない", "ひみつ団", "alice", "can_read"):
        assert echoed not in answer.text


@pytest.mark.parametrize("member", ["subject", "resource", "action"])
@pytest.mark.parametrize("value", [None, "x", 1, [], True])
def test_an_ill_typed_entity_is_400(light: Running, member: str, value: Any) -> None:
    answer = light.post(ONE, EVALUATION | {member: value})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "change",
    [
        {"subject": {"type": "agency"}},
        {"subject": {"id": "市長"}},
        {"subject": {"type": 1, "id": "市長"}},
        {"subject": {"type": "agency", "id": 1}},
        {"subject": {"type": "agency", "id": None}},
        {"subject": {"type": "agency", "id": "市長", "properties": []}},
        {"resource": {"type": "information"}},
        {"resource": {"id": "地方税関係情報"}},
        {"resource": {"type": "information", "id": ["a"]}},
        {"resource": {"type": "information", "id": "地方税関係情報", "properties": "x"}},
        {"action": {}},
        {"action": {"name": 123}},
        {"action": {"name": "use", "properties": 1}},
        {"context": []},
        {"context": "x"},
        {"context": None},
        {"context": EVALUATION["context"] | {"affair": 5}},
        {"context": EVALUATION["context"] | {"on": 20160401}},
        {"context": EVALUATION["context"] | {"facts": ["resident"]}},
        {"context": EVALUATION["context"] | {"procedure": 1.5}},
    ],
    ids=str,
)
def test_a_missing_or_ill_typed_member_is_400(light: Running, change: dict[str, Any]) -> None:
    for path in (ONE, MANY):
        answer = light.post(path, EVALUATION | change)
        assert answer.status_code == 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"][0]["pointer"].startswith("#/")


@pytest.mark.parametrize("member", ["subject", "resource", "action"])
def test_an_omitted_entity_is_400(light: Running, member: str) -> None:
    assert light.post(ONE, {k: v for k, v in EVALUATION.items() if k != member}).status_code == 400


@pytest.mark.parametrize("path", [ONE, MANY, RESOURCES, ACTIONS])
@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b"[]", b"null", b'"x"', b"{}{}", b'{"a":NaN}', b'{"subject":"\xff"}'], ids=str
)
def test_a_malformed_or_empty_body_is_400(light: Running, path: str, body: bytes) -> None:
    answer = light.client.post(path, content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", [ONE, MANY, RESOURCES, ACTIONS])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "", "a"])
def test_a_wrong_content_type_is_400_not_415(light: Running, path: str, kind: str) -> None:
    body = json.dumps(EVALUATION).encode()
    answer = light.client.post(path, content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    with httpx.Client(base_url=light.url) as bare:
        sent = bare.build_request("POST", path, content=body, headers=dict(light.client.headers))
        sent.headers.pop("content-type", None)
        assert bare.send(sent).status_code == 400


def test_a_charset_of_utf_8_is_json_too(light: Running) -> None:
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    assert light.client.post(ONE, content=json.dumps(EVALUATION).encode(), headers=headers).status_code == 200


@pytest.mark.parametrize("path", [ONE, MANY])
def test_duplicate_members_are_400_at_any_depth(light: Running, path: str) -> None:
    plain = json.dumps(EVALUATION, ensure_ascii=False)
    for body in (
        plain[:-1] + ',"action":{"name":"use"}}',
        plain.replace('"name": "transfer"', '"name": "transfer", "name": "use"'),
        plain.replace('"resident": true', '"resident": true, "resid\\u0065nt": false'),
    ):
        answer = light.client.post(path, content=body.encode(), headers=JSON)
        assert answer.status_code == 400
        assert answer.json()["type"] == "urn:jorei:problem:duplicate-member"


def test_unknown_members_are_ignored(light: Running) -> None:
    asked = json.loads(json.dumps(EVALUATION))
    asked["extra"] = {"a": [1]}
    asked["context"]["time"] = "2026-11-26T12:00:00Z"
    asked["subject"]["extra"] = 1
    asked["subject"]["properties"] = {"officer": "x"}
    asked["resource"]["properties"]["extra"] = None
    asked["action"]["properties"] = {"method": "GET"}
    asked["options"] = {"unknown": True}
    first, second = light.post(ONE, EVALUATION).json(), light.post(ONE, asked).json()
    assert _bare(first) == _bare(second)


def _bare(said: dict[str, Any]) -> dict[str, Any]:
    own = ("evaluation_id", "evaluated_at", "log")
    return said | {"context": {k: v for k, v in said["context"].items() if k not in own}}


def test_the_same_request_gets_the_same_decision(service: Running) -> None:
    answers = [_bare(service.post(ONE, EVALUATION).json()) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]


def test_another_municipality_or_agency_than_the_callers_is_403(service: Running) -> None:
    for change in (
        {"context": EVALUATION["context"] | {"municipality": "青嶺市"}},
        {"subject": {"type": "agency", "id": "教育委員会"}},
    ):
        answer = service.post(ONE, EVALUATION | change)
        assert answer.status_code == 403
        assert "青嶺" not in answer.text
        assert "教育" not in answer.text
        assert answer.json()["errors"][0]["pointer"] in ("#/context/municipality", "#/subject/id")


def test_no_or_wrong_credential_is_401_with_a_challenge(light: Running) -> None:
    with httpx.Client(base_url=light.url) as bare:
        for path in (ONE, MANY, RESOURCES, ACTIONS, "/v1/decisions"):
            for headers in ({}, {"Authorization": "Bearer jk_wrong"}):
                answer = bare.post(path, json=EVALUATION, headers=headers)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert "jk_wrong" not in answer.text


def test_the_credential_may_stand_verbatim_in_the_header(light: Running) -> None:
    with httpx.Client(base_url=light.url, headers={"Authorization": light.key}) as bare:
        assert bare.post(ONE, json=EVALUATION).status_code == 200


def test_a_caller_without_the_scope_is_403(light: Running) -> None:
    key = light.add(caller("kansa", Role.AUDITOR))
    with light.as_(key) as auditor:
        assert auditor.post(ONE, json=EVALUATION).status_code == 403


# --- several ---------------------------------------------------------------------------------------


def test_defaults_are_replaced_as_whole_objects(service: Running) -> None:
    """An item's context without the affair does not get it from the default."""
    items = [
        {},
        {"context": {"on": "2016-04-01"}},
        {"resource": {"type": "information", "id": "住民票関係情報"}},
        {"context": EVALUATION["context"] | {"on": "2015-12-01"}},
    ]
    answer = service.post(MANY, EVALUATION | {"evaluations": items})
    assert answer.status_code == 200
    said = answer.json()
    assert "decision" not in said
    first, without, other, early = said["evaluations"]
    assert first["decision"] is True
    assert without["decision"] is False
    assert without["context"]["reasons"][0]["pointer"] == "#/context/affair"
    # the default's properties (the holder) are gone with the default resource
    assert other["decision"] is False
    assert other["context"]["outcome"] == "undetermined"
    assert early["context"]["outcome"] == "no_basis"
    for one in said["evaluations"]:
        _valid(one)


@pytest.mark.parametrize("evaluations", [[], ...])
def test_without_evaluations_it_is_the_single_one(service: Running, evaluations: Any) -> None:
    asked = EVALUATION if evaluations is ... else EVALUATION | {"evaluations": evaluations}
    said = service.post(MANY, asked).json()
    assert said["decision"] is True
    assert "evaluations" not in said
    assert _bare(said) == _bare(service.post(ONE, EVALUATION).json())
    assert service.post(MANY, {"evaluations": []}).status_code == 400


@pytest.mark.parametrize(
    ("semantic", "count"), [("execute_all", 5), ("deny_on_first_deny", 2), ("permit_on_first_permit", 1), (None, 5)]
)
def test_the_three_semantics_keep_the_order_and_stop_where_they_say(
    service: Running, semantic: str | None, count: int
) -> None:
    good, bad = {}, {"context": EVALUATION["context"] | {"on": "2015-12-01"}}
    asked = EVALUATION | {"evaluations": [good, bad, good, bad, good]}
    if semantic is not None:
        asked["options"] = {"evaluations_semantic": semantic}
    said = service.post(MANY, asked).json()["evaluations"]
    assert [one["decision"] for one in said] == [True, False, True, False, True][:count]
    first = service.post(MANY, asked | {"evaluations": [bad, good]}).json()["evaluations"]
    assert [one["decision"] for one in first] == {
        "deny_on_first_deny": [False],
    }.get(semantic or "", [False, True])


@pytest.mark.parametrize("options", [{"evaluations_semantic": "any"}, {"evaluations_semantic": 1}, [], "x", None])
def test_unknown_or_ill_typed_options_are_400(light: Running, options: Any) -> None:
    assert light.post(MANY, EVALUATION | {"evaluations": [{}], "options": options}).status_code == 400


@pytest.mark.parametrize("evaluations", [{}, "x", 1, None, True])
def test_ill_typed_evaluations_are_400(light: Running, evaluations: Any) -> None:
    assert light.post(MANY, EVALUATION | {"evaluations": evaluations}).status_code == 400


def test_one_bad_item_is_false_with_an_error_in_its_place(service: Running) -> None:
    items: list[Any] = [
        {},
        5,
        {"action": {"name": 123}},
        {"subject": None},
        {"context": {"affair": 5}},
        {"context": EVALUATION["context"] | {"municipality": "青嶺市"}},
        {},
    ]
    answer = service.post(MANY, EVALUATION | {"evaluations": items})
    assert answer.status_code == 200
    said = answer.json()["evaluations"]
    assert [one["decision"] for one in said] == [True, False, False, False, False, False, True]
    assert [one["context"].get("error", {}).get("status") for one in said] == [None, 400, 400, 400, 400, 403, None]
    for one in said:
        _valid(one)


def test_a_bad_item_counts_as_a_denial(light: Running) -> None:
    options = {"evaluations_semantic": "deny_on_first_deny"}
    said = light.post(MANY, EVALUATION | {"evaluations": [{}, 5, {}], "options": options}).json()["evaluations"]
    assert [one["decision"] for one in said] == [True, False]


def test_every_evaluation_of_a_batch_has_its_record(service: Running) -> None:
    said = service.post(MANY, EVALUATION | {"evaluations": [{}] * 20}).json()["evaluations"]
    ids = [one["context"]["evaluation_id"] for one in said]
    assert len(set(ids)) == 20
    places = [service.client.get(f"/v1/decisions/{one}").json()["log"]["index"] for one in ids]
    assert places == [one["context"]["log"]["index"] for one in said]
    assert places == list(range(places[0], places[0] + 20))


def test_a_batch_beyond_the_limit_is_400(light: Running) -> None:
    asked = EVALUATION | {"evaluations": [{}] * (light.context.settings.limits.evaluations + 1)}
    answer = light.post(MANY, asked)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:jorei:problem:batch-too-large"


def test_a_personal_number_anywhere_refuses_the_whole_batch(service: Running) -> None:
    size = service.client.get("/v1/log/checkpoint").text.splitlines()[1]
    asked = EVALUATION | {"evaluations": [{}, {"resource": {"type": "information", "id": "1234-5678-9012"}}]}
    answer = service.post(MANY, asked)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:jorei:problem:personal-number-not-allowed"
    assert "5678" not in answer.text
    assert service.client.get("/v1/log/checkpoint").text.splitlines()[1] == size


# --- search and metadata ---------------------------------------------------------------------------


def test_actions_that_are_lawful_are_found(service: Running) -> None:
    asked = {k: v for k, v in EVALUATION.items() if k != "action"}
    answer = service.post(ACTIONS, asked)
    assert answer.status_code == 200
    assert {"name": "transfer"} in answer.json()["results"]
    decided = [
        name
        for name in ("use", "transfer", "link", "store", "card")
        if service.post(ONE, EVALUATION | {"action": {"name": name}}).json()["decision"]
    ]
    assert answer.json()["results"] == [{"name": name} for name in decided]


def test_information_that_may_be_asked_for_is_found(service: Running) -> None:
    asked = EVALUATION | {"resource": {"type": "information", "properties": {"holder": "市長"}}}
    answer = service.post(RESOURCES, asked)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert {"type": "information", "id": "地方税関係情報"} in results
    for one in results:
        resource = one | {"properties": {"holder": "市長"}}
        assert service.post(ONE, EVALUATION | {"resource": resource}).json()["decision"] is True
    # the id is to be ignored
    again = service.post(RESOURCES, EVALUATION | {"resource": asked["resource"] | {"id": "x"}})
    assert again.json()["results"] == results


def test_pages_put_together_are_the_whole(light: Running) -> None:
    asked = EVALUATION | {"resource": {"type": "information", "properties": {"holder": "市長"}}}
    whole = light.post(RESOURCES, asked).json()["results"]
    token, found, pages = None, [], 0
    while token != "":
        page = {"limit": 2} | ({} if token is None else {"token": token})
        said = light.post(RESOURCES, asked | {"page": page}).json()
        assert said["page"]["total"] == len(whole)
        assert said["page"]["count"] == len(said["results"]) <= 2
        token, pages = said["page"]["next_token"], pages + 1
        found += said["results"]
    assert found == whole
    assert pages == max(1, -(-len(whole) // 2))
    first = light.post(RESOURCES, asked | {"page": {"limit": 1}}).json()["page"]["next_token"]
    other = asked | {"action": {"name": "use"}, "page": {"token": first}}
    assert light.post(RESOURCES, other).status_code == 400


def test_unknown_types_and_ids_have_no_results(light: Running) -> None:
    for change in ({"resource": {"type": "account"}}, {"resource": {"type": "person"}}):
        answer = light.post(RESOURCES, EVALUATION | change)
        assert answer.status_code == 200
        assert answer.json()["results"] == []
    asked = {k: v for k, v in EVALUATION.items() if k != "action"}
    for change in (
        {"resource": {"type": "account", "id": "1"}},
        {"resource": {"type": "information", "id": "知らない情報"}},
        {"subject": {"type": "user", "id": "alice"}},
    ):
        answer = light.post(ACTIONS, asked | change)
        assert answer.status_code == 200
        assert answer.json()["results"] == []


def test_an_entity_without_its_id_is_400_in_searches_too(light: Running) -> None:
    asked = {k: v for k, v in EVALUATION.items() if k != "action"}
    assert light.post(ACTIONS, asked | {"resource": {"type": "information"}}).status_code == 400
    assert light.post(ACTIONS, asked | {"subject": {"type": "agency"}}).status_code == 400
    assert light.post(RESOURCES, asked).status_code == 400  # no action
    for page in ({"limit": 0}, {"limit": "x"}, {"token": 5}, {"token": "zz"}, []):
        assert light.post(ACTIONS, asked | {"page": page}).status_code == 400


def test_subjects_are_not_searched(light: Running) -> None:
    assert light.post("/access/v1/search/subject", EVALUATION).status_code == 404


def test_the_metadata_name_what_is_there_by_https(light: Running) -> None:
    answer = light.client.get("/.well-known/authzen-configuration")
    assert answer.status_code == 200
    said = answer.json()
    base = said["policy_decision_point"]
    assert base.startswith("https://")
    assert not base.endswith("/")
    assert "search_subject_endpoint" not in said
    endpoints = {k: v for k, v in said.items() if k.endswith("_endpoint")}
    assert len(endpoints) == 4
    for url in endpoints.values():
        assert url.startswith(base)
        assert light.client.post(url.removeprefix(base), content=b"", headers=JSON).status_code == 400
    with httpx.Client(base_url=light.url) as bare:  # discovery needs no credential
        assert bare.get("/.well-known/authzen-configuration").status_code == 200


# --- request ids, keys -----------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["abc", "550e8400-e29b-41d4-a716-446655440000", "x y", "a" * 200])
def test_the_request_id_is_echoed_on_every_answer(light: Running, given: str) -> None:
    headers = {"X-Request-ID": given}
    calls = [
        light.client.post(ONE, json=EVALUATION, headers=headers),
        light.client.post(MANY, json=EVALUATION, headers=headers),
        light.client.post(ONE, content=b"{", headers=headers | JSON),
        light.client.post(ONE, content=b"{}", headers=headers),
        light.client.post(ONE, json=_with(subject={"type": "agency", "id": "教育委員会"}), headers=headers),
        light.client.post("/access/v1/search/subject", json={}, headers=headers),
        light.client.get(ONE, headers=headers),
        light.client.get("/.well-known/authzen-configuration", headers=headers),
        light.client.get("/livez", headers=headers),
        light.client.post(ONE, json=EVALUATION, headers=headers | {"Authorization": "Bearer x"}),
    ]
    assert [one.status_code for one in calls] == [200, 200, 400, 400, 403, 404, 405, 200, 200, 401]
    assert {one.headers["x-request-id"] for one in calls} == {given}
    assert all(one.headers.get_list("x-request-id") == [given] for one in calls)


def test_an_answer_without_a_given_request_id_has_one(light: Running) -> None:
    ids = {light.post(ONE, EVALUATION).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


def test_the_same_key_gets_the_same_evaluation(service: Running) -> None:
    for path, asked in ((ONE, EVALUATION), (MANY, EVALUATION | {"evaluations": [{}, 5, {}]})):
        headers = {"Idempotency-Key": f"same-{path}"}
        first = service.client.post(path, json=asked, headers=headers)
        second = service.client.post(path, json=asked, headers=headers)
        assert first.status_code == second.status_code == 200
        assert first.content == second.content
        other = service.client.post(path, json=_context(on="2015-12-01"), headers=headers)
        assert other.status_code == 400  # never 422 here
        assert other.json()["type"] == "urn:jorei:problem:idempotency-key-reused"


def test_a_refused_evaluation_is_replayed_from_its_record_too(service: Running) -> None:
    headers = {"Idempotency-Key": "refused"}
    asked = _context(affair="知らない事務")
    first = service.client.post(ONE, json=asked, headers=headers)
    assert first.content == service.client.post(ONE, json=asked, headers=headers).content


def test_nothing_is_to_be_stored(light: Running) -> None:
    assert light.post(ONE, EVALUATION).headers["cache-control"] == "no-store"
    assert light.post(ONE, {}).headers["cache-control"] == "no-store"


def test_the_examples_are_requests_by_the_published_schema() -> None:
    jsonschema_rs.validator_for(REQUEST_SCHEMA).validate(EVALUATION)
