"""Loading: folders, the cache, what happens when either is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import dsl.compile
from api import cache
from api.project import ProjectNotFoundError, load


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("JOREI_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def test_cache_gives_the_same_rule_set(kept: Path, town: Path) -> None:
    first, second = load(ordinances=[town]), load(ordinances=[town])
    assert not first.from_cache
    assert second.from_cache
    assert first.rule_set == second.rule_set
    assert first.diagnostics == second.diagnostics


@pytest.mark.parametrize("damage", [b"", b"jorei-cache-1\n", b"x" * 100], ids=["empty", "head only", "other"])
def test_damaged_cache_is_compiled_again(kept: Path, town: Path, damage: bytes) -> None:
    first = load(ordinances=[town])
    (path,) = kept.glob("*.msgpack")
    path.write_bytes(damage)
    second = load(ordinances=[town])
    assert not second.from_cache
    assert second.rule_set == first.rule_set
    assert load(ordinances=[town]).from_cache


def test_one_changed_byte_is_noticed(kept: Path, town: Path) -> None:
    load(ordinances=[town])
    (path,) = kept.glob("*.msgpack")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert not load(ordinances=[town]).from_cache


def test_changed_text_is_compiled_again(kept: Path, town: Path) -> None:
    digest = load(ordinances=[town]).rule_set.digest
    path = town / "規則.jorei"
    path.write_text(path.read_text(encoding="utf-8").replace("1月1日", "4月1日"), encoding="utf-8")
    changed = load(ordinances=[town])
    assert not changed.from_cache
    assert changed.rule_set.digest != digest


def test_changed_text_of_one_municipality_does_not_compile_the_nation_again(
    kept: Path, town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(ordinances=[town])
    path = town / "規則.jorei"
    path.write_text(path.read_text(encoding="utf-8").replace("1月1日", "4月1日"), encoding="utf-8")
    whole = load(ordinances=[town], use_cache=False)
    monkeypatch.setattr(dsl.compile, "compile_nation", lambda _: pytest.fail("nation compiled again"))
    changed = load(ordinances=[town])
    assert not changed.from_cache
    assert (changed.rule_set, changed.diagnostics) == (whole.rule_set, whole.diagnostics)


def test_changed_code_is_compiled_again(kept: Path, town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(ordinances=[town])
    monkeypatch.setattr(cache, "compiling_code", lambda: b"other")
    assert not load(ordinances=[town]).from_cache


def test_files_with_errors_are_never_kept(kept: Path, town: Path) -> None:
    (town / "規則.jorei").write_text("規則 あ\n第1条 これは定型文ではない。\n", encoding="utf-8")
    project = load(ordinances=[town])
    assert not project.ok
    assert not list(kept.glob("*.msgpack"))
    assert project.rule_set.bodies["990088"].faults


def test_cache_that_cannot_be_written_is_no_fault(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JOREI_CACHE", str(tmp_path / "file"))
    assert load(ordinances=[town]).ok


def test_no_part_of_a_file_remains(kept: Path, town: Path) -> None:
    load(ordinances=[town])
    assert sorted(p.suffix for p in kept.iterdir()) == [".msgpack", ".nation", ".tables"]


def test_only_the_folder_asked_for_is_loaded(town: Path) -> None:
    assert list(load(ordinances=[town]).rule_set.bodies) == ["990088"]
    assert "042021" in load().rule_set.bodies


@pytest.mark.parametrize("name", ["ない", "空"])
def test_folder_without_rules_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "空").mkdir()
    with pytest.raises(ProjectNotFoundError):
        load(ordinances=[tmp_path / name])
    with pytest.raises(ProjectNotFoundError):
        load(rules=tmp_path / name)


def test_scenarios_and_hidden_files_are_no_rule_files(town: Path) -> None:
    (town / ".下書き.jorei").write_text("でたらめ", encoding="utf-8")
    (town / "scenarios" / "b.jorei").write_text("でたらめ", encoding="utf-8")
    names = {Path(source.path).name for source in load(ordinances=[town]).sources}
    assert not names & {".下書き.jorei", "b.jorei", "事例.yaml"}


def test_cached_start_imports_no_parser(town: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from api.project import load; "
        f"p = load(ordinances=[Path({str(town)!r})]); "
        "print(p.from_cache, [m for m in ('lark', 'typer', 'rich', 'yaml', 'durable') if m in sys.modules])"
    )
    call = [sys.executable, "-c", code]
    first, second = (subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip() for _ in "12")
    assert first.startswith("False")
    assert second == "True []"
