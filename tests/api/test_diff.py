"""Amended drafts of the city's ordinance: each change of the text with its consequence in law, as people read it."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import Result

from api.project import HOME, load
from engine.compiled import CompiledIndex
from engine.decision import Interpreter
from engine.difference import Difference, Kind, Point, difference
from engine.difference_example import request_of
from engine.naive import NaiveEvaluator
from engine.names import Directories
from engine.rule_set import Action, GrantedInformation, RuleSet

Jorei = Callable[..., Result]
CITY, MAYOR = "042021", "042021/市長"
DRAFT = HOME / "ordinances" / "ishinomaki"

WITHOUT_TAX_OF_HOUSEHOLD = (
    "規則.jorei",
    """  イ 当該申請を行う者と同一の世帯に属する者に係る地方税関係情報
  ウ 当該申請を行う者と同一の世帯に属する者に係る住民票関係情報
  エ 当該申請を行う者に係る医療保険給付関係情報
  オ 当該申請を行う者に係る生活保護関係情報
""",
    """  イ 当該申請を行う者と同一の世帯に属する者に係る住民票関係情報
  ウ 当該申請を行う者に係る医療保険給付関係情報
  エ 当該申請を行う者に係る生活保護関係情報
""",
)
WITHOUT_DEEMING = (
    "条例.jorei",
    "4 第2項の規定による特定個人情報の利用ができる場合において、他の条例、規則その他の規程の規定により当該特定個人情報と"
    "同一の内容の情報を含む書面の提出が義務付けられているときは、当該書面の提出があったものとみなす。\n",
    "",
)
WIDER = (
    "規則.jorei",
    "(2) 第10条第2号の助成金の支給に関する事務 当該助成を受ける者に係る住民票関係情報\n",
    "(2) 第10条第2号の助成金の支給に関する事務 当該助成を受ける者に係る生活保護関係情報\n",
)
LATER = (
    "条例.jorei",
    "1 この条例は、平成28年1月1日から施行する。ただし、",
    "1 この条例は、平成28年4月1日から施行する。ただし、",
)
NEW_CARD = (
    "条例.jorei",
    "〔事務 shelter-register〕\n",
    "〔事務 shelter-register〕\n(4) 図書室の利用者の確認に関する事務 〔事務 reading-room〕\n",
)
NO_PROCEDURES = (
    "規則.jorei",
    """第10条
条例別表第1の9の項の規則で定める事務は、次のとおりとする。
(1) 任意の予防接種に要する費用の助成の申請の受理、その申請に係る事実についての審査又はその申請に対する応答に関する事務
(2) 任意の予防接種に要する費用の助成に係る助成金の支給に関する事務
""",
    """第10条
条例別表第1の9の項の規則で定める事務は、次のとおりとする。
(1) 任意の予防接種に要する費用の助成の申請の受理、その申請に係る事実についての審査又はその申請に対する応答に関する事務
""",
)
ASSESSED_LATER = (
    "organisation.yaml",
    "{事務: child-medical, 水準: 基礎, 公表日: 2015-11-20",
    "{事務: child-medical, 水準: 基礎, 公表日: 2016-11-20",
)


@pytest.fixture
def amended(tmp_path: Path) -> Callable[..., Path]:
    """A copy of the draft with texts replaced."""

    def write(*edits: tuple[str, str, str]) -> Path:
        folder = tmp_path / "改正後"
        shutil.copytree(DRAFT, folder, dirs_exist_ok=True)
        for file, old, new in edits:
            path = folder / file
            text = path.read_text(encoding="utf-8")
            assert text.count(old) == 1, (file, old)
            path.write_text(text.replace(old, new), encoding="utf-8")
        return folder

    return write


def said(result: Result) -> str:
    """The output without line breaks and blanks."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return "".join(result.stdout.split())


def test_the_same_folder_differs_in_nothing(jorei: Jorei) -> None:
    result = jorei("diff", DRAFT, DRAFT)
    assert result.exit_code == 0
    assert "適法になる0件、適法でなくなる0件" in said(result)


