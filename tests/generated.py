"""Parts of the handbook that are derived from the program: written by `python -m tests.generated`, compared by the tests."""

from __future__ import annotations

import re
from pathlib import Path

from api.project import HOME

CODES = HOME / "docs" / "ja" / "codes"
TITLE = re.compile(r"# (\S+) (.+)")

#: What a family of codes is about, and whose words it is.
FAMILIES = {
    "J": ("条例や規則の文書（`*.jorei`）の書き方と組み立て", "jorei check"),
    "L": ("起案の引っ掛かり（厳しい検査）", "jorei check --strict"),
    "R": ("判定の要求", "jorei decide、/v1/decisions"),
    "S": ("事例の文書", "jorei replay"),
    "V": ("文書の公開と時点", "jorei publish、--known-at"),
    "I": ("例規集と表計算の表の取込み", "jorei import"),
    "P01": ("性質の文書", "jorei prove"),
    "P02": ("証明の結果", "jorei prove"),
    "P03": ("許可証と鍵", "/v1/permits、保管・連携の層"),
    "B": ("規則集の公開", "jorei ruleset、/v1/rulesets/drafts"),
    "C": ("呼び出し元と認証", "jorei callers、すべての呼び出し"),
    "D": ("データベースと記録", "jorei serve、jorei log"),
    "G06": ("保管・連携の関門と宛名", "保管・連携の層"),
    "G07": ("保護評価、組織と取扱者、委託先、保存期間", "保管・連携の層"),
    "G09": ("保管・連携の層の入口と設定", "保管・連携の層"),
    "M01": ("本人の請求", "保管・連携の層"),
    "M02": ("マイナポータル（模擬）", "保管・連携の層"),
    "M03": ("番号の通知とカード", "保管・連携の層"),
    "N01": ("中間サーバー", "保管・連携の層"),
    "N02": ("情報提供ネットワークシステムの模擬装置", "保管・連携の層"),
}


def family(code: str) -> str:
    """The family of a code."""
    return max((one for one in FAMILIES if code.startswith(one)), key=len)


def index() -> str:
    """The page docs/ja/codes/README.md."""
    by_family: dict[str, list[str]] = {one: [] for one in FAMILIES}
    for page in sorted(CODES.glob("[A-Z]*[0-9].md")):
        found = TITLE.match(page.read_text("utf-8"))
        assert found is not None, page.name
        assert found[1] == page.stem
        by_family[family(page.stem)].append(f"| [{page.stem}]({page.stem}.md) | {found[2]} |")
    lines = [
        "# 符号の一覧",
        "",
        "画面、答え、記録に出る符号の説明です。どのページにも、何が起きているか、なぜ問題か、直し方があります。",
        "この一覧は `python -m tests.generated` で作り、検査で確かめます。",
    ]
    for name, rows in by_family.items():
        what, where = FAMILIES[name]
        lines += ["", f"## {name}…　{what}（{where}）", "", "| 符号 | 何が起きているか |", "|---|---|", *rows]
    return "\n".join(lines) + "\n"


def problems() -> str:
    """The table of problems of docs/API.md."""
    from api.service.problems import PROBLEMS

    rows = [
        f"| {status} | `{name}` | {title} |"
        for name, (status, title) in sorted(PROBLEMS.items(), key=lambda one: (one[1][0], one[0]))
    ]
    return "\n".join(["| status | `urn:jorei:problem:` | title |", "|---|---|---|", *rows])


def limits() -> str:
    """The table of limits of docs/API.md."""
    from api.permits.model import LIFE
    from api.service.settings import Limits, Settings

    found, settings = Limits(), Settings(Path())
    mib = 1024 * 1024
    rows = (
        ("body", f"{found.body // 1024} KiB; {found.batch_body // mib} MiB where a batch may be sent"),
        ("nesting", f"{found.depth} levels"),
        ("requests of a batch", f"{found.batch:,}"),
        ("evaluations of a batch (AuthZEN)", f"{found.evaluations:,}"),
        ("life of a permit", f"{LIFE} seconds"),
        ("life of an Idempotency-Key", f"{settings.idempotency_hours} hours"),
        ("retention of a record's body", f"{settings.retention_years} years"),
    )
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


PARTS = {HOME / "docs" / "API.md": {"problems": problems, "limits": limits}}


def filled(page: Path) -> str:
    """A page with its derived parts as they must be."""
    text = page.read_text("utf-8")
    for name, made in PARTS[page].items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        assert found, f"{page.name}: {name}"
        text = f"{before}{begin}\n{made()}\n\n{end}{after}"
    return text


if __name__ == "__main__":
    (CODES / "README.md").write_text(index(), encoding="utf-8")
    for one in PARTS:
        one.write_text(filled(one), encoding="utf-8")
