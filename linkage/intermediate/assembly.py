"""Puts an intermediate server together from an installation folder: line, gate, permits, carrier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api.decision_log import Journal
from api.keys import KeyStore
from api.permits import SecondOpinion
from api.storage.database import default_url, open_database
from engine.desk import Desk
from linkage.gate import Gate, GateRefused
from linkage.intermediate import codes as registers
from linkage.intermediate.carrier import Carrier
from linkage.intermediate.client import Line
from linkage.intermediate.local_permits import LocalPermits, RulesNow
from linkage.intermediate.server import OPERATOR, IntermediateServer
from linkage.network import permitted, wire
from linkage.storage import migrate_linkage

if TYPE_CHECKING:
    from api.clock import Clock
    from api.storage.database import Database
    from engine.rule_set import RuleSet


def only_itself(operator: str, operation: str) -> None:
    """The authority of a gate behind which only the intermediate server orders operations."""
    if (operator, operation) != (OPERATOR, "network.settle"):
        raise GateRefused("G0615", "この操作を命じる権限がない。", "管理者の資格情報で行ってください。")


@dataclass(slots=True)
class Rules:
    """The rule set of a process; replaced as a whole."""

    now: RulesNow

    @classmethod
    def of(cls, rule_set: RuleSet) -> Rules:
        """The rules, with desk and second opinion."""
        return cls(RulesNow(rule_set, Desk(rule_set), SecondOpinion(rule_set)))


@dataclass(slots=True)
class Standalone:
    """A whole intermediate server with its own database and decisions: an example state body, or a city in a test."""

    database: Database
    journal: Journal
    keys: KeyStore
    rules: Rules
    permits: LocalPermits
    gate: Gate
    server: IntermediateServer
    carrier: Carrier

    def close(self) -> None:
        """End its threads, then close what they used."""
        self.carrier.close()
        self.journal.close()
        self.server.line.close()
        self.database.close()


def standalone(
    home: Path,
    clock: Clock,
    rule_set: RuleSet,
    *,
    member: str,
    agencies: tuple[str, ...],
    network_url: str,
    network_key: str,
    database_url: str | None = None,
    reached: Callable[[str], None] = lambda point: None,
    timeout: float = 3.0,
) -> Standalone:
    """Open one in a folder; the carrier is not started yet."""
    home.mkdir(parents=True, exist_ok=True)
    database = open_database(database_url or default_url(home))
    migrate_linkage(database)
    keys, rules, codes = KeyStore(home / "keys", clock), Rules.of(rule_set), registers.demonstration()
    journal = Journal(database, clock)
    body = codes.agency(agencies[0]).body
    permits = LocalPermits(database, journal, keys, clock, lambda: rules.now, agency=codes.agency(agencies[0]).name)

    gate = Gate(database, clock, keys, lambda _: rules.now.digest, body=body, authority=only_itself)
    line = Line(member, network_url, network_key, home / "keys" / "network", clock, timeout)
    server = IntermediateServer(
        database,
        clock,
        gate,
        line,
        agencies,
        codes=codes,
        permits=permits,
        permitted=permitted.load(permitted.default_list()),
        reached=reached,
    )
    return Standalone(database, journal, keys, rules, permits, gate, server, Carrier(server))


def enrolment(standing: IntermediateServer, name: str) -> wire.Member:
    """What the network has to know of a server: its public keys and agencies."""
    line = standing.line
    agencies = tuple(wire.Agency(agency.code, agency.name, agency.designations) for agency in standing.own_agencies())
    return wire.Member(line.member, name, line.sign_public, line.seal_key.public, agencies)
