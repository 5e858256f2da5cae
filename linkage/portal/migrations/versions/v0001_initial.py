"""The first schema, whole."""

from __future__ import annotations

from alembic import op
from sqlalchemy import insert

from linkage.portal.tables import metadata, position

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table and index; the log is read from its beginning."""
    metadata.create_all(op.get_bind())
    op.get_bind().execute(insert(position).values(id=1, next=0))
