"""Sealed recordings: listed, and read back, as far as the caller's reach. A read is logged before the first
byte; no log, no bytes. What is out of reach is answered as what is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from evidence.domain.access import Caller, Purpose, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id
from evidence.domain.rights import Action, Kind
from evidence.domain.uploads import UploadState
from evidence.errors import Conflict, EvidenceError, NotFound
from evidence.service.catalogue import StoredFinding, StoredRecording
from evidence.service.court.supply import verify_supply
from evidence.service.examining.faults import findings_in_force, past_faults
from evidence.service.examining.neighbours import without_strangers
from evidence.service.gate import admits
from evidence.service.keeping.gone import verify_not_gone
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_NOTHING: Mapping[str, object] = {}


class StillSealing(Conflict):
    """All bytes are here; the receipt follows."""

    code = "still-sealing"


class StillReceiving(Conflict):
    """Bytes are missing."""

    code = "upload-incomplete"


@dataclass(frozen=True)
class Recordings:
    """The desk for recordings."""

    site: Site

    @admits(Action.LIST_RECORDINGS)
    def list(self, caller: Caller, device: str | None = None) -> Sequence[StoredRecording]:
        """Return the recordings, oldest seal first; the look is logged."""
        self._log(caller, Act.READ_LIST, None)
        there = reach(caller, Action.LIST_RECORDINGS, self.site.bars())
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            past = past_faults(unit)
            return [_with_past(stored, past) for stored in unit.recordings.all(device, reach=there, at=now)]

    @admits(Action.LIST_RECORDINGS)
    def get(self, caller: Caller, recording_id: str) -> StoredRecording:
        """Return one recording; the look is logged. Raises: NotFound."""
        stored = admit_to_recording(self.site, caller, Action.LIST_RECORDINGS, recording_id)
        self._log(caller, Act.READ_LIST, recording_id)
        with self.site.database.reading() as unit:
            return _with_past(stored, past_faults(unit, [recording_id]))

    @admits(Action.READ_FINDINGS)
    def findings(self, caller: Caller, recording_id: str) -> Sequence[StoredFinding]:
        """Return what examination found about one recording. Raises: NotFound."""
        admit_to_recording(self.site, caller, Action.READ_FINDINGS, recording_id)
        self._log(caller, Act.READ_LIST, recording_id)
        there = reach(caller, Action.READ_FINDINGS, self.site.bars())
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            return without_strangers(unit, findings_in_force(unit, recording_id), there, now)

    @admits(Action.READ_ORIGINAL)
    def open_original(
        self,
        caller: Caller,
        recording_id: str,
        purpose: Purpose | None = None,
        approval: str | None = None,
    ) -> tuple[StoredRecording, BinaryIO]:
        """Open an original for reading. The entry stands in the log before this returns. approval: id of the
        export by which somebody takes it along for anything but a case.

        Raises: NotFound, Refused("purpose-needed", "serious-event", "approval-needed"),
        Conflict("recording-destroyed").
        """
        stored = admit_to_recording(self.site, caller, Action.READ_ORIGINAL, recording_id, purpose)
        verify_supply(self.site, caller, recording_id, purpose, approval)
        verify_not_gone(stored)
        facts = {} if purpose is None else {"purpose": purpose.value}
        facts |= {} if approval is None else {"approval": approval}
        self._log(caller, Act.READ_ORIGINAL, recording_id, facts)
        return stored, self.site.vault.open(stored.recording.data_key, stored.recording.data_version)

    @admits(Action.READ_MANIFEST)
    def manifest(self, caller: Caller, recording_id: str) -> bytes:
        """Return the signed manifest as it stands in the vault. Raises: NotFound."""
        stored = admit_to_recording(self.site, caller, Action.READ_MANIFEST, recording_id)
        recording = stored.recording
        self._log(caller, Act.READ_MANIFEST, recording_id)
        with self.site.vault.open(recording.manifest_key, recording.manifest_version) as manifest:
            return manifest.read()

    @admits(Action.READ_RECEIPT)
    def receipt(self, caller: Caller, upload_id: str) -> bytes:
        """Return the receipt for an upload, the same bytes each time. Raises: as `sealed_as`."""
        return self.sealed_as(caller, upload_id).receipt

    @admits(Action.READ_RECEIPT)
    def sealed_as(self, caller: Caller, upload_id: str) -> StoredRecording:
        """Return what an upload was sealed as, with its receipt and what the last reading back found.

        Raises: NotFound, StillReceiving, StillSealing, Conflict("name-reused"), Conflict("digest-differs").
        """
        with self.site.database.reading() as unit:
            return self._sealed_as(unit, caller, upload_id)

    @admits(Action.READ_RECEIPT)
    def all_sealed_as(
        self, caller: Caller, upload_ids: Sequence[str]
    ) -> Sequence[StoredRecording | EvidenceError]:
        """Return the same of several uploads, in this order; in the place of one, what is wrong with it."""
        found: list[StoredRecording | EvidenceError] = []
        with self.site.database.reading() as unit:
            for upload_id in upload_ids:
                try:
                    found.append(self._sealed_as(unit, caller, upload_id))
                except (NotFound, Conflict) as problem:
                    found.append(problem)
        return found

    def _sealed_as(self, unit: UnitOfWork, caller: Caller, upload_id: str) -> StoredRecording:
        upload = unit.uploads.get(upload_id) if is_id(upload_id) else None
        is_sender = caller.kind in (Kind.DOCK, Kind.PERSON)
        foreign = upload is not None and is_sender and upload.account_id != caller.id
        if upload is None or foreign or upload.state is UploadState.TERMINATED:
            raise NotFound("upload-not-found", upload=upload_id)
        if upload.state is UploadState.REFUSED:
            raise Conflict(upload.problem, upload=upload_id, name=upload.origin.name)
        if upload.state is UploadState.COMPLETE:
            raise StillSealing(upload=upload_id)
        stored = unit.recordings.get(upload.recording_id) if upload.recording_id else None
        if stored is None:
            raise StillReceiving(upload=upload_id, offset=upload.offset, length=upload.origin.size_bytes)
        if caller.kind is Kind.INTEGRATION:  # it never knows of what is restricted, by no way
            standing = unit.standings.get(stored.recording.id, self.site.clock.now())
            if standing.classification.is_restricted:
                raise NotFound("upload-not-found", upload=upload_id)
        return stored

    def _log(
        self, caller: Caller, act: Act, recording_id: str | None, facts: Mapping[str, object] = _NOTHING
    ) -> None:
        objects = () if recording_id is None else (("recording", recording_id),)
        self.site.database.log(Entry(act, caller.id, objects, facts=facts), self.site.clock.now())


def _with_past(stored: StoredRecording, past: Mapping[str, StoredFinding]) -> StoredRecording:
    found = past.get(stored.recording.id)
    return (
        stored if found is None else replace(stored, past_faults=tuple(str(found.body["measured"]).split()))
    )
