"""The tables about keeping and destroying: classes of case files, what locks were moved for, disposals.

All of them go into the vault as rows. Nothing is deleted here: what is destroyed is an object in the vault,
and its rows stay.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, Table

from evidence.adapters.db.columns import AnyText, Id, Time, Words, metadata

case_term = Table(  # the classes that a case file was given; the last is in force
    "case_term",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("term", Words(20), nullable=False),
    Column("given_by", Words(32), nullable=False),
    Column("given_at", Time, nullable=False),
)

lock_term = Table(  # that a lock moves to a later date, and why
    "lock_term",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("until", Time, nullable=False),
    Column("keeps", Words(20), nullable=False),
    Column("cites", AnyText, nullable=False),  # ids of the articles, joined by spaces
    Column("about_id", Id),  # the case
    Column("asked_by", Words(32), nullable=False),
    Column("asked_at", Time, nullable=False),
    Column("settled", Boolean, nullable=False, index=True),  # the vault has been told
)

disposal = Table(  # that a recording be destroyed: asked for, decided, begun, ended
    "disposal",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("reason", AnyText, nullable=False),
    Column("asked_by", Words(32), nullable=False),
    Column("asked_at", Time, nullable=False),
    Column("is_approved", Boolean),
    Column("decision", AnyText),
    Column("decided_by", Words(32)),
    Column("decided_at", Time),
    Column("begun_at", Time),
    Column("ended_at", Time, index=True),  # refused, kept or destroyed
    Column("kept_by", Words(20)),  # the rule that kept it after all
    Column("certificate", LargeBinary),  # it is destroyed
)
