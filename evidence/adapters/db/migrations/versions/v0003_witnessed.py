"""What witnesses cosigned of the checkpoints.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.guards import guard

revision = "0003"
down_revision = "0002"

_SAME = "log = NEW.log AND size = NEW.size AND name = NEW.name AND key_id = NEW.key_id"


def upgrade() -> None:
    """Make the table and the triggers that refuse to change it."""
    op.create_table(
        "log_cosignature",
        sa.Column("log", sa.String(length=20), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", "name", "key_id"),
    )
    guard(op.get_bind(), {"log_cosignature": (_SAME,)})
