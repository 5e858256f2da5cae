"""Identifiers of evaluations, many at once: the form and randomness of `api.ids`, for a tenth of the time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from api.ids import ALPHABET, LENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

_TABLE: Final = bytes(ord(ALPHABET[code & 31]) for code in range(256))
_DIGITS: Final = bytes(0x30 if ALPHABET[code & 31].isdecimal() else 0x78 for code in range(256))
_NUMBER: Final = b"0" * 11  # never a run that a redactor could take for a number
_DRAWN: Final = 256


class Fresh:
    """A source of identifiers; not for use from several threads at once.

    Examples:
        >>> fresh = Fresh("ev")
        >>> len(fresh.one()), fresh.one()[:3], fresh.one() != fresh.one()
        (29, 'ev_', True)
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = f"{prefix}_"
        self._pool: list[str] = []
        os.register_at_fork(after_in_child=self._pool.clear)

    def one(self) -> str:
        """One identifier: 26 characters of five random bits each after the prefix."""
        if not self._pool:
            self._draw(_DRAWN)
        return self._pool.pop()

    def many(self, count: int) -> list[str]:
        """As many identifiers."""
        while len(self._pool) < count:
            self._draw(max(_DRAWN, count - len(self._pool)))
        taken = self._pool[-count:] if count else []
        if count:
            del self._pool[-count:]
        return taken

    def _draw(self, count: int) -> None:
        drawn, prefix = os.urandom(LENGTH * count), self._prefix
        text = drawn.translate(_TABLE).decode("ascii")
        starts: Sequence[int] = range(0, len(text), LENGTH)
        if _NUMBER in drawn.translate(_DIGITS):
            starts = [at for at in starts if _NUMBER not in drawn[at : at + LENGTH].translate(_DIGITS)]
        self._pool.extend([prefix + text[at : at + LENGTH] for at in starts])
