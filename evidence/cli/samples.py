"""`evidence samples`: recordings drawn for review by a seed that was committed to beforehand."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from evidence.answers.people import with_names
from evidence.answers.sample import drawn_out, listed_sample_out, sample_out
from evidence.cli.coded import one_of
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_of
from evidence.cli.words import in_utc, person_text, printable, span_of_time, time_text
from evidence.domain.samples import SampleOutcome, commitment, draw, population_digest
from evidence.errors import Invalid
from evidence.locale import say

app = typer.Typer(help="抽查 / samples for review", no_args_is_help=True)
Sample = Annotated[str, typer.Argument(help="抽查标识 / id of the sample")]
Time = Annotated[datetime, typer.Option(help="时间，按规则所用时区 / time, in the law's time zone")]


@app.command()
def commit(
    unit: Annotated[str, typer.Argument(help="单位标识或全名 / id or full name of the unit")],
    since: Time,
    until: Time,
    data: Data = None,
    json_: Json = False,
) -> None:
    """对尚未开始的时段承诺随机种子 / Commit to a seed for a time that has not begun."""
    application = open_site(data)
    zone = ZoneInfo(application.site.policies.latest.time_zone)
    start, end = (in_utc(one, zone) for one in (since, until))
    new = sample_out(application.sampling.commit(OPERATOR, unit_of(application, unit), start, end))
    if json_:
        print_json(new)
    else:
        print(f"{say('sample.id')}: {new['id']}")
        print(f"{say('sample.commitment')}: {new['commitment']}")
        print(say("sample.next", id=new["id"], until=time_text(new["until"], zone.key)))


@app.command("draw")
def draw_sample(sample: Sample, data: Data = None, json_: Json = False) -> None:
    """抽取并公开种子 / Draw, and show the seed."""
    done = sample_out(open_site(data).sampling.draw(OPERATOR, sample))
    if json_:
        print_json(done)
    else:
        drawn = done["drawn"]
        print(f"{say('sample.seed')}: {drawn['seed']}")
        print(say("sample.drawn", quota=drawn["quota"], population=drawn["population"], id=sample))


@app.command("list")
def list_(data: Data = None, json_: Json = False) -> None:
    """抽查清单 / List the samples."""
    application = open_site(data)
    rows = [listed_sample_out(one) for one in application.sampling.all(OPERATOR)]
    if json_:
        print_json(rows)
        return
    zone = application.site.policies.latest.time_zone
    for row in rows:
        done = (
            say("sample.committed") if row["drawn"] is None else f"{row['reviewed']}/{row['drawn']['quota']}"
        )
        print(f"{row['id']}  {span_of_time(row, zone)}  {done}")
    if not rows:
        print(say("cli.nothing-listed"))


@app.command()
def show(sample: Sample, data: Data = None, json_: Json = False) -> None:
    """抽中的资料、审看结果和审看证明 / What was drawn, its reviews, and how much of it was shown to whom."""
    application = open_site(data)
    found = drawn_out(*application.sampling.drawn(OPERATOR, sample))
    if json_:
        print_json(found)
        return
    zone = application.site.policies.latest.time_zone
    print(f"{found['id']}  {span_of_time(found, zone)}")
    print(f"{say('sample.commitment')}: {found['commitment']}")
    for row in filter(None, found["recordings"]):
        outcome = say(f"sample-outcome.{row['outcome']}") if row["outcome"] else say("sample.to-review")
        print(f"{row['place']:4}  {row['recording']}  {outcome}  {row['seen_bytes']}/{row['bytes']}")
        if row["note"]:
            print(f"      {printable(row['note'])}")
        for look in with_names(application.site, OPERATOR, row["looks"]):
            by = person_text(look["who"], look["by"])
            print(f"      {time_text(look['at'], zone)}  {by}  {look['start']}–{look['end']}")


@app.command()
def population(sample: Sample, data: Data = None) -> None:
    """抽查总体的资料标识 / The ids that a sample was drawn from, one a line."""
    ids, withheld = open_site(data).sampling.population(OPERATOR, sample)
    for one in ids:
        print(one)
    if withheld:
        print(say("sample.withheld", number=withheld), file=sys.stderr)


@app.command()
def review(
    sample: Sample,
    recording: Annotated[str, typer.Argument(help="资料标识 / id of the recording")],
    outcome: Annotated[
        SampleOutcome, typer.Argument(help="结果 / outcome", **one_of(SampleOutcome, "sample-outcome"))
    ],
    note: Annotated[str, typer.Option(help="意见 / what was found")],
    data: Data = None,
) -> None:
    """登记审看结果；未看过的不得登记 / Note what a look found; what was not looked at is refused."""
    open_site(data).sampling.review(OPERATOR, sample, recording, outcome, note)
    print(say("sample.reviewed"))


@app.command()
def redraw(
    seed: Annotated[str, typer.Argument(help="公开的种子 / the seed that was shown, in hex")],
    quota: Annotated[int, typer.Argument(min=0, help="抽取数量 / how many were drawn")],
    ids: Annotated[
        Path, typer.Argument(exists=True, help="总体标识，每行一个 / ids of the population, one a line")
    ],
) -> None:
    """重新抽取，核对承诺和总体，无需站点 / Draw again, without a site."""
    try:
        secret = bytes.fromhex(seed)
    except ValueError:
        raise Invalid("invalid-text", field="seed") from None
    try:
        there = ids.read_text(encoding="ascii").split()
    except UnicodeDecodeError:
        raise Invalid("invalid-text", field="ids") from None
    print(f"commitment {commitment(secret)}")
    print(f"population {population_digest(there)}")
    for one in draw(secret, there, quota):
        print(one)
