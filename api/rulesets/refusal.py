"""Why a step in the life of a rule set is refused: a stable code, the status of the answer, Japanese text."""

from __future__ import annotations

(
    UNKNOWN,
    WRONG_STATE,
    SAME_PERSON,
    BROKEN,
    NOT_GREEN,
    CHANGED,
    BROKEN_TEXT,
    BROKEN_SEAL,
    TWELVE_DIGITS,
    BAD_UPLOAD,
    BAD_DAY,
    NOTHING_IN_FORCE,
    WRONG_ROLE,
    BUSY,
    NOT_EXAMINED,
    NOT_SURE_WHO,
) = (f"B05{n:02}" for n in range(1, 17))

_STATUS = {
    UNKNOWN: 404,
    WRONG_STATE: 409,
    SAME_PERSON: 403,
    BROKEN: 409,
    NOT_GREEN: 409,
    CHANGED: 409,
    BROKEN_TEXT: 503,
    BROKEN_SEAL: 503,
    TWELVE_DIGITS: 400,
    BAD_UPLOAD: 400,
    BAD_DAY: 409,
    NOTHING_IN_FORCE: 503,
    WRONG_ROLE: 403,
    BUSY: 409,
    NOT_EXAMINED: 503,
    NOT_SURE_WHO: 403,
}


class RuleSetRefused(Exception):
    """A rule set cannot be taken a step on, found, or trusted.

    Attributes:
        code: B05xx, with a page in docs/ja/codes.
        status: of the answer over HTTP.
        text: what is wrong; never holds what was sent.
        help: how to mend it.
    """

    def __init__(self, code: str, text: str, help_: str) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.status, self.text, self.help = code, _STATUS[code], text, help_

    def lines(self) -> str:
        """What to print."""
        return f"{self.code} エラー: {self.text}\n  直し方: {self.help}\n  詳しい説明: docs/ja/codes/{self.code}.md"
