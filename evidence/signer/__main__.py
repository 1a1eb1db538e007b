"""`python -m evidence.signer --data FOLDER`: the signer of a site, by itself or as a child of the service."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum
from pathlib import Path

from evidence import notes, settings
from evidence.adapters.clock import SystemClock
from evidence.errors import EvidenceError, Unavailable
from evidence.signer.desk import Desk, all_pieces, open_desk
from evidence.signer.keys import KeyFolder
from evidence.signer.line import RUNNING, Server
from evidence.signer.store import Store
from storage.errors import StorageError
from storage.opening import open_vault


class Task(Enum):
    """What the signer is started for."""

    SERVE = "serve"
    CHILD = "child"
    RESUME = "resume"
    ADOPT = "adopt"


HELP = {
    Task.CHILD: "end when standard input ends: the parent is gone",
    Task.RESUME: "sign again after a halt, then end",
    Task.ADOPT: "take over from the vault what was signed, where the state was lost, then end",
}


def main() -> None:
    """Serve until asked to stop, or until the parent is gone."""
    parser = argparse.ArgumentParser(prog="evidence signer")
    parser.add_argument("--data", type=Path, required=True, help="the site's data folder")
    parser.add_argument(
        "--folder", type=Path, help="state, keys and socket; default: signer in the data folder"
    )
    for task in (Task.CHILD, Task.RESUME, Task.ADOPT):
        parser.add_argument(f"--{task.value}", dest="task", action="store_const", const=task, help=HELP[task])
    given = parser.parse_args()
    notes.begin()
    try:
        run(given.data, given.folder or given.data / "signer", given.task or Task.SERVE)
    except (EvidenceError, StorageError) as problem:
        print(f"evidence signer: {problem}", file=sys.stderr)
        sys.exit(RUNNING if problem.code == "signer-running" else 3)


def run(data: Path, folder: Path, task: Task = Task.SERVE) -> None:
    """Open the signer of a site and do its task.

    Raises: Unavailable("signer-running"), Invalid, IntegrityFault, StorageError.
    """
    site = settings.load(data)
    folder.mkdir(mode=0o750, exist_ok=True)
    with _alone_in(folder), closing(Store(folder / "state.db")) as store:
        if task is Task.RESUME:
            store.resume()
            return
        vault = open_vault(site.vault_url)
        desk = open_desk(site.name, store, KeyFolder(folder / "keys"), vault, SystemClock().now)
        if task is Task.ADOPT:
            for log in sorted({piece.log for piece in all_pieces(vault)}):
                print(log, desk.adopt(log))
            desk.end_halt_of_lost_state()
        else:
            _serve(folder, desk, is_child=task is Task.CHILD)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the lock of a signer's folder. Raises: Unavailable("signer-running")."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise Unavailable("signer-running", folder=str(folder)) from problem
        yield
    finally:
        os.close(lock)


def _serve(folder: Path, desk: Desk, is_child: bool) -> None:
    with Server(folder, desk) as server:
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        threading.Thread(target=server.serve_forever, name="line", daemon=True).start()
        if is_child:
            threading.Thread(target=_until_the_parent_is_gone, args=(stop,), daemon=True).start()
        stop.wait()
        server.shutdown()


def _until_the_parent_is_gone(stop: threading.Event) -> None:
    with suppress(OSError):
        while os.read(0, 1 << 10):
            pass
    stop.set()


if __name__ == "__main__":
    main()
