"""Each formula with its variants; the grammar has no conflict, and no sentence two readings."""

from __future__ import annotations

import logging
from datetime import date

import pytest
from lark import Lark
from lark import logger as lark_logger

from dsl.formula_signs import SIGNS, Realm
from dsl.formulas import grammar, matching_formulas, samples
from dsl.parse import parse
from dsl.provisions import Context, provisions
from dsl.remarks import RemarkKind, cut, excluded_rows, kind
from dsl.syntax import (
    STATUTORY_EFFECTS,
    CardUse,
    ColumnRef,
    DeemedSubmission,
    Definitions,
    EntryIntoForce,
    Formula,
    ForwardScope,
    ItemsBelow,
    NamedAffair,
    NamedAgencies,
    NarrowingList,
    NarrowingPairs,
    NetworkProviso,
    NoEffect,
    NotExpressible,
    ProvisionRef,
    ProvisionToOtherAgency,
    RequiredDocuments,
    RowRef,
    ScopeOfIndependentUse,
    Span,
    StatutoryFormula,
    UseWithinAgency,
    Whose,
)

PLAIN = "この条例は、必要な事項を定めるものとする。"
LOCAL = "条例 見本\n第2条 {0}\n第3条\n1 {0}\n2 {0}\n3 {0}\n4 {1}\n5 {0}\n第4条 {0}\n"
OWN = "同表の右欄に掲げる特定個人情報であって当該機関が保有するものを利用することができる。"
DEEMED = "の規定により当該特定個人情報と同一の内容の情報を含む書面の提出が義務付けられているときは、当該書面の提出があったものとみなす。"
SCOPE = "法第9条第2項の条例で定める事務は、"


def read(sentence: str, kind_: str = "条例") -> Formula | None:
    """The formula of a sentence that stands in 第3条第4項."""
    document, findings = parse("x", LOCAL.format(PLAIN, sentence).replace("条例", kind_, 1))
    wrong = [d for d in findings if d.code not in ("J0067", "J0068")]
    assert not wrong, [f"{d.code} {d.message}" for d in wrong]
    return document.articles[1].paragraphs[3].sentences[0].formula


def codes(sentence: str) -> list[str]:
    """The findings on a sentence."""
    return [d.code for d in parse("x", LOCAL.format(PLAIN, sentence))[1]]


# ---- the grammar ----------------------------------------------------------------------------------


def test_the_grammar_has_no_conflict(caplog: pytest.LogCaptureFixture) -> None:
    """Lark resolves a shift/reduce conflict in silence, and says so only to its log."""
    level = lark_logger.level
    lark_logger.setLevel(logging.DEBUG)
    lark_logger.addHandler(caplog.handler)
    try:
        starts = [s.rule for s in SIGNS]
        Lark(grammar(), parser="lalr", lexer="contextual", start=starts, propagate_positions=True, debug=True)
    finally:
        lark_logger.setLevel(level)
        lark_logger.removeHandler(caplog.handler)
    assert [r.getMessage() for r in caplog.records if "onflict" in r.getMessage()] == []


@pytest.mark.parametrize("sign", SIGNS, ids=lambda s: s.rule)
def test_samples_are_read_by_their_own_formula_alone(sign: object) -> None:
    from dsl.formula_signs import Sign

    assert isinstance(sign, Sign)
    assert samples()[sign.rule]
    realms = {Realm.LOCAL: [False], Realm.NATIONAL: [True], Realm.BOTH: [False, True]}[sign.realm]
    for sample in samples()[sign.rule]:
        for statutory in realms:
            assert matching_formulas(sample, statutory) == (sign.rule,)
            from dsl.normalise import normalise

            assert all(word in normalise(sample).text for word in sign.words)


def test_every_statutory_effect_has_a_formula() -> None:
    assert {s.rule for s in SIGNS} >= set(STATUTORY_EFFECTS) - {"duty"}


