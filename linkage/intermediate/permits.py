"""Where the server of a provider gets the permit for an automatic answer: from its own decision service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from linkage.refusal import Refusal

if TYPE_CHECKING:
    from api.permits import Act


class ProvisionDenied(Refusal):
    """The provider's own decision does not permit the provision."""


class ProvisionPermits(Protocol):
    """Decides a provision, and gives the permit for it."""

    def permit(self, request: Mapping[str, object], act: Act, caller: str) -> str:
        """The token of a permit for this act, of a request in the words of a decision.

        Raises:
            ProvisionDenied: The decision is not lawful. Anything else is trouble: it is tried again.
        """
        ...


class NoPermits:
    """A server that was given no decision service answers nothing by itself: a person decides everything."""

    def permit(self, request: Mapping[str, object], act: Act, caller: str) -> str:
        """Refuse to decide."""
        raise RuntimeError("no decision service")
