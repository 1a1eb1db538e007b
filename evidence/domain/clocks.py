"""From all clocks of a file to one start and one end of recording, in UTC, with the origin of each.

Every clock is a claim. A name's time is the device's local time; a header's time may be the start in UTC,
the end in UTC, or local time labelled UTC; a file system's time is usually the end. What a header means is
told by its difference from the name: zero, the zone, or either of these plus the length. Clocks that stand
at a factory date, or in the future, are never chosen where another one is there.

Whether clocks contradict each other is judged in inner_clocks.py (one file) and session_clocks.py (several);
this module only chooses. All three meanings of the header's time were met in files of real cameras.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from evidence.domain.instants import to_text
from evidence.domain.media import ClockReading, MediaFacts
from evidence.domain.names import NameFacts

# Years that can be reckoned with: a zone or a length added to a year 1 or 9999 leaves the calendar.
UNSET = datetime(1904, 1, 1, tzinfo=UTC)  # a QuickTime date of 0: none was set
_FIRST_YEAR, _LAST_YEAR = 1000, 9000
_EARLIEST_YEAR = 2002  # 1904, 1970, 1980, 1999-12-31, 2000-01-01: where clocks start that lost their time
_LATEST_YEAR = 2036  # 2040-02-06: 32 set bits, seconds since 1904
_AHEAD = timedelta(days=1)  # a zone's worth: local time labelled UTC is not "the future"
_QUARTER_S = 900.0  # zones differ by quarters of an hour
_WIDEST_ZONE_S = 14 * 3600.0
_AGREE_S = 3.0  # two clocks of one second each, and a file system of two seconds
_LATE_END = timedelta(hours=12)  # a file written this long after its start was copied, not recorded
_CONTRADICTION = timedelta(hours=14)  # further apart than any zone: then the end is uncertain
LONGEST_S = 10 * 86400.0  # a file that claims more seconds than this lies about its length
_HEADERS = ("mvhd", "idit", "mkv-date", "exif", "icrd", "udta")  # the file's own date, in order of belief


@dataclass(frozen=True, slots=True)
class RecordingTimes:
    """When a recording began and ended (aware, UTC, device clock corrected by the measured offset), and why.

    Origins: "name", "mvhd", …, "mtime", "start+length", "end-length", or "" where nothing is known.
    device_start_text: what the device itself claims, unchanged. certain: the end comes from a plausible clock
    that no other clock of the device contradicts. zone_s: seconds east of UTC that were taken for local
    times. shift_s: seconds of the measured offset that start and end were corrected by. earliest_end: the
    earliest end that any plausible clock tells, the name read in the zone of the place as well: whoever may
    not take the later one on trust needs it (deadlines.py).
    """

    start: datetime | None
    end: datetime | None
    start_origin: str
    end_origin: str
    device_start_text: str | None
    certain: bool
    zone_s: float | None = None
    shift_s: float = 0.0
    earliest_end: datetime | None = None

    def as_json(self) -> dict[str, object]:
        """Return the times as JSON values."""
        return {
            "start": to_text(self.start) if self.start else None,
            "end": to_text(self.end) if self.end else None,
            "start_origin": self.start_origin,
            "end_origin": self.end_origin,
            "device_start": self.device_start_text,
            "certain": self.certain,
            "zone_s": self.zone_s,
            "shift_s": self.shift_s,
        }


def is_implausible(time: datetime, now: datetime | None = None) -> bool:
    """Tell whether a clock that shows this has lost its time: a factory date, or later than `now` + 1 day."""
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    if not _EARLIEST_YEAR <= time.year < _LATEST_YEAR:
        return True
    return now is not None and time > now + _AHEAD


def read_clock(reading: ClockReading) -> datetime | None:
    """Return the time of a reading, aware where its format states a zone; None where it is no time."""
    for form in ("", "%a %b %d %H:%M:%S %Y"):  # ISO 8601, or what C's ctime() writes (RIFF's IDIT)
        try:
            text = reading.text  # "%a %b …" states no zone
            time = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007
        except ValueError:
            continue
        return time if _FIRST_YEAR <= time.year < _LAST_YEAR else None
    return None


def header_clock(facts: MediaFacts) -> tuple[ClockReading, datetime] | None:
    """Return the file's own date as (reading, naive time as written), or None without one."""
    for wanted in _HEADERS:
        for reading in facts.clocks:
            if reading.origin.split(":")[0] == wanted and (time := read_clock(reading)) is not None:
                return reading, time.replace(tzinfo=None)
    return None


