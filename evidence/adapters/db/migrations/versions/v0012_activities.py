"""Steps of cases that must be recorded, legal units, enforcement documents. Numbers of cases among the
labels are found quickly.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0012"
down_revision = "0011"

_WATCHED = ("case_step", "step_officer", "legal_unit", "act_document", "document_signer", "document_reason")

_AFTER = 'substr(labels, instr(labels, \'"case-number": "\') + 16)'
_DOCKED = f"""CREATE INDEX recording_by_docked_number ON recording
(CASE WHEN instr(labels, '"case-number": "') > 0 THEN substr({_AFTER}, 1, instr({_AFTER}, '"') - 1) END)"""


def upgrade() -> None:
    """Make the tables and the index."""
    _make_case_step()
    _make_step_officer()
    _make_legal_unit()
    _make_act_document()
    _make_document_signer()
    _make_document_reason()
    op.create_index("label_by_value", "label", ["name", "value"], unique=False)
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL compares all at once (adapters/db/docked.py)
        op.get_bind().exec_driver_sql(_DOCKED)
    for table in _WATCHED:
        watch(op.get_bind(), table, "{}.id")


def _make_case_step() -> None:
    op.create_table(
        "case_step",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("matter", sa.Text(), nullable=True),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.ForeignKeyConstraint(["owner_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_case_step_case_id"), "case_step", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_step_owner_id"), "case_step", ["owner_id"], unique=False)


def _make_step_officer() -> None:
    op.create_table(
        "step_officer",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("step_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["step_id"], ["case_step.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_step_officer_step_id"), "step_officer", ["step_id"], unique=False)


def _make_legal_unit() -> None:
    op.create_table(
        "legal_unit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("named_by", sa.String(length=32), nullable=False),
        sa.Column("named_at", sa.String(length=27), nullable=False),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_legal_unit_unit_id"), "legal_unit", ["unit_id"], unique=False)


def _make_act_document() -> None:
    op.create_table(
        "act_document",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=30), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_act_document_case_id"), "act_document", ["case_id"], unique=False)


def _make_document_signer() -> None:
    op.create_table(
        "document_signer",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["act_document.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_document_signer_document_id"), "document_signer", ["document_id"], unique=False)


def _make_document_reason() -> None:
    op.create_table(
        "document_reason",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("start_ms", sa.BigInteger(), nullable=True),
        sa.Column("end_ms", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["act_document.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_document_reason_document_id"), "document_reason", ["document_id"], unique=False)
