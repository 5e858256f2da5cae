"""`jorei log`: the decision log verified, signed, shown, proved to one person, erased after its time."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import FINDINGS, FINE, AsJson, echo_json, wrong_call
from api.cli.japanese import JapaneseCommand, JapaneseGroup

if TYPE_CHECKING:
    from api.clock import Clock
    from api.decision_log import Verification
    from api.decision_log.bodies import Recorded
    from api.keys import KeyStore
    from api.storage.database import Database

_SILENT = 2.0  # seconds before progress is told

Home = Annotated[
    Path, typer.Option("--home", metavar="フォルダ", help="サービスのフォルダ（データベース、鍵、検査点がある）")
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="データベース（省略すると、サービスのフォルダの jorei.db）"),
]
Which = Annotated[str, typer.Argument(metavar="記録", help="記録の識別子（ev_…など）か、番号（0から）")]

log = typer.Typer(
    cls=JapaneseGroup, no_args_is_help=True, help="判定の記録を検証し、封印し、示し、証明し、期限後に消去する"
)


@dataclass(frozen=True, slots=True)
class _Installation:
    """What the commands work on."""

    database: Database
    keys: KeyStore
    checkpoints: Path
    clock: Clock


@log.command("verify", cls=JapaneseCommand)
def verify(
    home: Home,
    database: DatabaseUrl = None,
    quick: Annotated[bool, typer.Option("--quick", help="最新の検査点から後だけを確かめる（起動時と同じ）")] = False,
    as_json: AsJson = False,
) -> int:
    """記録を初めから計算し直し、改ざん、欠落、入替えがないかを確かめる

    保存された符号、外に保管した検査点の署名、本文の約束のすべてと照らし合わせ、
    合わない最初の番号を示します。正しければ終了状態は0、誤りがあれば1です。
    """
    from api.decision_log import verify as whole
    from api.decision_log import verify_at_start
    from api.decision_log.keys import verifiers_of

    with _opened(home, database) as place:
        check = verify_at_start if quick else whole
        found = check(place.database, place.checkpoints, verifiers_of(place.keys), progress=_progress("確かめています"))
    if as_json:
        echo_json(_as_value(found))
    else:
        _echo(found)
    return FINE if found.ok else FINDINGS


@log.command("checkpoint", cls=JapaneseCommand)
def checkpoint(home: Home, database: DatabaseUrl = None) -> int:
    """今の記録に署名し、検査点として外のフォルダに書き、示す

    示した検査点は、監査の部署や近隣の市町村など、この機械の外にも控えてください。
    """
    from api.decision_log import publish
    from api.decision_log.checkpoints import CheckpointRefused
    from api.decision_log.keys import signer_of, verifiers_of

    with _opened(home, database) as place:
        key = signer_of(place.keys)
        try:
            _, note = publish(place.database, place.checkpoints, key, place.clock, verifiers_of(place.keys))
        except CheckpointRefused:
            typer.echo("記録が前の検査点と合わないため、署名しません。jorei log verify で確かめてください。", err=True)
            return FINDINGS
    typer.echo(note, nl=False)
    return FINE


@log.command("key", cls=JapaneseCommand)
def key(home: Home, as_json: AsJson = False) -> int:
    """検査点の公開鍵を示す

    記録の控えを受け取った人は、この鍵で確かめます。市役所の広報などで公表してください。
    """
    from api.clock import SystemClock
    from api.decision_log.keys import signer_of, verifiers_of

    with _keys(home, SystemClock()) as keys:
        signer_of(keys)
        found = [(one.text, one.revoked) for one in verifiers_of(keys)]
    if as_json:
        echo_json({"keys": [{"key": text, "revoked": revoked} for text, revoked in found]})
    else:
        for text, revoked in found:
            typer.echo(f"{text}（失効）" if revoked else text)
    return FINE


@log.command("show", cls=JapaneseCommand)
def show(which: Which, home: Home, database: DatabaseUrl = None) -> int:
    """一つの記録を、本文とともに示す（JSON）"""
    from api.decision_log.bodies import as_json

    with _opened(home, database) as place:
        echo_json(as_json(_found(place, which)))
    return FINE


@log.command("proof", cls=JapaneseCommand)
def proof(
    which: Which,
    home: Home,
    database: DatabaseUrl = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="文書", help="書き出す文書（*.tlog-proof）。省略すると画面")
    ] = None,
) -> int:
    """一つの記録の控えを、記録に含まれることの証明とともに作る

    控えは本人に渡すもので、jorei log check でも、Python だけで動く offline.py でも確かめられます。
    """
    from api.decision_log import publish
    from api.decision_log.checkpoints import CheckpointRefused
    from api.decision_log.keys import signer_of, verifiers_of
    from api.decision_log.receipt import receipt

    if output is not None and output.exists():
        wrong_call(f"{output} は既にあります")
    with _opened(home, database) as place:
        recorded, signer = _found(place, which), signer_of(place.keys)
        try:
            _, note = publish(place.database, place.checkpoints, signer, place.clock, verifiers_of(place.keys))
        except CheckpointRefused:
            typer.echo(
                "記録が前の検査点と合わないため、証明できません。jorei log verify で確かめてください。", err=True
            )
            return FINDINGS
        with place.database.read() as connection:
            text = receipt(connection, recorded, note, signer.verifier)
    if output is None:
        typer.echo(text, nl=False)
        return FINE
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        wrong_call(f"{output} に書けません（{error.strerror or 'I/O'}）")
    typer.echo(f"{recorded.index}番の記録の控えを {output} に書きました", err=True)
    return FINE


@log.command("check", cls=JapaneseCommand)
def check(
    receipt: Annotated[Path, typer.Argument(metavar="控え", help="記録の控え（*.tlog-proof）")],
    key: Annotated[str, typer.Option("--key", metavar="公開鍵", help="jorei log key が示す1行")],
) -> int:
    """控えが正しいかを確かめ、記録を示す（サービスもデータベースも要らない）

    正しければ終了状態は0、正しくなければ1です。
    """
    from api.decision_log.offline import main

    return main([str(receipt), key])


@log.command("erase", cls=JapaneseCommand)
def erase(
    home: Home,
    before: Annotated[
        str | None,
        typer.Option(
            "--before", metavar="日", help="保存期限がこの日より前のものを消す（省略すると今日。例: 2033-04-01）"
        ),
    ] = None,
    database: DatabaseUrl = None,
) -> int:
    """保存期限を過ぎた記録の本文を消去し、消去したことを記録する

    記録の番号と証明は残ります。途中で止まっても、もう一度実行すれば続きから消去します。
    """
    from api.clock import today
    from api.decision_log import JournalRefused, erase_all

    with _opened(home, database) as place:
        now = today(place.clock)
        day = now if before is None else _day(before)
        if day > now:
            wrong_call("--before は、今日より後の日にできません")
        try:
            count = erase_all(place.database, day, place.clock, _progress("消去しています"))
        except JournalRefused as refused:
            typer.echo(refused.lines(), err=True)
            return FINDINGS
    typer.echo(f"保存期限が {day.isoformat()} より前の本文 {count}件を消去しました")
    return FINE


@log.command("fork", cls=JapaneseCommand)
def fork(
    home: Home,
    reason: Annotated[str, typer.Option("--reason", metavar="理由", help="なぜ記録が戻ったか（例: 控えから復元）")],
    by: Annotated[str, typer.Option("--by", metavar="名", help="判断した人か部署")],
    database: DatabaseUrl = None,
) -> int:
    """古い控えに戻した記録を、今あるところから続けると宣言する

    失われた記録の検査点を署名とともに書き留めます。先に jorei log verify で、
    外に保管した検査点のほかに誤りがないことを確かめてください。サービスは止めておくこと。
    """
    from api.decision_log import JournalRefused, record_fork
    from api.decision_log import verify as whole
    from api.decision_log.faults import Kind
    from api.decision_log.forks import ForkRefused
    from api.decision_log.keys import signer_of, verifiers_of

    with _opened(home, database) as place:
        verifiers = verifiers_of(place.keys)
        before = whole(place.database, place.checkpoints, verifiers, progress=_progress("確かめています"))
        other = [fault for fault in before.faults if fault.kind not in (Kind.SHORTER, Kind.CHECKPOINT)]
        if other:
            typer.echo(f"控えに戻したことのほかに、誤りがあります: {other[0].text}", err=True)
            return FINDINGS
        said = {"reason": reason, "by": by}
        try:
            receipt = record_fork(
                place.database, place.checkpoints, signer_of(place.keys), place.clock, verifiers=verifiers, **said
            )
        except ForkRefused:
            typer.echo("外に保管した検査点は、すべて今の記録と合います。宣言は要りません。")
            return FINE
        except JournalRefused as refused:
            typer.echo(refused.lines(), err=True)
            return FINDINGS
    typer.echo(f"{receipt.index}番に、記録がここから続くことを書きました。サービスを起動できます。")
    return FINE


@contextmanager
def _opened(home: Path, url: str | None) -> Iterator[_Installation]:
    """The installation of a folder; leaves with its reason when it cannot be opened."""
    from api.clock import SystemClock
    from api.storage.database import DatabaseRefused, default_url, open_database

    if url is None and not (home / "jorei.db").is_file():
        wrong_call(f"{home} に jorei.db がありません（--home か --database の指定を確かめてください）")
    clock = SystemClock()
    with _keys(home, clock) as keys:
        try:
            database = open_database(url or default_url(home), migrate=False)
        except DatabaseRefused as refused:
            typer.echo(refused.lines(), err=True)
            raise typer.Exit(FINDINGS) from refused
        try:
            yield _Installation(database, keys, home / "checkpoints", clock)
        finally:
            database.close()


@contextmanager
def _keys(home: Path, clock: Clock) -> Iterator[KeyStore]:
    from api.keys import KeyRefused, KeyStore

    if not home.is_dir():
        wrong_call(f"フォルダ {home} がありません")
    try:
        yield KeyStore(home / "keys", clock)
    except KeyRefused as refused:
        typer.echo(refused.lines(), err=True)
        raise typer.Exit(FINDINGS) from refused


def _found(place: _Installation, which: str) -> Recorded:
    from api.decision_log import entry_at, entry_of
    from engine.japanese import masked

    with place.database.read() as connection:
        number = which.isascii() and which.isdecimal() and len(which) <= 11
        found = entry_at(connection, int(which)) if number else entry_of(connection, which)
    if found is None:
        wrong_call(f"記録「{masked(which)}」はありません")
    return found


def _day(text: str) -> date:
    from engine.japanese import day_of, masked

    day = day_of(text)
    if day is None:
        wrong_call(f"--before の「{masked(text)}」という日はありません（例: 2033-04-01、令和15年4月1日）")
    return day


def _progress(what: str) -> Callable[[int, int], None]:
    """Tell how far it is, once it takes long."""
    until = time.monotonic() + _SILENT

    def tell(done: int, whole: int) -> None:
        nonlocal until
        if time.monotonic() >= until:
            until = time.monotonic() + _SILENT
            typer.echo(f"{what}… {done:,}／{whole:,}件", err=True)

    return tell


def _as_value(found: Verification) -> dict[str, object]:
    faults = [
        {"kind": fault.kind.value, "first": fault.first, "last": fault.last, "text": fault.text}
        for fault in found.faults
    ]
    return {
        "ok": found.ok,
        "size": found.size,
        "root": base64.b64encode(found.root).decode("ascii"),
        "begun_at": found.begun_at,
        "bodies": found.bodies,
        "erased": found.erased,
        "checkpoints": found.checkpoints,
        "faults": faults,
    }


def _echo(found: Verification) -> None:
    read = (
        f"記録 {found.size:,}件（本文 {found.bodies:,}件、消去済み {found.erased:,}件、検査点 {found.checkpoints:,}個）"
    )
    if found.begun_at:
        read += f"。{found.begun_at:,}番より前は、署名された検査点と根の符号を照らし合わせました"
    if found.first is None:
        typer.echo(f"正しい記録です。{read}")
        return
    typer.echo(f"記録に誤りがあります。合わない最初の番号は {found.first.first} です。{read}", err=True)
    for fault in found.faults[:20]:
        typer.echo(f"  {fault.text}", err=True)
    if len(found.faults) > 20:
        typer.echo(f"  ほか {len(found.faults) - 20}件", err=True)
