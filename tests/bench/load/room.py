"""A real service for one load drill, with docks that send to it, its floor, and what its processes use."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import new, sha256
from pathlib import Path
from threading import Lock
from typing import Any

from evidence.adapters.db.unit_of_work import SqlDatabase
from tests.bench.load.measures import Watch
from tests.builders import SITE
from tests.inside import records
from tests.service_process import ServiceProcess

MIB = 1 << 20
_START_S = 1.0  # until all clients of a process have their connection


@dataclass(frozen=True)
class Options:
    """What the whole run was asked for."""

    folder: Path
    short: bool = False
    recordings: int = 100_000
    kept: Path | None = None
    minutes: float = 2.0
    files: int = 3_000


@dataclass(frozen=True)
class Row:
    """One line of the result. is_met None: nothing was promised."""

    what: str
    measured: str
    target: str = ""
    is_met: bool | None = None


@dataclass
class Traffic:
    """What all docks saw. worked: processor seconds of their processes."""

    start: float
    worked: float = 0.0
    clients: list[dict[str, Any]] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What went wrong, of all clients."""
        return [problem for one in self.clients for problem in one["problems"]]

    @property
    def seconds(self) -> float:
        """From the common start to the last receipt."""
        return max(one["sealed_at"] for one in self.clients) - self.start

    def sum_of(self, what: str) -> int:
        """Add up a count of all clients."""
        return sum(one[what] for one in self.clients)

    def all_of(self, what: str) -> list[float]:
        """Return a list of seconds of all clients, shortest first."""
        return sorted(one for client in self.clients for one in client[what])


@dataclass
class Room:
    """A service that runs, and its docks."""

    service: ServiceProcess
    watch: Watch
    tokens: list[str]

    @contextmanager
    def sending(self, *, processes: int = 2, **plan: Any) -> Iterator[Callable[[], Traffic]]:
        """Let the docks send by a plan (senders.Plan); yield the call that waits for their end."""
        run = [sys.executable, "-m", "tests.bench.load.senders"]
        started = [
            subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(min(processes, len(self.tokens)))
        ]
        traffic = Traffic(time.monotonic())
        try:
            for one in started:
                assert one.stdout is not None
                one.stdout.readline()
            lasts, traffic.start = plan.pop("lasts_s", None), time.monotonic() + _START_S
            if lasts is not None:
                plan["until"] = traffic.start + lasts
            name = plan.pop("name", "L")
            for n, one in enumerate(started):
                assert one.stdin is not None
                said = {
                    "port": self.service.port, "tokens": self.tokens[n :: len(started)],
                    "name": f"{name}{n}-", "start": traffic.start, **plan,
                }  # fmt: skip
                one.stdin.write(json.dumps(said) + "\n")
                one.stdin.flush()
            yield lambda: _collected(traffic, started)
        finally:
            for one in started:
                if one.poll() is None:
                    one.kill()
                one.communicate()

    def await_examined(self, count: int) -> None:
        """Wait until so many files were looked into."""
        until = time.monotonic() + 120
        asked = "SELECT count(*) AS n FROM job WHERE name = 'examine' AND state = 'done'"
        while records(self.service.data, asked)[0]["n"] < count:
            assert time.monotonic() < until, self.service.output()[-2000:]
            time.sleep(0.2)

    def send(self, **plan: Any) -> Traffic:
        """Let the docks send by a plan, and wait for their end."""
        with self.sending(**plan) as ended:
            return ended()


def _collected(traffic: Traffic, started: Sequence[subprocess.Popen[str]]) -> Traffic:
    for one in started:
        told = json.loads(one.communicate()[0])
        traffic.worked += told["worked"]
        traffic.clients += told["clients"]
    return traffic


