"""`evidence derivatives`: what was made from originals: proxies for the player, and what somebody asked
for.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from evidence.answers.derivative import derivative_out, derivatives_out
from evidence.answers.derivative_orders import order_from
from evidence.answers.derivative_words import derivative_words
from evidence.bootstrap import Application
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import printable, time_text
from evidence.domain.derivatives import Derivative
from evidence.domain.instants import to_text
from evidence.locale import CHINESE, both, catalogue, say

app = typer.Typer(help="派生件 / what was made from originals", no_args_is_help=True)
Recording = Annotated[str, typer.Argument(help="资料标识 / id of the recording")]


@app.command("list")
def list_(recording: Recording, data: Data = None, json_: Json = False) -> None:
    """一份资料的全部派生件 / All that was made from a recording, or is being made."""
    application = open_site(data)
    found = application.derivatives.of(OPERATOR, recording)
    if json_:
        print_json(derivatives_out(found, OPERATOR))
        return
    if found.plays is not None:
        print(say(f"derivative.{'plays' if found.plays else 'needs-proxy'}"))
    for one in found.derivatives:
        _show(one)
        by, at = found.people[one.asked_by], to_text(one.asked_at)
        who = " ".join(filter(None, (by.name, by.number))) or say(f"officer.seer-{by.kind}")
        print(f"    {say('derivative.by')}  {printable(who)}  {time_text(at, _zone(application))}")
    if not found.derivatives:
        print(say("cli.nothing-listed"))


@app.command()
def make(
    recording: Recording,
    order: Annotated[Path, typer.Argument(help="制作要求，JSON / what to make, as JSON")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """按要求制作片段、截图、遮蔽件或水印件 / Have a clip, a still, a redaction or a marked copy made."""
    made = open_site(data).derivatives.make(OPERATOR, recording, order_from(order.read_bytes()))
    if json_:
        print_json(derivative_out(made))
        return
    _show(made)


@app.command()
def proxy(recording: Recording, data: Data = None, json_: Json = False) -> None:
    """制作播放用副本 / Have a proxy made that a browser plays; the service's workers make it."""
    made = open_site(data).derivatives.make_proxy(OPERATOR, recording)
    if json_:
        print_json(derivative_out(made))
        return
    _show(made)


def _show(one: Derivative) -> None:
    state = say(f"derivative-state.{one.state.value}")
    percent = "" if one.percent is None else f" {one.percent} %"
    title = printable(str(one.words.get("title", "")))
    print(f"{one.id}  {state}{percent}  {title}".rstrip())
    print(f"    {both(partial(derivative_words, one))}")
    if one.problem:
        print(f"    {_why(one.problem)}")
    if one.output is not None and one.made_at is not None:
        print(f"    {one.output.size_bytes}  SHA-256 {one.output.digests.sha256}")


def _zone(application: Application) -> str:
    return application.site.policies.latest.time_zone


def _why(problem: str) -> str:
    known = f"derivative-problem.{problem}"
    return say(known) if known in catalogue(CHINESE) else say("derivative-problem.other", problem=problem)
