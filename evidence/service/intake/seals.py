"""The steps 3 to 6 of sealing (service/intake/sealing.py), for one upload or for some small ones at once.

What the vault is given is given for each upload by itself, as ever; only commits are shared, since a commit
waits for the disc, and small files would wait for little else. Nothing of a step begins before the step
before it is durable for all of them. Whatever any of them meets ends the attempt of all, and each is then
sealed alone (service/work.py): every step is safe to take twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from evidence.domain.audit import Act, Entry, Reference
from evidence.domain.digests import Digests
from evidence.domain.recordings import Recording
from evidence.domain.retention import retain_until
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import IntegrityFault, Unavailable
from evidence.ledger.canonical import canonical
from evidence.policy.rules import Pack
from evidence.service.catalogue import AnnouncedFile
from evidence.service.gaps.deadlines import settle_notice
from evidence.service.instruments import pack_at
from evidence.service.intake.documents import (
    MANIFEST,
    manifest_body,
    promised_until,
    receipt_body,
    recording_of,
)
from evidence.service.intake.placing import place_recordings
from evidence.service.jobs import JobName
from evidence.service.keeping.keeping import owe_for_number
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import Exists, Missing
from storage.staging import StagingWriter
from storage.vault import Lock, Promise, Sealed

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class _Stored:
    """An upload whose original is in the vault. until: how long its manifest is to promise it."""

    upload: Upload
    digests: Digests
    data: Sealed
    until: datetime


@dataclass(frozen=True)
class Seals:
    """Takes the steps."""

    site: Site

    def take(self, complete: Sequence[tuple[Upload, Digests]]) -> None:
        """Seal uploads that hold their names. Raises: as `Sealing.seal`; then some may be sealed."""
        now = self.site.clock.now()
        pack = pack_at(self.site.policies, now)
        stored = self._each(lambda one: self._store(*one, pack, now), complete)
        with ExitStack() as held:
            staged = {one.upload.id: held.enter_context(self._alone_at(one.upload.id)) for one in stored}
            waiting = self._still_waiting(stored)
            manifests = self._decide(waiting, pack, now)
            sealed = self._each(
                lambda one: self._store_manifest(f"recordings/{one[0].upload.id}/manifest.json", one[1]),
                [(one, manifest) for (one, _), manifest in zip(waiting, manifests, strict=True)],
            )
            crashpoint("after-manifest")
            self._record([
                (one.upload, self._recording(one, manifest, said))
                for (one, _), (manifest, said) in zip(waiting, sealed, strict=True)
            ])  # fmt: skip
            crashpoint("after-commit")
            self.site.bell.ring(JobName.EXAMINE, JobName.DEEP)
            there = (staged[one.upload.id] for one, _ in waiting)
            self.site.staging.discard([writer for writer in there if writer is not None])

    def _each(self, act: Callable[[_Given], _Made], given: Sequence[_Given]) -> list[_Made]:
        """Do one act of the vault for each, several side by side; one alone in this thread. Raises: what the
        first raised, when none is under way any more.
        """
        if len(given) < 2:
            return [act(one) for one in given]
        most = min(self.site.vault.at_once, len(given))
        with ThreadPoolExecutor(most, thread_name_prefix="seal") as pool:
            return list(pool.map(act, given))

    def _store(self, upload: Upload, digests: Digests, pack: Pack, now: datetime) -> _Stored:
        data_key = f"recordings/{upload.id}/data"
        # A clock that was set back meanwhile makes no earlier date (drill F30).
        lock = Lock(retain_until(max(now, upload.created_at, upload.completed_at or now), pack.retention))
        data = self._store_data(data_key, upload, digests, lock)
        crashpoint("after-data")
        # A crash's may end earlier.
        return _Stored(upload, digests, data, max(lock.retain_until, data.lock.retain_until))

    def _still_waiting(self, stored: Sequence[_Stored]) -> list[tuple[_Stored, AnnouncedFile | None]]:
        """Leave out what another worker has ended meanwhile: that one tidies behind itself."""
        with self.site.database.reading() as unit:
            found = unit.uploads.some([one.upload.id for one in stored])
            waiting = [
                one
                for one in stored
                if (now := found.get(one.upload.id)) is not None and now.state is UploadState.COMPLETE
            ]
            files = unit.cards.match_all([one.upload.origin for one in waiting])
            return list(zip(waiting, files, strict=True))

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

    def _decide(
        self, waiting: Sequence[tuple[_Stored, AnnouncedFile | None]], pack: Pack, now: datetime
    ) -> list[bytes]:
        """Sign the manifests and return those that count.

        Their bytes are decided once, in the database: the vault's lock names them before they appear, so an
        attempt after a crash must come with the very same ones (a later time of sealing would be refused).
        """
        if not waiting:
            return []
        made = [
            manifest_body(
                one.upload, one.digests, pack, replace(one.data.lock, retain_until=one.until), now, file
            )
            for one, file in waiting
        ]
        signed = {
            one.upload.id: (one.upload.origin, self.site.signer.sign(canonical(body)))
            for (one, _), body in zip(waiting, made, strict=True)
        }
        with self.site.database.writing() as unit:
            kept = unit.claims.keep_manifests(signed)
        return [kept[one.upload.id] for one, _ in waiting]

    def _store_manifest(self, key: str, manifest: bytes) -> tuple[Sealed, Mapping[str, Any]]:
        """Store the signed manifest; return what stands in the vault, and what it says."""
        said: Mapping[str, Any] = self.site.signer.read(manifest, MANIFEST)
        try:
            return self.site.vault.seal_bytes(key, manifest, Lock(promised_until(said))), said
        except Exists:
            found = self.site.vault.stat(key)
            with self.site.vault.open(key, found.version) as stored:
                if stored.read() != manifest:
                    raise IntegrityFault("adopted-manifest-differs", key=key) from None
            return found, said

    def _recording(self, one: _Stored, manifest: Sealed, said: Mapping[str, Any]) -> Recording:
        data, manifest = (self._kept_as_said(it, said) for it in (one.data, manifest))
        return recording_of(one.upload, one.digests, data, manifest, said)

    def _kept_as_said(self, sealed: Sealed, said: Mapping[str, Any]) -> Sealed:
        """Keep what a crash left, locked for the law and the moment of then, as long as the manifest says."""
        is_kept = sealed.lock.retain_until >= (until := promised_until(said))
        return sealed if is_kept else self.site.vault.extend(sealed.key, until)

    def _record(self, sealed: Sequence[tuple[Upload, Recording]]) -> None:
        """Record all in one transaction, each with its entry and its receipt."""
        if not sealed:
            return
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            places = unit.log.append_all([_entry(upload, recording) for upload, recording in sealed], now)
            unit.recordings.add_all([
                (upload.id, recording, self.site.signer.sign(canonical(receipt_body(recording, place))))
                for (upload, recording), place in zip(sealed, places, strict=True)
            ])  # fmt: skip
            place_recordings(unit, [recording for _, recording in sealed])
            for upload, recording in sealed:
                owe_for_number(unit, self.site, recording, upload.account_id)
            unit.uploads.end_sealed({upload.id: recording.id for upload, recording in sealed})
            mark_announced(self.site, unit, {recording.id: upload for upload, recording in sealed}, now)
            for job in (JobName.EXAMINE, *([JobName.DEEP] if self.site.terms.deep else [])):
                unit.jobs.add_all(job, [recording.id for _, recording in sealed], now)


def _entry(upload: Upload, recording: Recording) -> Entry:
    facts = {
        "manifest_sha256": recording.manifest_sha256,
        "policy": f"{recording.policy_id}@{recording.policy_version}",
    }
    ref = Reference(recording.digests, recording.origin.size_bytes)
    return Entry(Act.SEAL, upload.account_id, (("recording", recording.id),), facts=facts, ref=ref)


def mark_announced(site: Site, unit: UnitOfWork, uploads: Mapping[str, Upload], now: datetime) -> None:
    """What a card's list announced is here: it is owed no more, and no notice about it stands. uploads: by
    the id of the recording that each became.
    """
    files = unit.cards.match_all([one.origin for one in uploads.values()])
    for recording_id, file in zip(uploads, files, strict=True):
        if file is not None:
            unit.cards.mark_sealed(file.id, recording_id)
            settle_notice(unit, file, pack_at(site.policies, now), now)
