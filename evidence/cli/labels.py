"""`evidence labels`: what recordings are marked with after docking, and what is missing of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from evidence.answers.coded_words import code_of
from evidence.answers.filing import Asked, filed_out
from evidence.answers.label import history_out, labelled_out, missing_out
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import cites_text, printable, time_text
from evidence.domain.recordings import NOT_MEASURED
from evidence.errors import Invalid, Known
from evidence.locale import CHINESE, catalogue, say
from evidence.policy.rules import Label

app = typer.Typer(help="标注 / labels", no_args_is_help=True)
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="使用日期 / day of use")]
Recordings = Annotated[list[str], typer.Argument(help="资料标识，可多个 / ids of recordings")]


@app.command("set")
def give(
    recordings: Recordings,
    label: Annotated[
        list[str],
        typer.Option("--label", help="名称=内容，可重复 / NAME=VALUE, repeatable: case-number=…"),
    ],
    data: Data = None,
    json_: Json = False,
) -> None:
    """标注资料 / Give recordings labels, in the place of those that stand; all of them, or none."""
    labels = {}
    for one in label:
        typed, is_pair, text = one.partition("=")
        name = code_of("label", typed)
        if not is_pair or name in labels:
            raise Invalid("unknown-label", found=one, known=Known(Label, "label"))
        labels[name] = text
    done = labelled_out(open_site(data).labelling.give(OPERATOR, recordings, labels))
    if json_:
        print_json(done)
        return
    print(say("labels.changed", number=len(done["changed"])))
    for line in (*before_lines(done["before"]), *unknown_case_lines(done["unknown_case"])):
        print(line)


@app.command("not-yet")
def say_not_yet(
    recordings: Recordings,
    due: Annotated[
        datetime,
        typer.Option("--due", formats=["%Y-%m-%d"], help="补标期限 / day by which the number follows"),
    ],
    data: Data = None,
    json_: Json = False,
) -> None:
    """尚无案号 / Say by which day the case number of recordings is to follow."""
    _print_changed(open_site(data).labelling.say_not_yet(OPERATOR, recordings, due.date()), json_)


@app.command()
def end(
    recordings: Recordings,
    label: Annotated[str, typer.Option("--label", help="标注名称 / name of the label")],
    reason: Annotated[str, typer.Option("--reason", help="理由 / reason")],
    data: Data = None,
) -> None:
    """撤下标注 / Take a label off recordings; it stays in their history."""
    code = code_of("label", label)
    open_site(data).labelling.end(OPERATOR, recordings, code, reason)
    print(say("acted.label-ended", label=_name(code)))


@app.command()
def history(
    recording: Annotated[str, typer.Argument(help="资料标识 / id of the recording")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """标注沿革 / All that was ever said of a recording's labels."""
    application = open_site(data)
    told = history_out(application.labelling.history(OPERATOR, recording), OPERATOR)
    if json_:
        print_json(told)
        return
    zone = application.site.policies.latest.time_zone
    for one in told["labels"]:
        times = f"{time_text(one['given'], zone)} {one['given_by']}"
        ended = f" – {time_text(one['ended'], zone)} {one['ended_by']}" if one["ended"] else ""
        print(f"{_name(one['name'])}: {_value(one)}")
        print(f"    {times}{ended}")
    if not told["labels"]:
        print(say("cli.nothing-listed"))


@app.command()
def filed(
    party: Annotated[str | None, typer.Option("--party", help="被检查单位 / inspected party")] = None,
    officer: Annotated[str | None, typer.Option("--officer", help="执法人员编号 / officer's number")] = None,
    since: Day = None,
    until: Day = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """分类清单 / Recordings by inspected party, officer and day of use, with the counts of each."""
    application = open_site(data)
    zone = application.site.policies.latest.time_zone
    asked = Asked(party, officer, since.date() if since else None, until.date() if until else None)
    found = filed_out(application.recordings.list(OPERATOR), OPERATOR, asked, zone)
    if json_:
        print_json(found)
        return
    for part, label in (("by_party", "inspected-party"), ("by_officer", "officer"), ("by_day", "time")):
        for row in found[part]:
            print(f"{say(f'label.{label}')} {printable(row['value'] or '–')}: {row['count']}")
    for row in found["recordings"]:
        said = "  ".join(f"{_name(name)}: {_text(name, text)}" for name, text in row["labels"].items())
        print(f"{row['id']}  {printable(row['wearer'])}  {said}".rstrip())
    if not found["recordings"]:
        print(say("cli.nothing-listed"))


@app.command()
def missing(data: Data = None, json_: Json = False) -> None:
    """缺标注的资料 / Recordings that lack labels, most urgent first, with counts."""
    found = missing_out(open_site(data).unlabelled.missing(OPERATOR), OPERATOR)
    if json_:
        print_json(found)
        return
    print(say("labels.total", total=found["total"], overdue=found["overdue"], later=len(found["to_follow"])))
    for label, count in found["by_label"].items():
        print(f"  {_name(label)}: {count}")
    for part, key in (("by_unit", "name"), ("by_wearer", "wearer")):
        for row in found[part]:
            print(f"  {say(f'labels.{part}')} {printable(row[key] or say('cli.no-unit'))}: {row['count']}")
    for row in (*found["missing"], *found["to_follow"]):
        for line in _lines(row):
            print(line)


def before_lines(before: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield what stood before in the place of what was said, by recording."""
    for recording, stood in before.items():
        for name, was in stood.items():
            yield f"  {recording}  {say('labels.before', label=_name(name), value=printable(was))}"


def unknown_case_lines(number: str | None) -> Iterator[str]:
    """Yield that no case of a number is registered; nothing for None."""
    if number is not None:
        yield f"! {say('labels.unknown-case', number=printable(number))}"


def _lines(row: Mapping[str, Any]) -> tuple[str, str]:
    lacks = " · ".join(_name(label) for label in row["missing"])
    if due := row["case_number_due"]:
        late = say("labels.overdue" if row["overdue"] else "labels.due", due=due)
        lacks = " · ".join(filter(None, (lacks, late)))
    who = f"{printable(row['device'])} {printable(row['wearer'])}  {printable(row['name'])}"
    recording = f"{say('column.recording')} {row['recording']}"
    return f"{who}  {lacks}", f"    {recording}  {cites_text(row['cites'])}"


def _name(label: str) -> str:
    if label in NOT_MEASURED:
        return say("recording.clock-offset")
    return say(f"label.{label}") if f"label.{label}" in catalogue(CHINESE) else printable(label)


def _text(label: str, text: str) -> str:
    return say("court.not-measured") if NOT_MEASURED.get(label) == text else printable(text)


def _value(one: Mapping[str, Any]) -> str:
    if one["due"]:
        return say("labels.due", due=one["due"])
    return _text(one["name"], one["value"]) if one["value"] is not None else say("labels.not-known")


def _print_changed(changed: Any, json_: bool) -> None:
    if json_:
        print_json({"changed": list(changed)})
    else:
        print(say("labels.changed", number=len(changed)))
