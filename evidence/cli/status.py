"""`evidence status`: what a site's operator must see to, and the numbers behind it."""

from __future__ import annotations

import typer

from evidence.answers.measure import measure_lines, measures_out, need_lines
from evidence.cli.site import OPERATOR, Data, Json, folder, open_site, print_json
from evidence.local import is_served
from evidence.locale import say
from evidence.service.measuring import Need


def status(data: Data = None, json_: Json = False) -> None:
    """系统状态 / State of the site; exit code 4 while an integrity alarm stands or an original is damaged, 1
    when anything else needs somebody, else 0.
    """
    application = open_site(data)
    found = application.measuring.now(OPERATOR)
    needs, served = found.needs(), is_served(folder(data))
    if json_:
        print_json({**measures_out(found), "served": served})
    else:
        lines = [*need_lines(found), *([f"‼ {say('cli.not-served')}"] if served is False else [])]
        for line in lines or [say("site-need.nothing")]:
            print(line)
        for line in measure_lines(found, application.site.policies.latest.time_zone):
            print(f"  {line}")
    if needs or served is False:
        raise typer.Exit(4 if {Need.ALARM, Need.DAMAGED} & set(needs) else 1)
