"""Receiving the bytes of an upload: nothing is told to the sender that is not durable.

The order (drills.md 9.2): cut the staged file to the offset of the database; write; fdatasync; only then move
the offset. A wrong checksum or a failed write moves nothing. Digests run along; after a restart they are
unknown here and the seal reads the staged bytes once instead.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock

from evidence.domain.audit import Act, Entry
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Conflict, IntegrityFault, Invalid
from evidence.service.jobs import JobName
from evidence.service.ports import RunningDigests
from evidence.service.site import Site
from storage.staging import StagingWriter

# Our own beside the standard ones: the SHA-256 of the file from its start to the end of this request. It
# proves more than a digest of the request, and costs nothing: both sides compute that digest anyway.
PREFIX = "sha256-prefix"
CHECKSUMS = ("sha256", "sha1", "md5", PREFIX)
_SIZES = dict(zip(CHECKSUMS, (32, 20, 16, 32), strict=True))
_MOST_RUNNING = 4096
_BLOCK = 1 << 20


class DigestsInHand:
    """The running digests of uploads in progress, by upload and offset. Losing one costs a second read
    only.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[int, RunningDigests]] = OrderedDict()
        self._lock = Lock()

    def take(self, upload_id: str, offset: int) -> RunningDigests | None:
        """Return a copy of the digests of the first `offset` bytes, if they are in hand."""
        with self._lock:
            held = self._held.get(upload_id)
        return held[1].copy() if held is not None and held[0] == offset else None

    def keep(self, upload_id: str, offset: int, running: RunningDigests) -> None:
        """Keep the digests of the first `offset` bytes."""
        with self._lock:
            self._held[upload_id] = (offset, running)
            self._held.move_to_end(upload_id)
            while len(self._held) > _MOST_RUNNING:
                self._held.popitem(last=False)

    def drop(self, upload_id: str) -> None:
        """Forget an upload."""
        with self._lock:
            self._held.pop(upload_id, None)


@dataclass(frozen=True, slots=True)
class Checksum:
    """A checksum the sender gave for one request: algorithm and raw digest."""

    algorithm: str
    digest: bytes

    @staticmethod
    def parse(header: str) -> Checksum:
        """Read `Upload-Checksum: sha256 <base64>`. Raises: Invalid."""
        algorithm, _, text = header.partition(" ")
        if algorithm not in CHECKSUMS:
            raise Invalid("unknown-checksum-algorithm", algorithm=algorithm)
        try:
            digest = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as problem:
            raise Invalid("invalid-checksum") from problem
        if len(digest) != _SIZES[algorithm]:
            raise Invalid("invalid-checksum")
        return Checksum(algorithm, digest)

    def is_of(self, beginning: bytes) -> bool:
        """Tell whether it is that of the first bytes of a file."""
        name = "sha256" if self.algorithm == PREFIX else self.algorithm
        return hashlib.new(name, beginning, usedforsecurity=False).digest() == self.digest


class Reception:
    """One request's bytes on their way into staging. One thread at a time; close it in every case."""

    def __init__(
        self,
        site: Site,
        in_hand: DigestsInHand,
        upload: Upload,
        writer: StagingWriter,
        checksum: Checksum | None,
    ) -> None:
        self._site, self._in_hand, self._upload, self._writer = site, in_hand, upload, writer
        self._checksum = checksum
        own = checksum is not None and checksum.algorithm != PREFIX
        self._check = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum and own else None
        self._running = site.new_digests() if upload.offset == 0 else in_hand.take(upload.id, upload.offset)
        if self._running is None and checksum is not None and checksum.algorithm == PREFIX:
            self._running = self._read_again()
        self._taken = 0

    def _read_again(self) -> RunningDigests:
        """After a restart: the digests of the committed bytes, read from staging once."""
        running, left = self._site.new_digests(), self._upload.offset
        with self._site.staging.path(self._upload.id).open("rb") as staged:
            while left and (block := staged.read(min(_BLOCK, left))):
                running.update(block)
                left -= len(block)
        if left:
            raise IntegrityFault("staged-bytes-missing", upload=self._upload.id, missing=left)
        return running

    def take(self, *blocks: bytes | bytearray | memoryview) -> None:
        """Write the next bytes, as they came: joining them first would cost a copy of every byte.

        Raises: Conflict("too-many-bytes"), StoreFull, StoreUnavailable.
        """
        self._taken += sum(map(len, blocks))
        if self._upload.offset + self._taken > self._upload.origin.size_bytes:
            raise Conflict("too-many-bytes", upload=self._upload.id, length=self._upload.origin.size_bytes)
        for block in blocks:
            self._writer.write(block)
        if self._running is not None:
            self._running.update(*blocks)
        if self._check is not None:
            for block in blocks:
                self._check.update(block)

    def commit(self) -> Upload:
        """Make the bytes durable, then move the offset; return the upload as it stands now.

        Raises: Conflict("checksum-differs") with nothing moved, StoreFull, StoreUnavailable.
        """
        if self._checksum and self._digest() != self._checksum.digest:
            self._writer.cut(self._upload.offset)
            raise Conflict("checksum-differs", upload=self._upload.id, algorithm=self._checksum.algorithm)
        offset = self._writer.sync()
        if offset != self._upload.offset + self._taken:
            raise Conflict("offset-differs", upload=self._upload.id, offset=offset)
        return self._move(offset)

    def _digest(self) -> bytes | None:
        """Return the digest that the sender's checksum must equal."""
        if self._check is not None:
            return self._check.digest()
        return self._running.sha256() if self._running is not None else None

    def _move(self, offset: int) -> Upload:
        site, upload = self._site, self._upload
        complete = offset == upload.origin.size_bytes
        digests = self._running.digests() if complete and self._running is not None else None
        now = site.clock.now()
        expires_at = now + site.terms.upload_rest
        with site.database.writing() as unit:
            unit.uploads.move_offset(upload.id, upload.offset, offset, expires_at)
            if complete:
                unit.uploads.complete(upload.id, digests, now)
                unit.jobs.add(JobName.SEAL, upload.id, now)
                unit.log.append(Entry(Act.UPLOAD_COMPLETE, upload.account_id, (("upload", upload.id),)), now)
        if complete:
            self._in_hand.drop(upload.id)
            site.bell.ring(JobName.SEAL)
        elif self._running is not None:
            self._in_hand.keep(upload.id, offset, self._running)
        state = UploadState.COMPLETE if complete else upload.state
        return replace(upload, state=state, offset=offset, expires_at=expires_at)

    def close(self) -> None:
        """Let go of the staged file; bytes beyond the committed offset are cut by the next writer."""
        self._writer.close()
