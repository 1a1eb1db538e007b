"""What is missing of the labels that recordings must carry, within reach: lists and counts, read only.

A case number that is to follow is not missing until its day is over; then it is, and comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.labels import Shortage, shortage
from evidence.domain.rights import Action
from evidence.policy.rules import cite_ids
from evidence.service.catalogue import StoredRecording
from evidence.service.gaps.by_unit import UnitCounts, count_by_unit
from evidence.service.gate import admits
from evidence.service.instruments import local_day, pack_at_capture
from evidence.service.ports import Policies
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class UnlabelledRecording:
    """A recording that lacks labels, or whose case number is to follow; cites: the articles that ask for
    them."""

    stored: StoredRecording
    lacks: Shortage
    cites: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The labels that are missing now."""
        return self.lacks.missing


@dataclass(frozen=True, slots=True)
class MissingLabels:
    """What is to be done, most urgent first, with its counts; to_follow: what is not missing yet, by day."""

    lines: Sequence[UnlabelledRecording]
    to_follow: Sequence[UnlabelledRecording]
    by_label: Mapping[str, int]
    by_unit: Sequence[UnitCounts]
    by_wearer: Mapping[str, int]


def unlabelled_of(
    policies: Policies, recordings: Iterable[StoredRecording], now: datetime
) -> list[UnlabelledRecording]:
    """Return those of these recordings that lack something, or whose case number is to follow."""
    today, found = local_day(policies, now), []
    for stored in recordings:
        rule = pack_at_capture(policies, stored.ended_at, stored.first_seen_at).labels
        lacks = shortage(rule.labels, stored.labels, today)
        if lacks.missing or lacks.due is not None:
            found.append(UnlabelledRecording(stored, lacks, cite_ids(rule.cites)))
    return found


@dataclass(frozen=True)
class Unlabelled:
    """The desk for missing labels."""

    site: Site

    @admits(Action.READ_GAPS)
    def missing(self, caller: Caller) -> MissingLabels:
        """Return the recordings within reach that lack labels; the look is logged."""
        there, now = reach(caller, Action.READ_GAPS, self.site.bars()), self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "missing-labels"}), now)
        with self.site.database.reading() as unit:
            found = unlabelled_of(self.site.policies, unit.recordings.all(reach=there, at=now), now)
            lines = sorted((one for one in found if one.missing), key=_urgency)
            by_unit = count_by_unit(unit, {"missing": lines})
        return MissingLabels(
            lines,
            sorted((one for one in found if not one.missing), key=_urgency),
            Counter(name for one in lines for name in one.missing),
            by_unit,
            Counter(one.stored.recording.origin.wearer for one in lines),
        )


def _urgency(one: UnlabelledRecording) -> tuple[bool, str, datetime]:
    due = one.lacks.due
    return not one.lacks.is_overdue, "" if due is None else due.isoformat(), one.stored.first_seen_at
