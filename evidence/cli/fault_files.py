"""`evidence faults`: fault files, what they rest on, what was found of whom they name. Whoever decides is not
who opened: one of the two signs in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.cli.log import prove_into
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import printable
from evidence.domain.fault_files import LinkKind, Verdict
from evidence.fault_answers import fault_out, links_of, people_of
from evidence.locale import say

app = typer.Typer(help="过错档案 / fault files", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="过错档案标识 / id of the fault file")]
Recordings = Annotated[list[str] | None, typer.Option("--recording", help="资料 / recording")]
Gaps = Annotated[list[str] | None, typer.Option("--gap", help="缺口 / line of the gap report")]
Devices = Annotated[list[str] | None, typer.Option("--device", help="设备 / device")]
Complaints = Annotated[list[str] | None, typer.Option("--complaint", help="投诉 / complaint")]
Subjects = Annotated[list[str] | None, typer.Option("--subject", help="责任人编号 / number of a subject")]
Commanders = Annotated[
    list[str] | None, typer.Option("--commander", help="指挥人编号 / number of who commanded")
]


@app.command("open")
def open_fault(
    kind: Annotated[str, typer.Argument(help="过错情形 / kind of fault, as the policy pack names it")],
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    recording: Recordings = None,
    gap: Gaps = None,
    device: Devices = None,
    complaint: Complaints = None,
    subject: Subjects = None,
    commander: Commanders = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """建立过错档案，一次收齐证据与日志 / Open a fault file, with what it rests on and its log extract."""
    desk, links = open_site(data).fault_files, links_of(_links(recording, gap, device, complaint))
    people = people_of(subject or [], commander or [])
    _show([fault_out(desk.open(OPERATOR, kind, reason, links, people), OPERATOR)], json_)


@app.command()
def add(
    fault: Which,
    recording: Recordings = None,
    gap: Gaps = None,
    device: Devices = None,
    complaint: Complaints = None,
    subject: Subjects = None,
    commander: Commanders = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """补充证据或者人员 / Add to a fault file."""
    desk, links = open_site(data).fault_files, links_of(_links(recording, gap, device, complaint))
    people = people_of(subject or [], commander or [])
    _show([fault_out(desk.add(OPERATOR, fault, links, people), OPERATOR)], json_)


@app.command("list")
def list_(
    waiting: Annotated[
        bool, typer.Option("--waiting", help="只列待决定 / only those that wait for a decision")
    ] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """列出过错档案 / List the fault files."""
    found = open_site(data).fault_files.all(OPERATOR, waiting=waiting)
    _show([fault_out(one, OPERATOR) for one in found], json_)


@app.command()
def show(fault: Which, data: Data = None, json_: Json = False) -> None:
    """一份过错档案 / One fault file."""
    _show([fault_out(open_site(data).fault_files.get(OPERATOR, fault), OPERATOR)], json_)


@app.command()
def decide(
    fault: Which,
    number: Annotated[str, typer.Argument(help="责任人编号 / number of whom it names")],
    verdict: Annotated[Verdict, typer.Argument(help="认定 / verdict")],
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    outcome: Annotated[str | None, typer.Option(help="处理方式 / what follows on a fault")] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """对一人作出认定 / Decide about somebody whom it names."""
    desk = open_site(data).fault_files
    done = desk.decide(OPERATOR, fault, number, verdict, reason, outcome)
    _show([fault_out(done, OPERATOR)], json_)


@app.command()
def prove(
    fault: Which,
    to: Annotated[Path, typer.Option("--to", help="新目录 / a new folder for the log extract")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """导出日志摘录及证明 / Write the log extract of a fault file, each entry with its proof."""
    prove_into(to, lambda desk: desk.of_fault(OPERATOR, fault), data, json_)


def _links(
    recording: list[str] | None, gap: list[str] | None, device: list[str] | None, complaint: list[str] | None
) -> dict[LinkKind, list[str]]:
    return {
        LinkKind.RECORDING: recording or [],
        LinkKind.GAP: gap or [],
        LinkKind.DEVICE: device or [],
        LinkKind.COMPLAINT: complaint or [],
    }


def _show(rows: Sequence[Mapping[str, Any]], json_: bool) -> None:
    if json_:
        print_json(rows)
        return
    for row in rows:
        state = say(f"fault-state.{'open' if row['open'] else 'decided'}")
        print(f"{row['id']}  {say('fault-kind.' + row['kind'])}  {state}  {row['opened']}")
        print(f"    {printable(row['reason'])}")
        for one in row["people"]:
            found = say(f"verdict.{one['verdict']}") if one["verdict"] else ""
            follows = say(f"fault-outcome.{one['outcome']}") if one["outcome"] else ""
            part = say(f"fault-part.{one['part']}")
            print(f"    {'  '.join((one['person'], part, found, follows))}".rstrip())
        for kind, ids in row["links"].items():
            for one in ids:
                print(f"    {say(f'fault-link.{kind}')}  {one}")
        for view in row["views"]:
            print(f"    {view['person']}  {printable(view['text'])}")
        print("    " + "  ".join(f"{one['log']}/{one['index']}" for one in row["entries"]))
    if not rows:
        print(say("cli.nothing-listed"))
