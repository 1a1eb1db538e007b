"""Examinations and findings in SQL. A new examination supersedes the one before; none is deleted."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, false, insert, or_, select, true, update

from evidence.adapters.db.people_tables import standing
from evidence.adapters.db.repositories.rows import portions
from evidence.adapters.db.repositories.search_rows import touched
from evidence.adapters.db.repositories.standings import owed_within, within
from evidence.adapters.db.tables import announced, examination, finding, recording, upload
from evidence.domain.access import Reach
from evidence.domain.findings import Code, Finding
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.people import WHOLE
from evidence.domain.subjects import name_told
from evidence.policy.rules import Pack
from evidence.service.catalogue import Scope, StoredFinding


class SqlExaminations:
    """See service.ports.Examinations."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def record(
        self, scope: Scope, kind: str, pack: Pack, facts: str, findings: Sequence[Finding], at: datetime
    ) -> bool:
        """Add an examination as the current one, unless that says the same; tell whether it did."""
        bodies = [json.dumps(one.as_json(), ensure_ascii=False) for one in findings]
        if self._says_the_same(scope, kind, pack, facts, bodies):
            return False
        mine = and_(
            examination.c.scope_kind == scope.kind,
            examination.c.scope_id == scope.id,
            examination.c.kind == kind,
            examination.c.current.is_(True),
        )
        before = select(finding.c.recording_id).join(
            examination, examination.c.id == finding.c.examination_id
        )
        touched(self._db, self._db.execute(before.where(mine)).scalars())
        self._db.execute(update(examination).where(mine).values(current=False))
        examination_id = new_id()
        self._db.execute(
            insert(examination).values(
                id=examination_id,
                scope_kind=scope.kind,
                scope_id=scope.id,
                kind=kind,
                at=to_text(at),
                policy_id=pack.id,
                policy_version=pack.version,
                facts=facts,
                current=True,
            )
        )
        if findings:
            rows = [_row(examination_id, scope, *row) for row in zip(findings, bodies, strict=True)]
            touched(self._db, (scope.recording_of(one.file) for one in findings))
            self._db.execute(insert(finding), rows)
        return True

    def _says_the_same(self, scope: Scope, kind: str, pack: Pack, facts: str, bodies: Sequence[str]) -> bool:
        said = (
            examination.c.id,
            examination.c.policy_id,
            examination.c.policy_version,
            examination.c.facts,
        )
        there = self._db.execute(
            select(*said).where(
                examination.c.scope_kind == scope.kind,
                examination.c.scope_id == scope.id,
                examination.c.kind == kind,
                examination.c.current.is_(True),
            )
        ).first()
        if there is None or tuple(there)[1:] != (pack.id, pack.version, facts):
            return False
        found = self._db.execute(select(finding.c.body).where(finding.c.examination_id == there.id)).scalars()
        return sorted(found) == sorted(bodies)

    def facts(self, scope_kind: str, scope_id: str, kind: str) -> str | None:
        """Return the facts of the current examination."""
        return self._db.execute(
            select(examination.c.facts).where(
                examination.c.scope_kind == scope_kind,
                examination.c.scope_id == scope_id,
                examination.c.kind == kind,
                examination.c.current.is_(True),
            )
        ).scalar_one_or_none()

    def facts_of(self, recording_ids: Collection[str], kind: str) -> Mapping[str, str]:
        """Return the same of these recordings, as far as there are any, by recording id."""
        found = dict[str, str]()
        for some in portions(recording_ids):
            query = select(examination.c.scope_id, examination.c.facts).where(
                examination.c.scope_kind == "recording",
                examination.c.scope_id.in_(some),
                examination.c.kind == kind,
                examination.c.current.is_(True),
            )
            found |= {str(row.scope_id): str(row.facts) for row in self._db.execute(query)}
        return found

    def all_facts(self, scope_kind: str, kind: str) -> Mapping[str, str]:
        """Return the facts of all current examinations of a kind, by scope id."""
        rows = self._db.execute(
            select(examination.c.scope_id, examination.c.facts).where(
                examination.c.scope_kind == scope_kind,
                examination.c.kind == kind,
                examination.c.current.is_(True),
            )
        )
        return {str(row.scope_id): str(row.facts) for row in rows}

    def current(
        self,
        recording_id: str | None = None,
        device: str | None = None,
        *,
        reach: Reach | None = None,
        at: datetime | None = None,
    ) -> Sequence[StoredFinding]:
        """Return the findings of the current examinations, oldest examination first: those within reach, else
        (for the service's own work, or of a recording that was admitted) all.
        """
        query = _findings(current=True)
        if reach is not None:
            query = _within(query, reach, at)
        if recording_id is not None:
            query = query.where(finding.c.recording_id == recording_id)
        if device is not None:
            query = query.where(finding.c.device == device)
        return [_stored(row) for row in self._db.execute(query)]

    def of_codes(self, recording_ids: Collection[str], codes: Collection[Code]) -> Sequence[StoredFinding]:
        """Return those of these recordings with these codes, oldest examination first."""
        asked = finding.c.code.in_([code.value for code in codes])
        return self._of(_findings(current=True).where(asked), recording_ids)

    def of_recordings(self, recording_ids: Collection[str]) -> Sequence[StoredFinding]:
        """Return those of these recordings, which somebody was admitted to, oldest examination first."""
        return self._of(_findings(current=True), recording_ids)

    def of_none(self, reach: Reach, at: datetime) -> Sequence[StoredFinding]:
        """Return those within reach that belong to no recording, oldest examination first."""
        query = _within(_findings(current=True), reach, at).where(finding.c.recording_id.is_(None))
        return [_stored(row) for row in self._db.execute(query)]

    def named(self, subject: str) -> Collection[tuple[str, str]]:
        """Return recorder and file of those whose line in the gap report has this name."""
        rows = self._db.execute(_findings(current=True).where(finding.c.subject == subject))
        return {(one.device, str(one.body["file"])) for one in map(_stored, rows)}

    def superseded(self, code: Code, recording_ids: Collection[str] | None = None) -> Sequence[StoredFinding]:
        """Return the findings with this code of examinations that are no longer current, oldest first; of
        these recordings, or of all."""
        query = _findings(current=False).where(finding.c.code == code.value)
        if recording_ids is not None:
            return self._of(query, recording_ids)
        return [_stored(row) for row in self._db.execute(query)]

    def _of(self, query: Select[Any], recording_ids: Collection[str]) -> Sequence[StoredFinding]:
        """Return the findings of these recordings, a few hundred to a question."""
        found = list[StoredFinding]()
        for some in portions(recording_ids):
            found += [_stored(row) for row in self._db.execute(query.where(finding.c.recording_id.in_(some)))]
        return sorted(found, key=lambda one: (one.at, one.id))


