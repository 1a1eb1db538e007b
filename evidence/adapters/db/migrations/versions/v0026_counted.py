"""How long a recording took until it was stored is counted by the rows of searches.

They are made from those of other tables: these go, and whoever runs the step fills them anew (schema.py).
Frozen: later changes are later steps.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

_BY: Mapping[str, tuple[str, ...]] = {
    "by_time": ("at", "recording_id"),
    "by_unit": (
        *("unit_id", "at", "recording_id", "is_bare", "is_held", "is_gone", "due", "classification"),
        *("device", "wearer", "codes"),
    ),
    "by_count": (
        *("unit_id", "counted_from", "took_us", "codes", "classification", "recording_id", "seen_at"),
    ),
    "by_person": ("person_id", "at", "recording_id"),
    "by_device": ("device", "at", "recording_id"),
    "by_wearer": ("wearer", "at", "recording_id"),
    "by_case": ("case_number", "at", "recording_id"),
    "by_party": ("party", "at", "recording_id"),
    "by_class": ("classification", "at", "recording_id"),
    "by_labels": ("is_bare", "at", "recording_id"),
    "by_hold": ("is_held", "at", "recording_id"),
    "by_end": ("is_gone", "at", "recording_id"),
}


def upgrade() -> None:
    """Make the table anew, and nothing in it."""
    op.execute("DELETE FROM search_code")
    op.drop_table("search_row")
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
        sa.Column("seen_at", sa.String(length=27), nullable=False),
        sa.Column("sealed_at", sa.String(length=27), nullable=False),
        sa.Column("counted_from", sa.String(length=27), nullable=False),
        sa.Column("took_us", sa.BigInteger(), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("recording_id"),
    )
    for name, columns in _BY.items():
        op.create_index(f"search_{name}", "search_row", list(columns), unique=False)
    for name in ("late", "bare"):
        flag = sa.text(f"is_{name}")
        op.create_index(
            f"search_{name}",
            "search_row",
            ["sealed_at", "recording_id"],
            sqlite_where=flag,
            postgresql_where=flag,
        )
