"""F34, at the desk: the service is killed at any system call while it builds an export, or hands one over.

The process is forked from the lean server (lean.py); the signer is another. After the kill the site is opened
again, and whoever was at it does it once more. Then:
K1 what lies where packages wait is a package that its verifier passes, or nothing
K2 an export that counts as built has its package; one that counts as handed over has the retained copy of
   each medium under its hold, and its entry; one that does not has no such entry
K3 done again it comes to its end, once: one entry, a package that passes, nothing left over
K4 the check of everything finds nothing
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from evidence.bootstrap import Application
from evidence.domain.access import Caller, Grant
from evidence.domain.audit import Act
from evidence.domain.exports import Export, Medium, Said, State, Way
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType
from evidence.domain.recordings import Origin
from evidence.domain.rights import Kind, Role
from evidence.errors import EvidenceError
from evidence.service.court.exports import Wish
from evidence.service.jobs import JobName
from evidence.service.people.people_ports import StoredGrant
from storage.errors import StorageError
from tests.drills.ground import settle
from tests.drills.lean import hand_over
from tests.drills.lines import LeanServer, Party
from tests.drills.package_kills import judged as judged_place
from tests.drills.publishing_kills import lay, start_signer
from tests.drills.scene import OPERATOR, application
from tests.drills.sites import Verdict
from tests.drills.tracer import Point, Tracer
from tests.drills.workload import Lost, Violation
from tests.drills.workload import Said as Refused

BUILD, HAND_OVER = "build", "hand-over"
ACTS = (BUILD, HAND_OVER)
_DECIDER = Caller(new_id(), Kind.PERSON, "head", (Grant(Role.AGENCY_HEAD),), PersonType.OFFICER)


@dataclass
class Counter:
    """A place with a site for each act, at the moment before it."""

    server: LeanServer
    folder: Path

    def survey(self, act: str) -> list[Point]:
        """Return all points of one undisturbed act."""
        with self._copied(act) as data:
            tracer = self._do(data, act, 0, keep_all=True)
            assert self._go_on(data, act) == []
            return tracer.points

    def kill(self, act: str, number: int) -> Verdict:
        """Kill at one point, open again, judge, do it again, judge."""
        with self._copied(act) as data:
            verdict = Verdict(number, None)
            try:
                verdict.point = self._do(data, act, number).killed
                verdict.violations += self._go_on(data, act)
            except (Violation, Refused, Lost, EvidenceError, StorageError) as broken:
                verdict.violations.append(repr(broken))
            return verdict

    @contextmanager
    def _copied(self, act: str) -> Iterator[Path]:
        lay(self.folder / act, data := self.folder / "site")
        try:
            yield data
        finally:
            shutil.rmtree(data, ignore_errors=True)

    def _do(self, data: Path, act: str, number: int, keep_all: bool = False) -> Tracer:
        signer, party = start_signer(self.server, data), Party(self.server, act, data)
        tracer = Tracer(party.pid, number, keep_all)
        tracer.attach()
        with suppress(Lost):
            party.go()
        for one in (party, signer):
            one.kill()
        tracer.join()
        return tracer

    def _go_on(self, data: Path, act: str) -> list[str]:
        signer = start_signer(self.server, data)
        try:
            with application(data) as opened:
                about = json.loads((data / "drill.json").read_bytes())
                found = _judged(opened, data, about["export"])
                if act == BUILD:
                    opened.court.building.build(about["export"])
                elif _export(opened, about["export"]).state is State.BUILT:
                    hand_over(opened, about)
                return found + _ended(opened, data, about["export"], act)
        finally:
            signer.kill()


def _export(opened: Application, id_: str) -> Export:
    with opened.site.database.reading() as unit:
        found = unit.exports.get(id_)
    assert found is not None
    return found


def _entries(opened: Application, act: Act) -> int:
    with opened.site.database.reading() as unit:
        return sum(1 for _ in unit.log.of_act(act))


def _judged(opened: Application, data: Path, id_: str) -> list[str]:
    """Return every violation of K1 and K2."""
    export, place = _export(opened, id_), data / "exports"
    is_built, is_given = export.built is not None, export.hand_over is not None
    final = place / export.number
    found = judged_place(_only(place, export.number), export.number) if final.exists() else []
    if is_built and not final.exists():
        found.append("K2 built, and no package")
    if is_given != bool(_entries(opened, Act.EXPORT_HAND_OVER)):
        found.append("K2 handed over, and its entry differs")
    kept = [one.key for one in opened.site.vault.list(f"exports/{id_}/")]
    if is_given and (export.built is None or len(kept) != len(export.built.volumes)):
        found.append(f"K2 handed over, and {kept} retained")
    return found


def _only(place: Path, number: str) -> Path:
    """Return the place as its packages see it: the statement beside them is the shelf's own."""
    for statement in place.glob(f"{number}.statement.json"):
        statement.rename(place.parent / statement.name)
    return place


