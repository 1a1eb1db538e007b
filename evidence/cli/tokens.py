"""`evidence tokens`: credentials of other systems, made for some actions and a while."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from evidence.answers.recordings import token_out
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.words import printable, time_text
from evidence.locale import say

app = typer.Typer(help="其他系统的令牌 / tokens of other systems", no_args_is_help=True)


@app.command("add")
def add(
    name: str,
    scope: Annotated[list[str], typer.Option(help="允许的操作，可重复 / action it is for, repeatable")],
    days: Annotated[int, typer.Option(help="有效天数 / days until it ends (1 to 366)")] = 90,
    data: Data = None,
    json_: Json = False,
) -> None:
    """添加令牌 / Make a token; prints it this one time."""
    site = open_site(data)
    stored, token = site.tokens.add(OPERATOR, name, scope, days)
    if json_:
        shown = {**token_out(stored, site.site.clock.now()), "token": token}
        print(json.dumps(shown, ensure_ascii=False))
        return
    print(say("cli.token-made", name=name))
    print(f"  {token}")


@app.command("list")
def list_(data: Data = None, json_: Json = False) -> None:
    """列出令牌 / List the tokens, the first to expire first; those with `!` end within 14 days."""
    site = open_site(data)
    now, zone = site.site.clock.now(), site.site.policies.latest.time_zone
    tokens = [token_out(one, now) for one in site.tokens.all(OPERATOR)]
    if json_:
        print_json(tokens)
        return
    for one in tokens:
        mark = "!" if one["about_to_expire"] else " "
        until, scopes = time_text(one["expires"], zone) or say("cli.token-endless"), " ".join(one["scopes"])
        print(f"{mark} {one['id']}  {until:25}  {printable(one['name'])}  {scopes}")
    if not tokens:
        print(say("cli.nothing-listed"))


@app.command("revoke")
def revoke(token: str, data: Data = None) -> None:
    """吊销令牌 / Revoke a token (by its id or name); it is refused from its next request on."""
    open_site(data).tokens.revoke(OPERATOR, token)
    print(say("cli.token-revoked", token=token))
