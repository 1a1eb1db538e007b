"""A site on real engines, for benches and drills: a service on a free port, workers in own processes.

Unlike tests/service_process.py it is given its servers, so that they can be killed, and it starts a process
again that died, as a compose file's restart policy does.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType

from tests.bench.ingest import peak_mib
from tests.servers.object_store import ObjectStoreServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.service_process import free_port

SEALING = {"seal": ("seal", 2)}  # name of a worker → its queues and processes
ALL = {"seal": ("seal", 2), "examine": ("examine", 1), "rest": ("deep,fixity", 1)}


class GrownSite:
    """Makes, qualifies and serves a site; stops everything and removes its folder at the end."""

    def __init__(
        self,
        folder: Path,
        store: ObjectStoreServer,
        postgres: PostgresServer,
        redis: RedisServer,
        workers: dict[str, tuple[str, int]] = SEALING,
        sm3: bool = True,
    ) -> None:
        self._digests = "--sm3" if sm3 else "--no-sm3"
        self.folder, self.port, self._commands = folder, free_port(), dict[str, tuple[str, ...]]()
        self._commands["api"] = ("evidence", "serve", "--port", str(self.port))
        for name, (queues, processes) in workers.items():
            run = ("celery", "-A", "workers.app", "worker", "-l", "WARNING")
            self._commands[name] = (*run, "-Q", queues, "-c", str(processes))
        self._commands["beat"] = ("celery", "-A", "workers.app", "beat")
        redis.empty()
        bucket = f"evidence-{os.urandom(4).hex()}"
        vault = f"s3://{store.access_key}@{store.endpoint}/{bucket}"
        self.database = postgres.new_database()
        self.bucket = bucket
        self._environment = {
            **os.environ,
            "EVIDENCE_DATA": str(folder),
            "EVIDENCE_DATABASE": self.database,
            "EVIDENCE_VAULT": f"{vault}?password_file={store.secret_file}&ca_file={store.ca_file}",
            "EVIDENCE_BROKER": redis.url,
            "EVIDENCE_DEEP": "false",
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def command(self, *words: str) -> str:
        """Run an `evidence` command on the site and return what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "evidence", *words],
            env=self._environment, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    def add_dock(self, name: str) -> str:
        """Add a dock and return its token."""
        return str(json.loads(self.command("docks", "add", name, "--json"))["token"])

    def peak_mib(self, name: str) -> float:
        """Return the peak memory of the largest process of a worker."""
        return max(peak_mib(pid) for pid in self.pids(name))

    def __enter__(self) -> GrownSite:
        try:
            words = ("--data", str(self.folder), "--policy", "dazhe-2020", "--json", self._digests)
            made = json.loads(self.command("init", *words))
            assert made["verifier_key"]
            self.command("storage", "qualify")
            self.revive()
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def revive(self) -> list[str]:
        """Start every process that is not there; return their names."""
        gone = [name for name in self._commands if not self.is_alive(name)]
        for name in gone:
            self._start(name, *self._commands[name])
        return gone

    def is_alive(self, name: str) -> bool:
        """Whether a process was started and runs."""
        return name in self._processes and self._processes[name].poll() is None

    def pids(self, name: str) -> list[int]:
        """Return a process and its children, the parent last."""
        parent = self._processes[name].pid
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        except FileNotFoundError:
            return []
        return [*map(int, children), parent]

    def output(self) -> str:
        """Return the ends of all logs."""
        return "\n".join(
            f"--- {name}\n" + (self.folder.parent / f"{name}.log").read_text(errors="replace")[-2500:]
            for name in self._processes
        )

    def _start(self, name: str, module: str, *words: str) -> None:
        with (self.folder.parent / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *words], env=self._environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            dead = [name for name, process in self._processes.items() if process.poll() is not None]
            assert not dead, (self.folder.parent / f"{dead[0]}.log").read_text()[-3000:]
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        time.sleep(3)  # the workers are up as well

    def _stop(self) -> None:
        for process in self._processes.values():
            os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
