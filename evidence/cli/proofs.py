"""What commands write into new files: proofs of the log, documents. What is written is on the disc."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from evidence.cli.site import Data, Json, open_site, print_json
from evidence.errors import Invalid
from evidence.locale import say
from evidence.service.log.proving import Proven, Proving


def prove_into(to: Path, find: Callable[[Proving], Sequence[Proven]], data: Data, json_: Json) -> None:
    """Write the entries that are found, with their proofs, into a new folder, and say what was written."""
    if to.exists() or to.is_symlink():
        raise Invalid("folder-exists", folder=str(to))
    application = open_site(data)
    try:
        proven = find(application.proving)
        vkeys = application.proving.told_keys()
    finally:
        application.signer.close()
    written = _write_proven(to, proven, vkeys)
    if json_:
        print_json(written)
        return
    print(say("cli.log-proven", number=len(written), folder=str(to)))


def _write_proven(to: Path, proven: Sequence[Proven], vkeys: Sequence[str]) -> list[dict[str, object]]:
    """Write entries with their proofs and the keys into a new folder; return what was written."""
    to.mkdir(parents=True)
    written: list[dict[str, object]] = []
    for one in proven:
        name = f"{one.log.replace('/', '-')}-{one.index:012d}"
        write_new(to / f"{name}.json", one.entry)
        write_new(to / f"{name}.tlog-proof", one.proof)
        fields = {name: value.plain() for name, value in one.fields.items()}
        if fields:
            write_new(to / f"{name}.fields.json", json.dumps(fields, ensure_ascii=False, indent=1).encode())
        written.append({"log": one.log, "index": one.index, "file": f"{name}.tlog-proof", "fields": fields})
    write_new(to / "keys", "".join(f"{vkey}\n" for vkey in vkeys).encode())
    return written


def write_new(path: Path, body: bytes) -> None:
    """Write a new file; it is on the disc when this returns."""
    with path.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
