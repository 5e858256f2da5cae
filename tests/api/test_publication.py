"""Publications: the texts of one moment are kept, found again, and anything changed afterwards is seen."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import Result

from api.known_at import find, load_known
from api.project import HOME, load
from api.publication import (
    JAPAN,
    Publication,
    PublicationRefused,
    chain,
    digest_of_texts,
    encoded,
    moment_now,
    sha256_of,
    verify,
)
from api.publishing import publish
from dsl.compile import SourceFile, digest_of

Jorei = Callable[..., Result]
Write = Callable[[str], str]

FIRST = datetime(2016, 1, 20, 1, 30, tzinfo=UTC)
SECOND = datetime(2016, 2, 10, 15, 30, tzinfo=UTC)  # already the 11th in Japan
REQUEST = """action: use
municipality: みなと町
agency: 町長
affair: infant-medical
procedure: 1
on: 2016-02-01
"""
NUMBER = "1234 5678 9012"


def mend(town: Path) -> None:
    """The ordinance enters into force later than first written."""
    for name in ("条例.jorei", "規則.jorei"):
        path = town / name
        path.write_text(path.read_text(encoding="utf-8").replace("平成28年1月1日", "平成28年4月1日"), encoding="utf-8")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "公開"


@pytest.fixture
def two(town: Path, store: Path) -> tuple[Publication, Publication]:
    """A publication, and another after the ordinance was mended; the files of today are mended once more."""
    first = publish(store, load(ordinances=[town]), FIRST, "総務課", "初めの公開")
    mend(town)
    second = publish(store, load(ordinances=[town]), SECOND)
    assert first is not None
    assert second is not None
    (town / "規則.jorei").unlink()
    return first, second


def refused(code: str, call: Callable[[], object]) -> PublicationRefused:
    with pytest.raises(PublicationRefused) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert (HOME / "docs" / "ja" / "codes" / f"{code}.md").is_file()
    return caught.value


# ---- what is kept --------------------------------------------------------------------------------


def test_same_request_differs_between_publications(
    two: tuple[Publication, Publication], store: Path, jorei: Jorei, request_file: Write
) -> None:
    path = request_file(REQUEST)
    then = jorei("decide", path, "--store", store, "--known-at", "2016-02-01")
    later = jorei("decide", path, "--store", store, "--known-at", "2016-02-11")
    assert (then.exit_code, later.exit_code) == (0, 1), then.output + later.output
    assert two[0].name in then.stdout
    assert "平成28年1月20日10時30分公開" in then.stdout.replace("\n", "").replace(" ", "")
    assert two[1].name in later.stdout


def test_decision_records_digest_and_publication(
    two: tuple[Publication, Publication], store: Path, jorei: Jorei, request_file: Write
) -> None:
    said = json.loads(
        jorei("decide", request_file(REQUEST), "--store", store, "--known-at", two[0].name, "--json").stdout
    )
    assert said["lawful"] is True
    assert said["ruleset"] == two[0].manifest.digest
    assert said["publication"] == {
        "name": two[0].name,
        "published_at": "2016-01-20T01:30:00Z",
        "record": two[0].sha256,
    }


def test_loaded_from_a_publication_is_the_same_rule_set(town: Path, store: Path) -> None:
    today = load(ordinances=[town])
    made = publish(store, today, FIRST)
    assert made is not None
    known = load_known(store, "1", moment_now())
    assert known.rule_set == today.rule_set
    assert known.rule_set.digest == made.manifest.digest
    assert [(s.path, s.text) for s in known.sources] == [(s.path, s.text) for s in today.sources]
    assert known.publication == made


def test_own_project_published_and_loaded(store: Path) -> None:
    today = load()
    if not today.ok:
        pytest.fail(str(today.errors[0]))
    publish(store, today, FIRST)
    known = load_known(store, "1", moment_now())
    assert known.rule_set == today.rule_set
    assert [m.folder.resolve() for m in known.municipalities] == [m.folder.resolve() for m in today.municipalities]


def test_digest_of_hashes_is_the_digest_of_the_language() -> None:
    files = [SourceFile(f"{n}", text) for n, text in enumerate(("甲", "乙\n", "", "甲"))]
    assert digest_of_texts(sha256_of(f.text.encode()) for f in files) == digest_of(files)


def test_each_text_is_kept_once_and_record_says_what_it_must(two: tuple[Publication, Publication], store: Path) -> None:
    texts = sorted(path.name for path in (store / "texts").iterdir())
    wanted = {file.sha256 for one in two for file in one.manifest.files}
    assert texts == sorted(wanted)
    shared = {f.sha256 for f in two[0].manifest.files} & {f.sha256 for f in two[1].manifest.files}
    assert len(shared) == len(two[0].manifest.files) - 2
    record = json.loads((store / f"{two[1].name}.json").read_text("utf-8"))
    assert record["form"] == "jorei-publication/1"
    assert record["sequence"] == 2
    assert record["published_at"] == "2016-02-10T15:30:00Z"
    assert record["previous"] == two[0].sha256 == sha256_of((store / f"{two[0].name}.json").read_bytes())
    assert {f["role"] for f in record["files"]} == {"national", "municipality"}
    assert {f["folder"] for f in record["files"] if f["role"] == "municipality"} != {None}
    first = json.loads((store / f"{two[0].name}.json").read_text("utf-8"))
    assert (first["published_by"], first["note"], first["previous"]) == ("総務課", "初めの公開", None)


def test_nothing_changed_is_said_and_nothing_written(town: Path, store: Path, jorei: Jorei) -> None:
    assert "公開しました" in jorei("publish", "--ordinances", town, "--store", store, "--note", "初めの公開").stdout
    before = sorted(store.rglob("*"))
    again = jorei("publish", "--ordinances", town, "--store", store)
    assert again.exit_code == 0
    assert "変わっていません" in again.stdout
    assert sorted(store.rglob("*")) == before
    assert "公開 1件" in jorei("publications", "--store", store, "--verify").stdout


def test_text_as_it_was_published(two: tuple[Publication, Publication], town: Path, store: Path, jorei: Jorei) -> None:
    gone = town / "規則.jorei"
    assert jorei("text", gone).exit_code == 2
    first = jorei("text", gone, "--store", store, "--known-at", "1")
    assert "平成28年1月1日から施行" in first.stdout
    assert "〔" not in first.stdout
    assert "平成28年4月1日から施行" in jorei("text", gone, "--store", store, "--known-at", "2").stdout
    assert jorei("text", town / "要綱.jorei", "--store", store, "--known-at", "2").exit_code == 2


def test_explain_and_replay_by_a_publication(
    two: tuple[Publication, Publication], town: Path, store: Path, jorei: Jorei
) -> None:
    known = ("--store", store, "--known-at", two[0].name)
    assert two[0].name in jorei("explain", "みなと町番号利用条例第1条第1項", *known).stdout
    assert jorei("replay", town, *known).exit_code == 0
    later = jorei("replay", town, "--store", store, "--known-at", two[1].name, "--json")
    assert later.exit_code == 1
    assert json.loads(later.stdout)["publication"]["name"] == two[1].name


# ---- which publication a moment means ------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "sequence"),
    [
        ("2016-01-20", 1),  # 10:30 of that day in Japan
        ("平成28年1月20日", 1),
        ("2016-02-10", 1),  # the second was made on the 11th in Japan
        ("2016-02-11", 2),
        ("2016-02-10T15:29:59Z", 1),
        ("2016-02-10T15:30:00Z", 2),
        ("2016-02-11T00:29:59", 1),  # no zone: Japan
        ("2016-02-11 00:30", 2),
        ("1", 1),
        ("000002", 2),
    ],
)
def test_moment_means_the_last_before_it(
    two: tuple[Publication, Publication], store: Path, asked: str, sequence: int
) -> None:
    assert find(chain(store, moment_now()), asked, moment_now()).manifest.sequence == sequence


def test_digest_and_name_mean_that_one(two: tuple[Publication, Publication]) -> None:
    for one in two:
        for asked in (one.manifest.digest, one.manifest.digest[:10].upper(), one.name, f"{one.name}.json"):
            assert find(two, asked, moment_now()) == one


def test_same_texts_again_are_not_ambiguous(town: Path, store: Path) -> None:
    original = {path: path.read_text(encoding="utf-8") for path in town.glob("*.jorei")}
    first = publish(store, load(ordinances=[town]), FIRST)
    mend(town)
    publish(store, load(ordinances=[town]), SECOND)
    for path, text in original.items():
        path.write_text(text, encoding="utf-8")
    third = publish(store, load(ordinances=[town]), SECOND + timedelta(days=1))
    assert first is not None
    assert third is not None
    assert first.manifest.digest == third.manifest.digest
    assert find(chain(store, moment_now()), first.manifest.digest, moment_now()) == third


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("2016-01-19", "P0206"),
        ("2016-01-20T01:29:59Z", "P0206"),
        ("2999-01-01", "P0207"),
        ("3", "P0207"),
        ("000001-aaaaaaaaaaaa", "P0207"),
        ("ffffffff", "P0207"),
        ("abc", "P0207"),
        ("きのう", "P0207"),
        ("", "P0207"),
        ("2016-02-30", "P0207"),
        (NUMBER, "P0207"),
    ],
)
def test_what_was_not_published_is_refused(
    two: tuple[Publication, Publication], store: Path, jorei: Jorei, request_file: Write, asked: str, code: str
) -> None:
    result = jorei("decide", request_file(REQUEST), "--store", store, "--known-at", asked)
    assert result.exit_code == 2
    assert code in result.stderr
    assert two[0].name in result.stderr or "まだ来ていません" in result.stderr
    assert "適法とは扱わないでください" in result.stderr
    assert "5678" not in result.output


def test_store_without_publications(store: Path, jorei: Jorei, request_file: Write) -> None:
    result = jorei("decide", request_file(REQUEST), "--store", store, "--known-at", "2016-02-01")
    assert result.exit_code == 2
    assert "公開は一つもありません" in result.stderr
    assert "公開 0件" in jorei("publications", "--store", store, "--verify").stdout
    assert not store.exists()


def test_published_texts_do_not_mix_with_todays(two: object, town: Path, store: Path, jorei: Jorei) -> None:
    for more in (("--ordinances", town), ("--rules", HOME / "rules")):
        assert jorei("explain", "番号法第9条第1項", "--known-at", "1", "--store", store, *more).exit_code == 2
    assert jorei("explain", "番号法第9条第1項", "--store", store).exit_code == 2


# ---- what is not published -----------------------------------------------------------------------


def test_files_with_errors_are_not_published(town: Path, store: Path, jorei: Jorei) -> None:
    (town / "規則.jorei").write_text("規則 あ\n第1条 これは定型文ではない。\n", encoding="utf-8")
    result = jorei("publish", "--ordinances", town, "--store", store)
    assert result.exit_code == 1
    assert "P0201" in result.stderr
    assert "J0060" in result.stdout
    assert not store.exists()
    said = json.loads(jorei("publish", "--ordinances", town, "--store", store, "--json").stdout)
    assert said["refused"]["code"] == "P0201"
    assert said["diagnostics"]


@pytest.mark.parametrize("by", ["--note", "--by"])
def test_twelve_digits_are_not_published(town: Path, store: Path, jorei: Jorei, by: str) -> None:
    result = jorei("publish", "--ordinances", town, "--store", store, by, f"番号 {NUMBER}")
    assert result.exit_code == 1
    assert "P0202" in result.stderr
    assert "5678" not in result.output
    assert not store.exists()


def test_twelve_digits_in_a_register_are_not_published(town: Path, store: Path) -> None:
    """A comment of a register is read by nobody, but would be kept for good."""
    project = load(ordinances=[town])
    source = project.municipalities[0].sources[0]
    object.__setattr__(source, "text", source.text + f"# {NUMBER}\n")
    told = refused("P0202", lambda: publish(store, project, FIRST))
    assert "5678" not in str(told)
    assert source.path in told.text


def test_clock_behind_the_last_publication(town: Path, store: Path) -> None:
    publish(store, load(ordinances=[town]), SECOND)
    mend(town)
    told = refused("P0205", lambda: publish(store, load(ordinances=[town]), FIRST))
    assert "000001" in told.text
    assert len(chain(store, moment_now())) == 1


def test_record_from_the_future(town: Path, store: Path) -> None:
    publish(store, load(ordinances=[town]), moment_now() + timedelta(hours=1))
    refused("P0205", lambda: chain(store, moment_now()))
    mend(town)
    refused("P0205", lambda: publish(store, load(ordinances=[town]), moment_now()))


# ---- what was changed afterwards is seen ---------------------------------------------------------


def test_tampered_text_is_refused(
    two: tuple[Publication, Publication], store: Path, jorei: Jorei, request_file: Write
) -> None:
    changed = next(f for f in two[1].manifest.files if f.path.endswith("規則.jorei") and f.role == "municipality")
    path = store / "texts" / changed.sha256
    path.write_text(path.read_text("utf-8").replace("4月1日", "1月1日"), "utf-8")
    told = refused("P0204", lambda: verify(store, moment_now()))
    assert changed.path in told.text
    assert two[1].name in told.text
    result = jorei("decide", request_file(REQUEST), "--store", store, "--known-at", "2")
    assert result.exit_code == 1
    assert "P0204" in result.stderr
    assert "適法である" not in result.stdout
    assert jorei("decide", request_file(REQUEST), "--store", store, "--known-at", "1").exit_code == 0
    assert jorei("publications", "--store", store).exit_code == 0
    assert jorei("publications", "--store", store, "--verify").exit_code == 1


def test_missing_text_is_refused(two: tuple[Publication, Publication], store: Path) -> None:
    (store / "texts" / two[0].manifest.files[0].sha256).unlink()
    refused("P0204", lambda: load_known(store, "1", moment_now()))


def rewrite(store: Path, name: str, change: Callable[[str], str]) -> None:
    path = store / f"{name}.json"
    before = path.read_text("utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, "utf-8")


def test_changed_record_is_refused(
    two: tuple[Publication, Publication], store: Path, jorei: Jorei, request_file: Write
) -> None:
    rewrite(store, two[0].name, lambda text: text.replace("総務課", "企画課"))
    told = refused("P0203", lambda: chain(store, moment_now()))
    assert two[0].name in told.text
    result = jorei("decide", request_file(REQUEST), "--store", store, "--known-at", "2")
    assert result.exit_code == 1
    assert "P0203" in result.stderr


def test_removed_record_is_refused(two: tuple[Publication, Publication], store: Path) -> None:
    (store / f"{two[0].name}.json").unlink()
    refused("P0203", lambda: chain(store, moment_now()))


def test_removed_last_record_is_seen_by_its_note(
    two: tuple[Publication, Publication], store: Path, jorei: Jorei
) -> None:
    assert jorei("publications", "--store", store, "--verify", "--last", two[1].sha256).exit_code == 0
    (store / f"{two[1].name}.json").unlink()
    result = jorei("publications", "--store", store, "--verify", "--last", two[1].sha256)
    assert result.exit_code == 1
    assert "P0203" in result.stderr


def test_record_under_another_name_is_refused(two: tuple[Publication, Publication], store: Path) -> None:
    path = store / f"{two[1].name}.json"
    path.rename(store / f"000002-{'a' * 12}.json")
    refused("P0203", lambda: chain(store, moment_now()))
    (store / f"000002-{'a' * 12}.json").rename(store / "写し.json")
    refused("P0203", lambda: chain(store, moment_now()))


def test_files_of_a_record_cannot_be_exchanged(two: tuple[Publication, Publication], store: Path) -> None:
    """The last record, which no other names: its digest is that of its files."""
    hashes = [file.sha256 for file in two[1].manifest.files]
    old = next(file.sha256 for file in two[0].manifest.files if file.sha256 not in hashes)
    new = next(one for one in hashes if one not in {f.sha256 for f in two[0].manifest.files})
    rewrite(store, two[1].name, lambda text: text.replace(new, old))
    refused("P0203", lambda: chain(store, moment_now()))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("jorei-publication/1", "jorei-publication/2"), "P0208"),
        (lambda text: text[:-40], "P0208"),
        (lambda text: text.replace('"sequence": 2', '"sequence": "二"'), "P0208"),
        (lambda text: text.replace("15:30:00Z", "15:30:00"), "P0208"),
        (lambda text: text.replace("2016-02-10", "2016-01-10"), "P0205"),
        (lambda text: text.replace("2016-02-10", "2916-02-10"), "P0205"),
    ],
)
def test_unreadable_record_is_refused(
    two: tuple[Publication, Publication], store: Path, change: Callable[[str], str], code: str
) -> None:
    rewrite(store, two[1].name, change)
    told = refused(code, lambda: chain(store, moment_now()))
    assert two[1].name in told.text


def test_members_of_a_later_program_are_left_alone(two: tuple[Publication, Publication], store: Path) -> None:
    rewrite(store, two[1].name, lambda text: text.replace('"sequence"', '"approved_by": ["課長"], "sequence"'))
    assert chain(store, moment_now())[1].manifest == two[1].manifest


def test_nothing_is_built_on_a_broken_chain(two: tuple[Publication, Publication], town: Path, store: Path) -> None:
    rewrite(store, two[0].name, lambda text: text.replace("総務課", "企画課"))
    refused("P0203", lambda: publish(store, load(ordinances=[town]), moment_now()))
    assert len(list(store.glob("*.json"))) == 2


def test_tampered_text_is_not_published_again(two: tuple[Publication, Publication], town: Path, store: Path) -> None:
    (store / "texts" / two[1].manifest.files[0].sha256).write_text("別の文", "utf-8")
    refused("P0204", lambda: publish(store, load(ordinances=[town]), moment_now()))
    assert len(list(store.glob("*.json"))) == 2


def test_store_that_cannot_be_written(town: Path, tmp_path: Path) -> None:
    (tmp_path / "文書").write_text("")
    refused("P0209", lambda: publish(tmp_path / "文書", load(ordinances=[town]), FIRST))


def test_record_is_for_people_too(two: tuple[Publication, Publication], store: Path) -> None:
    data = (store / f"{two[0].name}.json").read_bytes()
    assert data == encoded(two[0].manifest)
    assert data.count(b"\n") > 10
    assert "総務課" in data.decode()


# ---- processes -----------------------------------------------------------------------------------

_PUBLISH = """
import sys, os
from datetime import datetime, UTC
from pathlib import Path
from api import publishing
from api.project import load
store, town, crash = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
project = load(ordinances=[town])
whole = publishing.write_whole
def crashing(path, data):
    if path.suffix == ".json":
        if crash == "before":
            os._exit(9)
        path.with_name(f".{path.name}.{os.getpid()}.part").write_bytes(data[:50])
        os._exit(9)
    whole(path, data)
