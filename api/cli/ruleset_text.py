"""What `jorei ruleset` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from api.cli.common import FINDINGS, FINE, echo_json
from api.rulesets.drafts import WORDS, Draft, State, drafts
from api.rulesets.examining import Checked, Replayed
from api.rulesets.forms import bundle_value, draft_value, listed_draft
from api.rulesets.refusal import RuleSetRefused
from api.rulesets.shelf import Shelved, bundles, find, texts_of, verified
from engine.japanese import spoken_day

if TYPE_CHECKING:
    from api.rulesets.lifecycle import Lifecycle

_ACTS = {
    "create": "案を作った",
    "edit": "文書を改めた",
    "check": "検査した",
    "replay": "事例を確かめた",
    "approve": "承認した",
    "reject": "差し戻した",
    "withdraw": "取り下げた",
    "publish": "公開した",
    "broken": "公開の直前に誤りが見つかった",
}
_ROLES = {"editor": "起案者", "approver": "承認者", "administrator": "管理者"}


def echo_after(made: Draft | Shelved, *, as_json: bool) -> None:
    """A draft or bundle after a step."""
    if isinstance(made, Draft):
        if as_json:
            echo_json(draft_value(made))
            return
        typer.echo(f"案 {made.id}　{WORDS[made.state]}（第{made.revision}版、文書 {len(made.files)}件）")
        typer.echo(f"  規則集 {made.digest}")
        typer.echo(f"  内容の符号 {made.content}")
        return
    if as_json:
        echo_json(made.told)
        return
    gone = made.withdrawn_ms is not None
    told = "取り下げました" if gone else f"公開しました（{spoken_day(made.effective_from)}から）"
    typer.echo(f"{told}: {made.name}")
    typer.echo(f"  規則集 {made.digest}")


def echo_found(draft: Draft, found: Checked | Replayed) -> None:
    """What a check or a replay found."""
    if isinstance(found, Checked):
        for finding in found.findings:
            typer.echo(f"{finding['path']}:{finding['line']}: {finding['code']} {finding['message']}")
        names = "、".join(body.name for body in found.bodies[:10])
        typer.echo(f"検査　エラー {found.errors}件、警告 {found.warnings}件（{names or '市町村なし'}）")
    else:
        for fault in found.faults:
            typer.echo(f"{fault['path']}:{fault['line']}: {fault['code']} {fault['message']}")
        for one in found.differences:
            typer.echo(f"× {one['name']}（{one['path']}:{one['line']}）")
            for d in one["differences"]:
                typer.echo(f"    {d['what']}: 期待は {d['expected']}、実際は {d['actual']}")
        for folder in found.without:
            typer.echo(f"事例がありません: {folder}")
        typer.echo(
            f"事例 {found.scenarios}件: 期待と違うもの {found.failed}件（判定器 {'、'.join(found.interpreters)}）"
        )
    typer.echo(f"案 {draft.id}　{WORDS[draft.state]}")


def echo_lists(life: Lifecycle, *, as_json: bool) -> int:
    """Bundles and drafts."""
    with life.database.read() as connection:
        published, rows = bundles(connection), drafts(connection)
    if as_json:
        echo_json({"rulesets": [one.told for one in published], "drafts": [listed_draft(row) for row in rows]})
        return FINE
    for one in published:
        gone = "　取下げ" if one.withdrawn_ms is not None else ""
        typer.echo(f"{one.name}　{spoken_day(one.effective_from)}から　規則集 {one.digest[:12]}…{gone}")
    typer.echo(f"公開 {len(published)}件")
    for row in rows:
        note = f"　{row.note}" if row.note else ""
        typer.echo(f"{row.id}　{WORDS[State(row.state)]}　第{row.revision}版{note}")
    typer.echo(f"案 {len(rows)}件")
    return FINE


def echo_one(life: Lifecycle, name: str, *, as_json: bool) -> int:
    """A draft or a bundle."""
    if name.startswith("rd_"):
        draft = life.draft(name)
        if as_json:
            echo_json(draft_value(draft))
            return FINE
        echo_after(draft, as_json=False)
        _echo_steps(draft)
        return FINE
    with life.database.read() as connection:
        one = find(connection, name)
        manifest = verified(connection, one, life.keys)
    if as_json:
        echo_json(bundle_value(one, manifest))
        return FINE
    typer.echo(f"公開 {manifest.spoken}　規則集 {manifest.digest}")
    typer.echo(f"  起案 {'、'.join(manifest.editors)}　承認 {'、'.join(a.person for a in manifest.approvals)}")
    typer.echo(f"  公開した人 {manifest.published_by}　文書 {len(manifest.files)}件")
    if manifest.back_to:
        typer.echo(f"  {manifest.back_to} の文書に戻した公開です")
    for line in (manifest.difference or {}).get("summary", ()):
        typer.echo(f"  {line}")
    _echo_steps(life.draft(manifest.draft))
    return FINE


def _echo_steps(draft: Draft) -> None:
    for step in draft.steps:
        at = step.at.strftime("%Y-%m-%d %H:%M")
        typer.echo(f"  {at}　{step.person}（{_ROLES.get(step.role, step.role)}）　{_ACTS.get(step.act, step.act)}")


def echo_verified(life: Lifecycle, *, as_json: bool) -> int:
    """Whether every bundle and every text of it is as it was signed."""
    with life.database.read() as connection:
        published = bundles(connection, 1_000_000)
        try:
            for one in published:
                texts_of(life.store, verified(connection, one, life.keys))
        except RuleSetRefused as refused:
            if as_json:
                echo_json({"ok": False, "bundle": one.name, "code": refused.code, "text": refused.text})
            else:
                typer.echo(refused.lines(), err=True)
            return FINDINGS
    if as_json:
        echo_json({"ok": True, "rulesets": len(published)})
    else:
        typer.echo(f"公開 {len(published)}件の署名、つながり、文書を確かめました")
    return FINE
