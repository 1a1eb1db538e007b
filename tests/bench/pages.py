"""Pages at scale: what each takes over HTTP with a million recordings; the first byte for 40 viewers.

A custodian of the whole agency asks each page as a browser does, again and again with other words, over one
connection. Then viewers in a process of their own ask for ranges of one recording, each once a second, and
each range is logged before its first byte. A desk adds its pages to `PAGES`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx2
import uvicorn

from evidence import bootstrap
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType
from evidence.domain.rights import Role
from evidence.service.people_ports import StoredGrant
from evidence.service.sessions import open_session
from evidence.service.sign_in_ports import StoredSignIn
from evidence.web.app import create_app
from evidence.web.deps import COOKIE
from evidence.web.serving import BoundedHeads
from tests.bench.made_catalogue import UNITS, WEARERS, MadeCatalogue, id_of
from tests.builders import SITE
from tests.pages.custody_room import CustodyRoom
from tests.service_process import free_port
from tests.web.browser import WebRoom

TARGET_PAGE_S, TARGET_BYTE_S = 0.300, 0.250
ROUNDS, VIEWERS, WATCHED_S = 40, 40, 20
PLAYED = 24 << 20  # bytes of the recording that is watched
_NUMBERS = random.Random(7)


def _unit() -> str:
    return id_of("unit", _NUMBERS.randrange(UNITS))


def _wearer() -> str:
    return f"{_NUMBERS.randrange(UNITS * WEARERS):06}"


def _recording() -> str:
    return id_of("recording", _NUMBERS.randrange(10_000))


# What a page is, and an address of it; made anew each time.
PAGES: dict[str, Callable[[], str]] = {
    "search: all": lambda: "/custody/search",
    "search: party": lambda: f"/custody/search?party={quote('甲')}",
    "search: a party that is not there": lambda: f"/custody/search?party={quote('乙')}",
    "search: unit": lambda: f"/custody/search?unit={_unit()}",
    "search: unit, without labels": lambda: f"/custody/search?unit={_unit()}&state=unlabelled",
    "search: wearer": lambda: f"/custody/search?wearer={_wearer()}",
    "search: device, oldest first": lambda: f"/custody/search?device=DSJ{_wearer():0>8}&sort=time",
    "search: finding": lambda: "/custody/search?code=gap-between-files",
    "search: a finding that is not there": lambda: "/custody/search?code=black-picture",
    "search: held": lambda: "/custody/search?state=held",
    "search: finding and labels": lambda: "/custody/search?code=gap-between-files&state=unlabelled",
    "search: class that is not there": lambda: "/custody/search?class=minors&state=unlabelled",
    "search: a month": lambda: "/custody/search?since=2026-03-01&until=2026-03-31&state=unlabelled",
    "recording": lambda: f"/recordings/{_recording()}",
    "cases": lambda: f"/custody/cases?number={quote('案')}{_NUMBERS.randrange(1, 99)}",
    "case": lambda: f"/cases/{id_of('case', _NUMBERS.randrange(500))}",
    "holds": lambda: "/custody/holds",
    "disposals": lambda: "/custody/disposals",
    "devices": lambda: "/custody/devices",
}


def main(words: list[str]) -> int:
    """Run the bench; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="bench pages")
    parser.add_argument("--recordings", type=int, default=1_000_000)
    parser.add_argument("--form", choices=("embedded", "grown"), default="embedded")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="bench-pages-", dir=options.folder))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    try:
        with a_database(folder, grown=options.form == "grown") as database:
            return measure(folder, database, options.recordings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def a_database(folder: Path, *, grown: bool) -> Iterator[SqlDatabase | None]:
    """Start a PostgreSQL server with an empty database; None: the site's own file."""
    if not grown:
        yield None
        return
    from tests.servers.postgres import PostgresServer  # it looks for its programs

    server = PostgresServer(folder / "postgres")
    server.start()
    try:
        database = SqlDatabase(server.new_database(), SITE)
        database.migrate()
        yield database
        database.close()
    finally:
        server.stop()


def measure(folder: Path, database: SqlDatabase | None, recordings: int) -> int:
    """Fill the catalogue, serve it, and print what each page takes."""
    room = WebRoom(folder / "data")
    if database is not None:
        room.site = replace(room.site, database=database)
        settings = room.application.settings
        room.application = bootstrap._application(settings, room.site, room.application.queue)
        room.app = create_app(room.application, start_workers=False)
    made = room.site.database
    assert isinstance(made, SqlDatabase)
    began = time.perf_counter()
    MadeCatalogue(made, room.clock.now(), recordings, recordings // 20).make()
    print(f"{recordings:,} recordings on {made.engine.dialect.name}, made in "
          f"{time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
    token = a_custodian(room)
    watched = CustodyRoom(room).seal(os.urandom(PLAYED), "watched.mp4", wearer="000000")
    with served(room) as port:
        missed = [page(port, token, name, path) for name, path in PAGES.items()]
        missed.append(watch(port, token, watched))
    return int(any(missed))


def a_custodian(room: WebRoom) -> str:
    """Hire a custodian of everything; return the token of their session."""
    person = Person(new_id(), "custodian", "某人", PersonType.OFFICER, id_of("agency", 0))
    now, post = room.clock.now(), "post"
    with room.site.database.writing() as unit:
        unit.people.add(person, now)
        unit.grants.add(
            StoredGrant(new_id(), person.id, Role.CUSTODIAN, id_of("agency", 0), post, "operator", now)
        )
        unit.sign_ins.add(StoredSignIn(person.id, person.number, now))
    with room.site.database.writing() as unit:
        return open_session(unit, room.site, person.id, ("password", "totp"), "127.0.0.1")[0]


@contextmanager
def served(room: WebRoom) -> Iterator[int]:
    """Serve the site in a thread; yield the port."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(room.app, "127.0.0.1", port, http=BoundedHeads, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield port
    server.should_exit = True
    thread.join(30)


def page(port: int, token: str, name: str, path: Callable[[], str]) -> bool:
    """Print what a page takes; return whether it is too slow."""
    took, worked = list[float](), list[float]()
    with httpx2.Client(base_url=f"http://localhost:{port}", timeout=60) as client:
        for _ in range(ROUNDS):
            asked = path()
            began, busy = time.perf_counter(), time.process_time()
            answer = client.get(asked, headers={"Cookie": f"{COOKIE}={token}", "Accept": "text/html"})
            took.append(time.perf_counter() - began)
            worked.append(time.process_time() - busy)
            assert answer.status_code == 200, (asked, answer.status_code, answer.text[:300])
    is_slow = told(name, took, TARGET_PAGE_S)
    print(f"{'':42} of that on a processor, server and asker: {sorted(worked)[ROUNDS // 2] * 1000:.0f} ms")
    return is_slow


def watch(port: int, token: str, recording: str) -> bool:
    """Print what viewers wait for their first byte; return whether it is too long."""
    asked = [str(port), token, recording, str(VIEWERS), str(WATCHED_S), str(PLAYED)]
    run = [sys.executable, "-m", "tests.bench.viewers", *asked]
    busy = time.process_time()
    took: list[float] = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)
    busy = time.process_time() - busy
    is_slow = told(f"first byte, {VIEWERS} viewers, {len(took)} ranges", took, TARGET_BYTE_S)
    print(f"{'':42} of a range on a processor, server: {busy / len(took) * 1000:.1f} ms", flush=True)
    return is_slow


def told(name: str, took: list[float], target_s: float) -> bool:
    """Print one line; return whether the target is missed."""
    ordered = sorted(took)
    p50, p95 = (ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95))
    is_slow = p95 > target_s
    print(f"{name:42} p50 {p50 * 1000:6.0f} ms  p95 {p95 * 1000:6.0f} ms  first {took[0] * 1000:6.0f} ms  "
          f"target {target_s * 1000:.0f} ms  {'MISSED' if is_slow else 'ok'}", flush=True)  # fmt: skip
    return is_slow


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
