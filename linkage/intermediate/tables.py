"""Tables of the intermediate server, in the database of the service. What people are told stays sealed in them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

#: 符号 per agency. The acquisition number never stands here; `code` is empty until the code has come.
link_code = Table(
    "im_link_code",
    metadata,
    Column("agency", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("code", Text),
    Column("asked_ms", BigInteger, nullable=False),
    Column("acquired_ms", BigInteger),
    PrimaryKeyConstraint("agency", "handle"),
    UniqueConstraint("agency", "code"),
)

#: 副本. Versions stay; the newest that is public on the day is provided.
copy = Table(
    "im_copy",
    metadata,
    Column("agency", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("information", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("record_key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("parent_key", Text),
    Column("public_from", Text, nullable=False),
    Column("public_until", Text),
    Column("automatic", Boolean, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("evaluation", Text, nullable=False),
    Column("registered_ms", BigInteger, nullable=False),
    Column("withdrawn_ms", BigInteger),
    PrimaryKeyConstraint("agency", "handle", "information", "dataset", "record_key", "version"),
)

#: 不開示: the person, the information (or * for all), and its ground (個人情報保護法78条1項).
nondisclosure = Table(
    "im_nondisclosure",
    metadata,
    Column("agency", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("information", Text, nullable=False),
    Column("ground", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text),
    Column("evaluation", Text, nullable=False),
    PrimaryKeyConstraint("agency", "handle", "information", "first"),
)

#: Inquiries of this body.
inquiry = Table(
    "im_inquiry",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("processing_number", Text, nullable=False, unique=True),
    Column("handle", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("evaluation", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("same_day", Boolean, nullable=False),
    Column("message", LargeBinary, nullable=False),  # as it goes to the network
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("deadline_ms", BigInteger, nullable=False),
    Column("prepared_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
    Column("accepted_ms", BigInteger),
    Column("answered_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Column("opened_ms", BigInteger),
    Column("answer", LargeBinary),  # sealed
    Column("code", Text),  # of a refusal or failure
    Column("text", Text),  # its Japanese sentence
    Column("late_ms", BigInteger),  # an answer that came after the case had gone to paper
    Index("im_inquiry_state", "state", "next_ms"),
    Index("im_inquiry_handle", "handle"),
)

#: What this body is asked for.
provision = Table(
    "im_provision",
    metadata,
    Column("processing_number", Text, primary_key=True),
    Column("state", Text, nullable=False),  # received | waiting | answered | refused | delivered | undeliverable
    Column("notice", LargeBinary, nullable=False),
    Column("handle", Text),
    Column("received_ms", BigInteger, nullable=False),
    Column("why_waiting", Text),
    Column("answer", LargeBinary),  # as it goes to the network, sealed
    Column("evaluation", Text),
    Column("handler", Text),
    Column("answered_ms", BigInteger),
    Column("delivered_ms", BigInteger),
    Column("next_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index("im_provision_state", "state", "next_ms"),
)

#: Deliveries for inquiries that are not known here (a database put back from an older backup): kept without content.
stray = Table(
    "im_stray",
    metadata,
    Column("processing_number", Text, primary_key=True),
    Column("kept_ms", BigInteger, nullable=False),
)
