"""The journal of rows: which rows changed since the last piece was made, and the pieces.

Triggers note the key of a row in the transaction that changes it. What is there already is noted as well.
Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

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
_ROW = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}
_SQLITE = """
CREATE TRIGGER {table}_{verb}_noted AFTER {event} ON {table}
BEGIN INSERT OR IGNORE INTO row_pending (kind, row_key) VALUES ('{table}', {key}); END
"""
_POSTGRES_NOTE = """
CREATE FUNCTION note_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF TG_OP = 'DELETE' THEN
INSERT INTO row_pending (kind, row_key) VALUES ('{table}', {old}) ON CONFLICT DO NOTHING;
ELSE
INSERT INTO row_pending (kind, row_key) VALUES ('{table}', {new}) ON CONFLICT DO NOTHING;
END IF;
RETURN NULL; END $$
"""
_POSTGRES = """
CREATE TRIGGER {table}_noted AFTER INSERT OR DELETE OR {event} ON {table}
FOR EACH ROW EXECUTE FUNCTION note_{table}()
"""


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
        _watch(bind, table, key)
        bind.exec_driver_sql(
            f"INSERT INTO row_pending (kind, row_key) SELECT '{table}', {key.format(table)} FROM {table}"  # noqa: S608
        )


def _watch(bind: Connection, table: str, key: str) -> None:
    columns = _COLUMNS.get(table)
    update = f"UPDATE OF {columns}" if columns else "UPDATE"
    if bind.dialect.name == "sqlite":
        for verb, row in _ROW.items():
            event = update if verb == "UPDATE" else verb
            words = {"table": table, "verb": verb.lower(), "event": event, "key": key.format(row)}
            bind.exec_driver_sql(_SQLITE.format(**words))
    else:
        bind.exec_driver_sql(_POSTGRES_NOTE.format(table=table, old=key.format("OLD"), new=key.format("NEW")))
        bind.exec_driver_sql(_POSTGRES.format(table=table, event=update))
