"""A small ordinance and its regulation, right in every respect, for tests to break one thing at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from dsl.compile import Build, Compiled, Nation, SourceFile, compile_nation, gather

RULES = Path(__file__).parents[2] / "rules"

ORDINANCE = """条例 試験市個人番号の利用に関する条例
〔団体 試験市 990099〕〔状態 案〕〔略称 試験市番号利用条例〕〔公布 平成27年12月22日〕

第3条（個人番号の利用範囲）
1 法第9条第2項の条例で定める事務は、別表第1の左欄に掲げる機関が行う同表の右欄に掲げる事務、別表第2の左欄に掲げる機関が行う同表の中欄に掲げる事務及び市長又は教育委員会が行う法別表第2の第2欄に掲げる事務とする。
2 別表第2の左欄に掲げる機関は、同表の中欄に掲げる事務を処理するために必要な限度で、同表の右欄に掲げる特定個人情報であって当該機関が保有するものを利用することができる。ただし、法の規定により、情報提供ネットワークシステムを使用して他の個人番号利用事務実施者から当該特定個人情報の提供を受けることができる場合は、この限りでない。
3 市長又は教育委員会は、法別表第2の第2欄に掲げる事務を処理するために必要な限度で、同表の第4欄に掲げる特定個人情報であって自らが保有するものを利用することができる。
4 第2項の規定による特定個人情報の利用ができる場合において、他の条例、規則その他の規程の規定により当該特定個人情報と同一の内容の情報を含む書面の提出が義務付けられているときは、当該書面の提出があったものとみなす。

別表第1（第3条関係）
| 項 | 機関 | 事務 |
| 1 | 市長 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 |

別表第2（第3条関係）
| 項 | 機関 | 事務 | 特定個人情報 |
| 1 | 市長 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 | 地方税関係情報又は住民票関係情報であって規則で定めるもの |

附則
1 この条例は、平成28年1月1日から施行する。
"""

REGULATION = """規則 試験市個人番号の利用に関する条例施行規則
〔団体 試験市 990099〕〔状態 案〕〔略称 試験市番号利用条例施行規則〕

第2条 条例別表第1の1の項の規則で定める事務は、次のとおりとする。
 (1) 子ども医療費の助成に係る資格の認定の申請の受理、その申請に係る事実についての審査又はその申請に対する応答に関する事務

第3条 条例別表第2の1の項の規則で定める事務は、次の各号に掲げる事務とし、同項の規則で定める特定個人情報は、当該各号に掲げる事務の区分に応じ当該各号に定める情報とする。
 (1) 前条第1号の申請に係る事実についての審査に関する事務 次に掲げる情報
  ア 当該申請を行う者に係る地方税関係情報
  イ 当該申請を行う者と同一の世帯に属する者に係る住民票関係情報

第4条 条例別表第1の1の項の事務に係る申請書には、次に掲げる書類を添えなければならない。
 (1) 所得課税証明書 〔証明 地方税関係情報・対象 申請者〕
 (2) 住民票の写し 〔証明 住民票関係情報・対象 世帯員〕
 (3) 戸籍謄本 〔証明 戸籍に関する情報・対象 申請者〕

附則
1 この規則は、平成28年1月1日から施行する。
"""

ORGANISATION = """団体: {名称: 試験市, コード: "990099", 種類: 市, 福祉事務所: true, 保健所設置: 不明}
機関:
  - {名称: 市長, 課: [{名称: 市民税課, 事務: [local-tax]}]}
  - {名称: 教育委員会}
保有:
  - {機関: 市長, 情報: 地方税関係情報, 事務: local-tax, 課: 市民税課}
保護評価:
  - {事務: child-medical, 水準: 基礎, 公表日: 2015-12-01, 対象人数: 9000, 取扱者数: 20, 重大事故: false}
"""


@cache
def national() -> tuple[SourceFile, ...]:
    """The project's own national rules."""
    return tuple(
        SourceFile(f"rules/{p.name}", p.read_text("utf-8"))
        for p in sorted(RULES.iterdir())
        if p.suffix in {".jorei", ".yaml"}
    )


@cache
def nation() -> tuple[Compiled, Nation]:
    """The project's own national rules, compiled once."""
    return compile_nation(national())


def under_the_nation(folders: Sequence[Sequence[SourceFile]]) -> Build:
    """The rule set of municipalities under the real national rules."""
    return gather(national(), nation(), folders)


def compiled(
    ordinance: str = ORDINANCE, regulation: str | None = REGULATION, organisation: str | None = ORGANISATION
) -> Build:
    """The rule set of one body under the real national rules."""
    files = [SourceFile("試験市/条例.jorei", ordinance)]
    if regulation is not None:
        files.append(SourceFile("試験市/規則.jorei", regulation))
    if organisation is not None:
        files.append(SourceFile("試験市/organisation.yaml", organisation))
    return under_the_nation([files])
