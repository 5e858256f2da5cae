"""My Portal over HTTP, without a browser: headers, forms of others, other people's records, numbers nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.decision_log import offline
from api.storage.database import Database
from dsl.masking import twelve_digits
from linkage.portal.logins import Bearer
from linkage.portal.notices import Notice
from linkage.rights.values import Kind, Outcome, Subject
from tests.linkage.addressee.numbers import number
from tests.linkage.portal.town import COUNTER, Town, app_of, served


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as made:
        yield made


def log_in(client: httpx.Client, town: Town, person: str) -> None:
    answer = client.post("/portal/login", data={"ticket": town.portal.ticket(COUNTER, Bearer(person))})
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/")


def token(client: httpx.Client) -> str:
    found = re.search(r'name="token" value="([^"]+)"', client.get("/portal/requests/new").text)
    assert found
    return found.group(1)


def application(client: httpx.Client, **more: str) -> dict[str, str]:
    given = {
        "token": token(client),
        "kind": "disclosure",
        "subject": "information",
        "target": "地方税関係情報",
        "reason": "",
    }
    return given | more


def test_every_answer_has_the_headers(client: httpx.Client, town: Town) -> None:
    use = town.used(town.mother)
    paths = ["/portal/login", "/portal/verify", "/portal/style.css", "/portal/", "/portal/api/records"]
    answers = [client.get(path) for path in paths]
    log_in(client, town, town.mother)
    answers += [client.get(path) for path in ("/portal/", f"/portal/records/{use.id}/proof", "/portal/records/x")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert [answer.status_code for answer in answers] == [200, 200, 200, 303, 401, 200, 200, 404]


def test_pages_hold_no_script_and_nothing_from_elsewhere(client: httpx.Client, town: Town) -> None:
    town.used(town.mother)
    log_in(client, town, town.mother)
    for path in ("/portal/", "/portal/records", "/portal/requests/new", "/portal/notices", "/portal/verify"):
        text = client.get(path).text
        assert "<script" not in text
        assert "style=" not in text
        assert not re.search(r"\son\w+=", text)
        assert not re.search(r'(?:href|src|action)="(?!/portal/|#)', text)
        assert '<html lang="ja">' in text
        assert text.count("<h1") == 1


def test_the_cookie(client: httpx.Client, town: Town) -> None:
    answer = client.post("/portal/login", data={"ticket": town.portal.ticket(COUNTER, Bearer(town.mother))})
    said = answer.headers["set-cookie"]
    assert said.startswith("jorei-portal=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in said.split(";")}
    assert "Secure" not in said


def test_away_from_loopback_the_cookie_is_secure(sqlite_database: Database, tmp_path: Path) -> None:
    town = Town(sqlite_database, tmp_path, "https://portal.example.jp")
    with served(app_of(town.portal)) as url, httpx.Client(base_url=url) as client:
        answer = client.post("/portal/login", data={"ticket": town.portal.ticket(COUNTER, Bearer(town.mother))})
        said = answer.headers["set-cookie"]
    assert said.startswith("__Host-jorei-portal=")
    assert "Secure" in said
    assert "Domain" not in said


def test_without_a_session_there_is_nothing(client: httpx.Client, town: Town) -> None:
    use = town.used(town.mother)
    for path in ("", "records", f"records/{use.id}", f"records/{use.id}/proof", "requests", "requests/new", "notices"):
        answer = client.get(f"/portal/{path}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/portal/login")
        assert use.id not in answer.text
    for path in ("records", f"records/{use.id}", "notices", "requests"):
        answer = client.get(f"/portal/api/{path}")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "M0203"


def test_others_records_and_requests_are_not_found(client: httpx.Client, town: Town) -> None:
    use = town.used(town.neighbour)
    (provision,) = town.inquired(town.neighbour).records
    asked = town.portal.apply(town.log_in(town.neighbour), Kind.DISCLOSURE, Subject.INFORMATION, "税", "")
    log_in(client, town, town.mother)
    for path in (
        f"records/{use.id}",
        f"records/{use.id}/proof",
        f"records/{provision.id}",
        f"records/{provision.id}/proof",
        f"requests/{asked.id}",
        f"requests/new?record={provision.id}",
        f"api/records/{provision.id}",
        f"api/requests/{asked.id}",
    ):
        assert client.get(f"/portal/{path}").status_code == 404, path
    taken = client.post(f"/portal/requests/{asked.id}/withdraw", data={"token": token(client)})
    assert taken.status_code == 404
    assert town.portal.desk.standing(asked.id).state.open
    about = client.post("/portal/requests/new", data=application(client, subject="records", record=provision.id))
    assert about.status_code == 404
    assert "M0113" in about.text
    rests = application(client, kind="correction", reason="違う。", disclosure=asked.id)
    assert client.post("/portal/requests/new", data=rests).status_code == 303
    (standing,) = town.portal.requests(town.log_in(town.mother))
    assert standing.bars  # a disclosure of another opens nothing


@pytest.mark.parametrize(
    ("headers", "changed"),
    [
        ({}, {"token": ""}),
        ({}, {"token": "x"}),
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({"Sec-Fetch-Site": "same-site"}, {}),
        ({"Origin": "https://evil.example"}, {}),
        ({"Origin": "null"}, {}),
    ],
)
def test_forms_of_others_are_not_taken(
    client: httpx.Client, town: Town, headers: dict[str, str], changed: dict[str, str]
) -> None:
    log_in(client, town, town.mother)
    fields = application(client) | changed
    answer = client.post("/portal/requests/new", data=fields, headers=headers)
    assert answer.status_code == 403
    assert "M0204" in answer.text
    out = client.post("/portal/logout", data={"token": fields["token"]}, headers=headers)
    assert out.status_code == 403
    assert town.portal.requests(town.log_in(town.mother)) == ()
    assert client.get("/portal/").status_code == 200


def test_a_form_token_of_another_session_is_not_taken(client: httpx.Client, town: Town, url: str) -> None:
    log_in(client, town, town.mother)
    with httpx.Client(base_url=url) as other:
        log_in(other, town, town.neighbour)
        stolen = token(other)
    assert client.post("/portal/requests/new", data=application(client) | {"token": stolen}).status_code == 403


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"ticket=x", "application/json", 400),
        (b"ticket=" + b"x" * 40_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a%d=1" % i for i in range(50)), "application/x-www-form-urlencoded", 400),
        ("ticket=あ".encode(), "application/x-www-form-urlencoded", 400),
        (b"", "application/x-www-form-urlencoded", 403),
        (b"ticket=%FF%FE", "application/x-www-form-urlencoded", 400),
    ],
    ids=["json", "large", "many", "not ascii", "empty", "not utf-8"],
)
def test_forms_that_are_none(client: httpx.Client, content: bytes, kind: str, status: int) -> None:
    answer = client.post("/portal/login", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


def test_a_number_in_a_form_is_refused_without_an_echo(client: httpx.Client, town: Town) -> None:
    log_in(client, town, town.mother)
    digits = number(4)
    grouped = f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"
    for text in (digits, grouped, f"番号は {digits} です"):
        answer = client.post("/portal/requests/new", data=application(client, target=text))
        assert answer.status_code == 400
        assert "M0104" in answer.text
        assert digits not in answer.text
        assert grouped not in answer.text
    assert town.portal.requests(town.log_in(town.mother)) == ()


def test_a_request_is_handed_in_and_taken_back(client: httpx.Client, town: Town) -> None:
    log_in(client, town, town.mother)
    sent = client.post("/portal/requests/new", data=application(client))
    assert sent.status_code == 303
    page = client.get(sent.headers["location"]).text
    assert "2026年12月26日（土）までに決定します（あと30日）" in page
    assert "個人情報保護法第83条第1項" in page
    assert "A-RIGHTS-FIRST-DAY" in page
    taken = client.post(f"{sent.headers['location']}/withdraw", data={"token": token(client)})
    assert taken.status_code == 303
    assert "取り下げられました" in client.get(sent.headers["location"]).text
    for wrong in ({"kind": "x"}, {"subject": ""}, {"target": ""}, {"kind": "deletion"}):
        assert client.post("/portal/requests/new", data=application(client, **wrong)).status_code == 400


def test_json_says_the_same_and_its_proof_holds(client: httpx.Client, town: Town) -> None:
    town.used(town.mother)
    town.inquired(town.mother)
    log_in(client, town, town.mother)
    records = client.get("/portal/api/records").json()["records"]
    assert [one["sort"] for one in records] == ["inquired", "used"]
    for one in records:
        found = client.get(f"/portal/api/records/{one['id']}").json()
        proof = found["proof"]
        assert offline.check(proof["receipt"], proof["key"])["index"] == proof["index"]
        assert found["record"] == one
        assert proof["checkpoint"].split("\n")[2] == proof["root"]
    town.portal.apply(town.log_in(town.mother), Kind.DISCLOSURE, Subject.RECORDS, "すべて", "")
    (request,) = client.get("/portal/api/requests").json()["requests"]
    assert request["due"]["last"] == "2026-12-26"
    assert "person" not in request["application"]
    everything = client.get("/portal/api/records").text + client.get("/portal/api/requests").text
    assert town.mother not in everything


def test_no_page_shows_twelve_digits_or_a_handle(client: httpx.Client, town: Town) -> None:
    town.used(town.mother)
    town.inquired(town.mother)
    town.provided(town.mother)
    town.refused(town.mother)
    today = town.clock.now().date()
    town.portal.post(COUNTER, Notice(section="市民課", title="題", body="本文", first=today, person=town.mother))
    asked = town.portal.apply(town.log_in(town.mother), Kind.DISCLOSURE, Subject.INFORMATION, "税", "")
    town.portal.desk.decide(COUNTER, asked.id, Outcome.GRANTED)
    log_in(client, town, town.mother)
    paths, seen = ["/portal/"], set()
    while paths:
        path = paths.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        if path.endswith(("/proof", ".py", ".css", ".svg")):
            continue
        for line in answer.text.splitlines():
            assert not twelve_digits(line), path
        plain = re.sub(r"\s", "", re.sub(r"<[^>]+>", "", answer.text))
        assert not re.search(r"(?<!\d)\d{12}(?!\d)", plain), path
        for handle in (town.mother, town.child, town.neighbour):
            assert handle not in answer.text, path
        paths += [found.partition("#")[0] for found in re.findall(r'href="(/portal/[^"]*)"', answer.text)]
    assert len(seen) > 15


def test_a_page_masks_what_came_in_some_other_way(client: httpx.Client, town: Town) -> None:
    """The last line: a name of a section that somehow holds digits."""
    from sqlalchemy import insert

    from linkage.portal import tables

    digits = number(8)
    row = {
        "id": "no_x",
        "section": "市民課",
        "title": f"番号 {digits}",
        "body": digits,
        "person": None,
        "posted_ms": 1,
        "first": "2026-01-01",
        "last": None,
        "evaluation": "op_x",
    }
    with town.database.begin() as connection:
        connection.execute(insert(tables.notice), [row])
    log_in(client, town, town.mother)
    text = client.get("/portal/notices").text
    assert digits not in text
    assert "番号 ************" in text


def test_what_is_not_there_and_what_cannot_be_read(client: httpx.Client, town: Town) -> None:
    log_in(client, town, town.mother)
    for path, status, code in (
        ("x", 404, "M0205"),
        ("records/x/y", 404, "M0205"),
        ("records?before=abc", 400, "M0208"),
        ("records?before=-1", 400, "M0208"),
        ("records?before=99999999999999999999", 400, "M0208"),
        (f"records?before={2**52}", 400, "M0208"),
        (f"records?before={2**47}", 200, "利用と提供の記録"),
        ("api/x", 404, "M0205"),
    ):
        answer = client.get(f"/portal/{path}")
        assert (answer.status_code, code in answer.text) == (status, True), path
        assert "abc" not in answer.text
        assert "content-security-policy" in answer.headers
    # a moment before everything
    assert "記録はありません。" in client.get("/portal/records?before=0").text


def test_older_entries_are_reached_by_the_link(client: httpx.Client, town: Town) -> None:
    made = [town.inquired(town.mother, serial=f"tx_{place}").records[0].id for place in range(60)]
    log_in(client, town, town.mother)
    found: list[str] = []
    path: str | None = "/portal/records"
    while path:
        text = client.get(path).text
        found += re.findall(r'<h3><a href="/portal/records/(pr_\w+)"', text)
        link = re.search(r'rel="next" href="([^"]+)"', text)
        path = link.group(1) if link else None
    assert found == made[::-1]
