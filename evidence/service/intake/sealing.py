"""Sealing: a complete upload becomes a recording. The order is the promise (drills.md 3, "pipeline").

1. digests known (computed while the bytes arrived, or read again after a restart) and equal to the declared
one
2. the name is claimed for this upload, so that two uploads of one name never both reach the vault
3. the original goes into the vault, locked in the same act
4. the signed manifest goes beside it, the same way; its bytes are fixed in the database first
5. one transaction: recording, announced file, log entry, receipt, jobs to come
6. only then the staged file is removed
Steps 4 to 6 are taken with the staged file to oneself: a worker whose lease ran out may still be at it
(suspended, on another host), and two would put two manifests into a bucket, both locked. Step 3 takes the
same lock in the vault. Whoever gets it looks first whether the other has ended the upload meanwhile.
A crash between any two leaves something that the same job, run again, adopts: the recording has the id of its
upload, so its keys are known before anything is written, and nothing is ever sealed twice.
Steps 3 to 6: service/intake/seals.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evidence.domain.audit import Act, Entry, Reference
from evidence.domain.digests import Digests
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Busy, IntegrityFault, Unavailable
from evidence.policy.rules import Pack, cite_ids
from evidence.service.catalogue import Scope, StoredRecording
from evidence.service.instruments import pack_at
from evidence.service.intake.seals import Seals, mark_announced
from evidence.service.site import Site
from storage.errors import Damaged, Missing


@dataclass(frozen=True)
class Sealing:
    """The use case behind the job "seal"."""

    site: Site

    def seal(self, upload_id: str) -> None:
        """Seal a complete upload; do nothing when it is sealed or refused already. Safe to run twice.

        Raises: Busy while another upload of the same name is being sealed; Unavailable("staged-file-missing")
        where neither staging nor the vault has the bytes: this host may only lack its mount; storage errors.
        """
        with self.site.database.reading() as unit:
            upload = unit.uploads.get(upload_id)
        if upload is None or upload.state is not UploadState.COMPLETE:
            self._tidy(upload)
            return
        digests = upload.digests or self._digests_again(upload)
        if upload.declared_sha256 not in (None, digests.sha256):
            self._refuse(upload, digests, "digest-differs", None)
            return
        holder = self._claim(upload)
        if holder.id == upload.id:
            Seals(self.site).take([(upload, digests)])
        else:
            self._compare(upload, digests, holder)

    def seal_together(self, upload_ids: Collection[str]) -> Sequence[str]:
        """Seal some uploads with one commit a step; return those about which there is more to say: they are
        to be sealed alone. Raises: what any of them meets; then each is to be tried alone.
        """
        with self.site.database.writing() as unit:
            found = unit.uploads.some(upload_ids)
            plain = [
                (one, one.digests)
                for one in (found[id_] for id_ in upload_ids if id_ in found)
                if one.state is UploadState.COMPLETE
                and one.digests is not None
                and one.declared_sha256 in (None, one.digests.sha256)
            ]
            wanted = {one.id: (one.origin.device, one.origin.name) for one, _ in plain}
            holders = unit.claims.take_all(wanted)
        plain = [(one, digests) for one, digests in plain if holders[one.id] == one.id]
        Seals(self.site).take(plain)
        sealed = {one.id for one, _ in plain}
        return [one for one in upload_ids if one not in sealed]

    def _tidy(self, upload: Upload | None) -> None:
        """Remove what a crash after step 5 left in staging: the bytes are in the vault."""
        if upload is not None and upload.state is UploadState.SEALED:
            with suppress(Missing):  # nothing was left
                self.site.staging.remove(upload.id)

    def _digests_again(self, upload: Upload) -> Digests:
        running = self.site.new_digests()
        size = 0
        with self._staged(upload).open("rb") as staged:
            while block := staged.read(1 << 20):
                running.update(block)
                size += len(block)
        if size != upload.origin.size_bytes:
            raise IntegrityFault("staged-bytes-missing", upload=upload.id, size=size)
        return running.digests()

    def _staged(self, upload: Upload) -> Path:
        """Return the staged file. Raises: Unavailable("staged-file-missing"), never an end of the upload."""
        try:
            return self.site.staging.path(upload.id)
        except Missing as problem:
            raise Unavailable("staged-file-missing", upload=upload.id) from problem

    def _claim(self, upload: Upload) -> Upload:
        with self.site.database.writing() as unit:
            holder = unit.claims.take(upload.origin.device, upload.origin.name, upload.id)
            found = unit.uploads.get(holder)
        if found is None:
            raise IntegrityFault("claim-without-upload", upload=holder)
        return found

    def give_up(self, upload_id: str) -> None:
        """Close an upload whose bytes cannot be sealed any more, so that the card can be sent again.

        The name is free again only where the vault holds nothing under this upload's key: what stands there
        in any state, damaged too, may be the only copy. Raises: StoreUnavailable, and nothing is closed.
        """
        now = self.site.clock.now()
        is_free = False
        try:
            self.site.vault.stat(f"recordings/{upload_id}/data")
        except Missing:
            is_free = True
        except Damaged:
            pass
        with self.site.database.writing() as unit:
            upload = unit.uploads.get(upload_id)
            if upload is None or upload.state is not UploadState.COMPLETE:
                return
            unit.uploads.end(upload_id, UploadState.REFUSED, problem="seal-failed")
            if is_free:
                unit.claims.release(upload_id)
            facts = {"problem": "seal-failed", "name_is_free": is_free}
            unit.log.append(
                Entry(Act.UPLOAD_REFUSE, upload.account_id, (("upload", upload_id),), "refused", facts), now
            )

    def _compare(self, upload: Upload, digests: Digests, holder: Upload) -> None:
        """The name is taken: the same bytes are the same recording; other bytes are refused and kept."""
        with self.site.database.reading() as unit:
            first = unit.recordings.by_name(upload.origin.device, upload.origin.name)
        if first is None:
            raise Busy("name-being-sealed", upload=upload.id, holder=holder.id)
        if not first.recording.digests.agree_with(digests):
            self._refuse(upload, digests, "name-reused", first)
            return
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.uploads.end(upload.id, UploadState.SEALED, recording_id=first.recording.id)
            mark_announced(self.site, unit, {first.recording.id: upload}, now)
            objects = (("upload", upload.id), ("recording", first.recording.id))
            unit.log.append(Entry(Act.UPLOAD_REPEAT, upload.account_id, objects), now)
        self.site.staging.remove(upload.id)

    def _refuse(self, upload: Upload, digests: Digests, problem: str, first: StoredRecording | None) -> None:
        """Refuse to seal; the bytes stay in staging, set aside, and the refusal is a finding and an entry."""
        now = self.site.clock.now()
        pack = pack_at(self.site.policies, now)
        with self.site.database.writing() as unit:
            unit.uploads.complete(upload.id, digests, upload.completed_at or now)
            unit.uploads.end(upload.id, UploadState.REFUSED, problem=problem)
            if first is not None:
                scope = Scope(
                    "upload", upload.id, upload.origin.device, {upload.origin.name: first.recording.id}
                )
                found = _name_reused(upload, digests, first, pack)
                unit.examinations.record(scope, "seal", pack, "{}", [found], now)
            objects, ref = (("upload", upload.id),), Reference(digests, upload.origin.size_bytes)
            facts = {"problem": problem}
            unit.log.append(Entry(Act.UPLOAD_REFUSE, upload.account_id, objects, "refused", facts, ref), now)


def _name_reused(upload: Upload, digests: Digests, first: StoredRecording, pack: Pack) -> Finding:
    return Finding(
        Code.NAME_REUSED,
        Severity.BREACH,
        upload.origin.name,
        measured=digests.sha256,
        limit=first.recording.digests.sha256,
        cites=cite_ids(pack.no_editing.cites),
        detail={
            "upload": upload.id,
            "recording": first.recording.id,
            "size": upload.origin.size_bytes,
            "sealed_size": first.recording.origin.size_bytes,
        },
    )
