"""Recording devices: the register, checks, issues, faults and maintenance.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0011"
down_revision = "0009"

_WATCHED = ("device", "device_check", "device_issue", "device_service")


def upgrade() -> None:
    """Make the tables."""
    _make_device()
    _make_device_check()
    _make_device_issue()
    _make_device_service()
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
