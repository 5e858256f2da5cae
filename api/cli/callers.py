"""`jorei callers`: who may call the service, added, listed, disabled; credentials renewed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.common import FINDINGS, FINE, AsJson, echo_json, wrong_call
from api.cli.japanese import JapaneseCommand, JapaneseGroup

if TYPE_CHECKING:
    from api.callers import Caller, Role
    from api.callers.register import Listed, Register

_KINDS = ("api-key", "secret", "none")
_ONCE = "この値は二度と表示されません。安全な場所に控えてください。"

Home = Annotated[Path, typer.Option("--home", metavar="フォルダ", help="サービスのフォルダ（データベースと鍵がある）")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="データベース（省略すると、サービスのフォルダの jorei.db）"),
]
ClientId = Annotated[str, typer.Argument(metavar="呼び出し元", help="client_id")]
Kind = Annotated[
    str,
    typer.Option("--credential", metavar="種類", help="api-key（APIキー）、secret（OAuth 2.0 のシークレット）、none"),
]
Certificate = Annotated[
    str | None,
    typer.Option("--certificate", metavar="SHA-256", help="クライアント証明書の SHA-256（16進か base64url）"),
]

callers = typer.Typer(
    cls=JapaneseGroup, no_args_is_help=True, help="サービスの呼び出し元を登録し、一覧し、止め、秘密の値を作り直す"
)


@callers.command("add", cls=JapaneseCommand)
def add(
    client_id: ClientId,
    home: Home,
    name: Annotated[str, typer.Option("--name", metavar="名", help="業務システムや人の名")],
    role: Annotated[
        list[str],
        typer.Option(
            "--role", metavar="役割", help="system、editor、approver、auditor、administrator。繰り返して指定できる"
        ),
    ],
    system: Annotated[str, typer.Option("--system", metavar="業務ID", help="業務システムID")] = "jorei",
    body: Annotated[str | None, typer.Option("--body", metavar="コード", help="市町村コード")] = None,
    municipality: Annotated[str | None, typer.Option("--municipality", metavar="市町村", help="市町村の名")] = None,
    agency: Annotated[str | None, typer.Option("--agency", metavar="機関", help="機関（市長など）")] = None,
    also: Annotated[
        list[str] | None,
        typer.Option("--also", metavar="機関", help="代わって求められるほかの機関。* は市町村のすべて。繰り返せる"),
    ] = None,
    section: Annotated[str | None, typer.Option("--section", metavar="課", help="課や係")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="スコープ", help="省略すると、役割にふつうのもの。繰り返して指定できる"),
    ] = None,
    per_minute: Annotated[int | None, typer.Option("--per-minute", metavar="数", help="1分あたりの要求の上限")] = None,
    certificate: Certificate = None,
    credential: Kind = "api-key",
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """呼び出し元を登録し、秘密の値を一度だけ示す

    市町村、機関、業務IDは、この登録で決まります。呼び出し元が送る値では変えられません。
    """
    from api.callers.model import USUAL, Caller

    _known_kind(credential)
    roles = frozenset(_role(text) for text in role)
    scopes = frozenset(scope) if scope else frozenset[str]().union(*(USUAL[r] for r in roles))
    caller = Caller(
        client_id=client_id,
        name=name,
        body=body,
        municipality=municipality,
        agency=agency,
        section=section,
        roles=roles,
        scopes=scopes,
        system=system,
        agencies=frozenset(also or ()),
        per_minute=per_minute,
        thumbprint=_thumbprint(certificate),
    )

    def act(register: Register) -> int:
        register.create(caller)
        return _show(client_id, credential, _renew(register, client_id, credential), "登録しました", as_json)

    return _with(home, database, act, make=True)


@callers.command("list", cls=JapaneseCommand)
def list_(home: Home, database: DatabaseUrl = None, as_json: AsJson = False) -> int:
    """呼び出し元を一覧する

    秘密の値は示しません。
    """

    def act(register: Register) -> int:
        found = register.list()
        if as_json:
            echo_json([_value(one) for one in found])
            return FINE
        for one in found:
            typer.echo("\n".join(_lines(one)))
        if not found:
            typer.echo("呼び出し元は、まだ登録されていません。")
        return FINE

    return _with(home, database, act)


@callers.command("disable", cls=JapaneseCommand)
def disable(client_id: ClientId, home: Home, database: DatabaseUrl = None) -> int:
    """呼び出し元を直ちに止める

    APIキー、シークレット、発行済みのトークンのどれも、この時から受け付けません。動いているサービスには1秒以内に効きます。
    """

    def act(register: Register) -> int:
        register.disable(client_id)
        typer.echo(f"呼び出し元 {client_id} を止めました。")
        return FINE

    return _with(home, database, act)


@callers.command("rotate", cls=JapaneseCommand)
def rotate(
    client_id: ClientId,
    home: Home,
    credential: Kind = "api-key",
    certificate: Certificate = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """秘密の値を作り直し、一度だけ示す

    前の値と、それで得たトークンは、直ちに使えなくなります。--certificate では、証明書も入れ替えます。
    """
    _known_kind(credential)
    thumbprint = _thumbprint(certificate)

    def act(register: Register) -> int:
        if thumbprint is not None:
            register.set_certificate(client_id, thumbprint)
        return _show(client_id, credential, _renew(register, client_id, credential), "作り直しました", as_json)

    return _with(home, database, act)


def _with(home: Path, url: str | None, act: Callable[[Register], int], *, make: bool = False) -> int:
    """Open the register, act, and close; what is refused is said in Japanese."""
    from api.callers.opening import open_register
    from api.callers.refused import CallerRefused, RegisterRefused
    from api.clock import SystemClock
    from api.decision_log import JournalRefused
    from api.keys import KeyRefused, KeyStore
    from api.storage.database import DatabaseRefused, default_url, open_database

    clock = SystemClock()
    if not make and not home.is_dir():
        wrong_call(f"サービスのフォルダ {home} がありません")
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = open_database(url or default_url(home))
        try:
            return act(open_register(database, KeyStore(home / "keys", clock), clock))
        finally:
            database.close()
    except (RegisterRefused, DatabaseRefused, JournalRefused, KeyRefused) as refused:
        typer.echo(refused.lines(), err=True)
    except CallerRefused as refused:
        typer.echo(f"{refused.code} エラー: {refused.text}", err=True)
    except OSError as error:
        wrong_call(f"サービスのフォルダを使えません（{error.strerror or 'I/O'}）")
    return FINDINGS


def _known_kind(kind: str) -> None:
    if kind not in _KINDS:
        wrong_call(f"--credential は、{'、'.join(_KINDS)} のどれかです")


def _role(text: str) -> Role:
    from api.callers.model import Role

    try:
        return Role(text)
    except ValueError:
        wrong_call(f"--role は、{'、'.join(r.value for r in Role)} のどれかです")


def _thumbprint(text: str | None) -> str | None:
    from api.callers.certificates import thumbprint

    if text is None:
        return None
    found = thumbprint(text.encode("utf-8", "replace"))
    if found is None:
        wrong_call("--certificate には、証明書の SHA-256 を16進か base64url で指定してください")
    return found


def _renew(register: Register, client_id: str, kind: str) -> str | None:
    if kind == "none":
        return None
    return register.rotate_key(client_id) if kind == "api-key" else register.rotate_secret(client_id)


def _show(client_id: str, kind: str, value: str | None, done: str, as_json: bool) -> int:
    if as_json:
        echo_json({"client_id": client_id, "credential": kind, "value": value})
    elif value is None:
        typer.echo(f"呼び出し元 {client_id} を{done}。")
    else:
        typer.echo(f"呼び出し元 {client_id} を{done}。\n{'APIキー' if kind == 'api-key' else 'シークレット'}: {value}")
        typer.echo(_ONCE)
    return FINE


def _value(one: Listed) -> dict[str, Any]:
    from api.clock import from_ms

    caller: Caller = one.caller
    sets = {name: sorted(getattr(caller, name)) for name in ("roles", "scopes", "agencies")}
    rest = {name: getattr(caller, name) for name in caller.__struct_fields__ if name not in sets}
    moments = {
        "created": from_ms(one.created_ms).isoformat(timespec="seconds"),
        "disabled": None if one.disabled_ms is None else from_ms(one.disabled_ms).isoformat(timespec="seconds"),
    }
    return rest | sets | {"api_keys": one.keys, "has_secret": one.has_secret} | moments


def _lines(one: Listed) -> list[str]:
    from api.callers.model import ROLE_NAMES

    caller = one.caller
    where = " ".join(t for t in (caller.municipality, caller.agency, caller.section) if t) or "（市町村なし）"
    means = [f"APIキー{one.keys}件"] if one.keys else []
    means += ["シークレット"] if one.has_secret else []
    means += ["証明書"] if caller.thumbprint else []
    state = "停止" if one.disabled_ms is not None else "使用中"
    return [
        f"{caller.client_id}（{state}）: {caller.name}、業務ID {caller.system}、{where}",
        f"  役割: {'、'.join(ROLE_NAMES[r] for r in sorted(caller.roles))}",
        f"  スコープ: {' '.join(sorted(caller.scopes))}",
        f"  認証: {'、'.join(means) or 'なし'}",
    ]
