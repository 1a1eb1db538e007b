"""Pages at scale: what each takes over HTTP with a million recordings; the first byte for 40 viewers.

A custodian of the whole agency asks each page as a browser does, again and again with other words, over one
connection. Then viewers in a process of their own ask for ranges of one recording, each once a second, and
each range is logged before its first byte. A desk adds its pages to `PAGES`.
"""

from __future__ import annotations

import argparse
import gc
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
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import httpx2
import uvicorn
from fastapi import FastAPI

from evidence import bootstrap
from evidence import settings as site_settings
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.people import Person, PersonType
from evidence.domain.rights import Role
from evidence.service.people.people_ports import StoredGrant
from evidence.service.sign_in.sessions import open_session
from evidence.service.sign_in.sign_in_ports import StoredSignIn
from evidence.service.site import Site
from evidence.web.app import create_app
from evidence.web.deps import COOKIE
from evidence.web.serving import BoundedHeads
from tests.bench.made_catalogue import UNITS, WEARERS, MadeCatalogue, id_of
from tests.builders import SITE, HandClock
from tests.pages.custody_room import CustodyRoom
from tests.service_process import free_port
from tests.web.browser import WebRoom

TARGET_PAGE_S, TARGET_BYTE_S = 0.300, 0.250
ROUNDS, VIEWERS, WATCHED_S = 40, 40, 20
LEAST, LONGEST_S = 10, 30.0  # rounds of a page that is slow, and for how long it is asked again
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
SUPERVISED: dict[str, Callable[[], str]] = {
    "board": lambda: "/board",
    "trends": lambda: "/trends",
    "trends: unit": lambda: f"/trends?unit={_unit()}",
    "gaps: unit": lambda: f"/gaps?unit={_unit()}&since=2026-11-01&until=2026-11-30",
    "review": lambda: "/review",
    "matrix": lambda: "/matrix",
    "complaints": lambda: "/complaints",
    "faults": lambda: "/faults",
    "exemptions": lambda: "/exemptions",
    "samples": lambda: "/samples",
}
ADMINISTERED: dict[str, Callable[[], str]] = {
    "status": lambda: "/status",
    "alarms": lambda: "/alarms",
    "docks": lambda: "/docks",
}
SECURED: dict[str, Callable[[], str]] = {
    "people": lambda: "/people",
    "people: a number": lambda: f"/people?q={_wearer()}",
    "people: who lacks something": lambda: "/people?lacking=1",
    "person": lambda: f"/people/{_wearer()}",
    "units": lambda: "/units",
}
# Who asks for which: one person of each role, of the whole agency.
ASKED = {
    Role.CUSTODIAN: PAGES,
    Role.AGENCY_HEAD: SUPERVISED,
    Role.SYSTEM_ADMINISTRATOR: ADMINISTERED,
    Role.SECURITY_ADMINISTRATOR: SECURED,
}


def main(words: list[str]) -> int:
    """Run the bench; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="bench pages")
    parser.add_argument("--recordings", type=int, default=1_000_000)
    parser.add_argument("--form", choices=("embedded", "grown"), default="embedded")
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--kept", type=Path, default=None, help="use the site in here; make it if need be")
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="bench-pages-", dir=options.folder))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    try:
        if options.kept is not None:
            return measure(kept_site(options.kept, options.recordings))
        with a_database(folder, grown=options.form == "grown") as database:
            return measure(made_site(folder / "data", database, options.recordings))
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


@dataclass(frozen=True)
class Made:
    """A site to be measured. tokens: of the sessions of one person of each role. watched: a recording."""

    app: FastAPI
    tokens: dict[str, str]
    watched: str


def kept_site(kept: Path, recordings: int) -> Made:
    """Return the site that an earlier run has made in a folder, at the moment of its making; else make it."""
    data, note = kept / f"{recordings}", kept / f"{recordings}.json"
    if not note.exists():
        shutil.rmtree(data, ignore_errors=True)  # of a run that did not come to its end
        kept.mkdir(parents=True, exist_ok=True)
        made = made_site(data, None, recordings)
        now = to_text(made.app.state.application.site.clock.now())
        note.write_text(json.dumps({"now": now, "watched": made.watched}))
        return made
    told, clock = json.loads(note.read_text()), HandClock()
    clock.time = from_text(told["now"])
    settings = site_settings.load(data)
    database = SqlDatabase(settings.database_url, settings.name)
    database.migrate(may_begin=False)
    vault, queue = bootstrap.open_vault(settings.vault_url), bootstrap.open_queue(settings.broker_url)
    site = bootstrap.site_of(settings, database, vault, bootstrap.CeleryBell(queue))  # its vault is made up
    site = replace(site, clock=clock)
    application = bootstrap._application(settings, site, queue)
    return Made(create_app(application, start_workers=False), signed_in(site), told["watched"])


def made_site(data: Path, database: SqlDatabase | None, recordings: int) -> Made:
    """Make a site with so many recordings; database: another than its own file."""
    room = WebRoom(data)
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
    watched = CustodyRoom(room).seal(os.urandom(PLAYED), "watched.mp4", wearer="000000")
    return Made(room.app, signed_in(room.site), watched)


def measure(made: Made) -> int:
    """Serve a site, and print what each page takes."""
    with served(made.app) as port:
        missed = [
            page(port, made.tokens[role.value], name, path)
            for role, pages in ASKED.items()
            for name, path in pages.items()
        ]
        missed.append(watch(port, made.tokens[Role.CUSTODIAN.value], made.watched))
    print(f"{sum(missed)} of {len(missed)} targets missed")
    return int(any(missed))


def signed_in(site: Site) -> dict[str, str]:
    """Hire one person for each role, in everything; return the tokens of their sessions by role."""
    tokens, now = {}, site.clock.now()
    for role in ASKED:
        person = Person(new_id(), new_id()[:8], "某人", PersonType.OFFICER, id_of("agency", 0))
        grant = StoredGrant(new_id(), person.id, role, person.unit_id, "post", "operator", now)
        with site.database.writing() as unit:
            unit.people.add(person, now)
            unit.grants.add(grant)
            unit.sign_ins.add(StoredSignIn(person.id, person.number, now))
        with site.database.writing() as unit:
            tokens[role.value] = open_session(unit, site, person.id, ("password", "totp"), "127.0.0.1")[0]
    return tokens


@contextmanager
def served(app: FastAPI) -> Iterator[int]:
    """Serve the site in a thread, as evidence.web.serving does; yield the port."""
    port = free_port()
    gc.collect()
    gc.freeze()  # or one request in twelve would look through the whole program for what nobody needs
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, http=BoundedHeads, log_config=None))
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
        end = time.monotonic() + LONGEST_S
        while len(took) < ROUNDS and (len(took) < LEAST or time.monotonic() < end):
            asked = path()
            began, before = time.perf_counter(), time.process_time()
            answer = client.get(asked, headers={"Cookie": f"{COOKIE}={token}", "Accept": "text/html"})
            took.append(time.perf_counter() - began)
            worked.append(time.process_time() - before)
            assert answer.status_code == 200, (asked, answer.status_code, answer.text[:300])
    is_slow = told(name, took, TARGET_PAGE_S)
    busy = sorted(worked)[len(worked) // 2]
    print(f"{'':42} of that on a processor, server and asker: {busy * 1000:.0f} ms", flush=True)
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
