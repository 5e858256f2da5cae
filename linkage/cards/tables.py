"""Tables of notifications, cards, and applications on the free area of cards. No number stands in them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

metadata = MetaData()

case = Table(
    "card_case",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("expires", Text),
    Column("made_ms", BigInteger, nullable=False),
    Index("card_case_person", "person"),
    Index("card_case_state", "state", "expires"),
)

step = Table(
    "card_step",
    metadata,
    Column("card_case", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("evaluation", Text, nullable=False),
    PrimaryKeyConstraint("card_case", "seq"),
)

#: 空き領域の利用: by an identifier that is written on the card and says nothing.
application = Table(
    "card_application",
    metadata,
    Column("id", Text, primary_key=True),
    Column("card", Text, nullable=False),
    Column("affair", Text, nullable=False),
    Column("local", Text, nullable=False),  # how the affair's own system knows its user
    Column("registered_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("evaluation", Text, nullable=False),
    Index("card_application_card", "card", "affair"),
)
