"""Derivatives, in SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from evidence.adapters.db.derivative_tables import derivative
from evidence.adapters.db.repositories.rows import digests_of, legible, time_or_none
from evidence.adapters.db.tables import job
from evidence.domain.derivatives import Derivative, Operation, Output
from evidence.domain.instants import from_text, to_text
from evidence.service.jobs import JobName

_OPEN = derivative.c.made_at.is_(None) & derivative.c.failed_at.is_(None)


class SqlDerivatives:
    """See service.derivative_ports.Derivatives."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Derivative) -> None:
        """Add one that was asked for."""
        self._db.execute(
            insert(derivative).values(
                id=new.id,
                recording_id=new.recording_id,
                operation=new.operation.value,
                parameters=_text(new.parameters),
                words=_text(new.words) if new.words else None,
                asked_by=new.asked_by,
                asked_at=to_text(new.asked_at),
            )
        )

    def get(self, derivative_id: str) -> Derivative | None:
        """Return one."""
        return next(iter(self._some(derivative.c.id == derivative_id)), None)

    def of(self, recording_id: str) -> Sequence[Derivative]:
        """Return all of a recording, oldest first."""
        return self._some(derivative.c.recording_id == recording_id)

    def with_proxy(self, recording_ids: Collection[str]) -> frozenset[str]:
        """Return those of these recordings of which a proxy lies ready to be played."""
        ready = derivative.c.made_at.is_not(None) & derivative.c.gone_at.is_(None)
        mine = derivative.c.recording_id.in_(list(recording_ids)) & (
            derivative.c.operation == Operation.PROXY.value
        )
        return frozenset(self._db.execute(select(derivative.c.recording_id).where(mine, ready)).scalars())

    def waiting(self) -> Sequence[str]:
        """Return those that are asked for and have not ended, oldest first."""
        query = select(derivative.c.id).where(_OPEN).order_by(derivative.c.asked_at, derivative.c.id)
        return list(self._db.execute(query).scalars())

    def lying(self) -> Iterator[Derivative]:
        """Yield those of which the vault holds something, or is about to."""
        yield from self._some(derivative.c.data_key.is_not(None) & derivative.c.gone_at.is_(None))

    def note_output(self, derivative_id: str, output: Output) -> bool:
        """Note what is about to be sealed; False where it has ended meanwhile."""
        return self._change(
            derivative_id,
            _OPEN,
            data_key=output.key,
            size=output.size_bytes,
            sha256=output.digests.sha256,
            sm3=output.digests.sm3,
            length_ms=output.length_ms,
            made_with=_text(output.made_with),
        )

    def note_made(self, derivative_id: str, at: datetime) -> bool:
        """Note that it lies in the vault; False where it has ended meanwhile, or that was noted."""
        return self._change(derivative_id, _OPEN, made_at=to_text(at))

    def note_failed(self, derivative_id: str, problem: str, at: datetime) -> bool:
        """Note that nothing came of it; False where it has ended already."""
        return self._change(derivative_id, _OPEN, problem=legible(problem)[:40], failed_at=to_text(at))

    def note_gone(self, derivative_id: str, at: datetime) -> bool:
        """Note that it was destroyed; False where that was noted."""
        return self._change(derivative_id, derivative.c.gone_at.is_(None), gone_at=to_text(at))

    def note_percent(self, derivative_id: str, percent: int) -> None:
        """Note how far its job is: in no piece of rows, and of no weight."""
        mine = (job.c.name == JobName.DERIVE.value) & (job.c.subject == derivative_id)
        self._db.execute(update(job).where(mine, job.c.state == "running").values(percent=percent))

    def _change(self, derivative_id: str, which: ColumnElement[bool], **values: Any) -> bool:
        mine = (derivative.c.id == derivative_id) & which
        return self._db.execute(update(derivative).where(mine).values(**values)).rowcount == 1

    def _some(self, which: ColumnElement[bool]) -> Sequence[Derivative]:
        working = (job.c.name == JobName.DERIVE.value) & (job.c.subject == derivative.c.id)
        percent = select(func.max(func.coalesce(job.c.percent, 0))).where(working, job.c.state == "running")
        query = select(derivative, percent.scalar_subquery().label("percent")).where(which)
        query = query.order_by(derivative.c.asked_at, derivative.c.id)
        return [_derivative(row) for row in self._db.execute(query)]


def _text(values: Mapping[str, object]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, sort_keys=True)


def _derivative(row: Any) -> Derivative:
    return Derivative(
        id=row.id,
        recording_id=row.recording_id,
        operation=Operation(row.operation),
        parameters=json.loads(row.parameters),
        words=json.loads(row.words) if row.words is not None else {},
        asked_by=row.asked_by,
        asked_at=from_text(row.asked_at),
        output=_output(row),
        made_at=time_or_none(row.made_at),
        problem=row.problem,
        failed_at=time_or_none(row.failed_at),
        gone_at=time_or_none(row.gone_at),
        percent=row.percent,
    )


def _output(row: Any) -> Output | None:
    digests = digests_of(row)
    if digests is None:
        return None
    return Output(row.data_key, row.size, digests, row.length_ms, json.loads(row.made_with))
