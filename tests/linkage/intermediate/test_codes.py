"""The register of codes: fictional, said so, and in the words of the rule set."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import project
from linkage.intermediate import codes as registers
from linkage.intermediate.refusals import TEXTS, IntermediateRefused
from linkage.network import permitted
from tests.linkage.intermediate.city import rules

CODES = Path(registers.__file__).with_name("codes.yaml")


def test_the_codes_are_marked_as_a_demonstration_and_lie_in_the_fictional_range() -> None:
    codes = registers.demonstration()
    assert codes.assumption.id == "A-CODES-DEMONSTRATION"
    assert "架空" in codes.assumption.text
    import re

    found = re.findall(r"\b(?:JM|JT|TM|TK)?(\d{14,16})\b", CODES.read_text(encoding="utf-8"))
    assert found
    assert all(code.startswith("99") for code in found)


def test_every_affair_and_information_is_known_to_the_rule_set_and_each_agency_to_it() -> None:
    codes, known = registers.demonstration(), rules()
    named = {name for part in (known.national, *known.bodies.values()) for name in part.information}
    ids = {
        key.rpartition("/")[2] if key[:6].isdigit() else key for part in known.bodies.values() for key in part.affairs
    }
    for affair in codes._affairs.values():
        assert any(name in known.national.affairs or name in ids for name in affair.affairs), affair
    for one in codes._information.values():
        assert one.name in named
    parties = {key for part in (known.national, *known.bodies.values()) for key in part.parties}
    for agency in codes._agencies.values():
        assert agency.body is None or agency.party in parties
    assert project.HOME


def test_the_permitted_list_uses_the_register() -> None:
    codes = registers.demonstration()
    for row in permitted.load(permitted.default_list()).rows:
        codes.affair(row.affair)
        for one in row.information:
            codes.information(one)
        assert row.basis


def test_unknown_codes_are_refused_in_words() -> None:
    codes = registers.demonstration()
    with pytest.raises(IntermediateRefused, match="登録簿に無い"):
        codes.affair("JM01000000121000")
    with pytest.raises(IntermediateRefused):  # a procedure of another affair
        codes.procedure("JT99010000000001", "JM99000000000002")
    with pytest.raises(IntermediateRefused, match="N0111"):
        codes.items("TM99000000000001", ("TK99020000000001",))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "登録簿"),
        ("- a", "組ではない"),
        ("a: 1\na: 2", "2行目"),
        ("a: '" + "1" * 12 + "'", "1行目: 十二桁"),
        ("assumption: {id: a, text: b, source: c}", "読めません"),
    ],
)
def test_a_register_that_cannot_be_read_says_where(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "codes.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=says):
        registers.load(file)


def test_refusals_are_one_sentence_and_say_what_to_do() -> None:
    for text, help_ in TEXTS.values():
        assert text.endswith("。")
        assert help_.endswith("。")
