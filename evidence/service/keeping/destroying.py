"""Destroying what two people have decided to destroy. The order is the promise (drill F33).

1. the vault has the original, its lock is over, and no hold stands there
2. one transaction: all rules are asked once more; either something keeps it after all, and that ends the
   disposal, or the intention is noted: in the log, in the disposal, in the recording. From here on nothing is
   read from it and nothing can be held there, so no hold is ever placed on what goes
3. the vault removes the bytes, all versions of them; they are looked for once more; before them go those of
   all that was made from it, each with its entry (copies.py)
4. one transaction: the signed certificate, its entry in the log, the end of the disposal
A crash between any two leaves a disposal that has begun and not ended: the sweep goes on with it, and each
step finds what was done. Nothing is said to be gone that is there, and nothing is gone that nobody spoke of.
The manifest stays, and so do rows, entries and digests.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from evidence.domain.audit import Act, Entry, Reference
from evidence.domain.disposals import Disposal, State
from evidence.domain.lapses import Lapses
from evidence.domain.retention import Rule, is_due, keep_until
from evidence.errors import EvidenceError, NotFound
from evidence.ledger.canonical import canonical
from evidence.policy.rules import cite_ids
from evidence.service.catalogue import StoredRecording
from evidence.service.instruments import pack_at
from evidence.service.keeping.certificates import absent_copies, certificate_body, is_there, sealed_in
from evidence.service.keeping.copies import copies_are_free, end_copies_to_come, remove_copies
from evidence.service.keeping.keeping import law_now, required_by
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import Damaged, Missing, StorageError, StoreUnavailable

log = logging.getLogger("evidence.destroying")
_AT_ONCE = 100
SERVICE = "service"


@dataclass(frozen=True)
class Destroying:
    """What the sweep does with disposals that were approved."""

    site: Site

    def carry_out_all(self) -> None:
        """Go on with what was approved, what has begun first; what fails is tried again later."""
        with self.site.database.reading() as unit:
            waiting = unit.disposals.approved(_AT_ONCE)
            if not waiting:
                return
            checks = unit.log.checks()
        lapses = Lapses(checks, self.site.terms.longest_step)
        for disposal in waiting:
            try:
                self._carry_out(disposal, lapses)
            except (StorageError, EvidenceError) as problem:
                log.warning("disposal %s could not be carried out: %s", disposal.id, problem)
                if isinstance(problem, StoreUnavailable):
                    return

    def _carry_out(self, disposal: Disposal, lapses: Lapses) -> None:
        with self.site.database.reading() as unit:
            stored = unit.recordings.get(disposal.recording_id)
        if stored is None:
            raise NotFound("recording-not-found", recording=disposal.recording_id)
        if disposal.begun_at is None and not self._begin(disposal, stored, lapses):
            return
        crashpoint("after-intention")
        remove_copies(self.site, stored.recording.id)
        key = stored.recording.data_key
        with suppress(Missing):  # an attempt that died has removed it
            self.site.vault.dispose(key, self.site.clock.now())
        if is_there(self.site.vault, key):
            raise StoreUnavailable(reason="not-removed", key=key)
        crashpoint("after-removal")
        self._end(disposal.id, stored)
        crashpoint("after-certificate")

    def _begin(self, disposal: Disposal, stored: StoredRecording, lapses: Lapses) -> bool:
        """Note the intention, or what keeps the recording after all; False where its bytes stay for now."""
        in_the_way, are_free = self._vault_keeps(stored), copies_are_free(self.site, stored.recording.id)
        law, required, now = law_now(self.site), required_by(self.site), self.site.clock.now()
        with self.site.database.writing() as unit:
            fresh = unit.disposals.get(disposal.id)
            if fresh is None or fresh.state is not State.APPROVED:
                return fresh is not None and fresh.state is State.BEGUN
            kept = unit.keepings.kept([stored.recording.id], required)[stored.recording.id]
            rule = keep_until(kept, law)
            if not is_due(rule, now):
                self._keep(unit, fresh, rule.keeps.value)
                return False
            if in_the_way:
                self._keep(unit, fresh, in_the_way)
                return False
            is_told = all(term.settled for term in unit.keepings.terms(stored.recording.id))
            if not is_told or not self._has_passed(unit, stored, rule, lapses):
                return False
            if not are_free or not end_copies_to_come(unit, stored.recording.id, now):
                return False
            unit.disposals.put(replace(fresh, begun_at=now))
            unit.disposals.mark_gone(stored.recording.id, now)
            facts = {"cites": list(cite_ids(rule.cites)), "disposal": fresh.id, "keeps": rule.keeps.value}
            unit.log.append(_entry(Act.DISPOSAL_BEGIN, fresh, facts), now)
        return True

    def _vault_keeps(self, stored: StoredRecording) -> str:
        """Name why the vault would not give the original up, "" where it would."""
        try:
            lock = self.site.vault.stat(stored.recording.data_key).lock
        except Missing:
            return "object-missing"
        except Damaged:
            return "object-damaged"
        return "lock" if lock.holds or self.site.clock.now() < lock.retain_until else ""

    def _has_passed(self, unit: UnitOfWork, stored: StoredRecording, rule: Rule, lapses: Lapses) -> bool:
        """Tell whether the log bears out that the time is over; a clock alone does not."""
        recording, now = stored.recording, self.site.clock.now()
        index = sealed_in(unit, recording.id)
        owed = (rule.until or now) - recording.sealed_at
        passed = lapses.since((index, recording.sealed_at), now)
        if passed < owed:
            log.warning("recording %s waits: of %s the log bears out %s", recording.id, owed, passed)
        return passed >= owed

    def _keep(self, unit: UnitOfWork, disposal: Disposal, kept_by: str) -> None:
        now = self.site.clock.now()
        unit.disposals.put(replace(disposal, ended_at=now, kept_by=kept_by))
        facts = {"disposal": disposal.id, "kept_by": kept_by}
        unit.log.append(_entry(Act.DISPOSAL_KEEP, disposal, facts), now)

    def _end(self, disposal_id: str, stored: StoredRecording) -> None:
        recording, now = stored.recording, self.site.clock.now()
        pack = pack_at(self.site.policies, now)
        with self.site.database.writing() as unit:
            disposal = unit.disposals.get(disposal_id)
            if disposal is None or disposal.ended_at is not None:
                return  # another worker has ended it
            absent = absent_copies(unit, recording.id)
            body = canonical(certificate_body(stored, disposal, pack, now, absent))
            document = self.site.signer.sign(body)
            unit.disposals.put(replace(disposal, ended_at=now, certificate=document))
            digest = hashlib.sha256(document).hexdigest()
            facts = {"certificate_sha256": digest, "disposal": disposal.id}
            ref = Reference(recording.digests, recording.origin.size_bytes)
            unit.log.append(_entry(Act.DESTROY, disposal, facts, ref), now)


def _entry(act: Act, disposal: Disposal, facts: Mapping[str, object], ref: Reference | None = None) -> Entry:
    about = (("recording", disposal.recording_id), ("disposal", disposal.id))
    return Entry(act, SERVICE, about, facts=facts, ref=ref)
