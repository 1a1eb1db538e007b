"""Units, people, their grants; what the commitments of entries stand for; time stamps of checkpoints.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.guards import guard
from evidence.adapters.db.migrations.watches import watch

revision = "0005"
down_revision = "0004"

_WATCHED = (
    "unit",
    "person",
    "post",
    "role_grant",
    "training",
    "undertaking",
)


def upgrade() -> None:
    """Make the tables."""
    _make_audit_payload()
    _make_log_timestamp()
    _make_unit()
    _make_person()
    _make_post()
    _make_role_grant()
    _make_training()
    _make_undertaking()
    bind = op.get_bind()
    for table in _WATCHED:
        watch(bind, table, "{}.id")
    guard(bind, {"log_timestamp": ("log = NEW.log AND size = NEW.size",)})


def _make_audit_payload() -> None:
    op.create_table(
        "audit_payload",
        sa.Column("log", sa.String(length=20), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("erased_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("log", "idx", "field"),
    )


def _make_log_timestamp() -> None:
    op.create_table(
        "log_timestamp",
        sa.Column("log", sa.String(length=20), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("log", "size"),
    )


def _make_unit() -> None:
    op.create_table(
        "unit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("parent_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("closed_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path"),
    )


def _make_person() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("type", sa.String(length=10), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("contract_from", sa.String(length=10), nullable=True),
        sa.Column("contract_to", sa.String(length=10), nullable=True),
        sa.Column("card_number", sa.Text(), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("leaving_at", sa.String(length=27), nullable=True),
        sa.Column("left_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(op.f("ix_person_unit_id"), "person", ["unit_id"], unique=False)


def _make_post() -> None:
    op.create_table(
        "post",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_post_person_id"), "post", ["person_id"], unique=False)


def _make_role_grant() -> None:
    op.create_table(
        "role_grant",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.String(length=32), nullable=False),
        sa.Column("granted_at", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=True),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.Column("revoked_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_role_grant_person_id"), "role_grant", ["person_id"], unique=False)


def _make_training() -> None:
    op.create_table(
        "training",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.String(length=10), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_training_person_id"), "training", ["person_id"], unique=False)


def _make_undertaking() -> None:
    op.create_table(
        "undertaking",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("signed_on", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_undertaking_person_id"), "undertaking", ["person_id"], unique=False)