def _within(query: Select[Any], reach: Reach, at: datetime | None) -> Select[Any]:
    """Keep what is within reach. A finding belongs to its recording; without one, to the file that it is
    about. One about a recorder: to those who may know of a recording of it.
    """
    if reach.everything:
        return query
    query = query.join(recording, recording.c.id == finding.c.recording_id, isouter=True)
    query = query.join(standing, standing.c.recording_id == recording.c.id, isouter=True)
    of = examination.c.scope_kind
    there = recording.join(standing, standing.c.recording_id == recording.c.id, isouter=True)
    devices = select(recording.c.device).select_from(there).where(within(reach, at)).correlate(None)
    files = [
        and_(of == kind, examination.c.scope_id.in_(select(table.c.id).where(owed_within(reach, at, table))))
        for kind, table in (("announced", announced), ("upload", upload))
    ]
    is_whole = true() if WHOLE in reach.paths else false()
    of_recorder = and_(of == "device", or_(is_whole, finding.c.device.in_(devices)))
    sealed = select(recording.c.id).select_from(there).where(within(reach, at)).correlate(None)
    of_recording = and_(of == "recording", examination.c.scope_id.in_(sealed))
    without = and_(finding.c.recording_id.is_(None), or_(*files, of_recorder, of_recording))
    return query.where(or_(and_(recording.c.id.is_not(None), within(reach, at)), without))


def _findings(*, current: bool) -> Select[Any]:
    return (
        select(finding, examination.c.scope_kind, examination.c.at, examination.c.policy_id)
        .join(examination, examination.c.id == finding.c.examination_id)
        .where(examination.c.current.is_(current))
        .order_by(examination.c.at, finding.c.id)
    )


def _stored(row: Any) -> StoredFinding:
    return StoredFinding(
        id=row.id,
        scope_kind=row.scope_kind,
        recording_id=row.recording_id,
        device=row.device,
        at=from_text(row.at),
        policy=row.policy_id,
        body=json.loads(row.body),
    )


def _row(examination_id: str, scope: Scope, one: Finding, body: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "examination_id": examination_id,
        "recording_id": scope.recording_of(one.file),
        "device": scope.device,
        "code": one.code.value,
        "severity": one.severity.value,
        "body": body,
        "subject": name_told(scope.device, one.as_json()),
    }
