"""`evidence faults`: fault files, what they rest on, what was found of whom they name. Whoever decides is not
who opened: one of the two signs in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.answers.fault import fault_out, links_of, people_of
from evidence.answers.people import with_names
from evidence.answers.things import named_out, thing_text, things_known, things_of_file
from evidence.bootstrap import Application
from evidence.cli.coded import of_pack, one_of
from evidence.cli.proofs import prove_into
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import person_text, printable, time_text
from evidence.domain.fault_files import FaultFile, Link, LinkKind, Verdict
from evidence.locale import say
from evidence.service.naming_things import Named

app = typer.Typer(help="过错档案 / fault files", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="过错档案标识 / id of the fault file")]
Recordings = Annotated[list[str] | None, typer.Option("--recording", help="资料 / recording")]
Gaps = Annotated[list[str] | None, typer.Option("--gap", help="缺口 / line of the gap report")]
Devices = Annotated[list[str] | None, typer.Option("--device", help="设备 / device")]
Complaints = Annotated[list[str] | None, typer.Option("--complaint", help="投诉 / complaint")]
Exemptions = Annotated[
    list[str] | None, typer.Option("--exemption", help="不予记录的说明 / exemption statement")
]
Subjects = Annotated[list[str] | None, typer.Option("--subject", help="责任人编号 / number of a subject")]
Commanders = Annotated[
    list[str] | None, typer.Option("--commander", help="指挥人编号 / number of who commanded")
]


@app.command("open")
def open_fault(
    kind: Annotated[
        str,
        typer.Argument(help="过错情形 / kind of fault, as the policy pack names it", **of_pack("fault-kind")),
    ],
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    basis: Annotated[
        str | None, typer.Option(help="书面依据，如来函、报告 / a written ground: a letter, a report")
    ] = None,
    recording: Recordings = None,
    gap: Gaps = None,
    device: Devices = None,
    complaint: Complaints = None,
    exemption: Exemptions = None,
    subject: Subjects = None,
    commander: Commanders = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """建立过错档案，一次收齐证据与日志 / Open a fault file, with what it rests on and its log extract."""
    application, links = open_site(data), _links(recording, gap, device, complaint, exemption)
    words = (kind, reason, links, people_of(subject or [], commander or []), basis)
    _show(application, [application.fault_files.open(OPERATOR, *words)], json_)


@app.command()
def add(
    fault: Which,
    recording: Recordings = None,
    gap: Gaps = None,
    device: Devices = None,
    complaint: Complaints = None,
    exemption: Exemptions = None,
    subject: Subjects = None,
    commander: Commanders = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """补充证据或者人员 / Add to a fault file."""
    application, links = open_site(data), _links(recording, gap, device, complaint, exemption)
    people = people_of(subject or [], commander or [])
    _show(application, [application.fault_files.add(OPERATOR, fault, links, people)], json_)


@app.command("list")
def list_(
    waiting: Annotated[
        bool, typer.Option("--waiting", help="只列待决定 / only those that wait for a decision")
    ] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """列出过错档案 / List the fault files."""
    application = open_site(data)
    _show(application, application.fault_files.all(OPERATOR, waiting=waiting), json_)


@app.command()
def show(fault: Which, data: Data = None, json_: Json = False) -> None:
    """一份过错档案 / One fault file."""
    application = open_site(data)
    _show(application, [application.fault_files.get(OPERATOR, fault)], json_)


@app.command()
def decide(
    fault: Which,
    number: Annotated[str, typer.Argument(help="责任人编号 / number of whom it names")],
    verdict: Annotated[Verdict, typer.Argument(help="认定 / verdict", **one_of(Verdict, "verdict"))],
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    outcome: Annotated[
        str | None, typer.Option(help="处理方式 / what follows on a fault", **of_pack("fault-outcome"))
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """对一人作出认定 / Decide about somebody whom it names."""
    application = open_site(data)
    done = application.fault_files.decide(OPERATOR, fault, number, verdict, reason, outcome)
    _show(application, [done], json_)


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
    recording: list[str] | None,
    gap: list[str] | None,
    device: list[str] | None,
    complaint: list[str] | None,
    exemption: list[str] | None,
) -> list[Link]:
    return links_of(
        {
            LinkKind.RECORDING: recording or [],
            LinkKind.GAP: gap or [],
            LinkKind.DEVICE: device or [],
            LinkKind.COMPLAINT: complaint or [],
            LinkKind.EXEMPTION: exemption or [],
        }
    )


def _show(application: Application, found: Sequence[FaultFile], json_: bool) -> None:
    rows = with_names(application.site, OPERATOR, [fault_out(one, OPERATOR) for one in found])
    wanted = [one for file in found for one in things_of_file(file)]
    known = things_known(application.site, OPERATOR, wanted)
    if json_:
        called = [{id_ for _, id_ in things_of_file(file)} for file in found]
        named = [named_out({id_: known[id_] for id_ in mine & known.keys()}) for mine in called]
        print_json([{**row, "named": one} for row, one in zip(rows, named, strict=True)])
        return
    zone = application.site.policies.latest.time_zone
    for row in rows:
        for line in _lines(row, zone, known):
            print(line)
    if not rows:
        print(say("cli.nothing-listed"))


def _lines(row: Mapping[str, Any], zone: str, known: Mapping[str, Named]) -> Iterator[str]:
    state, who = say(f"fault-state.{'open' if row['open'] else 'decided'}"), row["who"]
    opened = f"{time_text(row['opened'], zone)}  {person_text(who, row['opened_by'])}"
    yield f"{row['id']}  {say('fault-kind.' + row['kind'])}  {state}  {opened}"
    yield f"    {printable(row['reason'])}"
    if row["basis"]:
        yield f"    {say('faults.basis')}: {printable(row['basis'])}"
    for one in row["people"]:
        words = [person_text(who, one["person"]), say(f"fault-part.{one['part']}")]
        if one["verdict"]:
            words += [say(f"verdict.{one['verdict']}"), person_text(who, one["decided_by"])]
            words.append(time_text(one["decided"], zone))
        if one["outcome"]:
            words.append(say(f"fault-outcome.{one['outcome']}"))
        yield f"    {'  '.join(words)}"
    for kind, ids in row["links"].items():
        for linked in ids:
            named = (say(f"fault-link.{kind}"), thing_text(say, known.get(linked)), linked)
            yield "    " + "  ".join(filter(None, named))
    for view in row["views"]:
        yield f"    {person_text(who, view['person'])}  {printable(view['text'])}"
    yield "    " + "  ".join(f"{one['log']}/{one['index']}" for one in row["entries"])
