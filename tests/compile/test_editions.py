"""Law through time in one folder: editions, provisions side by side, amendments that apply from an earlier day."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from msgspec.structs import replace

from dsl.compile import Build, SourceFile, compile_municipality
from dsl.editions import editions, slices, text_on
from dsl.findings import Findings
from dsl.parse import parse
from engine.compiled import CompiledIndex
from engine.naive import NaiveEvaluator
from engine.period import Period
from engine.reading import RequestRefused
from engine.resolve import Resolver
from engine.rule_set import RuleSet
from tests.compile.bodies import ORDINANCE, ORGANISATION, REGULATION, under_the_nation
from tests.compile.bodies import nation as compiled_nation

NUMBER = "〔番号 平成27年試験市条例第50号〕"
FIRST = ORDINANCE.replace("〔状態 案〕", f"〔状態 公布〕{NUMBER}")
#: from 2020-04-01 the ordinance also opens the information on medical insurance
SECOND = FIRST.replace(NUMBER, f"{NUMBER}〔範囲 2020-04-01から〕").replace(
    "地方税関係情報又は住民票関係情報であって", "地方税関係情報、医療保険給付関係情報又は住民票関係情報であって"
)
WIDER = REGULATION.replace(
    "  イ 当該申請を行う者と同一", "  イ 当該申請を行う者に係る医療保険給付関係情報\n  ウ 当該申請を行う者と同一"
)


def folder(*ordinances: str, regulation: str = WIDER) -> Build:
    """The rule set of the body whose ordinance has these editions."""
    files = [SourceFile(f"試験市/条例{i}.jorei", text) for i, text in enumerate(ordinances, 1)]
    files += [SourceFile("試験市/規則.jorei", regulation), SourceFile("試験市/organisation.yaml", ORGANISATION)]
    return under_the_nation([files])


def ask(built: Build, information: str, on: str, **changes: object) -> str:
    """The outcome for the mayor's transfer of information for the medical aid."""
    raw = {
        "action": "transfer",
        "municipality": "試験市",
        "agency": "市長",
        "affair": "child-medical",
        "holder": "市長",
        "information": [information],
        "on": on,
        "facts": {"resident": True, "consent": True},
        **changes,
    }
    request = Resolver(built.rule_set).resolve(raw)
    decision = CompiledIndex(built.rule_set).decide(request)
    assert decision.outcome == NaiveEvaluator(built.rule_set).decide(request).outcome
    return decision.outcome.value


def beside(**texts: str) -> Build:
    """The rule set of the body whose instruments are these."""
    files = [SourceFile(f"試験市/{name}.jorei", text) for name, text in texts.items()]
    return under_the_nation([[*files, SourceFile("試験市/organisation.yaml", ORGANISATION)]])


def codes(built: Build) -> set[str]:
    """The codes of the findings."""
    return {d.code for d in built.diagnostics}


# ---- editions -------------------------------------------------------------------------------------


def test_each_day_is_decided_by_the_edition_of_that_day() -> None:
    built = folder(FIRST, SECOND)
    assert built.ok, [d.message for d in built.diagnostics]
    assert ask(built, "医療保険給付関係情報", "2020-03-31") == "no_basis"
    assert ask(built, "医療保険給付関係情報", "2020-04-01") == "permitted"
    assert ask(built, "地方税関係情報", "2020-03-31") == ask(built, "地方税関係情報", "2020-04-01") == "permitted"


def test_what_did_not_change_is_one_ground_over_both_editions() -> None:
    built = folder(FIRST, SECOND)
    part = built.rule_set.bodies["990099"]
    uses = [g for g in part.grants if g.affair == "990099/child-medical" and g.information is None]
    spans = {(g.actions, g.period) for g in uses}
    assert all(period.contains(date(2020, 3, 31)) == period.contains(date(2020, 4, 1)) for _, period in spans)
    assert all(
        c.in_force.first == date(2016, 1, 1) for g in uses for c in g.bases if c.instrument == "試験市番号利用条例"
    )


def test_the_order_of_the_files_does_not_matter() -> None:
    assert folder(FIRST, SECOND).rule_set.bodies == folder(SECOND, FIRST).rule_set.bodies or {
        g.id for g in folder(FIRST, SECOND).rule_set.bodies["990099"].grants
    } == {g.id for g in folder(SECOND, FIRST).rule_set.bodies["990099"].grants}


