"""The tables. Kept plain, so that SQLite and PostgreSQL hold the same rows; times are UTC text of fixed
width.

`audit_entry` is append-only: triggers of the first migration refuse UPDATE and DELETE. The Merkle log will
put
`audit_pending` in front of it (design: ledger.md 5.4); `audit_entry.id` then becomes the order of arrival.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

Id = String(32)
Time = String(27)  # 2026-11-21T05:00:00.667178Z
# SQLite gives automatic numbers only to INTEGER PRIMARY KEY; PostgreSQL wants bigint.
Number = BigInteger().with_variant(Integer(), "sqlite")

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("role", String(20), nullable=False),
    Column("name", Text, nullable=False, unique=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("created_at", Time, nullable=False),
    Column("revoked_at", Time),
)

card = Table(
    "card",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("device", Text, nullable=False),
    Column("wearer", Text, nullable=False),
    Column("clock_offset_ms", BigInteger, nullable=False),
    Column("labels", Text, nullable=False),
    Column("announced_at", Time, nullable=False),
)

announced = Table(
    "announced",
    metadata,
    Column("id", Id, primary_key=True),
    Column("card_id", Id, ForeignKey("card.id"), nullable=False),
    Column("device", Text, nullable=False),
    Column("wearer", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", Time, nullable=False),
    Column("clock_offset_ms", BigInteger, nullable=False),
    Column("announced_at", Time, nullable=False),
    Column("recording_id", Id, index=True),
    UniqueConstraint("device", "name", "size", "modified_at"),
)

upload = Table(
    "upload",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("card_id", Id),
    Column("device", Text, nullable=False),
    Column("wearer", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", Time),
    Column("clock_offset_ms", BigInteger, nullable=False),
    Column("labels", Text, nullable=False),
    Column("declared_sha256", String(64)),
    Column("offset", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("sha256", String(64)),
    Column("sm3", String(64)),
    Column("recording_id", Id),
    Column("problem", String(40)),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("completed_at", Time),
    Index("upload_by_origin", "device", "name", "size"),
    Index("upload_by_state", "state", "expires_at"),
)

claim = Table(
    "claim",
    metadata,
    Column("device", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("upload_id", Id, ForeignKey("upload.id"), nullable=False),
    Column(
        "manifest", LargeBinary
    ),  # decided before the vault locks it; a later attempt stores the same bytes
)

recording = Table(
    "recording",
    metadata,
    Column("id", Id, primary_key=True),
    Column("upload_id", Id, ForeignKey("upload.id"), nullable=False, unique=True),
    Column("card_id", Id),
    Column("device", Text, nullable=False, index=True),
    Column("wearer", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", Time),
    Column("clock_offset_ms", BigInteger, nullable=False),
    Column("labels", Text, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("sm3", String(64)),
    Column("sealed_at", Time, nullable=False),
    Column("retain_until", Time, nullable=False),
    Column("policy_id", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("data_key", Text, nullable=False, unique=True),
    Column("manifest_key", Text, nullable=False, unique=True),
    Column("manifest_sha256", String(64), nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    Column("ended_at", Time),  # end of recording, corrected; null while not known
    Column("checked_at", Time),  # last fixity pass
    Column("check_result", String(40)),
    UniqueConstraint("device", "name"),
)

examination = Table(
    "examination",
    metadata,
    Column("id", Id, primary_key=True),
    Column("scope_kind", String(12), nullable=False),  # "recording", "device", "upload", "announced"
    Column("scope_id", Text, nullable=False),
    Column("kind", String(12), nullable=False),  # "quick", "deep", "sequence", "seal", "deadline"
    Column("at", Time, nullable=False),
    Column("policy_id", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("current", Boolean, nullable=False),
    Index("examination_by_scope", "scope_kind", "scope_id", "kind", "current"),
)

finding = Table(
    "finding",
    metadata,
    Column("id", Id, primary_key=True),
    Column("examination_id", Id, ForeignKey("examination.id"), nullable=False, index=True),
    Column("recording_id", Id, index=True),
    Column("device", Text, nullable=False),
    Column("code", String(40), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("body", Text, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(30), nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", String(10), nullable=False),  # "queued", "running", "done", "failed"
    Column("weight", Integer, nullable=False),  # lower runs first
    Column("attempts", Integer, nullable=False),
    Column("owner", String(64)),
    Column("lease_until", Time),
    Column("not_before", Time, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("finished_at", Time),
    Column("problem", Text),
    Index("job_to_do", "state", "weight", "not_before"),
    Index("job_by_subject", "name", "subject", "state"),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("log", String(20), nullable=False),  # "custody" or "access"
    Column("at", Time, nullable=False),
    Column("act", String(30), nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
