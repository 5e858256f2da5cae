"""What the example systems share: their kit, their affair, and a command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, ClassVar, Self

from api.clock import Clock, SystemClock, today
from linkage.adapters.client import Client
from linkage.adapters.kit import Kit, Office
from linkage.adapters.refusals import Denied, Refused, Unavailable
from linkage.adapters.synthetic import Resident, residents


def ARRIVALS() -> Iterator[Resident]:  # noqa: N802
    """Who arrives in the examples: three people who do not exist."""
    return residents(3, seed=20261126)


class Example:
    """A business system of one municipality."""

    SYSTEM: ClassVar[str]  # 業務ID
    AFFAIR: ClassVar[str]

    def __init__(
        self,
        client: Client,
        municipality: str,
        *,
        agency: str = "市長",
        handler: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self.kit = Kit(client, self.SYSTEM, self.today)
        self._municipality, self._agency, self._handler = municipality, agency, handler

    def today(self) -> date:
        """The day."""
        return today(self._clock)

    @property
    def office(self) -> Office:
        """For whom it asks."""
        return self.office_of(self.AFFAIR)

    def office_of(self, affair: str, *, procedure: str | None = None, agency: str | None = None) -> Office:
        """The same in another affair or procedure."""
        return Office(self._municipality, agency or self._agency, affair, self._handler, procedure)

    def copy(self, agency: str, handle: str, information: str, items: Mapping[str, str], since: date) -> int:
        """Register a copy (副本)."""
        copy: dict[str, Any] = {
            "agency": agency,
            "handle": handle,
            "information": information,
            "public_from": since.isoformat(),
            "items": dict(items),
        }
        return self.kit.copies(self.office, (copy,))

    @classmethod
    def main(cls, run: Callable[[Self], list[str]]) -> None:
        """The command line: what came of it, or why not, in Japanese."""
        parser = argparse.ArgumentParser(description="業務システムの見本（架空の人だけを扱う）")
        parser.add_argument("--url", required=True, help="サービスの所在")
        parser.add_argument("--key", required=True, help="APIキー（jorei callers add が示すもの）")
        parser.add_argument("--municipality", required=True)
        parser.add_argument("--agency", default="市長")
        parser.add_argument("--handler", help="事務取扱担当者の識別子")
        chosen = parser.parse_args()
        with Client(chosen.url, chosen.key) as client:
            system = cls(client, chosen.municipality, agency=chosen.agency, handler=chosen.handler)
            try:
                print("\n".join(run(system)))
            except Denied as no:
                sys.exit(no.lines())
            except Refused as refused:
                sys.exit(f"{refused.code} {refused.text}\n→ {refused.help}")
            except Unavailable as gone:
                sys.exit(str(gone))
