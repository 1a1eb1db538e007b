"""`evidence activities`: records of another system, matched to recordings, which get their labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from evidence.answers.label import match_out
from evidence.cli.labels import before_lines, unknown_case_lines
from evidence.cli.sheets import Apply, File, fault_line
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import printable
from evidence.locale import say

app = typer.Typer(help="执法活动记录 / records of activities", no_args_is_help=True)


@app.callback()
def activities() -> None:
    """执法活动记录 / Records of activities."""


@app.command("import")
def import_(file: File, apply: Apply = False, data: Data = None, json_: Json = False) -> None:
    """匹配并标注（默认只试运行） / Match a table and label what was recorded; a dry run, unless --apply."""
    desk = open_site(data).organisation.activities
    done = desk.import_table(OPERATOR, file.read_bytes(), apply=apply)
    told = match_out(done)
    if json_:
        print_json(told)
    else:
        for line in (*_lines(told), *map(fault_line, done.faults)):
            print(line)
        key = "applied" if told["applied"] else "refused" if told["faults"] else "dry"
        counts = {name: len(told[name]) for name in ("matched", "unmatched", "faults")}
        print(say(f"labels.match-{key}", changed=told["changed"], **counts))
    raise typer.Exit(int(bool(told["faults"])))


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    for row in told["matched"]:
        shown = " ".join(f"{one}{'*' * (one in row['changed'])}" for one in row["recordings"])
        yield f"{row['row']:>6}  {printable(row['activity'])}  {shown}"
        yield from before_lines(row["before"])
        yield from unknown_case_lines(row["unknown_case"])
    for row in told["unmatched"]:
        who = f"{printable(row['activity'])}  {printable(row['wearer'])}"
        yield f"{row['row']:>6}  {who}  {say('labels.no-recording')}"
        yield from unknown_case_lines(row["unknown_case"])
