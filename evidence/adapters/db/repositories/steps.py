"""Steps of cases in SQL, and the recordings that may show them. Each question is asked once for all cases."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Select, and_, insert, literal, or_, select, update

from evidence.adapters.db.activity_tables import act_document, case_step, step_officer
from evidence.adapters.db.label_tables import label
from evidence.adapters.db.people_tables import case_file, standing, unit
from evidence.adapters.db.repositories.belonging import belonging
from evidence.adapters.db.repositories.cases import below, case_of, cases_with_path
from evidence.adapters.db.repositories.labels import given
from evidence.adapters.db.repositories.rows import time_or_none
from evidence.adapters.db.tables import examination, recording
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.labels import Given, history, officers_of, standing_of, values_of
from evidence.domain.spans import Span
from evidence.domain.steps import Footage, Matter, Step
from evidence.errors import IntegrityFault
from evidence.policy.rules import Label
from evidence.service.cases.step_ports import Scope
from evidence.service.people.people_ports import StoredCase

_ASKED = (Label.CATEGORY, Label.STAGE, Label.MATTER, Label.OFFICER)
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class SqlSteps:
    """See service.step_ports.Steps."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Step) -> None:
        """Add a step."""
        is_matter = isinstance(new.what, Matter)
        words = (new.what.category, new.what.stage, new.what.matter) if isinstance(new.what, Matter) else ()
        row = {
            "id": new.id,
            "case_id": new.case_id,
            "kind": None if is_matter else new.what,
            **dict(zip(("category", "stage", "matter"), words, strict=False)),
            "since": to_text(new.span.start),
            "until": to_text(new.span.end),
            "place": new.place,
            "owner_id": new.owner_id,
            "by": new.by,
            "at": to_text(new.at),
        }
        self._db.execute(insert(case_step).values(**row))
        for serial, one in enumerate(new.officers, 1):
            named = {"id": new_id(), "step_id": new.id, "person_id": one, "serial": serial}
            self._db.execute(insert(step_officer).values(**named))

    def end(self, case_id: str, step_id: str, by: str, at: datetime) -> bool:
        """Note that there was no such step; False where it is not there."""
        mine = and_(case_step.c.id == step_id, case_step.c.case_id == case_id, case_step.c.ended_at.is_(None))
        over = {"ended_by": by, "ended_at": to_text(at)}
        return self._db.execute(update(case_step).where(mine).values(**over)).rowcount == 1

    def get(self, step_id: str) -> Step | None:
        """Return a step, also one that was taken back."""
        row = self._db.execute(select(case_step).where(case_step.c.id == step_id)).first()
        if row is None:
            return None
        named = select(step_officer.c.person_id).where(step_officer.c.step_id == step_id)
        return _step(row, self._db.execute(named.order_by(step_officer.c.serial)).scalars().all())

    def cases(self, scope: Scope) -> Sequence[StoredCase]:
        """Return the cases, oldest first."""
        query = cases_with_path().where(_asked(scope)).order_by(case_file.c.opened_at, case_file.c.id)
        return [case_of(row) for row in self._db.execute(query)]

    def of(self, scope: Scope) -> Mapping[str, Sequence[Step]]:
        """Return the steps of the cases that have any, by case, in order of time."""
        busy = select(case_step.c.case_id).where(case_step.c.ended_at.is_(None))
        ids = ids_of(scope).where(case_file.c.id.in_(busy))  # few cases have steps: begin with them
        mine = select(case_step).where(case_step.c.ended_at.is_(None), case_step.c.case_id.in_(ids))
        named = select(step_officer.c.step_id, step_officer.c.person_id)
        named = named.where(step_officer.c.step_id.in_(mine.with_only_columns(case_step.c.id)))
        officers: dict[str, list[str]] = {}
        for step_id, person_id in self._db.execute(named.order_by(step_officer.c.serial)):
            officers.setdefault(step_id, []).append(person_id)
        found: dict[str, list[Step]] = {}
        for row in self._db.execute(mine.order_by(case_step.c.since, case_step.c.id)):
            found.setdefault(row.case_id, []).append(_step(row, officers.get(row.id, ())))
        return found

    def footage(self, scope: Scope) -> Mapping[str, Sequence[Footage]]:
        """Return the recordings of the cases, by case."""
        ids = ids_of(scope)
        if scope.case_id is None:
            busy = or_(
                case_file.c.id.in_(select(case_step.c.case_id).where(case_step.c.ended_at.is_(None))),
                case_file.c.id.in_(select(act_document.c.case_id).where(act_document.c.ended_at.is_(None))),
            )
            ids = ids.where(busy)
        return self._footage(belonging(ids).cte("belongs"))

    def worn(self, people: Collection[str], since: datetime, until: datetime) -> Sequence[Footage]:
        """Return what these people wore a recorder for that ended since then and until then, of any case or
        none, in order of its end."""
        nowhere = literal("").label("case_id")
        ended = recording.c.ended_at.between(to_text(since), to_text(until))
        theirs = select(nowhere, standing.c.recording_id).join(recording).where(
            standing.c.person_id.in_(sorted(people)), ended
        )  # fmt: skip
        return self._footage(theirs.cte("belongs")).get("", ())

    def _footage(self, belongs: CTE) -> Mapping[str, Sequence[Footage]]:
        """Return recordings by what they belong to. belongs: case_id, recording_id."""
        said: dict[str, list[Given]] = {}
        spoken = select(label).where(label.c.recording_id.in_(select(belongs.c.recording_id)))
        for row in self._db.execute(spoken.order_by(label.c.serial)):
            if row.name in _ASKED:  # asked of SQL, this would lead it through all labels of these names
                said.setdefault(row.recording_id, []).append(given(row))
        found: dict[str, list[Footage]] = {}
        for row in self._db.execute(_recordings(belongs)):
            try:
                found.setdefault(row.case_id, []).append(_footage(row, said.get(row.id, ())))
            except (ValueError, TypeError, AttributeError) as problem:
                raise IntegrityFault("row-unreadable", recording=row.id, reason=str(problem)) from problem
        return found


