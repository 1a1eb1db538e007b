"""`evidence units`: agencies and units, one by one or as a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evidence.answers.roll import unit_out
from evidence.cli.sheets import Apply, File, print_outcome, write_table
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import print_new, printable
from evidence.errors import Invalid, Known, NotFound
from evidence.locale import say
from evidence.service.people.units import Units, full_names

if TYPE_CHECKING:
    from evidence.bootstrap import Application

app = typer.Typer(help="单位 / units", no_args_is_help=True)
Named = Annotated[
    str, typer.Argument(metavar="UNIT", help="单位标识或全名“机关/单位” / id, or full name: agency/unit")
]


@app.command()
def add(
    name: str,
    below: Annotated[str | None, typer.Option(help="上级单位 / the unit above; none: an agency")] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """新增机关或单位 / Add an agency, or a unit below another."""
    desk = open_site(data).organisation.units
    new = desk.add(OPERATOR, name, None if below is None else unit_id(desk, below))
    if json_:
        print_json(unit_out(new, full_names(desk.all(OPERATOR))[new.id]))
        return
    print_new(new.id, "unit", name=name)


@app.command("list")
def list_(data: Data = None, json_: Json = False) -> None:
    """列出单位 / List the units."""
    units = open_site(data).organisation.units.all(OPERATOR)
    names = full_names(units)
    if json_:
        print_json([unit_out(one, names[one.id]) for one in units])
        return
    for one in units:
        closed = f"  [{say('cli.unit-closed')}]" if one.closed_at else ""
        print(f"{one.id}  {printable(names[one.id])}{closed}")
    if not units:
        print(say("cli.nothing-listed"))


@app.command()
def legal(
    unit: Named,
    end: Annotated[bool, typer.Option("--end", help="不再是 / no more")] = False,
    data: Data = None,
) -> None:
    """指定法制机构，负责听证等事项的记录 / Name the legal unit, which owes the recording of hearings."""
    application = open_site(data)
    id_ = unit_id(application.organisation.units, unit)
    (application.steps.end_legal_unit if end else application.steps.name_legal_unit)(OPERATOR, id_)
    print(say("acted.legal-unit-ended" if end else "acted.legal-unit-named"))


@app.command()
def rename(unit: Named, name: str, data: Data = None) -> None:
    """更改名称 / Give a unit another name."""
    desk = open_site(data).organisation.units
    desk.rename(OPERATOR, unit_id(desk, unit), name)
    print(say("cli.unit-renamed", name=printable(name)))


@app.command()
def close(unit: Named, data: Data = None) -> None:
    """撤销单位 / Close a unit in which nobody and no open unit is left; what it answers for stays with it."""
    desk = open_site(data).organisation.units
    desk.close(OPERATOR, unit_id(desk, unit))
    print(say("cli.unit-closed"))


@app.command("import")
def import_(file: File, apply: Apply = False, data: Data = None, json_: Json = False) -> None:
    """导入表格（默认只试运行） / Import a table; only tells what it would do, unless --apply."""
    outcome = open_site(data).organisation.sheets.import_units(OPERATOR, file.read_bytes(), apply=apply)
    raise typer.Exit(print_outcome(outcome, json_))


@app.command()
def export(file: Path, data: Data = None) -> None:
    """导出为 CSV 或 XLSX / Export as CSV or XLSX, by the name of the file."""
    write_table(file, lambda form: open_site(data).organisation.sheets.export_units(OPERATOR, form))


def unit_id(desk: Units, named: str) -> str:
    """Return the id of an open unit by its id, its full name or, where no other bears it, its own name.

    Raises: NotFound("unit-not-found"), Invalid("unit-ambiguous").
    """
    units = desk.all(OPERATOR)
    names = full_names(units)
    found = [one.id for one in units if named == one.id or (named == names[one.id] and not one.closed_at)]
    found = found or [one.id for one in units if named == one.name and not one.closed_at]
    if not found:
        raise NotFound("unit-not-found", unit=named)
    if len(found) > 1:
        raise Invalid("unit-ambiguous", unit=named, known=Known(sorted(names[one] for one in found)))
    return found[0]


def unit_names(application: Application) -> Mapping[str, str]:
    """Return the full names of all units by id, closed ones too, fit for a terminal."""
    names = full_names(application.organisation.units.all(OPERATOR))
    return {id_: printable(name) for id_, name in names.items()}


def unit_of(application: Application, named: str) -> str:
    """Return the same of a site."""
    return unit_id(application.organisation.units, named)
