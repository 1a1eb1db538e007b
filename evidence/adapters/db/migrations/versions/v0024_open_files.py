"""What was open about a case file when it was handed over to the archive, and why it went all the same.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("case_archive", sa.Column("open", sa.Text(), nullable=True))
    op.add_column("case_archive", sa.Column("reason", sa.Text(), nullable=True))
