"""A statement that nothing was recorded may be taken back; a fault file may rest on a written ground,
and keeps the recordings that it rests on, which are found by an index.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("exemption", sa.Column("withdrawn_at", sa.String(length=27), nullable=True))
    op.add_column("exemption", sa.Column("withdrawal", sa.Text(), nullable=True))
    op.add_column("fault_file", sa.Column("basis", sa.Text(), nullable=True))
    op.create_index("fault_link_by_object", "fault_link", ["object_id", "kind"], unique=False)