def local_to_utc(time: datetime, zone: str) -> datetime:
    """Return a naive local time of the named zone (IANA) in UTC."""
    return time.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def zone_of_difference(difference_s: float, length_s: float | None) -> tuple[float, str] | None:
    """Explain name minus header: (seconds east of UTC, what the header stands for), or None.

    The header stands for "start" or "end"; zone 0 means local time labelled UTC (or a device on UTC).
    """
    meanings = [("start", difference_s)] + ([("end", difference_s + length_s)] if length_s else [])
    for meaning, rest in meanings:
        zone = round(rest / _QUARTER_S) * _QUARTER_S
        if abs(rest - zone) <= _AGREE_S and abs(zone) <= _WIDEST_ZONE_S:
            return zone, meaning
    return None


@dataclass(frozen=True, slots=True)
class _Claim:
    """One possible start or end, in UTC of the device's clock."""

    origin: str
    time: datetime
    is_end: bool
    text: str
    zone_s: float | None = None


def best_times(
    facts: MediaFacts,
    named: NameFacts,
    zone: str,
    modified_at: datetime | None = None,
    clock_offset_s: float = 0.0,
    now: datetime | None = None,
) -> RecordingTimes:
    """Choose start and end of a recording.

    zone: IANA name for times that carry none. modified_at: aware. clock_offset_s: seconds to ADD to the
    device's clocks to get true time. now: aware; what lies in its future is not believed.
    """
    length_s = facts.duration_s if 0 <= (facts.duration_s or 0.0) <= LONGEST_S else None
    length = timedelta(seconds=length_s) if length_s is not None else None
    claims = list(_claims(facts, named, zone, modified_at, length_s))
    if not claims:
        return RecordingTimes(None, None, "", "", None, certain=False)
    shift = timedelta(seconds=clock_offset_s)
    # A clock known to be wrong by so much is judged by the time it means; a satellite's needs no correction.
    moved = {one: one.time if one.origin == "gps" else one.time + shift for one in claims}
    sound = [one for one in claims if not is_implausible(moved[one], now)]
    chosen = (sound or claims)[0]
    start, end, origins = _both_ends(chosen, length, modified_at)
    if chosen.origin == "gps":
        shift = timedelta(0)
    return RecordingTimes(
        start=start + shift if start else None,
        end=end + shift if end else None,
        start_origin=origins[0],
        end_origin=origins[1],
        device_start_text=chosen.text,
        certain=end is not None and _is_borne_out(claims, sound) and _agree(sound, length),
        zone_s=chosen.zone_s,
        shift_s=shift.total_seconds(),
        earliest_end=_earliest([chosen] if chosen.origin == "gps" else sound, named, zone, length, shift),
    )


def _earliest(
    sound: list[_Claim], named: NameFacts, zone: str, length: timedelta | None, shift: timedelta
) -> datetime | None:
    """Return the earliest end that a plausible clock tells. A header can move a name by any zone it likes."""
    claims = list(sound)
    if named.taken_at is not None and any(one.origin == "name" for one in sound):
        claims.append(_from_name(named.taken_at, named.is_utc, None, zone))
    ends = [one.time for one in claims if one.is_end]
    if length is not None:
        ends += [one.time + length for one in claims if not one.is_end]
    return min(ends) + shift if ends else None


