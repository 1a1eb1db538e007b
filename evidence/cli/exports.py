"""`evidence exports`: footage on its way out, asked for, written on media, how far it is. Deciding, handing
over, noting the receipt and making links are acts of people who sign in: on the pages, or by the interface.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.answers.derivative_words import SHORT
from evidence.answers.export import export_out
from evidence.bootstrap import Application
from evidence.cli.coded import one_of
from evidence.cli.proofs import write_new
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_id
from evidence.cli.words import cites_text, print_new, printable, time_text
from evidence.domain.exports import Medium, Said, Way, is_number
from evidence.errors import Conflict, Invalid, NotFound
from evidence.local import read_volume
from evidence.locale import say
from evidence.service.cases.case_access import case_named
from evidence.service.court.export_lists import ListedExport
from evidence.service.court.exports import Wish

app = typer.Typer(help="对外提供 / exports", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="对外提供编号或者标识 / number or id of the export")]


@app.command()
def ask(
    way: Annotated[Way, typer.Argument(help="去向 / to whom", **one_of(Way, "export-way"))],
    recordings: Annotated[list[str], typer.Argument(help="资料标识 / ids of recordings")],
    recipient: Annotated[str, typer.Option(help="接收方 / recipient")],
    purpose: Annotated[str, typer.Option(help="用途 / purpose")],
    basis: Annotated[str, typer.Option(help="依据，来函文号 / legal basis, the request that came")],
    medium: Annotated[
        Medium, typer.Option(help="介质 / medium", **one_of(Medium, "export-medium"))
    ] = Medium.FOLDER,
    case: Annotated[str | None, typer.Option(help="案号或者案件标识 / number or id of the case")] = None,
    unit: Annotated[str | None, typer.Option(help="单位 / unit, where there is no case")] = None,
    applicant: Annotated[str | None, typer.Option(help="申请人 / who applies")] = None,
    relation: Annotated[str | None, typer.Option(help="与案件的关系 / relation to the case")] = None,
    identity: Annotated[str | None, typer.Option(help="身份核验方式 / how the identity was seen")] = None,
    redact: Annotated[
        list[str] | None, typer.Option(help="资料=派生件 / recording=derivative, with something hidden")
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """申请对外提供 / Ask that footage leave; somebody else decides."""
    application = open_site(data)
    where = None if unit is None else unit_id(application.organisation.units, unit)
    about = None if case is None else case_named(application.site, case)
    said = Said(recipient, purpose, basis, applicant, relation, identity)
    wish = Wish(way, tuple(recordings), said, medium, about, where, _pairs(redact))
    made = application.court.exports.ask(OPERATOR, wish)
    if json_:
        print_json([export_out(made)])
        return
    print_new(made.export.id, "export", number=made.export.number, export=made.export.id)
    for id_ in sorted(made.withheld):
        print(f"{id_}  {say('export-item.withheld')}", file=sys.stderr)
    for other in made.alike:
        print(f"{other.number}  {other.id}  {say('export-item.alike')}", file=sys.stderr)


@app.command()
def withdraw(
    export: Which,
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    data: Data = None,
) -> None:
    """撤回尚未审批的申请（由申请人） / Take back what one has asked for, before anybody has decided."""
    application = open_site(data)
    application.court.withdrawing.withdraw(OPERATOR, _id(application, export), reason)
    print(say("done.export-withdrawn"))


@app.command()
def build(export: Which, data: Data = None) -> None:
    """重新制作 / Have an export built again whose last build came to nothing."""
    application = open_site(data)
    application.court.building.again(OPERATOR, _id(application, export))
    print(say("done.export-building"))


@app.command()
def written(
    export: Which,
    number: Annotated[int, typer.Argument(help="第几张 / which medium, from 1")],
    serial: Annotated[str, typer.Option(help="光盘或硬盘序列号 / the medium's own serial number")],
    read: Annotated[
        Path | None,
        typer.Option(help="光驱、映像或文件夹，由程序读取 / drive, image or folder: the program reads it"),
    ] = None,
    back: Annotated[
        str | None, typer.Option("--read-back", help="回读的 SHA-256 / SHA-256 of what was read back")
    ] = None,
    data: Data = None,
) -> None:
    """登记刻录与回读 / Note that a medium was written: read by the program, or by somebody's word."""
    if (read is None) == (back is None):
        raise Invalid("read-or-stated")
    application = open_site(data)
    court, id_ = application.court, _id(application, export)
    found = back if read is None else read_volume(read, _size(court.exports.get(OPERATOR, id_), number))
    court.handing_over.note_written(OPERATOR, id_, number, serial, found or "", is_read=read is not None)
    print(say("done.export-written"))


@app.command()
def receipt(export: Which, data: Data = None) -> None:
    """输出已签名的回执 / Print the signed receipt."""
    application = open_site(data)
    sys.stdout.buffer.write(application.court.handing_over.receipt(OPERATOR, _id(application, export)).body)
    sys.stdout.buffer.flush()


