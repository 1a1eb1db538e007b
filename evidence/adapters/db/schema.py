"""Bringing a database to the schema of this program, by Alembic, one transaction per step."""

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


def migrate(engine: Engine) -> None:
    """Run the missing migrations. Raises: Unavailable when the database is newer than this program."""
    config = _config()
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection, connection.begin():
        at = MigrationContext.configure(connection).get_current_revision()
        if at is not None and at not in {step.revision for step in script.walk_revisions()}:
            raise Unavailable("database-too-new", revision=at)
        if at == script.get_current_head():
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
