"""The pages in a real browser: the mother logs in, looks, saves a proof and checks it; others and strangers do not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.decision_log.receipt import OFFLINE
from linkage.portal.logins import Bearer
from linkage.portal.notices import Notice
from linkage.rights.values import By, Outcome
from tests.linkage.portal.town import COUNTER, Town

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context(base_url=url, locale="ja-JP", viewport={"width": 1100, "height": 800})
    made = context.new_page()
    broken: list[str] = []
    made.on("console", lambda message: broken.append(message.text) if "Content Security" in message.text else None)
    made.on("pageerror", lambda error: broken.append(str(error)))
    made.on("dialog", lambda dialog: (broken.append("dialog"), dialog.dismiss()))
    yield made
    context.close()
    assert broken == []


def log_in(page: Page, town: Town, person: str, **more: str) -> None:
    page.goto("/portal/login")
    page.get_by_label("ログイン券の文字").fill(town.portal.ticket(COUNTER, Bearer(person, **more)))  # type: ignore[arg-type]
    page.get_by_role("button", name="ログインする").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("あなたの情報の記録")


def test_the_mother_checks_a_record_herself(page: Page, town: Town, tmp_path: Path) -> None:
    town.used(town.mother)
    (record,) = town.inquired(town.mother).records
    page.goto("/portal/login")
    expect(page.get_by_text("このログインは模擬です")).to_be_visible()
    log_in(page, town, town.mother)
    page.get_by_role("link", name="利用と提供の記録").click()
    page.get_by_role("link", name="石巻市長が青嶺市長に「地方税関係情報、合計所得金額」を照会しました").click()
    expect(page.locator("dl.facts")).to_contain_text("子ども医療費の助成に関する事務")
    expect(page.locator("dl.facts")).to_contain_text("番号法第19条第9号")
    with page.expect_download() as download:
        page.get_by_role("link", name="証明を保存する").click()
    assert download.value.suggested_filename == f"{record.id}.tlog-proof"
    receipt = tmp_path / "receipt.tlog-proof"
    download.value.save_as(receipt)
    page.get_by_role("link", name="確かめ方を見る").click()
    key = page.locator("pre.key").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="確かめるプログラム").click()
    program = tmp_path / "offline.py"
    download.value.save_as(program)
    assert program.read_bytes() == OFFLINE.read_bytes()
    ran = subprocess.run([sys.executable, "-I", program, receipt, key], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert record.id in ran.stdout
    receipt.write_text(receipt.read_text("utf-8").replace("index ", "index 1", 1), "utf-8")
    ran = subprocess.run([sys.executable, "-I", program, receipt, key], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    command = [sys.executable, "-m", "api.cli", "log", "check", receipt, "--key", key]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_anothers_record_is_not_found(page: Page, town: Town) -> None:
    use = town.used(town.neighbour)
    log_in(page, town, town.mother)
    expect(page.get_by_text("まだ記録はありません。")).to_be_visible()
    answer = page.goto(f"/portal/records/{use.id}")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("alert")).to_contain_text("お探しのものは見つかりません。")


def test_a_session_that_ended_leads_back_to_the_log_in(page: Page, town: Town) -> None:
    log_in(page, town, town.mother)
    town.clock.advance(timedelta(minutes=16))
    page.get_by_role("link", name="お知らせ").click()
    expect(page.get_by_role("alert")).to_contain_text("時間が過ぎたため、ログアウトしました。")
    assert page.context.cookies() == []


def test_log_out(page: Page, town: Town) -> None:
    log_in(page, town, town.mother)
    kept = page.context.cookies()
    assert [(one["httpOnly"], one["sameSite"]) for one in kept] == [(True, "Strict")]
    page.get_by_role("button", name="ログアウト").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ログアウトしました")
    page.context.add_cookies(kept)  # whoever copied it
    page.goto("/portal/records")
    assert page.url.startswith(page.url.partition("/portal")[0] + "/portal/login")


def test_a_request_from_the_record_to_the_decision(page: Page, town: Town) -> None:
    (record,) = town.inquired(town.mother).records
    log_in(page, town, town.mother)
    page.goto(f"/portal/records/{record.id}")
    page.get_by_role("link", name="この記録について請求する").click()
    expect(page.get_by_role("radio", name=re.compile("^情報提供等の記録"))).to_be_checked()
    page.get_by_role("radio", name=re.compile("^消去")).check()
    page.get_by_label("趣旨及び理由").fill("消してほしい。")
    page.get_by_role("button", name="請求を送る").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("情報提供等の記録の消去の請求")
    expect(page.locator(".caution")).to_contain_text("番号法第31条第1項")
    request = page.url.rpartition("/")[2]
    town.portal.desk.decide(COUNTER, request, Outcome.REFUSED, "記録には適用がありません。", "番号法第31条第1項")
    page.reload()
    expect(page.locator(".decision")).to_contain_text("決定: 応じない")
    expect(page.get_by_role("button", name="取り下げる")).to_have_count(0)


def test_a_form_whose_token_was_changed_is_not_taken(page: Page, town: Town) -> None:
    log_in(page, town, town.mother)
    page.goto("/portal/requests/new")
    page.locator("form.apply input[name=token]").evaluate("field => field.value = 'x'")
    page.get_by_label("対象", exact=True).fill("税")
    page.get_by_role("button", name="請求を送る").click()
    expect(page.get_by_role("alert")).to_contain_text("M0204")
    assert town.portal.requests(town.log_in(town.mother)) == ()


@pytest.mark.parametrize(
    "attack",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "</textarea><svg onload=alert(1)>"],
)
def test_what_people_write_stays_text(page: Page, town: Town, attack: str) -> None:
    today = town.clock.now().date()
    town.portal.post(COUNTER, Notice(section=attack, title=attack, body=attack, first=today))
    log_in(page, town, town.mother, by=By.VOLUNTARY, representative=attack, authority="委任状")
    page.goto("/portal/notices")
    expect(page.locator(".letter h3")).to_have_text(attack)
    expect(page.locator(".behalf")).to_contain_text(attack)
    page.goto("/portal/requests/new")
    page.get_by_role("radio", name=re.compile("^訂正")).check()
    page.get_by_label("対象", exact=True).fill(attack)
    page.get_by_role("button", name="請求を送る").click()
    expect(page.get_by_label("対象", exact=True)).to_have_value(attack)  # the reason is missing: shown again
    page.get_by_label("趣旨及び理由").fill(attack)
    page.get_by_role("button", name="請求を送る").click()
    expect(page.locator("dl.facts dd").first).to_have_text(attack)
    assert page.locator("main script, main img, main svg").count() == 0


def test_a_representative_is_named_on_every_page(page: Page, town: Town) -> None:
    log_in(page, town, town.child, by=By.STATUTORY, representative="石巻 花子", authority="戸籍謄本")
    for path in ("", "records", "requests", "notices", "verify"):
        page.goto(f"/portal/{path}")
        expect(page.locator(".behalf")).to_have_text("法定代理人の石巻 花子さんとして、ご本人の記録を見ています。")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_runs_over_the_edge(page: Page, town: Town, width: int) -> None:
    (record,) = town.inquired(town.mother).records
    town.refused(town.mother)
    page.set_viewport_size({"width": width, "height": 800})
    log_in(page, town, town.mother)
    for path in ("", "records", f"records/{record.id}", "requests/new", "notices", "verify"):
        page.goto(f"/portal/{path}")
        for summary in page.locator("summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_keyboard_alone_is_enough(page: Page, town: Town) -> None:
    town.used(town.mother)
    page.goto("/portal/login")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="本文へ")).to_be_focused()
    page.get_by_label("ログイン券の文字").focus()
    page.keyboard.insert_text(town.portal.ticket(COUNTER, Bearer(town.mother)))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("あなたの情報の記録")
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim()"))
    assert {"ログアウト", "利用と提供の記録", "すべての記録を見る"} <= reached


def test_controls_have_names_and_headings_are_in_order(page: Page, town: Town) -> None:
    (record,) = town.inquired(town.mother).records
    log_in(page, town, town.mother)
    for path in ("", "records", f"records/{record.id}", "requests", "requests/new", "notices", "verify"):
        page.goto(f"/portal/{path}")
        unnamed = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]), textarea, select')]"
            ".filter(one => !one.labels.length).length"
        )
        assert unnamed == 0, path
        levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(one => +one.tagName[1])")
        assert levels[0] == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), path
        assert page.locator("main").count() == page.locator("nav[aria-label='主な画面']").count() == 1


def test_colours_contrast_enough(page: Page, town: Town) -> None:
    (record,) = town.inquired(town.mother).records
    town.refused(town.mother)
    town.provided(town.mother)
    town.used(town.mother)
    log_in(page, town, town.mother)
    for path in ("", f"records/{record.id}", "requests/new", "verify"):
        page.goto(f"/portal/{path}")
        assert page.evaluate(CONTRAST) == [], path


#: Texts whose contrast with what is behind them is below 4.5 (WCAG 2.1 AA).
CONTRAST = """() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(one => one / 255)
    .map(one => one <= .03928 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4)
    .reduce((sum, one, place) => sum + one * [.2126, .7152, .0722][place], 0);
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parts(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')].filter(one => one.offsetParent
      && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(one => {
      const [a, b] = [light(parts(getComputedStyle(one).color)), light(behind(one))];
      return [one.textContent.trim().slice(0, 20), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)];
    }).filter(([, ratio]) => ratio < 4.5);
}"""


def test_printed_the_controls_are_left_out(page: Page, town: Town) -> None:
    (record,) = town.inquired(town.mother).records
    log_in(page, town, town.mother)
    page.goto(f"/portal/records/{record.id}")
    page.emulate_media(media="print")
    expect(page.locator("nav").first).to_be_hidden()
    expect(page.get_by_role("button", name="ログアウト")).to_be_hidden()
    expect(page.locator("dl.facts")).to_be_visible()
    assert page.pdf().startswith(b"%PDF")
