"""How things are written for people on a terminal: hostile names made harmless, spans, citations,
headings.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from evidence.answers.coded_words import fact_words, state_key, with_words
from evidence.domain import wording
from evidence.domain.instants import from_text
from evidence.domain.wording import printable as printable  # the doors take it from here
from evidence.errors import Invalid, Known
from evidence.local import citation_text
from evidence.locale import CHINESE, NOTHING, both, catalogue, duration, say, text
from evidence.policy.rules import Pack

_home: list[Pack] = []
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_MARK = {"info": "·", "attention": "!", "breach": "‼"}


def legible(value: Any) -> Any:
    r"""Return a JSON value; bytes of file names that are not UTF-8 are written `\xNN`, as docks do."""
    if isinstance(value, str):
        return wording.legible(value)
    if isinstance(value, Mapping):
        return {key: legible(one) for key, one in value.items()}
    return [legible(one) for one in value] if isinstance(value, list) else value


def print_new(id_: str, key: str, **said: str) -> None:
    """Print the id of something new alone on its line, for a script; what it is and what comes next goes to
    the other stream.
    """
    print(id_)
    print(say(f"new.{key}", **{field: printable(words) for field, words in said.items()}), file=sys.stderr)


def heading(part: str, number: int) -> str:
    """Return the heading of a part of a report, with how many lines follow."""
    return f"\n{say(f'heading.{part}')}: {number}"


def late_by_text(seconds: float | None) -> str:
    """Return a length of time in both languages, empty for none."""
    if seconds is None:
        return ""
    return both(lambda language: duration(language, round(seconds)))


def speak_under(pack: Pack) -> None:
    """Say citations from now on as they are under a pack. A command is a process, and opens one site."""
    _home[:] = [pack]


def cites_text(cites: Sequence[str]) -> str:
    """Return citations as people read them: instrument and article, and what is adopted from elsewhere."""
    home = _home[0] if _home else None
    return "; ".join(citation_text(cite, home) for cite in cites)


def fact_lines(field: str, value: object) -> Iterator[str]:
    """Yield the lines of a fact of an error as people read it: what would have been taken one by one, codes
    with their words, citations in words, times in the law's time zone.
    """
    named = say(f"fact.{field}") if f"fact.{field}" in catalogue(CHINESE) else printable(field)
    if isinstance(value, Known):
        yield f"  {named}:"
        for one in value.taken:
            yield f"    {printable(one if value.group is None else with_words(value.group, one))}"
        return
    said = str(value)
    if field == "cites":
        said = cites_text(said.split())
    elif _home and _INSTANT.fullmatch(said):
        said = time_text(said, _home[0].time_zone)
    elif key := state_key(value):
        said = f"{said} ({say(key)})"
    yield f"  {named}: {printable(fact_words(field, said))}"


def time_text(instant: str | None, zone: str) -> str:
    """Return an instant as people read it, in the law's time zone with its offset, to the second; in UTC what
    has no place there (the last hours of year 9999)."""
    if instant is None:
        return ""
    at = from_text(instant)
    with suppress(OverflowError):
        at = at.astimezone(ZoneInfo(zone))
    return at.isoformat(" ", "seconds")


def span_of_time(row: Mapping[str, Any], zone: str) -> str:
    """Return since when until when, as people read it."""
    return f"{time_text(row['since'], zone)} – {time_text(row['until'], zone)}"


def person_text(who: Mapping[str, Mapping[str, str | None]], id_: str | None) -> str:
    """Return somebody by number and name; who is not on the roll by id; a dash for nobody."""
    one = who.get(id_ or "", {"number": id_ or NOTHING})
    return printable(" ".join(filter(None, (one["number"], one.get("name")))))


def verdict_text(one: Mapping[str, Any], who: Mapping[str, Mapping[str, str | None]], zone: str) -> str:
    """Return what a fault file found about somebody, by whom and when; that nobody has decided yet."""
    found = say(f"verdict.{one['verdict']}" if one["verdict"] else "gap-state.fault-open")
    by = [person_text(who, one["decided_by"]), time_text(one["decided"], zone)] if one["verdict"] else []
    return "  ".join([f"{printable(one.get('wearer') or '?')}: {found}", *by])


def against_text(one: Mapping[str, Any], zone: str) -> str:
    """Return what was recorded of a time that a statement says was not: file, when, which recording."""
    start, end = (time_text(one[key], zone) for key in ("from", "to"))
    shown = f"{start} – {end}" if start else time_text(one["ended"], zone)
    named = [printable(one[key]) for key in ("device", "name") if one.get(key)]
    stored = one["recording"] or say("exemptions.against-listed" if named else "exemptions.against-hidden")
    return "  ".join([f"{say('exemptions.against')}:", *named, shown, stored])


def in_utc(typed: datetime, zone: ZoneInfo) -> datetime:
    """Return a time that somebody typed, in UTC: in the law's time zone, unless it names its own.

    Raises: Invalid("invalid-text").
    """
    try:
        return (typed if typed.tzinfo else typed.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # in year 1 or 9999
        raise Invalid("invalid-text", field="time") from None


def check_text(row: Mapping[str, Any], zone: str) -> str:
    """Return when a recording was last read back and with what outcome; a fault, now or before, is marked."""
    result = row["check_result"]
    if result is None:
        return say("cli.not-checked")
    is_sound = result == "ok"
    said = say("cli.verified") if is_sound else say(f"fault.{result}")
    lines = [f"{'' if is_sound else '‼ '}{time_text(row['checked'], zone)}", said]
    if row["past_faults"]:
        lines.append("! " + both(partial(_past_faults, row["past_faults"])))
    return "\n".join(lines)


def _past_faults(faults: Sequence[str], language: str) -> str:
    named = " · ".join(text(language, f"fault.{fault}") for fault in faults)
    return text(language, "cli.fault-before", faults=named)


def short_name(name: str) -> str:
    """Return a file's own name without its folders on the card, for narrow columns."""
    return name.rsplit("/", 1)[-1]


def finding_text(code: str, facts: Mapping[str, Any]) -> str:
    """Return the sentence of a finding: that of its manner where the catalogue has one, else the general."""
    manner = f"finding.{code}.{facts.get('manner')}"
    return say(manner if manner in catalogue(CHINESE) else f"finding.{code}.text", **facts)


def span_text(start: float | None, end: float | None) -> str:
    """Return a span of seconds inside a file; with one end only, that place."""
    ends = [f"{second:.3f}" for second in (start, end) if second is not None]
    return f"{'–'.join(ends)} s" if ends else ""


def finding_lines(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of one finding: what and where, the sentence, the articles."""
    code, severity = str(row["code"]), str(row["severity"])
    title, level = say(f"finding.{code}.title"), say(f"severity.{severity}")
    span = span_text(row["start_s"], row["end_s"])
    place = [printable(row["device"])] if row.get("device") else []  # local files have none
    place += [part for part in (printable(row["file"]), span) if part]
    yield f"{_MARK[severity]} [{level}] {title} ({code})  {'  '.join(place)}"
    if row.get("recording"):
        yield f"    {say('column.recording')} {row['recording']}"
    facts = {**row["detail"], **{key: row[key] for key in ("measured", "limit", "file", "start_s", "end_s")}}
    yield "    " + printable(finding_text(code, facts))
    if row["cites"]:
        yield "    " + cites_text(row["cites"])
