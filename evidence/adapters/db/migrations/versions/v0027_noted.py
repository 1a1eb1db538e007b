"""The rows of searches note the lines that a recording makes in the gap report; an index of announced files
by recording has those alone that have one.

Whoever runs the step writes the notes (schema.py). Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Add the column, and what is found by it."""
    op.add_column("search_row", sa.Column("lines", sa.Text(), nullable=False, server_default=""))
    op.drop_index("search_by_count", "search_row")
    counted = ("unit_id", "counted_from", "took_us", "lines", "classification", "recording_id")
    more = ("seen_at", "person_id", "wearer")
    op.create_index("search_by_count", "search_row", [*counted, *more], unique=False)
    has = sa.text("lines <> ''")
    there = ["sealed_at", "recording_id"]
    op.create_index("search_lines", "search_row", there, sqlite_where=has, postgresql_where=has)
    op.drop_index("ix_announced_recording_id", "announced")
    came = sa.text("recording_id IS NOT NULL")
    by = ["recording_id"]
    op.create_index("announced_sealed", "announced", by, sqlite_where=came, postgresql_where=came)
