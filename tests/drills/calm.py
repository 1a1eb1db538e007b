"""No false alarm: a site at work, and nobody touches it. What is checked, is checked all the time.

Docks send, people look and are refused, the logs are published every second, by the service and now and then
by a command beside it; every few seconds everything is held against everything. The service is stopped,
killed (kill -9) and started again, its signer killed. None of that is an attack, so none of it may raise an
alarm, and at the end everything is published.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from evidence.errors import EvidenceError
from tests import inside
from tests.drills.acknowledgements import AcknowledgementLog
from tests.drills.lines import HttpLine
from tests.drills.scene import OPERATOR, SHORT, application, wait_published
from tests.drills.workload import Lost, Said, Sending, Workload
from tests.service_process import ServiceProcess

CHECK_EVERY_S = 4.0
TROUBLE_EVERY_S = (10.0, 25.0)


class Calm:
    """One run."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.service = ServiceProcess(folder / "site", **SHORT, EVIDENCE_AUDIT_MINUTES="1")
        self.dock = self.service.add_dock()
        self.said = AcknowledgementLog(folder / "acknowledgements")
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.over = threading.Event()

    def run(self, seconds: float) -> None:
        """Work for so long."""
        threads = [
            threading.Thread(target=self._again, args=(work, every))
            for work, every in ((self._send, 0.5), (self._look, 1.0), (self._check, CHECK_EVERY_S))
        ]
        self.service.start()
        try:
            for thread in threads:
                thread.start()
            until = time.monotonic() + seconds
            while time.monotonic() < until and not self.faults:
                self.over.wait(min(self.chance.uniform(*TROUBLE_EVERY_S), until - time.monotonic()))
                self._trouble()
        finally:
            self.over.set()
            for thread in threads:
                thread.join(120)
        if not self.faults:
            wait_published(self.service.data)
            self._check()
        self.service.stop()

    def _again(self, work: Callable[[], None], every_s: float) -> None:
        while not self.over.is_set():
            try:
                work()
            except (Lost, OSError):  # the service is away: normal, today
                self.counts["met nobody"] += 1
            except BaseException as problem:  # noqa: BLE001 (a thread that died would find nothing more)
                self.faults.append(f"{work.__name__}: {problem!r}")
                self.over.set()
            self.over.wait(every_s)

    def _send(self) -> None:
        number = self.counts["sent"] + 1
        body = random.Random(number).randbytes(1000 + number)
        sending = Sending(f"DCIM/DSJX9A00123_012345_20260302{number:06d}_0001.mp4", body)
        line = HttpLine(self.service.port, self.dock)
        while not self.over.is_set() and not sending.done:
            with suppress(Lost, Said):  # a killed service forgets no upload; goes on where it stands
                for _ in Workload(self.said, [sending]).run(line):
                    pass
            self.over.wait(0.2)
        self.counts["sent"] += sending.done

    def _look(self) -> None:
        sealed = inside.rows(self.service.data, "SELECT id FROM recording ORDER BY sealed_at DESC LIMIT 1")
        for (recording,) in sealed:
            for what in ("original", "manifest"):
                self.service.get(f"/api/v1/recordings/{recording}/{what}", self.service.admin_token)
        self.service.get("/api/v1/recordings", self.dock)  # a dock may not: an entry, no alarm
        self.counts["looks"] += 1

    def _check(self) -> None:
        with application(self.service.data) as opened:
            try:
                found = opened.auditing.fsck(OPERATOR)
            except EvidenceError as problem:  # e.g. the signer was killed this moment: nothing is known
                self.counts[f"not checked: {problem.code}"] += 1
                return
            standing = opened.auditing.standing()
            if self.counts["checks"] % 5 == 4:
                with suppress(EvidenceError):  # a second publisher beside the service
                    opened.publishing.publish_all()
        self.counts["checks"] += 1
        raised = {(one.kind, one.item): one for one in (*standing, *found)}
        self.faults += [f"{one.kind} {one.item} {dict(one.detail)}" for one in raised.values()]

    def _trouble(self) -> None:
        what = self.chance.choice(("stopped", "killed", "signer killed"))
        self.counts[what] += 1
        if what == "signer killed":
            for pid in signers(self.service.data):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return
        self.service.stop(signal.SIGTERM if what == "stopped" else signal.SIGKILL)
        self.service.start()


def signers(data: Path) -> list[int]:
    """Return the signers of this site, by their command lines."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"evidence.signer" in words and str(data).encode() in words:
                found.append(int(process.name))
    return found


def run(minutes: float, seed: int) -> list[str]:
    """Work for so many minutes; return what was raised, and say what was done."""
    with tempfile.TemporaryDirectory(prefix="drill-calm-") as name:
        calm = Calm(Path(name), seed)
        calm.run(minutes * 60)
        entries = inside.count(calm.service.data, "SELECT count(*) FROM audit_entry")
        checkpoints = inside.count(calm.service.data, "SELECT count(*) FROM log_checkpoint")
    done = ", ".join(f"{what}: {number}" for what, number in sorted(calm.counts.items()))
    print(f"entries: {entries}, checkpoints: {checkpoints}, {done}")
    return calm.faults
