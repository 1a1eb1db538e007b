"""`evidence grants`, `evidence views`: who holds which role, and who looked at a recording."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from evidence.answers.oversight import grant_out, held_out, view_out
from evidence.cli.coded import one_of
from evidence.cli.lists import print_table
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_id, unit_names
from evidence.cli.words import in_utc, printable, time_text
from evidence.domain.rights import Role
from evidence.errors import NotFound
from evidence.locale import Word, say

grants = typer.Typer(help="角色授权 / roles", no_args_is_help=True)

Reason = Annotated[str, typer.Option("--reason", help="理由 / reason")]


@grants.command("add")
def add_grant(
    number: Annotated[str, typer.Argument(help="人员编号 / number of the person")],
    role: Annotated[Role, typer.Argument(help="角色 / role", **one_of(Role, "role"))],
    reason: Reason,
    unit: Annotated[
        str | None,
        typer.Option("--unit", help="单位标识或全名；不填为全部 / id or full name; without it everywhere"),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", help="截止时间 / end, in the law's time zone")
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """授予角色 / Give a person a role in a unit and below; in force at their next request."""
    application = open_site(data)
    with application.site.database.reading() as rows:
        person = rows.people.by_number(number)
    if person is None:
        raise NotFound("person-not-found", number=number)
    zone = ZoneInfo(application.site.policies.latest.time_zone)
    end = None if until is None else in_utc(until, zone)
    where = unit and unit_id(application.organisation.units, unit)
    grant = application.oversight.grants.give(OPERATOR, person.id, role, where, reason, end)
    if json_:
        print_json(grant_out(grant))
        return
    print(say("cli.grant-given", role=Word(f"role.{role.value}"), number=printable(number)))
    print(f"  {grant.id}")


@grants.command("revoke")
def revoke_grant(grant: str, reason: Reason, data: Data = None) -> None:
    """撤销授权 / Take a role away, by the id of the grant; gone at the next request."""
    open_site(data).oversight.grants.revoke(OPERATOR, grant, reason)
    print(say("cli.grant-revoked"))


@grants.command("list")
def list_grants(data: Data = None, json_: Json = False) -> None:
    """列出授权 / List who holds what."""
    application = open_site(data)
    rows = [held_out(one) for one in application.oversight.grants.held(OPERATOR)]
    if json_:
        print_json(rows)
        return
    zone, units = application.site.policies.latest.time_zone, unit_names(application)
    columns = ("number", "type", "role", "unit", "until", "granted", "reason", "id")
    print_table(
        columns,
        [
            {
                **row,
                "type": say(f"person-type.{row['type']}"),
                "role": say(f"role.{row['role']}"),
                "unit": units.get(row["unit"] or "", row["unit"]),
                "until": time_text(row["until"], zone),
                "granted": time_text(row["granted"], zone),
            }
            for row in rows
        ],
    )
    if not rows:
        print(say("cli.nothing-listed"))


def views(
    recording: Annotated[str, typer.Argument(help="资料标识 / id of the recording")],
    most: Annotated[int, typer.Option("--most", help="最多条数 / how many at most")] = 100,
    before: Annotated[int | None, typer.Option("--before", help="早于此序号 / before this number")] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """查看记录 / Who looked at a recording, newest first; this look is logged too."""
    application = open_site(data)
    rows = [view_out(one) for one in application.oversight.views.of(OPERATOR, recording, most, before)]
    if json_:
        print_json(rows)
        return
    zone = application.site.policies.latest.time_zone
    print_table(
        ("n", "at", "act", "result", "by", "purpose"),
        [
            {
                **row,
                "at": time_text(row["at"], zone),
                "by": " ".join(filter(None, (row["by"]["number"], row["by"]["name"]))) or row["by"]["id"],
            }
            for row in rows
        ],
    )
    if not rows:
        print(say("cli.nothing-listed"))
