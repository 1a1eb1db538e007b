"""What a supervisor must see at once is found by indexes, however many recordings there are.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("explanation_by_outcome", "explanation", ["outcome", "at", "id"], unique=False)
    op.create_index("recording_by_seal", "recording", ["sealed_at", "id"], unique=False)
    op.create_index("case_step_by_end", "case_step", ["until"], unique=False)
    waits = sa.text("recording_id IS NULL")
    op.create_index(
        "announced_waiting",
        "announced",
        ["announced_at", "id"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
    is_denied = sa.text("act = 'access.denied'")
    op.create_index(
        "audit_entry_denied", "audit_entry", ["id"], sqlite_where=is_denied, postgresql_where=is_denied
    )
