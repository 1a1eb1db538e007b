"""`evidence policy show|check`: what the law says here, article by article; whether a pack can be used."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from evidence.answers.policy.packs import pack_out, rules_of, summary_out
from evidence.errors import PolicyError
from evidence.local import load_pack, load_path, shipped_packs
from evidence.locale import say
from evidence.policy.rules import Pack

app = typer.Typer(help="规则包 / policy packs", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="机器可读 / machine-readable")]


@app.command()
def show(
    name: Annotated[
        str | None, typer.Argument(help="规则包名称、文件或目录 / a pack's name, file or folder")
    ] = None,
    json_: Json = False,
) -> None:
    """显示规则及所依据的条款 / Show the rules with their articles; without a name, list the packs."""
    try:
        sets = shipped_packs().values() if name is None else [load_pack(name)]
    except PolicyError as problem:
        raise _refuse(problem) from problem
    packs = [pack for one in sets for pack in one.packs]
    if json_:
        shown = [summary_out(pack) if name is None else pack_out(pack) for pack in packs]
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    for pack in packs:
        for line in _heading(pack) if name is None else _page(pack):
            print(line)


@app.command()
def check(
    file: Annotated[
        Path, typer.Argument(exists=True, readable=True, help="规则包文件或目录 / a pack's file or folder")
    ],
) -> None:
    """检查规则包 / Check a pack; exit code 1 with file, line and reason when it cannot be used."""
    try:
        found = load_path(file)
    except PolicyError as problem:
        raise _refuse(problem) from problem
    for pack in found.packs:
        print(
            say("policy.in-order", id=pack.id, version=pack.version, articles=len(pack.citations)),
        )


def _refuse(problem: PolicyError) -> typer.Exit:
    """Say on standard error what is wrong and where; return the exit."""
    if "line" in problem.fields:
        reason = say(f"policy-fault.{problem.fields['reason']}", **problem.fields)
        print(f"{problem.fields['file']}:{problem.fields['line']}: {reason}", file=sys.stderr)
    else:
        print(say(f"policy-fault.{problem.code}", **problem.fields), file=sys.stderr)
    return typer.Exit(1)


def _heading(pack: Pack) -> Iterator[str]:
    start = pack.in_force_from.isoformat() if pack.in_force_stated else say("policy.date-not-stated")
    end = pack.in_force_to.isoformat() if pack.in_force_to else say("policy.no-end")
    yield f"{pack.id}  {pack.version}  {pack.title_zh} / {pack.title_en}"
    yield f"    {say('policy.in-force')}: {start} – {end}"


def _page(pack: Pack) -> Iterator[str]:
    """Yield all rules of a pack: value, the articles word for word, and what was set by default."""
    yield from _heading(pack)
    if pack.in_force_note_zh:
        yield f"    {pack.in_force_note_zh} / {pack.in_force_note_en}"
    for name, value, fields, cites in rules_of(pack, say):
        yield ""
        yield f"{say(f'policy.{name}')}: {value}"
        for cite in cites:
            adopted = "" if pack.is_own(cite.id) else f"{say('policy.adopted')} "
            yield f"    {adopted}《{cite.title_zh}》{cite.article} ({cite.id})"
            yield f"        {cite.text_zh}"
            yield f"        {cite.gloss_en}"
        for default in pack.defaults:
            if default.field in fields:
                field = say(f"policy-field.{default.field}")
                yield f"    {say('policy.default')} [{field}]: {default.reason_zh} / {default.reason_en}"
    for one in pack.instruments:
        if one.adopted_zh:
            yield f"\n{say('policy.adopted')} 《{one.title_zh}》: {one.adopted_zh} / {one.adopted_en}"
