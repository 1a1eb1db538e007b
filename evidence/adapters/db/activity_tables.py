"""The tables about what was done in cases: steps that must be recorded, legal units, enforcement documents.

All of them go into the vault as rows, but for places and reasons, which may name somebody. Nothing is
deleted: what ends gets the time of its end. Whether a step is shown is no column: it is read from
recordings and exemptions (domain/steps.py).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table

from evidence.adapters.db.columns import AnyText, Id, Time, Words, metadata

case_step = Table(  # kind: of an activity; else the words of the annex
    "case_step",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("kind", Words(30)),
    Column("category", AnyText),
    Column("stage", AnyText),
    Column("matter", AnyText),
    Column("since", Time, nullable=False),
    Column("until", Time, nullable=False),
    Column("place", AnyText),  # personal: in no piece of rows
    Column("owner_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
    Column("by", Words(32), nullable=False),
    Column("at", Time, nullable=False),
    Column("ended_by", Words(32)),
    Column("ended_at", Time),
    Index("case_step_by_end", "until"),
)

step_officer = Table(
    "step_officer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("step_id", Id, ForeignKey("case_step.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False),
    Column("serial", Integer, nullable=False),
)

legal_unit = Table(
    "legal_unit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
    Column("named_by", Words(32), nullable=False),
    Column("named_at", Time, nullable=False),
    Column("ended_by", Words(32)),
    Column("ended_at", Time),
)

act_document = Table(
    "act_document",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("number", AnyText, nullable=False),
    Column("type", Words(30), nullable=False),
    Column("since", Time, nullable=False),
    Column("until", Time, nullable=False),
    Column("by", Words(32), nullable=False),
    Column("at", Time, nullable=False),
    Column("ended_by", Words(32)),
    Column("ended_at", Time),
)

document_signer = Table(
    "document_signer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("document_id", Id, ForeignKey("act_document.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False),
    Column("serial", Integer, nullable=False),
)

document_reason = Table(  # why a document and its footage do not agree, as they did not agree then
    "document_reason",
    metadata,
    Column("id", Id, primary_key=True),
    Column("document_id", Id, ForeignKey("act_document.id"), nullable=False, index=True),
    Column("kind", Words(20), nullable=False),
    Column("person_id", Id, ForeignKey("person.id")),
    Column("start_ms", BigInteger),
    Column("end_ms", BigInteger),
    Column("reason", AnyText),  # personal: in no piece of rows
    Column("by", Words(32), nullable=False),
    Column("at", Time, nullable=False),
)
