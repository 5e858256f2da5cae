"""Link codes, acquisition numbers, seals, the permitted list: each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.clock import FixedClock
from api.publication import JAPAN
from dsl.masking import twelve_digits
from linkage.network import jlis, permitted
from linkage.network.app import Network, open_network
from linkage.network.link_codes import LinkCodes, code_of, person_of
from linkage.network.refusals import _TEXTS, NetworkRefused
from linkage.network.sealing import SealBroken, SealKey, seal

CLOCK = FixedClock(datetime(2026, 11, 26, 9, tzinfo=JAPAN))


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> LinkCodes:
    return LinkCodes(tmp_path_factory.mktemp("keys") / "secret")


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = open_network(tmp_path, clock=CLOCK)
    yield made
    made.database.close()


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(names, names, names, names)
def test_codes_are_the_same_again_and_differ_for_every_other_agency_or_person(a: str, p: str, b: str, q: str) -> None:
    codes = _CODES
    assert codes.derive(a, p) == codes.derive(a, p)
    assert (codes.derive(a, p) == codes.derive(b, q)) == ((a, p) == (b, q))
    assert not twelve_digits(codes.derive(a, p))


class _Here(LinkCodes):
    def __init__(self) -> None:
        self._secret = b"of the test" * 3


_CODES = _Here()


def test_without_the_secret_nobody_derives_a_code(codes: LinkCodes, tmp_path: Path) -> None:
    assert codes.derive("a", "p") != LinkCodes(tmp_path / "other").derive("a", "p")


def test_a_code_means_its_person_to_its_own_agency_only(network: Network) -> None:
    with network.database.begin() as connection:
        mine, theirs = (network.codes.issue(connection, agency, "ps_a") for agency in ("A", "B"))
        assert network.codes.issue(connection, "A", "ps_a") == mine
        assert (person_of(connection, "A", mine), person_of(connection, "B", mine)) == ("ps_a", None)
        assert code_of(connection, "B", "ps_a") == theirs
        assert code_of(connection, "C", "ps_a") is None


def test_an_acquisition_number_is_good_once_for_its_agency_and_for_a_day(network: Network) -> None:
    with network.database.begin() as connection:
        (resident,) = jlis.register_residents(connection, 1)
        numbers = [jlis.acquire(connection, resident, "A", CLOCK).acquisition_number for _ in range(3)]
    with network.database.begin() as connection:
        with pytest.raises(NetworkRefused, match="N0209"):
            jlis.redeem(connection, numbers[0], "B", CLOCK)
        person = jlis.redeem(connection, numbers[0], "A", CLOCK)
        with pytest.raises(NetworkRefused, match="N0209"):
            jlis.redeem(connection, numbers[0], "A", CLOCK)
        assert jlis.redeem(connection, numbers[1], "A", CLOCK) == person
        late = FixedClock(CLOCK.now() + jlis.LIFETIME)
        with pytest.raises(NetworkRefused, match="N0209"):
            jlis.redeem(connection, numbers[2], "A", late)
        assert jlis.sweep(connection, late) == 1
        with pytest.raises(NetworkRefused, match="N0215"):
            jlis.acquire(connection, "jr_nobody", "A", CLOCK)


def test_the_networks_records_cannot_be_changed(network: Network) -> None:
    from sqlalchemy.exc import DatabaseError

    values = {"processing_number": "tx", "event": "request", "person": "ps", "at_ms": 1, "body": b"{}"}
    from linkage.network.tables import record

    with network.database.begin() as connection:
        connection.execute(record.insert().values(values))
    for statement in (record.update().values(at_ms=2), record.delete()):
        with pytest.raises(DatabaseError, match="append-only"), network.database.begin() as connection:
            connection.execute(statement)


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_with_its_key_only(data: bytes) -> None:
    sealed = seal(data, _MINE.public)
    assert _MINE.open(sealed) == data
    with pytest.raises(SealBroken):
        _OTHER.open(sealed)
    with pytest.raises(SealBroken):
        _MINE.open(sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB"))


@pytest.fixture(scope="module", autouse=True)
def _keys(tmp_path_factory: pytest.TempPathFactory) -> None:
    global _MINE, _OTHER
    folder = tmp_path_factory.mktemp("seals")
    _MINE, _OTHER = SealKey(folder / "mine"), SealKey(folder / "other")
    assert SealKey(folder / "mine").public == _MINE.public


_MINE: SealKey
_OTHER: SealKey


LIST = """
permitted:
  - affair: JM99000000000001
    requesters: [市町村長]
    providers: [厚生労働大臣]
    information: [TM99000000000003]
    basis: 試験
    first: 2026-04-01
    last: 2026-12-31
"""


def test_the_list_allows_exactly_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "list.yaml"
    file.write_text(LIST, encoding="utf-8")
    listed = permitted.load(file)
    good = ("JM99000000000001", {"市町村長", "市長"}, {"厚生労働大臣"}, "TM99000000000003")
    on = date(2026, 11, 26)
    assert listed.allows(*good, on) is listed.rows[0]
    assert listed.allows(*good, date(2026, 3, 31)) is None
    assert listed.allows(*good, date(2027, 1, 1)) is None
    for at, other in enumerate(("JM99000000000002", {"知事"}, {"市町村長"}, "TM99000000000001")):
        assert listed.allows(*good[:at], other, *good[at + 1 :], on) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["a: 1", "permitted: [{affair: x}]", "permitted: [", "permitted:\n- {odd: 1}"])
def test_a_list_that_cannot_be_read_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "list.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError):
        permitted.load(file)


def test_refusals_are_sentences_and_name_what_to_do() -> None:
    for text, help_ in _TEXTS.values():
        assert text.endswith("。")
        assert help_.endswith("。")
    assert "第21条第2項" in NetworkRefused("N0207", agency="石巻市長").text