def test_an_ordinance_does_not_speak_with_the_effect_of_the_act() -> None:
    sentence = samples()["received_use"][0]
    assert codes(sentence) == ["J0060"]


# ---- scope ----------------------------------------------------------------------------------------


def test_scope_of_three_clauses() -> None:
    made = read(
        f"{SCOPE}別表第1の左欄に掲げる機関が行う同表の右欄に掲げる事務、別表第2の左欄に掲げる機関が行う同表の中欄に掲げる事務"
        "及び市長又は教育委員会が行う法別表第2の第2欄に掲げる事務とする。"
    )
    assert isinstance(made, ScopeOfIndependentUse)
    first, second, third = made.clauses
    assert isinstance(first.agencies, ColumnRef)
    assert isinstance(second.affairs, ColumnRef)
    assert (first.agencies.name, second.affairs.name, second.affairs.table.number) == ("左欄", "中欄", "2")
    assert isinstance(third.agencies, NamedAgencies)
    assert third.agencies.names == ("市長", "教育委員会")
    assert isinstance(third.affairs, ColumnRef)
    assert (third.affairs.table.whose, third.affairs.table.number, third.affairs.name) == (Whose.ACT, "2", "第2欄")


@pytest.mark.parametrize(
    "rest",
    [
        "次の各号に掲げる事務とする。",
        "次に掲げる事務とする。",
        "次の表の左欄に掲げる機関が行う同表の右欄に掲げる事務とする。",
        "別表の上欄に掲げる町の執行機関が行う同表の下欄に掲げる事務とする。",
        "次の各号に掲げる事務及び町の執行機関が行う法別表第二の第二欄に掲げる事務とする。",
        "市長が行う子ども医療費の助成に関する事務であって規則で定めるものとする。",
        "別表第1の右欄に掲げる事務とする。",
        "別表第1の機関の欄に掲げる機関が行う同表の事務の欄に掲げる事務とする。",
    ],
)
def test_scope_variants(rest: str) -> None:
    assert isinstance(read(SCOPE + rest), ScopeOfIndependentUse)


@pytest.mark.parametrize(
    ("rest", "to"),
    [
        ("次項の規定により処理する事務とする。", ["5"]),
        ("第2項及び第3項に規定する事務とする。", ["2", "3"]),
        ("第2項から第4項までの規定により市の執行機関が処理する事務とする。", ["2", "3", "4"]),
        (
            "別表第2の第2欄に掲げる執行機関が次項の規定により同表の第4欄に掲げる特定個人情報（当該執行機関が保有するものに限る。）"
            "を利用して行う同表の第3欄に掲げる事務とする。",
            ["5"],
        ),
    ],
)
def test_forward_scope(rest: str, to: list[str]) -> None:
    made = read(SCOPE + rest)
    assert isinstance(made, ScopeOfIndependentUse)
    (clause,) = made.clauses
    assert isinstance(clause.affairs, ForwardScope)
    assert [(r.article, r.paragraph) for r in clause.affairs.to] == [("3", p) for p in to]


def test_inverted_scope_and_number_use() -> None:
    made = read("市長又は教育委員会が個人番号を利用することができる事務は、別表第1の右欄に掲げる事務とする。")
    assert isinstance(made, ScopeOfIndependentUse)
    assert isinstance(made.clauses[0].agencies, NamedAgencies)
    made = read(
        "別表第1の左欄に掲げる執行機関は、同表の右欄に掲げる事務の処理に関して保有する特定個人情報ファイルにおいて"
        "個人情報を効率的に検索し、及び管理するために必要な限度で個人番号を利用することができる。"
    )
    assert isinstance(made, ScopeOfIndependentUse)
    assert isinstance(made.clauses[0].agencies, ColumnRef)


