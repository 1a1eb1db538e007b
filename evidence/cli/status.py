"""`evidence status`: what a site's operator must see to, and the numbers behind it."""

from __future__ import annotations

import typer

from evidence.answers.measure import measure_lines, measures_out, need_lines
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.locale import say
from evidence.service.measuring import Need


def status(data: Data = None, json_: Json = False) -> None:
    """系统状态 / State of the site; exit code 4 while an integrity alarm stands, 1 when anything else needs
    somebody, else 0.
    """
    application = open_site(data)
    found = application.measuring.now(OPERATOR)
    needs = found.needs()
    if json_:
        print_json(measures_out(found))
    else:
        for line in need_lines(found):
            print(line)
        if not needs:
            print(say("site-need.nothing"))
        for line in measure_lines(found, application.site.policies.latest.time_zone):
            print(f"  {line}")
    if needs:
        raise typer.Exit(4 if Need.ALARM in needs else 1)
