"""The targets of the benchmark, whether each is met, and the table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

#: 日本語 for the lines that are ours
_TITLES = {
    "compiled": "本体（全引用つき）",
    "compiled.decide_only": "本体（判定だけ）",
    "compiled.permits": "　認めるもの",
    "compiled.refusals": "　認めないもの（理由つき）",
    "compiled.decide_only.permits": "　判定だけ・認めるもの",
    "compiled.decide_only.refusals": "　判定だけ・認めないもの",
    "compiled.other_days": "本体（型は既出、日は初出）",
    "compiled.cold": "本体（初出の型）",
    "compiled.cold.permits": "　初出の型・認めるもの",
    "compiled.cold.refusals": "　初出の型・認めないもの",
    "naive": "素朴な評価器",
    "rete": "Rete（錠を含む）",
}


def targets(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Each figure that the issue asks for: wanted, measured, met. A figure not measured is not met."""
    return [
        {"name": name, "wanted": wanted, "measured": value, "met": value is not None and met}
        for name, wanted, value, met in _targets(result)
    ]


def _targets(result: dict[str, Any]) -> Iterator[tuple[str, str, float | None, bool]]:
    speed, many, loading = result["speed"], result["municipalities"], result["loading"]
    own = speed["series"]["compiled"]["ratio"]
    yield "一件の判定（全引用つき）÷ 辞書引き", "4倍以下", own, own <= 4
    for package, times in (("zen-engine", 4), ("durable-rules", 10), ("cedarpy", 15)):
        value = _fastest(speed["peers"], package)
        yield f"毎秒の判定数 ÷ {package}", f"{times}倍以上", value, value is not None and value >= times
    for kind, title in (("warm", "既出の型"), ("cold", "初出の型")):
        value = speed["refusals_to_permits"][kind]["ratio"]
        yield f"認めない判定 ÷ 認める判定（{title}）", "3倍以下", value, value <= 3
    value = many["rounds"]["warm"]["ratio"] if "rounds" in many else None
    yield f"{many.get('count', '?')}団体 ÷ 1団体", "1.2倍以下", value, value is not None and value <= 1.2
    value = loading["cache_median"]["wall_s"] if loading.get("cache_used") else None
    yield "キャッシュからの起動（秒、Pythonの起動を含む）", "0.3秒未満", value, value is not None and value < 0.3
    value = result["check"].get("one_change_beyond_start_s")
    title = f"{result['check']['count']}団体のうち一つの文書を変えた後の検査（秒、Pythonの起動を除く）"
    yield title, "1秒未満", value, value is not None and value < 1


def _fastest(peers: dict[str, Any], package: str) -> float | None:
    """Our lead over the fastest encoding for an engine; None when none was measured that can be believed."""
    measured = [a for a in peers.values() if a["package"] == package and "times_ours" in a and not a["suspect"]]
    return min((about["times_ours"]["ratio"] for about in measured), default=None)


def show(result: dict[str, Any], console: Console) -> None:
    """Print the tables."""
    if "error" in result:
        console.print(f"計測できません: {result['error']}", style="bold")
        return
    _show_speed(result["speed"], console)
    _show_municipalities(result["municipalities"], console)
    _show_loading(result["loading"], console)
    _show_check(result["check"], console)
    table = Table(title="目標（イシュー2）", title_justify="left")
    for title in ("項目", "目標", "実測", "結果"):
        table.add_column(title)
    for target in result["targets"]:
        value = "計測なし" if target["measured"] is None else f"{target['measured']:.2f}"
        table.add_row(target["name"], target["wanted"], value, "達成" if target["met"] else "未達")
    console.print(table)


def _show_speed(speed: dict[str, Any], console: Console) -> None:
    work, floor = speed["workload"], speed["floor"]
    console.print(
        f"要求 {work['requests']} 件（適法 {work['lawful']}、型 {work['shapes']}、日 {work['days']}）、"
        f"表 {work['rows']} 行・鍵 {work['keys']}。辞書引き {floor['median_us']:.2f} µs"
        f"（{floor['range_us'][0]:.2f}–{floor['range_us'][1]:.2f}）。時間はCPU時間、比は前後で計った辞書引きに対するもの。"
    )
    table = Table(title="一件の判定", title_justify="left")
    for title in ("対象", "方式"):
        table.add_column(title, overflow="fold", min_width=26)
    for title in ("µs", "件/秒", "辞書引き比", "範囲", "本体比", "照合", "不一致"):
        table.add_column(title, justify="right")
    for name, series in speed["series"].items():
        about = speed["peers"].get(name, {})
        checked = speed["agreement"].get(name, speed["agreement"]["table"] if name == "compiled" else {})
        low, high = series["ratio_range"]
        table.add_row(
            _TITLES.get(name, f"{name} {about.get('version', '')}".strip()),
            about.get("encoding", "") + ("（疑わしい）" if about.get("suspect") else ""),
            f"{series['median_us']:.2f}",
            f"{series['per_second']:,}",
            f"{series['ratio']:.1f}",
            f"{low:.1f}–{high:.1f}",
            f"{about['times_ours']['ratio']:.1f}" if "times_ours" in about else "",
            str(checked.get("checked", "")),
            str(checked.get("disagreements", "")),
        )
    for name, about in speed["peers"].items():
        if about["status"] != "measured":
            reason = "未導入" if about["status"] == "not installed" else "規則を載せられない"
            table.add_row(name, about["encoding"], reason, *[""] * 6)
    console.print(table)


