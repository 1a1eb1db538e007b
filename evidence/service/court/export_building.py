"""Building the package of an export: the job "export". Safe to run twice; a package counts when it is sealed.

1. the approval stands: the set is what was approved, and its time is not over
2. files are copied and compared with what the catalogue promises; the log hears of them (`export.create`),
   is published and proven; then the bags are closed and published by one rename (the packer)
3. one transaction: volumes and digests, and the entry `export.seal`
A crash between 2 and 3 leaves a published package that the log has heard of: it is known by the manifests
that the entry names, and adopted. A failed build leaves the request approved, and says why.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import BinaryIO

from evidence.bundle.media import MEDIA
from evidence.bundle.shipment import Derivative, LaidBag, Shipment, Source, Statement, Testimony
from evidence.bundle.shipment import Item as Packing
from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.exports import Built, Export, Form, Item, State, Volume, Way
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.rights import Action
from evidence.errors import Conflict, EvidenceError, IntegrityFault, NotFound, Unavailable
from evidence.ledger.canonical import canonical
from evidence.service.catalogue import StoredRecording
from evidence.service.court.custody_report import CustodyReport, begun_at
from evidence.service.court.export_access import about_export, entry_of, lapse_if_changed
from evidence.service.court.export_ports import Derivatives, Paper, Shelf, Shelved
from evidence.service.court.proofs_for_export import ExportProofs
from evidence.service.gate import admits
from evidence.service.jobs import JobName
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.errors import StorageError, StoreUnavailable

log = logging.getLogger("evidence.exports")
SERVICE = "service"


@dataclass(frozen=True)
class ExportBuilding:
    """What workers do with approved exports. proofs: of the logs; paper: who sets the report."""

    site: Site
    derivatives: Derivatives
    shelf: Shelf
    paper: Paper
    proofs: ExportProofs

    @admits(Action.EXPORT)
    def again(self, caller: Caller, export_id: str) -> None:
        """Have an export built again whose last build came to nothing.

        Raises: NotFound("export-not-found"), Conflict("not-approved").
        """
        with about_export(self.site, caller, Action.EXPORT, export_id) as (unit, found):
            if found.state is not State.APPROVED:
                raise Conflict("not-approved", export=found.id, state=found.state)
            unit.jobs.add(JobName.EXPORT, found.id, self.site.clock.now())
        self.site.bell.ring(JobName.EXPORT)

    def build(self, export_id: str) -> None:
        """Build an export, unless it is built, or its approval is over.

        Raises: NotFound; Unavailable, StoreUnavailable, OSError: to be tried again.
        """
        with self.site.database.reading() as unit:
            export = unit.exports.get(export_id)
        if export is None:
            raise NotFound("export-not-found", export=export_id)
        if export.state is not State.APPROVED:
            return
        try:
            lapse_if_changed(self.site, export)
            self._seal(export, self._shelved(export) or self._packed(export))
        except (EvidenceError, StorageError, OSError) as problem:
            code = getattr(problem, "code", "unavailable")
            log.warning("export %s could not be built: %s", export.number, problem)
            self._note(export, code)
            if isinstance(problem, Unavailable | StoreUnavailable | OSError):
                raise

    def tidy(self) -> None:
        """End the approvals that are over, or whose set is another one by now; take packages away that are
        not to be handed over any more, or whose receipt is there: nothing that was destroyed lies on in one.
        """
        with self.site.database.reading() as unit:
            exports = unit.exports.all()
        for export in exports:
            if self._is_wanted(export) or not self.shelf.holds(export.number):
                continue
            with self.site.database.writing() as unit:
                entry = entry_of(Act.EXPORT_DISCARD, SERVICE, export, {})
                unit.log.append(entry, self.site.clock.now())
            self.shelf.discard(export.number)

    def _is_wanted(self, export: Export) -> bool:
        """Tell whether a package is still to be handed over, or waits for its receipt."""
        if export.state not in (State.APPROVED, State.BUILT):
            return export.state is State.HANDED_OVER
        try:
            lapse_if_changed(self.site, export)
        except Conflict:
            return False
        return True

    def _note(self, export: Export, code: str) -> None:
        """Say why a build came to nothing, for whoever asked."""
        with self.site.database.writing() as unit:
            fresh = unit.exports.get(export.id)
            if fresh is not None and fresh.state is State.APPROVED:
                unit.exports.put(replace(fresh, problem=code[:60]))

    def _shelved(self, export: Export) -> Shelved | None:
        """Return a published package that a crash left unsealed, if the log has heard of these manifests.

        Raises: IntegrityFault("package-not-ours").
        """
        found = self.shelf.published(export.number)
        if found is None:
            return None
        with self.site.database.reading() as unit:
            heard = self.proofs.manifests(unit, export.id)
        if tuple(one.manifest_sha256 for one in found.volumes) not in heard:
            raise IntegrityFault("package-not-ours", number=export.number)
        return found

    def _packed(self, export: Export) -> Shelved:
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            shipment = self._shipment(unit, export, now)
        attest = partial(self._attest, export, shipment, now)
        medium = MEDIA[export.medium.value]
        self.shelf.pack(shipment, medium, attest)
        found = self.shelf.published(export.number)
        if found is None:
            raise Unavailable("package-missing", number=export.number)
        return found

    def _shipment(self, unit: UnitOfWork, export: Export, now: datetime) -> Shipment:
        """Return what is to be packed. Its id is this build's: the log hears of each build."""
        stored = unit.recordings.some([item.recording_id for item in export.granted])
        names = full_names(unit.units.all())
        case = None if export.case_id is None else unit.cases.get(export.case_id)
        return Shipment(
            id=new_id(),
            number=export.number,
            created=to_text(now),
            agency=names.get(export.unit_id, export.unit_id),
            items=tuple(self._item(unit, stored[one.recording_id], one) for one in export.granted),
            about=export.number,
            identifiers=() if case is None else (case.number,),
        )

    def _item(self, unit: UnitOfWork, stored: StoredRecording, item: Item) -> Packing:
        recording, origin = stored.recording, stored.recording.origin
        began = begun_at(self.site, unit, stored)
        with self.site.vault.open(recording.manifest_key, recording.manifest_version) as file:
            manifest = file.read()
        original: Source | None = None
        made: tuple[Derivative, ...] = ()
        if item.form is Form.ORIGINAL:
            digests = recording.digests
            reading = self._reading(recording.data_key, recording.data_version)
            original = Source(origin.name, origin.size_bytes, digests.sha256, digests.sm3, reading)
        else:
            found = self.derivatives.get(unit, item.derivative_id or "")
            if found is None or found.sha256 != item.sha256:
                raise IntegrityFault("derivative-differs", recording=recording.id)
            reading = self._reading(found.key, found.version)
            source = Source(found.name, found.size_bytes, found.sha256, found.sm3, reading)
            made = (Derivative(found.id, source),)
        facts = {"device": origin.device, "sealed": to_text(recording.sealed_at), "wearer": origin.wearer}
        return Packing(recording.id, to_text(began), original, made, facts, manifest)

    def _reading(self, key: str, version: str | None) -> Callable[[], BinaryIO]:
        return lambda: self.site.vault.open(key, version)

    def _attest(
        self, export: Export, shipment: Shipment, now: datetime, bags: Sequence[LaidBag], set_sha256: str
    ) -> Testimony:
        """Write the entry about bags whose payload stands, and about the list of all files; return what the
        log says then.
        """
        families = ["custody"] if export.way is not Way.TRANSFER else ["access", "custody"]
        made = [one for item in shipment.items for one in item.derivatives]
        objects = (
            ("export", export.id),
            ("build", shipment.id),
            *(("recording", item.id) for item in shipment.items),
            *(("derivative", one.id) for one in made),
        )
        facts: Mapping[str, object] = {
            "bags": [{"sha256": one.manifest_sha256, "sm3": one.manifest_sm3} for one in bags],
            "families": families,
            "number": export.number,
            "set_sha256": set_sha256,
        }
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.EXPORT_CREATE, SERVICE, objects, facts=facts), now)
            if "access" in families:
                unit.log.append(Entry(Act.READ_LOG, SERVICE, objects, facts={"number": export.number}), now)
        ids = [id_ for kind, id_ in objects if kind in ("recording", "derivative")]
        with self.proofs.of(export, ids, families) as said:
            words = CustodyReport(self.site, said.unit, export, now).make(said.entries, said.stamps)
            policy = self.proofs.policy(said.unit)
        printing = partial(self._print, export.number, now)
        return Testimony(said.entries, policy, words, printing, said.stamps, said.withheld)

    def _print(self, number: str, now: datetime, statement: Statement) -> bytes:
        """Keep the statement before its package is published, then print it."""
        told = canonical(dict(statement)) + b"\n"
        self.shelf.note(number, told)
        return self.paper.custody(json.loads(told), now)  # as it reads, so that it prints the same later

    def _seal(self, export: Export, found: Shelved) -> None:
        now = self.site.clock.now()
        volumes = tuple(
            Volume(new_id(), one.label, number, one.file, one.size_bytes, one.sha256, one.sm3)
            for number, one in enumerate(found.volumes, 1)
        )
        rows = [
            {"file": one.file, "sha256": one.sha256, "tagmanifest_sha256": one.tagmanifest_sha256}
            for one in found.volumes
        ]
        package = hashlib.sha256(canonical({"bags": rows})).hexdigest()
        with self.site.database.writing() as unit:
            fresh = unit.exports.get(export.id)
            if fresh is None or fresh.state is not State.APPROVED:
                return  # another worker has sealed it, or its approval has lapsed meanwhile
            built = Built(now, package, volumes, found.statement)
            done = replace(fresh, built=built, problem=None)
            unit.exports.put(done)
            facts = {"bags": rows, "package_sha256": package}
            unit.log.append(entry_of(Act.EXPORT_SEAL, SERVICE, done, facts), now)
