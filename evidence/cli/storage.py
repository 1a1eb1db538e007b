"""`evidence storage`: whether the object store may be trusted with originals."""

from __future__ import annotations

import json

import typer

from evidence.cli.site import Data, Json, folder
from evidence.cli.words import printable
from evidence.errors import Invalid
from evidence.locale import say

app = typer.Typer(help="对象存储 / the object store", no_args_is_help=True)


@app.callback()
def storage() -> None:
    """对象存储 / The object store."""


@app.command()
def qualify(data: Data = None, json_: Json = False) -> None:
    """检验存储 / Probe the store's locks, keep the signed result; exit code 1 when it must not be used."""
    from evidence.qualifying import qualify_store
    from evidence.settings import load

    where = folder(data)
    if load(where).vault_url.startswith("file:"):
        raise Invalid("vault-is-folder", folder=str(where))
    rows, in_the_way = [], 0
    for probe in qualify_store(where):
        in_the_way += probe.stands_in_the_way
        rows.append(
            {"name": probe.name, "needed": probe.is_needed, "kept": probe.is_kept, "said": probe.said}
        )
        if not json_:
            mark = "✓" if probe.is_kept else "‼" if probe.is_needed else "!"
            print(f"{mark} {say(f'probe.{probe.name}')}  ({probe.name}: {printable(probe.said)})", flush=True)
    if json_:
        print(json.dumps({"passed": not in_the_way, "probes": rows}, ensure_ascii=False, indent=2))
    else:
        print(say("cli.store-refused", number=in_the_way) if in_the_way else say("cli.store-qualified"))
    if in_the_way:
        raise typer.Exit(1)
