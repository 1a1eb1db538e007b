"""Keeping and destroying: classes of case files, moved locks, disposals; when a recording's bytes went.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the tables; note of a recording when its bytes went, find those whose date is over, and the checks
    of the logs.
    """
    _make_case_term()
    _make_lock_term()
    _make_disposal()
    op.add_column("recording", sa.Column("gone_at", sa.String(length=27), nullable=True))
    op.create_index("recording_by_date", "recording", ["retain_until", "id"], unique=False)
    is_check = sa.text("act = 'log.check'")
    op.create_index(
        "audit_entry_checks", "audit_entry", ["idx"], sqlite_where=is_check, postgresql_where=is_check
    )
    for table in ("case_term", "lock_term", "disposal"):
        watch(op.get_bind(), table, "{}.id")


def _make_case_term() -> None:
    op.create_table(
        "case_term",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("term", sa.String(length=20), nullable=False),
        sa.Column("given_by", sa.String(length=32), nullable=False),
        sa.Column("given_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_case_term_case_id"), "case_term", ["case_id"], unique=False)


def _make_lock_term() -> None:
    op.create_table(
        "lock_term",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.Column("keeps", sa.String(length=20), nullable=False),
        sa.Column("cites", sa.Text(), nullable=False),
        sa.Column("about_id", sa.String(length=32), nullable=True),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_lock_term_recording_id"), "lock_term", ["recording_id"], unique=False)
    op.create_index(op.f("ix_lock_term_settled"), "lock_term", ["settled"], unique=False)


def _make_disposal() -> None:
    op.create_table(
        "disposal",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.String(length=27), nullable=True),
        sa.Column("begun_at", sa.String(length=27), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("kept_by", sa.String(length=20), nullable=True),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_disposal_recording_id"), "disposal", ["recording_id"], unique=False)
    op.create_index(op.f("ix_disposal_ended_at"), "disposal", ["ended_at"], unique=False)
