"""The roadmap: every dated fact of the rule set is there, on its day, in words and in the drawing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace
from typer.testing import Result

from api.project import HOME, load
from api.timeline.svg import LEFT, RIGHT, Scale, svg, wide
from api.timeline.text import as_value, lines, shortened
from engine.period import Period
from engine.rule_set import Gate, RuleSet
from engine.timeline import Event, Kind, Lane, Timeline, Track, timeline

CODE = "042021"
TODAY = date(2026, 11, 24)
DAYS = Period(date(2013, 1, 1), date(2026, 12, 31))
SPACE = {"s": "http://www.w3.org/2000/svg"}


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load(None, (HOME / "ordinances" / "ishinomaki",)).rule_set


@pytest.fixture(scope="module")
def line(rules: RuleSet) -> Timeline:
    return timeline(rules, CODE)


def found(line: Timeline, kind: Kind, affair: str | None = None) -> list[Event]:
    return [e for e in line.events if e.kind is kind and (affair is None or e.affair == f"{CODE}/{affair}")]


# ---- what is in it ----------------------------------------------------------------------------------


def test_every_gate_is_an_event(rules: RuleSet, line: Timeline) -> None:
    gates = {(g.first, g.text, g.planned) for g in rules.national.gates}
    assert {(e.on, e.text, e.planned) for e in found(line, Kind.GATE)} == gates
    planned = [e for e in found(line, Kind.GATE) if e.planned]
    assert {e.on for e in planned} == {date(2016, 1, 1), date(2017, 1, 1), date(2017, 7, 1)}
    assert all(e.assumptions and e.source for e in planned)
    assert all(a in rules.national.assumptions for e in planned for a in e.assumptions)


def test_every_provision_of_the_ordinance_comes_into_force_once(rules: RuleSet, line: Timeline) -> None:
    part = rules.bodies[CODE]
    cited = {b.label for g in part.grants for b in g.bases if b.clause.startswith(f"{CODE}/")}
    entering = [label for e in line.events if e.kind is Kind.FORCE for label in e.citations]
    assert cited <= set(entering)
    late = [e.on for e in found(line, Kind.FORCE) if "石巻市番号利用条例第4条第1項" in e.citations]
    assert late == [date(2017, 7, 1)]


def test_registers_are_events(rules: RuleSet, line: Timeline) -> None:
    register = rules.bodies[CODE].assessments
    assert len(found(line, Kind.ASSESSED)) == sum(a.published is not None for a in register)
    (changed,) = found(line, Kind.CHANGED)
    assert (changed.on, changed.affair) == (date(2017, 10, 1), f"{CODE}/city-housing")
    (stopped,) = found(line, Kind.STOPPED)
    assert (stopped.on, stopped.affair) == (date(2018, 3, 31), f"{CODE}/after-school-club-fee")
    assert {e.on for e in found(line, Kind.NOTIFIED)} == {date(2017, 11, 13)}
    assert not found(line, Kind.NOTIFIED, "school-aid")  # notified, but not in effect


def test_editions_and_renumbering(line: Timeline) -> None:
    assert date(2024, 5, 27) in {e.on for e in found(line, Kind.EDITION) if e.text.startswith("番号法の条文")}
    moves = {e.on: e.citations for e in found(line, Kind.RENUMBERED)}
    assert "番号法第19条第9号→第19条第10号" in moves[date(2017, 5, 30)]
    assert "番号法第19条第10号→第19条第11号" in moves[date(2021, 9, 1)]


def test_runs_are_the_days_of_grants(rules: RuleSet, line: Timeline) -> None:
    row = next(row for row in line.rows if row.affair == f"{CODE}/after-school-club-fee")
    linkage = next(run for run in row.runs if run.track is Track.LINKAGE)
    assert linkage.days == (Period(date(2017, 11, 13), date(2018, 3, 31)),)
    for row in line.rows:
        for run in row.runs:
            ends = {
                (e.on, e.kind) for e in line.events if e.affair == row.affair and f": {run.track.value}の" in e.text
            }
            wanted = {(d.first, Kind.FIRST) for d in run.days}
            wanted |= {(d.last, Kind.LAST) for d in run.days if d.last is not None}
            assert ends == wanted


def test_events_are_in_order_and_deterministic(rules: RuleSet, line: Timeline) -> None:
    assert [e.on for e in line.events] == sorted(e.on for e in line.events)
    assert timeline(rules, CODE) == line
    assert len(set(line.events)) == len(line.events)


def test_a_changed_rule_changes_the_event(rules: RuleSet) -> None:
    gates = tuple(replace(g, first=date(2018, 1, 9)) if g.id == "my-portal" else g for g in rules.national.gates)
    moved = timeline(replace(rules, national=replace(rules.national, gates=gates)), CODE)
    assert [e.on for e in moved.events if "マイ・ポータル" in e.text] == [date(2018, 1, 9)]


def test_within_cuts_days_and_affairs(line: Timeline) -> None:
    days = Period(date(2017, 1, 1), date(2017, 12, 31))
    cut = line.within(days, f"{CODE}/child-medical")
    assert cut.events
    assert all(days.contains(e.on) and e.affair in (None, f"{CODE}/child-medical") for e in cut.events)
    (row,) = cut.rows
    assert {(run.track, run.days) for run in row.runs} >= {(Track.USE, (days,))}


# ---- text -------------------------------------------------------------------------------------------


def test_text(line: Timeline) -> None:
    text = "\n".join(lines(line, date(2018, 1, 1)))
    before, after = text.split("──── 今日 2018-01-01　平成30年1月1日 ────")
    assert "2017-11-13　平成29年11月13日" in before
    assert "2018-03-31" in after
    assert "［予定］マイ・ポータル" in text
    assert "A-PLAN-DATES" in text
    assert "2016-01-01　平成28年1月1日　◀ 今日" in "\n".join(lines(line, date(2016, 1, 1)))
    assert "".join(lines(line, date(2016, 1, 1))).count("今日") == 1


def test_json_holds_every_event(line: Timeline) -> None:
    value = as_value(line, TODAY)
    assert len(value["events"]) == len(line.events)
    assert value["events"][0]["on"] == "2013-05-31"
    assert value["today"] == "2026-11-24"


def test_short_names() -> None:
    assert (
        shortened("公営住宅法（昭和26年（1951年）法律第193号）による家賃の減免に関する事務")
        == "公営住宅法による家賃の減免"
    )


# ---- drawing ----------------------------------------------------------------------------------------


def drawn(line: Timeline, days: Period = DAYS, today: date = TODAY) -> etree._Element:
    text = svg(line.within(days), days, today)
    return etree.fromstring(text.encode("utf-8"), etree.XMLParser(resolve_entities=False, no_network=True))


def test_drawing_is_accessible_and_still(line: Timeline) -> None:
    root = drawn(line)
    assert root.xpath("string(s:title)", namespaces=SPACE) == "石巻市の工程"
    assert root.xpath("string(s:desc)", namespaces=SPACE)
    assert root.get("role") == "img"
    assert (root.get("width"), root.get("height")) == ("210mm", "297mm")
    names = {etree.QName(element).localname for element in root.iter("*")}
    assert not names & {"script", "foreignObject", "image", "a", "style", "animate"}
    assert not any(name.startswith("on") for element in root.iter("*") for name in element.attrib)
    for group in root.xpath("//s:g[@class='event' or @class='run' or @class='row']", namespaces=SPACE):
        assert group.xpath("string(s:title)", namespaces=SPACE)


def test_every_event_is_drawn_at_its_day(line: Timeline) -> None:
    root = drawn(line)
    events = root.xpath("//s:g[@class='event']", namespaces=SPACE)
    assert len(events) == len(line.events)
    scale = Scale(DAYS)
    for group in events:
        on = date.fromisoformat(group.get("data-on"))
        places = group.xpath("s:circle/@cx | s:line/@x1 | s:text[not(../s:circle)]/@x", namespaces=SPACE)
        assert places
        assert float(places[0]) == pytest.approx(scale.x(on), abs=0.01)
    titles = [group.xpath("string(s:title)", namespaces=SPACE) for group in events]
    assert all(any(e.text in title for title in titles) for e in line.events)


def test_runs_are_drawn_over_their_days(line: Timeline) -> None:
    root = drawn(line)
    runs = root.xpath("//s:g[@class='run']", namespaces=SPACE)
    assert len(runs) == sum(len(run.days) for row in line.rows for run in row.runs)
    scale = Scale(DAYS)
    for group in runs:
        (box,) = group.xpath("s:rect", namespaces=SPACE)
        last = group.get("data-last")
        x, end = float(box.get("x")), float(box.get("x")) + float(box.get("width"))
        assert x == pytest.approx(scale.x(date.fromisoformat(group.get("data-first"))), abs=0.01)
        assert end == pytest.approx(scale.end(date.fromisoformat(last) if last else None), abs=0.01)
        assert group.xpath("string(s:text)", namespaces=SPACE) in ("利", "庁", "連", "カ")


def test_scale() -> None:
    scale = Scale(Period(date(2016, 1, 1), date(2016, 12, 31)))
    assert scale.x(date(2016, 1, 1)) == LEFT
    assert scale.x(date(2016, 7, 2)) == pytest.approx((LEFT + RIGHT) / 2, abs=0.01)  # 183 of 366 days
    assert scale.end(date(2016, 12, 31)) == pytest.approx(RIGHT)


def test_nothing_stands_outside_the_page(line: Timeline) -> None:
    root = drawn(line)
    width, height = (float(v) for v in root.get("viewBox").split()[2:])
    for element in root.iter("{*}text", "{*}rect", "{*}circle"):
        if element.getparent().tag.endswith("pattern"):
            continue
        x, y = float(element.get("x") or element.get("cx")), float(element.get("y") or element.get("cy"))
        assert 0 <= x <= width
        assert 0 <= y <= height


def test_words_end_on_the_page(line: Timeline) -> None:
    for text in drawn(line).xpath("//s:g[@class='event'][s:circle]/s:text", namespaces=SPACE):
        x, long = float(text.get("x")), wide(text.text)
        begin = x - long if text.get("text-anchor") == "end" else x
        assert begin >= 3
        assert begin + long <= 207


def test_today_is_marked_only_when_it_is_among_the_days(line: Timeline) -> None:
    assert drawn(line).xpath("//s:g[@class='today']", namespaces=SPACE)
    assert not drawn(line, Period(date(2016, 1, 1), date(2017, 1, 1))).xpath("//s:g[@class='today']", namespaces=SPACE)


def test_markup_and_numbers_in_texts_do_no_harm(rules: RuleSet) -> None:
    bad = Gate("bad", "</text><script>alert(1)</script> & 1234 5678 9012 \x07", date(2016, 5, 1), "")
    line = timeline(replace(rules, national=replace(rules.national, gates=(bad,))), CODE)
    root = drawn(line)
    assert not root.xpath("//s:script", namespaces=SPACE)
    assert "9012" not in etree.tostring(root, encoding="unicode")
    assert any("<script>" in text for text in root.itertext())


# ---- command ----------------------------------------------------------------------------------------


def test_command(jorei: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "工程.svg"
    done = jorei(
        "timeline", "042021", "--affair", "child-medical", "--from", "H29.1.1", "--to", "2017-12-31", "--svg", file
    )
    assert done.exit_code == 0, done.output
    root = etree.fromstring(file.read_bytes())
    assert {date.fromisoformat(v).year for v in root.xpath("//s:g/@data-on", namespaces=SPACE)} == {2017}
    wrong = jorei("timeline", "石巻町")
    assert wrong.exit_code == 2
    assert "石巻市" in wrong.output
    assert jorei("timeline", "石巻市", "--from", "2016-02-30").exit_code == 2
    assert jorei("timeline", "石巻市", "--from", "2017-01-01", "--to", "2016-01-01").exit_code == 2
    unknown = jorei("timeline", "石巻市", "--affair", "花火大会")
    assert unknown.exit_code == 2
    assert "child-medical" in unknown.output


def test_lanes(line: Timeline) -> None:
    assert {e.lane for e in line.events} == set(Lane)
