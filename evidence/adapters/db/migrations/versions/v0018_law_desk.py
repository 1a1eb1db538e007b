"""Who named somebody in a fault file.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"


def upgrade() -> None:
    """Add what is new."""
    op.add_column("fault_person", sa.Column("named_by", sa.String(length=32), nullable=True))
