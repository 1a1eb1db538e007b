"""`evidence people`: the roll, one by one or as a table; personnel files; leaving."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.answers.roll import checklist_out, file_out, listed_out, person_out
from evidence.cli.coded import one_of
from evidence.cli.sheets import Apply, File, print_outcome, write_table
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_id
from evidence.cli.words import cites_text, print_new, printable
from evidence.domain.people import PersonType
from evidence.locale import CHINESE, ENGLISH, say, text
from evidence.service.people.people import Details
from evidence.service.people.personnel_tables import personnel_lines

app = typer.Typer(help="人员 / people", no_args_is_help=True)
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="编号 / number or badge")]
Unit = Annotated[str, typer.Option("--unit", help="单位标识或全名 / id or full name of the unit")]
Type = typer.Option("--type", help="人员类别 / person type", **one_of(PersonType, "person-type"))
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


@app.command()
def add(
    number: Number,
    unit: Unit,
    type_: Annotated[PersonType, Type] = PersonType.OFFICER,
    name: Annotated[str | None, typer.Option(help="姓名 / name")] = None,
    contract_from: Day = None,
    contract_to: Day = None,
    data: Data = None,
) -> None:
    """新增人员 / Add a person; recordings made under this number before become theirs."""
    desk = open_site(data).organisation
    details: Details = {"contract_from": _day(contract_from), "contract_to": _day(contract_to)}
    if name is not None:
        details["name"] = name
    new = desk.people.add(OPERATOR, number, type_, unit_id(desk.units, unit), **details)
    print_new(new.id, "person", number=number)


@app.command()
def change(
    number: Number,
    new_number: Annotated[str | None, typer.Option(help="新编号 / the new number")] = None,
    unit: Annotated[str | None, typer.Option(help="调往单位 / the unit to move to")] = None,
    type_: Annotated[PersonType | None, Type] = None,
    name: Annotated[str | None, typer.Option(help="姓名 / name")] = None,
    contract_to: Day = None,
    data: Data = None,
) -> None:
    """变更人员 / Change a person's row; old recordings keep their unit."""
    desk = open_site(data).organisation
    moved = None if unit is None else unit_id(desk.units, unit)
    given = {
        "number": new_number,
        "unit_id": moved,
        "type": type_,
        "name": name,
        "contract_to": _day(contract_to),
    }
    details: Any = {key: value for key, value in given.items() if value is not None}
    print_json(person_out(desk.people.change(OPERATOR, number, **details)))


@app.command("list")
def list_(
    data: Data = None,
    not_permitted: Annotated[
        bool, typer.Option("--not-permitted", help="仅不得佩戴者 / only who may not carry a recorder")
    ] = False,
    json_: Json = False,
) -> None:
    """列出人员 / List the people; who may not carry a recorder is marked, with what is missing."""
    people = open_site(data).organisation.people.all(OPERATOR, lacking=not_permitted)
    if json_:
        print_json([listed_out(one) for one in people])
        return
    for one in people:
        person = one.person
        off = "" if one.is_on_roll else f"  [{say('cli.not-on-roll')}]"
        type_ = say(f"person-type.{person.type}")
        shown = "  ".join(map(printable, (person.number, person.name or "—", type_, one.unit)))
        print(f"{shown}{off}")
        for lack in one.lacks:
            need = {"need": text(CHINESE, f"need.{lack.need}"), "need_en": text(ENGLISH, f"need.{lack.need}")}
            print(f"    ! {say('cli.may-not-carry', **need)}  {cites_text([cite.id for cite in lack.cites])}")
    if not people:
        print(say("cli.nothing-listed"))


@app.command()
def show(
    number: Number,
    to: Annotated[
        Path | None, typer.Option("--to", help="另存为 .json 或 .xlsx / write a .json or .xlsx file")
    ] = None,
    data: Data = None,
) -> None:
    """显示或导出人事档案 / Show a whole personnel file, or write it for an inspection."""
    desk = open_site(data).organisation
    found = desk.personnel.file(OPERATOR, number)
    if to is None:
        print_json(file_out(found))
        return

    def made(form: str) -> bytes:
        if form == "json":
            return json.dumps(file_out(found), ensure_ascii=False, indent=2).encode()
        return desk.files.write(["part", "what", "value"], personnel_lines(found, desk.files.word), form)

    write_table(to, made)


@app.command("import")
def import_(file: File, apply: Apply = False, data: Data = None, json_: Json = False) -> None:
    """导入表格（默认只试运行） / Import a table; only tells what it would do, unless --apply."""
    outcome = open_site(data).organisation.sheets.import_people(OPERATOR, file.read_bytes(), apply=apply)
    raise typer.Exit(print_outcome(outcome, json_))


@app.command()
def export(file: Path, data: Data = None) -> None:
    """导出为 CSV 或 XLSX / Export as CSV or XLSX, by the name of the file."""
    write_table(file, lambda form: open_site(data).organisation.sheets.export_people(OPERATOR, form))


@app.command()
def leave(
    number: Number,
    close: Annotated[bool, typer.Option("--close", help="办结 / close: nothing may be open")] = False,
    check: Annotated[bool, typer.Option("--check", help="只列出未结事项 / only list what is open")] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """离职：立即停用账户并列出未结事项 / Leaving: the account is off at once; lists what is still open."""
    desk = open_site(data).organisation.leaving
    if close:
        desk.close(OPERATOR, number)
        print(say("cli.person-left", number=printable(number)))
        return
    found = desk.checklist(OPERATOR, number) if check else desk.start(OPERATOR, number)
    if json_:
        print_json(checklist_out(found))
        return
    for item in found.open:
        print(f"{say(f'leaving-item.{item.kind}')}: {item.count}")
    print(say("cli.leaving-open" if found.open else "cli.leaving-clear", number=printable(number)))
    if found.cites:
        print(f"    {cites_text(found.cites)}")


@app.command("erase-name")
def erase_name(
    number: Number, reason: Annotated[str, typer.Option(help="理由 / reason")], data: Data = None
) -> None:
    """抹去离职人员姓名 / Erase the name of somebody who left long ago; log and proofs stay as they are."""
    values = open_site(data).organisation.leaving.erase_name(OPERATOR, number, reason)
    print(say("cli.name-erased", values=values))


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
