"""`evidence recordings|findings|deadlines`: the lists of a site, for people or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from evidence.answers.recordings import deadline_out, finding_out, recording_out
from evidence.cli.coded import one_of
from evidence.cli.site import OPERATOR, Data, Device, Json, open_site, print_json
from evidence.cli.words import (
    check_text,
    cites_text,
    finding_lines,
    late_by_text,
    printable,
    short_name,
    time_text,
)
from evidence.domain.findings import Severity
from evidence.locale import say

_WIDER_THAN_ANY_ROW = 100_000
_OF_SEVERAL_LINES = ("state", "check")


def recordings(data: Data = None, device: Device = None, json_: Json = False) -> None:
    """封存清单 / List sealed recordings."""
    application = open_site(data)
    rows = [recording_out(one, OPERATOR) for one in application.recordings.list(OPERATOR, device)]
    if json_:
        print_json(rows)
        return
    zone = application.site.policies.latest.time_zone
    shown = [
        {
            **row,
            "name": short_name(row["name"]),
            "sealed": time_text(row["sealed"], zone),
            "retain_until": time_text(row["retain_until"], zone),
            "check": check_text(row, zone),
        }
        for row in rows
    ]
    print_table(
        ("check", "device", "wearer", "name", "size", "sealed", "retain_until", "id", "sha256"), shown
    )
    print(say("cli.recordings-total", **_counts(rows)))


def findings(
    data: Data = None,
    least: Annotated[
        Severity, typer.Option(help="最低级别 / least severity", **one_of(Severity, "severity"))
    ] = Severity.INFO,
    json_: Json = False,
) -> None:
    """检查结果 / List findings."""
    application = open_site(data)
    rows = [finding_out(one, OPERATOR) for one in application.reports.findings(OPERATOR, least)]
    if json_:
        print_json(rows)
        return
    for row in rows:
        _print_finding(row)
    if not rows:
        print(say("cli.nothing-listed"))


def deadlines(data: Data = None, json_: Json = False) -> None:
    """入库时限 / List the 24-hour deadlines, the most urgent first."""
    application = open_site(data)
    rows = [deadline_out(row, OPERATOR) for row in application.deadlines.list(OPERATOR)]
    if json_:
        print_json(rows)
        return
    _print_deadlines(rows, application.site.policies.latest.time_zone)
    if not rows:
        print(say("cli.nothing-listed"))


def _counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {
        "recordings": len(rows),
        "faulty": sum(row["check_result"] not in (None, "ok") for row in rows),
        "past": sum(bool(row["past_faults"]) for row in rows),
        "unchecked": sum(row["check_result"] is None for row in rows),
    }


def _print_finding(row: Mapping[str, Any]) -> None:
    for line in finding_lines(row):
        print(line)


def _print_deadlines(rows: Sequence[Mapping[str, Any]], zone: str) -> None:
    table = [
        {
            **row,
            "state": say(f"deadline.{row['state']}").replace(" / ", "\n"),
            "name": short_name(row["name"]),
            "clock_starts": time_text(row["clock_starts"], zone),
            "due": time_text(row["due"], zone),
            "stored": time_text(row["stored"], zone),
            "late_by": late_by_text(row["late_by_s"]),
        }
        for row in rows
    ]
    print_table(
        ("state", "device", "wearer", "name", "clock_starts", "due", "stored", "late_by", "recording"), table
    )
    for cite in sorted({cite for row in rows for cite in row["cites"]}):
        print(f"  {say('column.cites')}: {cites_text([cite])}")


def print_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a table: for a terminal as wide as that, with digests shortened; else one line for each row."""
    if not rows:
        return
    is_terminal = sys.stdout.isatty()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        title = say(f"column.{column}")
        table.add_column(title.replace(" / ", "\n") if is_terminal else title, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(column, row[column], is_terminal) for column in columns))
    shown = Console(highlight=False, markup=False)
    if is_terminal:
        shown.print(table)
        return
    shown.width = _WIDER_THAN_ANY_ROW
    with shown.capture() as lines:
        shown.print(table)
    for line in lines.get().splitlines():
        print(line.rstrip())


def _cell(column: str, value: object, is_terminal: bool) -> str:
    """Write one cell: hostile names made harmless; only our own line breaks stay, on a terminal."""
    if value is None:
        return ""
    text = str(value)
    if column in _OF_SEVERAL_LINES:
        return ("\n" if is_terminal else " ").join(printable(line) for line in text.split("\n"))
    return printable(f"{text[:12]}…" if column == "sha256" and is_terminal else text)
