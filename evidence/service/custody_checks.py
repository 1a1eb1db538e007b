"""Holding the log of custody against what it speaks of: originals and manifests in the vault, rows.

Every object under `recordings/` has an entry that sealed it, every sealing entry its two objects and its row,
and the row says what manifest and entry say; no lock ends before its row says. Nothing is hashed but
manifests: reading originals back is fixity's work (fixity.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.domain.audit import Act, Family
from evidence.domain.instants import to_text
from evidence.domain.uploads import UploadState
from evidence.errors import IntegrityFault
from evidence.ledger.entries import read_entry
from evidence.service.catalogue import StoredRecording
from evidence.service.fixity import Fixity
from evidence.service.log_faults import Fault
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.vault import Sealed

PARTS = ("data", "manifest.json")


@dataclass(frozen=True)
class CustodyCheck:
    """The check of one site."""

    site: Site

    def faults(self) -> Iterator[Fault]:
        """Yield what does not agree. Raises: StoreUnavailable."""
        there: dict[str, dict[str, Sealed]] = {}
        for one in self.site.vault.census("recordings/"):
            _, recording_id, part = (*one.key.split("/", 2), "", "")[:3]
            if isinstance(one, Sealed) and part in PARTS:
                there.setdefault(recording_id, {})[part] = one
            elif not isinstance(one, Sealed) and one.kind != "temporary":
                yield Fault("object-damaged", one.key, {"reason": one.kind})
        with self.site.database.reading() as unit:  # after the look into the vault: rows come last
            known = list(unit.recordings.all())
            sealing = {one.id for one in unit.uploads.in_state(UploadState.COMPLETE)}
            for recording_id in sorted(there.keys() - {one.recording.id for one in known} - sealing):
                yield from self._alien(unit, recording_id)
        for stored in known:
            yield from self._compare(stored, there.get(stored.recording.id))

    def _alien(self, unit: UnitOfWork, recording_id: str) -> Iterator[Fault]:
        entry = _sealing_entry(unit, recording_id)
        if entry is None:
            yield Fault("object-without-entry", f"recordings/{recording_id}")
        else:
            yield Fault("row-missing", f"recording {recording_id}", {"sealed": entry["t"]})

    def _compare(self, stored: StoredRecording, parts: Mapping[str, Sealed] | None) -> Iterator[Fault]:
        recording = stored.recording
        item = f"recording {recording.id}"
        with self.site.database.reading() as unit:
            entry = _sealing_entry(unit, recording.id)
        if entry is None:
            yield Fault("row-without-entry", item)
        elif not _agree(stored, entry):
            yield Fault("row-altered", item, {"against": "entry"})
        if parts is None:  # sealed while we looked, or gone
            found = self.site.vault.census(f"recordings/{recording.id}/")
            parts = {one.key.rpartition("/")[2]: one for one in found if isinstance(one, Sealed)}
        data = parts.get("data")  # the manifest's lock is looked at with the manifest
        if data is not None and data.lock.retain_until < recording.retain_until:
            until = {"found": to_text(data.lock.retain_until), "row": to_text(recording.retain_until)}
            yield Fault("lock-weaker", data.key, until)
        for part in sorted(set(PARTS) - parts.keys()):
            yield Fault("object-missing", f"recordings/{recording.id}/{part}")
        if "manifest.json" in parts:
            for fault in Fixity(self.site).manifest_faults(stored):
                yield Fault("row-altered" if fault == "row-differs" else fault, item, {"against": "manifest"})


def _sealing_entry(unit: UnitOfWork, recording_id: str) -> dict[str, Any] | None:
    for _, _, body in unit.log.about(Family.CUSTODY, recording_id):
        try:
            entry = read_entry(body)
        except IntegrityFault:
            continue
        if entry["act"] == Act.SEAL.value:
            return entry
    return None


def _agree(stored: StoredRecording, entry: dict[str, Any]) -> bool:
    recording = stored.recording
    ref = entry.get("ref", {})
    said = (ref.get("sha256"), ref.get("sm3"), ref.get("size"), entry["facts"].get("manifest_sha256"))
    digests = recording.digests
    held = (digests.sha256, digests.sm3, recording.origin.size_bytes, recording.manifest_sha256)
    return said == held
