"""Subcontractors: a chain of contracts, the consent of who entrusted first to each further one, and supervision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.storage.database import Database
from linkage.acts import ACTS
from linkage.gate import Acted, Occasion
from linkage.people import contractors, counting, handlers, organisation
from linkage.people.contractors import Terms
from linkage.people.refusals import PeopleRefused
from tests.linkage.people.town import CHILD, MAYOR, SECTION, Town, read, rule_set
from tests.linkage.world import CITY

FIRST, LAST = date(2026, 4, 1), date(2027, 3, 31)
TODAY = date(2026, 11, 26)
OURS, THEIRS, FURTHER = "juki", "kaisha-kou", "kaisha-otsu"


class Chain:
    """石巻市 → 甲 → 乙 → 丙; 乙 comes by a caller of its own."""

    def __init__(self, town: Town, *, consents: int = 2, depth: int = 3) -> None:
        self.town, self.contracts = town, list[str]()
        callers = [(THEIRS,), (FURTHER,), ("kaisha-hei",)]
        for level in range(depth):
            self.contracts.append(self.entrust(callers=callers[level], staff=10 * (level + 1)))
        for contract in self.contracts[1 : 1 + consents]:
            town.order(lambda t, c=contract: contractors.consent(t, c, TODAY, "秘密の保持"))  # type: ignore[misc]

    def entrust(self, **more: Any) -> str:
        given: dict[str, Any] = {
            "body": CITY,
            "contractor": "架空計算センター",
            "agency": MAYOR,
            "section": SECTION,
            "affairs": (CHILD,),
            "staff": 10,
            "safeguards": "設備、技術水準、従業者の監督を確かめた",
            "first": FIRST,
            "last": LAST,
            "parent": self.contracts[-1] if self.contracts else None,
        }
        terms = Terms(**{**given, **more})
        return self.town.order(lambda t: contractors.entrust(t, terms))

    def attempt(self, caller: str, name: str = "copy.register", **members: Any) -> Callable[[], Acted[str]]:
        def run() -> Acted[str]:
            return self.town.attempt(name, token=self.town.token(name, caller=caller, **members), caller=caller)

        return run


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path).organised().assessed()


def test_a_chain_in_order_acts(town: Town) -> None:
    chain = Chain(town)
    for caller in (OURS, THEIRS, FURTHER, "kaisha-hei"):
        assert chain.attempt(caller)().result == "done"


def test_without_consent_neither_it_nor_those_below(town: Town) -> None:
    """番号法10条: the contract stands, but nothing may be done by it; consent to the third does not help the second."""
    chain = Chain(town, consents=0)
    town.order(lambda t: contractors.consent(t, chain.contracts[2], TODAY, "秘密の保持"))
    assert chain.attempt(THEIRS)().result == "done"
    for caller in (FURTHER, "kaisha-hei"):
        refusal = town.refused("G0723", chain.attempt(caller))
        assert "番号法10条" in refusal.text


def test_consent_withdrawn(town: Town) -> None:
    chain = Chain(town)
    token = town.token("copy.register", caller=FURTHER)
    town.order(lambda t: contractors.withdraw_consent(t, chain.contracts[1], TODAY))
    town.refused("G0601", lambda: town.attempt("copy.register", token=token, caller=FURTHER))
    town.refused("G0723", chain.attempt(FURTHER))
    town.refused("G0723", chain.attempt("kaisha-hei"))


def test_another_affair(town: Town) -> None:
    chain = Chain(town, depth=1)
    town.refused("G0722", chain.attempt(THEIRS, "addressee.load", affair="local-tax", action="use"))


def test_out_of_its_time(town: Town) -> None:
    chain = Chain(town, depth=1)
    town.order(lambda t: contractors.end(t, chain.contracts[0], TODAY))
    assert chain.attempt(THEIRS)().result == "done"
    town.clock.advance(timedelta(days=1))
    town.refused("G0721", chain.attempt(THEIRS))
    assert chain.attempt(OURS)().result == "done"


def test_an_ended_contract_ends_those_below(town: Town) -> None:
    chain = Chain(town)
    town.order(lambda t: contractors.end(t, chain.contracts[0], TODAY - timedelta(days=1)))
    town.refused("G0721", chain.attempt("kaisha-hei"))


def test_supervision_is_due_every_year(town: Town) -> None:
    town.order(lambda t: organisation.load(t, read(), rule_set(), date(2025, 4, 1)))
    chain = Chain(town, depth=1)
    late = chain.entrust(parent=None, first=date(2025, 11, 1), callers=("insatsu",))
    town.refused("G0724", chain.attempt("insatsu"))  # a year and more, and nobody looked
    town.order(lambda t: contractors.supervise(t, late, TODAY, "報告", "異状なし", in_order=True))
    assert chain.attempt("insatsu")().result == "done"
    contract = chain.contracts[0]
    town.order(lambda t: contractors.supervise(t, contract, TODAY, "報告", "漏えいのおそれ", in_order=False))
    refusal = town.refused("G0724", chain.attempt(THEIRS))
    assert "番号法11条" in refusal.text
    town.order(lambda t: contractors.supervise(t, contract, TODAY, "実地の監査", "是正を確かめた", in_order=True))
    assert chain.attempt(THEIRS)().result == "done"


def test_the_municipality_orders_itself(town: Town) -> None:
    """A subcontractor's caller orders no operation, whatever authority the gate was given."""
    Chain(town, depth=1)
    guard = town.guards()[2]
    act = town.act("register.write")
    occasion = Occasion(ACTS["register.write"], act, THEIRS, town.clock.now(), None, None, None)
    with town.database.read() as connection, pytest.raises(PeopleRefused, match="G0727"):
        guard.check(connection, occasion)


