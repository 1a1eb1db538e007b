"""`evidence explanations`, `evidence exemptions`: why something is missing, interrupted, late, or was not
recorded; and what was decided. Nobody decides about what they said themselves: whoever decides signs in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from evidence.answers.gap import exemption_out, explanation_out, history_out
from evidence.answers.people import with_names
from evidence.bootstrap import Application
from evidence.cli.coded import of_pack, one_of
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import (
    against_text,
    in_utc,
    person_text,
    printable,
    span_of_time,
    time_text,
    verdict_text,
)
from evidence.domain.explanations import Exemption, Outcome, Spoken
from evidence.domain.spans import Span
from evidence.errors import Invalid
from evidence.locale import say
from evidence.service.gaps.exemptions import Stated
from evidence.service.gaps.gap_words import Said

app = typer.Typer(help="说明与审核 / explanations", no_args_is_help=True)
exemptions = typer.Typer(help="不予记录的说明 / exemption statements", no_args_is_help=True)

GapName = Annotated[str, typer.Argument(help="缺口报告中的标识 / name of the line in the gap report")]
Statement = Annotated[str, typer.Argument(help="标识 / id of the statement")]
Time = Annotated[datetime, typer.Option(help="时间，按规则所用时区 / time, in the law's time zone")]


@app.command()
def explain(
    gap: GapName,
    text: Annotated[str | None, typer.Option(help="书面说明 / report or reason")] = None,
    cause: Annotated[
        str | None, typer.Option(help="中断原因 / cause, as the policy pack names it", **of_pack("cause"))
    ] = None,
    spoken: Annotated[str | None, typer.Option(help="语音说明所在资料 / recording of it, spoken")] = None,
    start: Annotated[float, typer.Option("--from", help="起，秒 / from second")] = 0.0,
    end: Annotated[float, typer.Option("--to", help="止，秒 / to second")] = 0.0,
    marker: Annotated[str | None, typer.Option(help="语音说明的关键节点 / check-point of it")] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """说明一项缺口 / Explain a line of the gap report."""
    heard = spoken and Spoken(spoken, round(start * 1000), round(end * 1000))
    said = Said(text, cause, heard or None, marker)
    application = open_site(data)
    _show(
        application, [explanation_out(application.explanations.explain(OPERATOR, gap, said), OPERATOR)], json_
    )


@app.command()
def review(
    explanation: Annotated[str, typer.Argument(help="说明的标识 / id of the explanation")],
    outcome: Annotated[Outcome, typer.Argument(help="决定 / decision", **one_of(Outcome, "review-outcome"))],
    reason: Annotated[str, typer.Option(help="理由 / reason")] = "",
    fault: Annotated[
        str | None, typer.Option(help="过错情形 / kind of fault", **of_pack("fault-kind"))
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """采纳、退回，或建立过错档案 / Accept an explanation, send it back, or open a fault file."""
    application = open_site(data)
    done = application.explanations.review(OPERATOR, explanation, outcome, reason, fault)
    _show(application, [explanation_out(done, OPERATOR)], json_)


@app.command()
def show(gap: GapName, data: Data = None, json_: Json = False) -> None:
    """一项缺口的全部说明和决定 / All that was said and decided about a line of the gap report."""
    application = open_site(data)
    found = history_out(application.explanations.history(OPERATOR, gap), OPERATOR)
    if json_:
        print_json(found)
        return
    print(f"{printable(found['device'])} {printable(found['wearer'] or '')}  {printable(found['file'])}")
    _show(application, found["explanations"], json_)


def _show(application: Application, rows: Sequence[dict[str, Any]], json_: bool) -> None:
    if json_:
        print_json(rows)
        return
    zone = application.site.policies.latest.time_zone
    for row in with_names(application.site, OPERATOR, rows):
        state = say(f"review-outcome.{row['outcome']}" if row["outcome"] else "gap-state.explained")
        cause = say(f"cause.{row['cause']}") if row["cause"] else ""
        print(f"{row['id']}  {state}  {cause}".rstrip())
        if row["spoken"]:
            print(f"    {row['spoken']['recording']}  {row['spoken']['from_s']}–{row['spoken']['to_s']} s")
        for words, by, at in (("text", "author", "at"), ("reason", "decided_by", "decided")):
            if row[by]:
                who = f"{person_text(row['who'], row[by])}  {time_text(row[at], zone)}"
                print(f"    {say(f'explanation.{by}')}: {who}")
            if row[words]:
                print(f"        {printable(row[words])}")
        for one in row["verdicts"]:
            print(f"    {verdict_text(one, row['who'], zone)}")


@exemptions.command("state")
def state_exemption(
    number: Annotated[str, typer.Argument(help="佩戴人编号 / number of the wearer")],
    ground: Annotated[
        str, typer.Argument(help="情形 / ground, as the policy pack names it", **of_pack("exempting"))
    ],
    basis: Annotated[str, typer.Option(help="依据 / basis in law")],
    since: Time,
    until: Time,
    device_state: Annotated[str, typer.Option(help="设备状态 / state of the recorder")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """说明未予记录的情形 / State why somebody did not record, for a time."""
    application = open_site(data)
    zone = ZoneInfo(application.site.policies.latest.time_zone)
    start, end = (in_utc(one, zone) for one in (since, until))
    if end < start:
        raise Invalid("ends-before-start")
    stated = Stated(number, ground, basis, Span(start, end), device_state)
    _show_exemptions(application, [application.exemptions.state(OPERATOR, stated)], json_)


@exemptions.command("receive")
def receive_exemption(
    exemption: Statement,
    agrees: Annotated[bool, typer.Option("--agree/--disagree", help="是否同意 / whether it is agreed to")],
    view: Annotated[str, typer.Option(help="意见 / view")],
    despite: Annotated[
        bool,
        typer.Option("--despite-footage", help="知悉该时段有资料仍同意 / agreed, knowing of footage"),
    ] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """负责人签收 / Receive a statement, with a view of it."""
    application = open_site(data)
    done = application.exemptions.receive(OPERATOR, exemption, agrees=agrees, view=view, despite=despite)
    _show_exemptions(application, [done], json_)


@exemptions.command("withdraw")
def withdraw_exemption(
    exemption: Statement,
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """撤回自己作出、尚未签收的说明 / Take back one's own statement that no head has received."""
    application = open_site(data)
    done = application.exemptions.withdraw(OPERATOR, exemption, reason)
    _show_exemptions(application, [done], json_)


