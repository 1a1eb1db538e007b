"""F04: a log of all system calls of one ingest, given to the order oracle.

Twice: the lean service, where besides each answer each commit of the database counts as an acknowledgement
(what the database says must be true already when it becomes durable); and the whole service over HTTP,
with its threads.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.drills import oracle, sites
from tests.drills.acknowledgements import AcknowledgementLog
from tests.drills.ground import Ground
from tests.drills.lines import HttpLine, LeanLine, LeanServer
from tests.drills.order import OrderFault, examine_order
from tests.drills.strace_log import command
from tests.drills.tracer import Point
from tests.drills.workload import Workload
from tests.service_process import ServiceProcess

LEAN_SUCCESS = re.compile(r'sendto\(\d+<(?!/).*"yes \{')
# 202 promises nothing: it is told while the seal goes on in another thread. A commit that another thread
# is about to sync is no fault either (nobody sees it before), so there the database's own files are left
# to the lean ingest.
HTTP_PROMISE = re.compile(r'(?:sendto|sendmsg|write|writev)\(\d+<(?!/).*"HTTP/1\.[01] 20[014]')
COMMIT = re.compile(r"fdatasync\(\d+<[^>]*evidence\.db-wal>")


def lean(tree: Path | None = None) -> list[str]:
    """Examine one ingest of the lean service; tree: the source tree to run, ours by default."""
    with tempfile.TemporaryDirectory(prefix="drill-order-") as name:
        room = Path(name).resolve()
        log = room / "calls"
        with LeanServer(room, tree, tuple(command(log))) as server:
            site = sites.make(server, room / "site")
            line = LeanLine(server, site.data)
            line.go()
            for _ in Workload(AcknowledgementLog(room / "acknowledgements")).run(line):
                pass
            line.rest()
            line.close()
        lines = log.read_text("utf-8", "replace").splitlines()
    answers = _examine(lines, site.data, LEAN_SUCCESS)
    return answers + _examine(lines, site.data, COMMIT, of_the_database=False)


def recovered(tree: Path | None = None) -> list[str]:
    """Kill the lean service before it syncs a commit; the next one must sync it before it answers
    anything.
    """
    with tempfile.TemporaryDirectory(prefix="drill-order-") as name:
        room = Path(name).resolve()
        log = room / "calls"
        (room / "first").mkdir()
        with LeanServer(room / "first", tree) as server:
            life = sites.Life(server, sites.make(server, room / "site"), room)
            at = _first_commit(
                sites.Life(server, sites.clone(life.ground, room / "copy"), room / "first").survey()
            )
            assert life.run_under(at).killed
        with LeanServer(room, tree, tuple(command(log))) as server:
            line = LeanLine(server, life.ground.data)
            line.go()
            line.close()
        before, answer, _ = log.read_text("utf-8", "replace").partition('"yes {')
    assert answer, "the restarted service said nothing"
    synced = re.search(r"f(data)?sync\(\d+<[^>]*evidence\.db-wal>\)\s+= 0", before)
    return [] if synced else ["a commit that a killed service had not synced was believed by the next one"]


def _first_commit(points: list[Point]) -> int:
    """The point before the sync of the commit that moves an offset."""
    staged = next(
        point.number for point in points if point.call == "fdatasync" and point.about.endswith(".part")
    )
    return next(
        point.number
        for point in points
        if point.number > staged and point.call == "fdatasync" and point.about.endswith("-wal")
    )


def whole() -> list[str]:
    """Examine one ingest of the whole service over HTTP."""
    with tempfile.TemporaryDirectory(prefix="drill-order-") as name:
        room = Path(name).resolve()
        log = room / "calls"
        service = ServiceProcess(room / "site", prefix=tuple(command(log)), EVIDENCE_DEEP="false")
        token = service.add_dock()
        said = AcknowledgementLog(room / "acknowledgements")
        with service:
            for _ in Workload(said).run(HttpLine(service.port, token)):
                pass
        violations = oracle.examine(
            Ground(service.data, service.data / "evidence.db"), said.said, at_rest=True
        )
        lines = log.read_text("utf-8", "replace").splitlines()
    return violations + _examine(lines, service.data, HTTP_PROMISE, of_the_database=False)


def _examine(
    lines: list[str], data: Path, acknowledgement: re.Pattern[str], of_the_database: bool = True
) -> list[str]:
    def owes_nothing(path: str) -> bool:
        # The index of the write-ahead log is rebuilt from the log; scratch and lock files carry no promise.
        spared = path.endswith(("-shm", "/service.lock")) or path.startswith(f"{data}/scratch")
        return spared or (not of_the_database and "evidence.db" in path)

    faults = examine_order(lines, str(data), acknowledgement, vault=f"{data}/vault", ignore=owes_nothing)
    return [_say(fault, lines) for fault in faults]


def _say(fault: OrderFault, lines: list[str]) -> str:
    return (
        f"{fault.code} {fault.path} (line {fault.line}: {lines[fault.line - 1][:120] if fault.line else ''})"
    )
