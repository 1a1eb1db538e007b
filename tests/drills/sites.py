"""Sites to break: made once, copied for each point; and one life of one under a sweep."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.drills import oracle
from tests.drills.acknowledgements import AcknowledgementLog
from tests.drills.ground import Ground, settle
from tests.drills.lines import LeanLine, LeanServer
from tests.drills.tracer import Point, Tracer
from tests.drills.workload import Lost, Said, Violation, Workload


@dataclass
class Verdict:
    """What came of one point. point: None when the run ended before it was reached."""

    number: int
    point: Point | None
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(
            [str(self.point or f"point {self.number} (not reached)"), *(f"  {v}" for v in self.violations)]
        )


@dataclass
class Life:
    """One site on one ground from its first byte to its rest, with a fault in between.

    acknowledgements: a folder that no fault touches.
    """

    server: LeanServer
    ground: Ground
    acknowledgements: Path
    workload: Workload = field(init=False)

    def __post_init__(self) -> None:
        self.workload = Workload(AcknowledgementLog(self.acknowledgements / "acknowledgements.jsonl"))

    def survey(self) -> list[Point]:
        """Run the workload without a fault; return all points of it."""
        tracer = self.run_under(0, keep_all=True)
        violations = oracle.examine(self.ground, self.workload.log.said, at_rest=True)
        assert violations == [], violations
        return tracer.points

    def run_under(self, kill_at: int, keep_all: bool = False) -> Tracer:
        """Run until the end or the kill. Raises: Violation."""
        line = LeanLine(self.server, self.ground.data)
        tracer = Tracer(line.pid, kill_at, keep_all)
        tracer.attach()
        try:
            line.go()
            for _ in self.workload.run(line):
                pass
        except Lost:
            assert tracer.kill_at, "the service died by itself"
        finally:
            line.close()
        tracer.join()
        return tracer

    def suffer(self, number: int, fault: Callable[[Life], None] = lambda life: None) -> Verdict:
        """Kill at this point, let the fault follow (a power cut), judge; restart, finish, judge again."""
        verdict = Verdict(number, None)
        try:
            verdict.point = self.run_under(number).killed
            fault(self)
            verdict.violations += oracle.examine(self.ground, self.workload.log.said, at_rest=False)
            verdict.violations += self._finish()
            verdict.violations += oracle.examine(self.ground, self.workload.log.said, at_rest=True)
        except (Violation, Said) as broken:
            verdict.violations.append(str(broken) or repr(broken))
        return verdict

    def ask(self) -> None:
        """Restart and ask only where everything stands; each answer is an acknowledgement. Then die again."""
        line = LeanLine(self.server, self.ground.data)
        line.go()
        for sending in self.workload.sendings:
            if sending.upload and not sending.done:
                self.workload.note_offset(sending, line.head(sending.upload))
        line.kill()

    def _finish(self) -> list[str]:
        """Restart without any fault and do what is left; each resumed request is looked at."""
        line = LeanLine(self.server, self.ground.data)
        found: list[str] = []
        try:
            line.go()
            for sending in self.workload.run(line):
                found += oracle.tail(self.ground, sending.upload, sending.acknowledged)
            line.rest()
        except Lost:
            found.append("I6 the service died again after its restart, by itself")
        finally:
            line.close()
        return found


def clone(pattern: Ground, data: Path, database: Path | None = None) -> Ground:
    """Copy a site that nobody runs; database: a file elsewhere, written into the settings."""
    shutil.copytree(pattern.data, data, dirs_exist_ok=True)
    if database is None:
        return Ground(data, data / "evidence.db")
    shutil.move(data / "evidence.db", database)
    with (data / "site.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'database = "sqlite:///{database}"\n')
    return Ground(data, database)


def make(server: LeanServer, folder: Path) -> Ground:
    """Make the pattern: an empty site with one dock, its database in one file."""
    server.make(folder)
    ground = Ground(folder, folder / "evidence.db")
    settle(ground.database)
    return ground
