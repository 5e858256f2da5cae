"""The check of many municipalities: the same findings in the same order however it is done, and nothing lost."""

from __future__ import annotations

import ast
import errno
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

import dsl.compile
from api import check_cache, check_pool, checked_folder, checking, kept_nation, scenario_file
from api.bench.folders import check_digit, write_folders
from api.check_cache import Known
from api.checked_folder import Outcome, check_municipality
from api.checking import Check, check
from api.project import Listing, default_rules, listing, load

Jorei = Callable[..., Result]


@pytest.fixture
def kept(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds the compiled nation and nothing else."""
    nation = tmp_path_factory.getbasetemp() / "nation"
    monkeypatch.setenv("JOREI_CACHE", str(nation))
    assert Known(listing(default_rules())).nation.slices
    monkeypatch.setenv("JOREI_CACHE", str(tmp_path / "kept"))
    shutil.copytree(nation, tmp_path / "kept")
    return tmp_path / "kept"


@pytest.fixture
def many(town: Path, tmp_path: Path) -> Path:
    """Twelve towns after one, three of them with faults: in the ordinance, in a scenario, in the encoding."""
    folder = tmp_path / "towns"
    for number in range(12):
        shutil.copytree(town, folder / f"{number:02}")
        for path in (folder / f"{number:02}").rglob("*.*"):
            text = path.read_text(encoding="utf-8").replace("990088", f"9901{number:02}")
            path.write_text(text.replace("みなと町", f"みなと{chr(ord('あ') + number)}町"), encoding="utf-8")
    with (folder / "03" / "規則.jorei").open("a", encoding="utf-8") as file:
        file.write("第9条 これは定型文ではない。\n")
    with (folder / "05" / "scenarios" / "事例.yaml").open("a", encoding="utf-8") as file:
        file.write("- nmae: 名を書き誤った\n")
    (folder / "07" / "要綱.jorei").write_bytes("要綱 みなと町".encode("cp932"))
    return folder


def mend(folder: Path) -> None:
    path = folder / "規則.jorei"
    path.write_text(path.read_text(encoding="utf-8").replace("1月1日", "2月1日"), encoding="utf-8")


def codes(found: Check) -> set[str]:
    return {d.code for d in found.diagnostics}


# ---- the same, however it is done ----------------------------------------------------------------


def test_findings_are_those_of_compiling_everything_at_once(kept: Path, many: Path) -> None:
    whole = load(ordinances=[many], use_cache=False)
    found = check(ordinances=[many])
    rules = [d for d in found.diagnostics if not d.code.startswith("S")]
    assert rules == list(whole.diagnostics)
    assert {"J0060", "P0101"} <= {d.code for d in rules}
    assert [d.path.endswith("05/scenarios/事例.yaml") for d in found.diagnostics[len(rules) :]].count(True) >= 1
    assert found.digest == whole.rule_set.digest
    assert found.files == len(whole.sources)
    assert list(found.bodies) == [p.body.name for p in whole.rule_set.bodies.values() if p.body]


def test_own_municipalities_are_checked_as_they_are_loaded(kept: Path) -> None:
    whole = load(use_cache=False)
    found = check()
    assert found.diagnostics == whole.diagnostics
    assert found.digest == whole.rule_set.digest


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_find_the_same(kept: Path, many: Path, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if method not in check_pool.multiprocessing.get_all_start_methods():
        pytest.fail(f"{method} does not exist here")
    monkeypatch.setattr(check_pool, "start_method", lambda: method)
    monkeypatch.setattr(check_pool, "_BATCH", 2)
    told: list[tuple[int, int]] = []
    one = check(ordinances=[many], jobs=1, use_cache=False)
    more = check(ordinances=[many], jobs=3, use_cache=False, progress=lambda done, of: told.append((done, of)))
    assert more == one
    assert told == [(n, 12) for n in range(1, 13)]


# ---- again only what has changed -----------------------------------------------------------------


def test_unchanged_files_are_not_compiled_again(kept: Path, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = check(ordinances=[many])
    assert first.rechecked == 12
    monkeypatch.setattr(checking, "check_municipality", lambda *_: pytest.fail("compiled again"))
    monkeypatch.setattr(dsl.compile, "compile_nation", lambda _: pytest.fail("nation compiled again"))
    again = check(ordinances=[many])
    assert again.rechecked == 0
    assert again.diagnostics == first.diagnostics
    assert (again.digest, again.files, again.bodies) == (first.digest, first.files, first.bodies)


@pytest.mark.parametrize("name", ["規則.jorei", "scenarios/事例.yaml", "organisation.yaml"])
def test_one_changed_file_is_one_municipality(
    kept: Path, many: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(ordinances=[many])
    whole = dsl.compile.compile_nation
    monkeypatch.setattr(dsl.compile, "compile_nation", lambda _: pytest.fail("nation compiled again"))
    with (many / "09" / name).open("a", encoding="utf-8") as file:
        file.write("でたらめ\n")
    found = check(ordinances=[many])
    assert found.rechecked == 1
    assert any(d.path.endswith(f"09/{name}") for d in found.diagnostics)
    monkeypatch.setattr(dsl.compile, "compile_nation", whole)
    assert replace_rechecked(found) == replace_rechecked(check(ordinances=[many], use_cache=False))


def replace_rechecked(found: Check) -> tuple[object, ...]:
    return found.digest, found.files, found.bodies, found.diagnostics


def test_file_added_moved_and_removed_is_seen(kept: Path, many: Path) -> None:
    check(ordinances=[many])
    (many / "01" / "要綱.jorei").write_text("でたらめ\n", encoding="utf-8")
    assert check(ordinances=[many]).rechecked == 1
    (many / "01" / "要綱.jorei").rename(many / "01" / "要領.jorei")
    moved = check(ordinances=[many])
    assert moved.rechecked == 1
    assert any(d.path.endswith("01/要領.jorei") for d in moved.diagnostics)
    (many / "01" / "要領.jorei").unlink()
    assert check(ordinances=[many]).rechecked == 0  # as it was before


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files written just now count as written long ago."""
    monkeypatch.setattr(check_cache, "_SETTLED", -60_000_000_000)


@pytest.mark.usefixtures("settled")
def test_a_folder_of_which_the_system_says_the_same_is_not_read_again(
    kept: Path, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = check(ordinances=[many])
    shutil.rmtree(many / "11")
    mend(many / "04")
    read: list[Path] = []

    def fingerprint(found: Listing) -> bytes | None:
        read.append(found.folder)
        return checked_folder.fingerprint(found)

    monkeypatch.setattr(check_cache, "fingerprint", fingerprint)
    found = check(ordinances=[many])
    assert read == [default_rules(), many / "04"]
    assert found.rechecked == 1
    assert replace_rechecked(found) == replace_rechecked(check(ordinances=[many], use_cache=False))
    assert found.digest != first.digest


@pytest.mark.usefixtures("settled")
def test_a_change_that_hides_its_time_is_seen(kept: Path, many: Path) -> None:
    check(ordinances=[many])
    path = many / "04" / "規則.jorei"
    before = path.stat()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("1月1日", "2月1日"), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert check(ordinances=[many]).rechecked == 1


def test_scenario_files_without_a_finding_are_not_read_again(
    kept: Path, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of a scenario file is told again, wherever the file is; one without a fault is known by its text."""
    whole = scenario_file.parse_scenarios
    read: list[str] = []

    def noted(path: str, text: str) -> object:
        read.append(path)
        return whole(path, text)

    monkeypatch.setattr(scenario_file, "parse_scenarios", noted)
    first = check(ordinances=[many])
    assert len(read) == 12
    read.clear()
    mend(many / "04")
    mend(many / "05")  # the one with a fault in its scenario
    found = check(ordinances=[many])
    assert [path.split("/")[-3] for path in read] == ["05"]
    assert (
        [d for d in found.diagnostics if d.code[0] == "S"] == [d for d in first.diagnostics if d.code[0] == "S"] != []
    )
    assert replace_rechecked(found) == replace_rechecked(check(ordinances=[many], use_cache=False))


def test_files_written_just_now_are_read_again(kept: Path, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(ordinances=[many])
    read: list[Listing] = []
    monkeypatch.setattr(check_cache, "fingerprint", lambda found: (read.append(found), b"")[1])
    check(ordinances=[many])
    assert len(read) == 13


def test_what_finds_nothing_in_texts_is_not_part_of_the_key() -> None:
    """The key holds `api` without the packages within: none of them is at work when folders are checked."""
    code = """
import sys, api.check_pool, api.checking, api.scenario_file, dsl.lint
print([name for name in sys.modules if name.startswith("api.")])
print([name for name, module in sys.modules.items() if name.startswith("api.") and hasattr(module, "__path__")])
"""
    met = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    names, packages = map(ast.literal_eval, met.splitlines())
    assert "api.scenario_file" in names
    assert packages == []


def test_changed_national_file_is_everything_again(kept: Path, many: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(default_rules(), rules)
    before = check(rules, [many])
    with (rules / "assumptions.yaml").open("a", encoding="utf-8") as file:
        file.write("# 注\n")
    after = check(rules, [many])
    assert after.rechecked == 12
    assert after.diagnostics == before.diagnostics
    assert after.digest != before.digest


def test_changed_code_is_everything_again(kept: Path, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(ordinances=[many])
    monkeypatch.setattr(check_cache, "_code", lambda: b"other")
    assert check(ordinances=[many]).rechecked == 12


@pytest.mark.parametrize("suffix", [".checks", ".nation"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_damaged_cache_is_not_believed(kept: Path, many: Path, suffix: str, damage: str) -> None:
    first = check(ordinances=[many])
    (path,) = kept.glob(f"*{suffix}")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    if damage != "gone":
        path.write_bytes(data if damage == "flip" else data[: len(data) // 2])
    mend(many / "02")
    again = check(ordinances=[many])
    assert again.rechecked == (12 if suffix == ".checks" else 1)
    assert again.diagnostics == first.diagnostics


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch evil",)


@pytest.mark.parametrize("value", [Evil(), os.path.join, pytest])
def test_cache_runs_no_code_of_others(
    kept: Path, tmp_path: Path, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps(value) if value is not pytest else b"\x80\x04\x8c\x0bdsl.compile\x8c\x0ehashlib.sha256\x93."
    kept_nation.cache.write_body("x.nation", data, 4)
    assert kept_nation._read("x.nation") is None
    assert not (tmp_path / "evil").exists()


def test_municipalities_not_met_are_remembered_for_a_while(
    kept: Path, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(ordinances=[many])
    assert check(ordinances=[many / "02"]).rechecked == 0
    mend(many / "02")
    assert check(ordinances=[many / "02"]).rechecked == 1
    assert check(ordinances=[many]).rechecked == 0
    monkeypatch.setattr(check_cache, "_MOST", 5)
    mend(many / "03")
    assert check(ordinances=[many]).rechecked == 1
    assert check(ordinances=[many]).rechecked == 7  # of twelve the five last met are known


def test_cache_that_cannot_be_written_is_no_fault(many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JOREI_CACHE", str(tmp_path / "file"))
    assert check(ordinances=[many]).rechecked == 12
    assert check(ordinances=[many]).rechecked == 12


# ---- nothing lost --------------------------------------------------------------------------------


def test_two_folders_of_one_body(kept: Path, many: Path) -> None:
    shutil.copytree(many / "02", many / "02の写し")
    for _ in ("new", "known"):
        found = check(ordinances=[many])
        twice = [d for d in found.diagnostics if d.code == "J0316"]
        assert [Path(d.path).parent.name for d in twice] == ["02の写し"]
        assert "みなとい町" in twice[0].message
    assert found.diagnostics == (*load(ordinances=[many], use_cache=False).diagnostics, *scenario_findings(found))


def scenario_findings(found: Check) -> Iterator[object]:
    return (d for d in found.diagnostics if d.code.startswith("S"))


@pytest.mark.parametrize("within", ["", "別冊", "scenarios"])
def test_unreadable_folder_is_told(kept: Path, many: Path, within: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as root, who reads everything: the system's answer is given in its stead."""
    closed = str(many / "04" / within)
    Path(closed).mkdir(exist_ok=True)
    scandir = os.scandir

    def closing(path: str) -> Iterator[os.DirEntry[str]]:
        if str(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", closed)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closing)
    for _ in ("first", "again: never taken for known"):
        found = check(ordinances=[many])
        assert [d.path for d in found.diagnostics if "フォルダを読めません" in d.message] == [closed]
        assert not found.ok
    assert not load(ordinances=[many]).ok


def test_unreadable_file_is_told(kept: Path, many: Path) -> None:
    (many / "04" / "規則.jorei").unlink()
    (many / "04" / "規則.jorei").symlink_to(many / "ない")
    assert check(ordinances=[many]).rechecked == 12  # a link to nothing is no file
    os.chmod(many / "06" / "規則.jorei", 0)
    found = check(ordinances=[many])
    readable = os.access(many / "06" / "規則.jorei", os.R_OK)
    assert any(d.code == "P0101" and "06/規則" in d.path for d in found.diagnostics) is not readable


def _breaking(folder: Path, *given: Any) -> tuple[bytes | None, Outcome]:
    if folder.name == "08":
        os._exit(11)
    return check_municipality(folder, *given)


def test_worker_that_dies_is_reported_and_the_others_are_checked(
    kept: Path, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = check(ordinances=[many], use_cache=False)
    monkeypatch.setattr(check_pool, "check_municipality", _breaking)
    monkeypatch.setattr(check_pool, "_BATCH", 3)
    found = check(ordinances=[many], jobs=2)
    (died,) = [d for d in found.diagnostics if d.code == "P0102"]
    assert Path(died.path).name == "08"
    assert not found.ok
    assert [d for d in found.diagnostics if d.code != "P0102"] == [d for d in whole.diagnostics if "/08/" not in d.path]
    monkeypatch.undo()
    monkeypatch.setenv("JOREI_CACHE", str(kept))
    again = check(ordinances=[many])
    assert again.rechecked == 1  # what was not finished was not remembered
    assert again.diagnostics == whole.diagnostics


@pytest.mark.parametrize("jobs", [1, 2])
def test_check_that_breaks_down_is_reported(kept: Path, many: Path, jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = checked_folder._municipality

    def broken(read: checked_folder.Folder, *given: Any) -> Outcome:
        if any("/08/" in file.path for file in read.files):
            raise RecursionError("個人番号 1234 5678 9012")
        return compiled(read, *given)

    monkeypatch.setattr(checked_folder, "_municipality", broken)
    found = check(ordinances=[many], jobs=jobs)
    (told,) = [d for d in found.diagnostics if d.code == "P0102"]
    assert "RecursionError" in told.message
    assert "5678" not in told.message
    assert "J0060" in codes(found)


# ---- the command ---------------------------------------------------------------------------------


def test_command_with_jobs(kept: Path, many: Path, jorei: Jorei) -> None:
    one = jorei("check", "--ordinances", many, "--jobs", 1)
    known = jorei("check", "--ordinances", many, "--jobs", 2)
    assert one.exit_code == known.exit_code == 1
    assert one.stdout == known.stdout
    assert "12団体" in one.stdout
    assert "J0060" in one.stdout
    assert "これは定型文ではない" in one.stdout  # the passage is quoted
    said = json.loads(jorei("check", "--ordinances", many, "--json").stdout)
    assert said["ruleset"] == load(ordinances=[many]).rule_set.digest
    assert jorei("check", "--ordinances", many, "--jobs", 0).exit_code == 2
    assert jorei("check", "--ordinances", many / "ない").exit_code == 2


# ---- the folders of the benchmark ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("five", "sixth"), [("04202", "1"), ("01100", "2"), ("13101", "6"), ("47201", "8"), ("27100", "4"), ("04100", "9")]
)
def test_check_digits_of_bodies(five: str, sixth: str) -> None:
    assert check_digit(five) == sixth


def test_written_folders_are_municipalities_without_errors(kept: Path, tmp_path: Path) -> None:
    folders = write_folders(tmp_path / "many", 6)
    found = check(ordinances=[tmp_path / "many"])
    assert found.ok, found.diagnostics[0]
    assert len(set(found.bodies)) == len(folders) == 6
    for folder in folders:
        assert check_digit(folder.name[:5]) == folder.name[5]
        texts = "".join(Path(name).read_text("utf-8") for name in listing(folder).files)
        assert folder.name in texts
        for own in ("石巻市", "青嶺市", "汐見野町", "奥羽県", "042021", "990021"):
            assert own not in texts
    with pytest.raises(FileExistsError):
        write_folders(tmp_path / "many", 1)
