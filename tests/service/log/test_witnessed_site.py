"""A whole site and a witness, as people start them: a service, a command line, a process elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.errors import IntegrityFault
from evidence.ledger.trust import Trust, Trusted
from tests.ledger.trees import CHECKS
from tests.service_process import ServiceProcess
from tests.witness_process import WitnessProcess, command

pytestmark = pytest.mark.grown  # a witness of its own for each: minutes


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[WitnessProcess]:
    """A witness that knows no log yet."""
    with WitnessProcess(tmp_path / "w") as one:
        yield one


def cosigned(service: ServiceProcess, trust: Trust, logged_at_least: int) -> Trusted:
    """Wait until the checkpoint over HTTP has a quorum."""
    until = time.monotonic() + 60
    while True:
        status, note = service.get("/api/v1/logs/custody/checkpoint")
        try:
            trusted = trust.open(note, CHECKS) if status == 200 else None
        except IntegrityFault as problem:
            assert problem.code == "quorum-missing"
            trusted = None
        if trusted is not None and trusted.checkpoint.size >= logged_at_least:
            return trusted
        assert time.monotonic() < until, service.output()[-3000:]
        time.sleep(0.2)


def test_a_service_has_its_checkpoints_cosigned_by_itself(tmp_path: Path, witness: WitnessProcess) -> None:
    service = ServiceProcess(tmp_path / "site", EVIDENCE_PUBLISH_S="1")
    service.command("log", "publish")
    (vkey, *others) = service.command("log", "keys").split()
    for one in (vkey, *others):
        command("trust", "--folder", str(witness.folder), one)
    policy = f"log {vkey}\nwitness court {witness.vkey} {witness.url}\nquorum court\n"
    (tmp_path / "site" / "witnesses").write_text(policy, encoding="ascii")
    with (tmp_path / "site" / "site.toml").open("a", encoding="utf-8") as file:
        file.write('witnesses = "witnesses"\n')
    trust = Trust.parse(policy.encode())
    with service:
        first = cosigned(service, trust, 1)
        service.add_dock()
        assert cosigned(service, trust, first.checkpoint.size + 1).witnesses[0].key.text() == witness.vkey
        witness.stop()
        service.add_dock("another")
        time.sleep(3)
        assert service.is_ready()
    witness.start()
    done = subprocess.run(  # and by hand, with the service down
        [sys.executable, "-m", "evidence", "log", "publish"],
        env={**os.environ, "EVIDENCE_DATA": str(tmp_path / "site")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    note = service.command("log", "checkpoint").encode()
    assert trust.open(note, CHECKS).checkpoint.size > first.checkpoint.size
    assert service.command("log", "alarms")
