"""Footage on its way out: requests, what each is about, what was built, who hands over to courts; and media
for long keeping.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0015"
down_revision = "0014"

_SAID = ("recipient", "purpose", "basis", "applicant", "relation", "identity")
_WATCHED = ("export", "export_item", "export_volume", "transfer_unit", "long_medium", "long_recording")


def upgrade() -> None:
    """Make the tables."""
    _make_export()
    _make_items()
    _make_units()
    _make_media()
    _make_links()
    bind = op.get_bind()
    for table in _WATCHED:
        watch(bind, table, "{}.id")


def _make_export() -> None:
    op.create_table(
        "export",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("medium", sa.String(length=20), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in _SAID),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("secrecy", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.String(length=27), nullable=True),
        sa.Column("set_sha256", sa.String(length=64), nullable=True),
        sa.Column("valid_to", sa.String(length=10), nullable=True),
        sa.Column("lapsed_at", sa.String(length=27), nullable=True),
        sa.Column("problem", sa.String(length=60), nullable=True),
        sa.Column("built_at", sa.String(length=27), nullable=True),
        sa.Column("package_sha256", sa.String(length=64), nullable=True),
        sa.Column("statement", sa.LargeBinary(), nullable=True),
        sa.Column("retained_key", sa.Text(), nullable=True),
        sa.Column("retained_sha256", sa.String(length=64), nullable=True),
        *(sa.Column(name, sa.String(length=32), nullable=True) for name in ("gave", "beside")),
        sa.Column("receiver", sa.Text(), nullable=True),
        sa.Column("handed_by", sa.String(length=32), nullable=True),
        sa.Column("handed_at", sa.String(length=27), nullable=True),
        sa.Column("receipt_by", sa.String(length=32), nullable=True),
        sa.Column("receipt_at", sa.String(length=27), nullable=True),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    for column in ("unit_id", "case_id"):
        op.create_index(op.f(f"ix_export_{column}"), "export", [column], unique=False)


def _make_items() -> None:
    op.create_table(
        "export_item",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("export_id", sa.String(length=32), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("derivative_id", sa.String(length=32), nullable=True),
        sa.Column("is_granted", sa.Boolean(), nullable=True),
        sa.Column("ground", sa.String(length=30), nullable=True),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"]),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("export_id", "recording_id"),
    )
    op.create_index(op.f("ix_export_item_recording_id"), "export_item", ["recording_id"], unique=False)
    op.create_table(
        "export_volume",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("export_id", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sm3", sa.String(length=64), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("written_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("export_id", "number"),
    )


def _make_units() -> None:
    op.create_table(
        "transfer_unit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("named_by", sa.String(length=32), nullable=False),
        sa.Column("named_at", sa.String(length=27), nullable=False),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_transfer_unit_unit_id"), "transfer_unit", ["unit_id"], unique=False)


def _make_media() -> None:
    op.create_table(
        "long_medium",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.String(length=27), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("written_at", sa.String(length=27), nullable=True),
        sa.Column("checked_at", sa.String(length=27), nullable=True),
        sa.Column("is_sound", sa.Boolean(), nullable=True),
        sa.Column("next_check", sa.String(length=10), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("label"),
    )
    op.create_table(
        "long_recording",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("medium_id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["medium_id"], ["long_medium.id"]),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("medium_id", "recording_id"),
    )
    op.create_index(op.f("ix_long_recording_recording_id"), "long_recording", ["recording_id"], unique=False)


def _make_links() -> None:
    op.create_table(
        "share_link",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("export_id", sa.String(length=32), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("may_download", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.String(length=27), nullable=True),
        sa.Column("session_sha256", sa.String(length=64), nullable=True),
        sa.Column("revoked_by", sa.String(length=32), nullable=True),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
        sa.UniqueConstraint("session_sha256"),
    )
    op.create_index(op.f("ix_share_link_export_id"), "share_link", ["export_id"], unique=False)
