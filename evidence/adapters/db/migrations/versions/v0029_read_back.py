"""Recordings by when they were last read back: every sweep asks for those that are due.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Add the index."""
    there, columns = sa.text("gone_at IS NULL"), ["checked_at", "sealed_at"]
    op.create_index("recording_by_check", "recording", columns, sqlite_where=there, postgresql_where=there)