def test_information_taken_away_is_no_longer_lawful_to_use_and_the_paper_is_needed_again(
    jorei: Jorei, amended: Callable[..., Path]
) -> None:
    result = jorei("diff", DRAFT, amended(WITHOUT_TAX_OF_HOUSEHOLD))
    text = said(result)
    assert result.exit_code == 1
    assert "適法になる0件" in text
    assert (
        "適法でなくなる利用機関石巻市市長事務子ども医療費の助成に関する事務（child-medical）"
        "手続石巻市番号利用条例施行規則第2条第1号、手続を示さない要求情報地方税関係情報（世帯員）"
        "保有者当該機関自ら、保有者を示さない要求期間平成28年1月1日から平成29年11月12日まで" in text
    )
    assert "事実基準日に当該市町村に住所があること＝はいこれまでの根拠" in text
    assert "省略できる→一部だけ届く（提出は必要）世帯の所得を証する書類" in text
    assert "改正後│改正前" in text


def test_without_the_deeming_clause_nothing_becomes_unlawful_but_papers_are_needed_again(
    jorei: Jorei, amended: Callable[..., Path]
) -> None:
    text = said(jorei("diff", DRAFT, amended(WITHOUT_DEEMING), "--law-only"))
    assert "適法になる0件、適法でなくなる0件" in text
    assert "省略できる→提出が必要世帯全員の住民票の写し" in text
    assert "石巻市番号利用条例第3条第4項" in text
    assert "改正後の答え" in text
    assert "書類の提出があったものとみなす規定がありません" in text
    assert "楽になる0件" in text


def test_exchanged_information_is_both_gained_and_lost(jorei: Jorei, amended: Callable[..., Path]) -> None:
    text = said(jorei("diff", DRAFT, amended(WIDER), "--law-only"))
    assert "適法になる利用機関石巻市市長事務予防接種法" in text
    assert "手続石巻市番号利用条例施行規則第10条第2号" in text
    assert "情報生活保護関係情報" in text
    assert "情報住民票関係情報" in text


def test_a_later_entry_into_force_takes_three_months_away(jorei: Jorei, amended: Callable[..., Path]) -> None:
    result = jorei("diff", DRAFT, amended(LATER), "--law-only", "--json")
    rows = json.loads(result.stdout)["law"]["rows"]
    assert result.exit_code == 1
    assert {row["change"] for row in rows} <= {"unlawful", "bases"}
    assert {(day["from"], day["to"]) for row in rows for day in row["days"]} == {("2016-01-01", "2016-03-31")}
    assert "child-medical" in str(rows)


def test_a_new_card_affair_becomes_lawful(jorei: Jorei, amended: Callable[..., Path]) -> None:
    text = said(jorei("diff", DRAFT, amended(NEW_CARD)))
    assert "適法になる個人番号カードの利用機関石巻市" in text
    assert "事務図書室の利用者の確認に関する事務（reading-room）" in text
    assert "石巻市番号利用条例第5条第4号、番号法第18条" in text
    assert "（新設）" in text
    assert "これまでの答えこの機関又は事務は、規則にも登録にもありません" in text


def test_a_procedure_dropped_from_the_regulation(jorei: Jorei, amended: Callable[..., Path]) -> None:
    edits = (NO_PROCEDURES, (WIDER[0], WIDER[1], ""))
    text = said(jorei("diff", DRAFT, amended(*edits), "--law-only"))
    assert "手続石巻市番号利用条例施行規則第10条第2号情報なし（特定個人情報を伴わない）" in text
    assert "手続042021/voluntary-vaccination/2" in text  # その他の違い: the procedure is no more
    assert "適法になる0件" in text


def test_the_register_of_impact_assessments_is_part_of_the_rules(jorei: Jorei, amended: Callable[..., Path]) -> None:
    text = said(jorei("diff", DRAFT, amended(ASSESSED_LATER), "--law-only"))
    assert "適法でなくなる収集・保管" in text
    assert "平成28年1月1日から平成28年11月19日まで" in text
    assert "保護評価042021/child-medical基礎（平成27年11月20日公表" in text


