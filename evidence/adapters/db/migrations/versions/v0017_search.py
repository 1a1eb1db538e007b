"""Recordings by what is known of them, and searches that people save.

None of it goes into the vault: the rows are made from those of other tables, what people look for is theirs.
Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_BY = {
    "time": ("at",),
    "unit": ("unit_id", "at"),
    "person": ("person_id", "at"),
    "device": ("device", "at"),
    "wearer": ("wearer", "at"),
    "case": ("case_number", "at"),
    "party": ("party", "at"),
    "class": ("classification", "at"),
    "labels": ("is_bare", "at"),
    "hold": ("is_held", "at"),
    "end": ("is_gone", "at"),
}


def upgrade() -> None:
    """Make the tables; who runs the step fills them (schema.py)."""
    op.create_table(
        "search_row",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=True),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("wearer", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=True),
        sa.Column("due", sa.String(length=10), nullable=True),
        sa.Column("party", sa.Text(), nullable=True),
        sa.Column("classification", sa.String(length=20), nullable=False),
        sa.Column("is_bare", sa.Boolean(), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("recording_id"),
    )
    for name, columns in _BY.items():
        op.create_index(f"search_by_{name}", "search_row", [*columns, "recording_id"], unique=False)
    op.create_table(
        "search_code",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("code", "at", "recording_id"),
    )
    op.create_index(op.f("ix_search_code_recording_id"), "search_code", ["recording_id"], unique=False)
    _make_saved()


def _make_saved() -> None:
    op.create_table(
        "saved_search",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_saved_search_person_id"), "saved_search", ["person_id"], unique=False)