@pytest.mark.parametrize(
    ("remark", "rows", "excepted"),
    [
        ("（法別表第1に掲げる事務を除く。）", (), ()),
        ("（法別表第1の3の項及び5の項に掲げる事務を除く。）", ("3", "5"), ()),
        ("（法別表第一の六十一の二の項の下欄に掲げる事務を除く。）", ("61-2",), ()),
        ("（法別表第1に掲げる事務を除く。ただし、同表の3の項に掲げる事務については、この限りでない。）", (), ("3",)),
        ("（法別表第1に掲げる事務（同表の3の項に掲げる事務を除く。）を除く。）", (), ("3",)),
    ],
)
def test_exclusions(remark: str, rows: tuple[str, ...], excepted: tuple[str, ...]) -> None:
    made = read(
        f"{SCOPE}別表第1の左欄に掲げる機関が行う同表の右欄に掲げる事務{remark}及び市長が行う法別表第2の第2欄に掲げる事務とする。"
    )
    assert isinstance(made, ScopeOfIndependentUse)
    (found,) = made.clauses[0].exclusions
    assert (found.rows, found.excepted) == (rows, excepted)
    assert made.clauses[1].exclusions == made.exclusions == ()


def test_exclusion_from_the_whole_scope() -> None:
    made = read(
        f"{SCOPE}別表第1の左欄に掲げる機関が行う同表の右欄に掲げる事務とする。（法別表第1に掲げる事務を除く。）"
    )
    assert isinstance(made, ScopeOfIndependentUse)
    assert len(made.exclusions) == 1
    assert made.clauses[0].exclusions == ()


def test_unknown_remarks_are_refused() -> None:
    scope = f"{SCOPE}別表第1の左欄に掲げる機関が行う同表の右欄に掲げる事務{{}}とする。"
    assert codes(scope.format("（市長が定めるものに限る。）")) == ["J0061"]
    assert codes(scope.format("（本人に関するものを除く。）")) == ["J0061"]
    assert codes(scope.format("（緊急のもの）")) == ["J0061"]
    assert codes(scope.format("（以下「独自利用事務」という。）")) == []
    assert codes(scope.format("（本人の同意のあるものに限る。）") + "〔事実 consent〕") == []


# ---- use, provision, deemed submission ------------------------------------------------------------


@pytest.mark.parametrize(
    "sentence",
    [
        f"別表第2の左欄に掲げる機関は、同表の中欄に掲げる事務を処理するために必要な限度で、{OWN}",
        "市の機関は、法別表第二の第二欄に掲げる事務を処理するために必要な限度で、同表の第四欄に掲げる特定個人情報であって自らが保有するものを利用することができる。",
        "別表第1の上欄に掲げる町の執行機関は,同表の中欄に掲げる事務を処理するために必要な限度で同表の下欄に掲げる特定個人情報であって自ら保有するものを利用することができる。",
        "町長又は教育委員会は、特定個人番号利用事務を処理するために必要な限度で、利用特定個人情報であって自らが保有するものを利用することができる。",
        f"市長、教育委員会および水道事業管理者は、別表第2の中欄に掲げる事務を処理するために必要な限度で、{OWN}",
        "別表第2の第1欄に掲げる機関は、同表の第2欄に掲げる事務を処理するために必要な限度で、自らが保有する同表の第3欄に掲げる特定個人情報を利用することができる。",
        "次の表の左欄に掲げる機関は、同表の中欄に掲げる事務を処理するために必要な限度で、同表の右欄に掲げる特定個人情報（当該機関が保有するものに限る。）を利用することができる。",
    ],
)
def test_use_within_agency(sentence: str) -> None:
    made = read(sentence)
    assert isinstance(made, UseWithinAgency)
    assert made.information.own


def test_use_without_own_information() -> None:
    made = read(
        "市長は、別表第2の中欄に掲げる事務を処理するために必要な限度で、同表の右欄に掲げる特定個人情報を利用することができる。"
    )
    assert isinstance(made, UseWithinAgency)
    assert not made.information.own


