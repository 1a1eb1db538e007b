"""F06, F20 to F23 on the whole grown form: PostgreSQL, Redis, a bucket, workers in their own processes.

For each fault a dock sends a card of its own; while it sends and the workers seal, processes and servers are
killed, emptied and stopped, and the power of the discs below database and store is cut. Then everything is
there again, and within a minute all must be done: the dock
has every receipt and ends well; each original is one recording, one version of one locked object, one entry
"seal" in the log, whose numbers have no hole; `evidence verify` finds nothing wrong.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.drills import discs
from tests.grown_site import ALL, GrownSite
from tests.servers.object_store import ObjectStoreServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.simulators.card import content, write_card

FILES = 12
SENDING_S = 8.0  # how long there is harm
REST_S = 60.0
DISC_MIB = 20 << 10  # sparse, and more than the store may hold


class Ground:
    """The servers, the site on them, and a chance to do harm to either."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        self.store = ObjectStoreServer(folder / "store")
        self.postgres, self.redis = PostgresServer(folder / "postgres"), RedisServer(folder / "redis")
        for server in (self.store, self.postgres, self.redis):
            server.start()
        self.discs: list[discs.Disc] = []
        if discs.why_not() is None:
            self.discs = [self._disc_below(self.postgres, "data"), self._disc_below(self.store, "store")]
        (folder / "run").mkdir()
        self.site = GrownSite(folder / "run" / "site", self.store, self.postgres, self.redis, ALL)

    def wait(self) -> None:
        """Let some time pass, by lot."""
        time.sleep(self.chance.uniform(0.1, 1.5))

    def kill_workers(self) -> None:
        """F06: a worker's process, or all of it, dies; it is started again."""
        name = self.chance.choice(sorted(ALL))
        pids = self.site.pids(name)
        for pid in pids if self.chance.random() < 0.5 else pids[:1]:
            os.kill(pid, signal.SIGKILL)
        self.wait()
        self.site.revive()

    def trouble_redis(self) -> None:
        """F20: stopped, emptied, killed, or every message there is doubled."""
        act = self.chance.choice(("stop", "empty", "kill", "double"))
        if act == "empty":
            self.redis.empty()
        elif act == "double":
            self._double()
        else:
            getattr(self.redis, act)()
            self.wait()
            self.redis.start()
        self.wait()

    def _double(self) -> None:
        with self.redis.client() as client:
            for name in client.keys("*"):
                if client.type(name) == b"list":
                    for message in client.lrange(name, 0, -1):
                        client.rpush(name, message)

    def trouble_postgres(self) -> None:
        """F21: one backend after another is killed, or the whole server, with all its memory."""
        if self.chance.random() < 0.7:
            self.postgres.kill_backends(self.site.database)
        else:
            self.postgres.stop(self.chance.choice(("kill", "immediate")))
            self.wait()
            self.postgres.start()
        self.wait()

    def trouble_store(self) -> None:
        """F23: the object store is killed in the middle of what it does."""
        self.wait()
        self.store.kill()
        self.wait()
        self.store.start()

    def cut_power_of_postgres(self) -> None:
        """F22: the disc below the database loses what was not synced."""
        self._cut_power(self.postgres, self.discs[0])

    def cut_power_of_store(self) -> None:
        """F23: the disc below the object store loses what was not synced."""
        self._cut_power(self.store, self.discs[1])

    def _cut_power(self, server: PostgresServer | ObjectStoreServer, disc: discs.Disc) -> None:
        self.wait()
        server.kill()
        disc.cut()
        self.wait()
        server.start()

    def _disc_below(self, server: PostgresServer | ObjectStoreServer, data: str) -> discs.Disc:
        """Move a server's data onto a disc whose power can be cut."""
        server.stop()
        disc = discs.Disc(self.folder / f"disc-{server.kind}", DISC_MIB)
        there = disc.mount / data
        subprocess.run(["cp", "-a", "--sparse=always", server.folder / data, there], check=True)
        shutil.rmtree(server.folder / data)
        (server.folder / data).symlink_to(there)
        disc.sync()
        server.start()
        return disc

    def send(self, number: int) -> subprocess.Popen[str]:
        """Let a dock send a card, as an officer's dock does it."""
        files = {
            f"DCIM/{number:02d}{n:02d}.mp4": content(200_000 + n, number * 100 + n) for n in range(FILES)
        }
        card = write_card(self.folder / f"card-{number}", files)
        token = self.site.add_dock(f"dock-{number}")
        words = (
            "dock", str(card), "--url", f"http://127.0.0.1:{self.site.port}", "--token", token,
            "--device", f"DSJ{number}", "--wearer", "012345", "--json",
        )  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-m", "evidence", *words],
            env={**os.environ, "XDG_STATE_HOME": str(self.folder / "state")},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


