"""The intermediate server's line to the network: signed requests out, signed answers back, nothing else believed."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from api.clock import Clock
from linkage.network import signing
from linkage.network.sealing import SealKey
from linkage.network.wire import (
    Accepted,
    Acknowledged,
    Acquisition,
    AcquisitionRequest,
    Assessment,
    CodeIssued,
    CodeRequest,
    Inquiry,
    Mailbox,
    Message,
    Problem,
    Provision,
    Record,
    Records,
    StateOf,
)
from linkage.refusal import Refusal

T = TypeVar("T", bound=msgspec.Struct)
#: Refusals that say nothing about the inquiry itself: try again.
_PASSING = frozenset({"N0201", "N0217"})


class Unreachable(Exception):
    """The network did not answer, or not in a way that can be believed: what became of the request is not known.

    `sent` is False when the request certainly did not leave.
    """

    def __init__(self, *, sent: bool = True) -> None:
        super().__init__("情報提供ネットワークシステムから応答が無い。")
        self.sent = sent


class Told(Refusal):
    """The network refused, for certain."""


class Line:
    """One member's line. Safe for use from several threads."""

    def __init__(
        self, member: str, base_url: str, network_key: str, keys: Path, clock: Clock, timeout: float = 3.0
    ) -> None:
        self.member, self._network_key, self._clock = member, network_key, clock
        self._sign = signing.SignKey(keys / "sign.key")
        self._timeout = timeout
        self._http = httpx.Client(base_url=base_url, timeout=timeout, trust_env=False)
        self.seal_key = SealKey(keys / "seal.key")

    @property
    def sign_public(self) -> str:
        """The public key to enrol."""
        return self._sign.public

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def inquire(self, message: Inquiry) -> Accepted:
        """Send an inquiry; sending it again changes nothing."""
        return self._ask(Accepted, "POST", "/v1/inquiries", message)

    def state(self, number: str) -> StateOf:
        """What the network knows of an inquiry of ours. Raises `Told` N0211 when it never came."""
        return self._ask(StateOf, "GET", f"/v1/inquiries/{number}")

    def provide(self, number: str, answer: Provision) -> StateOf:
        """Hand in an answer; handing it in again changes nothing."""
        return self._ask(StateOf, "POST", f"/v1/provisions/{number}", answer)

    def mailbox(self, wait_ms: int = 0) -> tuple[Message, ...]:
        """What waits for us."""
        target = f"/v1/mailbox?wait_ms={wait_ms}"
        return self._ask(Mailbox, "GET", target, extra=wait_ms / 1000).messages

    def acknowledge(self, seqs: tuple[int, ...]) -> None:
        """We have kept these."""
        self._send("POST", "/v1/mailbox/acknowledgement", Acknowledged(seqs))

    def code(self, agency: str, acquisition_number: str) -> str:
        """The link code of the person whom the number introduces."""
        return self._ask(CodeIssued, "POST", "/v1/codes", CodeRequest(agency, acquisition_number)).link_code

    def acquisition(self, agency: str, resident: str) -> Acquisition:
        """An acquisition number from the J-LIS part of the simulator."""
        return self._ask(Acquisition, "POST", "/jlis/v1/acquisitions", AcquisitionRequest(agency, resident))

    def assess(self, told: Assessment) -> None:
        """Tell the state of an impact assessment."""
        self._send("PUT", "/v1/assessments", told)

    def records(self, agency: str, code: str) -> tuple[Record, ...]:
        """The network's own records about a person."""
        return self._ask(Records, "GET", f"/v1/records?agency={agency}&link_code={code}").records

    def _ask(
        self, form: type[T], method: str, target: str, message: msgspec.Struct | None = None, extra: float = 0
    ) -> T:
        body = self._send(method, target, message, extra)
        try:
            return msgspec.json.decode(body, type=form)
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise Unreachable from None

    def _send(self, method: str, target: str, message: msgspec.Struct | None = None, extra: float = 0) -> bytes:
        body = msgspec.json.encode(message) if message is not None else b""
        headers = signing.request_headers(self._sign, self.member, self._clock, method, target, body)
        nonce = headers[signing.NONCE]
        try:
            answer = self._http.request(
                method,
                target,
                content=body,
                headers={**headers, "content-type": "application/json"},
                timeout=self._timeout + extra,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise Unreachable(sent=False) from None
        except httpx.HTTPError:
            raise Unreachable from None
        signature = answer.headers.get(signing.SIGNATURE, "")
        if not signing.answer_holds(self._network_key, nonce, answer.status_code, answer.content, signature):
            raise Unreachable
        if answer.is_success:
            return answer.content
        raise _told(answer.content)


def _told(body: bytes) -> Exception:
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return Unreachable()
    if problem.status >= 500 or problem.code in _PASSING:
        return Unreachable()
    return Told(problem.code, problem.detail, problem.help)