@pytest.mark.parametrize(
    "sentence",
    [
        "ただし、法の規定により、情報提供ネットワークシステムを使用して他の個人番号利用事務実施者から当該特定個人情報の提供を受けることができる場合は、この限りでない。",
        "ただし、番号法の規定により情報提供ネットワークシステムを使用して当該特定個人情報の提供を受けることができるときは、この限りでない。",
    ],
)
def test_network_proviso(sentence: str) -> None:
    assert isinstance(read(sentence), NetworkProviso)


def test_provision_to_other_agency() -> None:
    made = read(
        "法第19条第11号の規定により特定個人情報を提供することができる場合は、別表第3の第1欄に掲げる機関が、同表の第3欄に掲げる機関に対し、"
        "同表の第2欄に掲げる事務を処理するために必要な同表の第4欄に掲げる特定個人情報の提供を求めた場合において、当該機関が当該特定個人情報を提供するときとする。"
    )
    assert isinstance(made, ProvisionToOtherAgency)
    assert isinstance(made.requester, ColumnRef)
    assert isinstance(made.holder, ColumnRef)
    assert (made.requester.name, made.holder.name, made.act_item) == ("第1欄", "第3欄", "11")


@pytest.mark.parametrize(
    ("trigger", "paragraphs"),
    [
        ("第2項の規定による特定個人情報の利用ができる場合において、", ["3/2"]),
        ("前項の規定による特定個人情報の利用ができる場合において、", ["3/3"]),
        ("前２項の規定による特定個人情報の利用ができる場合において、", ["3/2", "3/3"]),
        ("前三項の規定による特定個人情報の利用ができる場合において、", ["3/1", "3/2", "3/3"]),
        ("第2項及び前項の規定により特定個人情報を利用する場合において、", ["3/2", "3/3"]),
        ("第1項又は第3項の規定による特定個人情報の利用ができる場合において、", ["3/1", "3/3"]),
        ("第4条第2項の規定による特定個人情報の利用ができる場合において、", ["4/2"]),
        ("前条第1項の規定による特定個人情報の利用ができる場合において、", ["2/1"]),
    ],
)
def test_triggers_of_deemed_submission(trigger: str, paragraphs: list[str]) -> None:
    made = read(f"{trigger}他の条例又は規則{DEEMED}")
    assert isinstance(made, DeemedSubmission)
    assert [f"{r.article}/{r.paragraph}" for r in made.triggers] == paragraphs
    assert not made.of_provision


@pytest.mark.parametrize(
    ("norms", "covers"),
    [
        ("他の条例又は規則", {"条例", "規則"}),
        ("他の条例、規則その他の規程", {"条例", "規則", "規程"}),
        ("条例等", {"条例"}),
        ("法令又は条例", {"法令", "条例"}),
    ],
)
def test_coverage_of_deemed_submission(norms: str, covers: set[str]) -> None:
    made = read(f"前項の規定による特定個人情報の提供があった場合において、{norms}{DEEMED}")
    assert isinstance(made, DeemedSubmission)
    assert made.covers == covers
    assert made.of_provision


