"""The tables about complaints: what came, whom it is about, who handles it, what is held because of it.

All of them go into the vault as rows, but for who complained and in which words. Nothing is deleted.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table, UniqueConstraint

from evidence.adapters.db.columns import AnyText, Id, Time, Words, metadata

complaint = Table(
    "complaint",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", AnyText, nullable=False, unique=True),
    Column("received_on", Words(10), nullable=False),
    Column("channel", Words(20), nullable=False),
    Column("complainant", AnyText),
    Column("matter", AnyText),  # null after a rebuild, as are the words beside it
    Column("place", AnyText),
    Column("since", Time, nullable=False),
    Column("until", Time, nullable=False),
    Column("taken_by", Words(32), nullable=False),
    Column("taken_at", Time, nullable=False),
    Column("result", Words(20)),
    Column("reason", AnyText),
    Column("closed_by", Words(32)),
    Column("closed_on", Words(10)),
    Column("closed_at", Time),
    Column("unit_id", Id, ForeignKey("unit.id"), index=True),  # where it is about a unit
)

complaint_person = Table(
    "complaint_person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("complaint_id", Id, ForeignKey("complaint.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
)

complaint_handler = Table(  # the one that has not ended handles it
    "complaint_handler",
    metadata,
    Column("id", Id, primary_key=True),
    Column("complaint_id", Id, ForeignKey("complaint.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column(
        "too_near", Words(20)
    ),  # the word of the policy pack; why it is they all the same stands in the log
    Column("assigned_by", Words(32), nullable=False),
    Column("assigned_at", Time, nullable=False),
    Column("ended_at", Time),
)

complaint_hold = Table(  # each recording is held once for each complaint: lifted, it is not held again
    "complaint_hold",
    metadata,
    Column("id", Id, primary_key=True),
    Column("complaint_id", Id, ForeignKey("complaint.id"), nullable=False),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("hold_id", Id, ForeignKey("hold.id"), nullable=False, unique=True),
    UniqueConstraint("complaint_id", "recording_id"),
)
