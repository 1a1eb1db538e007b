"""Which pack was in force at a moment: the law's day is a day in the law's own time zone, not in UTC."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from evidence.domain.deadlines import is_plausible_end
from evidence.domain.instants import day_in
from evidence.policy.rules import Pack
from evidence.service.ports import Policies


def local_day(policies: Policies, moment: datetime) -> date:
    """Return the day that an aware moment is in where the rules apply."""
    return day_in(ZoneInfo(policies.latest.time_zone), moment)


def pack_at(policies: Policies, moment: datetime) -> Pack:
    """Return the pack in force at an aware moment."""
    return policies.at(local_day(policies, moment))


def pack_at_capture(policies: Policies, ended_at: datetime | None, seen_at: datetime) -> Pack:
    """Return the pack in force at capture: old footage keeps its rule (Dazhe 2020 art. 17).

    ended_at: end of recording (corrected), None when unknown; seen_at: when the file was first heard of. A
    clock that cannot be right chooses no rule: then the moment that is certain counts.
    """
    if ended_at is None or not is_plausible_end(ended_at, seen_at):
        return pack_at(policies, seen_at)
    return pack_at(policies, min(ended_at, seen_at))
