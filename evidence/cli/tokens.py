"""`evidence tokens`: tokens of other systems."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from evidence.cli.site import OPERATOR, Data, Json, open_site
from evidence.cli.words import printable
from evidence.domain.rights import Action
from evidence.locale import say

tokens = typer.Typer(help="其他系统的令牌 / tokens of other systems", no_args_is_help=True)


@tokens.callback()
def _group() -> None:
    """Keep `add` a command of its own, also while it is the only one."""


@tokens.command("add")
def add(
    name: str,
    scope: Annotated[list[Action], typer.Option("--scope", help="可执行的操作 / an action it is for")],
    days: Annotated[int, typer.Option("--days", help="有效天数 / days that it lives")] = 90,
    data: Data = None,
    json_: Json = False,
) -> None:
    """添加令牌 / Make a token for another system; prints it this one time."""
    account, token = open_site(data).tokens.add(OPERATOR, name, scope, days)
    if json_:
        print(json.dumps({"id": account.id, "name": account.name, "token": token}, ensure_ascii=False))
        return
    print(say("cli.token-made", name=printable(name), days=days))
    print(f"  {token}")
