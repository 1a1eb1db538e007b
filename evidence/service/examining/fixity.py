"""Reading originals and what was made from them back: every byte against its digests, its manifest and its
row. The first pass within 24 hours.

`verify` names every fault it finds and goes on; it never says "could not check, so passed". Nor does it say
"could not check, so broken": while the store is away nothing is known of an original, and nothing is noted.
A file that the disc itself cannot read (EIO) is a fault, and is read again: it has not been checked.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.derivatives import Derivative, State
from evidence.domain.digests import Digests
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.people import WHOLE
from evidence.domain.rights import Action
from evidence.domain.uploads import UploadState
from evidence.errors import EvidenceError, NotFound
from evidence.policy.rules import Pack, cite_ids
from evidence.service.catalogue import Scope, StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import pack_at_capture
from evidence.service.intake.documents import MANIFEST, RECEIPT, says_the_same
from evidence.service.jobs import JobName
from evidence.service.keeping.certificates import destruction_faults
from evidence.service.site import Site
from storage.errors import StorageError, StoreUnavailable, Withheld
from storage.vault import Sealed

log = logging.getLogger("evidence.fixity")
_BLOCK = 1 << 20
_PLANNED_AT_ONCE = 16
_NOT_CHECKED = "not-checked"
_NOT_READ = {"unreadable", "manifest-unreadable", "derivative-unreadable"}


class _UnreadableError(Exception):
    """The disc, or the store, cannot read this one file."""

    code = "unreadable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for one recording: no faults = every check passed. faults are stable words; the only one of
    a recording that could not be checked at all is "not-checked"."""

    recording_id: str
    name: str
    size_bytes: int
    faults: tuple[str, ...]
    device: str | None = None  # unknown where no row knows the original
    is_destroyed: bool = False  # by decision: what was checked is its certificate

    @property
    def result(self) -> str:
        """ "ok" or the first fault."""
        return self.faults[0] if self.faults else "ok"

    @property
    def is_checked(self) -> bool:
        """Whether anything is known about it."""
        return _NOT_CHECKED not in self.faults

    @property
    def is_read(self) -> bool:
        """Whether every byte was read, so that the next time is the next pass."""
        return self.is_checked and not _NOT_READ.intersection(self.faults)


