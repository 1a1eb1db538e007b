"""`evidence derivatives`: what was made from originals: proxies for the player, and what somebody asked
for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.answers.derivative import derivative_out, derivatives_out
from evidence.answers.derivative_orders import order_from
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import printable
from evidence.locale import CHINESE, catalogue, say

app = typer.Typer(help="派生件 / what was made from originals", no_args_is_help=True)
Recording = Annotated[str, typer.Argument(help="资料标识 / id of the recording")]


@app.command("list")
def list_(recording: Recording, data: Data = None, json_: Json = False) -> None:
    """一份资料的全部派生件 / All that was made from a recording, or is being made."""
    found = derivatives_out(open_site(data).derivatives.of(OPERATOR, recording), OPERATOR)
    if json_:
        print_json(found)
        return
    if found["plays"] is not None:
        print(say(f"derivative.{'plays' if found['plays'] else 'needs-proxy'}"))
    for row in found["derivatives"]:
        _show(row)
    if not found["derivatives"]:
        print(say("cli.nothing-listed"))


@app.command()
def make(
    recording: Recording,
    order: Annotated[Path, typer.Argument(help="制作要求，JSON / what to make, as JSON")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """按要求制作片段、截图、遮蔽件或水印件 / Have a clip, a still, a redaction or a marked copy made."""
    made = derivative_out(
        open_site(data).derivatives.make(OPERATOR, recording, order_from(order.read_bytes()))
    )
    if json_:
        print_json(made)
        return
    _show(made)


@app.command()
def proxy(recording: Recording, data: Data = None, json_: Json = False) -> None:
    """制作播放用副本 / Have a proxy made that a browser plays; the service's workers make it."""
    made = derivative_out(open_site(data).derivatives.make_proxy(OPERATOR, recording))
    if json_:
        print_json(made)
        return
    _show(made)


def _show(row: dict[str, Any]) -> None:
    state, operation = say(f"derivative-state.{row['state']}"), say(f"operation.{row['operation']}")
    percent = "" if row["percent"] is None else f" {row['percent']} %"
    title = printable(str(row["words"].get("title", "")))
    print(f"{row['id']}  {operation}  {state}{percent}  {title}".rstrip())
    if row["problem"]:
        print(f"    {_why(row['problem'])}")
    if row["sha256"]:
        print(f"    {row['size']}  SHA-256 {row['sha256']}")


def _why(problem: str) -> str:
    known = f"derivative-problem.{problem}"
    return say(known) if known in catalogue(CHINESE) else say("derivative-problem.other", problem=problem)
