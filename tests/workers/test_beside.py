"""The workers in a process of their own beside an embedded service: rung awake, kept alive, gone with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evidence import founding
from tests.forms import embedded_only
from tests.service_process import ServiceProcess
from tests.web.talk import Dock

pytestmark = embedded_only("workers beside the service are of this form alone")
BODY = bytes(range(256)) * 40


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    service = ServiceProcess(tmp_path / "data")
    with service:
        yield service


SILENCED = """
import os, signal, sys, time
from pathlib import Path
from starlette.testclient import TestClient
from evidence.bootstrap import build
from evidence.web.app import create_app
from workers import beside

beside.BEAT_S, beside.SILENT_S = 0.05, 1.5
data = Path(sys.argv[1])
workers = beside.Beside(data)
with TestClient(create_app(build(data, bell=workers), workers)) as client:
    def until(status):
        until = time.monotonic() + 20
        while (answer := client.get("/ready")).status_code != status or not workers.pid:
            assert time.monotonic() < until, answer.text
            time.sleep(0.05)
        print(status)
        return answer
    until(200)
    os.kill(workers.pid, signal.SIGSTOP)
    print(until(503).json()["code"])
    os.kill(workers.pid, signal.SIGCONT)
    until(200)
print("ended")
"""


def until(what: Callable[[], bool], limit_s: float = 20.0) -> None:
    give_up = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < give_up, "it did not come about in time"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def seal(dock: Dock, name: str) -> str:
    path = dock.open(len(BODY), name)
    assert dock.patch(path, 0, BODY).status == 204
    recording: str = dock.receipt(path, patience_s=10)["recording"]
    return recording


def test_workers_that_died_are_followed_by_others_and_nothing_is_lost(service: ServiceProcess) -> None:
    dock, first = Dock(service, service.add_dock()), service.worker()
    os.kill(first, signal.SIGKILL)
    sealed = [seal(dock, "a.mp4")]
    assert service.worker() != first
    assert "the workers' process has ended (9)" in service.output()
    sealed.append(seal(dock, "b.mp4"))
    rows = json.loads(service.get("/api/v1/recordings", service.admin_token)[1])
    assert sorted(row["id"] for row in rows) == sorted(sealed)


def test_a_stop_lets_the_workers_end_and_a_killed_service_takes_them_along(service: ServiceProcess) -> None:
    dock = Dock(service, service.add_dock())
    for how in (signal.SIGTERM, signal.SIGKILL):
        process, forked = service.process, service.forked()
        assert process is not None
        seal(dock, f"{how}.mp4")
        os.kill(process.pid, how)  # this one alone: what it forked is told by it, or by the kernel
        assert process.wait(timeout=30) == -how
        until(lambda these=tuple(forked): not any(map(runs, these)))  # type: ignore[misc]
        service.start()
    assert "has ended" not in service.output()


def test_workers_that_are_silent_make_the_service_unready(tmp_path: Path) -> None:
    founding.initialise(tmp_path / "data", "dazhe-2020", "test.example/site", sm3=False)
    done = subprocess.run(
        [sys.executable, "-c", SILENCED, tmp_path / "data"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["200", "503", "workers-silent", "200", "ended"], done.stderr


def test_what_the_workers_use_is_measured_beside_what_the_service_uses(service: ServiceProcess) -> None:
    lines: dict[str, float] = {}

    def are_told() -> bool:
        told = service.get("/metrics", service.admin_token)[1].decode().splitlines()
        lines.update((line.split()[0], float(line.split()[-1])) for line in told if line[:1] != "#")
        return lines.get("evidence_workers_process_cpu_seconds_total", 0) > 0

    until(are_told)
    assert lines["evidence_workers_process_resident_memory_bytes"] > 20 << 20
    assert lines["process_resident_memory_bytes"] > 20 << 20
