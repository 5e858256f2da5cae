"""`jorei import`: what it writes, what it refuses and how it says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli.app import app
from api.importing.encoding import decode
from dsl.importing.codes import CODES
from dsl.text import promulgated_text
from tests.importing.documents import CORPUS, word

PAGES = Path(__file__).parents[2] / "docs" / "ja" / "codes"
PLAIN = """○試験市個人番号の利用に関する条例
平成27年12月22日条例第50号
第1条（利用範囲）
法第9条第2項の条例で定める事務は、別表の左欄に掲げる機関が行う同表の右欄に掲げる事務とする。
附則
この条例は、平成28年1月1日から施行する。
別表（第1条関係）
項\t機関\t事務
1\t市長\t子ども医療費の助成に関する事務
"""
TWELVE = "123456" + "789012"


def jorei(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", *arguments])


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "条例.txt"
    path.write_text(PLAIN, encoding="utf-8")
    return path


def test_every_code_has_a_page() -> None:
    for code, entry in CODES.items():
        page = (PAGES / f"{code}.md").read_text("utf-8")
        assert page.startswith(f"# {code} {entry.title}（{entry.severity.value}）")
        assert entry.reason in page
        for part in ("## 何が起きているか", "## なぜ問題か", "## 直し方", "## 例", "誤り", "正しい例"):
            assert part in page


def test_without_doubt_it_is_0(document: Path) -> None:
    result = jorei(str(document), "--municipality", "990099", "試験市")
    assert result.exit_code == 0, result.output
    assert (
        "〔団体 試験市 990099〕〔状態 公布〕〔番号 平成27年試験市条例第50号〕〔公布 平成27年12月22日〕" in result.stdout
    )
    assert "一字ずつ一致しています" in result.stderr


def test_a_file_is_overwritten_only_when_told(document: Path) -> None:
    target = document.with_suffix(".jorei")
    assert jorei(str(document), "--output", str(target)).exit_code == 1  # the body is not known
    first = target.read_text("utf-8")
    again = jorei(str(document), "--output", str(target), "--kind", "要綱")
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert target.read_text("utf-8") == first
    jorei(str(document), "--output", str(target), "--kind", "要綱", "--force")
    assert target.read_text("utf-8").startswith("要綱 ")


def test_options_go_before_the_document(document: Path) -> None:
    result = jorei(str(document), "--number", "平成30年条例第1号", "--promulgated", "平成30年4月1日")
    assert "〔番号 平成30年条例第1号〕〔公布 平成30年4月1日〕" in result.stdout
    assert jorei(str(document), "--promulgated", "平成28年13月1日").exit_code == 2
    assert jorei(str(document), "--municipality", "42", "試験市").exit_code == 2


def test_report_for_machines(tmp_path: Path) -> None:
    path = tmp_path / "要綱.html"
    path.write_bytes((CORPUS / "16-要綱-読めない文.html").read_bytes())
    said = json.loads(jorei(str(path), "--report", "json").stdout)
    assert said["imported"] is True
    assert said["share"] == {"sentences": 5, "sentences_taken": 2, "rows": 0, "rows_taken": 0}
    assert [d["code"] for d in said["findings"]].count("I0120") == 3
    assert {"番号と公布の日", "題名の前の印"} <= {x["why"] for x in said["left_out"]}
    lines = said["text"].split("\n")
    for place in said["to_check"]:
        assert place["reason"] in lines[place["line"] - 1]


@pytest.mark.parametrize(
    ("name", "data", "code", "words"),
    [
        ("a.pdf", b"%PDF-1.7\n...", "I0101", "PDF"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "I0101", ".docx"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "I0101", "画像"),
        ("a.docx", b"PK\x03\x04broken", "I0101", "開けません"),
        ("a.txt", b"", "I0102", "0文字"),
        ("a.html", b"<html><body><img src=a.gif><img src=b.gif></body></html>", "I0102", "画像2個"),
        ("a.txt", "今日の天気は晴れ。\n明日は雨。".encode(), "I0103", "「今日の天気は晴れ。」"),
        ("a.txt", "第1条 本文とする。".encode(), "I0104", "題名"),
        ("a.txt", "試験市個人番号取扱規程\n第1条 本文とする。".encode(), "I0104", "--kind"),
        ("a.txt", f"試験市条例\n第1条 番号は{TWELVE}とする。".encode(), "I0106", "12桁"),
        ("a.txt", "試験市条例\n第1条 本文〔以下「甲」という。〕とする。".encode(), "I0107", "〔 〕"),
        ("a.txt", b"\x81\xff\xfe\x00\x80\xa0", "I0108", "文字コード"),
    ],
    ids=[
        "pdf",
        "doc",
        "png",
        "broken-docx",
        "empty",
        "images",
        "prose",
        "no-title",
        "no-kind",
        "number",
        "brackets",
        "encoding",
    ],
)
def test_refusals(tmp_path: Path, name: str, data: bytes, code: str, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    result = jorei(str(path), "--output", str(tmp_path / "out.jorei"))
    assert result.exit_code == 1
    assert code in result.stderr
    assert words in result.stderr
    assert "取り込みませんでした" in result.stderr
    assert TWELVE not in result.output
    assert not (tmp_path / "out.jorei").exists()


def test_a_difference_refuses(document: Path) -> None:
    """Columns drawn with rules whose broken cells stand side by side cannot be put in the order of the document."""
    drawn = "┌─┬─┐\n│機関│事務│\n├─┼─┤\n│市│甲の│\n│長│事務│\n├─┼─┤\n│市│乙の│\n│長│事務│\n└─┴─┘\n"
    document.write_text(PLAIN.split("項\t")[0] + drawn, encoding="utf-8")
    result = jorei(str(document))
    assert result.exit_code == 1
    assert "I0105" in result.stderr
    assert result.stdout == ""


def test_tracked_changes_are_told(tmp_path: Path) -> None:
    import io

    import docx
    from docx.oxml import OxmlElement

    document = docx.Document(
        io.BytesIO(word([{"p": "試験市条例"}, {"p": "第1条 この条例の施行に関し必要な事項は、規則で定める。"}]))
    )
    inserted = OxmlElement("w:ins")
    document.paragraphs[1]._p.append(inserted)
    path = tmp_path / "a.docx"
    document.save(str(path))
    assert "I0126" in jorei(str(path)).stderr


def test_a_table_without_names_and_remarks_are_told(document: Path) -> None:
    document.write_text(
        PLAIN.replace("項\t機関\t事務\n", "") + "2\t市長\t乙手当の支給に関する事務\n備考　この表の事務は、甲とする。\n",
        encoding="utf-8",
    )
    result = jorei(str(document))
    assert "〔列 項 機関 事務〕" in result.stdout
    assert "I0123" in result.stderr
    assert "I0122" in result.stderr
    assert "〔注 備考" in result.stdout


def test_doubtful_joins_and_repeated_numbers_are_told(document: Path) -> None:
    document.write_text(
        PLAIN.replace(
            "附則\n",
            "市長は、広報に努めるものとする。\n第1条（利用範囲）\nこの条例の施行に関し必要な事項は、規則で定める。\n附則\n",
            1,
        ),
        encoding="utf-8",
    )
    result = jorei(str(document))
    assert "I0124" in result.stderr
    assert "I0127" in result.stderr
    assert "J0024" in result.stderr


def test_workbooks_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "別表.xlsx"
    path.write_bytes(b"PK\x03\x04")
    result = jorei(str(path))
    assert result.exit_code == 2
    assert "表計算の表" in result.stderr


def test_an_unknown_day_of_promulgation_is_asked_for(document: Path) -> None:
    """The sentence is read; what lacks is the day, which an option gives."""
    text = PLAIN.replace("平成27年12月22日条例第50号\n", "").replace("平成28年1月1日", "公布の日")
    document.write_text(text, encoding="utf-8")
    body = ("--municipality", "990099", "試験市")
    result = jorei(str(document), *body)
    assert result.exit_code == 1
    assert "要確認" not in result.stdout
    assert "J0313" in result.stderr
    assert "公布" in result.stderr
    assert jorei(str(document), *body, "--promulgated", "平成27年12月22日").exit_code == 0


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "cp932", "euc-jp", "utf-16", "iso2022_jp"])
def test_encodings(name: str) -> None:
    text = PLAIN.replace("○", "")
    found = decode(text.encode(name))
    assert found is not None
    assert found[0] == text


def test_ids_are_not_invented(document: Path) -> None:
    text = jorei(str(document)).stdout
    assert "〔事務" not in text
    assert promulgated_text(text) != text
