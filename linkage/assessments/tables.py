"""Tables of the register of impact assessments. Days are ISO text; affairs are keys of the rule set."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

from linkage.storage.tables import NAMES

metadata = MetaData(naming_convention=NAMES)

#: 特定個人情報ファイル, held or to be held. `exemption` names an item of 規則4条 (exemptions.yaml).
file = Table(
    "pia_file",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("affair", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("exemption", Text),
    Column("entered", Text, nullable=False),
    Column("last", Text),
    Index(None, "body", "affair"),
)

#: 対象人数 of a file, as counted on a day; all who are in it, not only who receive a benefit.
count = Table(
    "pia_count",
    metadata,
    Column("id", Text, primary_key=True),
    Column("file", Text, nullable=False),
    Column("on", Text, nullable=False),
    Column("seq", Integer, nullable=False),  # of several of one day the last counts
    Column("persons", Integer, nullable=False),
    Index(None, "file", "on"),
)

#: 取扱者数 of the body's own staff, as stated on a day; where handlers are enrolled, their number counts if it is more.
staff = Table(
    "pia_staff",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("affair", Text, nullable=False),
    Column("on", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("own", Integer, nullable=False),
    Index(None, "body", "affair", "on"),
)

#: 事故. What makes one serious is data (measures.yaml), and is kept as it was judged.
incident = Table(
    "pia_incident",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("occurred", Text, nullable=False),
    Column("known", Text, nullable=False),
    Column("persons", Integer, nullable=False),
    Column("intentional", Boolean, nullable=False),
    Column("serious", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "body", "agency"),
)

#: 変更 of a file or its handling, from a day; an important one needs an assessment before it.
change = Table(
    "pia_change",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("affair", Text, nullable=False),
    Column("on", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("important", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "body", "affair"),
)

#: 評価書, with the day of every step it went through.
assessment = Table(
    "pia_assessment",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("affair", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("persons", Integer, nullable=False),  # as judged when it was drafted
    Column("handlers", Integer, nullable=False),
    Column("incident", Boolean, nullable=False),
    Column("drafted", Text, nullable=False),
    Column("comment_from", Text),  # 公示
    Column("comment_until", Text),
    Column("considered", Text),  # 意見の考慮と見直し
    Column("reviewed", Text),  # 第三者点検
    Column("reviewer", Text),
    Column("submitted", Text),  # 委員会への提出
    Column("basic", Text),  # 基礎項目評価書の公表
    Column("published", Text),
    Column("withdrawn", Text),
    Column("why_withdrawn", Text),
    Index(None, "body", "affair"),
)

#: Which important changes an assessment was made for.
covered = Table(
    "pia_covered",
    metadata,
    Column("assessment", Text, nullable=False),
    Column("change", Text, nullable=False),
    PrimaryKeyConstraint("assessment", "change"),
)

#: 規則9条2項: a file held at once (disaster), the assessment to follow without delay.
emergency = Table(
    "pia_emergency",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("affair", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "body", "affair"),
)
