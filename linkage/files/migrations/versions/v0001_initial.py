"""The first schema, whole; steps are only added."""

from __future__ import annotations

from alembic import op

from linkage.files.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table and index."""
    metadata.create_all(op.get_bind())
