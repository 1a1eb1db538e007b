"""The table of check-points on the time line, pinned by people and proposed by detectors. They go into the
vault as rows, but for the words that were understood (repositories/journal.py). Nothing is deleted, and the
state is no column: it is read from who did what when (domain/markers.py).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table

from evidence.adapters.db.columns import AnyText, Id, Time, Words, metadata

marker = Table(  # no check-point of a log: those are log_checkpoint
    "marker",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("kind", Words(20), nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
    Column("policy", AnyText, nullable=False),  # whose standard phrase it is: pack@version
    Column("detector", AnyText),  # who proposed it, with its version; null: a person pinned it
    Column("parameters", AnyText),  # of the detector, as JSON
    Column("confidence", Integer),  # percent
    Column("words", AnyText),  # in no piece of rows
    Column("proposed_at", Time),
    Column("pinned_by", Words(32)),
    Column("pinned_at", Time),
    Column("ended_by", Words(32)),
    Column("ended_at", Time),
    Column("reason", AnyText),  # of its end
)
