"""Moving a site to other engines: everything is copied and verified, then one file says which form serves.

The order is the promise; who calls it (evidence/moving.py) holds the service's lock all the while:
1. nobody else uses the old form; the new engines are fit, and empty or ours from an earlier attempt
2. the old vault is gone through: what is no sound object is named, and stops the move here
3. every object is copied with its lock and read back; one whose bytes are not what was sealed stops the move
   once all others are there, with all names
4. the catalogue is copied in one transaction of the new database, with the new versions; the last entries of
   its log say that, and how much
5. the new form is verified as `evidence verify` does it, and each lock against the old one's
6. the old form has not changed meanwhile; then its settings are replaced, atomically
Until step 6 the old form is the site, and nothing of it is written. A crash leaves copies that the next
attempt verifies and adopts, or a catalogue that it recognises by its digest, or throws away as its own.
Not here: rows (adapters/db/whole.py), bytes (storage/copying.py), settings (adapters/site_file.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.uploads import UploadState
from evidence.errors import Conflict, IntegrityFault
from evidence.service.examining.fixity import Fixity, Verdict
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.copying import DAMAGED, Copied, Copier
from storage.crashpoints import crashpoint
from storage.errors import BadKey, Damaged, Exists, Mismatch, Missing
from storage.vault import Debris, Lock, Sealed

EARLIEST = timedelta(days=1)  # a store with Object Lock takes no date that is past
LOCK_UNKNOWN = "lock-unreadable"  # the ground that holds damaged bytes whose own lock cannot be read
_AT_ONCE = 4  # objects; a store answers each of many requests late, and a long original takes 80 MiB
_UNSOUND = ("damaged", "object-without-lock")
_UNFINISHED = ("damaged", "lock-without-object", "temporary")  # what a killed copy leaves in the new vault
# What the new form says where damaged bytes were kept apart: their key is empty.
_KEPT_APART = {"object-missing": "data", "manifest-object-missing": "manifest.json"}


class Versions(Protocol):
    """Which version each key has: more of them than memory should hold."""

    def note(self, key: str, version: str) -> None:
        """Note the version of a key, in the place of an older note."""

    def of(self, key: str) -> str | None:
        """Return the version of a key, None where none was noted."""


class Teller(Protocol):
    """Told how far it is, for people."""

    def begin(self, part: str, files: int, size_bytes: int) -> None:
        """A part begins: "survey", "vault", "catalogue" or "verify"; 0 where its end is not known."""

    def done(self, size_bytes: int) -> None:
        """One more file is done, with so many bytes."""


@dataclass(frozen=True, slots=True)
class Damage:
    """An object that is not what was sealed. kept_as: where its bytes lie in the new vault, None: nowhere."""

    key: str
    reason: str
    promised_sha256: str | None = None
    found_sha256: str | None = None
    kept_as: str | None = None


@dataclass
class Account:
    """What was found in the old vault, and what became of it."""

    files: int = 0
    size_bytes: int = 0
    adopted: int = 0  # stood in the new vault from an earlier attempt; verified
    kept_later: int = 0  # their date was past, or nearly: kept a day longer
    left: list[Debris] = field(default_factory=list)  # stays behind, in the old vault only
    damaged: list[Damage] = field(default_factory=list)


@dataclass(frozen=True)
class Moving:
    """A move from one form of a site to another. copier: None where the vault stays what it is."""

    old: Site
    new: Site
    copier: Copier | None
    versions: Versions
    teller: Teller
    with_damaged: bool
    account: Account = field(default_factory=Account)

    def verify_room(self) -> None:
        """Refuse a vault that holds anything but copies of ours. Raises: Conflict("target-not-empty")."""
        for found in self.new.vault.census():
            is_whole = isinstance(found, Sealed) or found.kind in _UNFINISHED
            if not is_whole or not (self._knows(found.key) or self._knows(found.key.removeprefix(DAMAGED))):
                raise Conflict("target-not-empty", engine="vault", key=found.key)

    def _knows(self, key: str) -> bool:
        try:
            self.old.vault.stat(key)
        except (Missing, BadKey):
            return False
        except Damaged:
            return True
        return True

    def survey(self) -> None:
        """Go through the old vault and catalogue; no original is read.

        Raises: IntegrityFault("vault-damaged") naming what is no sound object.
        """
        self.teller.begin("survey", 0, 0)
        for found in self.old.vault.census():
            if isinstance(found, Sealed):
                self.account.files += 1
                self.account.size_bytes += found.size_bytes
                self.versions.note(found.key, found.version)
                self._verify_has_row(found)
                self.teller.done(found.size_bytes)
            elif found.kind in _UNSOUND:
                self.account.damaged.append(Damage(found.key, found.kind))
            else:
                self.account.left.append(found)
        self._find_missing()
        self._refuse_damage()

    def _verify_has_row(self, found: Sealed) -> None:
        """What the catalogue does not know is copied all the same, but nobody decides that unasked."""
        parts = found.key.split("/")
        if parts[0] != "recordings" or parts[2:] != ["data"]:
            return
        with self.old.database.reading() as unit:
            upload = unit.uploads.get(parts[1])
            known = unit.recordings.get(parts[1]) is not None
        if not known and (upload is None or upload.state is not UploadState.COMPLETE):
            self.account.damaged.append(Damage(found.key, "row-missing", kept_as=found.key))

    def _find_missing(self) -> None:
        named = {damage.key for damage in self.account.damaged}
        with self.old.database.reading() as unit:
            for stored in unit.recordings.all():
                keys = (stored.recording.manifest_key, stored.recording.data_key)
                for key in keys[:1] if stored.gone_at is not None else keys:
                    if self.versions.of(key) is None and key not in named:
                        self.account.damaged.append(Damage(key, "object-missing"))

    def _refuse_damage(self) -> None:
        if self.account.damaged and not self.with_damaged:
            objects = [f"{one.key} ({one.reason})" for one in self.account.damaged]
            raise IntegrityFault("vault-damaged", objects=objects)

    def carry_vault(self) -> None:
        """Copy every object; damaged ones are kept apart where the operator has decided so.

        Raises: IntegrityFault("vault-damaged"), Exists where the new vault has something else under a key,
        StoreUnavailable.
        """
        assert self.copier is not None
        self.teller.begin("vault", self.account.files, self.account.size_bytes)
        for number, damage in enumerate(self.account.damaged):
            if damage.reason in _UNSOUND:
                self.account.damaged[number] = self._kept(damage, self._lock_of(damage.key))
        waiting: deque[tuple[Sealed, Future[Copied]]] = deque()
        with ThreadPoolExecutor(_AT_ONCE, "copy") as pool:
            try:
                for found in self.old.vault.census():
                    if isinstance(found, Sealed):
                        waiting.append((found, pool.submit(self.copier.copy, found)))
                    if len(waiting) > _AT_ONCE:
                        self._carried(*waiting.popleft())
                while waiting:
                    self._carried(*waiting.popleft())
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        self._refuse_damage()
        crashpoint("after-vault")

    def _carried(self, found: Sealed, copying: Future[Copied]) -> None:
        """Take note of what became of an object."""
        try:
            copied = copying.result()
        except Exists:
            raise Conflict("target-not-empty", engine="vault", key=found.key) from None
        except Mismatch as fault:
            reason = fault.fields.get("reason", "bytes-differ")
            self._note_differing(found, str(reason), fault.fields.get("found_sha256"))
            return
        self.account.adopted += copied.was_there
        self.account.kept_later += copied.is_later
        self.versions.note(found.key, copied.sealed.version)
        self.teller.done(found.size_bytes)

    def _note_differing(self, found: Sealed, reason: str, digest: object) -> None:
        sha256 = digest if isinstance(digest, str) else None
        damage = Damage(found.key, reason, found.sha256, sha256)
        self.account.damaged.append(self._kept(damage, found.lock) if self.with_damaged else damage)

    def _kept(self, damage: Damage, lock: Lock) -> Damage:
        assert self.copier is not None
        kept = self.copier.keep_damaged(damage.key, lock)
        if kept is None:
            return damage
        return Damage(damage.key, damage.reason, damage.promised_sha256, kept.sha256, kept.key)

    def _lock_of(self, key: str) -> Lock:
        """Return a lock for bytes whose own cannot be read: the catalogue's date, and a hold until a person
        decides.
        """
        until = self.old.clock.now() + EARLIEST
        with self.old.database.reading() as unit:
            parts = key.split("/")
            stored = unit.recordings.get(parts[1]) if len(parts) == 3 else None
        if stored is not None:
            until = max(until, stored.recording.retain_until)
        return Lock(until, frozenset({LOCK_UNKNOWN}))

    def record(self, unit: UnitOfWork, contents: Mapping[str, object], now: datetime) -> None:
        """Write the move into the new log: once in all, and once for each damaged object."""
        account = self.account
        facts = {
            **contents,
            "adopted": account.adopted,
            "bytes": account.size_bytes,
            "damaged": len(account.damaged),
            "files": account.files,
            "kept_later": account.kept_later,
            "left_behind": len(account.left),
        }
        entries = [Entry(Act.MOVE, "operator", facts=facts)]
        for damage in account.damaged:
            facts = {
                "found_sha256": damage.found_sha256,
                "kept_as": damage.kept_as,
                "key": damage.key,
                "promised_sha256": damage.promised_sha256,
            }
            entries.append(Entry(Act.MOVE, "operator", result=damage.reason, facts=facts))
        unit.log.append_all(entries, now)

    def verify(self, caller: Caller) -> int:
        """Verify the new form as a whole, locks too, and return how many recordings were checked.

        Raises: IntegrityFault("move-not-verified") naming each recording or lock that does not agree.
        """
        self.teller.begin("verify", *self._expected())
        apart = {one.key for one in self.account.damaged if one.kept_as != one.key}
        checked, wrong = 0, list(self.copier.other_locks(apart)) if self.copier else []
        for verdict in Fixity(self.new).verify_all(caller):
            checked += 1
            if verdict.faults and not (self.with_damaged and self._is_carried(verdict)):
                wrong.append(f"{verdict.recording_id} ({' '.join(verdict.faults)})")
            self.teller.done(verdict.size_bytes)
        if wrong:
            raise IntegrityFault("move-not-verified", recordings=wrong)
        crashpoint("after-verify")
        return checked

    def _expected(self) -> tuple[int, int]:
        with self.new.database.reading() as unit:
            sizes = [stored.recording.origin.size_bytes for stored in unit.recordings.all()]
        return len(sizes), sum(sizes)

    def _is_carried(self, verdict: Verdict) -> bool:
        """Tell whether the old form has each of these faults, or the account names what makes it."""
        if not verdict.is_checked:
            return False
        if self.copier is None:  # the vault is the same
            return True
        named = {damage.key for damage in self.account.damaged}
        apart = {
            fault
            for fault, part in _KEPT_APART.items()
            if f"recordings/{verdict.recording_id}/{part}" in named
        }
        return set(verdict.faults) <= apart | self._old_faults(verdict.recording_id, named)

    def _old_faults(self, recording_id: str, named: set[str]) -> set[str]:
        """Return the faults of a recording in the old form. It is read anew, and nothing is written there."""
        with self.old.database.reading() as unit:
            stored = unit.recordings.get(recording_id)
        if stored is None:
            return {"row-missing"} if f"recordings/{recording_id}/data" in named else set()
        desk = Fixity(self.old)
        return {*desk._examine_original(stored), *desk.manifest_faults(stored)}