FAULTS: dict[str, Callable[[Ground], None]] = {
    "F06 workers": Ground.kill_workers,
    "F20 redis": Ground.trouble_redis,
    "F21 postgres": Ground.trouble_postgres,
    "F22 power of postgres": Ground.cut_power_of_postgres,
    "F23 store": Ground.trouble_store,
    "F23 power of the store": Ground.cut_power_of_store,
}


def grown_faults(rounds: int, seed: int, only: Sequence[str] = ()) -> list[str]:
    """Do each fault so many rounds; return a line for each. only: some numbers. Raises: AssertionError.

    Takes this process's mounts away from all others. Where the power of a disc cannot be cut, it says so.
    """
    print(f"seed {seed}")
    if reason := discs.why_not():
        print(f"no power is cut: {reason}")
    else:
        discs.keep_to_ourselves()
    said, number = [], 0
    with _ground(seed) as ground:
        for name, harm in FAULTS.items():
            if ("power" in name and not ground.discs) or (only and name.split()[0] not in only):
                continue
            for _ in range(rounds):
                number += 1
                said.append(f"{name}: {_one_round(ground, number, harm)}")
                print(said[-1], flush=True)
        _judge(ground, number * FILES)
    return said


def _one_round(ground: Ground, number: int, harm: Callable[[Ground], None]) -> str:
    dock = ground.send(number)
    until, acts = time.monotonic() + SENDING_S, 0
    while time.monotonic() < until:
        harm(ground)
        acts += 1
    ground.site.revive()
    started = time.monotonic()
    try:
        out, err = dock.communicate(timeout=REST_S)
    except subprocess.TimeoutExpired:
        dock.kill()
        raise AssertionError(f"not done within {REST_S} s\n{ground.site.output()}") from None
    assert dock.returncode == 0, f"dock: {dock.returncode}\n{out[-2000:]}\n{err[-2000:]}"
    while _jobs_left(ground.site):
        assert time.monotonic() - started < REST_S, f"jobs left: {_jobs_left(ground.site)}"
        time.sleep(0.5)
    return f"{acts} acts of harm, done {time.monotonic() - started:.1f} s after the last"


def _jobs_left(site: GrownSite) -> list[tuple[str, str, str]]:
    with psycopg.connect(site.database) as connection:
        left = "SELECT name, state, coalesce(problem, '') FROM job WHERE state NOT IN ('done')"
        return list(connection.execute(left).fetchall())


def _judge(ground: Ground, wanted: int) -> None:
    with psycopg.connect(ground.site.database) as connection:
        recordings = connection.execute("SELECT id, data_key, manifest_key FROM recording").fetchall()
        entries = connection.execute("SELECT id, act, body FROM audit_entry ORDER BY id").fetchall()
    assert len(recordings) == wanted
    assert [one[0] for one in entries] == list(range(1, len(entries) + 1)), "a hole in the log"
    sealed = sorted(_subject(body) for _, act, body in entries if act == "evidence.seal")
    assert sealed == sorted(one[0] for one in recordings), "each seal is in the log once"
    listed = list(
        ground.store.client().list_objects(
            bucket_name=ground.site.bucket, recursive=True, include_version=True
        )
    )
    names = sorted(one.object_name or "" for one in listed)
    assert len(set(names)) == len(names), "one version of each object, of the log's too"
    assert not any(one.is_delete_marker for one in listed)
    keys = sorted(key for _, *both in recordings for key in both)
    # An original that a later try adopts is kept as long as its manifest says: that is a mark beside it.
    things = {name.partition("!until.")[0] for name in names if not name.startswith("log/")}
    assert sorted(things) == keys, "and nothing else"
    verdict = json.loads(ground.site.command("verify", "--json"))
    assert (verdict["checked"], verdict["faulty"]) == (wanted, 0)


def _subject(body: bytes) -> str:
    objects = json.loads(bytes(body))["obj"]
    return next(one["id"] for one in objects if one["k"] == "recording")


@contextmanager
def _ground(seed: int) -> Iterator[Ground]:
    folder = Path(tempfile.mkdtemp(prefix="drill-grown-"))
    ground = Ground(folder, seed)
    try:
        with ground.site:
            yield ground
    finally:
        for server in (ground.store, ground.postgres, ground.redis):
            server.stop()
        for disc in ground.discs:
            disc.remove()
        shutil.rmtree(folder, ignore_errors=True)
