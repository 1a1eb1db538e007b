"""A real site to tamper with: the service, its signer, traffic of a dock; who finds what, and when.

A pattern is made once: a site with recordings, looked at, published, stopped; beside it the whole site as it
was "yesterday", and what somebody outside kept (a checkpoint, a dock's proof). Each tampering gets a copy.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evidence.bootstrap import Application, build
from evidence.domain.access import Caller
from evidence.domain.rights import Kind
from tests import inside
from tests.drills.acknowledgements import AcknowledgementLog
from tests.drills.lines import HttpLine
from tests.drills.workload import Sending, Workload
from tests.log_room import unguarded
from tests.service_process import ServiceProcess

OPERATOR = Caller("operator", Kind.OPERATOR, "operator")
SHORT = {"EVIDENCE_PUBLISH_S": "1", "EVIDENCE_DEEP": "false"}
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Found:
    """A fault that was found: by whom, kind, item, and how many seconds after it was done."""

    by: str
    kind: str
    item: str
    seconds: float


@dataclass
class Pattern:
    """What each scene is copied from. kept: a checkpoint of custody; proof: of a dock's receipt."""

    folder: Path
    token: str = ""
    dock: str = ""
    recordings: list[str] = field(default_factory=list)
    kept: bytes = b""
    proof: bytes = b""
    vkeys: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The site as it is today."""
        return self.folder / "today" / "site"

    @property
    def yesterday(self) -> Path:
        """The same site some recordings earlier."""
        return self.folder / "yesterday"


def make(folder: Path) -> Pattern:
    """Make the pattern: two lives of a real service."""
    pattern = Pattern(folder)
    pattern.data.parent.mkdir(parents=True)
    service = ServiceProcess(pattern.data, **SHORT)
    pattern.token, pattern.dock = service.admin_token, service.add_dock()
    _own_pack(pattern.data)
    with service:
        pattern.recordings.append(send(service, pattern.dock, 1))
        wait_published(pattern.data)
    copy(pattern.data, pattern.yesterday)
    with service:
        pattern.recordings += [send(service, pattern.dock, number) for number in (2, 3)]
        for one in pattern.recordings:
            assert service.get(f"/api/v1/recordings/{one}/original", pattern.token)[0] == 200
        wait_published(pattern.data)
        pattern.kept = service.get("/api/v1/logs/custody/checkpoint")[1]
        pattern.proof = service.get(f"/api/v1/uploads/{pattern.recordings[0]}/proof", pattern.dock)[1]
    pattern.vkeys = service.command("log", "keys").split()
    return pattern


def copy(site: Path, to: Path) -> None:
    """Copy a site that nobody runs; a socket that its signer left is no file."""
    shutil.copytree(site, to, ignore=shutil.ignore_patterns("socket"))


def _own_pack(data: Path) -> None:
    """Let the site judge by a pack of the operator's own, in a file."""
    pack = data / "pack.toml"
    if not pack.exists():
        shutil.copyfile(ROOT / "evidence/policy/packs/dazhe-2020.toml", pack)
    settings = data / "site.toml"
    lines = settings.read_text("utf-8").splitlines()
    lines = [f'policy = "{pack}"' if line.startswith("policy") else line for line in lines]
    settings.write_text("\n".join(lines) + "\n", "utf-8")


def send(service: ServiceProcess, dock: str, number: int) -> str:
    """Send a recording as a dock does; return its id when there is a receipt."""
    body = random.Random(number).randbytes(120_000 + number)
    name = f"DCIM/100/DSJX9A00123_012345_20260302{number:06d}_0001.mp4"
    sending = Sending(name, body)
    said = AcknowledgementLog(service.data.parent / "acknowledgements")
    for _ in Workload(said, [sending]).run(HttpLine(service.port, dock)):
        pass
    return sending.upload


def published(data: Path, log: str = "custody") -> tuple[int, int]:
    """Return how many entries a log has, and how many of them stand under a checkpoint."""
    entries = inside.count(data, "SELECT count(*) FROM audit_entry WHERE log = :log", log=log)
    under = inside.count(data, "SELECT max(size) FROM log_checkpoint WHERE log = :log", log=log)
    return entries, under


def wait_published(data: Path, within_s: float = 60.0) -> None:
    """Wait until every entry stands under a checkpoint."""
    until = time.monotonic() + within_s
    while True:
        logs = [str(log) for (log,) in inside.rows(data, "SELECT DISTINCT log FROM audit_entry")]
        if all(entries == under for entries, under in (published(data, log) for log in logs)):
            return
        assert time.monotonic() < until, "the logs were not published"
        time.sleep(0.2)


@dataclass
class Scene:
    """A copy of the pattern, its service running or not."""

    pattern: Pattern
    folder: Path
    service: ServiceProcess
    _done: float = 0.0

    @property
    def data(self) -> Path:
        """The site's folder."""
        return self.service.data

    def send(self, number: int = 9) -> str:
        """Let a dock send something."""
        return send(self.service, self.pattern.dock, number)

    def administer(self, sql: str, **values: object) -> int:
        """Change the database as its owner can, guards taken off; return the number of rows."""
        with unguarded(self.data):
            return inside.change(self.data, sql, **values)

    def done(self) -> None:
        """The tampering is done: the clock runs."""
        self._done = time.monotonic()

    def found(self, by: str, kind: str, item: str) -> Found:
        """Make a finding of this moment."""
        return Found(by, kind, item, time.monotonic() - self._done)

    def alarms(self, within_s: float = 60.0) -> list[Found]:
        """Wait for the running service to raise an alarm by itself; return all that stand then."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            status, body = self.service.get("/api/v1/alarms", self.pattern.token)
            if status == 200 and (rows := json.loads(body)):
                return [self.found("service", one["kind"], one["item"]) for one in rows]
            time.sleep(0.2)
        return []

    def fsck(self) -> list[Found]:
        """Take the hourly step now, as `evidence log fsck` does."""
        with application(self.data) as opened:
            alarms = opened.auditing.fsck(OPERATOR)
        return [self.found("hourly check", one.kind, one.item) for one in alarms]

    def verify(self) -> list[Found]:
        """Read everything back, as `evidence verify` does."""
        with application(self.data) as opened:
            verdicts = list(opened.fixity.verify_all(OPERATOR))
        return [
            self.found("reading back", fault, f"recording {one.recording_id}")
            for one in verdicts
            for fault in one.faults
        ]


@contextmanager
def application(data: Path) -> Iterator[Application]:
    """Open a site as a command does."""
    opened = build(data)
    try:
        yield opened
    finally:
        opened.signer.close()
        opened.site.database.close()


@contextmanager
def scene(pattern: Pattern, name: str, *, runs: bool = True, prefix: Sequence[str] = ()) -> Iterator[Scene]:
    """Open a scene. runs: its service runs. prefix: words before the service's command."""
    folder = pattern.folder / name
    data = folder / "site"
    copy(pattern.data, data)
    _own_pack(data)
    opened = Scene(pattern, folder, ServiceProcess(data, prefix=tuple(prefix), **SHORT))
    try:
        if runs:
            opened.service.start()
            wait_published(data)
        yield opened
    finally:
        opened.service.stop()
        shutil.rmtree(folder, ignore_errors=True)


Work = Callable[[Pattern], list[Found]]
