"""A vault in a bucket with Object Lock: COMPLIANCE date and legal hold, checked by reading, never believed.

The order of a seal (docs/decisions/0012):
1. unfinished sendings are ended; nothing may stand under the key then; the default lock is asked for again
2. the body goes up in parts, hashed on the way; it is completed only if it is what was promised
3. the list is asked again (exactly one version) and HEAD of the version: a lock the server has dropped (Ceph
   16 and 18 do, for parts) is set and looked at again; the bucket's default lock covers the moment between
4. the version is read back and hashed; only then is it sealed
An attempt that finds the finished orphan of an earlier one completes its lock and says `Exists`: the caller
reads it and adopts it, nothing is ever written twice. Keys are used once (the caller's database knows them);
within this process one act per key at a time.
Not here: who may, what a key means, the single requests (storage/bucket.py).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from storage import marks
from storage.alone import Turns
from storage.bodies import staged_file
from storage.bucket import Bucket, Head, whole_second
from storage.crashpoints import crashpoint
from storage.errors import BadKey, Damaged, Exists, Locked, Missing, StoreUnavailable, Withheld
from storage.firm import make_date_firm, make_firm, make_hold_firm, verify_bytes
from storage.parts import abort_all, pieces_of, send
from storage.remote import reading
from storage.standing import Standing, alarms, grounds, look, sealed_as
from storage.vault import Debris, Lock, Promise, Sealed, Strength, verify_key

log = logging.getLogger("storage.s3")


class S3Vault:
    """A `Vault` in one bucket. Opening it asks the bucket for its default lock."""

    at_once = 16  # a dozen questions for each object, and of each the answer is waited for (decision 63)

    def __init__(self, bucket: Bucket) -> None:
        """Raises: StoreUnavailable, also for a bucket with another default lock."""
        self.bucket = bucket
        self._turns = Turns()
        self._free = set[str]()  # first parts of keys that are no objects; there are a handful
        bucket.verify_locks()

    def seal_file(self, key: str, staged: Path, promise: Promise, lock: Lock) -> Sealed:
        """See Vault. What comes back otherwise than it went up is StoreUnavailable(reason="read-back")."""
        verify_key(key)
        with self._turns.alone(key), staged_file(staged, promise) as fd:
            return self._seal(key, pieces_of(fd, promise.size_bytes), promise, lock)

    def seal_bytes(self, key: str, body: bytes, lock: Lock) -> Sealed:
        """See Vault. What comes back otherwise than it went up is StoreUnavailable(reason="read-back")."""
        verify_key(key)
        promise = Promise(len(body), sha256(body).hexdigest())
        with self._turns.alone(key):
            return self._seal(key, [body], promise, lock)

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """See Vault. Raises: Missing, Damaged, StoreUnavailable."""
        verify_key(key)
        version = version or look(self.bucket, key).version
        head = self.bucket.head(key, version)
        # A lock that has gone does not make the bytes unreadable; another length does.
        if head.notes.get(marks.SIZE, str(head.size_bytes)) != str(head.size_bytes):
            raise Damaged(key=key, sealed_bytes=head.notes[marks.SIZE], found_bytes=head.size_bytes)
        return reading(self.bucket, key, version, head.size_bytes)

    def read(self, found: Sealed) -> bytes:
        """See Vault. Raises: Missing, Damaged, StoreUnavailable."""
        with self.open(found.key, found.version) as stored:
            return stored.read()

    def stat(self, key: str) -> Sealed:
        """See Vault. Raises: Missing, Damaged, StoreUnavailable."""
        verify_key(key)
        return self._sealed(look(self.bucket, key))

    def extend(self, key: str, until: datetime) -> Sealed:
        """See Vault. The mark first: a crash leaves a date that is not told as somebody else's.

        Raises: Locked, Missing, Damaged, StoreUnavailable.
        """
        verify_key(key)
        with self._turns.alone(key):
            _, found = self._mended(key)
            if until < found.lock.retain_until:
                raise Locked(key=key, retain_until=found.lock.retain_until)
            if whole_second(until) > found.lock.retain_until:
                self._mark(marks.until_name(key, whole_second(until)), b"{}")
                self.bucket.retain(key, found.version, until)
                crashpoint("after-extend")
            return self.stat(key)

    def hold(self, key: str, ground: str) -> Sealed:
        """See Vault. The server's own hold first: a crash leaves too much protection, never too little.

        Raises: Missing, Damaged, StoreUnavailable.
        """
        verify_key(key)
        with self._turns.alone(key):
            _, found = self._mended(key)
            wanted = Lock(found.lock.retain_until, found.lock.holds | {ground})
            if wanted == found.lock:
                return found
            self.bucket.hold(key, found.version, True)
            crashpoint("after-legal-hold")
            self._mark(marks.hold_name(key, secrets.token_hex(16)), marks.body(ground))
            crashpoint("after-hold")
            make_hold_firm(self.bucket, key, found.version)
            return self.stat(key)

    def release(self, key: str, ground: str) -> Sealed:
        """See Vault. The mark first, for the same reason. Raises: Missing, Damaged, StoreUnavailable."""
        verify_key(key)
        with self._turns.alone(key):
            standing, found = self._mended(key)
            mine = [one for one, text in self._grounds(standing, found).items() if text == ground]
            if not mine:
                raise Missing(key=key, ground=ground)
            for one in mine:
                self._mark(marks.release_name(key, one), b"{}")
            crashpoint("after-release")
            make_hold_firm(self.bucket, key, found.version, may_lift=True)
            return self.stat(key)

    def dispose(self, key: str, now: datetime) -> None:
        """See Vault. The server has the last word: its clock may say that it is too early.

        Raises: Locked, Missing, Damaged, StoreUnavailable.
        """
        verify_key(key)
        with self._turns.alone(key):
            found = self.stat(key)
            if now < found.lock.retain_until or found.lock.holds:
                raise Locked(key=key, retain_until=found.lock.retain_until, holds=sorted(found.lock.holds))
            self._mark(marks.disposal_name(key), b"{}")
            crashpoint("after-disposal-record")
            make_hold_firm(self.bucket, key, found.version, may_lift=True)
            for version in look(self.bucket, key).versions:
                self.bucket.delete(key, version)
            crashpoint("after-disposal")

    def list(self, prefix: str = "") -> Iterator[Sealed]:
        """See Vault. Raises: Damaged, StoreUnavailable."""
        for found in self.census(prefix):
            if isinstance(found, Sealed):
                yield found
            elif found.kind == "damaged":
                raise Damaged(key=found.key, reason=found.kind)

    def census(self, prefix: str = "") -> Iterator[Sealed | Debris]:
        """See Vault. One HEAD for each object. Raises: StoreUnavailable."""
        hidden = {one.key for one in self.bucket.versions(prefix) if one.is_marker}
        versions = (one for one in self.bucket.versions(prefix) if not one.is_marker)
        for key, group in groupby(versions, key=lambda one: one.key):
            yield from (Debris(other, "delete-marker") for other in sorted(hidden) if other < key)
            hidden = {other for other in hidden if other >= key}
            del group
            yield from self._inspect(key)
            if "!" not in key:  # told with the object, and those over its marks
                hidden = {other for other in hidden if other.partition("!")[0] != key}
        yield from (Debris(other, "delete-marker") for other in sorted(hidden))

    def strength(self) -> Strength:
        """See Vault; what `storage qualify` has measured, not more: the store's operator stands above it."""
        return Strength("object-lock", "store-accounts")

    def _seal(self, key: str, pieces: Iterable[bytes], promise: Promise, lock: Lock) -> Sealed:
        """See the module. Ending comes first: what it could not end has completed, and is seen by looking."""
        abort_all(self.bucket, key)
        self._verify_free(key, promise)
        self.bucket.verify_locks()  # each time: it can be changed while we run, a lock cannot be shortened
        send(self.bucket, key, pieces, promise, lock)
        return self._confirm(key, promise, lock)

    def _inspect(self, key: str) -> Iterator[Sealed | Debris]:
        if "!" in key:
            if marks.MARK.fullmatch(key) is None:
                yield Debris(key, "alien")
            return
        try:
            verify_key(key)
            standing = look(self.bucket, key)
            found = self._sealed(standing)
        except Missing:
            return  # disposed of since the list was asked
        except BadKey:
            yield Debris(key, "alien")
            return
        except Damaged as fault:
            yield Debris(key, "alien" if fault.fields.get("reason") == "not-sealed-by-us" else "damaged")
            return
        except Withheld:
            yield Debris(key, "damaged")  # one whose bytes the store has lost does not hide the others
            return
        yield found
        yield from (Debris(key, alarm) for alarm in found.alarms)
        if standing.is_disposed:
            yield Debris(key, "disposal-unfinished")

    def _mended(self, key: str) -> tuple[Standing, Sealed]:
        """Say what stands under a key, once a lock that was weakened past us is what it should be again: else
        whoever comes to protect an object could not. `stat` and `census` only look, and tell.

        Raises: Missing, Damaged, StoreUnavailable.
        """
        standing = look(self.bucket, key)
        return standing, self._sealed(standing, make_firm(self.bucket, standing))

    def _sealed(self, standing: Standing, head: Head | None = None) -> Sealed:
        """Say what stands under a key. head: of its version, where it is known already.

        Raises: Missing, Damaged, StoreUnavailable.
        """
        head = head or self.bucket.head(standing.key, standing.version)
        promise, first = sealed_as(standing, head)
        holds = grounds(self.bucket, standing, first)
        if holds and not head.is_held:
            raise Damaged(key=standing.key, reason="hold-not-in-force")
        assert head.retain_until is not None
        lock = Lock(head.retain_until, frozenset(holds.values()))
        told = alarms(standing, head, first)
        return Sealed(standing.key, standing.version, head.size_bytes, lock, promise.sha256, told)

    def _verify_free(self, key: str, promise: Promise) -> None:
        """Raises: Exists, unless the key is free; completes the lock of what an attempt that died left.
        StoreUnavailable(reason="foreign-object-above"): the key is free, and somebody must clear the way.
        """
        standing = look(self.bucket, key)
        if standing.versions:
            self._complete_lock(standing, promise)
        taken = standing.versions or standing.markers or standing.is_disposed or standing.has_below
        if taken or any(self._is_object(above) for above in _above(key) if above not in self._free):
            raise Exists(key=key)
        # What lies above an object never becomes one: to seal it there would be `Exists`.
        self._free.update(list(_above(key))[:1])

    def _complete_lock(self, standing: Standing, promise: Promise) -> None:
        """Bring an orphan's lock to what it was sealed with itself: never to what is asked now."""
        head = self.bucket.head(standing.key, standing.version)
        with suppress(Damaged):  # not ours: it is no business of ours to lock it
            first_promise, first = marks.read_notes(standing.key, head.notes)
            if first_promise == promise and not standing.is_disposed:
                make_date_firm(self.bucket, standing.key, standing.version, first.retain_until)
                make_hold_firm(self.bucket, standing.key, standing.version)

    def _is_object(self, key: str) -> bool:
        try:
            marks.read_notes(key, self.bucket.head(key, None).notes)
        except Missing:
            return False
        except Damaged as fault:  # not sealed here: no reason to give up what is to be sealed
            raise StoreUnavailable(key=key, reason="foreign-object-above") from fault
        return True

    def _confirm(self, key: str, promise: Promise, lock: Lock) -> Sealed:
        """Believe nothing that was answered: look at what stands there, lock it, read it back."""
        standing = look(self.bucket, key)
        if not standing.versions:
            raise StoreUnavailable(key=key, reason="not-stored")
        try:
            head = make_date_firm(self.bucket, key, standing.version, lock.retain_until)
            if lock.holds:
                make_hold_firm(self.bucket, key, standing.version)
                head = self.bucket.head(key, standing.version)
            crashpoint("after-lock")
            verify_bytes(self.bucket, key, standing.version, promise)
            sealed = self._sealed(standing, head)
        except Missing as fault:  # it was listed a moment ago: to be looked at again, not to be given up
            raise StoreUnavailable(key=key, reason="gone-while-sealing") from fault
        if sealed.alarms:
            log.error("key %s was written past us, or is locked otherwise: %s", key, ", ".join(sealed.alarms))
        return sealed

    def _mark(self, name: str, body: bytes) -> None:
        """Put a mark, held for good: what was decided about an object is not to be unsaid.

        In one request, unlike a body: where a full store does it twice, or late, nothing more is said. What
        counts of a mark is its name, of a hold the first version's text too; all versions of it say the same.
        """
        self.bucket.put(name, body, None, True, {})

    def _grounds(self, standing: Standing, found: Sealed) -> dict[str, str]:
        head = self.bucket.head(standing.key, found.version)
        return grounds(self.bucket, standing, marks.read_notes(standing.key, head.notes)[1])


def _above(key: str) -> Iterator[str]:
    """Yield the keys above a key: "a/b/c" has "a" and "a/b"."""
    parts = key.split("/")
    return ("/".join(parts[:n]) for n in range(1, len(parts)))
