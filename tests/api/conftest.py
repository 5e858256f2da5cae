"""A municipality outside the project, and the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli.app import app

ORDINANCE = """条例 みなと町個人番号の利用に関する条例
〔団体 みなと町 990088〕〔略称 みなと町番号利用条例〕

第1条（個人番号の利用範囲）
1 法第9条第2項の条例で定める事務は、別表第1の左欄に掲げる機関が行う同表の右欄に掲げる事務とする。
2 別表第2の左欄に掲げる機関は、同表の中欄に掲げる事務を処理するために必要な限度で、同表の右欄に掲げる特定個人情報であって当該機関が保有するものを利用することができる。

別表第1（第1条関係）
| 項 | 機関 | 事務 |
| 1 | 町長 | 乳幼児の医療費の助成に関する事務であって規則で定めるもの 〔事務 infant-medical・分野 福祉〕 |

別表第2（第1条関係）
| 項 | 機関 | 事務 | 特定個人情報 |
| 1 | 町長 | 乳幼児の医療費の助成に関する事務 〔事務 infant-medical・分野 福祉〕 | 地方税関係情報 |

附則
この条例は、平成28年1月1日から施行する。
"""
REGULATION = """規則 みなと町個人番号の利用に関する条例施行規則
〔団体 みなと町 990088〕〔略称 みなと町番号利用条例施行規則〕

第1条 条例別表第1の1の項の規則で定める事務は、次のとおりとする。
(1) 乳幼児の医療費の助成の申請の受理、その申請に係る事実についての審査又はその申請に対する応答に関する事務

附則
この規則は、平成28年1月1日から施行する。
"""
SCENARIOS = """- name: 申請の受理に個人番号を利用できる
  on: 2016-01-01
  request: {action: use, municipality: みなと町, agency: 町長, affair: infant-medical, procedure: 1}
  expect: {lawful: true, basis: [みなと町番号利用条例 第1条第1項, 別表第一の一の項]}
- name: 税の情報を利用できる
  on: 2016-01-01
  request: {action: transfer, municipality: みなと町, agency: 町長, holder: 町長, affair: infant-medical, information: [地方税関係情報]}
  expect: {lawful: true, basis: [第1条第2項], items: {地方税関係情報: true}}
- name: 知らない事務は判定しない
  on: 2016-01-01
  request: {action: use, municipality: みなと町, agency: 町長, affair: 花火大会}
  expect: {refused: R0103}
"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A folder with an ordinance, its regulation and scenarios, and no register."""
    folder = tmp_path / "みなと町"
    (folder / "scenarios").mkdir(parents=True)
    (folder / "条例.jorei").write_text(ORDINANCE, encoding="utf-8")
    (folder / "規則.jorei").write_text(REGULATION, encoding="utf-8")
    (folder / "scenarios" / "事例.yaml").write_text(SCENARIOS, encoding="utf-8")
    return folder


@pytest.fixture
def request_file(tmp_path: Path) -> Callable[[str], str]:
    """Writes a request and gives its path."""

    def write(text: str) -> str:
        path = tmp_path / "要求.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def jorei() -> Callable[..., Result]:
    """Runs the command line in this process."""

    def run(*args: object, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, [str(a) for a in args], input=stdin)

    return run


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test session, so that nobody's own is touched."""
    monkeypatch.setenv("JOREI_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
