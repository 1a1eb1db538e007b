"""The tables about gaps: what was explained, by whom, what was decided; exemption statements.

All of them go into the vault as rows. Nothing is deleted, and the state of a gap is no column: it is read
from its explanations (domain/explanations.py).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table

from evidence.adapters.db.columns import AnyText, Id, Sha256, Time, Words, metadata

gap = Table(  # as it was found when it was explained first; its name lasts (domain/subjects.py)
    "gap",
    metadata,
    Column("name", Sha256, primary_key=True),
    Column("kind", Sha256, nullable=False, index=True),
    Column("part", Words(20), nullable=False),
    Column("code", Words(40), nullable=False),
    Column("device", AnyText, nullable=False),
    Column("file", AnyText, nullable=False),
    Column("recording_id", Id, ForeignKey("recording.id"), index=True),
    Column("wearer", AnyText),
    Column("start_ms", BigInteger),
    Column("end_ms", BigInteger),
    Column("length_ms", BigInteger),
)

explanation = Table(
    "explanation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("gap", Sha256, ForeignKey("gap.name"), nullable=False, index=True),
    Column("finding_id", Id),  # of an examination that may be superseded by now
    Column("cause", Words(30)),
    Column("text", AnyText),
    Column("spoken_id", Id, ForeignKey("recording.id")),
    Column("spoken_from_ms", BigInteger),
    Column("spoken_to_ms", BigInteger),
    Column("author", Words(32), nullable=False),
    Column("at", Time, nullable=False),
    Column("outcome", Words(20)),
    Column("reason", AnyText),
    Column("reviewed_by", Words(32)),
    Column("reviewed_at", Time),
    Column("marker_id", Id),  # the check-point that the spoken seconds are, where they are one
    Index("explanation_by_outcome", "outcome", "at", "id"),
)

exemption = Table(
    "exemption",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("ground", Words(30), nullable=False),
    Column("basis", AnyText, nullable=False),
    Column("since", Time, nullable=False),
    Column("until", Time, nullable=False),
    Column("device_state", AnyText, nullable=False),
    Column("author", Words(32), nullable=False),
    Column("at", Time, nullable=False),
    Column("agrees", Boolean),
    Column("view", AnyText),
    Column("received_by", Words(32)),
    Column("received_at", Time),
    Column("withdrawn_at", Time),  # by its author
    Column("withdrawal", AnyText),
)
