"""`evidence cases`: which recordings belong to a case, and who may do what about them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from evidence.answers.coded_words import term_of
from evidence.answers.recordings import case_file_out, case_out
from evidence.bootstrap import Application
from evidence.cli.coded import one_of
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_of
from evidence.cli.words import print_new, printable, time_text
from evidence.domain.rights import CASE_RIGHTS, Action
from evidence.locale import say
from evidence.service.cases.case_access import case_named

app = typer.Typer(help="案件 / cases", no_args_is_help=True)
Case = Annotated[str, typer.Argument(help="案号或者案件标识 / number or id of the case")]
Recording = Annotated[str, typer.Argument(help="资料标识 / id of the recording")]
PersonId = Annotated[str, typer.Argument(help="人员标识 / id of the person")]
_RIGHTS = " ".join(sorted(CASE_RIGHTS))


@app.command("open")
def open_case(
    number: Annotated[str, typer.Argument(help="案号 / case number")],
    unit: Annotated[str, typer.Option(help="承办单位标识或全名 / id or full name of the unit")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """立案 / Open a case; prints its id."""
    application = open_site(data)
    case = case_out(application.cases.open(OPERATOR, number, unit_of(application, unit)))
    if json_:
        print_json(case)
    else:
        print_new(case["id"], "case", number=number)


@app.command("list")
def list_cases(data: Data = None, json_: Json = False) -> None:
    """案件清单 / List the cases."""
    application = open_site(data)
    rows = [case_out(one) for one in application.cases.list(OPERATOR)]
    if json_:
        print_json(rows)
        return
    zone = application.site.policies.latest.time_zone
    for row in rows:
        print(
            f"{row['id']}  {printable(row['number'])}  "
            f"{time_text(row['opened'], zone)}  {time_text(row['closed'], zone)}".rstrip()
        )
    if not rows:
        print(say("cli.nothing-listed"))


@app.command()
def show(case: Case, data: Data = None, json_: Json = False) -> None:
    """案件所含资料和成员 / The recordings and members of a case."""
    application, case_id = find_case(data, case)
    file = case_file_out(application.cases.get(OPERATOR, case_id), OPERATOR)
    if json_:
        print_json(file)
        return
    print(f"{file['id']}  {printable(file['number'])}")
    for row in file["recordings"]:
        print(f"  {say('column.recording')} {row['id']}  {printable(row['name'])}")
    zone = application.site.policies.latest.time_zone
    for row in file["members"]:
        until = time_text(row["until"], zone)
        print(f"  {row['person']}  {printable(row['number'])}  {' '.join(row['actions'])}  {until}".rstrip())


@app.command()
def close(case: Case, data: Data = None) -> None:
    """结案 / Close a case: its members' rights end at once."""
    application, case_id = find_case(data, case)
    application.cases.close(OPERATOR, case_id)
    print(say("acted.case-closed"))
    still = application.case_filing.index(OPERATOR, case_id).open
    if still.is_any:
        print(f"! {say('case-file.open', **asdict(still))}")


@app.command()
def term(
    case: Case,
    term: Annotated[str, typer.Argument(help="保管期限类别 / class, as the policy pack names it: 10-years")],
    data: Data = None,
) -> None:
    """案卷保管期限 / Give a case file its class; the locks of its recordings move with it."""
    application, case_id = find_case(data, case)
    code = term_of(application.site.policies.latest, term)
    application.keeping.give_term(OPERATOR, case_id, code)
    print(say("acted.case-term", term=printable(code)))


@app.command()
def link(case: Case, recording: Recording, data: Data = None) -> None:
    """关联资料 / Link a recording."""
    application, case_id = find_case(data, case)
    application.cases.link(OPERATOR, case_id, recording)
    print(say("done.linked"))


@app.command()
def unlink(
    case: Case,
    recording: Recording,
    reason: Annotated[str, typer.Option("--reason", help="理由 / why")],
    data: Data = None,
) -> None:
    """解除关联 / End a recording's link."""
    application, case_id = find_case(data, case)
    application.cases.unlink(OPERATOR, case_id, recording, reason)
    print(say("acted.unlinked"))
    if any(one.recording.id == recording for one in application.cases.get(OPERATOR, case_id).recordings):
        print(f"‼ {say('acted.still-numbered')}")


@app.command()
def name(
    case: Case,
    person: PersonId,
    actions: Annotated[
        list[Action],
        typer.Option("--may", help=f"可重复 / may be given again: {_RIGHTS}", **one_of(Action, "action")),
    ],
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="截止时间 / until: 2026-12-31T18:00:00+0800"),
    ] = None,
    data: Data = None,
) -> None:
    """指定成员及其权限 / Name a member: what they may do, in the place of what they had."""
    application, case_id = find_case(data, case)
    application.cases.name(OPERATOR, case_id, person, actions, until)
    print(say("acted.member-named", actions=" ".join(sorted(set(actions)))))


@app.command()
def dismiss(case: Case, person: PersonId, data: Data = None) -> None:
    """撤销成员 / End all that a person has in a case."""
    application, case_id = find_case(data, case)
    application.cases.dismiss(OPERATOR, case_id, person)
    print(say("acted.member-dismissed"))


def find_case(data: Path | None, named: str) -> tuple[Application, str]:
    """Open the site; return it with the id of the case that somebody named by its number or its id."""
    application = open_site(data)
    return application, case_named(application.site, named)