def _show_municipalities(many: dict[str, Any], console: Console) -> None:
    if "error" in many:
        console.print(f"{many.get('count', '')}団体: 計測できません（{many['error']}）")
        return
    rounds, memory = many["rounds"], many["memory_mb"]
    titles = {
        "warm": "既出の型（団体は無作為）",
        "warm_decide_only": "既出の型・判定だけ",
        "warm_same_number_of_shapes": "既出の型・型の数を揃えて",
        "cold": "初出の型（団体は既出）",
    }
    table = Table(title=f"{many['count']}団体と1団体", title_justify="left")
    for title in ("要求", "1団体 ns", f"{many['count']}団体 ns", "比", "範囲"):
        table.add_column(title, justify="left" if title == "要求" else "right")
    for name, title in titles.items():
        pair = rounds[name]
        middle = len(pair["one_ns"]) // 2
        low, high = pair["ratio_range"]
        one, all_ = sorted(pair["one_ns"])[middle], sorted(pair["many_ns"])[middle]
        table.add_row(title, str(one), str(all_), f"{pair['ratio']:.2f}", f"{low:.2f}–{high:.2f}")
    console.print(table)
    console.print(
        f"規則 {many['grants']} 件。メモリ: 規則集 +{memory['rule_set_delta']:.0f} MB"
        f"（1団体 {many['tracemalloc_kb_per_municipality']:.0f} kB）、全団体の索引 +{memory['index_delta']:.0f} MB。"
        f"複製 {many['multiply_s']:.1f} 秒、索引の用意 {many['index_build_s'] * 1000:.1f} ms、"
        f"団体ごとの初回 {many['first_touch_ms_per_municipality']:.2f} ms。"
    )


def _show_check(check: dict[str, Any], console: Console) -> None:
    if "error" in check:
        console.print(f"検査: 計測できません（{check['error']}）")
        return
    title = (
        f"国の文書と{check['count']}団体の検査（文書 {check['files']}件、{check['bytes'] / 1e6:.0f} MB、実時間、秒）"
    )
    table = Table(title=title, title_justify="left")
    for column in ("起点", "時間", "CPU時間", "主プロセス MB", "作業プロセス MB"):
        table.add_column(column, justify="left" if column == "起点" else "right")
    alone = check["cold_one_job"]
    rows = [(f"初めて（うち{alone['count']}団体を一つずつ）", alone)]
    rows.append((f"初めて（同時に{check['cores']}）", check["cold_all_jobs"]))
    rows += [("変わりなし", one) for one in check["unchanged"]]
    rows += [("一つの文書を変えた後", one) for one in check["one_change"]]
    for name, one in rows:
        worker = f"{one['worker_memory_mb']:.0f}" if one["worker_memory_mb"] else ""
        table.add_row(name, f"{one['wall_s']:.2f}", f"{one['cpu_s']:.2f}", f"{one['memory_mb']:.0f}", worker)
    console.print(table)


def _show_loading(loading: dict[str, Any], console: Console) -> None:
    if "error" in loading:
        console.print(f"読込み: 計測できません（{loading['error']}）")
        return
    table = Table(title="rules/ と1団体の読込み（新しいプロセス、実時間の中央値、秒）", title_justify="left")
    for title in ("起点", "全体", "うち import", "うち読込み", "うち索引"):
        table.add_column(title, justify="left" if title == "起点" else "right")
    kept = "キャッシュから" if loading["cache_used"] else "キャッシュから（使われず）"
    for kind, title in (("text", "条文から"), ("cache", kept)):
        row = loading[f"{kind}_median"]
        table.add_row(title, *(f"{row[m]:.3f}" for m in ("wall_s", "import_s", "load_s", "index_s")))
    console.print(table)
    console.print(
        f"何もしないPythonの起動 {loading['bare_interpreter_median_s']:.3f} 秒、"
        f"キャッシュ {loading['cache_bytes'] / 1024:.0f} kB。"
    )