def test_the_table_is_written_as_html_and_word(jorei: Jorei, amended: Callable[..., Path], tmp_path: Path) -> None:
    html, docx = tmp_path / "新旧.html", tmp_path / "新旧.docx"
    result = jorei("diff", DRAFT, amended(NEW_CARD), "--text-only", "--html", html, "--docx", docx)
    assert result.exit_code == 1
    assert "図書室の利用者の確認" in html.read_text(encoding="utf-8")
    assert docx.stat().st_size > 1000
    assert "法の上の違い" not in result.stdout


def test_two_files_of_one_folder(jorei: Jorei, amended: Callable[..., Path]) -> None:
    folder = amended()
    draft = folder / "条例案.jorei"
    draft.write_text((folder / "条例.jorei").read_text(encoding="utf-8").replace(*NEW_CARD[1:]), encoding="utf-8")
    text = said(jorei("diff", folder / "条例.jorei", draft))
    assert "適法になる個人番号カードの利用" in text
    assert "適法でなくなる0件" in text


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("ordinances/ishinomaki", "ordinances/ouu"), "別の団体"),
        (("ordinances/ishinomaki", "rules"), "国の法令のフォルダと市町村のフォルダは比べられません"),
        (("ordinances/ishinomaki", "ない"), "がありません"),
        (("ordinances/ishinomaki", "ordinances/ishinomaki", "--text-only", "--law-only"), "どちらか一つ"),
    ],
)
def test_wrong_calls(jorei: Jorei, arguments: tuple[str, ...], reason: str) -> None:
    result = jorei("diff", *(HOME / a if a.startswith(("ord", "rul")) else a for a in arguments))
    assert result.exit_code == 2
    assert reason in result.stderr


def test_files_with_errors_are_not_compared_in_law(jorei: Jorei, amended: Callable[..., Path]) -> None:
    result = jorei(
        "diff", DRAFT, amended(("条例.jorei", "別表第2の左欄に掲げる機関は、", "別表第9の左欄に掲げる機関は、"))
    )
    assert result.exit_code == 1
    assert "計算できません" in result.stderr


def test_limit_shows_few_and_counts_all(jorei: Jorei, amended: Callable[..., Path]) -> None:
    text = jorei("diff", DRAFT, amended(LATER), "--law-only", "--limit", "2").stdout
    assert "[2]" in text
    assert "[3]" not in text
    assert "--limit 0 ですべて示します" in text


# ---- the real rule set, against the naive evaluator -------------------------------------------------


def requests(rule_set: RuleSet, found: Difference, count: int, chance: random.Random) -> Iterator[Point]:
    """Requests of the city, half of them about affairs that the difference speaks of."""
    part = rule_set.bodies[CITY]
    grants = [*part.grants, *chance.sample(rule_set.national.grants, 200)]
    near = [grant for grant in part.grants if any(grant.affair in row.affairs for row in found.rows)]
    words = found.vocabularies[CITY]
    names, days = sorted(words.holders), [date(2015, 12, 31), date(2016, 1, 1), date(2016, 4, 1), date(2017, 11, 13)]
    for _ in range(count):
        grant = chance.choice(near if chance.random() < 0.5 else grants)
        entries = sorted(grant.information or (), key=str)
        entry = chance.choice(entries) if entries else None
        if entry is not None and chance.random() < 0.4:
            entry = GrantedInformation(entry.name, chance.choice([None, *sorted(words.persons), "その他"]))
        action = chance.choice(sorted(grant.actions))
        procedures = sorted(words.procedures.get(grant.affair, ()))
        holder = chance.choice([None, MAYOR, MAYOR, "042021/教育委員会", "他の市長", chance.choice(names)])
        first = max(grant.period.first, rule_set.valid.first)
        on = chance.choice([first, first + timedelta(days=chance.randint(0, 400)), *days])
        facts = {
            f: chance.random() < 0.7 for f in ("consent", "pia", "resident", "ppc_notified") if chance.random() < 0.7
        }
        affair = grant.affair if chance.random() < 0.9 else chance.choice(sorted(words.procedures))
        procedure = chance.choice([None, *procedures, "その他"])
        party = MAYOR if chance.random() < 0.8 else chance.choice(sorted(part.parties))
        if rule_set.valid.contains(on):
            yield Point(CITY, action, party, affair, on, procedure, entry, holder, facts)


