"""Whoever asked for an export may take that back.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("export", sa.Column("withdrawn_by", sa.String(length=32), nullable=True))
    op.add_column("export", sa.Column("withdrawn_at", sa.String(length=27), nullable=True))
    op.add_column("export", sa.Column("withdrawal", sa.Text(), nullable=True))
