"""Sealed recordings: listed, and read back. A read is logged before the first byte; no log, no bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id
from evidence.domain.rights import Action, Kind
from evidence.domain.uploads import UploadState
from evidence.errors import Conflict, NotFound
from evidence.service.catalogue import StoredFinding, StoredRecording
from evidence.service.faults import findings_in_force, past_faults
from evidence.service.gate import admits
from evidence.service.site import Site


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
        with self.site.database.reading() as unit:
            past = past_faults(unit)
            return [_with_past(stored, past) for stored in unit.recordings.all(device)]

    @admits(Action.LIST_RECORDINGS)
    def get(self, caller: Caller, recording_id: str) -> StoredRecording:
        """Return one recording; the look is logged. Raises: NotFound."""
        stored = self._find(recording_id)
        self._log(caller, Act.READ_LIST, recording_id)
        with self.site.database.reading() as unit:
            return _with_past(stored, past_faults(unit, recording_id))

    @admits(Action.READ_FINDINGS)
    def findings(self, caller: Caller, recording_id: str) -> Sequence[StoredFinding]:
        """Return what examination found about one recording. Raises: NotFound."""
        self._find(recording_id)
        self._log(caller, Act.READ_LIST, recording_id)
        with self.site.database.reading() as unit:
            return findings_in_force(unit, recording_id)

    @admits(Action.READ_ORIGINAL)
    def open_original(self, caller: Caller, recording_id: str) -> tuple[StoredRecording, BinaryIO]:
        """Open an original for reading. The entry stands in the log before this returns. Raises: NotFound."""
        stored = self._find(recording_id)
        self._log(caller, Act.READ_ORIGINAL, recording_id)
        return stored, self.site.vault.open(stored.recording.data_key, stored.recording.data_version)

    @admits(Action.READ_MANIFEST)
    def manifest(self, caller: Caller, recording_id: str) -> bytes:
        """Return the signed manifest as it stands in the vault. Raises: NotFound."""
        recording = self._find(recording_id).recording
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
            upload = unit.uploads.get(upload_id) if is_id(upload_id) else None
            foreign = upload is not None and caller.kind is Kind.DOCK and upload.account_id != caller.id
            if upload is None or foreign or upload.state is UploadState.TERMINATED:
                raise NotFound("upload-not-found", upload=upload_id)
            if upload.state is UploadState.REFUSED:
                raise Conflict(upload.problem, upload=upload_id, name=upload.origin.name)
            if upload.state is UploadState.COMPLETE:
                raise StillSealing(upload=upload_id)
            stored = unit.recordings.get(upload.recording_id) if upload.recording_id else None
            if stored is None:
                raise StillReceiving(upload=upload_id, offset=upload.offset, length=upload.origin.size_bytes)
            return stored

    def _find(self, recording_id: str) -> StoredRecording:
        with self.site.database.reading() as unit:
            stored = unit.recordings.get(recording_id) if is_id(recording_id) else None
        if stored is None:
            raise NotFound("recording-not-found", recording=recording_id)
        return stored

    def _log(self, caller: Caller, act: Act, recording_id: str | None) -> None:
        objects = () if recording_id is None else (("recording", recording_id),)
        with self.site.database.writing() as unit:
            unit.log.append(Entry(act, caller.id, objects), self.site.clock.now())


def _with_past(stored: StoredRecording, past: Mapping[str, StoredFinding]) -> StoredRecording:
    found = past.get(stored.recording.id)
    return (
        stored if found is None else replace(stored, past_faults=tuple(str(found.body["measured"]).split()))
    )
