"""What is published of the logs: segments, checkpoints, keys and tiles; and the alarms.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.guards import guard

revision = "0002"
down_revision = "0001"

_APPEND_ONLY = {
    "log_segment": ("log = NEW.log AND size = NEW.size",),
    "log_checkpoint": ("log = NEW.log AND size = NEW.size",),
    "log_key": ("vkey = NEW.vkey",),
}


def upgrade() -> None:
    """Make the tables and the triggers that refuse to change what was published."""
    _make_log_tables()
    _make_alarm()
    guard(op.get_bind(), _APPEND_ONLY)


def _make_log_tables() -> None:
    def log() -> sa.Column[str]:
        return sa.Column("log", sa.String(length=20), nullable=False)

    op.create_table(
        "log_segment",
        log(),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("log", "size"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_checkpoint",
        log(),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("log", "size"),
    )
    op.create_table(
        "log_key",
        sa.Column("vkey", sa.String(length=400), nullable=False),
        log(),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("vkey"),
    )
    op.create_table(
        "log_tile",
        log(),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "level", "idx"),
    )


def _make_alarm() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("earliest", sa.String(length=27), nullable=True),
        sa.Column("cleared_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
