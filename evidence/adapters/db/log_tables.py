"""The tables of the logs: entries, counters, what is published, alarms.

`audit_entry` holds the leaves of the logs, `audit_about` which entry is number n about an object. Both are
append-only: triggers of the migrations refuse to change, delete, replace or empty. So are the tables that say
what was published of the logs; `log_tile` alone may change, for it follows from the leaves (decision 16).
`audit_payload` is there to be erased: of it the entries hold commitments only.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, text

from evidence.adapters.db.columns import AnyText, Id, Number, Time, Words, metadata

IS_DENIED = text("act = 'access.denied'")  # of an index of their own, too: a supervisor asks for them daily
IS_CHECK = text("act = 'log.check'")  # of an index of their own: they tell how time passed

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),  # order of arrival over all logs, from 1
    Column("log", Words(20), nullable=False),  # "custody", "access/2026"
    Column("idx", BigInteger, nullable=False),  # leaf of that log, from 0 without a hole
    Column("at", Time, nullable=False),
    Column("act", Words(30), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("audit_entry_by_place", "log", "idx", unique=True),
    Index("audit_entry_checks", "idx", sqlite_where=IS_CHECK, postgresql_where=IS_CHECK),
    Index("audit_entry_denied", "id", sqlite_where=IS_DENIED, postgresql_where=IS_DENIED),
)

audit_about = Table(
    "audit_about",
    metadata,
    Column("family", Words(10), primary_key=True),  # "custody", "access": of all years
    Column("object_id", Id, primary_key=True),
    Column("n", BigInteger, primary_key=True),  # from 1 without a hole
    Column("log", Words(20), nullable=False),
    Column("idx", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

log_segment = Table(  # where pieces of a log end in the vault, decided before they are sealed
    "log_segment",
    metadata,
    Column("log", Words(20), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

log_checkpoint = Table(
    "log_checkpoint",
    metadata,
    Column("log", Words(20), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
    Column("at", Time, nullable=False),
)

log_key = Table(
    "log_key",
    metadata,
    Column("vkey", Words(400), primary_key=True),
    Column("log", Words(20), nullable=False),
    Column("at", Time, nullable=False),
)

log_cosignature = Table(
    "log_cosignature",
    metadata,
    Column("log", Words(20), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Words(255), primary_key=True),  # of the witness's key
    Column("key_id", Words(8), primary_key=True),
    Column("line", AnyText, nullable=False),  # as it stands under the checkpoint, with its newline
    Column("at", Time, nullable=False),  # when it came; what the witness says stands in the line
)

log_timestamp = Table(  # what a time-stamping authority answered about a checkpoint
    "log_timestamp",
    metadata,
    Column("log", Words(20), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("token", LargeBinary, nullable=False),  # TimeStampResp (RFC 3161), DER
    Column("at", Time, nullable=False),  # as the authority says
)

log_tile = Table(  # hashes of a tile as far as it is full; only a store to make proofs from
    "log_tile",
    metadata,
    Column("log", Words(20), primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

audit_payload = Table(  # what commitments of entries stand for; null salt and value: erased
    "audit_payload",
    metadata,
    Column("log", Words(20), primary_key=True),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("field", Words(64), primary_key=True),
    Column("salt", LargeBinary),
    Column("value", AnyText),  # canonical JSON
    Column("erased_at", Time),
)

alarm = Table(  # what did not agree, until somebody has seen to it
    "alarm",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Time, nullable=False),
    Column("kind", Words(40), nullable=False),
    Column("item", AnyText, nullable=False),
    Column("detail", AnyText, nullable=False),
    Column("earliest", Time),  # null: not known
    Column("cleared_at", Time),
)
