"""Why a call is turned away, with what the answer needs."""

from __future__ import annotations

from typing import Final

NO_CREDENTIAL, BAD_CREDENTIAL, EXPIRED, UNTRUSTED_PROXY, WRONG_CERTIFICATE = (f"C05{n:02}" for n in range(1, 6))
NO_SCOPE, NO_ROLE, SAME_PERSON, OTHER_BODY, OTHER_AGENCY = (f"C05{n:02}" for n in range(11, 16))
UNAVAILABLE, TOO_MANY, BAD_CALLER, BAD_SEALING_KEY = (f"C05{n:02}" for n in range(21, 25))

CHALLENGE: Final = 'Bearer realm="jorei"'


class CallerRefused(Exception):
    """A caller is turned away.

    Attributes:
        status: of the HTTP answer.
        code: C05xx.
        text: why, in Japanese; repeats nothing of what was sent.
        headers: that the answer must carry.
    """

    status = 401

    def __init__(self, code: str, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text, self.headers = code, text, headers


class NotAuthenticated(CallerRefused):
    """The credential is missing or not good: 401 with a challenge (RFC 6750)."""

    def __init__(self, code: str, text: str) -> None:
        challenge = CHALLENGE if code == NO_CREDENTIAL else f'{CHALLENGE}, error="invalid_token"'
        super().__init__(code, text, (("WWW-Authenticate", challenge),))


class Forbidden(CallerRefused):
    """The caller is known and may not do this: 403."""

    status = 403


class RegisterUnavailable(CallerRefused):
    """The register of callers cannot be read: 503. Nobody is let in on what was remembered."""

    status = 503


class TooManyRequests(CallerRefused):
    """More calls than the caller's limit: 429 with Retry-After."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        text = f"要求が多すぎます。{retry_after}秒おいてから、やり直してください"
        super().__init__(TOO_MANY, text, (("Retry-After", str(retry_after)),))
        self.retry_after = retry_after


class RegisterRefused(Exception):
    """A caller cannot be written to the register as asked; `lines()` says why."""

    def __init__(self, code: str, text: str, help_: str) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text, self.help = code, text, help_

    def lines(self) -> str:
        """What to print."""
        return f"{self.code} エラー: {self.text}\n  直し方: {self.help}\n  詳しい説明: docs/ja/codes/{self.code}.md"
