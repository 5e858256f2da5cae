"""Messages between intermediate servers and the network simulator. Never an Individual Number, never a name of a person."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.-]{1,64}$")]
AgencyCode = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{16}$")]
AffairCode = Annotated[str, msgspec.Meta(pattern=r"^JM[0-9]{14}$")]
ProcedureCode = Annotated[str, msgspec.Meta(pattern=r"^JT[0-9]{14}$")]
InformationCode = Annotated[str, msgspec.Meta(pattern=r"^TM[0-9]{14}$")]
ItemCode = Annotated[str, msgspec.Meta(pattern=r"^TK[0-9]{14}$")]
Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
PublicKey = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]  # base64url of 32 bytes

Outcome = Literal["provided", "refused"]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every message shares: unknown members are refused."""


class Inquiry(Form, frozen=True):
    """One inquiry as an intermediate server sends it.

    `processing_number` (処理通番) is given by the sender's server before it sends, so that both ends know the inquiry
    under one number whatever the wire does; with `record_id` (レコード識別番号) it makes the inquiry idempotent.
    """

    record_id: Id
    processing_number: Id
    requester: AgencyCode
    provider: AgencyCode
    link_code: Id
    affair: AffairCode
    procedure: ProcedureCode
    information: InformationCode
    items: tuple[ItemCode, ...]
    first_day: Day
    last_day: Day
    section: Name
    requested_ms: int
    undisclosed: bool = False
    consent: bool = False  # 本人の同意を得ている（地方税関係情報を条例事務で求めるとき）


class Accepted(Form, frozen=True):
    """The network has the inquiry."""

    processing_number: Id
    state: str
    accepted_ms: int


class Notice(Form, frozen=True):
    """What the network tells the provider (番号法21条2項)."""

    processing_number: Id
    requester: AgencyCode
    requester_name: Name
    section: Name
    provider: AgencyCode
    link_code: Id  # the provider's own code of the person
    affair: AffairCode
    procedure: ProcedureCode
    information: InformationCode
    items: tuple[ItemCode, ...]
    first_day: Day
    last_day: Day
    requested_ms: int
    undisclosed: bool
    consent: bool
    seal: PublicKey  # the answer is sealed to it: the network never reads what is provided


class Provision(Form, frozen=True):
    """What the provider answers. `sealed` is there exactly when something is provided."""

    outcome: Outcome
    answered_ms: int
    items: tuple[ItemCode, ...] = ()
    sealed: str | None = None
    reason: str | None = None  # code of a refusal
    text: str | None = None  # its Japanese sentence
    undisclosed: bool = False  # 番号法23条2項


class Delivery(Form, frozen=True):
    """What the requester receives."""

    record_id: Id
    processing_number: Id
    provider: AgencyCode
    provider_name: Name
    provision: Provision


class Message(Form, frozen=True):
    """One entry of a mailbox: a notice to a provider, or a delivery to a requester."""

    seq: int
    notice: Notice | None = None
    delivery: Delivery | None = None


class Mailbox(Form, frozen=True):
    """Messages not yet acknowledged, oldest first."""

    messages: tuple[Message, ...]


class Acknowledged(Form, frozen=True):
    """Messages that are safely kept by the receiver."""

    seqs: tuple[int, ...]


class StateOf(Form, frozen=True):
    """What the network knows of an inquiry."""

    record_id: Id
    processing_number: Id
    state: str
    accepted_ms: int
    answered_ms: int | None = None


class CodeRequest(Form, frozen=True):
    """Asks for the link code of the person whom an acquisition number introduces (番号法21条の2)."""

    agency: AgencyCode
    acquisition_number: Id


class CodeIssued(Form, frozen=True):
    """The agency's link code of the person."""

    link_code: Id


class Assessment(Form, frozen=True):
    """State of the impact assessment of one affair (JM, as requester) or one kind of information (TM, as provider)."""

    agency: AgencyCode
    subject: Annotated[str, msgspec.Meta(pattern=r"^(JM|TM)[0-9]{14}$")]
    state: Literal["published", "not_required", "missing", "outdated", "insufficient", "withdrawn"]
    published: Day | None = None


class Agency(Form, frozen=True):
    """One agency that inquires or provides."""

    code: AgencyCode
    name: Name
    designations: tuple[Name, ...]


class Member(Form, frozen=True):
    """One intermediate server with the agencies it speaks for."""

    id: Id
    name: Name
    sign: PublicKey
    seal: PublicKey
    agencies: tuple[Agency, ...]


class Enrolled(Form, frozen=True):
    """The network's own key: answers are signed with it."""

    sign: PublicKey


class AcquisitionRequest(Form, frozen=True):
    """Asks the J-LIS part of the simulator for an acquisition number. `resident` stands for the 住民票コード."""

    agency: AgencyCode
    resident: Id


class Acquisition(Form, frozen=True):
    """An acquisition number (取得番号): good once, for one agency, for a short time."""

    acquisition_number: Id
    expires_ms: int


class Residents(Form, frozen=True):
    """References of synthetic residents made by the J-LIS part of the simulator."""

    residents: tuple[Id, ...]


class Record(Form, frozen=True):
    """One record of the network (番号法23条3項)."""

    processing_number: Id
    requester: AgencyCode
    requester_name: Name
    provider: AgencyCode
    provider_name: Name
    affair: AffairCode
    procedure: ProcedureCode
    information: InformationCode
    items: tuple[ItemCode, ...]
    requested_ms: int
    answered_ms: int | None
    outcome: str
    reason: str | None
    undisclosed_by_requester: bool
    undisclosed_by_provider: bool


class Records(Form, frozen=True):
    """Records about one person."""

    records: tuple[Record, ...]


class Fault(Form, frozen=True):
    """Faults for drills. All off by default."""

    down: bool = False
    delay_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0
    late_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0
    drop_responses: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    crash_at: str | None = None  # a point of linkage.network.faults.POINTS


class Problem(msgspec.Struct, frozen=True):
    """A refusal on the wire (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    help: str = ""
