"""Seconds since an epoch to ISO 8601 text, without the cost of importing datetime."""

from __future__ import annotations

DAY = 86_400
_TO_1970 = 2_082_844_800  # seconds from 1904-01-01 to 1970-01-01, both UTC


def from_1904(seconds: int) -> str:
    """Return the UTC text of a QuickTime date; seconds >= 0 since 1904-01-01T00:00:00Z."""
    return from_1970(seconds - _TO_1970)


def from_1970(seconds: float) -> str:
    """Return the UTC text of Unix seconds: to the second, or the millisecond where there are parts of one."""
    whole = int(seconds // 1)
    days, rest = divmod(whole, DAY)
    year, month, day = civil(days)
    part = f".{int((seconds - whole) * 1000):03d}" if seconds != whole else ""
    return f"{year:04d}-{month:02d}-{day:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}{part}Z"


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def spoken_date(text: str) -> str:
    """Return ISO 8601 for "MON SEP 10 20:52:00 2012" and "2012:09:10 20:52:00"; else the text as it is."""
    words = text.lower().split()
    if len(words) == 5 and words[1] in MONTHS and words[2].isdigit() and words[4].isdigit():
        return f"{int(words[4]):04d}-{MONTHS.index(words[1]) + 1:02d}-{int(words[2]):02d}T{words[3]}"
    if len(words) == 2 and words[0].count(":") == 2:
        return f"{words[0].replace(':', '-')}T{words[1]}"
    return text


def civil(days: int) -> tuple[int, int, int]:
    """Return year, month, day of a day number, 0 = 1970-01-01, proleptic Gregorian (after H. Hinnant)."""
    days += 719_468
    era, of_era = divmod(days, 146_097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    day_of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1
