"""F40: the publisher, or the signer, is killed at any system call of one publication.

Both are forked from the lean server (lean.py), each a process of its own; the question goes over the signer's
socket as it always does. After the kill life goes on: the log grows, whoever died is started again, and
everything is published. Then:
P1 every checkpoint, wherever it lies (vault, database, the signer's own), has the root over the rows
P2 no two checkpoints of one size have different bytes: nothing is signed twice differently
P3 every entry stands under a checkpoint, and the check of everything finds nothing
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.recordings import Origin
from evidence.domain.rights import Action, Kind
from evidence.errors import EvidenceError, Refused
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.merkle import SHA256, root_of
from evidence.signer.line import SOCKET
from tests import inside
from tests.drills.discs import Disc
from tests.drills.ground import settle
from tests.drills.lines import LeanServer, Party
from tests.drills.scene import OPERATOR, application, copy
from tests.drills.sites import Verdict
from tests.drills.tracer import Point, Tracer
from tests.drills.workload import Lost, Said, Violation

PUBLISHER, SIGNER = "publisher", "signer"
WHO = (PUBLISHER, SIGNER)


@dataclass
class Press:
    """A place to publish in. pattern: a site whose logs have grown since they were published."""

    server: LeanServer
    pattern: Path
    folder: Path

    def survey(self, who: str) -> list[Point]:
        """Return all points of one undisturbed publication."""
        with self._copied(self.folder / "site") as data:
            tracer = self._publish(data, who, 0, keep_all=True)
            assert self._go_on(data, {}) == []
            return tracer.points

    def kill(self, who: str, number: int) -> Verdict:
        """Kill at one point, go on, judge."""
        with self._copied(self.folder / "site") as data:
            return self.suffer(data, who, number)

    def suffer(
        self, data: Path, who: str, number: int, between: Callable[[Path], None] = lambda _: None
    ) -> Verdict:
        """The same on a site that lies there; between: what happens before anybody is started again."""
        verdict = Verdict(number, None)
        try:
            verdict.point = self._publish(data, who, number).killed
            before = dict(_checkpoints(data))
            between(data)
            verdict.violations += self._go_on(data, before)
        except (Violation, Said, Lost, EvidenceError) as broken:
            verdict.violations.append(repr(broken))
        return verdict

    def cut(self, who: str, number: int, disc: Disc) -> Verdict:
        """Cut the power of the disc that all of it lies on, at one point; go on, judge."""
        disc.empty()
        lay(self.pattern, data := disc.mount / "site")
        disc.sync()
        return self.suffer(data, who, number, lambda _: disc.cut())

    @contextmanager
    def _copied(self, data: Path) -> Iterator[Path]:
        lay(self.pattern, data)
        try:
            yield data
        finally:
            shutil.rmtree(data, ignore_errors=True)

    def _publish(self, data: Path, who: str, number: int, keep_all: bool = False) -> Tracer:
        """Publish until the end or the kill; everybody is dead afterwards."""
        signer = start_signer(self.server, data)
        publisher = Party(self.server, "publish", data)
        traced = signer if who == SIGNER else publisher
        tracer = Tracer(traced.pid, number, keep_all)
        tracer.attach()
        with suppress(Lost, Said):  # it died; or the signer did, and it says so
            publisher.go()
        for one in (publisher, signer):
            one.kill()
        tracer.join()
        return tracer

    def _go_on(self, data: Path, before: Mapping[tuple[str, int, str], bytes]) -> list[str]:
        """Let the log grow, start everything again, publish all; return every violation."""
        signer = start_signer(self.server, data)
        try:
            with application(data) as opened:
                grow(opened, 2)
                opened.publishing.publish_all()
                return _judged(opened, data, before)
        finally:
            signer.kill()


def start_signer(server: LeanServer, data: Path) -> Party:
    """Start the signer of a site, and wait until it listens."""
    folder = data / "signer"
    folder.mkdir(exist_ok=True)
    (folder / SOCKET).unlink(missing_ok=True)
    party = Party(server, "sign", data)
    party.send_go()
    until = time.monotonic() + 30
    while not (folder / SOCKET).is_socket():
        assert time.monotonic() < until, "the signer did not start"
        time.sleep(0.005)
    time.sleep(0.05)  # its threads are there
    return party


def lay(pattern: Path, data: Path) -> None:
    """Copy a site. Its signer is nobody's child: who is killed stays dead until we start it again."""
    copy(pattern, data)
    settings = data / "site.toml"
    kept = [line for line in settings.read_text("utf-8").splitlines() if not line.startswith("signer")]
    settings.write_text("\n".join([*kept, f'signer = "{data}/signer"']) + "\n", "utf-8")


