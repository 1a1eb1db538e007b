"""How Alembic runs our migrations: over the connection it is handed, in one transaction per step."""

from __future__ import annotations

import warnings

from alembic import context
from sqlalchemy.exc import SAWarning

from evidence.adapters.db.tables import metadata


def run() -> None:
    """Run the migrations on the connection given by the caller (adapters/db/schema.py)."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction(), warnings.catch_warnings():
        # A table that is made anew reads those it refers to; an index over an expression is none of its own.
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression", SAWarning)
        context.run_migrations()


run()
