"""The first schema, whole; steps and annotations are only added."""

from __future__ import annotations

from alembic import op

from api.storage.append_only import forbid_changes
from linkage.rights.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table and index."""
    metadata.create_all(op.get_bind())
    for table in ("rights_step", "rights_annotation"):
        forbid_changes(op.get_bind(), table)
