"""A database that cannot be used."""

from __future__ import annotations

NOT_DURABLE, NEWER, OLDER, UNREACHABLE, BAD_URL, DAMAGED = (f"D04{n:02}" for n in range(1, 7))


class DatabaseRefused(Exception):
    """A database cannot be opened, or does not keep what it says it keeps.

    Attributes:
        code: D04xx.
        text: what is wrong.
        help: how to mend it.
    """

    def __init__(self, code: str, text: str, help_: str) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text, self.help = code, text, help_

    def lines(self) -> str:
        """What to print."""
        return f"{self.code} エラー: {self.text}\n  直し方: {self.help}\n  詳しい説明: docs/ja/codes/{self.code}.md"