# ---- regulations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "targets"),
    [
        ("条例別表第1の1の項の規則で定める事務は、次のとおりとする。", [("parent", "1", "1", None, None)]),
        (
            "条例別表第1の1の2の2の項の規則で定める事務は、次に掲げる事務とする。",
            [("parent", "1", "1-2-2", None, None)],
        ),
        (
            "条例別表第1の1の項及び2の項の右欄の規則で定める事務は、次の各号に掲げる事務とする。",
            [("parent", "1", "1", None, None), ("parent", "1", "2", None, None)],
        ),
        (
            "条例別表第1の1の項及び別表第2の3の項の規則で定める事務は、次のとおりとする。",
            [("parent", "1", "1", None, None), ("parent", "2", "3", None, None)],
        ),
        (
            "条例別表第1の子ども医療費の助成に関する事務の項の規則で定める事務は、次のとおりとする。",
            [("parent", "1", None, "子ども医療費の助成に関する事務", None)],
        ),
        (
            "条例別表第1 1 市長の部児童クラブの利用料の減免に関する事務の項の規則で定める事務は、次のとおりとする。",
            [("parent", "1", None, "児童クラブの利用料の減免に関する事務", "市長")],
        ),
        (
            "条例第3条第1項の表市長の部高齢者の医療費の助成に関する事務の項の規則で定める事務は、次のとおりとする。",
            [("parent", "第3条第1項", None, "高齢者の医療費の助成に関する事務", "市長")],
        ),
    ],
)
def test_targets_of_a_narrowing(head: str, targets: list[tuple[str, str, str | None, str | None, str | None]]) -> None:
    made = read(head, "規則")
    assert isinstance(made, NarrowingList)
    rows = [t for t in made.targets if isinstance(t, RowRef)]
    assert [(str(r.table.whose), r.table.number, r.row, r.wording, r.part) for r in rows] == targets
    assert made.single is None


def test_narrowing_of_items_and_of_one_affair() -> None:
    made = read(
        "条例第四条第一項第二号の教育委員会規則で定める事務は,就学奨励費（国のものを含む。）の認定に関する事務とする。",
        "規則",
    )
    assert isinstance(made, NarrowingList)
    (target,) = made.targets
    assert isinstance(target, ProvisionRef)
    assert (target.whose, target.article, target.paragraph, target.item) == (Whose.PARENT, "4", "1", "2")
    assert made.single is not None
    assert made.single.text == "就学奨励費（国のものを含む。）の認定に関する事務"


def test_ministerial_orders() -> None:
    made = read(
        "行政手続における特定の個人を識別するための番号の利用等に関する法律（以下「法」という。）別表第一の六の二の項の主務省令で定める事務は、次のとおりとする。",
        "命令",
    )
    assert isinstance(made, NarrowingList)
    (row,) = made.targets
    assert isinstance(row, RowRef)
    assert (row.table.whose, row.table.number, row.row) == (Whose.ACT, "1", "6-2")
    made = read(
        "法別表第一の二十四の項の主務省令で定める事務のうち、実施者たる甲組合又は乙連合会に係るものは、次のとおりとする。",
        "命令",
    )
    assert isinstance(made, NarrowingList)
    assert made.only == "実施者たる甲組合又は乙連合会"


def test_pairs_and_papers() -> None:
    pairs = (
        "条例別表第2の1の項の規則で定める事務は、次の各号に掲げる事務とし、同項の規則で定める{}は、{}定める情報とする。"
    )
    for noun, each in (("特定個人情報", "当該各号に掲げる事務の区分に応じ当該各号に"), ("情報", "それぞれ当該各号に")):
        assert isinstance(read(pairs.format(noun, each), "規則"), NarrowingPairs)
    made = read("法別表第一の六十八の項の事務に係る申請書には、次に掲げる書類を添えなければならない。", "要綱")
    assert isinstance(made, RequiredDocuments)
    assert made.row is not None
    assert (made.row.table.whose, made.row.row) == (Whose.ACT, "68")
    made = read("前条第1号の申請に係る申請書には、次の各号に掲げる書類を添付しなければならない。", "規則")
    assert isinstance(made, RequiredDocuments)
    assert made.procedure is not None
    assert (made.procedure.article, made.procedure.item) == ("2", "1")
    made = read(
        "条例別表第1の1の項の事務に係る申請をしようとする者は、申請書に次に掲げる書類を添えて、市長に提出しなければならない。",
        "規則",
    )
    assert isinstance(made, RequiredDocuments)


# ---- entry into force -----------------------------------------------------------------------------


def test_entry_into_force() -> None:
    made = read("この条例は、平成二十八年一月一日から施行する。")
    assert isinstance(made, EntryIntoForce)
    assert made.commencement.day == date(2016, 1, 1)
    made = read("この条例は、公布の日から施行し、平成28年1月1日から適用する。")
    assert isinstance(made, EntryIntoForce)
    assert made.commencement.on_promulgation
    assert made.applied_from == date(2016, 1, 1)


