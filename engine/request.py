"""Requests: what a business system asks, as plain text, and as resolved against a rule set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from engine.rule_set import Action, GrantedInformation


class Request(msgspec.Struct, frozen=True, gc=False):
    """A resolved request: every name is a key of the rule set. Made by `engine.resolve.resolve`.

    `facts` holds normalised booleans only (keys of `engine.rule_set.Fact`, or ``specific:<名>``).
    `holder` is a party key or a designation; None when the caller did not say. Its designations
    and its body (None for a national or unregistered body) are resolved with it.
    """

    action: Action
    body: str | None  # municipality code; None for a national agency
    party: str  # key of the acting or receiving agency
    affair: str
    on: date
    procedure: str | None = None  # <affair>/<number>
    information: tuple[GrantedInformation, ...] = ()
    holder: str | None = None
    holder_designations: frozenset[str] = frozenset()
    holder_body: str | None = None
    facts: Mapping[str, bool] = {}
    attachments: tuple[str, ...] | None = None  # names; None = all that the procedure asks for
    assumptions: tuple[str, ...] = ()  # ids that normalising the facts rested on (しきい値 …); no part of the decision


class RequestProblem(msgspec.Struct, frozen=True, gc=False):
    """Why a request is refused before it is decided."""

    code: str  # R0101 …
    field: str  # the member of the request, e.g. affair or information[0]
    text: str  # 日本語。値は十二桁の数字列なら伏せる
    suggestion: str | None = None


class RequestRefused(Exception):
    """The request cannot be decided; carries every problem found."""

    def __init__(self, problems: tuple[RequestProblem, ...]) -> None:
        super().__init__("; ".join(f"{p.code} {p.text}" for p in problems))
        self.problems = problems
