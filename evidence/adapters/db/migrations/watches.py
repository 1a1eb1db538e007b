"""Triggers that note the key of each row that changes, for the journal of rows (docs/formats/log-rows.md)."""

from __future__ import annotations

from sqlalchemy import Connection

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


def watch(bind: Connection, table: str, key: str, columns: str | None = None) -> None:
    """Note the changes of a table. key: of a row, "{}" in its place. columns: only changes of these."""
    update = f"UPDATE OF {columns}" if columns else "UPDATE"
    if bind.dialect.name == "sqlite":
        for verb, row in _ROW.items():
            event = update if verb == "UPDATE" else verb
            words = {"table": table, "verb": verb.lower(), "event": event, "key": key.format(row)}
            bind.exec_driver_sql(_SQLITE.format(**words))
    else:
        bind.exec_driver_sql(_POSTGRES_NOTE.format(table=table, old=key.format("OLD"), new=key.format("NEW")))
        bind.exec_driver_sql(_POSTGRES.format(table=table, event=update))
