"""The permit office of the tests: real decisions on the draft of Ishinomaki, recorded, and real permits for them."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from api import ids
from api.canonical import canonical
from api.clock import Clock, today
from api.decision_log import Entry, append
from api.keys import KeyStore
from api.permits import Act, Asked, Issuer, SecondOpinion
from api.permits.epoch import current, touched
from api.project import load
from api.storage.database import Database
from engine.desk import Desk
from engine.rule_set import RuleSet

CALLER = "juki"

#: A lawful request for each action; the day is today.
REQUESTS: dict[str, dict[str, Any]] = {
    "use": {"affair": "child-medical"},
    "store": {"affair": "child-medical"},
    "transfer": {
        "affair": "child-medical",
        "procedure": 1,
        "holder": "市長",
        "information": ["地方税関係情報"],
        "facts": {"resident": True},
    },
    "link": {
        "affair": "child-medical",
        "procedure": 1,
        "information": ["地方税関係情報"],
        "facts": {"resident": False, "ppc_notified": True, "consent": True},
    },
}


@cache
def rules() -> tuple[RuleSet, Desk, SecondOpinion]:
    """Compiled once for a run of tests."""
    rule_set = load().rule_set
    return rule_set, Desk(rule_set), SecondOpinion(rule_set)


class Office:
    """Decides, records the decision and the permit in the log, and signs."""

    def __init__(self, database: Database, clock: Clock, keys: KeyStore) -> None:
        self._database, self._clock = database, clock
        self._issuer = Issuer(keys, clock)
        self.digest = rules()[0].digest

    def permit(self, act: Act, action: str, caller: str = CALLER, **members: Any) -> str:
        """The token of a permit for the act."""
        _, desk, second = rules()
        on = today(self._clock).isoformat()
        raw = {"municipality": "石巻市", "agency": "市長", **REQUESTS[action], "action": action, "on": on, **members}
        request = desk.resolver.resolve(raw)
        with self._database.begin() as connection:
            epoch = current(connection, *touched(request.body, request.holder))
            decision = desk.decide(raw)
            assert decision.lawful, [unmet.text for item in decision.items for unmet in item.unmet]
            asked = Asked(request, decision, ids.new("ev"), caller, act, epoch)
            draft = self._issuer.draft(asked, second, self.digest)
            leaf = {"ruleset": self.digest, "outcome": decision.outcome.value}
            body = canonical({"request": raw, "answer": msgspec.to_builtins(decision)})
            recorded = Entry(asked.evaluation_id, "decision", leaf, body)
            receipts = append(connection, [recorded, draft.entry], self._clock)
        return self._issuer.sign(draft, receipts[0]).token