@pytest.mark.parametrize(
    "more",
    [{"affairs": (CHILD, "local-tax"), "section": SECTION}, {"last": date(2027, 4, 1)}, {"first": date(2026, 3, 31)}],
)
def test_a_re_entrustment_stays_within_its_parent(town: Town, more: dict[str, Any]) -> None:
    chain = Chain(town, depth=1)
    town.refused("G0726", lambda: chain.entrust(**more))


def test_consent_is_for_re_entrustment(town: Town) -> None:
    chain = Chain(town, depth=1)
    town.refused("G0726", lambda: town.order(lambda t: contractors.consent(t, chain.contracts[0], TODAY, "条件")))
    town.refused("G0725", lambda: town.order(lambda t: contractors.consent(t, "ct_x", TODAY, "条件")))


def test_a_section_entrusts_its_own_affairs(town: Town) -> None:
    chain = Chain(town, depth=0)
    town.refused("G0720", lambda: chain.entrust(section="市民税課"))


def test_staff_count_into_the_handlers(town: Town) -> None:
    chain = Chain(town, consents=0)
    handler = town.handler()
    other = town.order(lambda t: handlers.enrol(t, CITY, "試験 四郎", FIRST))
    town.order(lambda t: handlers.assign(t, other, MAYOR, SECTION, CHILD, FIRST, contract=chain.contracts[0]))
    with town.database.read() as connection:
        found = counting.handling(connection, CITY, (CHILD,), TODAY)
        assert (found.own, found.contracted) == (1, 60)
        listed = list(contractors.listed(connection, CITY, TODAY))
        assert [(one.depth, one.consented, one.problem) for one in sorted(listed, key=lambda one: one.depth)] == [
            (1, True, None),
            (2, False, "G0723"),
            (3, False, "G0723"),
        ]
    town.order(lambda t: handlers.revoke(t, handler, "退職"))
    with town.database.read() as connection:
        assert counting.handling(connection, CITY, (CHILD,), TODAY).own == 0


def test_a_handler_of_a_subcontractor_needs_the_chain(town: Town) -> None:
    chain = Chain(town, consents=0)
    handler = town.order(lambda t: handlers.enrol(t, CITY, "試験 五郎", FIRST))
    town.order(lambda t: handlers.assign(t, handler, MAYOR, SECTION, CHILD, FIRST, contract=chain.contracts[1]))
    town.train(handler)
    town.refused("G0723", lambda: town.attempt(handler=handler))
    town.order(lambda t: contractors.consent(t, chain.contracts[1], TODAY, "秘密の保持"))
    assert town.attempt(handler=handler).result == "done"


@pytest.mark.parametrize(
    ("more", "code"), [({"staff": 0}, "G0717"), ({"safeguards": " "}, "G0717"), ({"callers": ("12345678",)}, "G0716")]
)
def test_what_a_contract_must_say(town: Town, more: dict[str, Any], code: str) -> None:
    chain = Chain(town, depth=0)
    town.refused(code, lambda: chain.entrust(**more))
