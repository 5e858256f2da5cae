"""The first schema, whole."""

from __future__ import annotations

from alembic import op

from api.storage.append_only import forbid_changes
from linkage.network.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table and index; the network's records cannot be changed."""
    metadata.create_all(op.get_bind())
    forbid_changes(op.get_bind(), "network_record")
