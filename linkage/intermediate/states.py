"""States of an inquiry and of a provision, and which may follow which."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType


class InquiryState(enum.StrEnum):
    """Where an inquiry stands. Kept in the database, so that it is known after a crash."""

    PREPARED = "prepared"  # permit redeemed, recorded; not sent yet
    SENT = "sent"  # on its way: the network may or may not have it
    ACCEPTED = "accepted"  # the network has it
    ANSWERED = "answered"  # the answer is here, sealed
    REFUSED = "refused"  # by the network or the provider, with the reason
    FAILED = "failed"  # for certain not done
    UNKNOWN = "unknown"  # past its time, and what the network did is not known; it is found out
    FALLBACK_TO_PAPER = "fallback_to_paper"  # the counter took the paper


class ProvisionState(enum.StrEnum):
    """Where a provision stands on the provider's side."""

    RECEIVED = "received"
    WAITING = "waiting"  # a person decides (手動)
    ANSWERED = "answered"  # permit redeemed, recorded, sealed; to be handed in
    REFUSED = "refused"  # to be handed in
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"  # the network says that it has another answer


OPEN = (InquiryState.PREPARED, InquiryState.SENT, InquiryState.ACCEPTED, InquiryState.UNKNOWN)
ENDS = frozenset({InquiryState.ANSWERED, InquiryState.REFUSED, InquiryState.FAILED, InquiryState.FALLBACK_TO_PAPER})

_S = InquiryState
NEXT: Mapping[InquiryState, frozenset[InquiryState]] = MappingProxyType(
    {
        _S.PREPARED: frozenset({_S.SENT, _S.FAILED, _S.FALLBACK_TO_PAPER}),
        _S.SENT: frozenset({_S.ACCEPTED, _S.ANSWERED, _S.REFUSED, _S.FAILED, _S.UNKNOWN, _S.FALLBACK_TO_PAPER}),
        _S.ACCEPTED: frozenset({_S.ANSWERED, _S.REFUSED, _S.FALLBACK_TO_PAPER}),
        _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.ANSWERED, _S.REFUSED, _S.FAILED}),
        _S.ANSWERED: frozenset(),
        _S.REFUSED: frozenset(),
        _S.FAILED: frozenset(),
        _S.FALLBACK_TO_PAPER: frozenset(),
    }
)


def before(state: InquiryState) -> tuple[InquiryState, ...]:
    """The states from which this one may follow."""
    return tuple(one for one, following in NEXT.items() if state in following)
