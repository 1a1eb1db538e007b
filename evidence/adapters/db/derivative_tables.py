"""The table of derivatives: what was made from originals. It goes into the vault as rows, but for the words.
Nothing is deleted, and the state is no column: it is read from what happened when (domain/derivatives.py).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table

from evidence.adapters.db.columns import AnyText, Id, Sha256, Time, Words, metadata

derivative = Table(
    "derivative",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("operation", Words(20), nullable=False),
    Column("parameters", AnyText, nullable=False),  # as JSON, without a word about anybody
    Column("words", AnyText),  # title and reasons, as JSON; in no piece of rows
    Column("asked_by", Words(32), nullable=False),
    Column("asked_at", Time, nullable=False),
    Column("data_key", AnyText),  # decided before it is sealed, with size, digests and made_with
    Column("size", BigInteger),
    Column("sha256", Sha256),
    Column("sm3", Words(64)),
    Column("length_ms", BigInteger),
    Column("made_with", AnyText),  # tool, version and call, as JSON
    Column("made_at", Time),
    Column("problem", Words(40)),
    Column("failed_at", Time),
    Column("gone_at", Time),
)
