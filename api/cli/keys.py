"""`jorei keys`: the signing keys of an installation listed, rotated and revoked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import FINDINGS, FINE, AsJson, echo_json, wrong_call
from api.cli.japanese import JapaneseCommand, JapaneseGroup

if TYPE_CHECKING:
    from api.keys import KeyStore

_PURPOSES = {
    "permit": "許可証",
    "checkpoint": "記録の封印",
    "token": "接続の札",
    "bundle": "規則集の公開",
    "vault": "番号の保管",
}
_STATES = {"active": "署名中", "overlap": "検証のみ", "retired": "役目を終えた", "revoked": "失効"}

Home = Annotated[
    Path, typer.Option("--home", metavar="フォルダ", help="サービスのフォルダ（鍵は、その中の keys にある）")
]

keys = typer.Typer(cls=JapaneseGroup, no_args_is_help=True, help="署名の鍵を一覧し、入れ替え、失効させる")


@keys.command("list", cls=JapaneseCommand)
def list_(home: Home, as_json: AsJson = False) -> int:
    """鍵の名、用途と状態を一覧する

    秘密の部分は示しません。
    """
    return _with(home, lambda store: _list(store, as_json))


@keys.command("rotate", cls=JapaneseCommand)
def rotate(
    home: Home,
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="用途", help="permit、checkpoint、token、bundle のどれか")
    ],
) -> int:
    """新しい鍵で署名を始める

    前の鍵は、それで署名したものの期限が切れるまで、検証にだけ使われます。動いているサービスは止めなくてかまいません。
    """
    from api.keys import Purpose

    if purpose not in _PURPOSES or purpose == Purpose.VAULT.value:
        wrong_call("--purpose は、permit、checkpoint、token、bundle のどれかです")

    def act(store: KeyStore) -> int:
        typer.echo(f"新しい鍵 {store.rotate(Purpose(purpose))}（{_PURPOSES[purpose]}）で署名を始めました")
        return FINE

    return _with(home, act)


@keys.command("revoke", cls=JapaneseCommand)
def revoke(home: Home, kid: Annotated[str, typer.Argument(metavar="鍵の名", help="jorei keys list が示す名")]) -> int:
    """鍵を直ちに失効させる

    その鍵で署名した許可証や札は、その時から受け付けません。署名中の鍵であれば、新しい鍵に替わります。
    """

    def act(store: KeyStore) -> int:
        typer.echo(f"鍵 {kid}（{_PURPOSES[store.revoke(kid).value]}）を失効させました")
        return FINE

    return _with(home, act)


def _with(home: Path, act: Callable[[KeyStore], int]) -> int:
    from api.clock import SystemClock
    from api.keys import KeyRefused, KeyStore

    if not home.is_dir():
        wrong_call(f"フォルダ {home} がありません")
    try:
        return act(KeyStore(home / "keys", SystemClock()))
    except KeyRefused as refused:
        typer.echo(refused.lines(), err=True)
        return FINDINGS


def _list(store: KeyStore, as_json: bool) -> int:
    from api.clock import from_ms

    found = list(store.listed())
    if as_json:
        echo_json(
            {
                "keys": [
                    {
                        "kid": key.kid,
                        "purpose": purpose.value,
                        "state": state.value,
                        "created": from_ms(key.created_ms).isoformat(timespec="seconds"),
                    }
                    for purpose, key, state in found
                ]
            }
        )
        return FINE
    for purpose, key, state in found:
        made = from_ms(key.created_ms).strftime("%Y-%m-%d %H:%M")
        typer.echo(f"{key.kid}　{_PURPOSES[purpose.value]}　{_STATES[state.value]}　{made} に作成")
    typer.echo(f"鍵 {len(found)}個")
    return FINE