def _ended(opened: Application, data: Path, id_: str, act: str) -> list[str]:
    """Return every violation of K3 and K4."""
    export, place = _export(opened, id_), data / "exports"
    wanted = State.BUILT if act == BUILD else State.HANDED_OVER
    found = [] if export.state is wanted else [f"K3 {export.state} {export.problem}"]
    entry = Act.EXPORT_SEAL if act == BUILD else Act.EXPORT_HAND_OVER
    if _entries(opened, entry) != 1:
        found.append(f"K3 {_entries(opened, entry)} entries {entry}")
    found += judged_place(_only(place, export.number), export.number, must_be_there=True)
    found += [f"K3 left over: {one.name}" for one in place.iterdir() if one.name != export.number]
    opened.publishing.publish_all()
    return found + [f"K4 {one.kind} {one.item}" for one in opened.auditing.fsck(OPERATOR)]


@contextmanager
def counter() -> Iterator[Counter]:
    """Open one, in memory where there is any: kills need no disc."""
    where = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="drill-", dir=where) as name,
        LeanServer(Path(name)) as server,
    ):
        folder = Path(name)
        for act in ACTS:
            _make(server, folder / f"bare-{act}", folder / act, act)
        yield Counter(server, folder)


def _make(server: LeanServer, bare: Path, data: Path, act: str) -> None:
    """Make a site with a transfer that is approved, and built where it is to be handed over."""
    server.make(bare)
    lay(bare, data)
    signer = start_signer(server, data)
    with application(data) as opened:
        (agency,) = opened.organisation.units.all(OPERATOR)
        gives, beside = (
            Person(new_id(), number, "王芳", PersonType.OFFICER, agency.id) for number in ("012347", "012346")
        )
        grant, now = (new_id(), gives.id, Role.CUSTODIAN, agency.id, "post"), opened.site.clock.now()
        with opened.site.database.writing() as unit:
            unit.people.add(gives, now)
            unit.people.add(beside, now)
            unit.grants.add(StoredGrant(*grant, "operator", now))
        case = opened.cases.open(OPERATOR, "杭综执〔2026〕3号", agency.id).id
        recording = _sealed(opened)
        opened.cases.link(OPERATOR, case, recording)
        opened.court.transfer_units.name(OPERATOR, agency.id)
        said = Said("某区人民法院", "举证", "举证通知书")
        wish = Wish(Way.TRANSFER, (recording,), said, Medium.FOLDER, case)
        export = opened.court.exports.ask(OPERATOR, wish).export
        opened.court.exports.decide(_DECIDER, export.id, is_approved=True, reason="同意")
        if act == HAND_OVER:
            opened.court.building.build(export.id)
            built = _export(opened, export.id).built
            for one in built.volumes if built else ():
                opened.court.handing_over.note_written(OPERATOR, export.id, one.number, "SN-1", one.sha256)
        opened.publishing.publish_all()
        opened.publishing.publish_all()  # the first has logged the keys
    signer.kill()
    about = {"export": export.id, "gives": gives.id, "beside": beside.number}
    (data / "drill.json").write_text(json.dumps(about), "utf-8")
    settle(data / "evidence.db")


def _sealed(opened: Application) -> str:
    (dock,) = opened.accounts.docks(OPERATOR)
    body = b"film" * 3000
    upload = opened.uploads.create(dock, Origin("DSJX9A00123", "012345", "a.mp4", len(body), None), None)
    with opened.uploads.receive(dock, upload.id, 0, len(body), None) as reception:
        reception.take(body)
        reception.commit()
    while opened.work.do_next("drill", (JobName.SEAL,)):
        pass
    return upload.id
