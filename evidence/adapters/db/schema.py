"""Bringing a database to the schema of this program, by Alembic, all missing steps in one writing
transaction.

Several processes may start at once: a writing transaction is alone on either engine, and who comes second
finds nothing left to do.
"""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from evidence.adapters.db.repositories.search_rows import fill
from evidence.adapters.db.tables import metadata
from evidence.errors import Unavailable

# The last step in migrations/versions (a test compares them). Alembic itself is imported only where a step is
# missing: that takes a fifth of a second, and every command opens the database.
HEAD = "0029"


def migrate(engine: Engine, may_begin: bool = True) -> None:
    """Run the missing migrations. may_begin: whether there may be nothing yet.

    Raises: Unavailable when the database is newer than this program, empty and must not be, somebody else's,
    or no longer whole. Nothing is changed then.
    """
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            from evidence.adapters.db.postgres import take_time  # its driver is long to load

            take_time(connection)  # a step may need it
        tables = set(inspect(connection).get_table_names())
        at = _revision(connection, tables)
        if at is None and not may_begin:
            raise Unavailable("database-missing")
        if at == HEAD:
            _verify_whole(tables)
        else:
            _upgrade(connection, at)


def _revision(connection: Connection, tables: Set[str]) -> str | None:
    """Return the last step that this database has seen, as Alembic keeps it; None: there is nothing in it."""
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise Unavailable("database-not-whole", missing="alembic_version")
    seen = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    if len(seen) != 1:
        raise Unavailable("database-not-whole", versions=", ".join(sorted(seen)))
    return str(seen[0])


def _verify_whole(tables: Set[str]) -> None:
    if missing := metadata.tables.keys() - tables:
        raise Unavailable("database-not-whole", missing=", ".join(sorted(missing)))


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
    fill(connection)
