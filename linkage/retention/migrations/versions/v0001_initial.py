"""The first schema, whole."""

from __future__ import annotations

from alembic import op

from linkage.retention.tables import lock, metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table and index, and the one row of the lock."""
    metadata.create_all(op.get_bind())
    op.bulk_insert(lock, [{"id": 1}])
