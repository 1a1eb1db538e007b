"""The table of labels that were given after docking. They go into the vault as rows, but for personal words
(repositories/journal.py). Nothing is deleted: what is no longer so gets the time of its end.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from evidence.adapters.db.columns import AnyText, Day, Id, Time, Words, metadata

label = Table(
    "label",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False),
    Column("serial", Integer, nullable=False),  # its place in the recording's history, from 1
    Column("name", Words(64), nullable=False),
    Column("value", AnyText),
    Column("personal", AnyText),  # in the place of value: in no piece of rows
    Column("due", Day),  # of a case number that is to follow
    Column("given_by", Words(32), nullable=False),  # "dock": its words stand in the recording
    Column("given_at", Time, nullable=False),
    Column("ended_by", Words(32)),
    Column("ended_at", Time),
    UniqueConstraint("recording_id", "serial"),
    Index("label_by_value", "name", "value"),
)
