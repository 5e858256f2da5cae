"""`jorei ruleset`: a rule set of the service drafted, checked, replayed, approved, published, and taken back."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from api.cli.common import FINDINGS, FINE, AsJson, Ordinances, Rules, echo_json, load_project, wrong_call
from api.cli.japanese import JapaneseCommand, JapaneseGroup

if TYPE_CHECKING:
    from api.rulesets.aside import Examiner
    from api.rulesets.drafts import Draft
    from api.rulesets.lifecycle import Lifecycle
    from api.rulesets.people import Person
    from api.rulesets.release import Release
    from api.rulesets.shelf import Shelved

_CREDENTIAL = "JOREI_CREDENTIAL"
_T = TypeVar("_T")

Home = Annotated[
    Path, typer.Option("--home", metavar="フォルダ", help="サービスの設置フォルダ（データベース、鍵、公開がある）")
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="データベース（省略すると、設置フォルダの jorei.db）"),
]
As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="名",
        help=f"行う人。呼び出し元の登録があれば client_id で、その API キーを環境変数 {_CREDENTIAL} に入れる。なければ担当者の名",
    ),
]
DraftId = Annotated[str, typer.Argument(metavar="案", help="案の番号（rd_…）")]
Which = Annotated[str, typer.Argument(metavar="規則集", help="公開の名か、規則集の符号（初めの8字以上）")]
Note = Annotated[str | None, typer.Option("--note", metavar="文", help="覚え書き（200字まで）")]
ReasonOption = Annotated[str | None, typer.Option("--reason", metavar="文", help="理由（200字まで）")]
FromDay = Annotated[
    str | None, typer.Option("--from", metavar="日", help="その日の0時から（2027-04-01 の形。省略すると、すぐに）")
]

ruleset = typer.Typer(
    cls=JapaneseGroup, no_args_is_help=True, help="サービスの規則集を、案から検査・承認を経て公開し、元に戻す"
)


@ruleset.command("draft", cls=JapaneseCommand)
def draft(
    home: Home,
    who: As,
    rules: Rules = None,
    ordinances: Ordinances = None,
    onto: Annotated[
        str | None, typer.Option("--edit", metavar="案", help="新しい案を作らず、この案の文書を改める")
    ] = None,
    note: Note = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """今の文書（事例も）から、公開の案を作る

    `--edit` で改めた案は、検査からやり直しになります。
    """
    from api.rulesets.contents import of_project

    if onto is not None and note is not None:
        wrong_call("--note は、案を作るときにだけ付けられます")
    project = load_project(rules, ordinances)
    files = of_project(project, _scenarios(project))

    def work(life: Lifecycle, _: Release, person: Person) -> Draft:
        if onto is None:
            return life.create(person, files, note=note)
        gone = {file.path for file in life.draft(onto).files} - {path for path, _ in files}
        return life.edit(onto, person, files, sorted(gone))

    return _done(home, database, who, work, as_json)


@ruleset.command("check", cls=JapaneseCommand)
def check(name: DraftId, home: Home, who: As, database: DatabaseUrl = None, as_json: AsJson = False) -> int:
    """案のすべての文書を組み立て直し、誤りと警告を示す

    誤りがなければ「検査済み」になります。あれば終了状態は1です。
    """
    return _examined(home, database, who, lambda life, _, person: life.check(name, person), as_json)


@ruleset.command("replay", cls=JapaneseCommand)
def replay(name: DraftId, home: Home, who: As, database: DatabaseUrl = None, as_json: AsJson = False) -> int:
    """案のすべての事例を、すべての判定器で確かめる

    すべて期待どおりなら「事例確認済み」になります。違うものがあれば終了状態は1です。
    """
    return _examined(home, database, who, lambda life, _, person: life.replay(name, person), as_json)


@ruleset.command("approve", cls=JapaneseCommand)
def approve(
    name: DraftId,
    home: Home,
    who: As,
    content: Annotated[
        str | None, typer.Option("--content", metavar="符号", help="見た内容の符号。変わっていれば承認しない")
    ] = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """案を、書いた人とは別の人が承認する"""
    return _done(home, database, who, lambda life, _, person: life.approve(name, person, content), as_json)


@ruleset.command("reject", cls=JapaneseCommand)
def reject(
    name: DraftId,
    home: Home,
    who: As,
    reason: ReasonOption = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """案を差し戻す"""
    return _done(home, database, who, lambda life, _, person: life.reject(name, person, reason), as_json)


@ruleset.command("withdraw", cls=JapaneseCommand)
def withdraw(
    name: Annotated[str, typer.Argument(metavar="案か公開", help="案の番号か、まだ始まっていない公開の名")],
    home: Home,
    who: As,
    reason: ReasonOption = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """公開していない案、又は先の日からの公開を取り下げる"""

    def work(life: Lifecycle, release: Release, person: Person) -> Draft | Shelved:
        if name.startswith("rd_"):
            return life.withdraw(name, person, reason)
        return release.withdraw(name, person, reason)

    return _done(home, database, who, work, as_json)


@ruleset.command("publish", cls=JapaneseCommand)
def publish(
    name: DraftId, home: Home, who: As, day: FromDay = None, database: DatabaseUrl = None, as_json: AsJson = False
) -> int:
    """承認された案を、署名して公開する

    動いているサービスは、1秒ほどで、又はその日の0時に、止まらずに切り替わります。
    """
    start = _day(day)
    return _done(home, database, who, lambda _, release, person: release.publish(name, person, start), as_json)


@ruleset.command("rollback", cls=JapaneseCommand)
def rollback(
    home: Home,
    who: As,
    to: Annotated[str | None, typer.Option("--to", metavar="規則集", help="戻す先の公開。案を作る")] = None,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="案", help="ほかの人が作った、元に戻す案を承認して公開する")
    ] = None,
    day: FromDay = None,
    note: Note = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """前の公開の文書に戻す（二人で行う）

    一人が `--to` で案を作り、別の人が `--confirm` で承認すると、その文書による新しい公開になります。
    """
    if (to is None) == (confirm is None):
        wrong_call("--to と --confirm は、どちらか一つを付けてください")
    if to is not None and day is not None:
        wrong_call("--from は、--confirm と一緒に使います")
    start = _day(day)

    def work(_: Lifecycle, release: Release, person: Person) -> Draft | Shelved:
        if to is not None:
            return release.propose_rollback(to, person, note)
        return release.confirm_rollback(confirm or "", person, start)

    return _done(home, database, who, work, as_json)


@ruleset.command("list", cls=JapaneseCommand)
def list_(home: Home, database: DatabaseUrl = None, as_json: AsJson = False) -> int:
    """公開と案の一覧を示す"""
    from api.cli.ruleset_text import echo_lists

    return _opened(home, database, None, lambda life, _, __: echo_lists(life, as_json=as_json))


@ruleset.command("show", cls=JapaneseCommand)
def show(
    name: Annotated[str, typer.Argument(metavar="案か規則集", help="案の番号、公開の名、又は規則集の符号")],
    home: Home,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """案か公開を、だれがいつ何をしたかとともに示す"""
    from api.cli.ruleset_text import echo_one

    return _opened(home, database, None, lambda life, _, __: echo_one(life, name, as_json=as_json))


@ruleset.command("verify", cls=JapaneseCommand)
def verify(home: Home, database: DatabaseUrl = None, as_json: AsJson = False) -> int:
    """すべての公開の署名、つながり、文書を確かめる

    一つでも公開のときと違えば、終了状態は1です。
    """
    from api.cli.ruleset_text import echo_verified

    return _opened(home, database, None, lambda life, _, __: echo_verified(life, as_json=as_json))


# ---- within -----------------------------------------------------------------------------------------


def _scenarios(project: Any) -> dict[str, Sequence[tuple[str, str]]]:
    """The scenario files beside the texts, by the name of the municipality's folder."""
    from api.project import read_text
    from api.scenario_file import scenario_paths

    found: dict[str, Sequence[tuple[str, str]]] = {}
    for one in project.municipalities:
        paths = scenario_paths([one.scenarios]) if one.scenarios.is_dir() else []
        found[one.folder.resolve().name] = [
            (path.relative_to(one.scenarios).as_posix(), read_text(path)[0]) for path in paths
        ]
    return found