@contextmanager
def press() -> Iterator[Press]:
    """Open one, in memory where there is any: kills need no disc."""
    where = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="drill-", dir=where) as name,
        LeanServer(Path(name)) as server,
    ):
        folder = Path(name)
        yield Press(server, make(server, folder / "pattern"), folder)


def make(server: LeanServer, data: Path) -> Path:
    """Make the pattern: two logs published, and grown since."""
    bare = data.with_name("bare")
    server.make(bare)
    lay(bare, data)
    signer = start_signer(server, data)
    with application(data) as opened:
        grow(opened, 3)
        opened.publishing.publish_all()
        opened.publishing.publish_all()  # the first has logged the keys
        grow(opened, 3)
    signer.kill()
    settle(data / "evidence.db")
    return data


def grow(opened: Application, number: int) -> None:
    """Let both logs grow: uploads are begun, and somebody asks for what he may not have."""
    (dock,) = opened.accounts.docks(OPERATOR)
    for one in range(number):
        name = f"{os.urandom(4).hex()}-{one}.mp4"
        opened.uploads.create(dock, Origin("DSJX9A00123", "012345", name, 5, None), None)
    with suppress(Refused):
        opened.site.admit(Caller(dock.id, Kind.DOCK, dock.name), Action.MANAGE_DOCKS)


def _checkpoints(data: Path) -> Iterator[tuple[tuple[str, int, str], bytes]]:
    """Yield the checkpoints there are: (log, size, where it lies) and its bytes."""
    for file in sorted((data / "vault/log").rglob("checkpoint")):
        log = "/".join(file.relative_to(data / "vault/log").parts[:-2])
        yield (log, int(file.parent.name), "vault"), file.read_bytes()
    for log, size, note in inside.rows(data, "SELECT log, size, note FROM log_checkpoint"):
        yield (str(log), int(size), "database"), bytes(note)
    with closing(sqlite3.connect(data / "signer/state.db")) as state:
        for log, size, note in state.execute("SELECT log, size, note FROM signed WHERE size > 0"):
            yield (str(log), int(size), "signer"), bytes(note)


def _judged(opened: Application, data: Path, before: Mapping[tuple[str, int, str], bytes]) -> list[str]:
    """Return every violation. before: the checkpoints that stood when it had just died."""
    now = dict(_checkpoints(data))
    earlier = {(log, size, f"{where} before"): note for (log, size, where), note in before.items()}
    found = judged_notes({**earlier, **now})
    for (log, size, where), note in [*before.items(), *now.items()]:
        asked = "SELECT body FROM audit_entry WHERE log = :log AND idx < :size ORDER BY idx"
        rows = [bytes(body) for (body,) in inside.rows(data, asked, log=log, size=size)]
        if Checkpoint.parse(notes.parse(note).text).root != root_of(map(SHA256.leaf, rows)):
            found.append(f"P1 the checkpoint of {log} at {size} in the {where} is not over the rows")
    found += [f"P3 {log} is not published" for log in opened.publishing.grown()]
    found += [f"P3 {one.kind} {one.item}" for one in opened.auditing.fsck(OPERATOR)]
    return found


def judged_notes(checkpoints: Mapping[tuple[str, int, str], bytes]) -> list[str]:
    """Say where two checkpoints of one size of a log have different bytes."""
    found: list[str] = []
    signed: dict[tuple[str, int], bytes] = {}
    for (log, size, where), note in checkpoints.items():
        if signed.setdefault((log, size), note) != note:
            found.append(f"P2 two checkpoints of {log} at {size}, one in the {where}")
    return found
