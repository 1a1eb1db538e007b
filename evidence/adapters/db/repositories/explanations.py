"""What was explained about gaps, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from evidence.adapters.db.fault_tables import fault_file, fault_person
from evidence.adapters.db.gap_tables import explanation, gap
from evidence.adapters.db.people_tables import person
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE, time_or_none
from evidence.domain.explanations import Explanation, Gap, Outcome, Spoken
from evidence.domain.fault_files import Judged, Verdict
from evidence.domain.instants import from_text, to_text
from evidence.domain.subjects import Place, Subject


class SqlExplanations:
    """See service.gap_ports.Explanations."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, gap: Gap, new: Explanation) -> None:
        """Add an explanation; and what it is about, where that is new."""
        self.keep(gap)
        spoken = new.spoken
        self._db.execute(
            insert(explanation).values(
                id=new.id,
                gap=new.gap,
                finding_id=new.finding_id,
                cause=new.cause,
                text=new.text,
                spoken_id=None if spoken is None else spoken.recording_id,
                spoken_from_ms=None if spoken is None else spoken.from_ms,
                spoken_to_ms=None if spoken is None else spoken.to_ms,
                marker_id=None if spoken is None else spoken.marker_id,
                author=new.author,
                at=to_text(new.at),
            )
        )

    def keep(self, new: Gap) -> None:
        """Add what must be explained, where it is new."""
        if self.gap(new.subject.name) is not None:
            return
        place = new.subject.place
        self._db.execute(
            insert(gap).values(
                name=new.subject.name,
                kind=new.subject.kind,
                part=new.part,
                code=new.code,
                device=new.device,
                file=new.file,
                recording_id=new.recording_id,
                wearer=new.wearer,
                start_ms=place.start_ms,
                end_ms=place.end_ms,
                length_ms=place.length_ms,
            )
        )

    def gap(self, name: str) -> Gap | None:
        """Return what was explained under a name."""
        return next(iter(self._gaps(gap.c.name == name)), None)

    def of_kinds(self, kinds: Collection[str]) -> Sequence[Gap]:
        """Return what was explained of these kinds."""
        return [one for some in _some(kinds) for one in self._gaps(gap.c.kind.in_(some))]

    def get(self, explanation_id: str) -> Explanation | None:
        """Return one explanation."""
        return next(iter(self._explanations(explanation.c.id == explanation_id)), None)

    def of(self, names: Collection[str]) -> Mapping[str, Sequence[Explanation]]:
        """Return the explanations of these gaps, oldest first; none for a gap that has none."""
        found: dict[str, list[Explanation]] = {name: [] for name in names}
        for some in _some(names):
            for one in self._explanations(explanation.c.gap.in_(some)):
                found[one.gap].append(one)
        return found

    def review(self, explanation_id: str, by: str, at: datetime, outcome: Outcome, reason: str) -> bool:
        """Note a decision; False where there is one already."""
        mine = (explanation.c.id == explanation_id) & explanation.c.reviewed_at.is_(None)
        values = {"reviewed_by": by, "reviewed_at": to_text(at), "outcome": outcome.value, "reason": reason}
        return self._db.execute(update(explanation).where(mine).values(**values)).rowcount == 1

    def waiting_of(self, wearer: str) -> Sequence[str]:
        """Return the ids of explanations about what somebody wore that nobody has decided about."""
        mine = select(explanation.c.id).join(gap, gap.c.name == explanation.c.gap)
        mine = mine.where(gap.c.wearer == wearer, explanation.c.reviewed_at.is_(None))
        return list(self._db.execute(mine.order_by(explanation.c.at, explanation.c.id)).scalars())

    def _gaps(self, which: ColumnElement[bool]) -> Sequence[Gap]:
        return [gap_of(row) for row in self._db.execute(select(gap).where(which).order_by(gap.c.name))]

    def _explanations(self, which: ColumnElement[bool]) -> Sequence[Explanation]:
        ordered = select(explanation).where(which).order_by(explanation.c.at, explanation.c.id)
        found = [explanation_of(row) for row in self._db.execute(ordered)]
        verdicts = self._verdicts([one.id for one in found if one.outcome is Outcome.FAULT])
        return [replace(one, verdicts=tuple(verdicts.get(one.id, ()))) for one in found]

    def _verdicts(self, ids: Collection[str]) -> Mapping[str, list[Judged]]:
        """Return what the fault files of these explanations found about each person, by explanation."""
        found: dict[str, list[Judged]] = {}
        judged = fault_person.c.verdict, fault_person.c.decided_by, fault_person.c.decided_at
        query = (
            select(fault_file.c.explanation_id, person.c.number, *judged)
            .join(fault_person, fault_person.c.file_id == fault_file.c.id)
            .join(person, person.c.id == fault_person.c.person_id)
            .order_by(person.c.number)
        )
        for some in _some(ids):
            for row in self._db.execute(query.where(fault_file.c.explanation_id.in_(some))):
                verdict = None if row.verdict is None else Verdict(row.verdict)
                one = Judged(row.number, verdict, row.decided_by, time_or_none(row.decided_at))
                found.setdefault(row.explanation_id, []).append(one)
        return found


def _some(names: Collection[str]) -> Iterator[list[str]]:
    wanted = sorted(set(names))
    for first in range(0, len(wanted), NAMES_AT_ONCE):
        yield wanted[first : first + NAMES_AT_ONCE]


def gap_of(row: Any) -> Gap:
    """Read a row."""
    return Gap(
        subject=Subject(row.name, row.kind, Place(row.start_ms, row.end_ms, row.length_ms)),
        part=row.part,
        code=row.code,
        device=row.device,
        file=row.file,
        recording_id=row.recording_id,
        wearer=row.wearer,
    )


def explanation_of(row: Any) -> Explanation:
    """Read a row."""
    return Explanation(
        id=row.id,
        gap=row.gap,
        finding_id=row.finding_id,
        cause=row.cause,
        text=row.text,
        spoken=_spoken(row) if row.spoken_id is not None else None,
        author=row.author,
        at=from_text(row.at),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        reason=row.reason,
        reviewed_by=row.reviewed_by,
        reviewed_at=time_or_none(row.reviewed_at),
    )


def _spoken(row: Any) -> Spoken:
    return Spoken(row.spoken_id, row.spoken_from_ms, row.spoken_to_ms, row.marker_id)
