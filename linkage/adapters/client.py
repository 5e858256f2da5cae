"""The line of a business system to the service: every call repeated while that is safe, and never beyond."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from linkage.adapters.refusals import Refused, Unavailable, denied

_TRIES = 4
_PAUSE = 0.1


class Permitted(msgspec.Struct, frozen=True):
    """A permit, the decision it rests on, and the provisions that decision cites."""

    token: str
    evaluation: str
    articles: tuple[str, ...]
    duties: tuple[str, ...]


class Paper(msgspec.Struct, frozen=True):
    """One paper of a procedure: whether it may be left at home, and why."""

    name: str
    droppable: str  # yes | no | partial
    reasons: tuple[str, ...]
    articles: tuple[str, ...]


class Client:
    """Speaks to one service with one credential (an API key, or a bearer token of `/oauth/token`)."""

    def __init__(self, base_url: str, credential: str, *, timeout: float = 10.0, pause: float = _PAUSE) -> None:
        headers = {"authorization": f"Bearer {credential}"}
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=timeout, trust_env=False)
        self._pause = pause

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def decide(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """A decision, recorded once however often the line breaks."""
        said: Mapping[str, Any] = self._json(self.call("POST", "/v1/decisions", dict(request), once=True))
        return said

    def papers(self, request: Mapping[str, Any]) -> tuple[Paper, ...]:
        """Which papers the applicant may leave at home."""
        said = self._json(self.call("POST", "/v1/attachments", dict(request), again=True))
        return tuple(
            Paper(
                one["name"],
                one["droppable"],
                tuple(one["reasons"]),
                tuple(dict.fromkeys(basis["label"] for basis in one["basis"])),
            )
            for one in said["attachments"]
        )

    def permit(self, request: Mapping[str, Any], act: str, target: str, handles: tuple[str, ...]) -> Permitted:
        """A permit for one act.

        Raises:
            Denied: The decision is no.
            Refused: The decision is yes, but no permit was issued.
        """
        body = {"request": dict(request), "act": {"name": act, "target": target, "handles": list(handles)}}
        said = self._json(self.call("POST", "/v1/permits", body, once=True))
        decision = said["decision"]
        if not decision["decision"]["lawful"]:
            raise denied(decision)
        permit = said["permit"]
        if permit is None:
            why = said["refusal"] or {}
            raise Refused(409, why.get("code", ""), why.get("text", "許可証が発行されなかった。"), why.get("help", ""))
        items = decision["decision"]["items"]
        articles = tuple(dict.fromkeys(basis["label"] for item in items for basis in item["basis"]))
        return Permitted(permit["token"], decision["id"], articles, tuple(permit["obligations"]))

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        permit: str | None = None,
        once: bool = False,
        again: bool = False,
    ) -> httpx.Response:
        """One call.

        Args:
            method: of HTTP.
            path: below the base URL.
            body: sent as JSON.
            permit: token that goes with it.
            once: repeat under one Idempotency-Key.
            again: repeating does no harm.

        Raises:
            Refused: What the service said no to.
            Unavailable: It did not answer.
        """
        headers = {"content-type": "application/json"}
        if permit is not None:
            headers["jorei-permit"] = permit
        if once:
            headers["idempotency-key"] = secrets.token_urlsafe(24).translate(_LETTERS)
        content = b"" if body is None else msgspec.json.encode(body)
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                answer = self._http.request(method, path, content=content, headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if last:
                    raise Unavailable(done=False) from None
            except httpx.HTTPError:
                if last or not (once or again or method == "GET"):
                    raise Unavailable(done=None) from None
            else:
                if answer.status_code != 503 or last or not (once or again or method == "GET"):
                    return _fine(answer)
            time.sleep(self._pause * 4**attempt)
        raise AssertionError("unreachable")

    @staticmethod
    def _json(answer: httpx.Response) -> Any:
        return answer.json()


#: A key of letters alone can hold no personal number.
_LETTERS = str.maketrans("0123456789", "abcdefghij")


def _fine(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        said = {}
    raise Refused(
        answer.status_code,
        str(said.get("code", said.get("type", ""))),
        str(said.get("detail", said.get("title", "サービスが受け付けなかった。"))),
        str(said.get("help", "")),
    )
