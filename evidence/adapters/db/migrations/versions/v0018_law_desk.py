"""Who named somebody in a fault file; by which name a finding stands in the gap report;
complaints about a unit;
case numbers are found by their normal form.

Frozen: later changes are later steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evidence.adapters.db.migrations.watches import watch

revision = "0018"
down_revision = "0017"

_LETTERS = "０１２３４５６７８９（〔［[）〕］]"  # noqa: RUF001 (what is folded)
_INTO = "0123456789(((())))"
_DROPPED = " \u3000"
_KEY = '"case-number": "'
_AFTER = f"substr(labels, instr(labels, '{_KEY}') + 16)"
_SPELLED = r"""replace(replace(number, '\', '\\'), '"', '\"')"""  # as JSON spells it
_SQLITE = {  # of the dock's labels and of a case, what stands before the first quote
    "recording": f"""CASE WHEN instr(labels, '{_KEY}') > 0
        THEN substr({_AFTER}, 1, instr({_AFTER}, '"') - 1) END""",
    "case": f"""substr({_SPELLED} || '"', 1, instr({_SPELLED} || '"', '"') - 1)""",
}
_POSTGRES = {
    "recording": r"""substring(labels from '"case-number": "((?:[^"\\]|\\.)*)"')""",
    "case": _SPELLED,
}


def upgrade() -> None:
    """Add what is new."""
    op.add_column("fault_person", sa.Column("named_by", sa.String(length=32), nullable=True))
    op.add_column("finding", sa.Column("subject", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_finding_subject"), "finding", ["subject"], unique=False)
    op.create_index(op.f("ix_standing_commander_id"), "standing", ["commander_id"], unique=False)
    with op.batch_alter_table("complaint") as complaint:
        complaint.add_column(sa.Column("unit_id", sa.String(length=32), nullable=True))
        complaint.create_foreign_key("fk_complaint_unit", "unit", ["unit_id"], ["id"])
    op.create_index(op.f("ix_complaint_unit_id"), "complaint", ["unit_id"], unique=False)
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":  # the table was made anew, and its triggers went with the old one
        watch(bind, "complaint", "{}.id")
    _number(bind)


def _number(bind: sa.Connection) -> None:
    """Make the views, and the indexes that they are read by."""
    is_sqlite = bind.dialect.name == "sqlite"
    normal, docked = (_on_sqlite, _SQLITE) if is_sqlite else (_on_postgres, _POSTGRES)
    case, label = normal("number"), normal("value")
    on_card, of_case = normal(docked["recording"]), normal(docked["case"])
    case_columns = f"id AS case_id, {case} AS normal, {of_case} AS docked"
    for step in (
        _view("case", case_columns, "case_file"),
        _view("label", f"id AS label_id, name, {label} AS normal", "label"),
        _view("recording", f"id AS recording_id, {on_card} AS normal", "recording"),
        f"CREATE INDEX case_by_number ON case_file ({case})",
        f"CREATE INDEX label_by_number ON label (name, {label})",
    ):
        bind.exec_driver_sql(step)
    if is_sqlite:  # PostgreSQL compares all at once
        bind.exec_driver_sql("DROP INDEX recording_by_docked_number")
        bind.exec_driver_sql(f"CREATE INDEX recording_by_docked_number ON recording ({on_card})")


def _view(name: str, columns: str, table: str) -> str:
    return f"CREATE VIEW {name}_numbered AS SELECT {columns} FROM {table}"  # noqa: S608 (all of it is above)


def _on_sqlite(text: str) -> str:
    for one, into in [*zip(_LETTERS, _INTO, strict=True), *((letter, "") for letter in _DROPPED)]:
        text = f"replace({text}, '{one}', '{into}')"
    return text


def _on_postgres(text: str) -> str:
    return f"translate({text}, '{_LETTERS}{_DROPPED}', '{_INTO}')"