@pytest.mark.parametrize(
    ("words", "law", "address", "day"),
    [
        ("法附則第1条第4号に掲げる規定", None, ("1", None, "4", True), None),
        (
            "行政手続における特定の個人を識別するための番号の利用等に関する法律附則第一条第四号に掲げる規定",
            None,
            ("1", None, "4", True),
            None,
        ),
        ("番号法", None, (None, None, None, False), None),
        (
            "番号法等の一部を改正する法律（令和5年法律第48号）",
            "番号法等の一部を改正する法律",
            (None, None, None, False),
            None,
        ),
    ],
)
def test_entry_with_a_law(words: str, law: str | None, address: tuple[object, ...], day: date | None) -> None:
    made = read(f"この条例は、{words}の施行の日から施行する。")
    assert isinstance(made, EntryIntoForce)
    ref = made.commencement.with_provision
    assert ref is not None
    assert (ref.article, ref.paragraph, ref.item, ref.supplementary) == address
    assert ref.law == law
    assert made.commencement.day == day


def test_printed_and_declared_days() -> None:
    made = read("この条例は、法附則第1条第4号に掲げる規定の施行の日（平成28年1月1日）から施行する。")
    assert isinstance(made, EntryIntoForce)
    assert made.commencement.day == date(2016, 1, 1)
    made = read("この条例は、規則で定める日から施行する。〔施行 平成28年4月1日〕")
    assert isinstance(made, EntryIntoForce)
    assert made.commencement.day == date(2016, 4, 1)


def test_parts_of_an_instrument() -> None:
    made = read("ただし、第3条第3項、第5条から第7条まで及び別表第3の規定は、公布の日から施行する。")
    assert isinstance(made, EntryIntoForce)
    assert made.proviso
    assert [(r.article, r.paragraph) for r in made.provisions] == [
        ("3", "3"),
        ("5", None),
        ("7", None),
        ("別表3", None),
    ]


# ---- the rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "effect"),
    [
        (
            "この条例は、法第9条第2項に基づく個人番号の利用及び法第19条第9号に基づく特定個人情報の提供に関し必要な事項を定めるものとする。",
            "趣旨",
        ),
        ("この規則は、条例の施行について必要な事項を定めるものとする。", "趣旨"),
        ("市は、個人番号の利用に関し、国との連携を図りながら、地域の特性に応じた施策を実施するものとする。", "責務"),
        ("実施機関は、その適正な取扱いを確保するために必要な措置を講じなければならない。", "責務"),
        ("この条例の施行に関し必要な事項は、規則で定める。", "委任"),
        ("この規則に定めるもののほか、この規則の施行に関し必要な事項は、市長が別に定める。", "委任"),
    ],
)
def test_without_effect(sentence: str, effect: str) -> None:
    made = read(sentence)
    assert isinstance(made, NoEffect)
    assert made.kind == effect


@pytest.mark.parametrize(
    ("sentence", "made"),
    [
        ("この条例で使用する用語の意義は、法で使用する用語の例による。", Definitions(True, False, ())),
        ("この条例における用語の意義は、法の定めるところによる。", Definitions(True, False, ())),
        (
            "この条例において、次の各号に掲げる用語の意義は、それぞれ当該各号に定めるところによる。",
            Definitions(False, True, ()),
        ),
        ("この条例における用語の意義は、次の各号に定めるところによる。", Definitions(False, True, ())),
        ("この条例において「実施機関」とは、市長をいう。", Definitions(False, False, (("実施機関", "市長"),))),
    ],
)
def test_definitions(sentence: str, made: Definitions) -> None:
    assert read(sentence) == made