@pytest.mark.parametrize(
    "edits",
    [
        (WITHOUT_TAX_OF_HOUSEHOLD, NEW_CARD, ASSESSED_LATER),
        (LATER,),
        (WIDER, WITHOUT_DEEMING),
        (NO_PROCEDURES, (WIDER[0], WIDER[1], "")),
    ],
    ids=["information", "date", "exchange", "procedure"],
)
def test_thousands_of_requests_are_in_a_row_exactly_when_their_lawfulness_changes(
    amended: Callable[..., Path], edits: tuple[tuple[str, str, str], ...]
) -> None:
    old = load(ordinances=(DRAFT,)).rule_set
    new = load(ordinances=(amended(*edits),)).rule_set
    found = difference(old, new)
    rows = [row for row in found.rows if row.body == CITY]
    compiled, naive = (CompiledIndex(old), CompiledIndex(new)), (NaiveEvaluator(old), NaiveEvaluator(new))
    names = Directories(old), Directories(new)
    changed = 0
    for number, point in enumerate(requests(old, found, 2000, random.Random(1))):
        if point.item is None and point.action in (Action.TRANSFER, Action.LINK):
            continue
        asked = request_of(old, point, names[0]), request_of(new, point, names[1])
        judges: tuple[Interpreter, ...] = compiled if number % 20 else naive
        was, is_ = (r is not None and judge.decide(r).lawful for r, judge in zip(asked, judges, strict=True))
        said_of = {row.kind for row in rows if row.kind is not Kind.BASES and found.covers(row, point)}
        expected = set() if was is is_ else {Kind.LAWFUL if is_ else Kind.UNLAWFUL}
        assert said_of == expected, point
        changed += was is not is_
    assert changed


def test_the_whole_rule_set_is_compared_within_five_seconds(amended: Callable[..., Path]) -> None:
    old = load(ordinances=(DRAFT,)).rule_set
    new = load(ordinances=(amended(WITHOUT_DEEMING, NEW_CARD, LATER),)).rule_set
    started = time.process_time()
    found = difference(old, new)
    assert time.process_time() - started < 5
    assert found.rows
    assert found.papers


# ---- replay --against ---------------------------------------------------------------------------------


def test_replay_against_lists_the_answers_that_change(jorei: Jorei, amended: Callable[..., Path]) -> None:
    result = jorei("replay", DRAFT, "--ordinances", DRAFT, "--against", amended(WITHOUT_DEEMING, LATER))
    text = said(result)
    assert result.exit_code == 1
    assert "結論今適法改正後適法でない（根拠がない）" in text
    assert "今省略できる改正後省略できない" in text


def test_replay_against_the_same_folder_is_fine(jorei: Jorei, amended: Callable[..., Path]) -> None:
    result = jorei("replay", DRAFT, "--ordinances", DRAFT, "--against", amended())
    assert result.exit_code == 0
    assert "答えが変わるもの0件" in said(result)


def test_replay_against_decides_requests_of_a_file_too(
    jorei: Jorei, amended: Callable[..., Path], tmp_path: Path
) -> None:
    asked = tmp_path / "要求の並び.yaml"
    asked.write_text(
        "- {action: card, municipality: 石巻市, agency: 市長, affair: reading-room, on: 2016-05-01}\n"
        "- name: 変わらない要求\n"
        "  request: {action: use, municipality: 石巻市, agency: 市長, affair: child-medical, on: 2018-05-01}\n",
        encoding="utf-8",
    )
    result = jorei(
        "replay", DRAFT, "--ordinances", DRAFT, "--against", amended(NEW_CARD), "--requests", asked, "--json"
    )
    value = json.loads(result.stdout)
    assert result.exit_code == 1
    (one,) = value["changed"]
    assert one["name"] == "要求 1"
    assert one["changes"][0]["today"].startswith("要求を拒否（R0103")
    assert one["changes"][0]["tomorrow"] == "適法"
