"""Everything that issues and redeems permits, real, on one database and a clock that stands still."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from joserfc.jwk import OKPKey

from api import ids
from api.canonical import canonical
from api.clock import FixedClock
from api.decision_log import Entry, Journal, append
from api.keys import KeyStore, Purpose
from api.permits import Act, Asked, Issuance, Issuer, Permit, PermitRefused, SecondOpinion, redeem
from api.permits import epoch as epochs
from api.publication import JAPAN
from api.storage.database import Database
from engine.compiled import CompiledIndex
from engine.decision import Decision, Interpreter
from engine.request import Request
from engine.rule_set import Action, RuleSet
from tests.engine.build import AFFAIR, CITY, MAYOR, a_grant, a_rule_set

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=JAPAN)
TODAY = date(2026, 11, 26)
CALLER = "juki"
SHOW = Act("addressee.show", "addressee", ("ad_kfmx3qe2", "ad_p7rt5zzq"))
HIDE = Act("addressee.hide", "addressee", ("ad_kfmx3qe2", "ad_p7rt5zzq"))


def digest(letters: str = "ab") -> str:
    """A digest of a rule set."""
    return (letters * 32)[:64]


def rule_set(*grants: str, **changes: Any) -> RuleSet:
    """A city whose mayor may use the number; each grant an id."""
    made = a_rule_set(own=[a_grant(id_) for id_ in grants or ("根拠1", "根拠2")], **changes)
    return msgspec.structs.replace(made, digest=digest())


def a_use(on: date = TODAY, **changes: Any) -> Request:
    """The mayor uses the number."""
    fields: dict[str, Any] = {"action": Action.USE, "body": CITY, "party": MAYOR, "affair": AFFAIR, "on": on}
    return Request(**(fields | changes))


class Office:
    """Decides, records, issues and redeems."""

    def __init__(self, database: Database, folder: Path, rules: RuleSet | None = None) -> None:
        self.database = database
        self.folder = folder
        self.clock = FixedClock(NOW)
        self.rules = rules or rule_set()
        self.digest = self.rules.digest
        self.index = CompiledIndex(self.rules)
        self.second = SecondOpinion(self.rules)
        self.keys = KeyStore(folder / "keys", self.clock)
        self.journal = Journal(database, self.clock)
        self.alarms: list[str] = []
        self.issuer = Issuer(self.keys, self.clock, alarmed=self.alarms.append)

    def close(self) -> None:
        """Stop the journal."""
        self.journal.close()

    def decided(self, request: Request) -> tuple[Decision, Entry]:
        """A decision and its record."""
        decision = self.index.decide(request)
        id_ = ids.new("ev")
        body = canonical({"v": 1, "id": id_, "outcome": decision.outcome.value})
        return decision, Entry(id_, "decision", {"outcome": decision.outcome.value}, body)

    def asked(self, request: Request, decision: Decision, entry: Entry, act: Act, **more: Any) -> Asked:
        """For a permit."""
        with self.database.read() as connection:
            epoch = epochs.current(connection, request.body)
        fields: dict[str, Any] = {"caller": CALLER, "epoch": epoch, "bundle": "ある公開"}
        return Asked(request, decision, entry.id, act=act, **(fields | more))

    def ask(
        self, act: Act = SHOW, request: Request | None = None, *, second: SecondOpinion | None = None, **more: Any
    ) -> Issuance:
        """Decide and ask for a permit."""
        request = request or a_use(self.clock.now().date())
        decision, entry = self.decided(request)
        asked = self.asked(request, decision, entry, act, **more)
        return self.issuer.issue_now(self.journal, entry, asked, second or self.second, self.digest)

    def token(self, act: Act = SHOW, **more: Any) -> str:
        """A token of a permit."""
        issuance = self.ask(act, **more)
        assert issuance.refusal is None
        assert issuance.issued is not None
        return issuance.issued.token

    def redeem(self, token: str, act: Act = SHOW, caller: str = CALLER, **more: Any) -> Permit:
        """In a transaction of its own, with an act recorded."""
        with self.database.begin() as connection:
            fields: dict[str, Any] = {"active_digest": self.digest}
            permit = redeem(connection, token, act, caller, self.keys, self.clock, **(fields | more))
            append(connection, [Entry(ids.new("ac"), "act", {"act": act.name}, b"{}")], self.clock)
        return permit

    def refusal(self, token: str, act: Act = SHOW, caller: str = CALLER, **more: Any) -> str:
        """The code by which a token is refused."""
        with pytest.raises(PermitRefused) as refused:
            self.redeem(token, act, caller, **more)
        return refused.value.code

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The leaves of a kind, in order."""
        with self.database.read() as connection:
            rows = connection.exec_driver_sql(f"SELECT leaf FROM log_entry WHERE kind = '{kind}' ORDER BY idx")
            return [json.loads(bytes(row[0])) for row in rows]

    def redeemed(self) -> list[str]:
        """Permits used."""
        with self.database.read() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT jti FROM permit_redemption ORDER BY jti")]


class Says:
    """An interpreter that says what it is told."""

    name = "says"

    def __init__(self, decide: Any) -> None:
        self._decide = decide

    def decide(self, request: Request) -> Decision:
        """What it was told."""
        decision: Decision = self._decide(request)
        return decision


def opinion(rules: RuleSet, decide: Any) -> SecondOpinion:
    """A second opinion that says what it is told."""
    interpreter: Interpreter = Says(decide)
    return SecondOpinion(rules, interpreter)


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Header, claims and seal of a token."""
    header, payload, seal = token.split(".")
    return json.loads(raw(header)), json.loads(raw(payload)), seal


def raw(part: str) -> bytes:
    """The bytes of a part."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def coded(data: bytes) -> str:
    """A part of the bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sealed(
    office: Office,
    payload: bytes | dict[str, Any],
    header: dict[str, Any] | bytes | None = None,
    key: OKPKey | None = None,
) -> str:
    """A token sealed with the office's own key, whatever it says: what a faulty issuer would make."""
    key = key or office.keys.signing_key(Purpose.PERMIT)
    head = {"alg": "Ed25519", "kid": str(key.kid or ""), "typ": "authz-permit+jwt"} if header is None else header
    head_bytes = head if isinstance(head, bytes) else json.dumps(head, separators=(",", ":")).encode()
    body = payload if isinstance(payload, bytes) else canonical(payload)
    signed = f"{coded(head_bytes)}.{coded(body)}"
    seal = key.private_key.sign(signed.encode())  # type: ignore[union-attr]
    return f"{signed}.{coded(seal)}"
