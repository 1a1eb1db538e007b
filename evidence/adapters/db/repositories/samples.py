"""Samples for review in SQL. Nothing is deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from evidence.adapters.db.people_tables import standing, unit
from evidence.adapters.db.repositories.rows import time_or_none
from evidence.adapters.db.sample_tables import sample, sample_item
from evidence.adapters.db.tables import recording
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.samples import Drawn, Sample, SampleItem, SampleOutcome


class SqlSamples:
    """See service.sample_ports.Samples."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Sample, seed: bytes) -> None:
        """Add a sample, with the seed that nobody is to see yet."""
        self._db.execute(
            insert(sample).values(
                id=new.id,
                unit_id=new.unit_id,
                since=to_text(new.since),
                until=to_text(new.until),
                commitment=new.commitment,
                share_percent=new.share_percent,
                least=new.least,
                committed_by=new.committed_by,
                committed_at=to_text(new.committed_at),
                secret=seed.hex(),
            )
        )

    def get(self, sample_id: str) -> Sample | None:
        """Return one."""
        row = self._db.execute(select(sample).where(sample.c.id == sample_id)).first()
        return None if row is None else _sample(row)

    def all(self) -> Sequence[Sample]:
        """Return all, newest first."""
        ordered = select(sample).order_by(sample.c.committed_at.desc(), sample.c.id)
        return [_sample(row) for row in self._db.execute(ordered)]

    def seed(self, sample_id: str) -> bytes | None:
        """Return the seed of a sample that is not drawn; None where a rebuild lost it."""
        text = self._db.execute(select(sample.c.secret).where(sample.c.id == sample_id)).scalar()
        return None if text is None else bytes.fromhex(text)

    def draw(self, sample_id: str, drawn: Drawn, recordings: Sequence[str]) -> None:
        """Note a draw."""
        values: dict[str, Any] = {
            "drawn_by": drawn.by,
            "drawn_at": to_text(drawn.at),
            "seed": drawn.seed.hex(),
        }
        values |= {"secret": None, "population_sha256": drawn.population_sha256}
        mine = update(sample).where(sample.c.id == sample_id)
        self._db.execute(mine.values(**values, population=drawn.population, quota=drawn.quota))
        rows = [
            {"id": new_id(), "sample_id": sample_id, "recording_id": one, "place": place}
            for place, one in enumerate(recordings, 1)
        ]
        if rows:
            self._db.execute(insert(sample_item), rows)

    def population(self, path: str, since: datetime, until: datetime) -> Mapping[str, str | None]:
        """Return the recordings below a unit that were sealed in [since, until), and who wore each."""
        there = recording.join(standing, standing.c.recording_id == recording.c.id)
        query = select(recording.c.id, standing.c.person_id).select_from(
            there.join(unit, unit.c.id == standing.c.unit_id)
        )
        in_time = and_(recording.c.sealed_at >= to_text(since), recording.c.sealed_at < to_text(until))
        return {row.id: row.person_id for row in self._db.execute(query.where(in_time, _below(path)))}

    def items(self, sample_id: str) -> Sequence[SampleItem]:
        """Return what was drawn, in order."""
        mine = select(sample_item).where(sample_item.c.sample_id == sample_id)
        return [_item(row) for row in self._db.execute(mine.order_by(sample_item.c.place))]

    def reviewed(self) -> Mapping[str, int]:
        """Return how many recordings of each sample are reviewed."""
        done = select(sample_item.c.sample_id, func.count()).where(sample_item.c.reviewed_at.is_not(None))
        return {row[0]: row[1] for row in self._db.execute(done.group_by(sample_item.c.sample_id))}

    def review(
        self, sample_id: str, recording_id: str, by: str, at: datetime, outcome: SampleOutcome, note: str
    ) -> bool:
        """Note a review; False where there is one already."""
        mine = and_(sample_item.c.sample_id == sample_id, sample_item.c.recording_id == recording_id)
        open_ = update(sample_item).where(mine, sample_item.c.reviewed_at.is_(None))
        values = {"outcome": outcome.value, "note": note, "reviewed_by": by, "reviewed_at": to_text(at)}
        return self._db.execute(open_.values(**values)).rowcount == 1


def _below(path: str) -> Any:
    return unit.c.path.like(f"{path}%")  # of ids and slashes only: nothing in it means something to LIKE


def _sample(row: Any) -> Sample:
    drawn = None
    if row.drawn_at is not None:
        out_of = (row.population, row.population_sha256, row.quota)
        drawn = Drawn(row.drawn_by, from_text(row.drawn_at), bytes.fromhex(row.seed), *out_of)
    return Sample(
        row.id,
        row.unit_id,
        from_text(row.since),
        from_text(row.until),
        row.commitment,
        row.share_percent,
        row.least,
        row.committed_by,
        from_text(row.committed_at),
        drawn,
    )


def _item(row: Any) -> SampleItem:
    outcome = None if row.outcome is None else SampleOutcome(row.outcome)
    done = (outcome, row.note, row.reviewed_by, time_or_none(row.reviewed_at))
    return SampleItem(row.sample_id, row.recording_id, row.place, *done)