def ids_of(scope: Scope) -> Select[Any]:
    """Return the question for the ids of the cases."""
    return select(case_file.c.id).join(unit, unit.c.id == case_file.c.unit_id).where(_asked(scope))


def _asked(scope: Scope) -> ColumnElement[bool]:
    owner = unit.alias("owner")
    owed = select(case_step.c.case_id).join(owner, owner.c.id == case_step.c.owner_id)
    owed = owed.where(case_step.c.ended_at.is_(None), below(owner.c.path, scope.paths))
    mine = or_(below(unit.c.path, scope.paths), case_file.c.id.in_(owed))
    if scope.since is not None or scope.until is not None:
        then = case_step.alias("then")
        span = [] if scope.since is None else [then.c.until >= to_text(scope.since)]
        span += [] if scope.until is None else [then.c.until < to_text(scope.until)]
        mine = and_(mine, case_file.c.id.in_(select(then.c.case_id).where(*span)))
    return mine if scope.case_id is None else and_(mine, case_file.c.id == scope.case_id)


def _recordings(belongs: CTE) -> Select[Any]:
    judged = and_(
        examination.c.scope_kind == "recording",
        examination.c.scope_id == recording.c.id,
        examination.c.kind == "sequence",
        examination.c.current.is_(True),
    )
    query = (
        select(
            belongs.c.case_id,
            recording.c.id,
            recording.c.ended_at,
            recording.c.labels,
            standing.c.person_id,
            examination.c.facts,
        )
        .join(recording, recording.c.id == belongs.c.recording_id)
        .join(standing, standing.c.recording_id == recording.c.id, isouter=True)
        .join(examination, judged, isouter=True)
    )
    return query.order_by(recording.c.ended_at, recording.c.id)


def _footage(row: Any, said: Sequence[Given]) -> Footage:
    docked = {name: text for name, text in json.loads(row.labels).items() if name in _ASKED and text}
    stands = values_of(standing_of(history(docked, _ANY_TIME, said))) if said else docked
    span, shift_s = _times(row.facts)
    return Footage(
        recording_id=row.id,
        wearer_id=row.person_id,
        officers=officers_of(stands.get(Label.OFFICER, "")),
        category=stands.get(Label.CATEGORY),
        stage=stands.get(Label.STAGE),
        matter=stands.get(Label.MATTER),
        span=span,
        ended_at=time_or_none(row.ended_at),
        shift_s=shift_s,
    )


def _times(facts: str | None) -> tuple[Span | None, float]:
    """Return when a recording was made, as the last judgement of its device says, and its clock's drift."""
    times = {} if facts is None else json.loads(facts)
    start, end = times.get("start"), times.get("end")
    if not times.get("certain") or start is None or end is None or end < start:
        return None, 0.0
    return Span(from_text(start), from_text(end)), float(times.get("shift_s", 0.0))


def _step(row: Any, officers: Sequence[str]) -> Step:
    return Step(
        id=row.id,
        case_id=row.case_id,
        what=row.kind if row.kind is not None else Matter(row.category, row.stage, row.matter),
        span=Span(from_text(row.since), from_text(row.until)),
        place=row.place,
        owner_id=row.owner_id,
        officers=tuple(officers),
        by=row.by,
        at=from_text(row.at),
    )
