"""`evidence holds`: place, list and ask to lift holds. Lifting takes a second person, who signs in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from evidence.answers.people import with_names
from evidence.answers.recordings import hold_out
from evidence.bootstrap import Application
from evidence.cli.coded import of_pack
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import person_text, printable, time_text
from evidence.domain.holds import Hold
from evidence.domain.instants import to_text
from evidence.locale import say

app = typer.Typer(help="长期保存 / holds", no_args_is_help=True)
Reason = Annotated[str, typer.Option("--reason", help="理由 / why")]


@app.command()
def place(
    recording: Annotated[str, typer.Argument(help="资料编号 / the recording's id")],
    ground: Annotated[
        str,
        typer.Option("--ground", help="情形 / ground, as the policy pack names it", **of_pack("ground")),
    ],
    reason: Reason,
    data: Data = None,
    json_: Json = False,
) -> None:
    """长期保存一份资料 / Hold a recording beyond every date."""
    application = open_site(data)
    _show(application, [application.holds.place(OPERATOR, recording, ground, reason)], json_)


@app.command("list")
def listed(
    recording: Annotated[str, typer.Argument(help="资料编号 / the recording's id")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """列出长期保存决定 / List the holds of a recording, lifted ones too."""
    application = open_site(data)
    _show(application, application.holds.of(OPERATOR, recording), json_)


@app.command("ask-release")
def ask_release(
    hold: Annotated[str, typer.Argument(help="决定编号 / the hold's id")],
    reason: Reason,
    data: Data = None,
    json_: Json = False,
) -> None:
    """申请解除 / Ask that a hold be lifted; somebody else decides."""
    application = open_site(data)
    _show(application, [application.holds.ask_release(OPERATOR, hold, reason)], json_)


def _show(application: Application, holds: Sequence[Hold], json_: bool) -> None:
    if json_:
        print_json([hold_out(one) for one in holds])
        return
    zone = application.site.policies.latest.time_zone
    people = [{"people": [one.asked_by, one.released_by]} for one in holds]
    named = [row["who"] for row in with_names(application.site, OPERATOR, people)]
    for one, who in zip(holds, named, strict=True):
        state = "stands" if one.stands and one.asked_by is None else "asked" if one.stands else "lifted"
        when = time_text(to_text(one.placed_at), zone)
        print(f"{one.id}  {say(f'hold.{state}')}  {say(f'ground.{one.ground}')}  {when}")
        print(f"    {printable(one.reason)}")
        for did, by, at in (
            ("asked-by", one.asked_by, one.asked_at),
            ("lifted-by", one.released_by, one.released_at),
        ):
            if at is not None:
                print(f"    {say(f'hold.{did}')}: {person_text(who, by)}  {time_text(to_text(at), zone)}")
        if one.ask_reason:
            print(f"    {printable(one.ask_reason)}")
    if not holds:
        print(say("cli.nothing-listed"))
