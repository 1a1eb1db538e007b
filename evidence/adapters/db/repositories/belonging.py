"""Which recordings belong to which case, in SQL: those that are linked, and those that bear its number.

One answer for all that ask (decision 50). What membership of a case gives is not here: that follows links.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select, union

from evidence.adapters.db.docked import is_docked
from evidence.adapters.db.label_tables import label
from evidence.adapters.db.numbers import case_numbered, label_numbered, recording_numbered
from evidence.adapters.db.people_tables import case_file, case_recording
from evidence.adapters.db.tables import recording
from evidence.policy.rules import Label


def belonging(ids: Select[Any]) -> Any:
    """Return the question for the recordings of cases: linked, labelled since docking, docked with the
    number.
    """
    number = label.alias("number")
    spoken_of = select(number.c.id).where(
        number.c.recording_id == recording.c.id, number.c.name == Label.CASE_NUMBER.value
    )
    linked = select(case_recording.c.case_id, case_recording.c.recording_id).where(
        case_recording.c.ended_at.is_(None), case_recording.c.case_id.in_(ids)
    )
    mine = select(case_numbered.c.normal).where(case_numbered.c.case_id.in_(ids))
    labelled = (
        select(case_numbered.c.case_id, label.c.recording_id)
        .join(label_numbered, label_numbered.c.normal == case_numbered.c.normal)
        .join(label, label.c.id == label_numbered.c.label_id)
        .where(label_numbered.c.name == Label.CASE_NUMBER.value, label_numbered.c.normal.in_(mine))
        .where(case_numbered.c.case_id.in_(ids), label.c.ended_at.is_(None))
    )
    docked = (
        select(case_file.c.id, recording.c.id)
        .join(case_numbered, case_numbered.c.case_id == case_file.c.id)
        .join(recording_numbered, recording_numbered.c.normal == case_numbered.c.docked)
        .join(recording, recording.c.id == recording_numbered.c.recording_id)
        .where(is_docked(recording_numbered.c.whole, case_numbered.c.quoted))
        .where(~spoken_of.exists(), case_file.c.id.in_(ids))
    )
    return union(linked, labelled, docked)
