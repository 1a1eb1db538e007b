"""What a recorder's file name says: device, officer, start, sequence number, channel, mode.

A name is data and is believed only as a claim. Each family is one pattern with named groups; the first that
fits with a possible date wins, and a name that fits none is "unknown", not an error. Places with other
recorders put their own patterns in front of these. The families are those of makers' manuals and public
parsers; `station` is an assumption modelled on GA/T 947 systems, whose naming rule was not readable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NamePattern:
    """One family of names. The expression is matched to the whole name, without its folder and ending.

    Groups it may have: year (2 or 4 digits) month (number or English short name) day hour minute second,
    device, officer, sequence, channel, mode, group. resolution_s: the step of the name's clock in seconds.
    """

    name: str
    expression: re.Pattern[str]
    resolution_s: float = 1.0
    is_utc: bool = False


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What was read from a name, and by which pattern. taken_at is naive: UTC if is_utc, else device local.

    group: what stays the same over the files of one recording (a GoPro clip number). sequence_digits: the
    width of the counter, so that it is known where it wraps. fields: which of the facts the name gave.
    """

    pattern: str
    device: str | None = None
    officer: str | None = None
    taken_at: datetime | None = None
    sequence: int | None = None
    channel: str | None = None
    mode: str | None = None
    group: str | None = None
    sequence_digits: int = 0
    resolution_s: float = 1.0
    is_utc: bool = False
    fields: tuple[str, ...] = ()


_DATE = r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
_TIME = r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)"
_DASHED = r"(?P<year>\d{4})[-_](?P<month>\d\d)[-_](?P<day>\d\d)"
_DASHED_TIME = r"(?P<hour>\d\d)[-_](?P<minute>\d\d)[-_](?P<second>\d\d)"
_IDS = r"(?P<device>[^_@\W](?:[^_@\s]*[^_@\W])?)[_@](?P<officer>[^_@\s]+)"
_COUNT = r"(?P<sequence>\d{2,8})"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _pattern(name: str, text: str, resolution_s: float = 1.0, is_utc: bool = False) -> NamePattern:
    return NamePattern(name, re.compile(text, re.IGNORECASE), resolution_s, is_utc)


PATTERNS: tuple[NamePattern, ...] = (
    _pattern("station", rf"{_IDS}[_@]{_DATE}[_-]?{_TIME}(?:[_-]{_COUNT})?(?:[_-](?P<mode>[A-Z]+))?"),
    _pattern("canon", rf"{_DATE}{_TIME}-(?P<group>\d{{14}})-(?P<mode>[A-Z0-9]+?)00_(?P<sequence>\d{{1,8}})",
             is_utc=True),
    _pattern("viofo", rf"(?P<year>\d{{4}})_(?P<month>\d\d)(?P<day>\d\d)_{_TIME}(?:_{_COUNT})?_?"
             r"(?P<mode>[PE])?(?P<channel>[FRTIABC])?"),
    _pattern("vantrue", rf"{_DATE}_{_TIME}_{_COUNT}_(?P<mode>[NEP])_(?P<channel>[A-D])"),
    _pattern("blackvue", rf"{_DATE}_{_TIME}_(?P<mode>[NEPM])(?P<channel>[FRI])"),
    _pattern("70mai", rf"(?P<mode>NO|EV|LA|PA){_DATE}-{_TIME}-{_COUNT}(?P<channel>[FBIR])?"),
    _pattern("nextbase", rf"(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)_{_TIME}_{_COUNT}_"
             r"(?P<channel>[FRB][HL])"),
    _pattern("urive", rf"(?P<mode>[MEP]DR)(?P<channel>\d?)_{_DATE}_{_TIME}"),
    _pattern("thinkware", rf"(?P<mode>REC|EVT|PARK|MAN)_(?:{_DASHED}|{_DATE.replace('?P<', '?P<c')})"
             rf"[_-](?:{_DASHED_TIME}|{_TIME.replace('?P<', '?P<c')})(?:_{_COUNT})?_(?P<channel>[FR])"),
    _pattern("sigmastar", rf"REC{_DATE}-{_TIME}-{_COUNT}(?:-(?P<channel>[A-D]))?"),
    _pattern("sigmastar", rf"CH(?P<channel>\d+)-{_DATE}-{_TIME}"),
    _pattern("innovv", r"(?P<day>\d\d)(?P<month>\d\d)(?P<year>\d{4})-(?P<hour>\d\d)(?P<minute>\d\d)_"
             rf"CAM(?P<channel>\d)_{_COUNT}", 60.0),
    _pattern("tesla", rf"{_DASHED}_{_DASHED_TIME}-(?P<channel>[a-z_]+)"),
    _pattern("havis", r"(?P<device>.{1,14})_(?P<month>[A-Z][a-z]{2})\.(?P<day>\d\d)\.(?P<year>\d{4})_"
             r"(?P<hour>\d\d)\.(?P<minute>\d\d)\.(?P<second>\d\d)(?P<mode>[+#*]*)"),
    _pattern("pixel", rf"PXL_{_DATE}_{_TIME}\d{{3}}.*", is_utc=True),
    _pattern("android", rf"(?:VID|MOV|VIDEO)_{_DATE}_{_TIME}(?:_(?P<channel>\d\d)_{_COUNT})?(?:[_~(].*)?"),
    _pattern("gopro", r"G[HXL](?P<sequence>\d\d)(?P<group>\d{4})"),
    _pattern("gopro", r"G[HX](?P<group>[A-Z]{2})(?P<sequence>\d{4})"),
    _pattern("gopro", r"GP(?P<sequence>\d\d)(?P<group>\d{4})"),
    _pattern("gopro", r"GOPR(?P<group>\d{4})"),
    _pattern("ddpai", rf"(?P<mode>[GSQ])_{_DATE}{_TIME}(?:_{_COUNT})?(?:_(?P<channel>[A-Z]))?"),
    _pattern("novatek", rf"{_DATE}{_TIME}(?:_{_COUNT})?_?(?P<channel>[A-Z])?"),
    _pattern("camera-counter", r"(?:MVI|MOV|DSC[NF]?|C?IMG|IMGP|P|REC|FILE|VIDEO)_?(?P<sequence>\d{4,6})"),
    _pattern("date-time", rf"(?:.*\D)?{_DATE}[-_T ]?{_TIME}(?:[-_]{_COUNT})?(?:\D.*)?"),
    _pattern("date-time", rf"(?:.*\D)?{_DASHED}[-_T ]{_DASHED_TIME.replace('[-_]', '[-_.]')}(?:\D.*)?"),
)  # fmt: skip

