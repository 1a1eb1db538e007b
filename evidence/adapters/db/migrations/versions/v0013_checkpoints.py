"""Check-points on the time line of recordings; an explanation may rest on one.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the table; let an explanation name a check-point."""
    op.create_table(
        "marker",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.String(length=27), nullable=True),
        sa.Column("pinned_by", sa.String(length=32), nullable=True),
        sa.Column("pinned_at", sa.String(length=27), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_marker_recording_id"), "marker", ["recording_id"], unique=False)
    watch(op.get_bind(), "marker", "{}.id")
    op.add_column("explanation", sa.Column("marker_id", sa.String(length=32), nullable=True))