def test_an_edition_begins_by_the_supplementary_provision_of_its_amendment() -> None:
    amended = SECOND.replace("〔範囲 2020-04-01から〕", "") + (
        "\n附則（令和2年試験市条例第4号）\n1 この条例は、令和2年4月1日から施行する。\n"
    )
    built = folder(FIRST, amended)
    assert built.ok, [d.message for d in built.diagnostics]
    assert ask(built, "医療保険給付関係情報", "2020-03-31") == "no_basis"
    assert ask(built, "医療保険給付関係情報", "2020-04-01") == "permitted"


def test_an_amendment_applied_from_an_earlier_day_counts_from_that_day() -> None:
    amended = SECOND.replace("〔範囲 2020-04-01から〕", "") + (
        "\n附則（令和2年試験市条例第4号）〔公布 令和2年6月1日〕\n"
        "1 この条例は、公布の日から施行し、令和2年4月1日から適用する。\n"
    )
    built = folder(FIRST, amended)
    assert built.ok, [d.message for d in built.diagnostics]
    assert ask(built, "医療保険給付関係情報", "2020-04-01") == "permitted"


def test_an_amendment_tied_to_the_day_a_law_enters_into_force() -> None:
    amended = SECOND.replace("〔範囲 2020-04-01から〕", "") + (
        "\n附則（平成29年試験市条例第9号）\n1 この条例は、法附則第1条第5号に掲げる規定の施行の日から施行する。\n"
    )
    built = folder(FIRST, amended)
    assert built.ok, [d.message for d in built.diagnostics]
    assert ask(built, "医療保険給付関係情報", "2017-05-29") == "no_basis"
    assert ask(built, "医療保険給付関係情報", "2017-05-30", facts={"resident": True, "pia": True}) != "no_basis"


def test_whole_replacement_by_another_ordinance() -> None:
    old = FIRST.replace(NUMBER, f"{NUMBER}〔廃止 2020-04-01〕")
    new = (
        SECOND.replace("平成27年試験市条例第50号", "令和2年試験市条例第7号")
        .replace("〔範囲 2020-04-01から〕", "")
        .replace("平成28年1月1日から施行", "令和2年4月1日から施行")
    )
    regulation = WIDER.replace("〔状態 案〕", "〔状態 案〕〔廃止 2020-04-01〕")
    files = [
        SourceFile("試験市/旧条例.jorei", old),
        SourceFile("試験市/新条例.jorei", new),
        SourceFile("試験市/旧規則.jorei", regulation),
        SourceFile(
            "試験市/新規則.jorei",
            WIDER.replace("〔状態 案〕", "〔状態 案〕〔範囲 2020-04-01から〕"),
        ),
        SourceFile("試験市/organisation.yaml", ORGANISATION),
    ]
    built = under_the_nation([files])
    assert built.ok, [d.message for d in built.diagnostics]
    assert ask(built, "医療保険給付関係情報", "2020-03-31") == "no_basis"
    assert ask(built, "医療保険給付関係情報", "2020-04-01") == "permitted"


# ---- side by side ---------------------------------------------------------------------------------


def test_a_provision_not_yet_in_force_stands_beside_the_current_one() -> None:
    lines = FIRST.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("別表第2"))
    rows = lines[at : at + 3]
    future = [
        rows[0] + "〔期間 2020-04-01から〕",
        rows[1],
        rows[2].replace("地方税関係情報又は", "地方税関係情報、医療保険給付関係情報又は"),
    ]
    text = (
        "\n".join([*lines[:at], rows[0] + "〔期間 2020-03-31まで〕", *rows[1:], "", *future, *lines[at + 3 :]]) + "\n"
    )
    built = folder(text)
    assert built.ok, [d.message for d in built.diagnostics]
    assert ask(built, "医療保険給付関係情報", "2020-03-31") == "no_basis"
    assert ask(built, "医療保険給付関係情報", "2020-04-01") == "permitted"


