"""Guards of the gate: the acting handler is assigned and trained; a subcontractor acts only within an orderly chain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from linkage.people import contractors, handlers, training
from linkage.people.concerned import Concern, concerns
from linkage.people.refusals import PeopleRefused
from linkage.people.requirements import Requirements, requirements

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engine.rule_set import RuleSet
    from linkage.gate import Occasion


class HandlerGuard:
    """The handler that the act names is one of this body, assigned to the permit's affair, and trained, on the day."""

    name = "事務取扱担当者の指定と研修"

    def __init__(self, body: str, rules: Callable[[], RuleSet], needs: Requirements | None = None) -> None:
        self._body, self._rules, self._needs = body, rules, needs or requirements()

    def check(self, connection: Connection, occasion: Occasion) -> None:
        """Refuse an act whose handler is missing, unknown, revoked, of another affair, or untrained."""
        if occasion.permit is None:
            return
        if occasion.handler is None:
            if self._needs.must_name(occasion.entry.name):
                raise PeopleRefused("G0711", status=400, act=occasion.entry.japanese)
            return
        on = occasion.at.date()
        handlers.may_handle(connection, self._body, occasion.handler, on)
        about = concerns(self._rules(), self._body, occasion.permit)
        if not about:
            raise PeopleRefused("G0714", status=403, affair="許可証の事務が分からない")
        for one in about:
            self._assigned(connection, occasion.handler, one, on)
        course = training.missing(connection, occasion.handler, on, self._needs)
        if course is not None:
            raise PeopleRefused("G0715", status=403, course=course.name)

    def _assigned(self, connection: Connection, handler: str, about: Concern, on: date) -> None:
        """One assignment must be whole: agency and affair, and when by a contract, the chain of it in order."""
        found = [
            a
            for a in handlers.assignments(connection, self._body, on, handler_id=handler)
            if a.agency == about.agency and a.affair in about.scope
        ]
        if not found:
            raise PeopleRefused("G0714", status=403, affair=about.name)
        if any(a.contract is None for a in found):
            return
        refused: PeopleRefused | None = None
        for assignment in found:
            try:
                contractors.may_act(connection, str(assignment.contract), about.scope, about.name, on)
            except PeopleRefused as problem:
                refused = problem
            else:
                return
        assert refused is not None
        raise refused


class ContractorGuard:
    """A caller that comes by a contract acts only while the contract and every one above it are in order."""

    name = "委託・再委託の許諾と監督"

    def __init__(self, body: str, rules: Callable[[], RuleSet]) -> None:
        self._body, self._rules = body, rules

    def check(self, connection: Connection, occasion: Occasion) -> None:
        """Refuse a subcontractor's caller out of its contract; callers of the body itself are not asked."""
        contracts = contractors.contracts_of(connection, occasion.caller)
        if not contracts:
            return
        if occasion.permit is None:
            raise PeopleRefused("G0727", status=403)
        about = concerns(self._rules(), self._body, occasion.permit)
        if not about:
            raise PeopleRefused("G0722", status=403, affair="許可証の事務が分からない")
        on = occasion.at.date()
        for one in about:
            self._covered(connection, contracts, one, on)

    def _covered(self, connection: Connection, contracts: tuple[str, ...], about: Concern, on: date) -> None:
        refused: PeopleRefused | None = None
        for contract in contracts:
            try:
                contractors.may_act(connection, contract, about.scope, about.name, on)
            except PeopleRefused as problem:
                # what is nearest to being in order tells most
                if refused is None or problem.code > refused.code:
                    refused = problem
            else:
                return
        assert refused is not None
        raise refused