@contextmanager
def room(
    options: Options,
    docks: int,
    *,
    sm3: bool = False,
    base: Path | None = None,
    before: Callable[[Path], object] | None = None,
) -> Iterator[Room]:
    """Start a service as it runs in production. base: a site of which a copy is used, else a new one;
    before: something to be done to the site.
    """
    data = options.folder / "site"
    if base is not None:
        shutil.copytree(base, data)
        _lay_one(data)
        said = (data / "site.toml").read_text("utf-8")
        (data / "site.toml").write_text(re.sub("(?m)^sm3 = .*", f"sm3 = {sm3}".lower(), said), "utf-8")
    service = ServiceProcess(data, sm3=sm3, EVIDENCE_DEEP="false", EVIDENCE_PUBLISH_S="2")
    tokens = [service.add_dock(f"dock-{n}") for n in range(docks)]
    if before is not None:
        with service:  # a service does not serve a site of whose past it finds nothing in the vault
            assert service.process is not None
            first = Room(service, Watch(service.process.pid, data), tokens[:1])
            first.send(files=1, size=MIB, piece=MIB, name="first", ask_every_s=0.1)
            while not records(data, "SELECT size FROM log_checkpoint WHERE log = 'custody'"):
                time.sleep(0.2)
        before(data)
    try:
        with service:
            assert service.process is not None
            with Watch(service.process.pid, data) as watch:
                yield Room(service, watch, tokens)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _lay_one(data: Path) -> None:
    """Give a made-up catalogue one original: with none, no program serves it (service/own_vault.py)."""
    database = SqlDatabase(f"sqlite:///{data / 'evidence.db'}", SITE)
    with database.reading() as unit:
        original = data / "vault" / next(iter(unit.recordings.all())).recording.data_key
    database.close()
    original.parent.mkdir(parents=True, exist_ok=True)
    original.write_bytes(b"")


def used(room: Room, traffic: Traffic) -> list[Row]:
    """Return what every drill tells: memory, processor, the generator's own."""
    watch = room.watch
    return [
        Row("  server memory, all processes", f"{watch.peak_mib:.0f} MiB PSS ({watch.resident_mib:.0f} RSS)",
            "<= 512 MiB", watch.peak_mib <= 512),
        Row("  processor", f"service {watch.worked:.1f} s, generator {traffic.worked:.1f} s "
            f"in {traffic.seconds:.1f} s"),
        Row("  errors", "; ".join(traffic.problems[:3]) or "none", "none", not traffic.problems),
    ]  # fmt: skip


def floor(options: Options, writers: int, size: int, piece: int, *, sm3: bool = False) -> float:
    """Return MiB/s of a sink: pieces written, fdatasync after each, digests of the whole; so many at once."""
    place, block = options.folder / "floor", os.urandom(piece)
    place.mkdir()

    def write(number: int) -> None:
        digests = [sha256(), *([new("sm3")] if sm3 else [])]
        with (place / str(number)).open("wb", buffering=0) as out:
            for _ in range(0, size, piece):
                out.write(block)
                os.fdatasync(out.fileno())
                for one in digests:
                    one.update(block)

    began = time.monotonic()
    try:
        with ThreadPoolExecutor(writers) as pool:
            list(pool.map(write, range(writers)))
        return writers * size / MIB / (time.monotonic() - began)
    finally:
        shutil.rmtree(place)


def floor_of_small(options: Options, writers: int, count: int, size: int) -> float:
    """Return how many files a second could at most be: each written, it and its name synced, and a row about
    it committed; so many at once. A receipt stands for more: see docs/decisions/0053. Its files stay until
    the end of the run: for minutes ext4 goes past the place of each that is deleted, wherever one is made.
    """
    place, body, turn, numbers = options.folder / "floor-small", os.urandom(size), Lock(), iter(range(count))
    place.mkdir()
    with closing(sqlite3.connect(place / "rows.db", isolation_level=None, check_same_thread=False)) as rows:
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("PRAGMA synchronous=FULL")
        rows.execute("CREATE TABLE file(id INTEGER PRIMARY KEY, about TEXT)")

        def keep(number: int) -> None:
            with (place / str(number)).open("wb", buffering=0) as out:
                out.write(body)
                os.fsync(out.fileno())
            folder = os.open(place, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
            with turn:
                rows.execute("INSERT INTO file VALUES (?, ?)", (number, "x" * 600))

        began = time.monotonic()
        with ThreadPoolExecutor(writers) as pool:
            list(pool.map(keep, numbers))
        took = time.monotonic() - began
    return count / took


def short_of(options: Options) -> Options:
    """Return the options of a short run."""
    return replace(options, files=300, minutes=0.5, recordings=min(options.recordings, 20_000))


def at(share: float, ordered: Sequence[float]) -> float:
    """Return the value below which a share of the ordered ones lies."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
