"""An example body on the same machine: people it knows from a file, provided by the same code as a city's.

It stands for no state body. Its people are synthetic: references made by the J-LIS part of the network simulator.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from api import ids
from api.permits import Act
from linkage.intermediate.copies import Copy
from linkage.intermediate.server import OPERATOR
from linkage.network.wire import Assessment, Id, InformationCode, ItemCode

if TYPE_CHECKING:
    from linkage.intermediate.assembly import Standalone
    from linkage.intermediate.codes import AgencyEntry


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One synthetic person: the reference, and the copies by code of information."""

    resident: Id
    copies: dict[InformationCode, dict[ItemCode, str]]


def read(file: Path) -> tuple[Person, ...]:
    """People of a file of JSON lines.

    Raises:
        ValueError: When a line cannot be read.
    """
    lines = file.read_bytes().splitlines()
    return tuple(msgspec.json.decode(line, type=Person) for line in lines if line.strip())


def use_request(agency: AgencyEntry, on: date) -> dict[str, object]:
    """The request of a decision under which an agency holds what it provides."""
    request: dict[str, object] = {"action": "use", "agency": agency.agency, "on": on.isoformat()}
    if agency.municipality is not None:
        request["municipality"] = agency.municipality
    if agency.holding is not None:
        request["affair"] = agency.holding
    return request


def introduce(body: Standalone, agency: str, person: Person, *, handle: str | None = None) -> str:
    """Make a person known to an agency: link code, then copies, each by a permit; gives the handle."""
    server, handle = body.server, handle or ids.new("ad")
    request = use_request(server.codes.agency(agency), server.today)
    number = server.line.acquisition(agency, person.resident).acquisition_number
    token = body.permits.permit(request, Act("code.acquire", "network", (handle,)), OPERATOR)
    server.acquire_code(token, OPERATOR, agency, handle, number)
    copies = tuple(
        _copy(agency, handle, information, items, server.today) for information, items in person.copies.items()
    )
    if copies:
        token = body.permits.permit(request, Act("copy.register", "copy", (handle,)), OPERATOR)
        server.register_copies(token, OPERATOR, copies)
    return handle


def _copy(agency: str, handle: str, information: str, items: Mapping[str, str], today: date) -> Copy:
    return Copy(agency=agency, handle=handle, information=information, public_from=today, items=items)


def tell_assessments(body: Standalone, agency: str, subjects: tuple[str, ...], published: date) -> None:
    """Tell the network that the assessments of these affairs and kinds of information are published."""
    for subject in subjects:
        body.server.line.assess(Assessment(agency, subject, "published", published.isoformat()))