_FACTS = ("device", "officer", "sequence", "channel", "mode", "group")
_UNKNOWN = NameFacts("unknown")


def read_name(name: str, patterns: tuple[NamePattern, ...] = PATTERNS) -> NameFacts:
    """Read what the name claims; the pattern is "unknown" when none fits. Never raises, whatever the text."""
    stem = re.split(r"[/\\]", name[-1024:])[-1]
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}\Z", "", stem)
    for pattern in patterns:
        match = pattern.expression.fullmatch(stem)
        if match is not None:
            facts = _facts(pattern, {key: value for key, value in match.groupdict().items() if value})
            if facts is not None:
                return facts
    return _UNKNOWN


def _facts(pattern: NamePattern, groups: dict[str, str]) -> NameFacts | None:
    """Return the facts, or None when the name holds a date that cannot be (so it is not this family)."""
    taken_at = None
    if {"year", "cyear"} & groups.keys():
        taken_at = _date(groups)
        if taken_at is None:
            return None
    counter = groups.get("sequence")
    given = tuple(key for key in _FACTS if key in groups) + (("taken_at",) if taken_at else ())
    return NameFacts(
        pattern=pattern.name,
        device=groups.get("device"),
        officer=groups.get("officer"),
        taken_at=taken_at,
        sequence=int(counter) if counter else None,
        channel=groups.get("channel"),
        mode=groups.get("mode"),
        group=groups.get("group"),
        sequence_digits=len(counter) if counter else 0,
        resolution_s=pattern.resolution_s,
        is_utc=pattern.is_utc,
        fields=given,
    )


def _date(groups: dict[str, str]) -> datetime | None:
    def number(key: str, missing: int) -> int:
        text = groups.get(key) or groups.get("c" + key)
        if text is None:
            return missing
        return int(text) if text.isdigit() else _MONTHS.index(text.lower()) + 1

    try:
        year = number("year", 0)
        if year >= 9000:  # a zone added to it could leave the calendar
            return None
        return datetime(  # noqa: DTZ001 - a name says no zone
            year + 2000 if year < 100 else year,
            number("month", 1), number("day", 1), number("hour", 0), number("minute", 0), number("second", 0),
        )  # fmt: skip
    except ValueError:  # month 13, "Foo", second 61
        return None


def is_same_number(told: str, given: str) -> bool:
    """Tell whether a name's number of a device or an officer can be the given one: recorders write it whole
    or its end only, in either case of letters."""
    one, other = told.casefold(), given.casefold()
    return one.endswith(other) or other.endswith(one)
