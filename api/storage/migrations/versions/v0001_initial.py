"""The first schema, whole."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

from api.storage.append_only import forbid_changes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOTHING = hashlib.sha256(b"").digest()


def upgrade() -> None:
    """Make every table, index and trigger."""
    _log()
    _permits()
    _remote_permits()
    _service()
    _callers()
    _rulesets()
    for table in ("log_entry", "log_node", "checkpoint", "permit_redemption"):
        forbid_changes(op.get_bind(), table)


def _log() -> None:
    head = op.create_table(
        "log_head",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
        sa.Column("peaks", sa.LargeBinary, nullable=False),
        sa.Column("newest_ms", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("log_head_single_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("log_head_pk")),
    )
    empty = {"id": 1, "size": 0, "root": NOTHING, "chain": bytes(32), "peaks": b"", "newest_ms": 0}
    op.bulk_insert(head, [empty])
    op.create_table(
        "log_entry",
        sa.Column("idx", LONG, autoincrement=False, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.Column("prev_hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("log_entry_pk")),
        sa.UniqueConstraint("id", name=op.f("log_entry_id_key")),
    )
    op.create_table(
        "log_node",
        sa.Column("level", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "pos", name=op.f("log_node_pk")),
    )
    op.create_table(
        "log_payload",
        sa.Column("idx", LONG, autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("retain_until", sa.Text),
        sa.PrimaryKeyConstraint("idx", name=op.f("log_payload_pk")),
    )
    op.create_index(op.f("log_payload_retain_until_idx"), "log_payload", ["retain_until"])
    op.create_table(
        "checkpoint",
        sa.Column("size", LONG, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("checkpoint_pk")),
    )


def _permits() -> None:
    op.create_table(
        "permit_redemption",
        sa.Column("jti", sa.Text, nullable=False),
        sa.Column("evaluation_id", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("redeemed_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("permit_redemption_pk")),
    )
    op.create_table(
        "state_epoch",
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("body", name=op.f("state_epoch_pk")),
    )


def _remote_permits() -> None:
    op.create_table(
        "permit_remote",
        sa.Column("jti", sa.Text, nullable=False),
        sa.Column("act_id", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("redeemed_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("permit_remote_pk")),
        sa.UniqueConstraint("act_id", name=op.f("permit_remote_act_id_key")),
    )
    op.create_table(
        "permit_outcome",
        sa.Column("jti", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reported_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("jti", "number", name=op.f("permit_outcome_pk")),
    )
    for table in ("permit_remote", "permit_outcome"):
        forbid_changes(op.get_bind(), table)


def _service() -> None:
    op.create_table(
        "idempotency",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("response", sa.LargeBinary),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "key", name=op.f("idempotency_pk")),
    )
    op.create_index(op.f("idempotency_expires_ms_idx"), "idempotency", ["expires_ms"])


def _callers() -> None:
    op.create_table(
        "caller",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("municipality", sa.Text),
        sa.Column("agency", sa.Text),
        sa.Column("agencies", sa.Text, nullable=False),
        sa.Column("section", sa.Text),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("per_minute", sa.Integer),
        sa.Column("thumbprint", sa.Text),
        sa.Column("secret", sa.LargeBinary),
        sa.Column("tokens_from_ms", sa.BigInteger, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("disabled_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("client_id", name=op.f("caller_pk")),
        sa.UniqueConstraint("thumbprint", name=op.f("caller_thumbprint_key")),
    )
    op.create_table(
        "caller_key",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("revoked_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("hash", name=op.f("caller_key_pk")),
        sa.ForeignKeyConstraint(["client_id"], ["caller.client_id"], name=op.f("caller_key_client_id_fkey")),
    )
    op.create_index(op.f("caller_key_client_id_idx"), "caller_key", ["client_id"])
    op.create_table(
        "caller_assertion",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("jti", sa.LargeBinary, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti", name=op.f("caller_assertion_pk")),
    )
    op.create_index(op.f("caller_assertion_expires_ms_idx"), "caller_assertion", ["expires_ms"])
    register = op.create_table(
        "caller_register",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("caller_register_single_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("caller_register_pk")),
    )
    op.bulk_insert(register, [{"id": 1, "revision": 1}])


def _rulesets() -> None:
    op.create_table(
        "ruleset_draft",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("base", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("bundle", sa.Text),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ruleset_draft_pk")),
    )
    op.create_table(
        "ruleset_step",
        sa.Column("draft", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("draft", "number", name=op.f("ruleset_step_pk")),
    )
    op.create_table(
        "ruleset_bundle",
        sa.Column("sequence", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("draft", sa.Text, nullable=False),
        sa.Column("effective_from", sa.Text, nullable=False),
        sa.Column("jws", sa.Text, nullable=False),
        sa.Column("published_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("ruleset_bundle_pk")),
        sa.UniqueConstraint("name", name=op.f("ruleset_bundle_name_key")),
    )
    op.create_index(op.f("ruleset_bundle_digest_idx"), "ruleset_bundle", ["digest"])
    op.create_table(
        "ruleset_withdrawal",
        sa.Column("sequence", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("jws", sa.Text, nullable=False),
        sa.Column("withdrawn_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("ruleset_withdrawal_pk")),
    )
    op.create_table(
        "ruleset_record",
        sa.Column("sequence", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("ruleset_record_pk")),
    )
    for table in ("ruleset_step", "ruleset_bundle", "ruleset_withdrawal", "ruleset_record"):
        forbid_changes(op.get_bind(), table)