def test_card_use() -> None:
    made = read("法第18条第1号の条例で定める事務は、次に掲げる事務とする。")
    assert isinstance(made, CardUse)
    assert isinstance(made.affairs, ItemsBelow)
    made = read(
        "市長は、法第18条第1号の規定により、図書館資料の貸出しに関する事務を処理するため、個人番号カードを利用することができる。"
    )
    assert isinstance(made, CardUse)
    assert isinstance(made.affairs, NamedAffair)
    assert made.affairs.text == "図書館資料の貸出しに関する事務"


@pytest.mark.parametrize(
    ("annotation", "made"),
    [
        ("〔効力なし 経過〕", NoEffect("経過")),
        ("〔未表現 理由〕", NotExpressible("理由", False)),
        ("〔対象外 理由〕", NotExpressible("理由", True)),
        ("〔義務 a・場面 use store〕", StatutoryFormula("duty")),
    ],
)
def test_declared_effects(annotation: str, made: Formula) -> None:
    assert read(f"遠い昔の事である。{annotation}") == made
    document, findings = parse("x", f"条例 見本\n第1条{annotation}\n1 遠い昔の事である。\n2 近い今の事である。\n")
    assert not findings
    assert [p.sentences[0].formula for p in document.articles[0].paragraphs] == [made, made]


def test_the_nearest_formula_is_shown_and_the_break_underlined() -> None:
    (finding,) = parse("x", f"条例 見本\n第3条 {SCOPE}別表第1の左側に掲げる機関が行う同表の右欄に掲げる事務とする。\n")[
        1
    ]
    assert finding.code == "J0060"
    assert samples()["scope"][0] in finding.help
    assert finding.span.column == len(f"第3条 {SCOPE}別表第1の") + 1


def test_relative_references_to_nothing() -> None:
    assert codes(f"前5項の規定による特定個人情報の利用ができる場合において、他の条例{DEEMED}") == ["J0064"]
    assert codes(
        "市長は、同表の中欄に掲げる事務を処理するために必要な限度で、同表の右欄に掲げる特定個人情報を利用することができる。"
    ) == ["J0064", "J0064"]


HERE = Span(1, 1, 1, 2)
PLACE = Context("3", "2", ("1", "3", "3-2"), ("1", "2", "3"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("前条", [("1", None, None)]),
        ("次条第2項", [("3-2", "2", None)]),
        ("前項", [("3", "1", None)]),
        ("次項第3号", [("3", "3", "3")]),
        ("同項", [("3", "2", None)]),
        ("第3条の2第1項第4号の2", [("3-2", "1", "4-2")]),
        ("第4号", [("3", "2", "4")]),
        ("前各項", [("3", "1", None)]),
        ("前2項", []),
    ],
)
def test_provisions(text: str, found: list[tuple[str, str | None, str | None]]) -> None:
    assert [(r.article, r.paragraph, r.item) for r in provisions(text, PLACE, HERE)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("以下「X」という。", RemarkKind.DEFINES),
        ("第三項において同じ。", RemarkKind.DEFINES),
        ("平成25年法律第27号。以下「法」という。", RemarkKind.CITES),
        ("平成28年1月1日", RemarkKind.CITES),
        ("本人を除く。以下同じ。", RemarkKind.EXCLUDES),
        ("市長が定めるものに限る。", RemarkKind.LIMITS),
        ("代理人を含む。", RemarkKind.INCLUDES),
        ("当該機関が保有するものに限る。", RemarkKind.OWN),
        ("届出又は申出をいう。", RemarkKind.EXPLAINS),
        ("緊急", RemarkKind.UNKNOWN),
    ],
)
def test_kinds_of_remark(text: str, found: RemarkKind) -> None:
    assert kind(text) is found


def test_brackets_without_a_partner_stay() -> None:
    assert cut("甲(乙").text == "甲(乙"
    assert cut("甲)乙(丙(丁)戊)").text == "甲)乙"
    assert excluded_rows("法別表第1の3の項に掲げる事務を除く。甲。乙。") is None
