"""The first schema of the linkage layer's shared tables, whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from linkage.storage.protection import protect_records

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table, index and trigger."""
    _records()
    _people()
    _vault()
    protect_records(op.get_bind())


def _records() -> None:
    op.create_table(
        "provision_record",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("evaluation", sa.Text, nullable=False),
        sa.Column("requested_ms", sa.BigInteger, nullable=False),
        sa.Column("provided_ms", sa.BigInteger),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.Column("non_disclosure", sa.Boolean, nullable=False),
        sa.Column("retain_until", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("provision_record_pk")),
    )
    for columns in (["person", "recorded_ms"], ["serial"], ["retain_until"]):
        op.create_index(op.f(f"provision_record_{'_'.join(columns)}_idx"), "provision_record", columns)
    op.create_table(
        "record_release",
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("ordered_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("operation", name=op.f("record_release_pk")),
    )


def _people() -> None:
    op.create_table(
        "addressee",
        sa.Column("handle", sa.Text, nullable=False),
        sa.Column("serial", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("merged_into", sa.Text),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("handle", name=op.f("addressee_pk")),
        sa.UniqueConstraint("serial", name=op.f("addressee_serial_key")),
    )
    op.create_table(
        "addressee_serial",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("next", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("addressee_serial_pk")),
    )
    op.execute("INSERT INTO addressee_serial (id, next) VALUES (1, 1)")
    op.create_table(
        "addressee_number",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("handle", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("until", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("addressee_number_pk")),
    )
    op.create_index(op.f("addressee_number_handle_idx"), "addressee_number", ["handle"])
    op.create_table(
        "addressee_map",
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("local", sa.Text, nullable=False),
        sa.Column("handle", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("system", "local", name=op.f("addressee_map_pk")),
    )
    op.create_index(op.f("addressee_map_handle_idx"), "addressee_map", ["handle"])


def _vault() -> None:
    op.create_table(
        "vault_state",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("cells", sa.Integer, nullable=False),
        sa.Column("blinding", sa.Integer, nullable=False),
        sa.Column("oldest_blinding", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("vault_state_pk")),
    )
    op.create_table(
        "vault_key",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("wrapped_by", sa.Text, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("vault_key_pk")),
    )
    op.create_table(
        "vault_cell",
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("key_id", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("record", "purpose", name=op.f("vault_cell_pk")),
    )
    op.create_index(op.f("vault_cell_key_id_idx"), "vault_cell", ["key_id"])
    op.create_table(
        "vault_index",
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("blind", sa.LargeBinary, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("purpose", "blind", "record", name=op.f("vault_index_pk")),
    )
    op.create_index(op.f("vault_index_record_idx"), "vault_index", ["record"])
    op.create_index(op.f("vault_index_generation_idx"), "vault_index", ["generation"])
