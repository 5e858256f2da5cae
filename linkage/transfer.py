"""庁内連携: what one agency holds ready (its copies) given to another agency of the body, or used within the same one.

`transfer.provide` goes from agency to agency by ordinance (番号法19条11号) and leaves a provision record on the provider's
side; `transfer.use` stays within the agency. What is given is what the permit's request says, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from api import ids
from api.permits import Act
from linkage.intermediate import copies
from linkage.network.wire import AgencyCode, Id, InformationCode, ItemCode
from linkage.records import Ground, Named, ProvisionFacts, Side
from linkage.refusal import Refusal
from linkage.ticket import admit

if TYPE_CHECKING:
    from api.clock import Clock
    from linkage.gate import Gate
    from linkage.intermediate.codes import AgencyEntry, Codes
    from linkage.network.sealing import SealKey
    from linkage.ticket import Admission, Ticket

_SERIAL = "it"


class TransferRefused(Refusal):
    """Nothing is transferred (G092x)."""


class Transfer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked for: whose, which information and items, who asks and who holds, for which affair (JM, JT)."""

    handle: Id
    requester: AgencyCode
    holder: AgencyCode
    affair: str
    procedure: str
    information: InformationCode
    items: tuple[ItemCode, ...]
    section: str


class Given(msgspec.Struct, frozen=True):
    """What was given."""

    holder: str
    records: list[dict[str, str]]


class Transfers:
    """Gives by permit, through the gate."""

    def __init__(self, gate: Gate, codes: Codes, key: SealKey, clock: Clock) -> None:
        self._gate, self._codes, self._key, self._clock = gate, codes, key, clock

    def give(
        self, token: str, caller: str, asked: Transfer, *, handler: str | None, thumbprint: str | None = None
    ) -> Given:
        """Give what the permit's decision allows.

        Raises:
            Refusal: By the gate; G0921 the permit is for something else; G0922 nothing is held ready.
        """
        who, whom = self._codes.agency(asked.requester), self._codes.agency(asked.holder)
        across = who.party != whom.party
        act = Act("transfer.provide" if across else "transfer.use", "transfer", (asked.handle,))

        def work(ticket: Ticket) -> tuple[Given, ProvisionFacts]:
            return self._give(ticket, act.name, asked, who, whom)

        provision = (lambda made: made[1]) if across else None
        acted = self._gate.act(
            token,
            caller,
            act,
            work,
            subject=asked.handle,
            provision=provision,
            handler=handler,
            thumbprint=thumbprint,
        )
        return acted.result[0]

    def _give(
        self, ticket: Ticket, act: str, asked: Transfer, who: AgencyEntry, whom: AgencyEntry
    ) -> tuple[Given, ProvisionFacts]:
        here = admit(ticket, act, handles=(asked.handle,))
        self._bound(here, asked, who, whom)
        found = copies.find(here.connection, whom.code, asked.handle, asked.information, here.at.date())
        records = copies.opened(found, asked.items, self._key) if found else []
        if not any(records):
            raise TransferRefused(
                "G0922", "その人のその情報は、保有する機関に用意されていない。", "書類の提出を求めてください。", 404
            )
        given = tuple(code for code in asked.items if any(code in record for record in records))
        return Given(whom.name, records), self._facts(here, asked, who, whom, given)

    def _facts(
        self, here: Admission, asked: Transfer, who: AgencyEntry, whom: AgencyEntry, given: tuple[str, ...]
    ) -> ProvisionFacts:
        affair = self._codes.affair(asked.affair)
        procedure = self._codes.procedure(asked.procedure, asked.affair)
        return ProvisionFacts(
            side=Side.PROVIDER,
            serial=ids.new(_SERIAL),
            inquirer=who.office(asked.section),
            provider=whom.office(),
            affair=Named(affair.code, affair.name),
            procedure=Named(procedure.code, procedure.name),
            items=self._codes.items(asked.information, given),
            requested=here.at,
            ground=Ground.ORDINANCE,
            provided=here.at,
        )

    def _bound(self, here: Admission, asked: Transfer, who: AgencyEntry, whom: AgencyEntry) -> None:
        """The permit's request must say the same: parties, affair, procedure, information."""
        said: Any = {} if here.permit is None else here.permit.request
        procedure = self._codes.procedure(asked.procedure, asked.affair).procedure
        affairs = self._codes.affair(asked.affair).affairs
        names = {str(one.get("name")) for one in said.get("information") or ()}
        affair, way = str(said.get("affair")), str(said.get("procedure", "")).rpartition("/")[2]
        good = (
            said.get("party") == who.party
            and said.get("holder") == whom.party
            and any(affair == name or affair.endswith(f"/{name}") for name in affairs)
            and (procedure is None or way == procedure)
            and self._codes.information(asked.information).name in names
        )
        if not good:
            raise TransferRefused(
                "G0921",
                "許可証の判定は、この情報の庁内連携についてのものではない。",
                "求める機関・保有する機関・事務・手続・情報を合わせて、判定を受け直してください。",
                403,
            )
