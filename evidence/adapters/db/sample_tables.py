"""The tables about samples for review. They go into the vault as rows, but for a seed that is secret yet."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Table, UniqueConstraint

from evidence.adapters.db.columns import AnyText, Id, Sha256, Time, Words, metadata

sample = Table(
    "sample",
    metadata,
    Column("id", Id, primary_key=True),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
    Column("since", Time, nullable=False),
    Column("until", Time, nullable=False),
    Column("commitment", Sha256, nullable=False),
    Column("share_percent", Integer, nullable=False),
    Column("least", Integer, nullable=False),
    Column("committed_by", Words(32), nullable=False),
    Column("committed_at", Time, nullable=False),
    Column("secret", Words(64)),  # the seed until it is shown: in no piece of rows
    Column("drawn_by", Words(32)),
    Column("drawn_at", Time),
    Column("seed", Words(64)),
    Column("population", Integer),
    Column("population_sha256", Sha256),
    Column("quota", Integer),
)

sample_item = Table(
    "sample_item",
    metadata,
    Column("id", Id, primary_key=True),
    Column("sample_id", Id, ForeignKey("sample.id"), nullable=False),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("outcome", Words(20)),
    Column("note", AnyText),
    Column("reviewed_by", Words(32)),
    Column("reviewed_at", Time),
    UniqueConstraint("sample_id", "recording_id"),
)
