"""A site on the grown form: real `celery` processes over a real Redis, as an operator starts them."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from sqlalchemy import text

from evidence import bootstrap, founding
from evidence.domain.access import Caller
from evidence.domain.recordings import Origin
from evidence.domain.rights import Kind
from evidence.domain.uploads import Upload, UploadState
from tests.servers.processes import wait_until
from tests.servers.redis import RedisServer

ROOT = Path(__file__).parents[2]
BODY = bytes(range(256)) * 400
OPERATOR = Caller("operator", Kind.OPERATOR)


class Fleet:
    """A site with `broker = "redis://…"`, the web door's part played by this process, and its workers."""

    def __init__(self, folder: Path, redis: RedisServer) -> None:
        self.folder, self.data = folder, folder / "site"
        founding.initialise(self.data, "dazhe-2020", "test.example/site", sm3=False)
        password = folder / "redis-password"
        password.write_text(redis.password + "\n")
        broker = f"redis://127.0.0.1:{redis.port}/0?password_file={password}"
        with (self.data / "site.toml").open("a") as settings:
            settings.write(f'broker = "{broker}"\n')
        self.application = bootstrap.build(self.data)
        self.dock = self.application.accounts.add_dock(OPERATOR, "dock")[0]
        self.processes: list[subprocess.Popen[bytes]] = []

    def worker(
        self, *queues: str, pool: tuple[str, ...] = ("-c", "1"), stall: tuple[str, float] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a worker of these queues; with `stall`, one step of it rests so many seconds."""
        words = ("-A", "workers.app", "worker", "-Q", ",".join(queues), "-l", "INFO", *pool)
        if stall is None:
            return self._run("celery", *words)
        step, seconds = stall
        return self._run("tests.workers.stalling", str(self.folder), step, str(seconds), *words)

    def beat(self) -> subprocess.Popen[bytes]:
        """Start a beat."""
        return self._run("celery", "-A", "workers.app", "beat", "-l", "INFO")

    def _run(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"process-{len(self.processes)}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *words],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "EVIDENCE_DATA": str(self.data)},
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def send(self, name: str, body: bytes) -> Upload:
        """Upload a file as a dock does."""
        origin = Origin("D1", "012345", name, len(body), datetime.now(UTC) - timedelta(hours=1))
        upload = self.application.uploads.create(self.dock, origin, None)
        with self.application.uploads.receive(self.dock, upload.id, 0, len(body), None) as reception:
            reception.take(body)
            reception.commit()
        return upload

    def is_sealed(self, upload: Upload) -> bool:
        """Tell whether an upload has become a recording."""
        with self.application.site.database.reading() as unit:
            found = unit.uploads.get(upload.id)
        return found is not None and found.state is UploadState.SEALED

    def jobs(self) -> dict[str, int]:
        """Return how many jobs are in each state."""
        with self.application.site.database.reading() as unit:
            return dict(unit.jobs.counts())

    def is_at_rest(self) -> bool:
        """Tell whether all jobs are done."""
        return set(self.jobs()) == {"done"}

    def seconds_until(self, what: Callable[[], bool], limit_s: float = 60.0) -> float:
        """Wait; return how long it took. The logs are in the text of what was waited for in vain."""
        began = time.monotonic()
        assert wait_until(what, limit_s), f"not within {limit_s:.0f} s: {self.jobs()}\n{self.output()}"
        return time.monotonic() - began

    def began(self, step: str) -> Callable[[], bool]:
        """Return the question whether a stalled step has begun."""
        return (self.folder / f"{step}.began").exists

    def acts(self, act: str, kind: str | None = None) -> Counter[str]:
        """Return how often the log says that this was done, by recording."""
        with self.application.site.database.reading() as unit:
            entries = [json.loads(body) for _, body in unit.log.entries()]
        return Counter(
            entry["obj"][0]["id"]
            for entry in entries
            if entry["act"] == act and kind in (None, entry["facts"].get("kind"))
        )

    def attempts(self) -> set[int]:
        """Return how often jobs were begun."""
        with self.application.site.database.engine.connect() as connection:  # type: ignore[attr-defined]
            return set(connection.execute(text("SELECT attempts FROM job")).scalars())

    def output(self) -> str:
        """Return the end of what each process has written."""
        logs = sorted(self.folder.glob("process-*.log"))
        return "\n".join(f"── {log.name}\n{log.read_text('utf-8', 'replace')[-3000:]}" for log in logs)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a worker with its pool, as a power cut of its host does."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)


def body(number: int) -> bytes:
    """Return bytes that no other number has."""
    return number.to_bytes(2, "big") + BODY


def verify_each_is_sealed_once(fleet: Fleet, sent: dict[str, bytes]) -> None:
    """Verify that each upload is one object, one recording and one entry of the log, with its own bytes."""
    recordings = fleet.application.recordings.list(OPERATOR)
    assert {one.recording.id for one in recordings} == set(sent)
    for one in recordings:
        assert one.recording.digests.sha256 == hashlib.sha256(sent[one.recording.id]).hexdigest()
    stored = {thing.key.split("/")[1] for thing in fleet.application.site.vault.census("recordings")}
    assert stored == set(sent), "one object for each, and none beside"
    assert fleet.acts("evidence.seal") == dict.fromkeys(sent, 1)
