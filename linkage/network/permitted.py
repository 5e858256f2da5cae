"""The list of what may be asked of whom (照会許可用照合リスト; the name is not confirmed): affair × provider × information.

The network is given the list as a file. Each row names the law's own row or the notification that it rests on.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from linkage.network import registers


class PermittedRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who of the requesters' designations may ask whom of the providers' for which information, in which affair."""

    affair: str
    requesters: tuple[str, ...]
    providers: tuple[str, ...]
    information: tuple[str, ...]
    basis: str
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Permitted:
    """The whole list."""

    rows: tuple[PermittedRow, ...]

    def allows(
        self, affair: str, requester: Collection[str], provider: Collection[str], information: str, on: date
    ) -> PermittedRow | None:
        """The row that allows an inquiry on a day; designations are those of the two agencies."""
        for row in self.rows:
            if (
                row.affair == affair
                and information in row.information
                and not set(row.requesters).isdisjoint(requester)
                and not set(row.providers).isdisjoint(provider)
                and (row.first is None or row.first <= on)
                and (row.last is None or on <= row.last)
            ):
                return row
        return None


def default_list() -> Path:
    """The demonstration's list."""
    return Path(__file__).with_name("permitted.yaml")


def load(file: Path) -> Permitted:
    """Read a list.

    Raises:
        ValueError: When it cannot be read; the text says why, in Japanese.
    """
    try:
        rows = msgspec.convert(registers.read(file).get("permitted"), type=tuple[PermittedRow, ...])
    except msgspec.ValidationError as error:
        raise ValueError(f"照合リスト {file.name} を読めません（{error}）") from None
    return Permitted(rows)
