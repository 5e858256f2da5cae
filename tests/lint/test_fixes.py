"""Fixes: what they make of a text, that they are made once and for all, and that promulgated text is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.fixing import Fixed, fix_folder
from dsl.compile import SourceFile, compile_municipality
from dsl.diagnostics import Severity
from dsl.lint.finding import Edit, Fix
from dsl.lint.fixes import apply
from dsl.syntax import Span
from engine.rule_set import Part
from tests.lint.test_rules import FOREIGN, NUMBERED, OPEN
from tests.lint.texts import ORDINANCE, ORGANISATION, REGULATION, ROW, SCOPE, files, linted, nation, with_provision

DRAFT = with_provision(article=NUMBERED).replace(SCOPE, OPEN)
RULES = REGULATION.replace(SCOPE, OPEN)
#: slips that can be made anywhere in the draft: what stands there, and what is typed instead
SLIPS = (
    (ROW, ROW + FOREIGN),
    ("4 第2項の規定による", "4 第2項のの規定による"),
    ("4 第2項の規定による", "4 第2項の規程による"),
    ("同一の内容の情報を含む", "同一の内容の情報をを含む"),
    ("同表の中欄に掲げる事務及び市長", "同表の中欄に掲げる事務,及び市長"),
    ("平成28年1月1日から施行する", "令和1年5月1日から施行する"),
    ("当該機関が保有するものを", "当該機関が保有するものをを"),
)


def folder(path: Path, ordinance: str, regulation: str = RULES) -> Path:
    for name, text in (("条例.jorei", ordinance), ("規則.jorei", regulation), ("organisation.yaml", ORGANISATION)):
        (path / name).write_text(text, encoding="utf-8")
    return path


def mended(path: Path, *, texts_too: bool = False) -> Fixed:
    fixed = fix_folder(path, nation(), texts_too=texts_too)
    for file in fixed.files:
        file.write()
    return fixed


def test_edits_are_made_from_the_end_and_never_over_one_another() -> None:
    first = Fix((Edit(Span(1, 1, 1, 2), "甲"), Edit(Span(2, 2, 2, 2), "乙")))
    second = Fix((Edit(Span(1, 1, 1, 3), "丙"),))
    assert apply("あい\nうえ\n", [first, second]) == ("甲い\nう乙え\n", 1)


def test_the_repealed_table_is_replaced_from_its_day(tmp_path: Path) -> None:
    mended(folder(tmp_path, ORDINANCE.replace(SCOPE, OPEN)))
    lines = (tmp_path / "条例.jorei").read_text("utf-8").splitlines()
    third = [line for line in lines if line.startswith("3 ")]
    assert third[0].startswith("3 〔期間 2024-05-26まで〕市長又は教育委員会は、法別表第2の第2欄に掲げる事務")
    assert third[1].startswith(
        "3 〔期間 2024-05-27から〕市長又は教育委員会は、特定個人番号利用事務を処理するために必要な限度で、利用特定個人情報であって自らが"
    )
    first = [line for line in lines if line.startswith("1 〔期間")]
    assert first[1].endswith("及び市長又は教育委員会が行う特定個人番号利用事務とする。")
    assert not [f for f in linted([*_read(tmp_path)])[1] if f.diagnostic.code == "L0103"]


def test_the_mended_text_grants_on_both_sides_of_the_day(tmp_path: Path) -> None:
    """The law of the fix: the clause that had come to grant nothing grants again, and what it granted before stays."""
    before = compile_municipality(files(ORDINANCE.replace(SCOPE, OPEN), RULES), nation()).part
    mended(folder(tmp_path, ORDINANCE.replace(SCOPE, OPEN)))
    after = compile_municipality(_read(tmp_path), nation()).part
    assert before is not None
    assert after is not None

    def days(part: Part, late: bool) -> set[tuple[str, str]]:
        return {
            (g.affair, i.name)
            for g in part.grants
            for i in g.information or ()
            if g.clause.endswith("/3/3") and (g.period.last is None) is late
        }

    assert days(before, late=False) == days(after, late=False)
    assert not days(before, late=True)
    assert days(after, late=True)


def test_wrong_items_are_split_by_their_days(tmp_path: Path) -> None:
    mended(folder(tmp_path, DRAFT))
    text = (tmp_path / "条例.jorei").read_text("utf-8")
    assert "1 〔期間 2017-05-29まで〕法第19条第9号の規定により" in text
    assert "1 〔期間 2017-05-30から2021-08-31まで〕法第19条第10号の規定により" in text
    assert "1 〔期間 2021-09-01から〕法第19条第11号の規定により" in text


def test_a_number_wrong_for_the_whole_life_is_replaced(tmp_path: Path) -> None:
    late = with_provision(article=NUMBERED).replace(SCOPE, f"{OPEN}〔範囲 2022-04-01から2024-05-26まで〕")
    rules = REGULATION.replace(SCOPE, f"{OPEN}〔範囲 2022-04-01から2024-05-26まで〕")
    mended(folder(tmp_path, late, rules))
    assert (tmp_path / "条例.jorei").read_text("utf-8") == late.replace("法第19条第9号", "法第19条第11号")


def test_the_row_of_an_affair_of_the_law_is_closed(tmp_path: Path) -> None:
    mended(folder(tmp_path, ORDINANCE.replace(SCOPE, OPEN).replace(ROW, ROW + FOREIGN, 1)))
    text = (tmp_path / "条例.jorei").read_text("utf-8")
    assert f"{FOREIGN.rstrip()} 〔期間 2024-05-26まで〕" in text


def test_promulgated_text_is_changed_only_when_asked(tmp_path: Path) -> None:
    text = DRAFT.replace(OPEN, "〔状態 公布〕")
    fixed = mended(folder(tmp_path, text))
    assert not fixed.files
    assert {f.diagnostic.code for f in fixed.amending} == {"L0103", "L0104"}
    assert all("条文を改める" in f.diagnostic.help for f in fixed.amending)
    assert (tmp_path / "条例.jorei").read_text("utf-8") == text
    assert mended(tmp_path, texts_too=True).files


def test_a_text_without_a_state_counts_as_promulgated(tmp_path: Path) -> None:
    assert not mended(folder(tmp_path, DRAFT.replace(OPEN, ""))).files


def test_line_ends_and_mark_of_windows_stay(tmp_path: Path) -> None:
    folder(tmp_path, DRAFT)
    path = tmp_path / "条例.jorei"
    path.write_bytes(b"\xef\xbb\xbf" + DRAFT.replace("\n", "\r\n").encode())
    assert mended(tmp_path).files
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n") > DRAFT.count("\n")


def test_a_fix_that_would_bring_an_error_is_refused(tmp_path: Path) -> None:
    """Two articles of one number need 〔期間〕 on both; here the days of the article are already its own."""
    text = DRAFT.replace("第4条（特定個人情報の提供）", "第4条（特定個人情報の提供）〔期間 2016-04-01から〕")
    mended(folder(tmp_path, text))
    after = (tmp_path / "条例.jorei").read_text("utf-8")
    assert after.count("法第19条第9号") == text.count("法第19条第9号") == 1
    assert not [d for d in linted(_read(tmp_path))[0].diagnostics if d.severity is Severity.ERROR]


@settings(max_examples=12, deadline=None)
@given(st.sets(st.sampled_from(range(len(SLIPS)))))
def test_fixing_twice_is_fixing_once(tmp_path_factory: pytest.TempPathFactory, chosen: set[int]) -> None:
    text = DRAFT
    for number in sorted(chosen):
        right, wrong = SLIPS[number]
        text = text.replace(right, wrong, 1)
    path = folder(tmp_path_factory.mktemp("fix"), text)
    errors = {d.message for d in linted(_read(path))[0].diagnostics if d.severity is Severity.ERROR}
    mended(path)
    once = _read(path)
    assert not mended(path).files
    assert _read(path) == once
    compiled, _ = linted(once)
    assert {d.message for d in compiled.diagnostics if d.severity is Severity.ERROR} <= errors


def _read(path: Path) -> list[SourceFile]:
    return [SourceFile(str(p), p.read_text("utf-8")) for p in sorted(path.iterdir()) if p.suffix in (".jorei", ".yaml")]