@exemptions.command("list")
def list_exemptions(data: Data = None, json_: Json = False) -> None:
    """列出不予记录的说明 / List the exemption statements."""
    application = open_site(data)
    _show_exemptions(application, application.exemptions.stated(OPERATOR), json_)


def _show_exemptions(application: Application, found: Sequence[Exemption], json_: bool) -> None:
    known = application.exemptions.against(OPERATOR, found)
    rows = with_names(application.site, OPERATOR, [exemption_out(one, OPERATOR, known) for one in found])
    if json_:
        print_json(rows)
        return
    zone = application.site.policies.latest.time_zone
    for row in rows:
        wearer = person_text(row["who"], row["person"])
        print(
            f"{row['id']}  {say('exemption.' + row['state'])}  {say('exempting.' + row['ground'])}  {wearer}"
        )
        print(f"    {span_of_time(row, zone)}  {printable(row['basis'])}")
        print(f"    {say('exemptions.device')}: {printable(row['device_state'])}")
        stated = f"{person_text(row['who'], row['author'])}  {time_text(row['at'], zone)}"
        print(f"    {say('exemptions.author')}: {stated}")
        for one in row["against"]:
            print(f"    {against_text(one, zone)}")
        if row["received"]:
            by = person_text(row["who"], row["received_by"])
            print(f"    {say('exemptions.received')}: {by}  {time_text(row['received'], zone)}")
        if row["withdrawn"]:
            print(f"    {say('exemption.withdrawn')}: {time_text(row['withdrawn'], zone)}")
        for words in filter(None, (row["view"], row["reason"])):
            print(f"    {printable(words)}")
    if not rows:
        print(say("cli.nothing-listed"))
