"""F01 against the whole service: threads, web door, workers and all.

A point is then not the same moment in each run, so points are drawn by lot: the odd ones are calls of the web
door, and all dies with it; the even ones are calls of the workers beside it, which die alone. After the
restart the service must come to rest by itself within a minute (I6).
"""

from __future__ import annotations

import random
import signal
import tempfile
import time
from pathlib import Path

from tests.drills import oracle
from tests.drills.acknowledgements import AcknowledgementLog
from tests.drills.ground import Ground
from tests.drills.lines import HttpLine
from tests.drills.sites import Verdict
from tests.drills.tracer import Point, Tracer
from tests.drills.workload import Lost, Said, Violation, Workload
from tests.service_process import ServiceProcess

FEWEST = 400  # an ingest takes at least so many counted calls of the whole service, half of them in each
REST_S = 60.0


def kill(number: int) -> Verdict:
    """Kill a fresh service at a counted call, 1 <= number <= FEWEST; judge as sites.Life."""
    with tempfile.TemporaryDirectory(prefix="drill-service-") as name:
        folder = Path(name)
        service = ServiceProcess(folder / "site", EVIDENCE_DEEP="false")
        line = HttpLine(service.port, service.add_dock())
        workload = Workload(AcknowledgementLog(folder / "acknowledgements"))
        ground = Ground(service.data, service.data / "evidence.db")
        verdict = Verdict(number, None)
        try:
            verdict.point = _until_killed(service, workload, line, number)
            verdict.violations += oracle.examine(ground, workload.log.said, at_rest=False)
            with service:
                for _ in workload.run(line):
                    pass
                verdict.violations += at_rest(ground, workload)
        except (Violation, Said, Lost) as broken:
            verdict.violations.append(repr(broken))
        finally:
            service.stop(signal.SIGKILL)
    return verdict


def _until_killed(service: ServiceProcess, workload: Workload, line: HttpLine, number: int) -> Point | None:
    service.start()
    assert service.process is not None
    tracer = Tracer(service.process.pid if number % 2 else service.worker(), (number + 1) // 2)
    tracer.attach()
    try:
        for _ in workload.run(line):
            pass
    except Lost:
        assert tracer.killed, f"the service died by itself:\n{service.output()[-2000:]}"
    service.stop(signal.SIGKILL)
    tracer.join()
    return tracer.killed


def at_rest(ground: Ground, workload: Workload) -> list[str]:
    until = time.monotonic() + REST_S
    while True:
        found = oracle.examine(ground, workload.log.said, at_rest=True)
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.5)


def lot(count: int, seed: int) -> list[int]:
    """Draw points."""
    chance = random.Random(seed)
    return sorted(chance.sample(range(1, FEWEST + 1), count))
