"""`evidence identities`: who at the provider of single sign-on is whom here; and passkeys that were lost."""

from __future__ import annotations

from typing import Annotated

import typer

from evidence.cli.site import OPERATOR, Data, open_site
from evidence.locale import say

app = typer.Typer(help="单点登录身份与通行密钥 / single sign-on and passkeys of people", no_args_is_help=True)


@app.command("link")
def link(
    number: str,
    subject: Annotated[str, typer.Option(help="提供方的身份标识 / subject at the provider")],
    data: Data = None,
) -> None:
    """关联身份 / Link an identity at the provider to a person, by their number."""
    open_site(data).factors.identities.link(OPERATOR, number, subject)
    print(say("cli.identity-linked", number=number))


@app.command("unlink")
def unlink(number: str, data: Data = None) -> None:
    """取消关联 / Take a person's identity away; their sessions end."""
    open_site(data).factors.identities.unlink(OPERATOR, number)
    print(say("cli.identity-unlinked", number=number))


@app.command("forget-passkeys")
def forget_passkeys(number: str, data: Data = None) -> None:
    """删除通行密钥 / Remove all passkeys of a person who has lost theirs."""
    count = open_site(data).factors.passkeys.withdraw(OPERATOR, number)
    print(say("cli.passkeys-removed", number=number, count=count))
