"""What the policy of access asks about a recording: its unit, class, readers, cases, events.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0006"
down_revision = "0005"

_WATCHED = (
    "hold",
    "serious_event",
    "case_file",
    "case_member",
    "serious_person",
    "case_recording",
    "emergency",
    "reader",
    "serious_recording",
    "standing",
    "class_change",
    "notice",
)


def upgrade() -> None:
    """Make the tables."""
    _make_serious_event()
    _make_case_file()
    _make_case_member()
    _make_serious_person()
    _make_case_recording()
    _make_emergency()
    _make_reader()
    _make_serious_recording()
    _make_standing()
    _make_hold()
    _make_class_change()
    _make_notice()
    bind = op.get_bind()
    for table in _WATCHED:
        watch(bind, table, "{}.recording_id" if table == "standing" else "{}.id")


def _make_serious_event() -> None:
    op.create_table(
        "serious_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("marked_by", sa.String(length=32), nullable=False),
        sa.Column("marked_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _make_case_file() -> None:
    op.create_table(
        "case_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.String(length=27), nullable=False),
        sa.Column("closed_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )


def _make_case_member() -> None:
    op.create_table(
        "case_member",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("named_by", sa.String(length=32), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_case_member_case_id"), "case_member", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_member_person_id"), "case_member", ["person_id"], unique=False)


def _make_serious_person() -> None:
    op.create_table(
        "serious_person",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["serious_event.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_serious_person_event_id"), "serious_person", ["event_id"], unique=False)
    op.create_index(op.f("ix_serious_person_person_id"), "serious_person", ["person_id"], unique=False)


def _make_case_recording() -> None:
    op.create_table(
        "case_recording",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("linked_by", sa.String(length=32), nullable=False),
        sa.Column("linked_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_case_recording_case_id"), "case_recording", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_recording_recording_id"), "case_recording", ["recording_id"], unique=False)


def _make_emergency() -> None:
    op.create_table(
        "emergency",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.String(length=27), nullable=True),
        sa.Column("is_granted", sa.Boolean(), nullable=True),
        sa.Column("until", sa.String(length=27), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_emergency_person_id"), "emergency", ["person_id"], unique=False)


def _make_reader() -> None:
    op.create_table(
        "reader",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("named_by", sa.String(length=32), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_reader_person_id"), "reader", ["person_id"], unique=False)
    op.create_index(op.f("ix_reader_recording_id"), "reader", ["recording_id"], unique=False)


def _make_serious_recording() -> None:
    op.create_table(
        "serious_recording",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["serious_event.id"]),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_serious_recording_event_id"), "serious_recording", ["event_id"], unique=False)
    op.create_index(
        op.f("ix_serious_recording_recording_id"), "serious_recording", ["recording_id"], unique=False
    )


def _make_hold() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("ground", sa.String(length=30), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=32), nullable=False),
        sa.Column("placed_at", sa.String(length=27), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=True),
        sa.Column("asked_at", sa.String(length=27), nullable=True),
        sa.Column("ask_reason", sa.Text(), nullable=True),
        sa.Column("released_by", sa.String(length=32), nullable=True),
        sa.Column("released_at", sa.String(length=27), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_hold_recording_id"), "hold", ["recording_id"], unique=False)
    op.create_index(op.f("ix_hold_settled"), "hold", ["settled"], unique=False)


def _make_standing() -> None:
    op.create_table(
        "standing",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=True),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("commander_id", sa.String(length=32), nullable=True),
        sa.Column("classification", sa.String(length=20), nullable=False),
        sa.Column("under_transfer", sa.Boolean(), nullable=False),
        sa.Column("on_hold", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["commander_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("recording_id"),
    )
    op.create_index(op.f("ix_standing_person_id"), "standing", ["person_id"], unique=False)
    op.create_index(op.f("ix_standing_unit_id"), "standing", ["unit_id"], unique=False)


def _make_class_change() -> None:
    op.create_table(
        "class_change",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("classification", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.String(length=27), nullable=True),
        sa.Column("is_granted", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_class_change_recording_id"), "class_change", ["recording_id"], unique=False)


def _make_notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=True),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("about_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notice_at"), "notice", ["at"], unique=False)
