"""A remembered answer is that of the very request: against reading and deciding each body anew."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.canonical import canonical
from api.project import Project
from api.service.answers import answer_json, brief_json
from api.service.authzen.answering import evaluation
from api.service.authzen.mapping import Asked
from api.service.deciding import Deciding
from api.service.problems import Problem
from api.service.reading import Unreadable, read
from api.service.remembering import Memory, Prepared, Template
from engine.compiled import CompiledIndex
from engine.decision import Decision
from engine.desk import Desk
from engine.request import RequestRefused
from engine.resolve import Resolver
from tests.service.conftest import EVALUATION, REQUEST, UNLAWFUL

STORE = {
    "action": "store",
    "municipality": "石巻市",
    "agency": "市長",
    "affair": "child-medical",
    "on": "2016-04-01",
    "facts": {"pia": True},
}
LINK = {
    "action": "link",
    "municipality": "石巻市",
    "agency": "市長",
    "affair": "番号法別表/19-5",
    "information": ["介護保険給付等関係情報"],
    "on": "2024-06-03",
    "facts": {"consent": True, "pia": True, "resident": False},
}


class Anew:
    """Reads and decides without remembering anything."""

    def __init__(self, project: Project) -> None:
        self.rule_set = project.rule_set
        self.resolver = Resolver(project.rule_set)

    def decide(self, words: dict[str, Any]) -> Decision:
        self.resolver._shapes.clear()
        self.resolver._days.clear()
        return CompiledIndex(self.rule_set).decide(self.resolver.resolve(words))

    def native(self, body: bytes) -> tuple[dict[str, Any], Decision] | None:
        """None for what is not decided."""
        try:
            words = read(body, 16)
            if not isinstance(words, dict):
                return None
            canonical(words)
            return words, self.decide(words)
        except (Unreadable, RequestRefused, ValueError):
            return None


@pytest.fixture(scope="module")
def anew(project: Project) -> Anew:
    return Anew(project)


@pytest.fixture(scope="module")
def deciding(project: Project) -> Deciding:
    """One for the whole module: what one example leaves behind must not show in another."""
    return Deciding(Desk(project.rule_set), project.rule_set.digest, "files")


def _learn(deciding: Deciding, memory: Memory, body: bytes) -> None:
    """What the service does with a body that it does not remember."""
    try:
        words = read(body, 16)
        if isinstance(words, dict):
            memory.keep(body, deciding.native(words))
    except (Unreadable, Problem):
        return


_WORDS = [
    "2016-04-01",
    "2015-12-01",
    "2024-06-03",
    "2016-02-30",
    "2024-W01-1",
    "2024-1-01",
    "平成28年4月1日",
    "令和6年6月3日",
]
_WORDS += ["0000-00-00", "9999-12-31", "1900-01-01", "2016-04-0１", "", "on", '"on"', "市長", "石巻市", "\0"]
_DAYS = st.dates(date(2013, 1, 1), date(2030, 1, 1)).map(date.isoformat) | st.sampled_from(_WORDS)
_FACTS = st.dictionaries(
    st.sampled_from(["resident", "consent", "pia", "same_day", "on", "ppc_notified", "network_up"]),
    st.booleans() | st.sampled_from(["done", "実施済み", "2016-04-01", "x"]) | st.just({"on": "2016-04-01"}),
    max_size=3,
)


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    asked: dict[str, Any] = dict(draw(st.sampled_from([REQUEST, UNLAWFUL, STORE, LINK])))
    asked["on"] = draw(_DAYS)
    if draw(st.booleans()):
        asked["facts"] = draw(_FACTS)
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(["on", "procedure", "information", "holder", "agency", "affair", "x", "action"]))
        value = draw(
            _DAYS | st.sampled_from([1, 2, None, ["地方税関係情報"], [{"name": "地方税関係情報", "on": "2016-04-01"}]])
        )
        if draw(st.booleans()):
            asked[name] = value
        else:
            asked.pop(name, None)
    members = draw(st.permutations(list(asked.items())))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (",", " :"), (" ,", ":  ")]))
    text = json.dumps(dict(members), ensure_ascii=draw(st.integers(0, 5)) == 0, separators=separators)
    if draw(st.integers(0, 9)) == 0:
        text = text.replace("on", draw(st.sampled_from(["\\u006fn", 'x\\"on', "\\\\on"])), 1)
    body = text.encode()
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):  # bytes changed, put in, taken out
        at = draw(st.integers(0, len(body)))
        piece = draw(st.sampled_from([b"", b"\0", b'"', b'"on":"2016-04-01"', b"\\", b"0", b"-", b" ", b'"on"', b"}"]))
        body = body[:at] + piece + body[at + draw(st.integers(0, 12)) :]
    return body


_SETTINGS = settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
_GOOD = json.dumps(REQUEST, ensure_ascii=False, separators=(",", ":")).encode()


def _same(deciding: Deciding, anew: Anew, body: bytes, found: Prepared) -> None:
    """What is remembered of a body is what it asks."""
    expected = anew.native(body)
    assert expected is not None, body
    words, decision = expected
    assert found.answer == canonical(answer_json(decision))
    assert found.request == canonical(words)
    assert (found.lawful, found.outcome) == (decision.lawful, decision.outcome.value)
    brief = deciding.encoder.brief_of(found.form) + found.on + found.form.tail
    assert brief == canonical(brief_json(decision))
    assert [found.about.words.get(name) for name in ("municipality", "agency")] == [
        words.get(name) for name in ("municipality", "agency")
    ]


@_SETTINGS
@given(bodies=st.lists(_bodies(), min_size=1, max_size=4), day=_DAYS)
@example(bodies=[_GOOD, _GOOD.replace(b"2016-04-01", b"2015-12-01")], day="2024-W01-1")
@example(bodies=[_GOOD, _GOOD.replace(b'"2016-04-01"', b"\0")], day="2024-W01-1")
def test_no_body_is_taken_for_another(deciding: Deciding, anew: Anew, bodies: list[bytes], day: str) -> None:
    memory = deciding.native_memory
    for body in bodies:
        found = memory.find(body)
        if found is None:
            _learn(deciding, memory, body)
            found = memory.find(body)
        if found is not None:
            _same(deciding, anew, body, found)
        for other in _elsewhere(body, day):
            again = memory.find(other)
            if again is not None:
                _same(deciding, anew, other, again)


def _elsewhere(body: bytes, day: str) -> Iterator[bytes]:
    """The body with one of its days another."""
    for found in re.finditer(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}", body):
        yield body[: found.start()] + day.encode() + body[found.end() :]


@pytest.mark.parametrize("asked", [REQUEST, UNLAWFUL, STORE, LINK], ids=["request", "unlawful", "store", "link"])
def test_a_plain_request_is_remembered_for_every_day(
    deciding: Deciding, anew: Anew, project: Project, asked: dict[str, Any]
) -> None:
    """Every day on which the rules change, the day before and the day after; and not one outside of the rule set."""
    body = json.dumps(asked, ensure_ascii=False).encode()
    _learn(deciding, deciding.native_memory, body)
    found = deciding.native_memory.find(body)
    assert found is not None
    assert isinstance(found.about, Template)
    valid = project.rule_set.valid
    last = valid.last or date(2030, 1, 1)
    starts = {date.fromordinal(one) for one in found.about._plain.starts if 1 < one < date(9999, 1, 1).toordinal()}
    near = {day + timedelta(days=n) for day in {valid.first, last, *starts} for n in (-1, 0, 1)}
    seen = set()
    for day in sorted(near):
        other = body.replace(asked["on"].encode(), day.isoformat().encode())
        again = deciding.native_memory.find(other)
        assert (again is not None) == valid.contains(day)
        if again is not None:
            _same(deciding, anew, other, again)
            seen.add(again.outcome)
    if asked is REQUEST:
        assert len(seen) > 1  # the day made a difference


@_SETTINGS
@given(
    bodies=st.lists(st.tuples(_DAYS, st.sampled_from(["", "x", "on", 'x"on']), _FACTS), min_size=1, max_size=4),
    other=_DAYS,
)
@example(bodies=[("2016-04-01", 'x"on', {"resident": True})], other="2015-12-01")
@example(bodies=[("2016-04-01", "x", {"resident": True})], other="2015-12-01")
def test_no_evaluation_is_taken_for_another(
    deciding: Deciding, anew: Anew, bodies: list[tuple[str, str, dict[str, Any]]], other: str
) -> None:
    memory = deciding.authzen_memory
    for day, more, facts in bodies:
        asked = json.loads(json.dumps(EVALUATION))
        asked["context"] |= {"on": day, "facts": facts}
        if more:  # members that AuthZEN ignores
            asked[more] = day
        body = json.dumps(asked, ensure_ascii=len(day) % 2 == 0).encode()
        if more == 'x"on':  # the member itself escaped, another that ends like it
            body = body.replace(b' "on":', b' "\\u006fn":')
        if memory.find(body) is None and (prepared := _evaluated(deciding, body)) is not None:
            memory.keep(body, prepared)
        for one in (body, *_elsewhere(body, other)):
            found = memory.find(one)
            if found is None:
                continue
            words = Asked(read(one, 16)).words(None, "2026-11-26")  # type: ignore[arg-type]
            fresh = Deciding(deciding.desk, deciding.digest, "files").decided(words, anew.decide(words))
            assert found.answer == fresh.answer
            assert found.request == fresh.request
            at = (b"2026-11-26T12:00:00.000+09:00", "ev_a", 1)
            assert evaluation(deciding, found, *at) == evaluation(deciding, fresh, *at)


def _evaluated(deciding: Deciding, body: bytes) -> Prepared | None:
    try:
        prepared = deciding.closed(Asked(read(body, 16)).words(None, "2026-11-26"))  # type: ignore[arg-type]
    except (Unreadable, Problem):
        return None
    return None if prepared.form.decision is None else prepared


def test_what_is_let_go_is_decided_anew(project: Project) -> None:
    deciding = Deciding(Desk(project.rule_set), project.rule_set.digest, "files")
    _learn(deciding, deciding.native_memory, _GOOD)
    first = deciding.native_memory.find(_GOOD)
    assert first is not None
    deciding.encoder._kept(b"x" * (97 * 2**20))
    assert deciding.native_memory.find(_GOOD) is None
    _learn(deciding, deciding.native_memory, _GOOD)
    again = deciding.native_memory.find(_GOOD)
    assert again is not None
    assert again.answer == first.answer
