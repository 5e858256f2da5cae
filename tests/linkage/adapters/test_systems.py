"""The four example systems against a real service, and the routes of the layer without credential, permit or order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.processes import ROOT, jorei
from demo.town import City
from dsl.masking import twelve_digits
from linkage.adapters.example import ARRIVALS
from linkage.adapters.juki import Juki
from linkage.adapters.kit import Kit, Office
from linkage.adapters.payroll import Payroll
from linkage.adapters.refusals import Denied, Refused
from linkage.adapters.synthetic import residents
from linkage.adapters.tax import Tax
from linkage.adapters.welfare import Welfare
from linkage.addressee.number import check_digit
from linkage.addressee.sealing import Ephemeral

PEOPLE = list(residents(6, seed=7, first=100))


def run(city: City, module: str, client: str, handler: str, agency: str = "市長") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"linkage.adapters.{module}", "--url", city.url, "--key", city.keys[client]]
    command += ["--municipality", "石巻市", "--handler", handler, "--agency", agency]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("module", "client", "handler", "said"),
    [
        ("juki", "juki", "hd-shimin", ": ad_"),
        ("tax", "tax", "hd-shimin", ": "),
        ("welfare", "fukushi", "hd-nenkin", "所得課税証明書: 提出が必要（まだ情報が届いていない）"),
        ("payroll", "jinji", "hd-jinji", "源泉徴収票　支払金額 3,200,000円　個人番号 ＊＊＊＊"),
    ],
)
def test_each_system_runs(city: City, module: str, client: str, handler: str, said: str) -> None:
    done = run(city, module, client, handler)
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout
    assert len(done.stdout.splitlines()) >= 3
    assert not twelve_digits(done.stdout)


def test_a_system_says_why_not(city: City) -> None:
    done = run(city, "juki", "tosho", "hd-shimin", agency="教育委員会")  # no affair of the board
    assert done.returncode == 1
    assert done.stderr.startswith("認められません（判定 ev_")
    assert "根拠: " in done.stderr or "規定がありません" in done.stderr
    done = run(city, "juki", "juki", "hd-new")
    assert (done.returncode, done.stderr.splitlines()[0][:5]) == (1, "G0715")
    assert "番号法29条の2" in done.stderr


def test_a_person_is_one_however_they_come(city: City) -> None:
    juki, tax = city.system(Juki, "juki", handler="hd-shimin"), city.system(Tax, "tax", handler="hd-shimin")
    person = PEOPLE[0]
    assert tax.taxpayer(lambda: person.number) is None
    made = juki.move_in(person.local, person.basic, lambda: person.number)
    found = tax.taxpayer(lambda: person.number)
    assert found is not None
    assert (made.new, found.handle, found.current) == (True, made.handle, True)
    assert juki.kit.basic(juki.office, made.handle).birth == person.basic.birth
    assert juki.kit.find(juki.office, person.basic.name, person.basic.birth) == (made.handle,)
    tax.kit.map_local(tax.office, made.handle, "500")
    assert tax.kit.number(tax.office, "500", person.basic, lambda: person.number).handle == made.handle


def test_a_batch_is_one_permit(city: City) -> None:
    juki = city.system(Juki, "juki", handler="hd-shimin")
    made = juki.kit.load(juki.office, [one.row() for one in PEOPLE[1:4]])
    assert [one.new for one in made] == [True, True, True]
    assert [one.new for one in juki.kit.load(juki.office, [one.row() for one in PEOPLE[1:4]])] == [False] * 3


def test_the_number_is_shown_to_the_one_who_asked_and_kept_nowhere(city: City) -> None:
    payroll = city.system(Payroll, "jinji", handler="hd-jinji")
    person = PEOPLE[4]
    made = payroll.employ(person.local, person.basic, lambda: person.number)
    assert payroll.kit.show(payroll.office, made.handle, lambda number: number == person.number) is True
    assert person.number not in payroll.statement(made.handle, 5)
    for path, content in city.bytes_kept():
        assert person.number.encode() not in content, path


def test_an_unlawful_search_never_asks_for_the_number(city: City) -> None:
    library = city.system(Juki, "tosho", handler="hd-shimin", agency="教育委員会")
    asked: list[str] = []
    with pytest.raises(Denied):
        library.kit.search(library.office_of("library-card"), lambda: asked.append("x") or PEOPLE[0].number)
    assert asked == []


def test_another_system_s_local_number_is_refused(city: City) -> None:
    juki = city.system(Juki, "juki", handler="hd-shimin")
    foreign = Kit(juki.kit.client, "tax", juki.today)
    with pytest.raises(Refused, match="G0905"):
        foreign.number(juki.office, "1", PEOPLE[5].basic, None)


def test_a_permit_is_good_once_and_for_its_handle(city: City) -> None:
    juki = city.system(Juki, "juki", handler="hd-shimin")
    person = PEOPLE[5]
    handle = juki.move_in(person.local, person.basic, lambda: person.number).handle
    office: Office = juki.office
    permitted = juki.kit.client.permit(office.request("use", juki.today()), "addressee.basic", "addressee", (handle,))
    body = {"handle": handle, "key": Ephemeral().public, "handler": "hd-shimin"}
    other = {**body, "handle": "ad_" + "b" * 26}
    path = "/v1/linkage/addressees/basic"
    with pytest.raises(Refused, match=r"G0601 .*P03"):
        juki.kit.client.call("POST", path, other, permit=permitted.token)
    juki.kit.client.call("POST", path, body, permit=permitted.token)
    with pytest.raises(Refused, match="P0318"):
        juki.kit.client.call("POST", path, body, permit=permitted.token)


def test_welfare_drops_what_came(city: City) -> None:
    welfare = city.system(Welfare, "fukushi", handler="hd-nenkin")
    words = {"holder": "市長", "information": ["地方税関係情報"], "facts": {"resident": True}}
    case = welfare.apply("ad_" + "a" * 26, welfare.office_of("child-medical", procedure="1"), "transfer", words)
    assert "所得課税証明書" in case.checklist.to_bring
    asked = {
        "handle": "ad_" + "a" * 26,
        "requester": "9900000000042101",
        "holder": "9900000000042101",
        "affair": "JM99000000000001",
        "procedure": "JT99010000000001",
        "information": "TM99000000000001",
        "items": ["TK99010000000001"],
        "section": "保険年金課",
    }
    with pytest.raises(Refused, match="G0922"):  # nobody has copies of this person
        welfare.within(case, asked, "市長", "地方税関係情報")
    assert "所得課税証明書" in case.checklist.to_bring
    with pytest.raises(Refused, match="G0921"):  # a permit for one information, another asked for
        welfare.within(case, {**asked, "information": "TM99000000000002"}, "市長", "地方税関係情報")


def test_welfare_keeps_the_application_in_its_file(city: City) -> None:
    juki = city.system(Juki, "juki", handler="hd-shimin")
    welfare = city.system(Welfare, "fukushi", handler="hd-nenkin")
    person = PEOPLE[5]
    handle = juki.move_in(person.local, person.basic, lambda: person.number).handle
    whose = {"agency": "市長", "affair": "child-medical", "name": "受給者ファイル", "persons": 10, "staff": 3}
    file = city.order("files", whose)["id"]
    office = welfare.office_of("child-medical", procedure="1")
    words = {"holder": "市長", "information": ["地方税関係情報"], "facts": {"resident": True}}
    case = welfare.apply(handle, office, "transfer", words)
    with pytest.raises(Refused, match="G0934"):
        welfare.record(case, file, {"種類": "認定"})
    welfare.kit.create_file(office, file)
    made = welfare.record(case, file, {"種類": "認定"})
    again = welfare.kit.write_record(office, file, handle, {"種類": "ひみつの変更"}, record=made.record, after=1)
    assert [one.fields for one in welfare.kit.records(office, handle)] == [{"種類": "ひみつの変更"}]
    assert [one.version for one in welfare.kit.records(office, handle, versions=True)] == [1, again.version]
    with pytest.raises(Refused, match="G0938"):
        welfare.kit.write_record(office, file, handle, {"種類": "ひみつの変更"}, record=made.record, after=1)
    with pytest.raises(Refused, match="G0936"):
        welfare.record(case, file, {"番号": person.number})
    answer = post(city, f"files/{file}/closing", "kanri")
    assert (answer.status_code, answer.json()["code"]) == (409, "G0939")
    assert post(city, f"files/{file}/closing", "fukushi").status_code == 403
    empty = city.order("files", whose)["id"]
    welfare.kit.create_file(office, empty)
    assert post(city, f"files/{empty}/closing", "kanri").status_code == 204
    for path, content in city.bytes_kept():
        assert "ひみつの変更".encode() not in content, path


ACTS = [
    "addressees/numbering",
    "addressees/batches",
    "addressees/mappings",
    "addressees/search",
    "addressees/find",
    "addressees/show",
    "addressees/basic",
    "addressees/change",
    "addressees/correction",
    "addressees/amendment",
    "addressees/merger",
    "files",
    "files/records",
    "files/records/search",
    "transfers",
    "cards/applications",
    "cards/applications/ap_a/uses",
    "codes",
    "copies",
    "copies/withdrawal",
    "nondisclosure",
    "inquiries",
    "inquiries/rq_a/answer",
    "pending/tx_a/answer",
]
ORDERS = [
    "registers/handlers",
    "registers/duties",
    "registers/handlers/hd-a/assignments",
    "registers/handlers/hd-a/trainings",
    "registers/handlers/hd-a/revocation",
    "registers/files",
    "files/pf_a/closing",
    "registers/assessments",
    "registers/assessments/pa_a/submission",
    "registers/assessments/pa_a/publication",
    "registers/assessments/pa_a/withdrawal",
    "portal/tickets",
    "portal/notices",
    "rights/requests",
    "rights/requests/rq_a/decision",
    "rights/requests/rq_a/execution",
    "cards",
    "cards/cd_a/steps",
    "acquisitions",
]


def post(city: City, path: str, key: str | None, body: Any = None) -> httpx.Response:
    headers = {} if key is None else {"authorization": f"Bearer {city.keys[key]}"}
    return httpx.post(f"{city.url}/v1/linkage/{path}", json=body or {}, headers=headers, trust_env=False)


@pytest.mark.parametrize("path", [*ACTS, *ORDERS])
def test_nobody_gets_in_without_a_credential(city: City, path: str) -> None:
    answer = post(city, path, None)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_list_of_routes_is_whole(city: City) -> None:
    paths = httpx.get(f"{city.url}/openapi.json", trust_env=False).json()["paths"]
    ours = {
        path.removeprefix("/v1/linkage/")
        for path, how in paths.items()
        if path.startswith("/v1/linkage/") and "post" in how
    }
    concrete = {
        "hd-a": "{id_}",
        "pa_a": "{id_}",
        "cd_a": "{case}",
        "ap_a": "{application}",
        "pf_a": "{file}",
        "tx_a": "{number}",
    }
    walked = set()
    for path in (*ACTS, *ORDERS):
        one = path.replace("rq_a", "{record_id}" if path.startswith("inquiries") else "{id_}")
        for value, name in concrete.items():
            one = one.replace(value, name)
        walked.add(one)
    assert ours == walked


@pytest.mark.parametrize("path", ["registers/handlers", "registers/files"])
def test_a_business_system_orders_nothing(city: City, path: str) -> None:
    assert post(city, path, "juki").status_code == 403


def test_an_administrator_acts_on_nobody(city: City) -> None:
    assert post(city, "addressees/search", "kanri", {"sealed": "x"}).status_code == 403


def test_forms_are_read_with_care(city: City) -> None:
    for body in ({"sealed": 5}, {"sealed": "x", "more": 1}, {}):
        answer = post(city, "addressees/search", "juki", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "G0903")
    answer = post(city, "addressees/search", "juki", {"sealed": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "G0902")


def test_what_was_done_stands_in_a_log_that_verifies_and_replays(city: City) -> None:
    for command in (("log", "verify"), ("replay", "--log")):
        done = jorei(*command, "--home", str(city.home))
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_arrivals_do_not_exist_and_have_right_check_digits() -> None:
    for one in ARRIVALS():
        assert int(one.number[11]) == check_digit(one.number[:11])
        assert one.number not in repr(one)
    assert [one.number for one in residents(3, seed=1)] == [one.number for one in residents(3, seed=1)]
    assert [one.number for one in residents(3, seed=1)] != [one.number for one in residents(3, seed=2)]
    assert len({one.number for one in residents(2_000, seed=3)}) == 2_000


def test_no_number_stands_in_the_sources() -> None:
    for folder in ("linkage/adapters", "demo", "tests/linkage/adapters", "tests/demo"):
        for file in Path(ROOT, folder).rglob("*.py"):
            assert not twelve_digits(file.read_text("utf-8").replace("_", " ")), file
