"""Migrations of the database, run by `evidence init` and at the start of the service (Alembic)."""
