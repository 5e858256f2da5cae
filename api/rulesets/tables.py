"""Tables of the life of rule sets. Texts are not here: they stand by their hashes in the publication store."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from api.storage.tables import metadata

#: One draft, or one proposal to go back to an earlier bundle.
ruleset_draft = Table(
    "ruleset_draft",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # draft | rollback
    Column("state", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content", Text, nullable=False),  # hash of `files`
    Column("digest", Text, nullable=False),  # of the rule set that they make
    Column("files", Text, nullable=False),  # canonical JSON
    Column("base", Text),  # bundle whose texts it began with; of a rollback the bundle to go back to
    Column("note", Text),
    Column("bundle", Text),  # once published
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)

#: Who took a draft which step, and when. Rows are only added.
ruleset_step = Table(
    "ruleset_step",
    metadata,
    Column("draft", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("act", Text, nullable=False),
    Column("state", Text, nullable=False),  # after it
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content", Text, nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON, bounded
)

#: Bundles in the order of publication. Rows are only added; what they say stands signed in `jws`.
ruleset_bundle = Table(
    "ruleset_bundle",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False),
    Column("draft", Text, nullable=False),
    Column("effective_from", Text, nullable=False),
    Column("jws", Text, nullable=False),
    Column("published_ms", BigInteger, nullable=False),
    Index(None, "digest"),
)

#: Bundles withdrawn before their day, each signed. Rows are only added.
ruleset_withdrawal = Table(
    "ruleset_withdrawal",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("jws", Text, nullable=False),
    Column("withdrawn_ms", BigInteger, nullable=False),
)

#: The record of the publication store that keeps a bundle's texts for `--known-at`. Rows are only added.
ruleset_record = Table(
    "ruleset_record",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
)

#: Tables whose rows are never changed or removed: triggers say so.
APPEND_ONLY = ("ruleset_step", "ruleset_bundle", "ruleset_withdrawal", "ruleset_record")
