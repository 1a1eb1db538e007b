"""`evidence documents`: enforcement documents, held against footage, explained; and from a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from evidence.answers.document import document_out, documents_out, table_out
from evidence.answers.people import with_names
from evidence.answers.step import cover_text
from evidence.bootstrap import Application
from evidence.cli.cases import Case, find_case
from evidence.cli.coded import of_pack, one_of
from evidence.cli.matrix import in_zone
from evidence.cli.sheets import Apply, File, fault_line
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_of
from evidence.cli.words import cites_text, person_text, print_new, printable, time_text
from evidence.domain.act_documents import MismatchKind
from evidence.locale import say
from evidence.service.cases.act_documents import DocumentSaid

app = typer.Typer(help="执法文书 / enforcement documents", no_args_is_help=True)
Document = Annotated[str, typer.Argument(help="文书标识或者文号 / id or number of the document")]
Reason = Annotated[str, typer.Option(help="理由 / reason")]


@app.command()
def register(
    case: Case,
    number: Annotated[str, typer.Argument(help="文号 / number of the document")],
    type_: Annotated[
        str,
        typer.Option(
            "--type", help="文书种类 / type, as the policy pack names it", **of_pack("document-type")
        ),
    ],
    start: Annotated[datetime, typer.Option("--from", help="起 / from, in the law's time zone")],
    end: Annotated[datetime, typer.Option("--to", help="止 / to")],
    signer: Annotated[list[str], typer.Option(help="签名人编号 / number of a signer; again for more")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """登记执法文书 / Register a document of a case; prints its id."""
    application, case_id = find_case(data, case)
    since, until = (in_zone(application, one) for one in (start, end))
    said = DocumentSaid(number, type_, since, until, signer)
    new = application.act_documents.register(OPERATOR, case_id, said)
    if json_:
        print_json(document_out(new))
    else:
        print_new(new.id, "document", number=number, case=case)


@app.command("list")
def list_(case: Case, data: Data = None, json_: Json = False) -> None:
    """一案的执法文书与音像资料的比对 / The documents of a case as they compare with footage."""
    application, case_id = find_case(data, case)
    found = documents_out(application.act_documents.of_case(OPERATOR, case_id), OPERATOR)
    _show(application, found, json_)


@app.command()
def mismatches(
    unit: Annotated[
        str | None, typer.Argument(help="单位标识或全名 / id or full name of the unit; none: all")
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """待书面说明的不一致 / Documents about which something needs a written reason."""
    application = open_site(data)
    where = None if unit is None else unit_of(application, unit)
    found = documents_out(application.act_documents.mismatches(OPERATOR, where), OPERATOR)
    _show(application, found, json_)


@app.command()
def explain(
    case: Case,
    document: Document,
    kind: Annotated[
        MismatchKind,
        typer.Argument(help="何事不一致 / what does not agree", **one_of(MismatchKind, "mismatch")),
    ],
    reason: Reason,
    signer: Annotated[str | None, typer.Option(help="签名人编号 / number of the signer")] = None,
    data: Data = None,
) -> None:
    """书面说明不一致的理由 / Say in writing why a document and its footage do not agree."""
    application, case_id = find_case(data, case)
    application.act_documents.explain(OPERATOR, case_id, document, kind, reason, signer)
    print(say("acted.document-explained"))


@app.command()
def strike(case: Case, document: Document, reason: Reason, data: Data = None) -> None:
    """撤销误登的文书 / Take a document out that was registered by mistake."""
    application, case_id = find_case(data, case)
    application.act_documents.strike(OPERATOR, case_id, document, reason)
    print(say("acted.document-struck"))


@app.command("import")
def import_(file: File, apply: Apply = False, data: Data = None, json_: Json = False) -> None:
    """从表格登记文书（默认只试运行） / Register the documents of a table; a dry run, unless --apply."""
    desk = open_site(data).organisation.act_document_table
    done = desk.import_table(OPERATOR, file.read_bytes(), apply=apply)
    told = table_out(done)
    if json_:
        print_json(told)
    else:
        for line in map(fault_line, done.faults):
            print(line)
        key = "applied" if told["applied"] else "refused" if told["faults"] else "dry"
        print(say(f"documents.{key}", added=len(told["added"]), faults=len(told["faults"])))
    raise typer.Exit(int(bool(told["faults"])))


def _show(application: Application, found: Sequence[Mapping[str, Any]], json_: bool) -> None:
    if json_:
        print_json(found)
        return
    zone = application.site.policies.latest.time_zone
    for row in found:
        times = " – ".join(time_text(row[key], zone) for key in ("from", "to"))
        words = f"{printable(row['number'])}  {say('document-type.' + row['type'])}  {times}"
        print(f"{row['case']}  {row['id']}  {words}")
        if (media := row["media"]) is not None:
            shot = " – ".join(time_text(media[key], zone) for key in ("from", "to"))
            offs = say("documents.shot", start=f"{media['start_off_s']:+g}", end=f"{media['end_off_s']:+g}")
            print(f"    {say('documents.footage')}: {shot}  {offs}\n    {cover_text(say, media)}")
        for line in with_names(application.site, OPERATOR, row["mismatches"]):
            mark = "‼" if line["open"] else "✓"
            print(f"  {mark} {say('mismatch.' + line['kind'])}  {printable(line['signer'] or '')}".rstrip())
            print(f"      {say('column.cites')}: {cites_text(line['cites'])}")
            if line["reason"]:
                print(f"      {printable(line['reason'])}  {person_text(line['who'], line['by'])}")
    if not found:
        print(say("cli.nothing-listed"))
