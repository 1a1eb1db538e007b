"""Making a witness, and running it over its folder; one look of a monitor.

| file | what |
|---|---|
| `key.pem`, `vkey` | the key: keep a copy of both in a safe place |
| `trust` | the logs it knows |
| `state.db` | what it cosigned last: never put an older one back |
| `lock` | that it runs |
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from evidence.adapters.clock import SystemClock
from evidence.errors import Invalid, Unavailable
from evidence.ledger.keys import COSIGNATURE_ED25519, VerifierKey
from evidence.ledger.trust import Trust
from evidence.witness.desk import Desk
from evidence.witness.keys import WitnessKey, make_key, sync_folder, write_new
from evidence.witness.line import MOST_S, Server
from evidence.witness.logs import BEGINNING, FILE, Logs, add_log, read_logs
from evidence.witness.monitoring import Found, Monitor
from evidence.witness.store import Store, make_store
from evidence.witness.watched import Source

log = logging.getLogger("evidence.witness")


def make(folder: Path, name: str) -> str:
    """Make a witness in a new or empty folder; return its verifier key.

    name: as it stands in its cosignatures, without spaces and "+"; by custom an address without a scheme.
    Raises: Invalid("key-malformed", "folder-not-empty").
    """
    VerifierKey(name, bytes(32), COSIGNATURE_ED25519)  # a wrong name leaves nothing behind
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Invalid("folder-not-empty", folder=str(folder))
    make_store(folder)
    write_new(folder / FILE, BEGINNING, 0o644)
    key = make_key(folder, name)
    sync_folder(folder.parent)
    return key.text()


def run(
    folder: Path,
    address: tuple[str, int],
    tls: tuple[Path, Path | None] | None,
    more: Sequence[str],
    tell: Callable[[str, str], None],
) -> None:
    """Serve until asked to stop. address: host and port. tls: files of the certificate and its key.

    more: verifier keys of logs that are to be known from now on. tell: is told the URL and the vkey once
    requests are taken. Raises: Unavailable("witness-running", "witness-state-unreadable",
    "witness-key-missing", "witness-trust-missing"), Invalid, OSError where the address is taken.
    """
    _take(folder)
    key, store = WitnessKey(folder), Store(folder)
    for vkey in more:
        add_log(folder, vkey)

    def logs() -> Logs:
        return read_logs(folder)

    logs()  # a file that cannot be read is said now
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
    desk = Desk(key, store, logs, SystemClock().now)
    with Server(*address, desk, context) as server:
        stop = threading.Event()
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda *_: stop.set())
        threading.Thread(target=server.serve_forever, name="line", daemon=True).start()
        host, port = server.socket.getsockname()[:2]
        tell(f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}", key.key.text())
        stop.wait()
        server.shutdown()
        server.drain(MOST_S)
    store.close()


def _take(folder: Path) -> None:
    """Be the only one over a folder, until this process ends. Raises: Unavailable."""
    if not folder.is_dir():
        raise Unavailable("witness-key-missing", folder=str(folder), reason="no such folder")
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        raise Unavailable("witness-running", folder=str(folder)) from problem


def look(source: Source, trust: Trust, state: Path, quiet: timedelta) -> Sequence[Found]:
    """Look at logs once, as a monitor (monitoring.py). Raises: Invalid."""
    return Monitor(source, trust, state, quiet).look(SystemClock().now())
