"""Tickets: the proof, inside one running transaction, that the gate let an act in.

Stores do nothing without one. A ticket is an empty object; what it stands for is kept in a register that only the
minting function can write, and that function is handed out once, to `linkage.gate`. A ticket made otherwise (built,
copied, unpickled, subclassed), kept after its transaction, or shown by another thread is in no register and admits to
nothing. Python has no walls, so code that rewrites this module can do anything; code that calls it cannot.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn, Self

from linkage.acts import Kind
from linkage.refusal import GateRefused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from api.permits import Act, Permit
    from linkage.acts import ActEntry


class Ticket:
    """Stands for one act in one transaction. Cannot be made, copied or pickled outside the gate."""

    __slots__ = ("__weakref__",)

    def __new__(cls, *_: object, **__: object) -> Self:
        """Refuse: tickets come from the gate."""
        raise _unknown()

    def __init_subclass__(cls, **_: object) -> NoReturn:
        """Refuse: no kind of ticket but this."""
        raise _unknown()

    def __reduce__(self) -> NoReturn:
        """Refuse: a ticket does not outlive its transaction."""
        raise _unknown()

    def __copy__(self) -> NoReturn:
        raise _unknown()

    def __deepcopy__(self, _: object) -> NoReturn:
        raise _unknown()


@dataclass(frozen=True, slots=True)
class Admission:
    """What a ticket admits to. `permit` is None for an operation. Not to be kept beyond the call it was asked for."""

    connection: Connection
    entry: ActEntry
    act: Act
    caller: str
    at: datetime
    permit: Permit | None
    evaluation: str  # decision id, or the id of the operation


Mint = Callable[[Admission], Ticket]
Void = Callable[[Ticket], None]


def _unknown() -> GateRefused:
    return GateRefused(
        "G0609",
        "許可の引換えを経ていない操作である。",
        "保管・連携の操作は、関門（linkage.gate.Gate）に許可証を示して行ってください。",
        403,
    )


def _register() -> tuple[Callable[[], tuple[Mint, Void]], Callable[[object], Admission], Callable[[], bool]]:
    live: dict[int, tuple[Ticket, int, Admission]] = {}
    taken: list[bool] = []

    def mint(admission: Admission) -> Ticket:
        ticket: Ticket = object.__new__(Ticket)
        live[id(ticket)] = (ticket, threading.get_ident(), admission)
        return ticket

    def void(ticket: Ticket) -> None:
        live.pop(id(ticket), None)

    def claim() -> tuple[Mint, Void]:
        if taken:
            raise _unknown()
        taken.append(True)
        return mint, void

    def look(ticket: object) -> Admission:
        found = live.get(id(ticket))
        if found is None or found[0] is not ticket or found[1] != threading.get_ident():
            raise _unknown()
        return found[2]

    def inside() -> bool:
        me = threading.get_ident()
        return any(thread == me for _, thread, _ in list(live.values()))

    return claim, look, inside


claim, _look, inside_act = _register()


def admit(ticket: object, *names: str, handles: Iterable[str] = ()) -> Admission:
    """What the ticket admits to, when it is of the running transaction, for one of the acts, and covers the handles.

    Every function of a store that writes, or shows a number, begins with this call.

    Raises:
        GateRefused: G0609 no live ticket; G0610 a ticket for another act; G0611 a handle the permit does not name.
    """
    admission = _look(ticket)
    if admission.entry.name not in names:
        raise GateRefused(
            "G0610",
            f"「{admission.entry.japanese}」の許可では、この操作はできない。",
            "行う操作に合った許可証を求めてください。",
            403,
        )
    if admission.entry.kind is Kind.ACT and not set(handles) <= set(admission.act.handles):
        raise GateRefused(
            "G0611",
            "許可証に書かれていない人又は記録に対する操作である。",
            "操作の対象の識別子をすべて示して、許可証を求め直してください。",
            403,
        )
    return admission
