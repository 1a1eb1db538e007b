"""Who noted that a medium was written, and whether the program itself has read it.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Add the columns."""
    for table in ("long_medium", "export_volume"):
        op.add_column(table, sa.Column("written_by", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("is_read", sa.Boolean(), nullable=True))
