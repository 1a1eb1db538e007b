"""The product without its web door, as a process that is forked quickly: `python -m tests.drills.lean
SOCKET`.

Everything is imported once; each connection to the socket is served by a fresh child of its own, which builds
the application over a site's folder exactly as `evidence serve` does and then works one request at a time:
no thread races, so a system call's number means the same moment in every run. Dying is the child's trade.
Seals are done by the product's own work loop when the receipt is asked for; other jobs stay queued.

A request is a line of JSON, then `length` bytes. An answer is `yes {…}` or `no {…}` in one sendto(2), so that
an order oracle can see it in a log of system calls.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.bootstrap import Application, build
from evidence.domain.access import Caller
from evidence.domain.recordings import Origin
from evidence.domain.rights import Kind
from evidence.errors import EvidenceError
from evidence.founding import initialise
from evidence.service.intake.reception import Checksum
from evidence.service.jobs import JobName
from evidence.service.recordings.recordings import StillSealing
from evidence.signer.__main__ import run as sign
from storage.errors import StorageError
from storage.local import LocalVault

_SET_PTRACER, _ANYONE = 0x59616D61, ctypes.c_ulong(-1)  # prctl(2): where the Yama module asks for leave
OPERATOR = Caller("operator", Kind.OPERATOR, "operator")
MOST_TRIES = 50


def main(path: str) -> None:
    """Listen until the standard input is closed by whoever started us."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(8)
    gc.freeze()
    print("ready", flush=True)
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        link, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            try:
                _serve(link)
            except BaseException as problem:
                _answer(link, False, {"problem": f"{type(problem).__name__}: {problem}"})
                raise
            finally:
                os._exit(0)
        link.close()


def _serve(link: socket.socket) -> None:
    ctypes.CDLL(None).prctl(_SET_PTRACER, _ANYONE, 0, 0, 0)
    lines = link.makefile("rb")
    first = json.loads(lines.readline())
    if "make" in first:
        _answer(link, True, _make(Path(first["make"])))
        return
    link.sendall(json.dumps({"pid": os.getpid()}).encode() + b"\n")
    if not lines.readline():  # "go": whoever traces us has attached
        return
    if "sign" in first:
        folder = Path(first["sign"])
        sign(folder, folder / "signer")
        return
    if "publish" in first:
        _publish(link, build(Path(first["publish"])))
        return
    if "build" in first or "hand-over" in first:
        _export(link, *first.popitem())
        return
    if "migrate" in first:
        _migrate(link, first["migrate"])
        return
    LocalVault.at_once = 1  # several go side by side else, each by the same steps
    application = build(Path(first["serve"]))
    application.work.take_over()
    (dock,) = application.accounts.docks(OPERATOR)
    service = LeanService(application, dock)
    _answer(link, True, {})
    while line := lines.readline():
        request = json.loads(line)
        body = lines.read(request.pop("length", 0))
        try:
            _answer(link, True, service.answer(request, body))
        except (EvidenceError, StorageError) as problem:
            _answer(link, False, {"code": problem.code, "problem": str(problem)})


def _publish(link: socket.socket, application: Application) -> None:
    try:
        application.publishing.publish_all()
    except (EvidenceError, StorageError) as problem:
        _answer(link, False, {"code": problem.code, "problem": str(problem)})
    else:
        _answer(link, True, {})


def _migrate(link: socket.socket, folder: str) -> None:
    """Bring the database of a folder to the schema of this program (migration_kills.py)."""
    with closing(SqlDatabase(f"sqlite:///{folder}/evidence.db", "drill.example/site")) as database:
        database.migrate()
    _answer(link, True, {})


def _export(link: socket.socket, act: str, folder: str) -> None:
    """Build, or hand over, the export that the site's drill is about (export_kills.py)."""
    application, about = build(Path(folder)), json.loads((Path(folder) / "drill.json").read_bytes())
    try:
        if act == "build":
            application.court.building.build(about["export"])
        else:
            hand_over(application, about)
    except (EvidenceError, StorageError) as problem:
        _answer(link, False, {"code": problem.code, "problem": str(problem)})
    else:
        _answer(link, True, {})


def hand_over(application: Application, about: dict[str, str]) -> None:
    """Hand a package over as those two do whom the drill names."""
    with application.site.database.reading() as unit:
        gives = unit.grants.caller(about["gives"], application.site.clock.now())
    assert gives is not None
    application.court.handing_over.hand_over(gives, about["export"], about["beside"], "王法官")


def _make(folder: Path) -> dict[str, Any]:
    _, verifier = initialise(folder, "dazhe-2020", "drill.example/site", sm3=True)
    dock, _ = build(folder).accounts.add_dock(OPERATOR, "dock")
    return {"verifier": verifier, "dock": dock.id}


def _answer(link: socket.socket, good: bool, facts: dict[str, Any]) -> None:
    link.sendall(b"%s %s\n" % (b"yes" if good else b"no", json.dumps(facts).encode()))


class LeanService:
    """The four requests of a sender, as web/tus.py makes them of HTTP."""

    def __init__(self, application: Application, dock: Caller) -> None:
        self._app, self._dock = application, dock

    def answer(self, request: dict[str, Any], body: bytes) -> dict[str, Any]:
        """Do one request. Raises: EvidenceError, StorageError."""
        act = request.pop("act")
        answer: dict[str, Any] = getattr(self, f"_{act}")(body=body, **request)
        return answer

    def _create(self, name: str, device: str, size: int, sha256: str | None, body: bytes) -> dict[str, Any]:
        origin = Origin(device=device, wearer="012345", name=name, size_bytes=size, modified_at=None)
        return {"upload": self._app.uploads.create(self._dock, origin, sha256, body).id}

    def _head(self, upload: str, body: bytes) -> dict[str, Any]:
        return {"offset": self._app.uploads.status(self._dock, upload).offset}

    def _patch(self, upload: str, offset: int, checksum: str, body: bytes) -> dict[str, Any]:
        with self._app.uploads.receive(
            self._dock, upload, offset, len(body), Checksum.parse(checksum)
        ) as reception:
            half = len(body) // 2
            reception.take(body[:half])
            reception.take(body[half:])
            reception.commit()
        return {"offset": self._app.uploads.status(self._dock, upload).offset}

    def _receipt(self, upload: str, body: bytes) -> dict[str, Any]:
        for _ in range(MOST_TRIES):
            try:
                return {"receipt": self._app.recordings.receipt(self._dock, upload).decode()}
            except StillSealing:
                self._seal()
        return {"receipt": None}

    def _rest(self, body: bytes) -> dict[str, Any]:
        """Do every seal that waits, as the workers do without being asked."""
        for _ in range(MOST_TRIES):
            if not self._seal():
                break
        return {}

    def _seal(self) -> bool:
        """Seal as the workers do: small files together."""
        jobs = self._app.work.claim_some("lean", (JobName.SEAL,))
        if jobs:
            self._app.work.do_all(jobs)
        return bool(jobs)


if __name__ == "__main__":
    main(sys.argv[1])
