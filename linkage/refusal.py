"""Refusals of the storage and linkage layer: a code with a page, a Japanese sentence and what to do."""

from __future__ import annotations


class Refusal(Exception):
    """An act of storage or linkage is refused; nothing was written.

    Never carries an Individual Number: texts are fixed sentences, and what they insert are names and handles.

    Attributes:
        code: e.g. G0603, with a page in docs/ja/codes.
        text: what is wrong, one Japanese sentence.
        help: how to mend it.
        status: the HTTP status of it.
    """

    def __init__(self, code: str, text: str, help_: str, status: int = 409) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text, self.help, self.status = code, text, help_, status


class GateRefused(Refusal):
    """The gate did not open (G060x–G061x)."""