# ---- the joined rule set says what each slice says -----------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_joined_slices_decide_as_each_slice_alone(seed: int) -> None:
    """Random days and requests: the joined rule set against one compiled from the texts of that very slice."""
    chance = Random(seed)
    files = [SourceFile("試験市/条例1.jorei", FIRST), SourceFile("試験市/条例2.jorei", SECOND)]
    rest = [SourceFile("試験市/規則.jorei", WIDER), SourceFile("試験市/organisation.yaml", ORGANISATION)]
    joined = under_the_nation([[*files, *rest]]).rule_set
    asked = Resolver(joined)
    _, nation = compiled_nation()
    for text, first, last in ((FIRST, "2016-01-01", "2020-03-31"), (SECOND, "2020-04-01", "2026-11-24")):
        alone = compile_municipality([SourceFile("試験市/条例.jorei", text), *rest], nation).part
        assert alone is not None
        single = RuleSet(
            "alone", nation.valid, nation.part, {"990099": replace(alone, faults=())}, {"試験市": "990099"}
        )
        alone_asked = Resolver(single)
        start = date.fromisoformat(first)
        end = min(date.fromisoformat(last), nation.valid.last or date.max)
        for _ in range(150):
            on = start + timedelta(days=chance.randint(0, (end - start).days))
            raw = {
                "action": chance.choice(["use", "transfer", "link", "store"]),
                "municipality": "試験市",
                "agency": chance.choice(["市長", "教育委員会"]),
                "affair": chance.choice(["child-medical", "番号法別表第一/15", "番号法別表第一/56"]),
                "information": [chance.choice(["地方税関係情報", "医療保険給付関係情報", "住民票関係情報"])],
                "holder": "市長",
                "on": on.isoformat(),
                "facts": {"resident": chance.random() < 0.7, "consent": True, "pia": True},
            }
            if raw["action"] == "link":
                del raw["holder"]
            a = NaiveEvaluator(joined).decide(asked.resolve(raw))
            b = NaiveEvaluator(single).decide(alone_asked.resolve(raw))
            assert (a.outcome, [i.outcome for i in a.items]) == (b.outcome, [i.outcome for i in b.items]), raw


def test_affairs_of_any_field_are_left_to_ordinances_since_the_act_says_so() -> None:
    built = folder(FIRST.replace("分野 福祉", "分野 その他の事務"))
    assert built.ok, [d.message for d in built.diagnostics]
    assert ask(built, "地方税関係情報", "2023-06-08") == "no_basis"
    assert ask(built, "地方税関係情報", "2023-06-09") == "permitted"


def test_two_bodies_of_one_name_are_told_apart_by_code_only() -> None:
    other = {"990099": "990105"}
    texts = {"条例.jorei": FIRST, "規則.jorei": WIDER, "organisation.yaml": ORGANISATION}
    folders = []
    for codes_ in ({}, other):
        changed = dict(texts)
        for old, new in codes_.items():
            changed = {name: text.replace(old, new) for name, text in changed.items()}
        folders.append([SourceFile(f"{len(folders)}/{name}", text) for name, text in changed.items()])
    rule_set = under_the_nation(folders).rule_set
    assert set(rule_set.bodies) == {"990099", "990105"}
    assert "試験市" not in rule_set.names
    raw = {"action": "use", "agency": "市長", "affair": "child-medical", "on": "2016-01-01"}
    assert Resolver(rule_set).resolve({**raw, "municipality": "990105"}).body == "990105"
    with pytest.raises(RequestRefused):
        Resolver(rule_set).resolve({**raw, "municipality": "試験市"})


# ---- bad input ------------------------------------------------------------------------------------

#: code → (editions of the ordinance, a passage of the line pointed at)
BROKEN: dict[str, tuple[tuple[str, ...], str]] = {
    "J0340": ((FIRST, SECOND.replace("〔範囲 2020-04-01から〕", "")), "条例 試験市"),
    "J0341": ((FIRST.replace(NUMBER, f"{NUMBER}〔範囲 2016-01-01から2020-06-30まで〕"), SECOND), "2020-04-01から"),
    "J0342": ((FIRST.replace(NUMBER, f"{NUMBER}〔範囲 2016-01-01から2020-01-31まで〕"), SECOND), "2020-04-01から"),
    "J0343": (
        (
            FIRST,
            FIRST.replace("第50号", "第51号").replace("条例 試験市個人番号の利用", "条例 試験市特定個人情報の利用"),
        ),
        "条例 試験市特定",
    ),
    "J0344": ((SECOND.replace("〔状態", "〔改正 令和2年試験市条例第4号〕〔状態"),), "改正 令和2年"),
    "J0345": ((FIRST, SECOND.replace("3 市長又は", "3 〔旧番号 第9条第9項〕市長又は")), "旧番号 第9条第9項"),
    "J0346": ((FIRST.replace("3 市長又は", "2 市長又は"),), "2 市長又は"),
    "J0347": (
        (
            FIRST.replace("3 市長又は教育", "2 〔期間 2020-04-01から〕市長又は教育").replace(
                "2 別表第2の左欄", "2 〔期間 2019-12-31まで〕別表第2の左欄"
            ),
        ),
        "2020-04-01から",
    ),
}


