"""`python -m demo.service`: the service on its embedded database, three questions with curl, a permit, the log verified."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date
from typing import Any

import httpx

from api.clock import SystemClock, today
from demo.processes import JOREI, Process, free_port, jorei, stage
from demo.telling import Teller, fail

CALLER = "fukushi"
ACT = {"name": "record.search", "target": "record", "handles": ["ad_example"]}


class Counter:
    """Who asks: with curl where the machine has it."""

    def __init__(self, teller: Teller, url: str, key: str) -> None:
        self._teller, self._url, self._key = teller, url, key
        self._curl = shutil.which("curl")

    def ask(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        """Ask, and show how it was asked; the answer."""
        text = json.dumps(body, ensure_ascii=False)
        print(f'\n   $ curl -s {self._url}{path} -H "Authorization: Bearer $KEY" \\', flush=True)
        for name, value in headers.items():
            print(f"       -H '{name.replace('_', '-')}: {value}' \\", flush=True)
        print(f"       -d '{_short(text)}'", flush=True)
        sent = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self._curl is None:
            sent["authorization"] = f"Bearer {self._key}"
            return httpx.post(self._url + path, content=text.encode(), headers=sent, trust_env=False).json()
        # the key goes by standard input, where no list of processes shows it
        command = [self._curl, "-s", "--max-time", "30", "--noproxy", "*", "-K", "-", self._url + path, "-d", text]
        for name, value in sent.items():
            command += ["-H", f"{name}: {value}"]
        secret = f'header = "Authorization: Bearer {self._key}"\n'
        done = subprocess.run(command, input=secret, capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)


def _short(text: str) -> str:
    return text if len(text) < 400 else text[:120] + "…" + text[-40:]


def main() -> None:
    """Show it."""
    teller = Teller()
    with stage() as made:
        home, port = str(made.folder / "home"), free_port()
        teller.title("判断のサービス: 起動し、尋ね、許可証を引き換え、記録を検証する")
        teller.step("呼び出し元（福祉システム）を登録し、サービスを始める。データベースは組み込みの SQLite。")
        key = registered(home)
        process = made.start("サービス", [*JOREI, "serve", "--home", home, "--files", "--port", str(port)], port)
        process.wait()
        teller.claim(True, f"サービスが答えている（{process.url}）")
        counter = Counter(teller, process.url, key)
        questions(teller, counter, today(SystemClock()))
        redeemed(teller, counter, today(SystemClock()))
        stopped(teller, process, home)


def registered(home: str) -> str:
    """The caller's API key."""
    scopes = ("jorei:decision:evaluate", "jorei:decision:read", "jorei:permit:issue")
    arguments = ["callers", "add", CALLER, "--home", home, "--name", "福祉システム", "--role", "system"]
    arguments += ["--system", CALLER, "--body", "042021", "--municipality", "石巻市", "--agency", "市長"]
    arguments += ["--also", "教育委員会", "--section", "保険年金課", "--json"]
    for scope in scopes:
        arguments += ["--scope", scope]
    done = jorei(*arguments)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return str(json.loads(done.stdout)["value"])


def questions(teller: Teller, counter: Counter, on: date) -> None:
    """Three questions: a yes, a no with its article, and papers."""
    who = {"municipality": "石巻市", "agency": "市長", "affair": "child-medical", "procedure": 1, "on": on.isoformat()}
    teller.step("問い一: 子ども医療費の助成の事務に、個人番号を利用してよいか。")
    answer = counter.ask("/v1/decisions", {"action": "use", **who})
    teller.say(f"→ {_said(answer)}")
    teller.claim(
        answer["decision"]["lawful"] and _bases(answer)[0] == "石巻市番号利用条例第3条第1項", "適法。根拠は条例"
    )

    teller.step("問い二: 転入してきた人の税の情報を、市民税課から庁内で受けてよいか。")
    asked = {"action": "transfer", **who, "holder": "市長", "information": ["地方税関係情報"]}
    answer = counter.ask("/v1/decisions", {**asked, "facts": {"resident": False}})
    teller.say(f"→ {_said(answer)}")
    article = answer["decision"]["items"][0]["unmet"][0]["basis"]["label"]
    good = not answer["decision"]["lawful"] and article == "石巻市番号利用条例第3条第2項"
    teller.claim(good, f"認められない。根拠は{article}（ただし書）")

    teller.step("問い三: 市に住んでいた人なら、どの書類を省けるか。")
    answer = counter.ask("/v1/attachments", {**asked, "facts": {"resident": True}})
    for one in answer["attachments"]:
        teller.paper(one["name"], "省ける" if one["droppable"] == "yes" else "要る", one["reasons"][0])
    teller.claim(all(one["droppable"] == "yes" for one in answer["attachments"]), "4つの書類をすべて省ける")


def redeemed(teller: Teller, counter: Counter, on: date) -> None:
    """A permit, used once."""
    teller.step("許可証を受け、一度だけ引き換える。")
    request = {"action": "use", "municipality": "石巻市", "agency": "市長", "affair": "child-medical"}
    answer = counter.ask("/v1/permits", {"request": {**request, "on": on.isoformat()}, "act": ACT})
    permit = answer["permit"]
    teller.say(f"→ 許可証 {permit['jti']}（{permit['expires_at'][11:19]}まで、この行為に一度だけ）")
    body = {"permit": permit["token"], "act": ACT}
    first = counter.ask("/v1/permits/redeem", body, Idempotency_Key="demo-act-one")
    teller.claim(first.get("jti") == permit["jti"] and not first["again"], "引き換えた")
    second = counter.ask("/v1/permits/redeem", body, Idempotency_Key="demo-act-two")
    teller.say(f"→ {second.get('detail', '')}")
    teller.claim(second.get("status", 200) >= 400, "同じ許可証を別の行為に使おうとすると、拒まれる")


def stopped(teller: Teller, process: Process, home: str) -> None:
    """Stop in order, and verify the log."""
    teller.step("サービスを終え、記録を初めから検証する。")
    teller.claim(process.stop() == 0, "受けた要求に答え終え、記録に封をして終わった")
    print(f"\n   $ jorei log verify --home {home}", flush=True)
    done = jorei("log", "verify", "--home", home)
    teller.say(*done.stdout.strip().splitlines())
    teller.claim(done.returncode == 0, "記録に改ざん、欠落、入替えがない")


def _said(answer: Any) -> str:
    decision = answer["decision"]
    if decision["lawful"]:
        return f"適法である（判定 {answer['id']}）。根拠: {'、'.join(_bases(answer)[:4])} など"
    return f"認められない（判定 {answer['id']}）。{decision['items'][0]['unmet'][0]['text']}"


def _bases(answer: Any) -> list[str]:
    return [basis["label"] for item in answer["decision"]["items"] for basis in item["basis"]]


if __name__ == "__main__":
    try:
        main()
    except Exception as trouble:  # whatever it is, the demonstration did not show what it claims
        fail(trouble)