if crash:
    publishing.write_whole = crashing
print("ready", flush=True)
sys.stdin.readline()
made = publishing.publish(store, project, datetime.now(UTC))
print(made.name if made else "unchanged")
"""


def publisher(store: Path, town: Path, crash: str = "") -> subprocess.Popen[str]:
    call = [sys.executable, "-c", _PUBLISH, str(store), str(town), crash]
    return subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HOME)


@pytest.mark.parametrize("crash", ["before", "half"])
def test_crash_leaves_no_half_publication(town: Path, store: Path, jorei: Jorei, crash: str) -> None:
    process = publisher(store, town, crash)
    process.communicate("\n")
    assert process.returncode == 9
    assert list((store / "texts").iterdir())
    assert not list(store.glob("*.json"))
    assert chain(store, moment_now()) == ()
    assert jorei("publications", "--store", store, "--verify").exit_code == 0
    made = publish(store, load(ordinances=[town]), moment_now())
    assert made is not None
    assert made.manifest.sequence == 1
    assert verify(store, moment_now()) == (made,)


def test_publishers_at_once_come_one_after_the_other(town: Path, store: Path, tmp_path: Path) -> None:
    towns = [town]
    for number in range(3):
        other = tmp_path / f"町{number}"
        other.mkdir()
        for path in town.glob("*.jorei"):
            text = path.read_text(encoding="utf-8").replace("附則\n", f"附則\n〔注 {number}〕\n")
            (other / path.name).write_text(text, encoding="utf-8")
        towns.append(other)
    towns.append(town)  # one of the two has nothing to publish, unless another came between
    processes = [publisher(store, one) for one in towns]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    found = verify(store, moment_now())
    assert [one.manifest.sequence for one in found] == list(range(1, len(found) + 1))
    assert sorted(one.name for one in found) == sorted(name for name in said if name != "unchanged")
    assert len(found) in (4, 5)
    assert not [path for path in store.rglob("*") if path.name.endswith(".part")]


def test_list_of_publications(two: tuple[Publication, Publication], store: Path, jorei: Jorei) -> None:
    shown = jorei("publications", "--store", store).stdout
    assert re.search(rf"{two[0].name}.*平成28年1月20日10時30分.*\n.*総務課\n.*初めの公開", shown)
    assert "前と違うもの 2件" in shown
    assert f"控え: {two[1].sha256}" in shown
    said = json.loads(jorei("publications", "--store", store, "--json").stdout)
    assert [one["name"] for one in said["publications"]] == [one.name for one in two]
    assert datetime.fromisoformat(said["publications"][0]["published_at"]).astimezone(JAPAN).day == 20