#: codes of several instruments side by side, with tests of their own below
SEVERAL = frozenset({"J0348"})


@pytest.mark.parametrize("code", sorted(BROKEN))
def test_each_break_of_editions_has_its_own_message(code: str) -> None:
    texts, passage = BROKEN[code]
    built = folder(*texts)
    found = [d for d in built.diagnostics if d.code == code]
    assert found, [f"{d.code} {d.message}" for d in built.diagnostics]
    sources = {f"試験市/条例{i}.jorei": text.splitlines() for i, text in enumerate(texts, 1)}
    assert any(passage in sources[d.path][d.span.line - 1] for d in found if d.path in sources), found
    assert all(d.message and d.reason and d.help for d in found)


def test_a_day_of_a_wrong_era_is_its_own_message() -> None:
    built = folder(FIRST.replace("平成28年1月1日から施行", "平成32年4月1日から施行"))
    assert "J0062" in codes(built)
    assert "J0313" not in codes(built), "the day is there, and wrong: it is not said to be missing"


def test_a_period_that_ends_before_it_begins_is_its_own_message() -> None:
    built = folder(FIRST.replace(NUMBER, f"{NUMBER}〔範囲 2020-01-01から2019-01-01まで〕"))
    (found,) = (d for d in built.diagnostics if d.code == "J0014")
    assert "末日が初日より前" in found.help


def test_a_name_is_taken_over_only_from_an_instrument_that_is_repealed() -> None:
    other = SECOND.replace("第50号", "第51号")
    built = folder(FIRST, other)
    (found,) = (d for d in built.diagnostics if d.code == "J0343")
    assert "廃止" in found.message
    assert "試験市/条例1.jorei" in found.help
    assert "J0343" not in codes(folder(FIRST.replace(NUMBER, f"{NUMBER}〔廃止 2020-04-01〕"), other))


def test_two_regulations_that_answer_one_row_are_told() -> None:
    other = WIDER.replace("条例施行規則", "条例の特例に関する規則").replace(
        "番号利用条例の特例に関する規則", "番号特例規則"
    )
    built = beside(条例=FIRST, 規則1=WIDER, 規則2=other)
    found = [d for d in built.diagnostics if d.code == "J0348"]
    assert {(d.path, d.span.line) for d in found} == {("試験市/規則2.jorei", n) for n in (4, 7)}
    assert "試験市番号利用条例施行規則第2条" in found[0].message
    later = other.replace("〔状態 案〕", "〔状態 案〕〔範囲 2020-04-01から〕")
    until = WIDER.replace("〔状態 案〕", "〔状態 案〕〔廃止 2020-04-01〕")
    assert "J0348" not in codes(beside(条例=FIRST, 規則1=until, 規則2=later)), "one after the other"


def test_a_former_number_is_one_of_an_earlier_edition() -> None:
    kept = SECOND.replace("3 市長又は", "3 〔旧番号 第3条第3項〕市長又は")
    assert "J0345" not in codes(folder(FIRST, kept))
    assert "J0345" not in codes(folder(kept)), "with no earlier edition at hand nothing can be told"


def test_slices_cut_only_where_a_text_becomes_another() -> None:
    documents = [parse(f"{i}.jorei", text)[0] for i, text in enumerate((FIRST, SECOND))]
    placed = editions(documents, lambda _: None, Findings())
    found = slices(placed, Period(date(2013, 5, 31)))
    assert found == (Period(date(2013, 5, 31), date(2020, 3, 31)), Period(date(2020, 4, 1)))
    assert all(text_on(e.document, on) is e.document for e in placed for on in found)


def test_a_name_is_spoken_as_the_text_of_the_day_words_it() -> None:
    renamed = SECOND.replace("子ども医療費の助成に関する事務", "こども医療費の助成に関する事務")
    affair = folder(FIRST, renamed).rule_set.bodies["990099"].affairs["990099/child-medical"]
    assert affair.name_on(date(2020, 3, 31)) == "子ども医療費の助成に関する事務"
    assert affair.name_on(date(2020, 4, 1)) == affair.name == "こども医療費の助成に関する事務"
