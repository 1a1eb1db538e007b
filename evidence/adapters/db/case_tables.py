"""The tables about case files: when the act ended, written documents, hand-over to the archive.

All of them go into the vault as rows, but for the titles of documents and the reasons of hand-overs. Cases
themselves: people_tables.py.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Table

from evidence.adapters.db.columns import AnyText, Day, Id, Sha256, Time, Words, metadata

case_end = Table(
    "case_end",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("ended_on", Day, nullable=False),
    Column("by", Words(32), nullable=False),
    Column("at", Time, nullable=False),
    Column("replaced_at", Time),
)

case_document = Table(
    "case_document",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("title", AnyText),  # personal: in no piece of rows
    Column("pages", Integer, nullable=False),
    Column("dated", Day, nullable=False),
    Column("by", Words(32), nullable=False),
    Column("at", Time, nullable=False),
    Column("ended_at", Time),
)

case_archive = Table(
    "case_archive",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case_file.id"), nullable=False, unique=True),
    Column("number", AnyText, nullable=False, unique=True),
    Column("handed_by", Id, ForeignKey("person.id"), nullable=False),
    Column("received_by", Id, ForeignKey("person.id"), nullable=False),
    Column("by", Words(32), nullable=False),
    Column("at", Time, nullable=False),
    Column("on", Day, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("recordings", Integer, nullable=False),
    Column("index_sha256", Sha256, nullable=False),
    Column("open", AnyText),  # what was open then, how many of each, as JSON
    Column("reason", AnyText),  # personal: in no piece of rows
)
