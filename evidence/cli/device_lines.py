"""How one device and all that happened to it read on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from evidence.cli.words import person_text, printable, time_text
from evidence.locale import Word, say

Who = Mapping[str, Mapping[str, str | None]]


def history_lines(one: Mapping[str, Any], unit: str, who: Who, zone: str) -> Iterator[str]:
    """Yield the lines of a device: what it is, its checks, in whose hands it was, faults and maintenance.

    one: of `device_history_out`. who: numbers and names of the people in it, by id.
    """
    by, at = partial(person_text, who), partial(time_text, zone=zone)
    yield f"{printable(one['serial'])}  {say('device-class.' + one['class'])}  {unit}"
    known = ("maker", "model", "firmware", "capacity_mib", "service_until")
    yield f"  {say('device.details', **{key: _said(one[key]) for key in known})}"
    if one["retired"]:
        why, wiped = printable(one["retired_why"]), printable(one["wiped"])
        when, whom = at(one["retired"]), by(one["retired_by"])
        yield f"  {say('device.retired', at=when, by=whom, why=why, wiped=wiped)}"
    for row in one["checks"]:
        facts = {key: row[key] for key in ("battery_percent", "free_percent", "clock_offset_ms")}
        yield f"  {say('device.checked', at=at(row['at']), by=by(row['by']), **facts)}"
    for row in one["issues"]:
        person, back = by(row["person"]), by(row["returned_by"])
        yield f"  {say('device.issued', at=at(row['issued']), person=person, by=by(row['issued_by']))}"
        if row["override"]:
            yield f"    {say('device.override', why=printable(row['override']))}"
        if row["returned"]:
            words = say("device.returned", at=at(row["returned"]), person=back, by=by(row["received_by"]))
            yield f"    {words}{'  ‼ ' + say('device.by-another') if row['by_another'] else ''}"
        else:
            yield f"    {say('device.out')}"
    for row in one["services"]:
        kind, note = Word(f"service-kind.{row['kind']}"), printable(row["note"])
        yield f"  {say('device.service', kind=kind, at=at(row['at']), note=note, by=by(row['by']))}"
        if row["ended"]:
            how = printable(row["outcome"])
            yield f"    {say('device.over', at=at(row['ended']), outcome=how, by=by(row['ended_by']))}"


def _said(value: Any) -> Any:
    return printable(value) if isinstance(value, str) else value
