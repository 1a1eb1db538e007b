"""The journal of rows: which rows changed since the last piece was made, and the pieces.

Triggers note the key of a row in the transaction that changes it. What is there already is noted as well.
Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0004"
down_revision = "0003"

_KEYS = {
    "account": "{}.id",
    "card": "{}.id",
    "announced": "{}.id",
    "upload": "{}.id",
    "claim": "{0}.name_sha256 || {0}.device",
    "recording": "{}.id",
    "examination": "{}.id",
    "finding": "{}.id",
    "alarm": "{}.id",
}
# While bytes arrive, each request moves the offset and the date: no reason to write the row down again.
_COLUMNS = {
    "upload": "id, account_id, card_id, device, wearer, name, name_sha256, size, modified_at,"
    " clock_offset_ms, labels, declared_sha256, state, sha256, sm3, recording_id, problem, created_at,"
    " completed_at"
}


def upgrade() -> None:
    """Make the tables and the triggers; note all rows there are."""
    op.create_table(
        "row_pending",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "row_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "row_piece",
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("serial"),
    )
    bind = op.get_bind()
    for table, key in _KEYS.items():
        watch(bind, table, key, _COLUMNS.get(table))
        bind.exec_driver_sql(
            f"INSERT INTO row_pending (kind, row_key) SELECT '{table}', {key.format(table)} FROM {table}"  # noqa: S608
        )
