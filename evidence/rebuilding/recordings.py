"""Holding the rows of recordings against vault and log, and making those anew that the journal has lost.

The signed manifest is the truth: a row that says otherwise is put right after it and told, and a recording
that has a manifest and no row is made from it. What has neither is told with the key of its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from typing import Any

from evidence.adapters.db import replay
from evidence.adapters.db.unit_of_work import SqlUnitOfWork
from evidence.adapters.looking import Seen
from evidence.adapters.rebuilding import Scratch, Sealing
from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry, Place, Reference
from evidence.domain.digests import Digests
from evidence.domain.ids import is_id
from evidence.domain.instants import from_text
from evidence.domain.recordings import Origin, Recording
from evidence.domain.rights import Kind
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import EvidenceError
from evidence.ledger.canonical import canonical
from evidence.rebuilding.logs import read_object
from evidence.rebuilding.manifests import Manifests
from evidence.rebuilding.report import Report
from evidence.service.intake.documents import MANIFEST, receipt_body
from evidence.service.moving import Teller
from evidence.service.site import Site

_STAND_IN = Caller("0" * 31 + "1", Kind.DOCK, "rebuild")  # where no account of a lost upload is known


@dataclass(frozen=True)
class Known:
    """All that is known of a recording: from the journal, from the log, from the vault."""

    id: str
    row: dict[str, Any] | None
    seal: Sealing | None
    seen: Seen


@dataclass(frozen=True)
class Restoring:
    """The rows of recordings."""

    site: Site
    unit: SqlUnitOfWork
    scratch: Scratch
    report: Report

    def restore(self, manifests: Manifests, teller: Teller) -> None:
        """Go through all recordings that anybody knows. Raises: StoreUnavailable."""
        for number, known in enumerate(self._all(manifests), 1):
            if number % 1000 == 0:
                teller.done(0)
            is_signed = self._compare_objects(known)
            if known.row is not None:
                self._compare_row(known, is_signed)
            elif is_signed and "data" in known.seen.sizes:
                self._adopt(known)
            else:
                data = f"recordings/{known.id}/data"
                self.report.fault("recording-not-restored", f"recording {known.id}", data=data)

    def _all(self, manifests: Manifests) -> Iterator[Known]:
        told = ((id_, (row, seal)) for id_, row, seal in self.scratch.recordings())
        there = ((seen.id, seen) for seen in manifests.seen())
        both: Iterator[tuple[str, Any]] = merge(told, there, key=lambda one: one[0])
        for id_, group in groupby(both, key=lambda one: one[0]):
            row, seal, seen = None, None, Seen(id_)
            for _, one in group:
                if isinstance(one, Seen):
                    seen = one
                else:
                    row, seal = one
            if seal is None and row is None and not is_id(id_):
                continue  # no recording of ours
            yield Known(id_, row, seal, seen)

    def _compare_objects(self, known: Known) -> bool:
        """Tell what is wrong with the two objects; return whether the manifest holds."""
        seen, holds = known.seen, known.seen.said is not None
        is_gone = (known.row or {}).get("gone_at") is not None  # its certificate is among the rows
        for part in ("manifest.json",) if is_gone else ("data", "manifest.json"):
            key = f"recordings/{known.id}/{part}"
            if seen.damaged.get(part) == "lock-without-object":
                self.report.fault("object-missing", key)
            elif part in seen.damaged:
                self.report.fault("object-damaged", key, reason=seen.damaged[part])
            elif part not in seen.sizes:
                self.report.fault("object-missing", key)
        key = f"recordings/{known.id}/manifest.json"
        if seen.problem:
            self.report.fault("manifest-wrong", key, reason=seen.problem)
        elif holds and known.seal is not None and seen.sha256 != known.seal.manifest_sha256:
            self.report.fault("manifest-differs", key, sealed=known.seal.manifest_sha256, found=seen.sha256)
            return False
        size = seen.said["size"] if seen.said else None
        if size is not None and seen.sizes.get("data", size) != size:
            self.report.fault("object-damaged", f"recordings/{known.id}/data", reason="size-differs")
        return holds

    def _compare_row(self, known: Known, is_signed: bool) -> None:
        """Put a row right after its manifest, and after the versions that the vault has."""
        row, seen, right = known.row or {}, known.seen, dict[str, object]()
        if is_signed:
            wanted = {**(seen.said or {}), "manifest_sha256": seen.sha256}
            if not wanted.items() <= row.items():
                right = {name: value for name, value in wanted.items() if row.get(name) != value}
            if right:
                self.report.fault("row-altered", f"recording {known.id}", columns=sorted(right))
        if known.seal is None and is_signed and not right:
            right["receipt"] = self._seal_entry_anew(known)
        elif known.seal is None:
            self.report.fault("row-without-entry", f"recording {known.id}")
        for part, column in (("data", "data_version"), ("manifest.json", "manifest_version")):
            if seen.versions.get(part, row.get(column)) != row.get(column):
                right[column] = seen.versions[part]
                self.report.note("version-differs", f"recordings/{known.id}/{part}")
        if right:
            replay.correct(self.unit, known.id, right)

    def _seal_entry_anew(self, known: Known) -> bytes:
        """Let the log say again that a recording was sealed, and return its receipt with the new place."""
        recording = _recording(known.seen, self._manifest(known.id)[1], self.site)
        self.report.note("seal-entry-lost", f"recording {known.id}")
        return self._receipt(known, recording)

    def _receipt(self, known: Known, recording: Recording) -> bytes:
        upload = self.unit.uploads.get(known.id)
        by = "service" if upload is None else upload.account_id
        place = self._place(known, by, recording)
        return self.site.signer.sign(canonical(receipt_body(recording, place)))

    def _adopt(self, known: Known) -> None:
        """Make the rows of a recording from its manifest."""
        document, said = self._manifest(known.id)
        recording = _recording(known.seen, said, self.site)
        self._upload(known, recording, said)
        holder = self.unit.claims.take(recording.origin.device, recording.origin.name, known.id)
        if holder != known.id:
            self.report.fault("recording-not-restored", f"recording {known.id}", name_is_of=holder)
            return
        self.unit.claims.keep_manifests({known.id: (recording.origin, document)})
        try:
            self.unit.recordings.add_all([(known.id, recording, self._receipt(known, recording))])
        except EvidenceError as problem:
            self.report.fault("recording-not-restored", f"recording {known.id}", reason=problem.code)
            return
        self.unit.uploads.end(known.id, UploadState.SEALED, recording_id=known.id)
        file = self.unit.cards.match(recording.origin)
        if file is not None:
            self.unit.cards.mark_sealed(file.id, known.id)
        self.report.note("recording-adopted", f"recording {known.id}")
        self.report.adopted.append(known.id)
        self.report.counts["adopted"] += 1

    def _manifest(self, id_: str) -> tuple[bytes, Any]:
        """Read a manifest that holds once more: few are asked for what stands in no column."""
        document = read_object(self.site.vault, f"recordings/{id_}/manifest.json")
        return document, self.site.signer.read(document, MANIFEST)

    def _upload(self, known: Known, recording: Recording, said: Any) -> None:
        """Complete the upload of a recording, made from the manifest where the journal has lost it."""
        times = said["times"]["server"]
        upload = self.unit.uploads.get(known.id)
        if upload is None:
            upload = Upload(
                id=known.id,
                account_id=self._account(known),
                origin=recording.origin,
                state=UploadState.RECEIVING,
                offset=recording.origin.size_bytes,
                created_at=from_text(times["first_byte"]),
                expires_at=from_text(times["sealed"]),
            )
            self.unit.uploads.add(upload)
        done = from_text(times["complete"] or times["sealed"])
        self.unit.uploads.complete(known.id, recording.digests, done)

    def _account(self, known: Known) -> str:
        by = known.seal.by if known.seal else ""
        if by and self.unit.accounts.knows(by):
            return by
        if not self.unit.accounts.knows(_STAND_IN.id):
            now = self.site.clock.now()
            self.unit.accounts.add(_STAND_IN, f"-{_STAND_IN.id}", now)
            self.unit.accounts.revoke(_STAND_IN.id, now)
        return _STAND_IN.id

    def _place(self, known: Known, by: str, recording: Recording) -> Place:
        """Return where the log says that it was sealed; where that was lost too, it says so from now on."""
        if known.seal is not None:
            return Place(self.unit.log.origin("custody"), known.seal.index)
        facts = {
            "manifest_sha256": recording.manifest_sha256,
            "policy": f"{recording.policy_id}@{recording.policy_version}",
            "rebuilt": True,
        }
        ref = Reference(recording.digests, recording.origin.size_bytes)
        objects = (("recording", recording.id),)
        return self.unit.log.append(Entry(Act.SEAL, by, objects, facts=facts, ref=ref), self.site.clock.now())


def _recording(seen: Seen, said: Any, site: Site) -> Recording:
    modified = said["times"]["device"]["modified"]
    return Recording(
        id=seen.id,
        origin=Origin(
            device=said["device"],
            wearer=said["wearer"],
            name=said["original"]["name"],
            size_bytes=said["original"]["size"],
            modified_at=None if modified is None else from_text(modified),
            clock_offset_ms=said["times"]["clock_offset_ms"],
            card_id=said["card"],
            labels=said["labels"],
        ),
        digests=Digests(said["original"]["sha256"], said["original"]["sm3"]),
        sealed_at=from_text(said["times"]["server"]["sealed"]),
        retain_until=site.vault.stat(said["data"]).lock.retain_until,
        policy_id=said["policy"]["pack"],
        policy_version=said["policy"]["version"],
        data_key=said["data"],
        data_version=seen.versions["data"],
        manifest_key=f"recordings/{seen.id}/manifest.json",
        manifest_version=seen.versions["manifest.json"],
        manifest_sha256=seen.sha256,
    )
