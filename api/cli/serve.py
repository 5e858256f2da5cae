"""`jorei serve`: the service on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.common import Ordinances, Rules, wrong_call


def serve(
    home: Annotated[
        Path,
        typer.Option(
            "--home", metavar="フォルダ", help="サービスのフォルダ（データベース、鍵、封印、公開。なければ作る）"
        ),
    ],
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            metavar="URL",
            help="データベース（postgresql://利用者@機械/名前。省略すると、フォルダの中の SQLite）",
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="住所", help="待ち受ける住所（省略すると、この機械の中からだけ: 127.0.0.1）"),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", metavar="番号", help="待ち受けるポート（0 なら空いているもの）")
    ] = 8000,
    workers: Annotated[int, typer.Option("--workers", metavar="数", help="同時に動かすプロセスの数", min=1)] = 1,
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="呼び出し元から見た所在（https://…）"),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option("--proxy", metavar="住所", help="証明書の見出しを信じる中継装置の住所。繰り返して指定できる"),
    ] = None,
    certificate_header: Annotated[
        str | None,
        typer.Option("--certificate-header", metavar="見出し", help="中継装置が証明書を渡す見出しの名"),
    ] = None,
    files: Annotated[
        bool,
        typer.Option("--files", help="公開された規則集がないあいだ、手元の文書で判断する（bundle の名は files）"),
    ] = False,
    rules: Rules = None,
    ordinances: Ordinances = None,
    no_log: Annotated[
        bool,
        typer.Option("--no-log", help="記録を残さない（速さを測るためだけ。許可証は出さない）"),
    ] = False,
    fixture: Annotated[
        Path | None,
        typer.Option(
            "--authzen-fixture",
            metavar="文書",
            help="法令の代わりに見本の規則で AuthZEN に答える（適合試験のためだけ。記録も許可証もない）",
        ),
    ] = None,
) -> int:
    """判断のサービスを動かす（AuthZEN と /v1）

    終えるときは SIGTERM を送ります。受けた要求に答え終え、記録を書き終え、封印をしてから終わります。
    """
    from api.service.settings import Settings

    if (rules is not None or ordinances) and not files:
        wrong_call("--rules と --ordinances は、--files と一緒に使います")
    if certificate_header is not None and not proxy:
        wrong_call("--certificate-header には、信じる中継装置（--proxy）も要ります")
    if base_url is not None and not base_url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        wrong_call("--base-url は https:// で始めてください")
    settings = Settings(
        home=home,
        database_url=database,
        host=host or "127.0.0.1",
        port=port,
        workers=workers,
        log=not no_log,
        base_url=base_url,
        files=files,
        rules=rules,
        ordinances=tuple(ordinances or ()),
        proxies=tuple(proxy or ()),
        certificate_header=certificate_header,
    )
    if fixture is not None:
        if database is not None or files or no_log or workers != 1 or proxy:
            wrong_call("--authzen-fixture と一緒に使えるのは、--home・--host・--port・--base-url だけです")
        from api.service.fixture.running import run as run_fixture

        return run_fixture(settings, fixture, typer.echo)
    from api.service.running import run

    return run(settings, typer.echo)
