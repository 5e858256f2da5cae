"""The first schema, whole; steps are only added."""

from __future__ import annotations

from alembic import op

from api.storage.append_only import forbid_changes
from linkage.cards.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table and index."""
    metadata.create_all(op.get_bind())
    forbid_changes(op.get_bind(), "card_step")
