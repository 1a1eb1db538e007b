"""`evidence init`, `evidence serve`, `evidence docks`: making and running a site."""

from __future__ import annotations

import errno
import json
import re
import socket
import ssl
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evidence import notes
from evidence.cli.words import printable, speak_under
from evidence.domain.access import Caller
from evidence.domain.rights import Kind
from evidence.errors import Invalid, Unavailable
from evidence.local import check_machine
from evidence.locale import say

if TYPE_CHECKING:
    from evidence.bootstrap import Application

Data = Annotated[
    Path | None, typer.Option("--data", help="站点数据目录 / the site's data folder (or EVIDENCE_DATA)")
]
Json = Annotated[bool, typer.Option("--json", help="机器可读 / machine-readable")]
Device = Annotated[str | None, typer.Option("--device", help="仅此设备 / this device only")]
OPERATOR = Caller("operator", Kind.OPERATOR, "operator")

docks = typer.Typer(help="采集站 / docking stations", no_args_is_help=True)


def folder(data: Path | None) -> Path:
    """Return the data folder named by the option or the environment. Raises: Invalid."""
    from evidence.settings import default_data

    named = data or default_data()
    if named is None:
        raise Invalid("data-folder-missing")
    return named


def open_site(data: Path | None) -> Application:
    """Open the site named by the option or the environment. Raises: Invalid, Unavailable."""
    # Late, here and below: database, queue and web take a second to load, which no other command should wait.
    from evidence.bootstrap import build

    application = build(folder(data))
    speak_under(application.site.policies.latest)
    return application


def print_json(value: object) -> None:
    """Print the answer for programs."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def init(
    data: Annotated[Path, typer.Option("--data", help="新站点的数据目录 / data folder of the new site")],
    policy: Annotated[str, typer.Option("--policy", help="规则包 / policy pack")],
    name: Annotated[
        str, typer.Option("--name", help="签名名称 / name that stands in signatures")
    ] = "evidence",
    sm3: Annotated[bool, typer.Option("--sm3/--no-sm3", help="同时计算 SM3 / SM3 beside SHA-256")] = True,
    administrator: Annotated[
        str, typer.Option("--administrator", help="安全管理员编号 / number of the security administrator")
    ] = "administrator",
    json_: Json = False,
) -> None:
    """建立站点 / Make a site; prints the first administrator's one-time link."""
    from evidence.founding import initialise, needs_qualification

    _verify_can_begin(data, name)
    token, verifier = initialise(data, policy, name, sm3, administrator)
    if json_:
        print(json.dumps({"data": str(data), "administrator_link": link(token), "verifier_key": verifier}))
        return
    print(say("cli.init-done", folder=str(data)))
    print(say("cli.admin-link", number=administrator))
    print(f"  {link(token)}")
    print(say("cli.verifier-key"))
    print(f"  {verifier}")
    if needs_qualification(data):
        print(say("cli.init-qualify"))


def link(token: str) -> str:
    """Return the path of a one-time link at the service, whatever its address is."""
    return f"/link/{token}"


def _verify_can_begin(data: Path, name: str) -> None:
    """Refuse what cannot become a site, and say why. Raises: Invalid."""
    from evidence.settings import FILE, NAME

    if not re.fullmatch(NAME, name):
        raise Invalid("invalid-site-name", name=name)
    if data.exists() and not data.is_dir():
        raise Invalid("not-a-folder", file=str(data))
    if (data / FILE).exists():
        raise Invalid("already-a-site", folder=str(data))


def serve(
    data: Data = None,
    host: Annotated[str, typer.Option(help="监听地址 / address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口，0 为任选 / port, 0 = any free one")] = 8443,
    certificate: Annotated[Path | None, typer.Option(help="TLS 证书 / TLS certificate")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS 私钥 / TLS key")] = None,
) -> None:
    """运行服务 / Run the service of a site."""
    from evidence.bootstrap import build, lock_to_serve, runs_own_workers, verify_may_ingest
    from evidence.web.app import create_app, fork_workers
    from evidence.web.serving import serve_http

    if certificate is None and not is_this_machine(host):
        raise Invalid("tls-required", host=host)
    if certificate is not None:
        verify_certificate(certificate, key)
    where = folder(data)
    notes.begin()
    with ExitStack() as held:
        has_workers = runs_own_workers(where)
        if has_workers:
            check_machine()
        held.enter_context(lock_to_serve(where))
        verify_may_ingest(where)
        workers = fork_workers(where) if has_workers else None
        service = create_app(build(where, bell=workers), workers)
        verify_can_listen(host, port)
        serve_http(service, host, port, certificate, key)


def is_this_machine(host: str) -> bool:
    """Tell whether nobody but this machine's own programs can reach an address."""
    return host in ("127.0.0.1", "::1", "localhost")


def verify_certificate(certificate: Path, key: Path | None) -> None:
    """Load certificate and key once. Raises: Invalid("certificate-unusable")."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError as problem:
        files = {"certificate": str(certificate), **({"private_key": str(key)} if key else {})}
        raise Invalid("certificate-unusable", **files, reason=problem.strerror or str(problem)) from problem


def verify_can_listen(host: str, port: int) -> None:
    """Take the address for a moment, as the server will. Raises: Unavailable("port-in-use"), Invalid."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise Unavailable("port-in-use", host=host, port=port) from problem
        raise Invalid("address-unusable", host=host, port=port, reason=problem.strerror) from problem


@docks.command("add")
def add_dock(name: str, data: Data = None, json_: Json = False) -> None:
    """添加采集站 / Add a dock; prints its token this one time."""
    account, token = open_site(data).accounts.add_dock(OPERATOR, name)
    if json_:
        print(json.dumps({"id": account.id, "name": account.name, "token": token}, ensure_ascii=False))
        return
    print(say("cli.dock-token", name=name))
    print(f"  {token}")


@docks.command("revoke")
def revoke_dock(dock: str, data: Data = None) -> None:
    """吊销采集站令牌 / Revoke a dock's token (by the dock's id or name); what it sent stays."""
    open_site(data).accounts.revoke_dock(OPERATOR, dock)
    print(say("cli.dock-revoked", dock=dock))


@docks.command("list")
def list_docks(data: Data = None, json_: Json = False) -> None:
    """列出采集站 / List the docks."""
    accounts = open_site(data).accounts.docks(OPERATOR)
    if json_:
        print(json.dumps([_dock_out(one) for one in accounts], ensure_ascii=False))
        return
    if not accounts:
        print(say("cli.nothing-listed"))
        return
    print(f"{say('column.id'):32}  {say('column.dock')}")
    for one in accounts:
        bound = "" if one.devices is None else f"  [{printable(' '.join(sorted(one.devices)))}]"
        print(f"{one.id}  {printable(one.name)}{bound}")


def _dock_out(one: Caller) -> dict[str, object]:
    return {"id": one.id, "name": one.name, "devices": None if one.devices is None else sorted(one.devices)}


@docks.command("bind")
def bind_dock(
    dock: str,
    device: Annotated[
        list[str] | None, typer.Option(help="设备序列号，可重复 / serial of a recorder, repeatable")
    ] = None,
    any_: Annotated[bool, typer.Option("--any", help="不限设备 / any recorder")] = False,
    data: Data = None,
) -> None:
    """限定采集站的设备 / Let a dock send for these recorders only (or for any again)."""
    if bool(device) == any_:
        raise Invalid("invalid-devices")
    open_site(data).binding.bind(OPERATOR, dock, None if any_ else device)
    print(say("cli.dock-bound", dock=dock))
