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
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.domain.audit import Act, Entry, Reference
from evidence.domain.digests import Digests
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.recordings import Recording
from evidence.domain.retention import retain_until
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Busy, IntegrityFault, Unavailable
from evidence.ledger.canonical import canonical
from evidence.policy.rules import Pack, cite_ids
from evidence.service.catalogue import Scope, StoredRecording
from evidence.service.deadlines import settle_notice
from evidence.service.documents import MANIFEST, manifest_body, promised_until, receipt_body, recording_of
from evidence.service.instruments import pack_at
from evidence.service.jobs import JobName
from evidence.service.keeping import owe_for_number
from evidence.service.placing import place_recording
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import Damaged, Exists, Missing
from storage.staging import StagingWriter
from storage.vault import Lock, Promise, Sealed


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
            self._seal_new(upload, digests)
        else:
            self._compare(upload, digests, holder)

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

    def _seal_new(self, upload: Upload, digests: Digests) -> None:
        now = self.site.clock.now()
        pack = pack_at(self.site.policies, now)
        data_key, manifest_key = f"recordings/{upload.id}/data", f"recordings/{upload.id}/manifest.json"
        # A clock that was set back meanwhile makes no earlier date (drill F30).
        lock = Lock(retain_until(max(now, upload.created_at, upload.completed_at or now), pack.retention))
        data = self._store_data(data_key, upload, digests, lock)
        crashpoint("after-data")
        with self._alone_at(upload.id) as staged:
            with self.site.database.reading() as unit:
                found = unit.uploads.get(upload.id)
                file = unit.cards.match(upload.origin)
            if found is None or found.state is not UploadState.COMPLETE:
                return  # another worker has ended it, and tidies behind itself
            until = max(lock.retain_until, data.lock.retain_until)  # a crash's may end earlier
            body = manifest_body(upload, digests, pack, replace(data.lock, retain_until=until), now, file)
            manifest, said = self._store_manifest(manifest_key, upload, body)
            crashpoint("after-manifest")
            data, manifest = (self._kept_as_said(one, said) for one in (data, manifest))
            self._record(upload, recording_of(upload, digests, data, manifest, said))
            crashpoint("after-commit")
            self.site.bell.ring(JobName.EXAMINE, JobName.DEEP)
            if staged is not None:
                staged.discard()

    @contextmanager
    def _alone_at(self, upload_id: str) -> Iterator[StagingWriter | None]:
        """Be the only one at an upload, over all hosts; None where its staged file is gone: then either the
        upload is ended, or the vault's bytes are adopted without it. Raises: StagingBusy (tried again).
        """
        try:
            writer = self.site.staging.writer(upload_id)
        except Missing:
            yield None
            return
        with writer:
            yield writer

    def _store_data(self, key: str, upload: Upload, digests: Digests, lock: Lock) -> Sealed:
        """Store the original, or adopt the one a crash left under this upload's own key."""
        promise = Promise(upload.origin.size_bytes, digests.sha256)
        try:
            return self.site.vault.seal_file(key, self.site.staging.path(upload.id), promise, lock)
        except (Exists, Missing) as problem:  # Missing: the staged bytes are gone; the vault may have them
            try:
                found = self.site.vault.stat(key)
            except Missing:
                if isinstance(problem, Missing):
                    raise Unavailable("staged-file-missing", upload=upload.id) from problem
                raise
            there = self._read_again(found).sha256
            if there != digests.sha256:
                raise IntegrityFault("adopted-bytes-differ", key=key, found=there) from None
            return found

    def _read_again(self, found: Sealed) -> Digests:
        running = self.site.new_digests()
        with self.site.vault.open(found.key, found.version) as stored:
            while block := stored.read(1 << 20):
                running.update(block)
        return running.digests()

    def _store_manifest(
        self, key: str, upload: Upload, body: Mapping[str, object]
    ) -> tuple[Sealed, Mapping[str, Any]]:
        """Store the signed manifest; return what stands in the vault, and what it says.

        Its bytes are decided once, in the database: the vault's lock names them before they appear, so an
        attempt after a crash must come with the very same ones (a later time of sealing would be refused).
        """
        with self.site.database.writing() as unit:
            manifest = unit.claims.keep_manifest(upload.id, self.site.signer.sign(canonical(body)))
        said: Mapping[str, Any] = self.site.signer.read(manifest, MANIFEST)
        try:
            return self.site.vault.seal_bytes(key, manifest, Lock(promised_until(said))), said
        except Exists:
            found = self.site.vault.stat(key)
            with self.site.vault.open(key, found.version) as stored:
                if stored.read() != manifest:
                    raise IntegrityFault("adopted-manifest-differs", key=key) from None
            return found, said

    def _kept_as_said(self, sealed: Sealed, said: Mapping[str, Any]) -> Sealed:
        """Keep what a crash left, locked for the law and the moment of then, as long as the manifest says."""
        is_kept = sealed.lock.retain_until >= (until := promised_until(said))
        return sealed if is_kept else self.site.vault.extend(sealed.key, until)

    def _record(self, upload: Upload, recording: Recording) -> None:
        with self.site.database.writing() as unit:
            entry = Entry(
                Act.SEAL,
                upload.account_id,
                (("recording", recording.id),),
                facts={
                    "manifest_sha256": recording.manifest_sha256,
                    "policy": f"{recording.policy_id}@{recording.policy_version}",
                },
                ref=Reference(recording.digests, recording.origin.size_bytes),
            )
            now = self.site.clock.now()
            receipt = self.site.signer.sign(canonical(receipt_body(recording, unit.log.append(entry, now))))
            unit.recordings.add(upload.id, recording, receipt)
            place_recording(unit, recording)
            owe_for_number(unit, self.site, recording, upload.account_id)
            unit.uploads.end(upload.id, UploadState.SEALED, recording_id=recording.id)
            self._mark_announced(unit, upload, recording.id, now)
            for job in (JobName.EXAMINE, *([JobName.DEEP] if self.site.terms.deep else [])):
                unit.jobs.add(job, recording.id, recording.sealed_at)

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
            self._mark_announced(unit, upload, first.recording.id, now)
            objects = (("upload", upload.id), ("recording", first.recording.id))
            unit.log.append(Entry(Act.UPLOAD_REPEAT, upload.account_id, objects), now)
        self.site.staging.remove(upload.id)

    def _mark_announced(self, unit: UnitOfWork, upload: Upload, recording_id: str, now: datetime) -> None:
        """What the card's list announced is here: it is owed no more, and no notice about it stands."""
        file = unit.cards.match(upload.origin)
        if file is not None:
            unit.cards.mark_sealed(file.id, recording_id)
            settle_notice(unit, file, pack_at(self.site.policies, now), now)

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
