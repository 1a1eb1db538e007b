"""The tables, so plain that SQLite and PostgreSQL hold the same rows; times are UTC text of fixed width.

Names of files may have 4096 bytes, more than an entry of a PostgreSQL index: keys and indexes hold the
SHA-256 of the name (`name_sha256`), the name stands beside it. The other tables: *_tables.py beside this.
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
    Table,
    UniqueConstraint,
    text,
)

from evidence.adapters.db import (  # noqa: F401  (metadata)
    activity_tables,
    case_tables,
    columns,
    complaint_tables,
    derivative_tables,
    device_tables,
    export_tables,
    fault_tables,
    gap_tables,
    keeping_tables,
    label_tables,
    log_tables,
    marker_tables,
    people_tables,
    sample_tables,
    search_tables,
    sign_in_tables,
)
from evidence.adapters.db.columns import THERE, UNSOUND, AnyText, Id, Sha256, Time, Words

metadata = columns.metadata
# Each in an index of its own: what never came is little among what did, and SQLite would look for it there.
_WAITS, _CAME = text("recording_id IS NULL"), text("recording_id IS NOT NULL")

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("role", Words(20), nullable=False),
    Column("name", AnyText, nullable=False, unique=True),
    Column("token_sha256", Sha256, nullable=False, unique=True),
    Column("created_at", Time, nullable=False),
    Column("revoked_at", Time),
    Column("scopes", AnyText),  # of an integration's token: actions, joined by spaces
    Column("expires_at", Time),
    Column("devices", AnyText),  # of a dock that is bound to some: a list as JSON
)

card = Table(
    "card",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("device", AnyText, nullable=False),
    Column("wearer", AnyText, nullable=False),
    Column("clock_offset_ms", BigInteger, nullable=False),
    Column("labels", AnyText, nullable=False),
    Column("announced_at", Time, nullable=False),
)

announced = Table(
    "announced",
    metadata,
    Column("id", Id, primary_key=True),
    Column("card_id", Id, ForeignKey("card.id"), nullable=False),
    Column("device", AnyText, nullable=False),
    Column("wearer", AnyText, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("name_sha256", Sha256, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", Time, nullable=False),
    Column("clock_offset_ms", BigInteger, nullable=False),
    Column("announced_at", Time, nullable=False),
    Column("recording_id", Id),
    UniqueConstraint("device", "name_sha256", "size", "modified_at"),
    Index("announced_sealed", "recording_id", sqlite_where=_CAME, postgresql_where=_CAME),
    Index("announced_waiting", "announced_at", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
)

upload = Table(
    "upload",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("card_id", Id),
    Column("device", AnyText, nullable=False),
    Column("wearer", AnyText, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("name_sha256", Sha256, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", Time),
    Column("clock_offset_ms", BigInteger, nullable=False),
    Column("labels", AnyText, nullable=False),
    Column("declared_sha256", Sha256),
    Column("offset", BigInteger, nullable=False),
    Column("state", Words(12), nullable=False),
    Column("sha256", Sha256),
    Column("sm3", Words(64)),
    Column("recording_id", Id),
    Column("problem", Words(40)),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("completed_at", Time),
    Index("upload_by_origin", "device", "name_sha256", "size"),
    Index("upload_by_state", "state", "expires_at"),
)

claim = Table(
    "claim",
    metadata,
    Column("device", AnyText, primary_key=True),
    Column("name_sha256", Sha256, primary_key=True),
    Column("name", AnyText, nullable=False),
    Column("upload_id", Id, ForeignKey("upload.id"), nullable=False),
    Column("manifest", LargeBinary),  # decided before the vault locks it; a later attempt stores the same
)

recording = Table(
    "recording",
    metadata,
    Column("id", Id, primary_key=True),
    Column("upload_id", Id, ForeignKey("upload.id"), nullable=False, unique=True),
    Column("card_id", Id),
    Column("device", AnyText, nullable=False, index=True),
    Column("wearer", AnyText, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("name_sha256", Sha256, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", Time),
    Column("clock_offset_ms", BigInteger, nullable=False),
    Column("labels", AnyText, nullable=False),
    Column("sha256", Sha256, nullable=False, index=True),
    Column("sm3", Words(64)),
    Column("sealed_at", Time, nullable=False),
    Column("retain_until", Time, nullable=False),
    Column("policy_id", AnyText, nullable=False),
    Column("policy_version", AnyText, nullable=False),
    Column("data_key", AnyText, nullable=False, unique=True),
    Column("data_version", AnyText, nullable=False),
    Column("manifest_key", AnyText, nullable=False, unique=True),
    Column("manifest_version", AnyText, nullable=False),
    Column("manifest_sha256", Sha256, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    Column("ended_at", Time),  # end of recording, corrected; null while not known
    Column("checked_at", Time),  # last fixity pass
    Column("check_result", Words(40)),
    Column("gone_at", Time),  # its bytes are being destroyed, or are
    UniqueConstraint("device", "name_sha256"),
    Index("recording_by_date", "retain_until", "id"),
    Index("recording_by_seal", "sealed_at", "id"),
    Index("recording_unsound", "id", sqlite_where=UNSOUND, postgresql_where=UNSOUND),
    Index("recording_by_check", "checked_at", "sealed_at", sqlite_where=THERE, postgresql_where=THERE),
)

examination = Table(
    "examination",
    metadata,
    Column("id", Id, primary_key=True),
    Column("scope_kind", Words(12), nullable=False),  # "recording", "device", "upload", "announced"
    Column("scope_id", AnyText, nullable=False),
    Column("kind", Words(12), nullable=False),  # "quick", "deep", "sequence", "seal", "deadline"
    Column("at", Time, nullable=False),
    Column("policy_id", AnyText, nullable=False),
    Column("policy_version", AnyText, nullable=False),
    Column("facts", AnyText, nullable=False),
    Column("current", Boolean, nullable=False),
    Index("examination_by_scope", "scope_kind", "scope_id", "kind", "current"),
)

finding = Table(
    "finding",
    metadata,
    Column("id", Id, primary_key=True),
    Column("examination_id", Id, ForeignKey("examination.id"), nullable=False, index=True),
    Column("recording_id", Id, index=True),
    Column("device", AnyText, nullable=False),
    Column("code", Words(40), nullable=False),
    Column("severity", Words(10), nullable=False),
    Column("body", AnyText, nullable=False),
    Column("subject", Sha256, index=True),  # the name of its line in the gap report; null: of before
)

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Words(30), nullable=False),
    Column("subject", AnyText, nullable=False),
    Column("state", Words(10), nullable=False),  # "queued", "running", "done", "failed"
    Column("weight", Integer, nullable=False),  # lower runs first
    Column("attempts", Integer, nullable=False),
    Column("owner", Words(64)),
    Column("lease_until", Time),
    Column("not_before", Time, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("finished_at", Time),
    Column("problem", AnyText),
    Column("percent", Integer),  # how far it is
    Index("job_to_do", "state", "weight", "not_before"),
    Index("job_by_subject", "name", "subject", "state"),
)

row_pending = Table(  # rows that changed since the last piece was decided; triggers write it
    "row_pending",
    metadata,
    Column("kind", Words(20), primary_key=True),
    Column("row_key", AnyText, primary_key=True),
    sqlite_with_rowid=False,
)

row_piece = Table(  # pieces of rows; body: until it is sealed and the log vouches for it
    "row_piece",
    metadata,
    Column("serial", BigInteger, primary_key=True, autoincrement=False),
    Column("sha256", Sha256, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("body", LargeBinary),
)

# Tables whose rows go into the vault, and the columns of their keys as the triggers join them.
JOURNALLED = {
    "account": ("id",),
    "card": ("id",),
    "announced": ("id",),
    "upload": ("id",),
    "claim": ("name_sha256", "device"),
    "recording": ("id",),
    "examination": ("id",),
    "finding": ("id",),
    "alarm": ("id",),
    "unit": ("id",),
    "person": ("id",),
    "post": ("id",),
    "training": ("id",),
    "undertaking": ("id",),
    "role_grant": ("id",),
    "standing": ("recording_id",),
    "reader": ("id",),
    "case_file": ("id",),
    "case_recording": ("id",),
    "case_member": ("id",),
    "hold": ("id",),
    "serious_event": ("id",),
    "serious_recording": ("id",),
    "serious_person": ("id",),
    "emergency": ("id",),
    "class_change": ("id",),
    "notice": ("id",),
    "label": ("id",),
    "gap": ("name",),
    "explanation": ("id",),
    "fault_file": ("id",),
    "exemption": ("id",),
    "marker": ("id",),
    "case_term": ("id",),
    "lock_term": ("id",),
    "disposal": ("id",),
    "case_end": ("id",),
    "case_document": ("id",),
    "case_archive": ("id",),
    "sample": ("id",),
    "sample_item": ("id",),
    "device": ("id",),
    "device_check": ("id",),
    "device_issue": ("id",),
    "device_service": ("id",),
    "case_step": ("id",),
    "step_officer": ("id",),
    "legal_unit": ("id",),
    "act_document": ("id",),
    "document_signer": ("id",),
    "document_reason": ("id",),
    "fault_person": ("id",),
    "fault_link": ("id",),
    "fault_entry": ("id",),
    "fault_view": ("id",),
    "complaint": ("id",),
    "complaint_person": ("id",),
    "complaint_handler": ("id",),
    "complaint_hold": ("id",),
    "export": ("id",),
    "export_item": ("id",),
    "export_volume": ("id",),
    "long_medium": ("id",),
    "long_recording": ("id",),
    "transfer_unit": ("id",),
    "derivative": ("id",),
}