@dataclass(frozen=True)
class Fixity:
    """The desk for reading back."""

    site: Site
    throttle: Callable[[int], None] = lambda _size: None  # called with the bytes of each block read

    @admits(Action.READ_ORIGINAL)
    def verify_all(self, caller: Caller) -> Iterator[Verdict]:
        """Check every recording within reach, oldest seal first, and note each outcome; what cannot be
        checked now is said and not noted. What no row knows is told to who reaches the whole.
        """
        there = reach(caller, Action.READ_ORIGINAL, self.site.bars())
        with self.site.database.reading() as unit:
            recordings = list(unit.recordings.all(reach=there, at=self.site.clock.now()))
        for stored in recordings:
            try:
                verdict = self._examine(stored)
            except (StoreUnavailable, OSError) as problem:
                log.warning("recording %s could not be checked: %s", stored.recording.id, problem)
                verdict = _verdict(stored, (_NOT_CHECKED,))
            else:
                self._note(stored, verdict, caller.id)
            yield verdict
        if there.everything or WHOLE in there.paths:
            yield from self._without_row({stored.recording.data_key for stored in recordings})

    def _without_row(self, known: set[str]) -> Iterator[Verdict]:
        """Yield originals in the vault that the catalogue does not know: a lost or older database."""
        with self.site.database.reading() as unit:
            sealing = {f"recordings/{one.id}/data" for one in unit.uploads.in_state(UploadState.COMPLETE)}
            known = known | {one.recording.data_key for one in unit.recordings.all()}
        for thing in self.site.vault.census("recordings"):
            if thing.key.endswith("/data") and thing.key not in known | sealing:
                size = thing.size_bytes if isinstance(thing, Sealed) else 0
                yield Verdict(thing.key.split("/")[1], thing.key, size, ("row-missing",))

    def check(self, recording_id: str) -> Verdict | None:
        """Check a recording if it is due: the job "fixity". One that somebody has checked meanwhile is not.

        Raises: NotFound; StoreUnavailable, OSError while the store is away; StoreUnavailable("unreadable")
        where the disc cannot read it, after that was noted (once, however often it is tried).
        """
        with self.site.database.reading() as unit:
            stored = unit.recordings.get(recording_id)
        if stored is None:
            raise NotFound("recording-not-found", recording=recording_id)
        before_first, before_next = self._due_before()
        if stored.gone_at is not None:
            return None  # destroyed since it was planned
        last, limit = stored.checked_at, before_next
        if last is None:
            last, limit = stored.recording.sealed_at, before_first
        if last >= limit:
            return None
        verdict = self._examine(stored)
        if verdict.is_read or verdict.result[:40] != stored.check_result:
            self._note(stored, verdict, "service")
        if not verdict.is_read:
            raise StoreUnavailable(reason="unreadable", recording=recording_id)
        return verdict

    def plan(self) -> int:
        """Add jobs for recordings that are due, a few at a time; return how many: the endless pass.

        None while others are waiting, so that a long backlog does not stand in the job table as well.
        """
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            if JobName.FIXITY in unit.jobs.due(now):
                return 0
            due = unit.jobs.unchecked(*self._due_before(), _PLANNED_AT_ONCE)
        if not due:
            return 0
        with self.site.database.writing() as unit:
            # What was found stands with the recording and in the log.
            unit.jobs.forget_done(JobName.FIXITY, now - timedelta(days=1))
            # Each its own moment: jobs of one weight are taken in that order.
            added = [unit.jobs.add(JobName.FIXITY, one, self.site.clock.now()) for one in due]
        return len(added) - added.count(None)

    def _due_before(self) -> tuple[datetime, datetime]:
        """Return the moments before which a seal without a check, or a last check, makes one due."""
        now, terms = self.site.clock.now(), self.site.terms
        # Half the time allowed before the first pass, so that a busy server still keeps the promise.
        return now - terms.first_check / 2, now - terms.next_check

    def _examine(self, stored: StoredRecording) -> Verdict:
        """Compare everything. Raises: StoreUnavailable, OSError: then nothing is known."""
        is_gone = stored.gone_at is not None
        of_data = destruction_faults(self.site, stored) if is_gone else self._examine_original(stored)
        faults = (*of_data, *self.manifest_faults(stored), *self._derivative_faults(stored.recording.id))
        return _verdict(stored, tuple(dict.fromkeys(faults)))  # each word once: two looks may meet one fault

    def _note(self, stored: StoredRecording, verdict: Verdict, caller: str) -> None:
        recording_id, facts = stored.recording.id, {"faults": list(verdict.faults)}
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            unit.recordings.note_check(recording_id, now if verdict.is_read else None, verdict.result[:40])
            unit.examinations.record(*self._told(stored, verdict), now)
            unit.log.append(
                Entry(Act.VERIFY, caller, (("recording", recording_id),), verdict.result, facts), now
            )

    def _told(self, stored: StoredRecording, verdict: Verdict) -> tuple[Scope, str, Pack, str, list[Finding]]:
        """Put the verdict into the findings, where people look; a later clean pass supersedes it."""
        recording, origin = stored.recording, stored.recording.origin
        pack = pack_at_capture(self.site.policies, stored.ended_at, stored.first_seen_at)
        found = [
            Finding(
                Code.FIXITY_FAULT,
                Severity.BREACH,
                origin.name,
                measured=" ".join(verdict.faults),
                cites=cite_ids(pack.no_editing.cites),
                detail={"faults": list(verdict.faults)},
            )
        ]
        if verdict.faults:
            log.error("recording %s does not agree with its seal: %s", recording.id, verdict.faults)
        scope = Scope("recording", recording.id, origin.device, {origin.name: recording.id})
        return scope, "fixity", pack, "{}", found if verdict.faults else []

    def _standing(self, key: str, version: str, until: datetime) -> Iterator[str]:
        """Name what is wrong with an object's lock, its version, and what else stands under its key."""
        try:
            sealed = self.site.vault.stat(key)
        except Withheld:
            yield _UnreadableError.code
            return
        except StoreUnavailable:
            raise
        except StorageError as problem:
            yield problem.code
            return
        if sealed.lock.retain_until < until:
            yield "lock-weaker"
        if sealed.version != version:
            yield "version-differs"
        yield from sealed.alarms

    def _examine_original(self, stored: StoredRecording) -> Iterator[str]:
        recording = stored.recording
        yield from self._standing(recording.data_key, recording.data_version, recording.retain_until)
        yield from self._read(
            recording.data_key, recording.data_version, recording.origin.size_bytes, recording.digests
        )

    def _derivative_faults(self, recording_id: str) -> Iterator[str]:
        """Name what is wrong with what was made from it: each lies there, byte for byte as it was made."""
        for one in self._derivatives(recording_id):
            assert one.output is not None  # it was made
            output = one.output
            faults = list(self._read(output.key, None, output.size_bytes, output.digests))
            # What was destroyed meanwhile is not missing.
            if faults and one.id in {there.id for there in self._derivatives(recording_id)}:
                log.error("derivative %s of recording %s does not agree: %s", one.id, recording_id, faults)
                yield from (f"derivative-{fault}" for fault in faults)

    def _derivatives(self, recording_id: str) -> list[Derivative]:
        with self.site.database.reading() as unit:
            return [one for one in unit.derivatives.of(recording_id) if one.state is State.MADE]

    def _read(self, key: str, version: str | None, size_bytes: int, digests: Digests) -> Iterator[str]:
        """Read an object whole; name what is not as it was."""
        try:
            running, size = self.site.new_digests(), 0
            for block in self._blocks(key, version):
                running.update(block)
                size += len(block)
                self.throttle(len(block))
            if size != size_bytes:
                yield "size-differs"
            if not running.digests().agree_with(digests):
                yield "bytes-differ"
        except StoreUnavailable:
            raise
        except (StorageError, _UnreadableError) as problem:
            yield problem.code

    def _blocks(self, key: str, version: str | None) -> Iterator[bytes]:
        """Yield an object's bytes. Raises: _UnreadableError; what opening and reading raise."""
        try:
            with self.site.vault.open(key, version) as file:
                while block := file.read(_BLOCK):
                    yield block
        except StoreUnavailable as fault:
            # The store has lost what it lists; or EIO, what a disc says of a place that it cannot read.
            if isinstance(fault, Withheld) or fault.fields.get("reason") == "EIO":
                raise _UnreadableError from fault
            raise

    def manifest_faults(self, stored: StoredRecording) -> Iterator[str]:
        """Name what is wrong with a manifest, and whether the row says what manifest and receipt say.

        Raises: StoreUnavailable, OSError while the store is away.
        """
        recording = stored.recording
        key, version = recording.manifest_key, recording.manifest_version
        for fault in self._standing(key, version, recording.retain_until):
            yield f"manifest-{fault}"
        try:
            document = b"".join(self._blocks(key, version))
            if hashlib.sha256(document).hexdigest() != recording.manifest_sha256:
                yield "manifest-differs"
            manifest = self.site.signer.read(document, MANIFEST)
            receipt = self.site.signer.read(stored.receipt, RECEIPT)
        except StoreUnavailable:
            raise
        except (StorageError, EvidenceError, _UnreadableError) as problem:
            yield f"manifest-{problem.code}"
            return
        if not says_the_same(stored, manifest, receipt):
            yield "row-differs"


def _verdict(stored: StoredRecording, faults: tuple[str, ...]) -> Verdict:
    recording = stored.recording
    origin = recording.origin
    is_gone = stored.gone_at is not None
    return Verdict(recording.id, origin.name, origin.size_bytes, faults, origin.device, is_gone)
