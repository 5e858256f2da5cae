"""An ordinance and its regulation without any trap, for tests to break one thing at a time."""

from __future__ import annotations

from functools import cache

from dsl.compile import Compiled, Nation, SourceFile, compile_municipality, compile_nation
from dsl.lint import check
from dsl.lint.finding import Lint
from tests.compile import bodies

PROVISO = "ただし、法の規定により、情報提供ネットワークシステムを使用して他の個人番号利用事務実施者から当該特定個人情報の提供を受けることができる場合は、この限りでない。"
DRAFT = "〔状態 案〕"

#: the days on which the Act has the tables that it cites
SCOPE = f"{DRAFT}〔範囲 2016-01-01から2024-05-26まで〕"
ORDINANCE = bodies.ORDINANCE.replace(DRAFT, SCOPE).replace(
    "自らが保有するものを利用することができる。\n", f"自らが保有するものを利用することができる。{PROVISO}\n"
)
REGULATION = bodies.REGULATION.replace(DRAFT, SCOPE)
ORGANISATION = bodies.ORGANISATION

ROW = "| 1 | 市長 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 |\n"
PROVISION = """
第4条（特定個人情報の提供）
法第19条第9号の規定により特定個人情報を提供することができる場合は、別表第3の第1欄に掲げる機関が、同表の第3欄に掲げる機関に対し、同表の第2欄に掲げる事務を処理するために必要な同表の第4欄に掲げる特定個人情報の提供を求めた場合において、同表の第3欄に掲げる機関が当該特定個人情報を提供するときとする。
"""
TABLE_3 = """
別表第3（第4条関係）
| 項 | 機関 | 事務 | 提供機関 | 特定個人情報 |
| 1 | 教育委員会 | 学校保健安全法による医療に要する費用についての援助に関する事務 〔対応 番号法別表第一/27〕 | 市長 | 地方税関係情報 |
"""


def with_provision(ordinance: str = ORDINANCE, article: str = PROVISION, table: str = TABLE_3) -> str:
    """The ordinance with an article on provision to another agency."""
    return ordinance.replace("\n別表第1（", f"{article}\n別表第1（").replace("\n附則", f"{table}\n附則")


@cache
def nation() -> Nation:
    """The project's own national rules, compiled once."""
    return compile_nation(bodies.national())[1]


def files(
    ordinance: str = ORDINANCE, regulation: str | None = REGULATION, organisation: str = ORGANISATION
) -> list[SourceFile]:
    """The folder of one municipality."""
    found = [SourceFile("試験市/条例.jorei", ordinance), SourceFile("試験市/organisation.yaml", organisation)]
    return [*found, SourceFile("試験市/規則.jorei", regulation)] if regulation is not None else found


def linted(sources: list[SourceFile]) -> tuple[Compiled, tuple[Lint, ...]]:
    """What the compiler and the linter say."""
    compiled = compile_municipality(sources, nation())
    return compiled, check(sources, compiled, nation())
