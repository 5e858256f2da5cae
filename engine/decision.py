"""Decisions: the outcome per item of information, with grounds, unmet conditions and duties."""

from __future__ import annotations

import enum
from datetime import date
from typing import Protocol

import msgspec

from engine.request import Request
from engine.rule_set import Citation, Duty, GrantedInformation


class Outcome(enum.StrEnum):
    """One of six; only PERMITTED opens storage."""

    PERMITTED = "permitted"
    FORBIDDEN = "forbidden"  # a bar applies
    NO_BASIS = "no_basis"
    CONDITION_UNMET = "condition_unmet"
    UNDETERMINED = "undetermined"  # a fact is missing
    RULE_SET_FAULT = "rule_set_fault"


class Unmet(msgspec.Struct, frozen=True, gc=False):
    """One reason why an item is not permitted. `grant` is the near-miss ground, if any.

    `code`: no_ground, not_yet, expired, procedure, information, holder, condition, missing_fact,
    barred, void, uncertain_designation, rule_set_fault.
    """

    code: str
    text: str
    citation: Citation | None = None
    grant: str | None = None
    fact: str | None = None
    remedy: str | None = None


class ItemDecision(msgspec.Struct, frozen=True, gc=False):
    """The decision on one item of information (None: the act itself)."""

    information: GrantedInformation | None
    outcome: Outcome
    grants: tuple[str, ...]  # ids of every satisfied grant, in rule-set order
    bases: tuple[Citation, ...]
    unmet: tuple[Unmet, ...]

    @property
    def lawful(self) -> bool:
        """True only when permitted."""
        return self.outcome is Outcome.PERMITTED


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What an interpreter says. Lawful only when every item is permitted."""

    outcome: Outcome
    on: date
    ruleset: str
    items: tuple[ItemDecision, ...]
    duties: tuple[Duty, ...]
    assumptions: tuple[str, ...]

    @property
    def lawful(self) -> bool:
        """True only when permitted."""
        return self.outcome is Outcome.PERMITTED


class Interpreter(Protocol):
    """Reads a rule set and decides requests. All interpreters must agree on outcome and grants."""

    def decide(self, request: Request) -> Decision:
        """Decide a resolved request. Never raises for a resolved request: doubt is a denial."""
        ...


#: Which item outcome names the whole decision when items differ (first wins).
SEVERITY = (
    Outcome.RULE_SET_FAULT,
    Outcome.FORBIDDEN,
    Outcome.NO_BASIS,
    Outcome.CONDITION_UNMET,
    Outcome.UNDETERMINED,
    Outcome.PERMITTED,
)
