"""`evidence accounts`: how people come to sign in, as the operator sees it."""

from __future__ import annotations

import json

import typer

from evidence.cli.site import OPERATOR, Data, Json, link, open_site, print_json
from evidence.cli.words import printable
from evidence.locale import say

accounts = typer.Typer(help="人员账户 / accounts of people", no_args_is_help=True)


@accounts.command("link")
def make_link(number: str, data: Data = None, json_: Json = False) -> None:
    """生成一次性链接 / Make a one-time link to set a password (72 hours); prints it this one time."""
    path = link(open_site(data).links.make(OPERATOR, number))
    if json_:
        print(json.dumps({"number": number, "link": path}, ensure_ascii=False))
        return
    print(say("cli.link-made", number=printable(number)))
    print(f"  {path}")


@accounts.command("list")
def list_accounts(data: Data = None, json_: Json = False) -> None:
    """列出账户 / List the accounts: who can sign in, with what, and who is locked."""
    found = open_site(data).account_desk.all(OPERATOR)
    if json_:
        print_json(
            [
                {
                    "person": one.person_id,
                    "number": one.number,
                    "state": one.state,
                    "factors": list(one.factors),
                    "locked_from": one.locked_from,
                }
                for one in found
            ]
        )
        return
    if not found:
        print(say("cli.nothing-listed"))
    for one in found:
        state = say(f"account-state.{one.state}")
        locked = f"  {say('cli.locked-from', count=one.locked_from)}" if one.locked_from else ""
        print(f"{printable(one.number)}  {state}  {' '.join(one.factors)}{locked}")


@accounts.command("disable")
def disable(number: str, data: Data = None) -> None:
    """停用账户 / Switch an account off; its sessions end at once."""
    open_site(data).account_desk.disable(OPERATOR, number)
    print(say("cli.account-disabled", number=printable(number)))


@accounts.command("enable")
def enable(number: str, data: Data = None) -> None:
    """启用账户 / Switch an account on again."""
    open_site(data).account_desk.enable(OPERATOR, number)
    print(say("cli.account-enabled", number=printable(number)))


@accounts.command("unlock")
def unlock(number: str, data: Data = None) -> None:
    """解锁账户 / Release an account that is locked after failed tries."""
    count = open_site(data).account_desk.unlock(OPERATOR, number)
    print(say("cli.account-unlocked", number=printable(number), count=count))