def _day(text: str | None) -> date | None:
    from engine.japanese import day_of

    if text is None:
        return None
    found = day_of(text)
    if found is None:
        wrong_call("--from には、2027-04-01 のように日を書いてください")
    return found


_Work = Callable[["Lifecycle", "Release", "Person"], _T]


def _opened(
    home: Path, database: str | None, who: str | None, work: _Work[int], examiner: Examiner | None = None
) -> int:
    """Do work on an installation; a refusal is told and leaves 1."""
    from api.clock import SystemClock
    from api.decision_log import JournalRefused
    from api.keys import KeyRefused, KeyStore
    from api.rulesets.lifecycle import Lifecycle
    from api.rulesets.people import Person
    from api.rulesets.refusal import RuleSetRefused
    from api.rulesets.release import Release
    from api.storage.database import DatabaseRefused, default_url, open_database

    clock = SystemClock()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = open_database(database or default_url(home))
    except OSError as error:
        wrong_call(f"{home} を使えません（{error.strerror or 'I/O'}）")
    except DatabaseRefused as refused:
        typer.echo(refused.lines(), err=True)
        return FINDINGS
    try:
        keys = KeyStore(home / "keys", clock)
        life = Lifecycle(opened, home / "publications", keys, clock, examiner)
        person = Person("", frozenset()) if who is None else _person(life, who)
        return work(life, Release(life), person)
    except (RuleSetRefused, JournalRefused) as refused:
        typer.echo(refused.lines(), err=True)
        return FINDINGS
    except KeyRefused as refused:
        typer.echo(f"{refused.code} エラー: {refused.text}\n  直し方: {refused.help}", err=True)
        return FINDINGS
    finally:
        opened.close()


