"""`evidence disposals`: what is due, asking for it, how far it is, certificates. A second person decides, who
signs in."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from evidence.answers.keeping import disposal_out, due_out
from evidence.cli.proofs import write_new
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import printable, time_text
from evidence.domain.disposals import Disposal
from evidence.locale import say
from evidence.service.keeping.certificates import DESTRUCTION

app = typer.Typer(help="到期处置 / disposals", no_args_is_help=True)
Recording = Annotated[str, typer.Argument(help="资料标识 / id of the recording")]


@app.command()
def due(data: Data = None, json_: Json = False) -> None:
    """到期可处置的资料 / List recordings that nothing keeps any more, the longest over first."""
    application = open_site(data)
    rows = [due_out(one, OPERATOR) for one in application.disposals.due(OPERATOR)]
    if json_:
        print_json(rows)
        return
    zone = application.site.policies.latest.time_zone
    for row in rows:
        one, rule = row["recording"], row["rule"]
        until = time_text(rule["until"], zone)
        print(f"{one['id']}  {until}  {say('keeps.' + rule['keeps'])}  {printable(one['name'])}")
    if not rows:
        print(say("cli.nothing-listed"))


@app.command()
def ask(
    recordings: Annotated[list[str], typer.Argument(help="资料标识 / ids of recordings")],
    reason: Annotated[str, typer.Option("--reason", help="理由 / why")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """申请销毁 / Ask that recordings be destroyed; somebody else decides."""
    _show(open_site(data).disposals.ask(OPERATOR, recordings, reason), json_)


@app.command("list")
def listed(
    ended: Annotated[bool, typer.Option("--ended", help="已办结 / those that have ended")] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """处置清单 / List the disposals that are open, or those that have ended."""
    _show(open_site(data).disposals.list(OPERATOR, ended=ended), json_)


@app.command()
def certificate(
    recording: Recording,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="打印为 PDF / a new file: on paper")] = None,
    data: Data = None,
) -> None:
    """销毁证明 / Print the signed certificate of destruction, byte for byte, or on paper."""
    application = open_site(data)
    document = application.disposals.certificate(OPERATOR, recording)
    if pdf is not None:
        said = application.site.signer.read(document, DESTRUCTION)
        zone, now = application.site.policies.latest.time_zone, application.site.clock.now()
        write_new(pdf, application.court.papers.destruction(said, zone, now))
        print(say("cli.written", file=printable(str(pdf))))
        return
    sys.stdout.buffer.write(document)
    sys.stdout.buffer.flush()


def _show(found: Iterable[Disposal], json_: bool) -> None:
    rows = [disposal_out(one) for one in found]
    if json_:
        print_json(rows)
        return
    for row in rows:
        kept = f"  {say('keeps.' + row['kept_by'])}" if row["kept_by"] else ""
        print(f"{row['id']}  {row['recording']}  {say('disposal.' + row['state'])}{kept}")
        print(f"    {printable(row['reason'])}")
    if not rows:
        print(say("cli.nothing-listed"))
