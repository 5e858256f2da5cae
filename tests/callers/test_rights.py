"""What a caller may do: roles kept apart, scopes, and for whom it may ask."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.callers import Forbidden, Role, acts_for, allows, require, require_role, separate
from api.callers.model import (
    ANY_AGENCY,
    EVALUATE,
    HOLDS,
    LOG_READ,
    RULESET_APPROVE,
    RULESET_EDIT,
    RULESET_PUBLISH,
    USUAL,
    faults,
    is_scope,
    may_hold,
)
from api.callers.refused import RegisterRefused
from tests.callers.conftest import House, a_caller

EDITS = ("jorei:ruleset:edit", "jorei:ruleset:approve", "jorei:ruleset:publish")


def test_the_roles_that_one_client_may_not_have_together(here: House) -> None:
    for pair in combinations(Role, 2):
        with pytest.raises(RegisterRefused, match="兼ねられません"):
            here.add(f"{pair[0]}-{pair[1]}", roles=frozenset(pair), scopes=frozenset())
    for role in Role:
        here.add(f"only-{role}", role)


def test_a_system_cannot_edit_and_an_auditor_only_reads_logs() -> None:
    for scope in EDITS:
        assert not may_hold(Role.SYSTEM, scope)
    every = [s for held in HOLDS.values() for s in held]
    assert {s for s in every if may_hold(Role.AUDITOR, s)} == {"*:log:read"}
    assert not may_hold(Role.EDITOR, RULESET_APPROVE)
    assert not may_hold(Role.EDITOR, RULESET_PUBLISH)
    assert not may_hold(Role.APPROVER, RULESET_EDIT)
    assert not any(may_hold(Role.ADMINISTRATOR, s) for s in (RULESET_EDIT, RULESET_APPROVE, EVALUATE, LOG_READ))


def test_what_a_role_usually_gets_is_what_it_may_hold() -> None:
    for role in Role:
        assert faults(frozenset({role}), USUAL[role]) == []


def test_a_scope_written_into_the_register_by_hand_gives_nothing() -> None:
    """Even a row that was changed in the database gives no role what it may not hold."""
    forged = a_caller(scopes=frozenset({EVALUATE, RULESET_EDIT}))
    require(forged, EVALUATE)
    with pytest.raises(Forbidden):
        require(forged, RULESET_EDIT)


def test_a_missing_scope_is_403_with_the_challenge_of_rfc_6750() -> None:
    with pytest.raises(Forbidden) as refused:
        require(a_caller(), LOG_READ)
    assert refused.value.status == 403
    (challenge,) = refused.value.headers
    assert challenge == ("WWW-Authenticate", f'Bearer realm="jorei", error="insufficient_scope", scope="{LOG_READ}"')


def test_who_edited_does_not_approve() -> None:
    approver, editor = a_caller("approver-one", Role.APPROVER), a_caller("editor-one", Role.EDITOR)
    separate(approver, "editor-one")
    with pytest.raises(Forbidden):
        separate(editor, "editor-two")
    with pytest.raises(Forbidden):
        separate(approver, "approver-one")
    both = a_caller("both-of-them", roles=frozenset({Role.EDITOR, Role.APPROVER}))
    with pytest.raises(Forbidden):
        separate(both, "editor-one")
    with pytest.raises(Forbidden):
        require_role(editor, Role.APPROVER)


@pytest.mark.parametrize("text", ["", "a", "a:b", "a:b:c:d", "a b:c:d", 'a:b:"', "a:b:c\\", "あ:b:c", "*:*:*", "a::c"])
def test_scopes_have_three_parts(text: str) -> None:
    assert not is_scope(text)


@given(st.text(max_size=30), st.sampled_from(Role))
def test_no_text_that_is_no_scope_is_held(text: str, role: Role) -> None:
    if not is_scope(text):
        assert faults(frozenset({role}), frozenset({text})) != []


@pytest.mark.parametrize(
    "asked",
    [
        {"municipality": "石巻市", "agency": "市長"},
        {"municipality": "042021", "agency": "市長"},
        {"municipality": " 石巻　市", "agency": "市 長"},
        {"municipality": "石巻市", "agency": "市長", "holder": "教育委員会"},
    ],
    ids=str,
)
def test_the_callers_own_municipality_and_agency(asked: dict[str, Any]) -> None:
    assert acts_for(a_caller(), asked) is None


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({}, "#/municipality"),
        ({"agency": "市長"}, "#/municipality"),
        ({"municipality": None, "agency": "市長"}, "#/municipality"),
        ({"municipality": "", "agency": "市長"}, "#/municipality"),
        ({"municipality": "大崎市", "agency": "市長"}, "#/municipality"),
        ({"municipality": ["石巻市"], "agency": "市長"}, "#/municipality"),
        ({"municipality": {"石巻市": 1}, "agency": "市長"}, "#/municipality"),
        ({"municipality": "石巻市"}, "#/agency"),
        ({"municipality": "石巻市", "agency": None}, "#/agency"),
        ({"municipality": "石巻市", "agency": "教育委員会"}, "#/agency"),
        ({"municipality": "石巻市", "agency": "市長市長"}, "#/agency"),
        ({"municipality": "石巻市", "agency": ["市長"]}, "#/agency"),
        ({"municipality": "石巻市", "agency": 1}, "#/agency"),
    ],
    ids=str,
)
def test_anybody_else(asked: dict[str, Any], pointer: str) -> None:
    problem = acts_for(a_caller(), asked)
    assert problem is not None
    assert (problem.status, problem.pointer) == (403, pointer)
    for value in asked.values():
        assert not isinstance(value, str) or not value or value not in problem.text


def test_further_agencies() -> None:
    several = a_caller(agencies=frozenset({"教育委員会"}))
    assert acts_for(several, {"municipality": "石巻市", "agency": "教育委員会"}) is None
    assert acts_for(several, {"municipality": "石巻市", "agency": "農業委員会"}) is not None
    gateway = a_caller(agency=None, agencies=frozenset({ANY_AGENCY}))
    assert acts_for(gateway, {"municipality": "石巻市", "agency": "農業委員会"}) is None
    assert acts_for(gateway, {"municipality": "大崎市", "agency": "農業委員会"}) is not None
    assert acts_for(gateway, {"municipality": "石巻市"}) is not None


def test_a_caller_of_no_agency_asks_for_none() -> None:
    nobody = a_caller(agency=None)
    assert acts_for(nobody, {"municipality": "石巻市", "agency": None}) is not None
    assert acts_for(nobody, {"municipality": "石巻市", "agency": "市長"}) is not None


def test_a_national_agency() -> None:
    national = a_caller(body=None, municipality=None, agency="厚生労働大臣")
    assert acts_for(national, {"agency": "厚生労働大臣"}) is None
    assert acts_for(national, {"municipality": "石巻市", "agency": "厚生労働大臣"}) is not None


@given(st.dictionaries(st.sampled_from(["municipality", "agency"]), st.text(max_size=8) | st.none() | st.integers()))
def test_only_names_equal_but_for_width_and_blanks_pass(asked: dict[str, Any]) -> None:
    from engine.japanese import plain

    own = a_caller()
    if acts_for(own, asked) is None:
        assert plain(asked["municipality"]) in ("石巻市", "042021")
        assert plain(asked["agency"]) == "市長"


def test_what_the_caller_is_comes_from_its_credential_only(here: House) -> None:
    """No header or member of the body changes who calls."""
    made = here.add()
    key = here.register.rotate_key(made.client_id)
    spoofs = [(b"x-municipality", "大崎市".encode()), (b"x-client-id", b"other"), (b"x-forwarded-for", b"10.0.0.1")]
    assert here.who(f"Bearer {key}", *spoofs) == made
    assert allows(made, EVALUATE)


def test_building_a_house_twice_changes_nobody(build: Callable[..., House]) -> None:
    first = build()
    made = first.add()
    key = first.register.rotate_key(made.client_id)
    assert build().who(f"Bearer {key}") == made
