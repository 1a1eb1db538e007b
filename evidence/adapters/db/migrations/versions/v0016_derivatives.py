"""Derivatives of recordings; how far a job is.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the table; let a job say how far it is."""
    op.create_table(
        "derivative",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("operation", sa.String(length=20), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("data_key", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("sm3", sa.String(length=64), nullable=True),
        sa.Column("length_ms", sa.BigInteger(), nullable=True),
        sa.Column("made_with", sa.Text(), nullable=True),
        sa.Column("made_at", sa.String(length=27), nullable=True),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("failed_at", sa.String(length=27), nullable=True),
        sa.Column("gone_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_derivative_recording_id"), "derivative", ["recording_id"], unique=False)
    watch(op.get_bind(), "derivative", "{}.id")
    op.add_column("job", sa.Column("percent", sa.Integer(), nullable=True))
