"""Triggers that refuse to change, delete, replace or empty what is only ever added to.

They stop accidents and ordinary programs, not whoever owns the database: against that stands the signed log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
# INSERT OR REPLACE deletes without asking the trigger above.
_SQLITE_REPLACE = """
CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
WHEN {taken}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRES_REFUSAL = """
CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
"""
_POSTGRES = """
CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""


def guard(bind: Connection, tables: Mapping[str, Sequence[str]]) -> None:
    """Make tables append-only. tables: of each, what no second row may share with one that is there."""
    if bind.dialect.name != "sqlite":
        bind.exec_driver_sql(_POSTGRES_REFUSAL.replace("%", "%%"))
    for table, keys in tables.items():
        if bind.dialect.name == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                bind.exec_driver_sql(_SQLITE.format(table=table, verb=verb))
            taken = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {key})" for key in keys)  # noqa: S608
            bind.exec_driver_sql(_SQLITE_REPLACE.format(table=table, taken=taken))
        else:
            bind.exec_driver_sql(_POSTGRES.format(table=table))
