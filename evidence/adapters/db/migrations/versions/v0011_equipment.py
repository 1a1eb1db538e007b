"""Recording devices: the register, checks, issues, faults and maintenance. Case files and their
archive. Samples for review.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0011"
down_revision = "0010"

_WATCHED = (
    *("device", "device_check", "device_issue", "device_service"),
    *("case_end", "case_document", "case_archive"),
    *("sample", "sample_item"),
)


def upgrade() -> None:
    """Make the tables."""
    _make_device()
    _make_device_check()
    _make_device_issue()
    _make_device_service()
    _make_case_files()
    _make_case_archive()
    _make_sample()
    _make_sample_item()
    for table in _WATCHED:
        watch(op.get_bind(), table, "{}.id")


def _make_device() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("class", sa.String(length=20), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("maker", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("firmware", sa.Text(), nullable=True),
        sa.Column("capacity_mib", sa.BigInteger(), nullable=True),
        sa.Column("service_until", sa.String(length=10), nullable=True),
        sa.Column("registered_at", sa.String(length=27), nullable=False),
        sa.Column("retired_at", sa.String(length=27), nullable=True),
        sa.Column("retired_by", sa.String(length=32), nullable=True),
        sa.Column("retired_why", sa.Text(), nullable=True),
        sa.Column("wiped", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("serial"),
    )
    op.create_index(op.f("ix_device_unit_id"), "device", ["unit_id"], unique=False)


def _make_device_check() -> None:
    op.create_table(
        "device_check",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("battery_percent", sa.Integer(), nullable=False),
        sa.Column("free_percent", sa.Integer(), nullable=False),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_device_check_device_id"), "device_check", ["device_id"], unique=False)


def _make_device_issue() -> None:
    op.create_table(
        "device_issue",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("issued_by", sa.String(length=32), nullable=False),
        sa.Column("issued_at", sa.String(length=27), nullable=False),
        sa.Column("override", sa.Text(), nullable=True),
        sa.Column("returned_by", sa.String(length=32), nullable=True),
        sa.Column("received_by", sa.String(length=32), nullable=True),
        sa.Column("returned_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["returned_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_device_issue_device_id"), "device_issue", ["device_id"], unique=False)
    op.create_index(op.f("ix_device_issue_person_id"), "device_issue", ["person_id"], unique=False)


def _make_device_service() -> None:
    op.create_table(
        "device_service",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_device_service_device_id"), "device_service", ["device_id"], unique=False)


def _make_case_files() -> None:
    op.create_table(
        "case_end",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("ended_on", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("replaced_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_case_end_case_id"), "case_end", ["case_id"], unique=False)
    op.create_table(
        "case_document",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("dated", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_case_document_case_id"), "case_document", ["case_id"], unique=False)


def _make_case_archive() -> None:
    op.create_table(
        "case_archive",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("handed_by", sa.String(length=32), nullable=False),
        sa.Column("received_by", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("on", sa.String(length=10), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("recordings", sa.Integer(), nullable=False),
        sa.Column("index_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.ForeignKeyConstraint(["handed_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["received_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id"),
        sa.UniqueConstraint("number"),
    )


def _make_sample() -> None:
    op.create_table(
        "sample",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("share_percent", sa.Integer(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("committed_by", sa.String(length=32), nullable=False),
        sa.Column("committed_at", sa.String(length=27), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=True),
        sa.Column("drawn_by", sa.String(length=32), nullable=True),
        sa.Column("drawn_at", sa.String(length=27), nullable=True),
        sa.Column("seed", sa.String(length=64), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("population_sha256", sa.String(length=64), nullable=True),
        sa.Column("quota", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_sample_unit_id"), "sample", ["unit_id"], unique=False)


def _make_sample_item() -> None:
    op.create_table(
        "sample_item",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sample_id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("reviewed_by", sa.String(length=32), nullable=True),
        sa.Column("reviewed_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sample_id", "recording_id"),
    )
    op.create_index(op.f("ix_sample_item_recording_id"), "sample_item", ["recording_id"], unique=False)
