"""How Alembic runs our migrations: over the connection it is handed, in one transaction per step."""

from __future__ import annotations

from alembic import context

from evidence.adapters.db.tables import metadata


def run() -> None:
    """Run the migrations on the connection given by the caller (adapters/db/schema.py)."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


run()
