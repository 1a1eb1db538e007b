"""`evidence witness …`: a witness of logs, for whoever must be able to contradict a site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evidence import notes
from evidence.cli.site import is_this_machine, verify_can_listen, verify_certificate
from evidence.errors import Invalid
from evidence.locale import say

app = typer.Typer(help="日志见证方 / A witness of logs, for a court or a procuratorate")
Folder = Annotated[Path, typer.Option("--folder", help="见证方目录 / the witness's folder")]


@app.callback(invoke_without_command=True)
def witness(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Option("--folder", help="见证方目录 / the witness's folder")] = None,
    log: Annotated[
        list[str] | None, typer.Option("--log", help="要见证的日志的验证公钥 / key of a log to watch")
    ] = None,
    host: Annotated[str, typer.Option(help="监听地址 / address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口，0 为任选 / port, 0 = any free one")] = 8445,
    certificate: Annotated[Path | None, typer.Option(help="TLS 证书 / TLS certificate")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS 私钥 / TLS key")] = None,
) -> None:
    """运行见证方 / Run a witness."""
    if context.invoked_subcommand is not None:
        return
    if folder is None:
        raise Invalid("witness-folder-missing")
    if certificate is None and not is_this_machine(host):
        raise Invalid("tls-required", host=host)
    if certificate is not None:
        verify_certificate(certificate, key)
    verify_can_listen(host, port)
    notes.begin()
    from evidence.witness.serving import run

    run(folder, (host, port), (certificate, key) if certificate else None, log or [], _tell)


@app.command()
def init(
    folder: Folder,
    name: Annotated[str, typer.Option("--name", help="签名名称 / name that stands in cosignatures")],
) -> None:
    """建立见证方 / Make a witness; prints its verifier key."""
    from evidence.witness.serving import make

    vkey = make(folder, name)
    print(say("cli.witness-key"))
    print(f"  {vkey}")


@app.command()
def trust(vkey: str, folder: Folder) -> None:
    """见证一份日志 / Watch a log from now on, by its verifier key."""
    from evidence.witness.logs import add_log

    print(say("cli.witness-trusts", log=add_log(folder, vkey).name))


def _tell(url: str, vkey: str) -> None:
    print(say("cli.witness-listens", url=url), vkey, sep="\n", flush=True)
