"""Tables of the people register. Rows are ended, never removed: who might act on a day can be told years later.

Days are ISO text, both ends of a period inclusive; `last` NULL is open. Affairs are keys of the rule set.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

from linkage.storage.tables import NAMES

metadata = MetaData(naming_convention=NAMES)

#: 執行機関・課. `section` is empty for the agency itself.
unit = Table(
    "people_unit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text),
    Index(None, "body", "agency", "section"),
)

#: 所掌: which section carries out which affair.
duty = Table(
    "people_duty",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("affair", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text),
    Index(None, "body", "affair"),
)

#: 事務取扱担当者.
handler = Table(
    "people_handler",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("name", Text, nullable=False),  # as the staff list calls the person
    Column("first", Text, nullable=False),
    Column("last", Text),
    Column("why_ended", Text),
)

#: A handler's assignment to an affair in a section; `contract` where the person is of a subcontractor.
assignment = Table(
    "people_assignment",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handler", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("affair", Text, nullable=False),
    Column("contract", Text),
    Column("first", Text, nullable=False),
    Column("last", Text),
    Index(None, "handler"),
    Index(None, "body", "affair"),
)

#: 研修の記録 (番号法29条の2).
training = Table(
    "people_training",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handler", Text, nullable=False),
    Column("course", Text, nullable=False),
    Column("taken", Text, nullable=False),
    Column("valid_until", Text, nullable=False),
    Index(None, "handler", "course"),
)

#: 委託・再委託 (番号法10条・11条). `parent` is the contract of whoever entrusts further; NULL for the municipality's own.
contract = Table(
    "people_contract",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("contractor", Text, nullable=False),
    Column("parent", Text),
    Column("agency", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("staff", Integer, nullable=False),  # 従業者のうち取り扱う者の数
    Column("safeguards", Text, nullable=False),  # 委託先の選定のときに確かめたこと
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Index(None, "body"),
    Index(None, "parent"),
)

contract_affair = Table(
    "people_contract_affair",
    metadata,
    Column("contract", Text, nullable=False),
    Column("affair", Text, nullable=False),
    PrimaryKeyConstraint("contract", "affair"),
    Index(None, "affair"),
)

#: Callers (client ids) by which a subcontractor's systems come.
contract_caller = Table(
    "people_contract_caller",
    metadata,
    Column("contract", Text, nullable=False),
    Column("caller", Text, nullable=False),
    PrimaryKeyConstraint("contract", "caller"),
    Index(None, "caller"),
)

#: 再委託の許諾, by the agency that entrusted first.
consent = Table(
    "people_consent",
    metadata,
    Column("id", Text, primary_key=True),
    Column("contract", Text, nullable=False),
    Column("given", Text, nullable=False),
    Column("conditions", Text, nullable=False),
    Column("withdrawn", Text),
    Index(None, "contract"),
)

#: 監督の記録 (番号法11条).
supervision = Table(
    "people_supervision",
    metadata,
    Column("id", Text, primary_key=True),
    Column("contract", Text, nullable=False),
    Column("on", Text, nullable=False),
    Column("seq", Integer, nullable=False),  # of several of one day the last counts
    Column("kind", Text, nullable=False),
    Column("finding", Text, nullable=False),
    Column("in_order", Integer, nullable=False),
    Column("written_ms", BigInteger, nullable=False),
    Index(None, "contract", "on"),
)