def _claims(
    facts: MediaFacts, named: NameFacts, zone: str, modified_at: datetime | None, length_s: float | None
) -> Iterator[_Claim]:
    """Yield what each clock claims, most telling first: satellite, stated zone, name, header, file system."""
    for reading in facts.clocks:
        time = read_clock(reading)
        if reading.origin == "gps" and time is not None and abs(reading.at_s) <= LONGEST_S:
            at = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
            yield _Claim("gps", at - timedelta(seconds=reading.at_s), False, reading.text)
            break
        if reading.origin == "creationdate" and time is not None and time.tzinfo is not None:
            yield _Claim("creationdate", time.astimezone(UTC), False, reading.text)
            break
    header = header_clock(facts)
    meant = None
    if named.taken_at is not None and header is not None:
        meant = zone_of_difference((named.taken_at - header[1]).total_seconds(), length_s)
    if named.taken_at is not None:
        yield _from_name(named.taken_at, named.is_utc, meant, zone)
    if header is not None:
        ends_s = [0.0] if modified_at is None else [0.0, length_s or 0.0]
        yield _from_header(header, (meant, named.is_utc), zone, modified_at, ends_s)
    if modified_at is not None:
        yield _Claim("mtime", modified_at.astimezone(UTC), True, modified_at.isoformat())


def _from_name(taken: datetime, is_utc: bool, meant: tuple[float, str] | None, zone: str) -> _Claim:
    if is_utc:
        return _Claim("name", taken.replace(tzinfo=UTC), False, taken.isoformat(), 0.0)
    if meant is not None and meant[0] != 0:  # the header tells the device's own zone
        utc = (taken - timedelta(seconds=meant[0])).replace(tzinfo=UTC)
        return _Claim("name", utc, False, taken.isoformat(), meant[0])
    here = local_to_utc(taken, zone)  # no header, or one that repeats the name: the place's zone counts
    return _Claim("name", here, False, taken.isoformat(), (taken - here.replace(tzinfo=None)).total_seconds())


def _from_header(
    header: tuple[ClockReading, datetime],
    meant: tuple[tuple[float, str] | None, bool],
    zone: str,
    modified_at: datetime | None,
    lengths_s: list[float],
) -> _Claim:
    """Return what the header claims; without a name its meaning is told by the file system's time."""
    reading, time = header
    explained, name_is_utc = meant
    stated = read_clock(reading)
    as_utc = stated.astimezone(UTC) if stated is not None and stated.tzinfo else None
    local = local_to_utc(time, zone)
    if explained is not None:
        here = local if explained[0] == 0 and not name_is_utc else time.replace(tzinfo=UTC)
        return _Claim(reading.origin, here, explained[1] == "end", time.isoformat(), explained[0])
    for instant in (as_utc, local):
        for length_s in lengths_s:
            if instant is None or modified_at is None:
                continue
            if abs((modified_at - instant).total_seconds() - length_s) <= _AGREE_S:
                return _Claim(reading.origin, instant, length_s == 0, time.isoformat())
    return _Claim(reading.origin, as_utc or local, reading.meaning == "end", time.isoformat())


def _both_ends(
    chosen: _Claim, length: timedelta | None, modified_at: datetime | None
) -> tuple[datetime | None, datetime | None, tuple[str, str]]:
    if chosen.is_end:
        start = chosen.time - length if length is not None else None
        return start, chosen.time, ("end-length" if start else "", chosen.origin)
    if length is not None:
        return chosen.time, chosen.time + length, (chosen.origin, "start+length")
    if modified_at is not None and timedelta(0) <= modified_at - chosen.time <= _LATE_END:
        return chosen.time, modified_at.astimezone(UTC), (chosen.origin, "mtime")
    return chosen.time, None, (chosen.origin, "")


def _is_borne_out(claims: list[_Claim], sound: list[_Claim]) -> bool:
    """Tell whether a clock is believed that may be. Where the device's own clocks have lost their time, that
    of the file system is no way out: the recorder's would have lost it too, so it is a copy's."""
    own = [one for one in claims if one.origin != "mtime" and one.time != UNSET]
    return any(one in sound for one in own or claims)


def _agree(sound: list[_Claim], length: timedelta | None) -> bool:
    """Tell whether the device's own plausible clocks agree (a file system's time, which copying changes, is
    no witness against them)."""
    starts = [one.time - (length or timedelta(0)) * one.is_end for one in sound if one.origin != "mtime"]
    return not starts or max(starts) - min(starts) <= _CONTRADICTION
