"""The clocks in and beside one file. Every clock is kept with its origin; none is believed by itself.

Headers may hold the start or the end of a recording, in UTC or in local time called UTC: so a constant
difference of whole quarter hours, or of the recording's own length, is a habit. What is not is a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from evidence.domain import limits
from evidence.domain.clocks import UNSET
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import ClockReading, MediaFacts
from evidence.domain.names import read_name
from evidence.policy.rules import Pack

EARLIEST = datetime(
    2002, 1, 1, tzinfo=UTC
)  # no body camera is older; epochs (1970, 1980, 2000) are before it
ALL_ONES = datetime(2040, 2, 6, 6, 28, 15, tzinfo=UTC)  # 32 bits of ones, counted from 1904
FUTURE = timedelta(days=1)  # ahead of now by more than any zone
HEADERS = ("mvhd", "tkhd", "mdhd")


def moment(reading: ClockReading) -> datetime | None:
    """Return a reading as an aware time (one without a zone is taken as UTC), None if it is no full date."""
    try:
        read = datetime.fromisoformat(reading.text)
    except ValueError:
        return None
    if not 1000 <= read.year < 9000:  # a zone or a length added to it could leave the calendar
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def implausible_clocks(facts: MediaFacts, now: datetime | None) -> Iterator[Finding]:
    """Find clocks that were never set, stand at an epoch, or run ahead of `now` (aware; None: not asked)."""
    told: set[datetime] = set()
    for reading in facts.clocks:
        at = moment(reading)
        if at is None or at in told or reading.origin.startswith("gps-without-fix"):
            continue
        future = at == ALL_ONES or at.year > 2100 or (now is not None and at > now + FUTURE)
        if at >= EARLIEST and not future:
            continue
        told.add(at)
        severity = Severity.INFO if at == UNSET else Severity.ATTENTION
        reason = "unset" if at == UNSET else "future" if future else "epoch"
        manner = {"manner": "file-system"} if reading.origin == "mtime" else {}
        yield Finding(Code.CLOCK_IMPLAUSIBLE, severity, facts.name, measured=reading.text,
                      detail={**manner, "origin": reading.origin, "reason": reason})  # fmt: skip


def disagreeing_clocks(facts: MediaFacts, _: Pack) -> Iterator[Finding]:
    """Compare the movie header with track headers, time code, creation date and satellite time."""
    movie = _first(facts, "mvhd")
    if movie is None:
        return
    length = facts.duration_s or 0.0
    yield from _headers(facts, movie, length)
    for reading in facts.clocks:
        if reading.origin == "tmcd":
            apart = abs(_within_day(movie, reading.text))
            if apart > limits.CLOCK_S:  # a time code may count anything: never more than a fact
                yield _disagreement(facts, Severity.INFO, movie, reading, apart, limits.CLOCK_S)
        elif reading.origin == "creationdate" and (other := moment(reading)) is not None:
            apart = abs((movie - other).total_seconds())
            severity = Severity.ATTENTION if apart > limits.EXPORT_S + length else Severity.INFO
            if apart > limits.CLOCK_S + length:
                yield _disagreement(facts, severity, movie, reading, apart, limits.EXPORT_S + length)
    satellite = next((one for one in facts.clocks if one.origin == "gps"), None)
    if satellite is not None and (other := moment(satellite)) is not None:
        apart = abs(beyond_zone((other - movie).total_seconds() - satellite.at_s, length))
        if apart > limits.CLOCK_S:
            yield _disagreement(facts, Severity.INFO, movie, satellite, apart, limits.CLOCK_S)


def _headers(facts: MediaFacts, movie: datetime, length: float) -> Iterator[Finding]:
    worst: tuple[float, ClockReading] | None = None
    for reading in facts.clocks:
        other = moment(reading)
        if reading.origin.partition(":")[0] in ("tkhd", "mdhd") and other is not None and other != UNSET:
            apart = abs((movie - other).total_seconds())
            if apart > limits.CLOCK_S + length and (worst is None or apart > worst[0]):
                worst = apart, reading
    if worst is not None:
        yield _disagreement(facts, Severity.ATTENTION, movie, worst[1], worst[0], limits.CLOCK_S + length)


def _disagreement(facts: MediaFacts, severity: Severity, movie: datetime, other: ClockReading,
                  apart: float, limit: float) -> Finding:  # fmt: skip
    detail = {"clocks": {"mvhd": movie.isoformat(), other.origin: other.text}}
    return Finding(
        Code.CLOCK_DISAGREES,
        severity,
        facts.name,
        measured=round(apart, 3),
        limit=round(limit, 3),
        detail=detail,
    )


def jumping_satellite_clock(facts: MediaFacts, _: Pack) -> Iterator[Finding]:
    """Find where satellite time jumps against the media: time was taken out or put in, though stamps are
    closed.

    The first record of a recording is left out: receivers hand over an old one (1.47 s old measured).
    """
    readings = [(one, at) for one in facts.clocks if one.origin == "gps" and (at := moment(one)) is not None]
    for (before, then), (after, later) in zip(readings[1:], readings[2:], strict=False):
        jump = (later - then).total_seconds() - (after.at_s - before.at_s)
        if abs(jump) > limits.GPS_JUMP_S:
            yield Finding(
                Code.CLOCK_DISAGREES, Severity.ATTENTION, facts.name, after.at_s, after.at_s, round(jump, 3),
                limits.GPS_JUMP_S, detail={"clocks": {"gps": [before.text, after.text]}},
            )  # fmt: skip


def name_against_clocks(facts: MediaFacts, _: Pack) -> Iterator[Finding]:
    """Compare the time in the name with the header's (must agree) and the modification time (a fact).

    A file is modified last when it ends. Where its length is unknown, that says nothing about its beginning.
    """
    named = read_name(facts.name).taken_at
    if named is None:
        return
    named = named.replace(tzinfo=UTC)
    length = facts.duration_s or 0.0
    for origin in (*HEADERS, "idit", "creationdate", "mtime"):
        reading = next((one for one in facts.clocks if one.origin.partition(":")[0] == origin), None)
        other = moment(reading) if reading else None
        if reading is None or other is None or other < EARLIEST:
            continue
        if origin == "mtime" and facts.duration_s is None:
            return
        apart = abs(beyond_zone((named - other.replace(tzinfo=UTC)).total_seconds(), length))
        if apart > limits.NAME_S:
            severity = Severity.INFO if origin == "mtime" else Severity.ATTENTION
            yield Finding(
                Code.NAME_TIME_DIFFERS,
                severity,
                facts.name,
                measured=round(apart, 3),
                limit=limits.NAME_S,
                detail={
                    **({"manner": "file-system"} if origin == "mtime" else {}),
                    "clocks": {"name": named.replace(tzinfo=None).isoformat(), reading.origin: reading.text},
                },
            )
        if origin != "mtime":
            return


def beyond_zone(apart_s: float, length_s: float) -> float:
    """Return what is left of a difference after any zone (-12 … +14 h) and start-or-end of the recording.

    Whole quarter hours within the zones of the earth are taken out; outside of them nothing is.
    """
    best = apart_s
    for shift in (0.0, length_s):
        whole = round((apart_s + shift) / limits.QUARTER_HOUR_S) * limits.QUARTER_HOUR_S
        rest = apart_s + shift - (whole if -43_200 <= whole <= 50_400 else 0.0)
        best = rest if abs(rest) < abs(best) else best
    return best


def _first(facts: MediaFacts, origin: str) -> datetime | None:
    for reading in facts.clocks:
        if reading.origin == origin:
            at = moment(reading)
            return at if at is not None and at != UNSET else None
    return None


def _within_day(movie: datetime, text: str) -> float:
    try:
        hours, minutes, seconds = (int(part) for part in text.split(":")[:3])
    except ValueError:
        return 0.0
    day = (movie.hour * 3600 + movie.minute * 60 + movie.second) - (hours * 3600 + minutes * 60 + seconds)
    return (day + 43_200) % 86_400 - 43_200
