"""`jorei linkage`: the layer set up, looked after, and filled with synthetic residents (entry points `jorei.commands`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.common import FINDINGS, FINE, AsJson, Ordinances, Rules, echo_json, wrong_call
from api.cli.japanese import JapaneseCommand, JapaneseGroup

if TYPE_CHECKING:
    from linkage.layer import Layer

Home = Annotated[Path, typer.Option("--home", metavar="フォルダ", help="サービスのフォルダ")]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="データベース（省略すると、フォルダの中の SQLite）")
]

app = typer.Typer(cls=JapaneseGroup, no_args_is_help=True, help="保管・連携の層を用意し、見て、手入れをする")
residents = typer.Typer(cls=JapaneseGroup, no_args_is_help=True, help="架空の住民を作って試す")
app.add_typer(residents, name="residents")


@app.command("init", cls=JapaneseCommand)
def init(
    home: Home,
    municipality: Annotated[
        str, typer.Option("--municipality", metavar="市町村", help="市町村の名（条例の文書のもの）")
    ],
    network: Annotated[
        str | None, typer.Option("--network", metavar="URL", help="情報提供ネットワークシステム（模擬装置）の所在")
    ] = None,
    network_home: Annotated[
        Path | None,
        typer.Option("--network-home", metavar="フォルダ", help="模擬装置のフォルダ（加入の手続に管理者の鍵を使う）"),
    ] = None,
    portal_url: Annotated[
        str | None, typer.Option("--portal-url", metavar="URL", help="住民から見たマイ・ポータルの所在")
    ] = None,
    rules: Rules = None,
    ordinances: Ordinances = None,
    database: DatabaseUrl = None,
) -> int:
    """層を用意する: 設定、データベースの表、保管庫の鍵、登録簿の引継ぎ、ネットワークへの加入

    もう一度行っても、すでにあるものはそのままです。登録簿は organisation.yaml から引き継ぎます。
    """
    from linkage.setting_up import set_up

    if (network is None) != (network_home is None):
        wrong_call("--network と --network-home は、一緒に使います")

    def work() -> int:
        done = set_up(
            home,
            municipality,
            network=network,
            network_home=network_home,
            portal_url=portal_url,
            rules=rules,
            ordinances=tuple(ordinances or ()),
            database_url=database,
        )
        typer.echo("\n".join(done))
        return FINE

    return _said(work)


@app.command("status", cls=JapaneseCommand)
def status(
    home: Home,
    rules: Rules = None,
    ordinances: Ordinances = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """層のいまの様子（宛名、副本、照会、記録、登録簿）を示す

    人の名も番号も示しません。
    """
    from linkage.looking_after import standing

    def work(layer: Layer) -> int:
        found = standing(layer)
        if as_json:
            echo_json(found)
        else:
            typer.echo("\n".join(f"{name}: {value}" for name, value in found.items()))
        return FINE

    return _with(home, work, rules, ordinances, database)


@app.command("rotate", cls=JapaneseCommand)
def rotate(
    home: Home,
    index: Annotated[bool, typer.Option("--index", help="検索用の索引の鍵も替える")] = False,
    rules: Rules = None,
    ordinances: Ordinances = None,
    database: DatabaseUrl = None,
) -> int:
    """保管庫の鍵を替え、すべてを新しい鍵で封じ直す

    サービスを動かしたまま行えます。途中で止まったときは、もう一度行うと続きから始めます。
    """
    from linkage.addressee.rotation import Rotation
    from linkage.authority import COMMAND

    def work(layer: Layer) -> int:
        rotation = Rotation(layer.gate, layer.vault, COMMAND)
        done = max(rotation.keys(), default=0)
        typer.echo(f"鍵を替え、{done:,}件を封じ直しました。")
        if index:
            done = max(rotation.index(), default=0)
            typer.echo(f"索引の鍵を替え、{done:,}件を作り直しました。")
        return FINE

    return _with(home, work, rules, ordinances, database)


@app.command("retention", cls=JapaneseCommand)
def retention(
    home: Home,
    before: Annotated[
        str | None, typer.Option("--before", metavar="日", help="この日より前に期限の来たもの（省略すると今日）")
    ] = None,
    erase: Annotated[bool, typer.Option("--erase", help="消去する（付けなければ、試すだけで何も消さない）")] = False,
    rules: Rules = None,
    ordinances: Ordinances = None,
    database: DatabaseUrl = None,
) -> int:
    """保存期間の過ぎたものを調べ、--erase で消去して証明書を示す

    途中で止まったときは、同じ日を示してもう一度行うと続きから始めます。
    """
    from api.clock import today
    from linkage.authority import COMMAND
    from linkage.retention.job import Erasure

    day = _day(before)

    def work(layer: Layer) -> int:
        job = Erasure(layer.gate, layer.database, COMMAND)
        until = day or today(layer.clock)
        typer.echo(job.run(until).text() if erase else job.dry_run(until).text())
        return FINE

    return _with(home, work, rules, ordinances, database)


@residents.command("load", cls=JapaneseCommand)
def load(
    home: Home,
    count: Annotated[int, typer.Option("--count", metavar="人数", help="何人か", min=1, max=1_000_000)] = 1_000,
    system: Annotated[str, typer.Option("--system", metavar="業務ID", help="どの業務システムの宛名番号か")] = "juki",
    seed: Annotated[int, typer.Option("--seed", metavar="数", help="同じ数からは同じ人ができる")] = 1,
    rules: Rules = None,
    ordinances: Ordinances = None,
    database: DatabaseUrl = None,
) -> int:
    """架空の住民を、記憶の中だけで作って付番する

    個人番号はどこにも書かれません。検査用数字は正しく、人は架空です。試験のためだけに使ってください。
    """
    from linkage.looking_after import load_residents

    def work(layer: Layer) -> int:
        typer.echo(f"{load_residents(layer, count, system, seed):,}人に付番しました（架空の住民）。")
        return FINE

    return _with(home, work, rules, ordinances, database)


def _with(
    home: Path,
    work: Callable[[Layer], int],
    rules: Path | None,
    ordinances: list[Path] | None,
    database: str | None,
) -> int:
    from linkage.setting_up import opened

    def run() -> int:
        with opened(home, rules, tuple(ordinances or ()), database) as layer:
            return work(layer)

    return _said(run)


def _said(work: Callable[[], int]) -> int:
    """What is refused is said in Japanese."""
    from api.decision_log import JournalRefused
    from api.keys import KeyRefused
    from api.project import ProjectNotFoundError
    from api.rulesets.refusal import RuleSetRefused
    from api.storage.database import DatabaseRefused
    from linkage.refusal import Refusal

    try:
        return work()
    except Refusal as refusal:
        typer.echo(f"{refusal.code} エラー: {refusal.text}\n  → {refusal.help}", err=True)
    except (DatabaseRefused, JournalRefused, KeyRefused, RuleSetRefused) as refused:
        lines: Any = getattr(refused, "lines", None)
        typer.echo(lines() if callable(lines) else str(refused), err=True)
    except ProjectNotFoundError as error:
        wrong_call(str(error))
    except OSError as error:
        wrong_call(f"フォルダを使えません（{error.strerror or 'I/O'}）")
    return FINDINGS


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        wrong_call("日は、2026-11-26 のように書いてください")