@app.command("print")
def print_document(
    export: Which,
    kind: Annotated[
        str, typer.Argument(help="custody-report · evidence-list · hand-over · refusal · us-certificate")
    ],
    to: Annotated[Path, typer.Option("--to", help="新文件 / a new file")],
    data: Data = None,
) -> None:
    """打印文书 / Print a document about an export, as PDF."""
    application = open_site(data)
    write_new(to, application.court.taking_out.document(OPERATOR, _id(application, export), kind).body)
    print(say("cli.written", file=printable(str(to))))


@app.command()
def revoke(
    share: Annotated[str, typer.Argument(help="分享链接标识 / id of the link")], data: Data = None
) -> None:
    """撤销分享链接，即时生效 / Make a link worthless at once."""
    open_site(data).court.sharing.revoke(OPERATOR, share)
    print(say("done.export-link-revoked"))


@app.command("list")
def listed(
    red: Annotated[bool, typer.Option("--red", help="只列逾期未答复 / not decided in time")] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """对外提供清单 / List the exports."""
    application = open_site(data)
    _show(application, application.court.exports.all(OPERATOR, red=red), json_)


@app.command()
def show(export: Which, data: Data = None, json_: Json = False) -> None:
    """一次对外提供 / One export."""
    application = open_site(data)
    _show(application, [application.court.exports.get(OPERATOR, _id(application, export))], json_)


@app.command()
def desk(
    unit: Annotated[str, typer.Argument(help="单位 / unit")],
    end: Annotated[bool, typer.Option("--end", help="不再是 / no more")] = False,
    data: Data = None,
) -> None:
    """指定移送检察院、法院的职能科室 / Name the unit that hands over to procuratorates and courts."""
    application = open_site(data)
    id_ = unit_id(application.organisation.units, unit)
    application.court.transfer_units.name(OPERATOR, id_, ends=end)
    print(say("acted.transfer-unit-ended" if end else "acted.transfer-unit-named"))


def _id(application: Application, named: str) -> str:
    """Return the id of the export that somebody names by the number on its papers; anything else as it
    came."""
    number = named.strip().upper()
    if not is_number(number):
        return named
    with application.site.database.reading() as unit:
        return unit.exports.numbered(number) or named


def _size(listed: ListedExport, number: int) -> int:
    """Return how large a medium of a package is. Raises: Conflict("not-built"), NotFound."""
    if listed.export.built is None:
        raise Conflict("not-built", export=listed.export.id, state=listed.export.state)
    for one in listed.export.built.volumes:
        if one.number == number:
            return one.size_bytes
    raise NotFound("medium-not-found", number=number)


def _pairs(said: list[str] | None) -> dict[str, str]:
    pairs = [one.partition("=") for one in said or ()]
    if any(not (before and after) for before, _, after in pairs):
        raise Invalid("invalid-text", field="=")
    return {before: after for before, _, after in pairs}


def _show(application: Application, found: Sequence[ListedExport], json_: bool) -> None:
    rows = [export_out(one) for one in found]
    if json_:
        print_json(rows)
        return
    for row in rows:
        _print(row, application.site.policies.latest.time_zone)
    if not rows:
        print(say("cli.nothing-listed"))


def _print(row: dict[str, Any], zone: str) -> None:
    state = say(f"export-state.{row['state']}")
    if row["state"] == "asked":
        state += f"  {say('export-item.answer-by', day=row['answer_by'])}"
    asked = time_text(row["asked"], zone)
    print(f"{row['id']}  {row['number']}  {say('export-way.' + row['way'])}  {state}  {asked}")
    print(f"    {printable(row['recipient'] or '')}  {printable(row['purpose'] or '')}")
    where = f"{printable(row['unit_name'])}  {printable(row['case_number'] or '')}"
    print(f"    {where}  {_who(row, row['asked_by'])}")
    if row["decision"]:
        decided = time_text(row["decision"]["at"], zone)
        print(f"    {say('court.reviewed')}  {_who(row, row['decision']['by'])}  {decided}")
    for item in row["items"]:
        ground = say(f"export-ground.{item['ground']}") if item["ground"] else ""
        recording = item["recording"] or say("export-item.unseen")
        if item["title"]:
            recording = f"{printable(item['title'])}  {recording}"
        if item["withheld"]:
            ground = say("export-item.withheld")
        which = (item["derivative"] or "")[:SHORT]
        print(f"    {recording}  {say('export-form.' + item['form'])}  {which}  {ground}".rstrip())
    if row["problem"]:
        print(f"    {say('export-item.problem')}  {say('error.' + row['problem'])}")
    for volume in (row["built"] or {}).get("volumes", ()):
        print(f"    {volume['label']}  {volume['file']}  {volume['sha256']}")
        if volume["written"]:
            how = "read-back" if volume["read"] else "stated"
            by = _who(row, volume["written_by"]) if volume["written_by"] else "?"
            print(f"    {say(f'export-item.{how}', by=by)}")
    print(f"    {cites_text(row['cites'])}")


def _who(row: dict[str, Any], id_: str) -> str:
    """Return who stands behind an id: name and number, else what they are."""
    seer = row["people"][id_]
    told = " ".join(one for one in (seer["name"], seer["number"]) if one)
    return printable(told) if told else say(f"officer.seer-{seer['kind']}")
