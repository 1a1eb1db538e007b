"""`evidence rebuild`: the catalogue is made anew from the vault alone. Exit code 4: something is damaged."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evidence.cli.move import Telling, progress_bars
from evidence.cli.site import OPERATOR, Data, Json, folder, link, print_json
from evidence.cli.words import printable
from evidence.locale import say

if TYPE_CHECKING:
    from evidence.rebuilding.report import Report
    from evidence.service.log.log_faults import Fault


def rebuild(
    from_: Annotated[str, typer.Option("--from", help="站点封存库的地址 / address of the site's vault")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """由封存库重建目录 / Make the catalogue anew from the vault; the database must be missing or empty."""
    from evidence.rebuilding import rebuild as rebuild_site

    bars = progress_bars() if sys.stderr.isatty() and not json_ else None
    shown: AbstractContextManager[Any] = bars if bars is not None else nullcontext()
    with shown:
        report = rebuild_site(folder(data), from_, OPERATOR, Telling(bars, quiet=json_))
    if json_:
        print_json(_out(report))
    else:
        for line in _lines(report):
            print(line)
    if report.faults:
        raise typer.Exit(4)


def _out(report: Report) -> dict[str, object]:
    def told(faults: list[Fault]) -> list[dict[str, object]]:
        return [{"kind": one.kind, "item": one.item, "detail": dict(one.detail)} for one in faults]

    return {
        "administrator": report.number,
        "administrator_link": link(report.link),
        "counts": dict(sorted(report.counts.items())),
        "faults": told(report.faults),
        "keys": report.vkeys,
        "logs": report.sizes,
        "notes": told(report.notes),
    }


def _lines(report: Report) -> list[str]:
    lines = [
        say("cli.rebuilt", entries=report.counts["entries"], recordings=report.counts["recording"],
            adopted=report.counts["adopted"]),
        say("cli.rebuilt-keys"),
        *(f"  {vkey}" for vkey in report.vkeys),
    ]  # fmt: skip
    for title, faults in (("cli.rebuilt-notes", report.notes), ("cli.rebuilt-faults", report.faults)):
        if faults:
            lines.append(say(title, number=len(faults)))
        for one in faults:
            detail = ", ".join(f"{name}: {value}" for name, value in one.detail.items())
            lines.append("  " + printable(f"{one.kind}  {one.item}" + (f"  ({detail})" if detail else "")))
    told = say("cli.admin-link", number=printable(report.number))
    return [*lines, say("cli.rebuilt-tokens"), told, f"  {link(report.link)}"]
