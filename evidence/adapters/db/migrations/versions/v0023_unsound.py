"""What was not as sealed when it was read back is counted by an index of its own, over it alone.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Make the index."""
    unsound = sa.text("check_result <> 'ok'")
    op.create_index("recording_unsound", "recording", ["id"], sqlite_where=unsound, postgresql_where=unsound)
