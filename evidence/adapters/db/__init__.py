"""The database: SQLAlchemy Core over SQLite (default) or PostgreSQL, one set of tables and migrations for
both.
"""
