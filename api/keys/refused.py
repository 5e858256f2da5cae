"""A key folder that cannot be trusted or used."""

from __future__ import annotations

OPEN_TO_OTHERS, DAMAGED, UNKNOWN_KEY, NOT_WRITTEN = (f"P03{n}" for n in range(30, 34))


class KeyRefused(Exception):
    """A key cannot be had.

    Attributes:
        code: P033x, with a page in docs/ja/codes.
        text: what is wrong.
        help: how to mend it.
    """

    def __init__(self, code: str, text: str, help_: str) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text, self.help = code, text, help_

    def lines(self) -> str:
        """What to print."""
        return f"{self.code} エラー: {self.text}\n  直し方: {self.help}\n  詳しい説明: docs/ja/codes/{self.code}.md"
