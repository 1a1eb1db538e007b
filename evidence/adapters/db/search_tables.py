"""The tables by which recordings are searched, and the searches that people have saved.

`search_row` and `search_code` say nothing of their own: they are written from the other tables in the
transaction that changes those (repositories/search_rows.py), and made anew where they are lost. Like what
people look for, they go into no piece of rows: a name that is erased is not kept here.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, text

from evidence.adapters.db.columns import AnyText, Day, Id, Time, Words, metadata

# In these words the indexes of a few are found.
IS_LATE, IS_BARE, HAS_LINES = text("is_late"), text("is_bare"), text("lines <> ''")

search_row = Table(
    "search_row",
    metadata,
    Column("recording_id", Id, ForeignKey("recording.id"), primary_key=True),
    Column("at", Time, nullable=False),  # end of recording, corrected; where nobody knows, its seal
    Column("unit_id", Id),
    Column("person_id", Id),
    Column("device", AnyText, nullable=False),
    Column("wearer", AnyText, nullable=False),
    Column("case_number", AnyText),  # as it stands
    Column("due", Day),  # by which one is to follow; none where a party is missing all the same
    Column("party", AnyText),
    Column("classification", Words(20), nullable=False),
    Column("is_bare", Boolean, nullable=False),  # without case number or inspected party
    Column("is_held", Boolean, nullable=False),
    Column("is_gone", Boolean, nullable=False),
    Column("codes", AnyText, nullable=False),  # of its findings: " late gap-in-file "
    Column("seen_at", Time, nullable=False),  # when the server first heard of it
    Column("sealed_at", Time, nullable=False),
    Column("counted_from", Time, nullable=False),  # where its clock starts (domain/deadlines.py, time_taken)
    Column("took_us", BigInteger),  # from there to its seal; null: that start is not its end
    Column("is_late", Boolean, nullable=False),  # as it was found: a version of the pack may say otherwise
    Column(
        "lines", AnyText, nullable=False, server_default=""
    ),  # that it makes in the gap report (domain/noted_lines.py)
    Index("search_by_time", "at", "recording_id"),
    # All that a hit tells: a unit's thousand newest lie side by side in the index, and apart in the table.
    Index(
        "search_by_unit",
        "unit_id",
        "at",
        "recording_id",
        "is_bare",
        "is_held",
        "is_gone",
        "due",
        "classification",
        "device",
        "wearer",
        "codes",
    ),
    # All that trends ask.
    Index(
        "search_by_count",
        "unit_id",
        "counted_from",
        "took_us",
        "lines",
        "classification",
        "recording_id",
        "seen_at",
        "person_id",
        "wearer",
    ),
    Index("search_late", "sealed_at", "recording_id", sqlite_where=IS_LATE, postgresql_where=IS_LATE),
    Index("search_bare", "sealed_at", "recording_id", sqlite_where=IS_BARE, postgresql_where=IS_BARE),
    Index("search_lines", "sealed_at", "recording_id", sqlite_where=HAS_LINES, postgresql_where=HAS_LINES),
    Index("search_by_person", "person_id", "at", "recording_id"),
    Index("search_by_device", "device", "at", "recording_id"),
    Index("search_by_wearer", "wearer", "at", "recording_id"),
    Index("search_by_case", "case_number", "at", "recording_id"),
    Index("search_by_party", "party", "at", "recording_id"),
    Index("search_by_class", "classification", "at", "recording_id"),
    Index("search_by_labels", "is_bare", "at", "recording_id"),
    Index("search_by_hold", "is_held", "at", "recording_id"),
    Index("search_by_end", "is_gone", "at", "recording_id"),
)

search_code = Table(
    "search_code",
    metadata,
    Column("code", Words(40), primary_key=True),
    Column("at", Time, primary_key=True),
    Column("recording_id", Id, ForeignKey("recording.id"), primary_key=True, index=True),
)

saved_search = Table(  # private: nobody else's, and gone when it is taken away
    "saved_search",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("name", AnyText, nullable=False),
    Column("asked", AnyText, nullable=False),
    Column("saved_at", Time, nullable=False),
)
