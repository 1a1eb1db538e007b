"""Disposals: what is due, asked for by one person, decided by another, destroyed with a certificate.

Nothing is destroyed silently, and nothing by one person. What is asked for is only what no rule keeps: no
case, no complaint or other hold, no missing label, no date. It is asked again when it is decided, and once
more right before the bytes go (destroying.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.disposals import Disposal, State
from evidence.domain.ids import is_id, new_id
from evidence.domain.instants import to_text
from evidence.domain.retention import Law, Rule, is_due, keep_until
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.policy.rules import cite_ids
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.keeping.gone import verify_there
from evidence.service.keeping.keeping import law_now, required_by
from evidence.service.oversight.admission import admit_to_recording, admit_to_recordings
from evidence.service.oversight.refusals import reason_of, tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST_AT_ONCE = 200
MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class Due:
    """A recording that nothing keeps any more. rule: the last that did."""

    stored: StoredRecording
    rule: Rule


@dataclass(frozen=True)
class Disposals:
    """The desk for disposals."""

    site: Site

    @admits(Action.DISPOSE)
    def due(self, caller: Caller, limit: int = MOST_LISTED) -> Sequence[Due]:
        """Return what may be asked for within reach, the longest over first; the look is logged."""
        law, required, now = law_now(self.site), required_by(self.site), self.site.clock.now()
        there = reach(caller, Action.DISPOSE, self.site.bars())
        self._log_look(caller, "due")
        with self.site.database.reading() as unit:
            found = unit.disposals.due(there, now, law.required, law.floor.years)
            ids, rules = list[str](), dict[str, Rule]()
            while len(ids) < limit and (some := list(islice(found, MOST_LISTED))):
                kept = unit.keepings.kept(some, required)
                rules |= {one: keep_until(kept[one], law) for one in some}
                ids += [one for one in some if is_due(rules[one], now)]
            known = unit.recordings.some(ids[:limit])
        return [Due(known[one], rules[one]) for one in ids[:limit]]

    @admits(Action.DISPOSE)
    def ask(self, caller: Caller, recording_ids: Sequence[str], reason: str) -> Sequence[Disposal]:
        """Ask that recordings be destroyed; all of them or, where one is kept, none.

        Raises: as `admit_to_recordings`; Invalid("reason-needed", "too-many"), Conflict("still-kept",
        "disposal-asked", "recording-destroyed").
        """
        reason, ids = reason_of(reason), list(dict.fromkeys(recording_ids))
        if not 0 < len(ids) <= MOST_AT_ONCE:
            raise Invalid("too-many", found=len(ids), most=MOST_AT_ONCE)
        admit_to_recordings(self.site, caller, Action.DISPOSE, ids)
        law, now = law_now(self.site), self.site.clock.now()
        new = [Disposal(new_id(), one, reason, caller.id, now) for one in ids]
        with self.site.database.writing() as unit:
            for disposal in new:
                verify_there(unit, disposal.recording_id)
                if any(one.ended_at is None for one in unit.disposals.of(disposal.recording_id)):
                    raise Conflict("disposal-asked", recording=disposal.recording_id)
                rule = self._verify_due(unit, disposal.recording_id, law)
                unit.disposals.add(disposal)
                facts = {"cites": list(cite_ids(rule.cites)), "keeps": rule.keeps.value}
                unit.log.append(_entry(Act.DISPOSAL_ASK, caller, disposal, facts, reason), now)
        return new

    @admits(Action.DISPOSE)
    def decide(
        self, caller: Caller, disposal_ids: Sequence[str], *, is_approved: bool, reason: str
    ) -> Sequence[Disposal]:
        """Approve or refuse what somebody else has asked for; all of it or nothing. The sweep destroys what
        is approved, once its lock is over.

        Raises: NotFound("disposal-not-found"), Refused("own-request"), Conflict("disposal-decided",
        "still-kept"), Invalid; as `admit_to_recording`.
        """
        reason, ids = reason_of(reason), list(dict.fromkeys(disposal_ids))
        if not 0 < len(ids) <= MOST_AT_ONCE:
            raise Invalid("too-many", found=len(ids), most=MOST_AT_ONCE)
        found = [self._admitted(caller, one) for one in ids]
        law, now = law_now(self.site), self.site.clock.now()
        decided = []
        with (
            tries_logged(
                self.site, caller, Action.DISPOSE, *(("recording", one.recording_id) for one in found)
            ),
            self.site.database.writing() as unit,
        ):
            for one in found:
                fresh = unit.disposals.get(one.id) or one
                if fresh.state is not State.ASKED:
                    raise Conflict("disposal-decided", disposal=one.id)
                if fresh.asked_by == caller.id:
                    raise Refused("own-request", action=Action.DISPOSE.value)
                if is_approved:
                    self._verify_due(unit, fresh.recording_id, law)
                done = replace(
                    fresh, is_approved=is_approved, decision=reason, decided_by=caller.id, decided_at=now,
                    ended_at=None if is_approved else now,
                )  # fmt: skip
                unit.disposals.put(done)
                facts: dict[str, object] = {"approved": is_approved, "asked_by": fresh.asked_by}
                unit.log.append(_entry(Act.DISPOSAL_DECIDE, caller, done, facts, reason), now)
                decided.append(done)
        return decided

    @admits(Action.DISPOSE)
    def list(self, caller: Caller, *, ended: bool = False) -> Sequence[Disposal]:
        """Return the disposals within reach, open ones or ended ones, oldest first; the look is logged."""
        there, now = reach(caller, Action.DISPOSE, self.site.bars()), self.site.clock.now()
        self._log_look(caller, "disposals")
        with self.site.database.reading() as unit:
            return unit.disposals.within(there, now, ended=ended)

    @admits(Action.READ_MANIFEST)
    def certificate(self, caller: Caller, recording_id: str) -> bytes:
        """Return the certificate of destruction of a recording; the look is logged.

        Raises: as `admit_to_recording`; Conflict("not-destroyed").
        """
        admit_to_recording(self.site, caller, Action.READ_MANIFEST, recording_id)
        with self.site.database.writing() as unit:
            entry = Entry(
                Act.READ_MANIFEST,
                caller.id,
                (("recording", recording_id),),
                facts={"document": "certificate"},
            )
            unit.log.append(entry, self.site.clock.now())
            found = [one.certificate for one in unit.disposals.of(recording_id) if one.certificate]
        if not found:
            raise Conflict("not-destroyed", recording=recording_id)
        return found[0]

    def _admitted(self, caller: Caller, disposal_id: str) -> Disposal:
        with self.site.database.reading() as unit:
            found = unit.disposals.get(disposal_id) if is_id(disposal_id) else None
        if found is None:
            raise NotFound("disposal-not-found", disposal=disposal_id)
        try:
            admit_to_recording(self.site, caller, Action.DISPOSE, found.recording_id)
        except NotFound:
            raise NotFound("disposal-not-found", disposal=disposal_id) from None
        return found

    def _verify_due(self, unit: UnitOfWork, recording_id: str, law: Law) -> Rule:
        """Return the last rule that kept a recording. Raises: Conflict("still-kept")."""
        kept = unit.keepings.kept([recording_id], required_by(self.site))[recording_id]
        rule = keep_until(kept, law)
        if not is_due(rule, self.site.clock.now()):
            raise Conflict(
                "still-kept",
                recording=recording_id,
                keeps=rule.keeps.value,
                until=None if rule.until is None else to_text(rule.until),
                about=rule.about,
                cites=" ".join(cite_ids(rule.cites)),
            )
        return rule

    def _log_look(self, caller: Caller, which: str) -> None:
        with self.site.database.writing() as unit:
            entry = Entry(Act.READ_LIST, caller.id, facts={"list": which})
            unit.log.append(entry, self.site.clock.now())


def _entry(act: Act, caller: Caller, one: Disposal, facts: Mapping[str, object], reason: str) -> Entry:
    about = (("recording", one.recording_id), ("disposal", one.id))
    return Entry(act, caller.id, about, facts=facts, personal={"reason": reason})
