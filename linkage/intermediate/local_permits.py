"""Permits from a decision service in the same process: decide, record, issue. For automatic answers and example bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from api import ids
from api.canonical import canonical
from api.decision_log import Entry
from api.permits import Asked, Issuer, PermitRefused, epoch
from engine.answer import answer
from engine.request import RequestRefused
from linkage.intermediate.permits import ProvisionDenied
from linkage.refusal import Refusal

if TYPE_CHECKING:
    from api.clock import Clock
    from api.decision_log import Journal
    from api.keys import KeyStore
    from api.permits import Act, SecondOpinion
    from api.storage.database import Database
    from engine.desk import Desk
    from engine.rule_set import RuleSet


class RulesNow:
    """The rule set that decides now."""

    def __init__(self, rule_set: RuleSet, desk: Desk, second: SecondOpinion) -> None:
        self.rule_set, self.desk, self.second = rule_set, desk, second

    @property
    def digest(self) -> str:
        """Its digest."""
        return self.rule_set.digest


class LocalPermits:
    """Decides a request on the rule set of the moment and issues the permit for it, both in the log."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        keys: KeyStore,
        clock: Clock,
        rules: Callable[[], RulesNow],
        *,
        agency: str,
    ) -> None:
        self._database, self._journal, self._clock, self._rules = database, journal, clock, rules
        self._issuer = Issuer(keys, clock)
        self._agency = agency

    def permit(self, request: Mapping[str, object], act: Act, caller: str) -> str:
        """The token of a permit.

        Raises:
            ProvisionDenied: The decision is not lawful, or the request cannot be read.
            Refusal: No permit was issued for another reason.
        """
        rules = self._rules()
        try:
            resolved = rules.desk.resolver.resolve(request)
        except RequestRefused as refused:
            raise ProvisionDenied("N0123", refused.problems[0].text, "要求の内容を確かめてください。") from None
        with self._database.read() as connection:
            at = epoch.current(connection, *epoch.touched(resolved.body, resolved.holder))
        decision = rules.desk.index.decide(resolved)
        asked = Asked(resolved, decision, ids.new("ev"), caller, act, at)
        entry = self._entry(asked, request, rules)
        issuance = self._issuer.issue_now(self._journal, entry, asked, rules.second, rules.digest)
        if issuance.issued is not None:
            return issuance.issued.token
        if not decision.lawful:
            raise ProvisionDenied(
                "N0124",
                "判定は、この行為を認めていない。",
                "判定の理由（根拠又は満たされていない条件）を確かめてください。",
            )
        refused_: PermitRefused | None = issuance.refusal
        code, text = (refused_.code, refused_.text) if refused_ else ("N0124", "許可証が発行されなかった。")
        raise Refusal(code, text, "判定の記録を確かめてください。")

    def _entry(self, asked: Asked, request: Mapping[str, object], rules: RulesNow) -> Entry:
        """The decision record (level 4)."""
        body: dict[str, Any] = {
            "v": 1,
            "id": asked.evaluation_id,
            "at": self._clock.now().isoformat(timespec="milliseconds"),
            "caller": {"client_id": asked.caller, "agency": self._agency},
            "api": "native",
            "request": dict(request),
            "ruleset": {"digest": rules.digest, "bundle": "files"},
            "engine": {"interpreter": "compiled"},
            "answer": msgspec.to_builtins(answer(rules.rule_set, rules.desk.index, asked.request)),
        }
        leaf = {"ruleset": rules.digest, "outcome": asked.decision.outcome.value}
        return Entry(asked.evaluation_id, "decision", leaf, canonical(body))
