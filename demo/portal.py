"""The mother at home: logs in to My Portal, reads her records, and checks their proofs with the offline program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from demo.telling import Teller
    from demo.town import City

_SHOWN = 12


def at_home(t: Teller, city: City, person: str, folder: Path) -> None:
    """Log in with a ticket of the counter, read, download, check."""
    client = city.client("juki")
    ticket = client.call("POST", "/v1/linkage/portal/tickets", {"person": person}).json()["ticket"]
    t.say("窓口で本人確認をして受けたログイン券（一度だけ、10分間）を使う。国の電子証明書の代わりの模擬である。")
    with httpx.Client(base_url=city.url, trust_env=False, timeout=20) as browser:
        login = browser.post("/portal/login", data={"ticket": ticket})
        t.claim(login.status_code == 303, "ログインした")
        records = all_of(browser)
        for one in records[:_SHOWN]:
            t.say(f"・{one['headline']}")
        shown = " ".join(one["headline"] for one in records)
        t.claim(
            len(records) >= 6, f"{len(records)}件の記録がある。だれが、いつ、何を、どの条文で行ったかが示されている"
        )
        t.claim("青嶺市長" in str(records), "青嶺市への照会も、その答えも載っている")
        t.claim("教育委員会" in shown or "教育委員会" in str(records), "教育委員会への提供も載っている")
        proofs = downloaded(browser, records, folder)
        key = key_of(browser)
        program = folder / "offline.py"
        program.write_text(browser.get("/portal/verify/offline.py").text, "utf-8")
    t.step("母は、通信を切って、控えを Python だけの検証プログラムで確かめる。")
    for proof in proofs:
        done = checked(program, proof, key)
        if done.returncode:
            t.say(done.stdout + done.stderr)
        t.claim(done.returncode == 0, f"{proof.name}: 記録に含まれている") if proof is proofs[0] else None
        if done.returncode:
            t.claim(False, f"{proof.name} は正しい")
    t.claim(True, f"{len(proofs)}件すべての控えが正しい")
    forged = folder / "forged.tlog-proof"
    lines = proofs[0].read_text().splitlines(keepends=True)
    lines[1] = lines[1][:-12] + ("A" if lines[1][-12] != "A" else "B") + lines[1][-11:]
    forged.write_text("".join(lines))
    t.claim(checked(program, forged, key).returncode == 1, "1文字でも書き換えた控えは、正しくないと分かる")


def all_of(browser: httpx.Client) -> list[dict[str, Any]]:
    """Every record, page by page."""
    found: list[dict[str, Any]] = []
    before: int | None = None
    while True:
        answer = browser.get("/portal/api/records", params={} if before is None else {"before": before})
        answer.raise_for_status()
        page = answer.json()
        found += page["records"]
        before = page["next"]
        if before is None:
            return found


def downloaded(browser: httpx.Client, records: list[dict[str, Any]], folder: Path) -> list[Path]:
    """The proof of each record, as a file."""
    made = []
    for one in records:
        answer = browser.get(f"/portal/records/{one['id']}/proof")
        answer.raise_for_status()
        file = folder / f"{one['id']}.tlog-proof"
        file.write_text(answer.text, "utf-8")
        made.append(file)
    return made


def key_of(browser: httpx.Client) -> str:
    """The public key of the log, as the city publishes it on the page."""
    import html
    import re

    text = browser.get("/portal/verify").text
    found = re.search(r">\s*([^<>\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+)\s*<", html.unescape(text))
    if found is None:
        raise RuntimeError("公開鍵のページに鍵がない")
    return found.group(1)


def checked(program: Path, proof: Path, key: str) -> subprocess.CompletedProcess[str]:
    """The offline program, on its own."""
    command = [sys.executable, "-I", str(program), str(proof), key]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
