"""L7 to L11: the log, looking while docks send, watching, probing, and connections that come to nothing."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import delete, update

from evidence.adapters.db.tables import recording, row_pending
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.bootstrap import build
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.rights import Role
from tests.bench import ledger, pages
from tests.bench.load.room import MIB, Options, Room, Row, at, floor, room, used
from tests.bench.made_catalogue import MadeCatalogue
from tests.builders import SITE, START
from tests.clips import clip
from tests.inside import records

_USERS, _THINK_S = 50, 5.0
_VIEWERS, _WATCHED_S = 40, 20
_IDLE = 500


def appends(options: Options) -> list[Row]:
    """L7: entries into the log, one in a commit, beside a plain row in a commit; and of many who come at once
    and share commits, as those do who watch.
    """
    folder = options.folder / "log"
    folder.mkdir()
    database = SqlDatabase(f"sqlite:///{folder / 'log.db'}", SITE)
    database.migrate()
    took, plain, count = ledger.Took(), ledger.Took(), 100 if options.short else 1000
    ledger.make_plain(database)
    for _ in range(count):
        entries = ledger.some_entries([new_id()])
        took.add(lambda entries=entries: ledger.append(database, entries))
        plain.add(lambda: ledger.write(database, [{"body": b"x" * 600}]))
    many = ledger.Took()
    with ThreadPoolExecutor(_VIEWERS) as pool:
        fresh = ledger.some_entries([new_id() for _ in range(4 * count)])
        many.add(lambda: list(pool.map(lambda one: database.log(one, START), fresh)))
    database.close()
    shutil.rmtree(folder)
    rate, beside, shared = count / took.seconds, count / plain.seconds, 4 * count / many.seconds
    by_processor = f"by processor {count / took.worked:.0f} /s"
    return [
        Row("L7 entries of the log, one a commit",
            f"{rate:.0f} /s; {by_processor}; floor {beside:.0f}; ratio {rate / beside:.2f}",
            ">= 500 /s", rate >= 500),
        Row(f"  of {_VIEWERS} who come at once",
            f"{shared:.0f} /s; by processor {4 * count / many.worked:.0f} /s", ">= 500 /s", shared >= 500),
    ]  # fmt: skip


def looks(options: Options) -> list[Row]:
    """L8: 50 people search in a large catalogue while docks send half of what L1 asks of this machine."""
    tokens: dict[str, str] = {}
    base = None if options.kept is None else options.kept / str(options.recordings)
    lasts, docks = 6.0 if options.short else 40.0, 8
    half = min(200.0, 0.6 * floor(options, docks, 64 * MIB // (4 if options.short else 1), 4 * MIB)) / 2
    with room(options, docks, base=base, before=lambda data: tokens.update(_filled(data, options))) as it:
        pace = half / docks * MIB
        with it.sending(
            processes=1, files=10_000, size=64 * MIB, piece=4 * MIB, bytes_per_s=pace, makes_up=True,
            lasts_s=lasts,
        ) as ended:  # fmt: skip
            took, worked = _search(it, tokens[Role.CUSTODIAN.value], lasts)
            traffic = ended()
        told = used(it, traffic)
    p95, p99 = at(0.95, took), at(0.99, took)
    last = max(one["sent_at"] for one in traffic.clients)
    beside = traffic.sum_of("sent") / MIB / (last - traffic.start)
    text = f"p95 {p95 * 1000:.0f} ms of {len(took)} pages; askers {worked:.1f} s of processor"
    return [
        Row(f"L8 search among {options.recordings:,}", text, "<= 300 ms", p95 <= 0.3),
        Row("  p99", f"{p99 * 1000:.0f} ms", "<= 1000 ms", p99 <= 1.0),
        Row("  docks meanwhile", f"{beside:.0f} MiB/s", f">= 0.9 of {half:.0f} MiB/s", beside >= 0.9 * half),
        *told,
    ]


def _filled(data: Path, options: Options) -> dict[str, str]:
    """Give a new site a catalogue, and any site people who are signed in. What is made up has no original:
    nothing of it is due to be read back, and none of it is news that the journal must take to the vault.
    """
    application = build(data)
    site = application.site
    assert isinstance(site.database, SqlDatabase)
    now = site.clock.now()
    if options.kept is None:
        MadeCatalogue(site.database, now, options.recordings, options.recordings // 20).make()
    with site.database.engine.begin() as connection:
        connection.execute(update(recording).values(checked_at=to_text(now)))
        connection.execute(delete(row_pending))
    tokens = pages.signed_in(site)
    site.database.close()
    application.signer.close()
    return tokens


def _search(it: Room, token: str, seconds: float) -> tuple[list[float], float]:
    """Ask as many people do, each with a pause after each page; return what they waited, shortest first."""
    run = [sys.executable, "-m", "tests.bench.load.lookers", str(it.service.port), token, str(_USERS),
           str(_THINK_S), str(seconds)]  # fmt: skip
    told = json.loads(subprocess.run(run, check=True, stdout=subprocess.PIPE).stdout)
    return sorted(told["took"]), told["worked"]


def viewers(options: Options) -> list[Row]:
    """L9: 40 people watch, each a MiB a second; each range is in the log before its first byte."""
    tokens, few = dict[str, str](), replace(options, recordings=200, kept=None)
    with room(options, 1, before=lambda data: tokens.update(_filled(data, few))) as it:
        traffic = it.send(files=1, size=pages.PLAYED, piece=4 * MIB, wearer="000000", ask_every_s=0.1)
        (row,) = records(it.service.data, "SELECT id FROM recording ORDER BY sealed_at DESC LIMIT 1")
        asked = [str(it.service.port), tokens[Role.CUSTODIAN.value], row["id"], str(_VIEWERS),
                 str(5 if options.short else _WATCHED_S), str(pages.PLAYED)]  # fmt: skip
        run = [sys.executable, "-m", "tests.bench.viewers", *asked]
        took = sorted(json.loads(subprocess.run(run, check=True, stdout=subprocess.PIPE).stdout))
        told = used(it, traffic)
    p95 = at(0.95, took)
    return [Row("L9 first byte, 40 viewers of 8 Mbit/s", f"p95 {p95 * 1000:.0f} ms of {len(took)} ranges",
                "<= 250 ms", p95 <= 0.25), *told]  # fmt: skip


def probes(options: Options) -> list[Row]:
    """L10: how many files the workers of the service look into in a second, in the sandbox."""
    body = clip("mp4")
    docks, files = 4, 5 if options.short else 20
    with room(options, docks) as it:
        traffic = it.send(files=files, size=len(body), piece=len(body), body=body.hex(), ask_every_s=0.2)
        it.await_examined(docks * files)
        told = used(it, traffic)
        asked = "SELECT min(created_at) AS began, max(finished_at) AS ended FROM job WHERE name = 'examine'"
        (row,) = records(it.service.data, asked)
    seconds = (from_text(row["ended"]) - from_text(row["began"])).total_seconds()
    rate = docks * files / seconds
    return [Row("L10 files probed, sealing included", f"{rate:.1f} /s", ">= 5 /s", rate >= 5),
            *told]  # fmt: skip


def slow_heads(options: Options) -> list[Row]:
    """L11: 500 connections of which a byte comes every ten seconds; what others wait for the page to sign in
    and for a dock's answer.
    """
    seconds = 5.0 if options.short else 25.0
    with room(options, 4) as it, _idle(it.service.port) as idle:
        took, until, beat = list[float](), time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < until:
            if time.monotonic() >= beat:
                beat += 10
                idle()
            began = time.monotonic()
            status, _ = it.service.get("/sign-in")
            took.append(time.monotonic() - began)
            assert status == 200, status
            time.sleep(0.05)
        traffic = it.send(files=1, size=4 * MIB, piece=4 * MIB, ask_every_s=0.1)
        told = used(it, traffic)
    p95 = at(0.95, sorted(took))
    return [Row("L11 page to sign in, beside 500 slow heads", f"p95 {p95 * 1000:.0f} ms of {len(took)}",
                "< 1 s", p95 < 1.0), *told]  # fmt: skip


@contextmanager
def _idle(port: int) -> Iterator[Callable[[], None]]:
    """Open connections whose heads never end; yield the call that sends one more byte of each, and opens
    again those that were closed.
    """
    begun = b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(_IDLE)]
    for one in lines:
        one.sendall(begun)

    def beat() -> None:
        for n, one in enumerate(lines):
            try:
                one.sendall(b"a")
            except OSError:  # the service waits twenty seconds for a head
                one.close()
                lines[n] = socket.create_connection(("127.0.0.1", port))
                lines[n].sendall(begun)

    try:
        yield beat
    finally:
        for one in lines:
            one.close()
