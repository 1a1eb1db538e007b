"""Holding the log of custody against what it speaks of: originals and manifests in the vault, rows.

Every object under `recordings/` has an entry that sealed it, every sealing entry its two objects and its
row, and the row says what manifest and entry say; no lock ends before its row says. What was destroyed has
its certificate in the place of the original (certificates.py). It begins at all three ends: whoever takes
object and row away leaves the entry. Nothing is hashed but manifests: reading originals back is fixity's work
(fixity.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from evidence.domain.audit import Act, Family
from evidence.domain.instants import to_text
from evidence.domain.told import says_enough
from evidence.domain.uploads import UploadState
from evidence.errors import IntegrityFault
from evidence.ledger.entries import read_entry
from evidence.service.catalogue import StoredRecording
from evidence.service.examining.fixity import Fixity
from evidence.service.keeping.certificates import destruction_faults
from evidence.service.log.copy_checks import CopyCheck
from evidence.service.log.hold_checks import PARTS, HoldCheck
from evidence.service.log.log_faults import Fault, listed_now, told
from evidence.service.log.retained_checks import listed_copies, retained_faults
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.vault import Sealed


@dataclass(frozen=True)
class CustodyCheck:
    """The check of one site."""

    site: Site

    def faults(self) -> Iterator[Fault]:
        """Yield what does not agree. Raises: StoreUnavailable."""
        there: dict[str, dict[str, Sealed]] = {}
        unfinished: list[str] = []
        for one in self.site.vault.census("recordings/"):
            _, recording_id, part = (*one.key.split("/", 2), "", "")[:3]
            if isinstance(one, Sealed) and part in PARTS:
                there.setdefault(recording_id, {})[part] = one
            elif not isinstance(one, Sealed) and one.kind == "disposal-unfinished":
                unfinished.append(one.key)
            elif not isinstance(one, Sealed) and one.kind != "temporary":
                yield Fault("object-damaged", one.key, {"reason": one.kind})
        yield from told("recordings", self._recordings(there, unfinished))
        yield from told("derivatives", CopyCheck(self.site).faults())
        yield from told("exports", self._retained())
        yield from told("holds", HoldCheck(self.site, there).faults())

    def _retained(self) -> Iterator[Fault]:
        listed = listed_copies(self.site.vault)
        with self.site.database.reading() as unit:  # after the look into the vault: rows come last
            yield from retained_faults(self.site.vault, unit, listed, self.site.clock.now())

    def _recordings(
        self, there: Mapping[str, Mapping[str, Sealed]], unfinished: Iterable[str]
    ) -> Iterator[Fault]:
        with self.site.database.reading() as unit:  # after the look into the vault: rows come last
            known = list(unit.recordings.all())
            ids = {one.recording.id for one in known}
            sealing = {one.id for one in unit.uploads.in_state(UploadState.COMPLETE)}
            for recording_id in sorted(there.keys() - ids - sealing):
                if _sealing_entry(unit, recording_id) is None:
                    yield Fault("object-without-entry", f"recordings/{recording_id}")
            for entry in unit.log.of_act(Act.SEAL):
                yield from self._without_row(entry, ids, there)
        going = {one.recording.data_key for one in known if one.gone_at is not None}
        for key in sorted(set(unfinished) - going):
            yield Fault("object-damaged", key, {"reason": "disposal-unfinished"})
        for stored in known:
            id_ = stored.recording.id
            yield from told(f"recording {id_}", self._compare(stored, there.get(id_, {})))

    def _without_row(
        self, entry: Mapping[str, Any], ids: Set[str], there: Mapping[str, Mapping[str, Sealed]]
    ) -> Iterator[Fault]:
        """The log sealed it: so it has a row, whatever the vault still holds of it."""
        for recording_id in {str(one["id"]) for one in entry["obj"] if one["k"] == "recording"} - ids:
            yield Fault("row-missing", f"recording {recording_id}", {"sealed": entry["t"]})
            parts = there.get(recording_id, {})
            whole = parts if parts.keys() >= set(PARTS) else self._parts(recording_id)
            yield from _missing(recording_id, whole)

    def _parts(self, recording_id: str) -> Mapping[str, Sealed]:
        found = listed_now(self.site.vault, f"recordings/{recording_id}/")
        return {key.rpartition("/")[2]: one for key, one in found.items()}

    def _compare(self, stored: StoredRecording, parts: Mapping[str, Sealed]) -> Iterator[Fault]:
        recording = stored.recording
        item, wanted = f"recording {recording.id}", ("manifest.json",) if stored.gone_at else PARTS
        with self.site.database.reading() as unit:
            entry = _sealing_entry(unit, recording.id)
        if entry is None:
            yield Fault("row-without-entry", item)
        elif not _agree(stored, entry):
            yield Fault("row-altered", item, {"against": "entry"})
        if not parts.keys() >= set(wanted) or _is_weaker(parts, stored):
            parts = self._parts(recording.id)
        if _is_weaker(parts, stored):  # the manifest's lock is looked at with the manifest
            data, row = parts["data"], to_text(recording.retain_until)
            yield Fault("lock-weaker", data.key, {"found": to_text(data.lock.retain_until), "row": row})
        yield from _missing(recording.id, parts, wanted)
        if stored.gone_at is not None:
            for word in destruction_faults(self.site, stored):
                yield Fault(word, item)
        if "manifest.json" in parts:
            for fault in Fixity(self.site).manifest_faults(stored):
                yield Fault("row-altered" if fault == "row-differs" else fault, item, {"against": "manifest"})


def _is_weaker(parts: Mapping[str, Sealed], stored: StoredRecording) -> bool:
    data = parts.get("data")
    return data is not None and data.lock.retain_until < stored.recording.retain_until


def _missing(
    recording_id: str, parts: Mapping[str, Sealed], wanted: Iterable[str] = PARTS
) -> Iterator[Fault]:
    for part in sorted(set(wanted) - parts.keys()):
        yield Fault("object-missing", f"recordings/{recording_id}/{part}")


def _sealing_entry(unit: UnitOfWork, recording_id: str) -> dict[str, Any] | None:
    for _, _, body in unit.log.about(Family.CUSTODY, recording_id):
        try:
            entry = read_entry(body)
        except IntegrityFault:
            continue
        if entry["act"] == Act.SEAL.value and says_enough(entry):
            return entry
    return None


def _agree(stored: StoredRecording, entry: dict[str, Any]) -> bool:
    recording = stored.recording
    ref = entry.get("ref", {})
    said = (ref.get("sha256"), ref.get("sm3"), ref.get("size"), entry["facts"].get("manifest_sha256"))
    digests = recording.digests
    held = (digests.sha256, digests.sm3, recording.origin.size_bytes, recording.manifest_sha256)
    return said == held
