"""The layer of one installation put together from what the service has: gate, guards, stores, servers, desks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.clock import today
from linkage.addressee.secrets import FolderSecrets
from linkage.addressee.vault import Vault
from linkage.assessments.guard import AssessmentGuard
from linkage.assessments.telling import Teller
from linkage.authority import Authority
from linkage.cards.desk import CardDesk
from linkage.gate import Gate
from linkage.intermediate import codes as registers
from linkage.intermediate.assembly import enrolment
from linkage.intermediate.client import Line
from linkage.intermediate.server import IntermediateServer
from linkage.leading import Leading
from linkage.network import permitted
from linkage.network.sealing import SealKey
from linkage.people.guards import ContractorGuard, HandlerGuard
from linkage.permits_here import PermitsHere
from linkage.portal.portal import Portal
from linkage.portal.words import RuleNames
from linkage.storage import migrate_linkage
from linkage.transfer import Transfers

if TYPE_CHECKING:
    from datetime import date

    from api.service.context import ServiceContext
    from engine.rule_set import RuleSet
    from linkage.installation import Installation, Network
    from linkage.network import wire


class Layer:
    """Everything opened. `start` begins what runs beside the calls; `close` ends it before the service closes."""

    def __init__(self, context: ServiceContext, installation: Installation) -> None:
        self.context, self.installation = context, installation
        self.database, self.clock = context.database, context.clock
        self.body = installation.body(self.rule_set)
        migrate_linkage(self.database)
        self.gate = self._gate()
        self.vault = Vault(FolderSecrets(context.keys))
        self.codes = registers.demonstration()
        self.folder = context.settings.keys / "network"
        self.server = None if installation.network is None else self._server(installation.network)
        seal_key = SealKey(self.folder / "seal.key") if self.server is None else self.server.line.seal_key
        self.transfers = Transfers(self.gate, self.codes, seal_key, self.clock)
        self.portal = Portal(
            self.gate,
            self.database,
            self.clock,
            context.keys,
            NamesNow(context),
            context.checkpoints.now,
            municipality=installation.municipality,
            base_url=installation.portal_url or context.settings.address,
        )
        self.cards = CardDesk(self.gate, self.database, self.clock)
        self._leading = None if self.server is None else self._leader(self.server)

    @property
    def rule_set(self) -> RuleSet:
        """What decides now."""
        return self.context.rules.current().project.rule_set

    def start(self) -> None:
        """Begin to wait for the turn to lead."""
        if self._leading is not None:
            self._leading.start()

    def close(self) -> None:
        """End what runs, and hang up."""
        if self._leading is not None:
            self._leading.close()
        if self.server is not None:
            self.server.line.close()

    def registers_changed(self) -> None:
        """An entry of a register was made: the network may have to be told."""
        if self._leading is not None:
            self._leading.changed()

    def enrolment(self) -> wire.Member | None:
        """What the network has to know of this server."""
        return (
            None if self.server is None else enrolment(self.server, f"{self.installation.municipality}の中間サーバー")
        )

    def _gate(self) -> Gate:
        context = self.context
        rules = lambda: self.rule_set  # noqa: E731
        return Gate(
            self.database,
            self.clock,
            context.keys,
            context.rules.digest_in,
            body=self.body,
            guards=(
                AssessmentGuard(self.body, rules),
                HandlerGuard(self.body, rules),
                ContractorGuard(self.body, rules),
            ),
            authority=Authority(context.callers.register, self.body),
        )

    def _server(self, network: Network) -> IntermediateServer:
        line = Line(network.member, network.url, network.key, self.folder, self.clock)
        return IntermediateServer(
            self.database,
            self.clock,
            self.gate,
            line,
            self.installation.agencies,
            codes=self.codes,
            permits=PermitsHere(self.context, self.body, self.installation.municipality),
            permitted=permitted.load(permitted.default_list()),
        )

    def _leader(self, server: IntermediateServer) -> Leading:
        teller = Teller(self.database, self.codes, self.installation.agencies, server.line)
        return Leading(
            self.context.settings.home / "linkage.lock",
            server,
            lambda: teller.tell(self.rule_set, today(self.clock)),
        )


class NamesNow:
    """What affairs and systems are called, by the rule set and the register of the moment."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._known: tuple[str, RuleNames] | None = None

    def affair(self, municipality: str | None, said: str, on: date) -> str:
        """An affair by what a request called it."""
        loaded, known = self._context.rules.current(), self._known
        if known is None or known[0] != loaded.digest:
            known = self._known = (loaded.digest, RuleNames(loaded.project.rule_set))
        return known[1].affair(municipality, said, on)

    def caller(self, client: str) -> str:
        """A business system by its client id."""
        names = {one.caller.client_id: one.caller.name for one in self._context.callers.register.list()}
        return names.get(client, client)
