"""The tables about fault files: what was opened, whom it names, what it rests on, what was said and found.

All of them go into the vault as rows. Nothing is deleted.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, UniqueConstraint

from evidence.adapters.db import gap_tables  # noqa: F401  (its keys are referred to)
from evidence.adapters.db.columns import AnyText, Id, Sha256, Time, Words, metadata

fault_file = Table(  # decided_by: who opened it; pieces of rows from before name the columns so
    "fault_file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("gap", Sha256, ForeignKey("gap.name")),
    Column("explanation_id", Id, ForeignKey("explanation.id"), unique=True),
    Column("finding_id", Id),
    Column("kind", Words(30), nullable=False),
    Column("reason", AnyText, nullable=False),
    Column("decided_by", Words(32), nullable=False),
    Column("decided_at", Time, nullable=False),
    Column("basis", AnyText),
)

fault_person = Table(
    "fault_person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("file_id", Id, ForeignKey("fault_file.id"), nullable=False),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("part", Words(20), nullable=False),
    Column("verdict", Words(20)),
    Column("outcome", Words(30)),
    Column("reason", AnyText),
    Column("decided_by", Words(32)),
    Column("decided_at", Time),
    Column("named_by", Words(32)),  # null: who opened the file
    UniqueConstraint("file_id", "person_id"),
)

fault_link = Table(
    "fault_link",
    metadata,
    Column("id", Id, primary_key=True),
    Column("file_id", Id, ForeignKey("fault_file.id"), nullable=False),
    Column("kind", Words(20), nullable=False),
    Column("object_id", Words(64), nullable=False),
    UniqueConstraint("file_id", "kind", "object_id"),
    Index("fault_link_by_object", "object_id", "kind"),
)

fault_entry = Table(  # the log extract: where the entries stand
    "fault_entry",
    metadata,
    Column("id", Id, primary_key=True),
    Column("file_id", Id, ForeignKey("fault_file.id"), nullable=False),
    Column("log", Words(20), nullable=False),
    Column("idx", BigInteger, nullable=False),
    UniqueConstraint("file_id", "log", "idx"),
)

fault_view = Table(
    "fault_view",
    metadata,
    Column("id", Id, primary_key=True),
    Column("file_id", Id, ForeignKey("fault_file.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False),
    Column("text", AnyText, nullable=False),
    Column("at", Time, nullable=False),
)
