"""Until when a recording must be kept: calendar years from the server's time of sealing, never shortened.

Dazhe 2020 art. 11: not less than one year; used as evidence, as long as the case file. The date set with
the seal is the floor of the first half; a case or a hold can only move it later. What holds a recording
beyond its date, and the disposal itself, are not here.
"""

from __future__ import annotations

from datetime import UTC, datetime

from evidence.policy.rules import RetentionFloor


def retain_until(sealed_at: datetime, rule: RetentionFloor) -> datetime:
    """Return the moment (UTC) before which a recording sealed at sealed_at (server time, aware) must be kept.

    The years are calendar years in sealed_at's own time zone and in UTC, whichever ends later; 29
    February leads to 1 March, because 28 February would be a day short. Raises: ValueError for a naive
    time.
    """
    if sealed_at.tzinfo is None:
        raise ValueError("sealed_at needs a time zone")
    here = _years_later(sealed_at, rule.years).astimezone(UTC)
    return max(here, _years_later(sealed_at.astimezone(UTC), rule.years))


def stricter(a: datetime, b: datetime) -> datetime:
    """Return the later of two dates of retention: where two apply, the stricter holds (both aware)."""
    return max(a, b)


def stricter_floor(a: RetentionFloor, b: RetentionFloor) -> RetentionFloor:
    """Return the longer of two rules; for equal years both are cited.

    Old footage keeps the rule in force at capture unless the new one is longer (Dazhe 2020 art. 17).
    """
    if a.years != b.years:
        return a if a.years > b.years else b
    return RetentionFloor(a.years, tuple(dict.fromkeys(a.cites + b.cites)))


def _years_later(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February of a leap year
        return moment.replace(year=moment.year + years, month=3, day=1)
