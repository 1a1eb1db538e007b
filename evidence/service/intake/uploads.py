"""Uploads: created, resumed, given up, expired. The bytes themselves go through reception.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id, new_id
from evidence.domain.recordings import Origin
from evidence.domain.rights import Action, Kind
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Busy, Conflict, Invalid, NotFound, Refused
from evidence.service.gate import admits
from evidence.service.intake.binding import verify_bound
from evidence.service.intake.cards import check_origin
from evidence.service.intake.hand_docking import sent_by_hand
from evidence.service.intake.opening import Openings
from evidence.service.intake.reception import Checksum, DigestsInHand, Reception
from evidence.service.site import Site
from storage.errors import Missing
from storage.staging import StagingBusy, StagingWriter

_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


@dataclass(frozen=True)
class Uploads:
    """The desk for resumable uploads."""

    site: Site
    in_hand: DigestsInHand = field(default_factory=DigestsInHand)

    @admits(Action.SEND_RECORDING)
    def create(
        self,
        caller: Caller,
        origin: Origin,
        declared_sha256: str | None,
        first: bytes = b"",
        checksum: Checksum | None = None,
    ) -> Upload:
        """Open an upload, with the first bytes of it durable; with all of them it is complete at once.

        checksum: of `first`. Raises: Invalid, Refused("device-not-of-dock"),
        Conflict("too-many-open-uploads", "too-many-bytes", "checksum-differs"), NoSpace; of a person, as
        `sent_by_hand`; then nothing is opened.
        """
        now = self.site.clock.now()
        check_origin(origin)
        verify_bound(self.site, caller, Action.SEND_RECORDING, origin.device)
        if caller.kind is Kind.PERSON:
            origin = sent_by_hand(self.site, caller, origin)
        declared_sha256 = _read_digest(declared_sha256)
        _verify_first(origin, first, checksum)
        self._openings.verify_space(origin.size_bytes)
        upload = self._new(caller, origin, declared_sha256, len(first), now)
        running = self.site.new_digests()
        running.update(first)
        if len(first) == origin.size_bytes:
            done, digests = UploadState.COMPLETE, running.digests()
            upload = replace(upload, state=done, completed_at=now, digests=digests)
        self.site.staging.create(upload.id, first)
        opened = self._openings.write(caller, upload)
        if opened.is_resumable and first:
            self.in_hand.keep(upload.id, upload.offset, running)
        return opened

    @cached_property
    def _openings(self) -> Openings:
        return Openings(self.site)

    def _new(
        self, caller: Caller, origin: Origin, declared_sha256: str | None, offset: int, now: datetime
    ) -> Upload:
        return Upload(
            id=new_id(),
            account_id=caller.id,
            origin=origin,
            state=UploadState.RECEIVING,
            offset=offset,
            created_at=now,
            expires_at=now + self.site.terms.upload_rest,
            declared_sha256=declared_sha256,
        )

    @admits(Action.SEND_RECORDING)
    def status(self, caller: Caller, upload_id: str) -> Upload:
        """Return an upload of the caller. Raises: NotFound, Refused("upload-expired")."""
        return self._own(caller, upload_id)

    @admits(Action.SEND_RECORDING)
    @contextmanager
    def receive(
        self, caller: Caller, upload_id: str, offset: int, length: int | None, checksum: Checksum | None
    ) -> Iterator[Reception]:
        """Open an upload for one request's bytes, starting at its durable offset.

        length: bytes announced for this request, None when unknown.

        Raises: NotFound, Conflict("offset-differs"), Conflict("too-many-bytes"), Busy when another writer is
        at it.
        """
        self._at(caller, upload_id, offset, length)
        with self._alone_at(caller, upload_id) as writer:
            # Looked at again, now that nobody else can move it: staging is cut to this offset (drill F26).
            upload = self._at(caller, upload_id, offset, length)
            writer.begin(upload.offset)
            yield Reception(self.site, self.in_hand, upload, writer, checksum)

    @contextmanager
    def _alone_at(self, caller: Caller, upload_id: str) -> Iterator[StagingWriter]:
        """Be the only one at an upload, over all processes of the site. Raises: Busy; as `_own`."""
        try:
            writer = self.site.staging.writer(upload_id)
        except StagingBusy as problem:
            raise Busy("upload-busy", upload=upload_id) from problem
        except Missing:
            self._own(caller, upload_id)  # gone since it was looked at: ended
            raise
        with writer:
            yield writer

    def _at(self, caller: Caller, upload_id: str, offset: int, length: int | None) -> Upload:
        upload = self._own(caller, upload_id)
        if not upload.is_resumable:
            raise Conflict("upload-complete", upload=upload_id)
        if upload.offset != offset:
            raise Conflict("offset-differs", upload=upload_id, offset=upload.offset)
        if length is not None and offset + length > upload.origin.size_bytes:
            raise Conflict("too-many-bytes", upload=upload_id, length=upload.origin.size_bytes)
        return upload

    @admits(Action.SEND_RECORDING)
    def terminate(self, caller: Caller, upload_id: str) -> None:
        """Give up an upload whose bytes are not all here. Raises: NotFound, Refused("upload-complete"),
        Busy.
        """
        if not self._own(caller, upload_id).is_resumable:
            raise Refused("upload-complete", upload=upload_id)
        with self._alone_at(caller, upload_id) as writer:
            if not self._own(caller, upload_id).is_resumable:
                raise Refused("upload-complete", upload=upload_id)
            with self.site.database.writing() as unit:
                unit.uploads.end(upload_id, UploadState.TERMINATED)
                unit.log.append(
                    Entry(Act.UPLOAD_TERMINATE, caller.id, (("upload", upload_id),)), self.site.clock.now()
                )
            self.in_hand.drop(upload_id)
            writer.discard()

    def expire(self, now: datetime) -> int:
        """Close uploads that rested too long. Their bytes are set aside, not deleted; return how many."""
        with self.site.database.writing() as unit:
            stale = unit.uploads.stale(now)
            for upload in stale:
                unit.uploads.end(upload.id, UploadState.EXPIRED, problem="upload-expired")
            unit.log.append_all([_expired(upload) for upload in stale], now)
        return len(stale)

    def _own(self, caller: Caller, upload_id: str) -> Upload:
        upload = None
        if is_id(upload_id):
            with self.site.database.reading() as unit:
                upload = unit.uploads.get(upload_id)
        is_sender = caller.kind in (Kind.DOCK, Kind.PERSON)
        foreign = upload is not None and is_sender and upload.account_id != caller.id
        if upload is None or foreign or upload.state is UploadState.TERMINATED:
            raise NotFound("upload-not-found", upload=upload_id)
        if upload.state is UploadState.EXPIRED:
            raise Refused("upload-expired", upload=upload_id)
        return upload


def _verify_first(origin: Origin, first: bytes, checksum: Checksum | None) -> None:
    """Raises: Conflict("too-many-bytes", "checksum-differs")."""
    if len(first) > origin.size_bytes:
        raise Conflict("too-many-bytes", length=origin.size_bytes)
    if checksum is not None and not checksum.is_of(first):
        raise Conflict("checksum-differs", algorithm=checksum.algorithm)


def _expired(upload: Upload) -> Entry:
    facts = {"offset": upload.offset}
    return Entry(Act.UPLOAD_EXPIRE, "service", (("upload", upload.id),), facts=facts)


def _read_digest(text: str | None) -> str | None:
    """Read a declared SHA-256, in capitals or not. Raises: Invalid("invalid-checksum")."""
    if text is None:
        return None
    if not _SHA256.fullmatch(text):
        raise Invalid("invalid-checksum")
    return text.lower()
