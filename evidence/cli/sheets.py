"""Tables on the command line: what an import did or would do; files that are never overwritten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from evidence.answers.roll import outcome_out
from evidence.cli.site import print_json
from evidence.cli.words import cites_text, printable
from evidence.domain.sheets import Fault
from evidence.errors import Invalid
from evidence.locale import catalogue, say
from evidence.service.people.people_sheets import Outcome

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, XLSX")]
Apply = Annotated[
    bool,
    typer.Option("--apply/--dry-run", help="写入，或只试运行（默认）/ do it, or only tell what it would do"),
]


def print_outcome(outcome: Outcome, as_json: bool) -> int:
    """Print an outcome; return the exit code: 1 with a fault."""
    if as_json:
        print_json(outcome_out(outcome))
        return int(bool(outcome.faults))
    for row, whose, what, columns in outcome.rows:
        if what != "unchanged":
            named = ", ".join(column_text(one) for one in columns)
            print(f"{row:>6}  {say(f'sheet-word.{what}')}  {printable(whose)}  {named}".rstrip())
    for fault in outcome.faults:
        print(fault_line(fault))
    key = "applied" if outcome.applied else "refused" if outcome.faults else "dry"
    print(say(f"cli.sheet-{key}", **outcome.counts, faults=len(outcome.faults)))
    return int(bool(outcome.faults))


def fault_line(fault: Fault) -> str:
    """Return what is wrong with a cell, in a line."""
    said = say(f"sheet-fault.{fault.reason}")
    found = f" “{printable(fault.found)}”" if fault.found else ""
    cites = f"  {cites_text(fault.cites)}" if fault.cites else ""
    known = f"  {say('fact.known')}: {printable('; '.join(fault.known))}" if fault.known else ""
    where = say("cli.sheet-fault", row=fault.row, column=column_text(fault.column))
    return f"{where}: {said}{found}{cites}{known}"


def column_text(column: str) -> str:
    """Return a column in both languages; a heading that is none as it stands."""
    key = f"sheet-column.{column}"
    return say(key) if key in catalogue("en") else printable(column)


def write_table(file: Path, made: Callable[[str], bytes]) -> None:
    """Write a table in the form that the file's name asks for, into a new file.

    Raises: Invalid("unknown-form", "file-exists").
    """
    if file.exists():
        raise Invalid("file-exists", file=str(file))
    content = made(file.suffix.lower().lstrip("."))
    with file.open("xb") as new:
        new.write(content)
    print(say("cli.written", file=printable(str(file))))
