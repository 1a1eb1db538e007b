"""`evidence retention`: why a recording is kept, what another pack would change, and changing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

import typer

from evidence.answers.keeping import rule_out, touched_out, why_out
from evidence.answers.things import named_out, thing_text, things_known, things_of_rules
from evidence.bootstrap import Application
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import cites_text, time_text
from evidence.local import load_pack
from evidence.locale import say
from evidence.service.keeping.pack_changes import Touched

app = typer.Typer(help="保存期限 / keeping", no_args_is_help=True)


@app.command()
def why(
    recording: Annotated[str, typer.Argument(help="资料标识 / id of the recording")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """为何保存、保存至何时 / What keeps a recording, and until when; the first line decides."""
    application = open_site(data)
    found = application.keeping.why(OPERATOR, recording)
    known = things_known(application.site, OPERATOR, things_of_rules(found.rules))
    if json_:
        print_json({**why_out(found), "named": named_out(known)})
        return
    zone = application.site.policies.latest.time_zone
    for rule in (found.decides, *(one for one in found.rules if one != found.decides)):
        row = rule_out(rule)
        until = time_text(row["until"], zone) if row["until"] else say("keeps.no-end")
        about = thing_text(say, known.get(rule.about or ""))
        print("  ".join(filter(None, (say(f"keeps.{rule.keeps}"), until, about, row["about"]))))
        for cite in row["cites"]:
            print(f"    {cites_text([cite])}")


@app.command("dry-run")
def dry_run(
    policy: Annotated[str, typer.Argument(help="规则包名称、文件或目录 / a pack's name, file or folder")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """试算更换规则包 / List every recording whose date another pack would touch; nothing changes."""
    application = open_site(data)
    _show(application, application.pack_changes.try_dry(OPERATOR, load_pack(policy)), json_)


@app.command()
def apply(data: Data = None, json_: Json = False) -> None:
    """按现行规则包延长 / Move the locks that the pack in force asks for; none becomes shorter."""
    application = open_site(data)
    _show(application, application.pack_changes.apply(OPERATOR), json_)


def _show(application: Application, found: Iterable[Touched], json_: bool) -> None:
    if json_:
        print_json([touched_out(one) for one in found])
        return
    counts, zone = Counter[str](), application.site.policies.latest.time_zone
    for one in found:
        counts[one.touch] += 1
        row = touched_out(one)
        dates = " → ".join(time_text(row[key], zone) for key in ("before", "after"))
        print(f"{row['recording']}  {say(f'touch.{one.touch}')}  {dates}")
    if not counts:
        print(say("touch.none"))
        return
    print(say("touch.summary", later=counts["later"], stays=counts["stays"]))
