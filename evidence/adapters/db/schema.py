"""Bringing a database to the schema of this program, by Alembic, all missing steps in one writing
transaction.

Several processes may start at once: a writing transaction is alone on either engine, and who comes second
finds nothing left to do.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from evidence.errors import Unavailable

# The last step in migrations/versions (a test compares them). Alembic itself is imported only where a step is
# missing: that takes a fifth of a second, and every command opens the database.
HEAD = "0007"


def migrate(engine: Engine, may_begin: bool = True) -> None:
    """Run the missing migrations. may_begin: whether there may be nothing yet.

    Raises: Unavailable when the database is newer than this program, or empty and must not be.
    """
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # a step may take its time
        at = _revision(connection)
        if at is None and not may_begin:
            raise Unavailable("database-missing")
        if at != HEAD:
            _upgrade(connection, at)


def _revision(connection: Connection) -> str | None:
    """Return the last step that this database has seen, as Alembic keeps it; None: none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    at: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return at


def _upgrade(connection: Connection, at: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if at is not None and at not in known:
        raise Unavailable("database-too-new", revision=at)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
