"""How the demonstration speaks: numbered steps, and claims that are checked as they are made."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from typing import NoReturn

_WIDTH = 76  # columns; a Japanese letter takes two


class NotTrue(Exception):
    """A claim of the demonstration does not hold."""


class Teller:
    """Tells the story on standard output."""

    def __init__(self) -> None:
        self._step = 0

    def title(self, text: str) -> None:
        """The title."""
        print(f"\n━━ {text} ━━\n", flush=True)

    def step(self, text: str) -> None:
        """The next numbered step."""
        self._step += 1
        print(f"\n{self._step}. {text}", flush=True)

    def say(self, *lines: str) -> None:
        """What happens."""
        for line in lines:
            for part in wrapped(line, _WIDTH):
                print(f"   {part}", flush=True)

    def claim(self, holds: object, text: str) -> None:
        """What is claimed, and was checked.

        Raises:
            NotTrue: It does not hold.
        """
        if not holds:
            raise NotTrue(text)
        first, *rest = wrapped(text, _WIDTH - 2)
        print(f"   ✓ {first}", flush=True)
        for part in rest:
            print(f"     {part}", flush=True)

    def paper(self, name: str, mark: str, why: str) -> None:
        """One line of a checklist."""
        print(f"     ［{mark}］{name}", flush=True)
        for part in wrapped(why, _WIDTH - 8):
            print(f"         {part}", flush=True)


def wrapped(text: str, columns: int) -> Iterator[str]:
    """The lines of a text, none wider than so many columns.

    Examples:
        >>> list(wrapped("あいう", 4)), list(wrapped("", 4))
        (['あい', 'う'], [''])
    """
    line, width = "", 0
    for letter in text:
        wide = 2 if unicodedata.east_asian_width(letter) in "WFA" else 1
        if width + wide > columns and letter not in "、。）」":
            yield line
            line, width = "", 0
        line, width = line + letter, width + wide
    yield line


def fail(trouble: BaseException) -> NoReturn:
    """The demonstration did not show what it claims."""
    if isinstance(trouble, NotTrue):
        sys.exit(f"\n✗ 実演の主張が成り立ちません: {trouble}")
    sys.exit(f"\n✗ 実演が途中で止まりました（{type(trouble).__name__}）: {trouble}")
