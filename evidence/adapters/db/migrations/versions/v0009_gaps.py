"""What was explained about gaps, faults and exemptions; notices about what has no recording.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0009"
down_revision = "0008"

_WATCHED = {"gap": "{}.name", "explanation": "{}.id", "fault_file": "{}.id", "exemption": "{}.id"}


def upgrade() -> None:
    """Make the tables; let a notice have no recording."""
    _make_gap()
    _make_explanation()
    _make_fault_file()
    _make_exemption()
    bind = op.get_bind()
    for table, key in _WATCHED.items():
        watch(bind, table, key)
    with op.batch_alter_table("notice") as notice:
        notice.alter_column("recording_id", existing_type=sa.String(length=32), nullable=True)
    if bind.dialect.name == "sqlite":  # the table was made anew, and its triggers went with the old one
        watch(bind, "notice", "{}.id")


def _make_gap() -> None:
    op.create_table(
        "gap",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=True),
        sa.Column("wearer", sa.Text(), nullable=True),
        sa.Column("start_ms", sa.BigInteger(), nullable=True),
        sa.Column("end_ms", sa.BigInteger(), nullable=True),
        sa.Column("length_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index(op.f("ix_gap_kind"), "gap", ["kind"], unique=False)
    op.create_index(op.f("ix_gap_recording_id"), "gap", ["recording_id"], unique=False)


def _make_explanation() -> None:
    op.create_table(
        "explanation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("gap", sa.String(length=64), nullable=False),
        sa.Column("finding_id", sa.String(length=32), nullable=True),
        sa.Column("cause", sa.String(length=30), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("spoken_id", sa.String(length=32), nullable=True),
        sa.Column("spoken_from_ms", sa.BigInteger(), nullable=True),
        sa.Column("spoken_to_ms", sa.BigInteger(), nullable=True),
        sa.Column("author", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reviewed_by", sa.String(length=32), nullable=True),
        sa.Column("reviewed_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["gap"], ["gap.name"]),
        sa.ForeignKeyConstraint(["spoken_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_explanation_gap"), "explanation", ["gap"], unique=False)


def _make_fault_file() -> None:
    op.create_table(
        "fault_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("gap", sa.String(length=64), nullable=False),
        sa.Column("explanation_id", sa.String(length=32), nullable=False),
        sa.Column("finding_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=False),
        sa.Column("decided_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["explanation_id"], ["explanation.id"]),
        sa.ForeignKeyConstraint(["gap"], ["gap.name"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("explanation_id"),
    )


def _make_exemption() -> None:
    op.create_table(
        "exemption",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("ground", sa.String(length=30), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.Column("device_state", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("view", sa.Text(), nullable=True),
        sa.Column("received_by", sa.String(length=32), nullable=True),
        sa.Column("received_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_exemption_person_id"), "exemption", ["person_id"], unique=False)