def _person(life: Lifecycle, who: str) -> Person:
    """Who takes the step: by the credential of a caller where callers take part in rule sets, else by name."""
    from api.callers import CallerRefused
    from api.callers.opening import open_callers
    from api.rulesets.people import of_caller, operator, takes_part
    from api.rulesets.refusal import NOT_SURE_WHO, RuleSetRefused

    callers = open_callers(life.database, life.keys, life.clock)
    if not any(takes_part(of_caller(one.caller)) for one in callers.register.list()):
        return operator(who)
    credential = os.environ.get(_CREDENTIAL, "")
    help_ = f"API キーを環境変数 {_CREDENTIAL} に入れ、その client_id を --as で指定してください。"
    try:
        header = (b"authorization", f"Bearer {credential}".encode("ascii"))
        caller = callers.authenticator.authenticate([header], None)
    except (CallerRefused, UnicodeEncodeError):
        raise RuleSetRefused(NOT_SURE_WHO, "行う人を確かめられません", help_) from None
    if caller.client_id != who:
        raise RuleSetRefused(NOT_SURE_WHO, "行う人（--as）と、API キーの持ち主が違います", help_)
    return of_caller(caller)


def _done(home: Path, database: str | None, who: str, work: _Work[Any], as_json: bool) -> int:
    """Do a step and tell where the draft or bundle stands now."""
    from api.cli.ruleset_text import echo_after

    def run(life: Lifecycle, release: Release, person: Person) -> int:
        echo_after(work(life, release, person), as_json=as_json)
        return FINE

    return _opened(home, database, who, run)


def _examined(home: Path, database: str | None, who: str, work: _Work[Any], as_json: bool) -> int:
    """Do an examination and tell what was found; 1 when the draft does not go on."""
    import msgspec

    from api.cli.ruleset_text import echo_found
    from api.rulesets.forms import draft_value

    def run(life: Lifecycle, release: Release, person: Person) -> int:
        draft, found = work(life, release, person)
        if as_json:
            echo_json({"draft": draft_value(draft), "found": msgspec.to_builtins(found)})
        else:
            echo_found(draft, found)
        good = getattr(found, "green", True) and getattr(found, "ok", True)
        return FINE if good else FINDINGS

    return _opened(home, database, who, run)
