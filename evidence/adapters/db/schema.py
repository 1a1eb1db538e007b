"""Bringing a database to the schema of this program, by Alembic, all missing steps in one writing
transaction.

Several processes may start at once: a writing transaction is alone on either engine, and who comes second
finds nothing left to do.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from evidence.errors import Unavailable


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(engine: Engine, may_begin: bool = True) -> None:
    """Run the missing migrations. may_begin: whether there may be nothing yet.

    Raises: Unavailable when the database is newer than this program, or empty and must not be.
    """
    config = _config()
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # a step may take its time
        at = MigrationContext.configure(connection).get_current_revision()
        if at is not None and at not in {step.revision for step in script.walk_revisions()}:
            raise Unavailable("database-too-new", revision=at)
        if at is None and not may_begin:
            raise Unavailable("database-missing")
        if at == script.get_current_head():
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
