"""The tables about footage on its way out: requests, what each is about, what was built; and which units hand
over to procuratorates and courts.

All of them go into the vault as rows, but for what people said in their words. Nothing is deleted.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, Table, UniqueConstraint

from evidence.adapters.db.columns import AnyText, Day, Id, Sha256, Time, Words, metadata

export = Table(
    "export",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", Words(20), nullable=False, unique=True),
    Column("way", Words(20), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
    Column("case_id", Id, ForeignKey("case_file.id"), index=True),
    Column("medium", Words(20), nullable=False),
    Column("recipient", AnyText),  # null after a rebuild, as are all words beside it
    Column("purpose", AnyText),
    Column("basis", AnyText),
    Column("applicant", AnyText),
    Column("relation", AnyText),
    Column("identity", AnyText),
    Column("asked_by", Words(32), nullable=False),
    Column("asked_at", Time, nullable=False),
    Column("is_approved", Boolean),
    Column("reason", AnyText),
    Column("secrecy", AnyText),
    Column("decided_by", Words(32)),
    Column("decided_at", Time),
    Column("set_sha256", Sha256),
    Column("valid_to", Day),
    Column("lapsed_at", Time),
    Column("problem", Words(60)),
    Column("built_at", Time),
    Column("package_sha256", Sha256),
    Column("statement", LargeBinary),
    Column("retained_key", AnyText),
    Column("retained_sha256", Sha256),
    Column("gave", Id),
    Column("beside", Id),
    Column("receiver", AnyText),
    Column("handed_by", Words(32)),
    Column("handed_at", Time),
    Column("receipt_by", Words(32)),
    Column("receipt_at", Time),
    Column("receipt", LargeBinary),
    Column("withdrawn_by", Words(32)),
    Column("withdrawn_at", Time),
    Column("withdrawal", AnyText),  # why
)

export_item = Table(
    "export_item",
    metadata,
    Column("id", Id, primary_key=True),
    Column("export_id", Id, ForeignKey("export.id"), nullable=False),
    Column("serial", Integer, nullable=False),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    Column("form", Words(20), nullable=False),
    Column("sha256", Sha256, nullable=False),
    Column("derivative_id", Id),
    Column("is_granted", Boolean),
    Column("ground", Words(30)),
    UniqueConstraint("export_id", "recording_id"),
)

export_volume = Table(
    "export_volume",
    metadata,
    Column("id", Id, primary_key=True),
    Column("export_id", Id, ForeignKey("export.id"), nullable=False),
    Column("label", Words(60), nullable=False),
    Column("number", Integer, nullable=False),
    Column("file", AnyText, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Sha256, nullable=False),
    Column("sm3", Words(64)),
    Column("serial", AnyText),
    Column("written_at", Time),
    Column("written_by", AnyText),
    Column("is_read", Boolean),  # null: noted before programs read media
    UniqueConstraint("export_id", "number"),
)

transfer_unit = Table(  # which units provide footage to procuratorates and courts
    "transfer_unit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
    Column("named_by", Words(32), nullable=False),
    Column("named_at", Time, nullable=False),
    Column("ended_by", Words(32)),
    Column("ended_at", Time),
)

long_medium = Table(  # on which recordings are kept for long
    "long_medium",
    metadata,
    Column("id", Id, primary_key=True),
    Column("label", AnyText, nullable=False, unique=True),
    Column("kind", Words(20), nullable=False),
    Column("copies", Integer, nullable=False),
    Column("place", AnyText, nullable=False),
    Column("made_by", Words(32), nullable=False),
    Column("made_at", Time, nullable=False),
    Column("sha256", Sha256),
    Column("written_at", Time),
    Column("checked_at", Time),
    Column("is_sound", Boolean),
    Column("next_check", Day),
    Column("ended_by", Words(32)),
    Column("ended_at", Time),
    Column("written_by", AnyText),
    Column("is_read", Boolean),  # null: noted before programs read media
)

long_recording = Table(
    "long_recording",
    metadata,
    Column("id", Id, primary_key=True),
    Column("medium_id", Id, ForeignKey("long_medium.id"), nullable=False),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False, index=True),
    UniqueConstraint("medium_id", "recording_id"),
)

share_link = Table(  # in no piece of rows: nothing in the vault opens a door
    "share_link",
    metadata,
    Column("id", Id, primary_key=True),
    Column("export_id", Id, ForeignKey("export.id"), nullable=False, index=True),
    Column("token_sha256", Sha256, nullable=False, unique=True),
    Column("code", AnyText, nullable=False),
    Column("may_download", Boolean, nullable=False),
    Column("made_by", Words(32), nullable=False),
    Column("made_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("opened_at", Time),
    Column("session_sha256", Sha256, unique=True),
    Column("revoked_by", Words(32)),
    Column("revoked_at", Time),
)
