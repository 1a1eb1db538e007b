"""F11, F12, F13, F32: discs that are full where it hurts, and a power cut right after a site was made.

Each is one site on real discs, with a real `evidence serve`, judged by the oracle and by counting entries.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random

from evidence.domain.access import Caller
from evidence.domain.rights import Action, Kind
from evidence.errors import Refused
from tests import inside
from tests.drills import oracle, services
from tests.drills.acknowledgements import AcknowledgementLog
from tests.drills.discs import Disc
from tests.drills.ground import Ground
from tests.drills.lines import HttpLine
from tests.drills.scene import application
from tests.drills.thrash import PatientLine
from tests.drills.workload import Lost, Said, Sending, Violation, Workload
from tests.service_process import ServiceProcess

LOOKS = 3_000  # so many at most until a full disc of the database refuses one
ENTRIES = 10_000  # so many must find room in what the reserve keeps free
FOUNDED = 3
_QUIET = {"EVIDENCE_DEEP": "false"}


@contextmanager
def _disc(size_mib: int = 600) -> Iterator[Disc]:
    with tempfile.TemporaryDirectory(prefix="drill-full-") as folder:
        disc = Disc(Path(folder) / "disc", size_mib)
        try:
            yield disc
        finally:
            disc.remove()


def fill(place: Path, leave: int) -> Path:
    """Fill a disc but for so many bytes, root's own included; return the file that does it."""
    filler = place / "filler"
    with filler.open("wb") as file:
        while (left := _free(place) - leave) > 0:
            try:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), max(4096, left // 2))
            except OSError:  # the table of the filler's own blocks took the last of it
                break
    return filler


def _free(place: Path) -> int:
    facts = os.statvfs(place)
    return facts.f_bfree * facts.f_frsize


def unlogged(seed: int) -> tuple[int, list[str]]:
    """F11: the database's disc is full. No byte is read without its entry; then all goes on."""
    found: list[str] = []
    with _disc(48) as disc, tempfile.TemporaryDirectory(prefix="drill-full-") as name:
        folder = Path(name)
        site = folder / "site"
        service = ServiceProcess(site, **_QUIET)
        shutil.move(site / "evidence.db", disc.mount / "evidence.db")
        with (site / "site.toml").open("a", encoding="utf-8") as settings:
            settings.write(f'database = "sqlite:///{disc.mount}/evidence.db"\n')
        ground = Ground(site, disc.mount / "evidence.db")
        workload = Workload(AcknowledgementLog(folder / "acknowledgements"))
        line = HttpLine(service.port, service.add_dock())
        with service:
            for _ in workload.run(line):
                pass
            path = f"/api/v1/recordings/{workload.sendings[0].upload}/original"
            read_before, shown = _reads(ground.database), 0
            filler = fill(disc.mount, 3 << 20)  # some looks find room, and then none does
            looks = 0
            while (looks := looks + 1) <= LOOKS:
                status, body = service.get(path, service.admin_token)
                shown += status == 200
                if status != 200:
                    found += (
                        []
                        if status in (503, 507)
                        else [f"I5 a full database answers {status}: {body[:80]!r}"]
                    )
                    break
            else:
                found.append(f"the disc was never full: {LOOKS} looks")
            late = Sending("DCIM/late.mp4", Random(seed).randbytes(50_000))
            with suppress(Lost):
                list(Workload(workload.log, [late]).run(PatientLine(service.port, line.token)))
                found.append("I5 an upload ended on a full disc")
            if service.get("/health")[0] != 200:
                found.append("I5 a full disc takes the liveness away")
            filler.unlink()
            list(Workload(workload.log, [late]).run(line))
            logged = _reads(ground.database) - read_before
            if logged < shown:
                found.append(f"{shown - logged} originals were shown without an entry")
            if service.get(path, service.admin_token)[0] != 200:
                found.append("I6 with room again nothing is shown")
            found += services.at_rest(ground, workload)
    return looks, found


def _reads(database: Path) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        asked = "SELECT count(*) FROM audit_entry WHERE act = 'evidence.read'"
        return int(reader.execute(asked).fetchone()[0])


def thin(seed: int) -> tuple[int, list[str]]:
    """F12: below the disc there is no more room. Every write succeeds, and the sync says that it did not."""
    with tempfile.TemporaryDirectory(prefix="drill-thin-") as name:
        below = Path(name) / "below"
        below.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=72m", "tmpfs", str(below)], check=True)
        try:
            disc = Disc(below / "disc")
            disc.ask_by_pages()
            try:
                return _thin(Path(name), below, disc, seed)
            finally:
                disc.remove()
        finally:
            subprocess.run(["umount", "--lazy", str(below)], check=True)


def _thin(folder: Path, below: Path, disc: Disc, seed: int) -> tuple[int, list[str]]:
    chance = Random(seed)
    sendings = [Sending(f"DCIM/{n:03d}.mp4", chance.randbytes(2_000_000 + n)) for n in range(40)]
    workload = Workload(AcknowledgementLog(folder / "acknowledgements"), sendings)
    service = ServiceProcess(disc.mount / "site", **_QUIET)
    ground, line = (
        Ground(service.data, service.data / "evidence.db"),
        PatientLine(service.port, service.add_dock()),
    )
    found: list[str] = []
    service.start()
    try:
        with suppress(Lost):
            list(workload.run(line))
            found.append("the disc below was never full")
        tried = sum(bool(one.upload) for one in sendings)
        service.stop(signal.SIGKILL)
        subprocess.run(["mount", "-o", "remount,size=700m", str(below)], check=True)
        disc.cut()  # what a machine does whose disc refused a journal: it is started anew
        found += oracle.examine(ground, workload.log.said, at_rest=False)
        service.start()
        list(workload.run(HttpLine(service.port, line.token)))
        found += services.at_rest(ground, workload)
    except (Violation, Said, Lost) as broken:
        found.append(repr(broken))
    finally:
        service.stop(signal.SIGKILL)
    return tried, found


def reserve(_seed: int) -> tuple[int, list[str]]:
    """F13: less is free than the reserve. No upload begins; the log goes on for ten thousand entries."""
    found: list[str] = []
    with _disc() as disc:
        service = ServiceProcess(disc.mount / "site", **_QUIET)
        line = HttpLine(service.port, service.add_dock())
        with service:
            fill(disc.mount, 250 << 20)
            try:
                line.create("DCIM/a.mp4", "DSJX9A00123", 1_000_000, None)
                found.append("I5 an upload was begun out of the reserve")
            except Said as refusal:
                if (refusal.status, refusal.code) != (507, "no-space"):
                    found.append(f"I5 short of space is answered by {refusal.status} {refusal.code}")
        before = inside.count(service.data, "SELECT count(*) FROM audit_entry")
        with application(service.data) as opened:
            (dock,) = opened.accounts.docks(Caller("operator", Kind.OPERATOR, "operator"))
            for _ in range(ENTRIES):
                with suppress(Refused):
                    opened.site.admit(Caller(dock.id, Kind.DOCK, dock.name), Action.MANAGE_DOCKS)
        written = inside.count(service.data, "SELECT count(*) FROM audit_entry") - before
        if written < ENTRIES:
            found.append(f"only {written} entries found room in the reserve")
    return ENTRIES, found


def founded(_seed: int) -> tuple[int, list[str]]:
    """F32: the power goes right after a site was made and a dock added: both are there, whole."""
    found: list[str] = []
    for _ in range(FOUNDED):
        with _disc() as disc, tempfile.TemporaryDirectory(prefix="drill-full-") as name:
            disc.sync()
            service = ServiceProcess(disc.mount / "site", **_QUIET)
            line = HttpLine(service.port, service.add_dock())
            disc.cut()
            workload = Workload(AcknowledgementLog(Path(name) / "acknowledgements"))
            try:
                with service:
                    list(workload.run(line))
                    found += services.at_rest(Ground(service.data, service.data / "evidence.db"), workload)
            except (AssertionError, Lost, Said) as broken:
                found.append(f"I1 what was made does not serve: {broken!r}"[:600])
    return FOUNDED, found


TRIALS: dict[str, Callable[[int], tuple[int, list[str]]]] = {
    "unlogged": unlogged, "thin": thin, "reserve": reserve, "founded": founded,
}  # fmt: skip
