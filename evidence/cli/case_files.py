"""`evidence case-files`: from the end of the act to the archive, within the days of the policy pack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from evidence.answers.case import by_unit_out, document_out, ended_out, filed_out, index_out
from evidence.cli.cases import Case, find_case
from evidence.cli.lists import print_table
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_names
from evidence.cli.words import cites_text, print_new, printable
from evidence.locale import say

app = typer.Typer(help="案卷归档 / case files", no_args_is_help=True)


@app.command("list")
def list_(
    red: Annotated[
        bool, typer.Option("--red", help="只列逾期未归档 / only those whose time is over")
    ] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """案卷及归档期限 / The case files and their time."""
    rows = [filed_out(one) for one in open_site(data).case_filing.all(OPERATOR, red=red)]
    if json_:
        print_json(rows)
        return
    for row in rows:
        mark, over = ("‼", f" +{row['days_over']}") if row["red"] else ("·", "")
        state = say(f"filing-state.{row['state']}")
        words = (row["case"], printable(row["number"]), state, f"{row['due'] or ''}{over}")
        print(f"{mark} {'  '.join(words)}".rstrip())
    for cite in sorted({cite for row in rows for cite in row["cites"]}):
        print(f"  {say('column.cites')}: {cites_text([cite])}")
    if not rows:
        print(say("cli.nothing-listed"))


@app.command()
def units(data: Data = None, json_: Json = False) -> None:
    """各单位案卷的归档情况 / How many case files of each unit are in which state."""
    application = open_site(data)
    rows = by_unit_out(application.case_filing.all(OPERATOR))
    if json_:
        print_json(rows)
        return
    names = unit_names(application)
    shown = [{**row, "unit": names.get(row["unit"], row["unit"])} for row in rows]
    print_table(("unit", "overdue", "running", "not-ended", "archived", "archived-late"), shown)
    if not rows:
        print(say("cli.nothing-listed"))


@app.command()
def show(case: Case, data: Data = None, json_: Json = False) -> None:
    """案卷目录：文书和音像资料 / The index of a case file: documents and recordings."""
    application, case_id = find_case(data, case)
    found = index_out(application.case_filing.index(OPERATOR, case_id), OPERATOR)
    if json_:
        print_json(found)
        return
    print(f"{found['case']}  {printable(found['number'])}  {say('filing-state.' + found['state'])}")
    print(say("case-file.open", **found["open"]))
    for line in _archived_lines(found["archived"]):
        print(line)
    for n, row in enumerate(found["documents"], 1):
        print(f"{n:4}  {row['id']}  {row['dated']}  {row['pages']}  {printable(row['title'] or '')}")
    for n, row in enumerate(found["recordings"], len(found["documents"]) + 1):
        print(f"{n:4}  {row['id']}  {row['sha256']}  {printable(row['name'])}")
    for row in found["beside"]:
        print(f"   ‼  {row['id']}  {row['sha256']}  {printable(row['name'])}  {say('case-file.beside')}")


def _archived_lines(archived: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield what was open when the file was archived, and why it went all the same."""
    if archived and archived["open"]:
        yield say("case-file.open-then", **archived["open"])
    if archived and archived["reason"]:
        yield say("case-file.reason", reason=printable(archived["reason"]))


@app.command()
def end(
    case: Case,
    day: Annotated[
        datetime, typer.Argument(formats=["%Y-%m-%d"], help="行政行为终结之日 / day on which the act ended")
    ],
    reason: Annotated[str | None, typer.Option(help="更改的理由 / why another day stood")] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """登记行政行为终结之日 / Note the day on which the act ended: from then on the time runs."""
    application, case_id = find_case(data, case)
    done = ended_out(application.case_filing.end(OPERATOR, case_id, day.date(), reason))
    if json_:
        print_json(done)
        return
    print(say("acted.case-ended", day=done["ended_on"]))
    for what in ("recordings", "steps"):
        for one in done["later"][what]:
            said = {"id": say("matrix.hidden"), "day": None} if one is None else one
            print(f"! {say(f'case-file.later-{what}', **said)}")


@app.command()
def add_document(
    case: Case,
    title: Annotated[str, typer.Argument(help="文书名称 / title")],
    dated: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="文书日期 / its day")],
    pages: Annotated[int, typer.Option(help="页数 / pages")] = 1,
    data: Data = None,
    json_: Json = False,
) -> None:
    """列入文书 / List a written document; prints its id."""
    application, case_id = find_case(data, case)
    new = application.case_filing.add_document(OPERATOR, case_id, title, pages, dated.date())
    if json_:
        print_json(document_out(new))
    else:
        print_new(new.id, "listed-document", title=title, case=case)


@app.command()
def take_out(
    case: Case,
    document: Annotated[str, typer.Argument(help="文书标识 / id of the document")],
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    data: Data = None,
) -> None:
    """移出文书 / Take a document out of the list again."""
    application, case_id = find_case(data, case)
    application.case_filing.take_out(OPERATOR, case_id, document, reason)
    print(say("acted.document-taken-out"))


@app.command()
def archive(
    case: Case,
    number: Annotated[str, typer.Argument(help="档号 / number in the archive")],
    handed_by: Annotated[str, typer.Option(help="移交人编号 / number of who gives")],
    received_by: Annotated[str, typer.Option(help="接收人编号 / number of who takes")],
    reason: Annotated[
        str | None, typer.Option(help="尚有未了事项而归档的理由 / why it goes while something is open")
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """归档移交；此后目录不再变动 / Hand over to the archive: nothing goes in or out any more."""
    application, case_id = find_case(data, case)
    words = (case_id, number, handed_by, received_by, reason)
    done = filed_out(application.case_filing.archive(OPERATOR, *words))
    if json_:
        print_json(done)
    else:
        print(f"{say('filing-state.' + done['state'])}  {done['archived']['index_sha256']}")
