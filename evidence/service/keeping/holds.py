"""Placing and lifting holds. The database decides, the vault follows, and what is owed to it is done again.

A hold is in force from the moment its row and its entry stand; the vault's own hold is set in the same call.
If the vault is away then, the call says so, the row stays, and the sweep tells the vault later: a hold always
wins. One is lifted by a second person, the row first, then the vault: a crash in between leaves too much,
never too little. A complaint places its own (freezing.py); they are lifted like others once it is
closed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from evidence.domain.access import Caller, denial
from evidence.domain.audit import Act, Entry
from evidence.domain.holds import Hold
from evidence.domain.ids import is_id, new_id
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid, Known, NotFound, Refused
from evidence.policy.rules import cite_ids
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.keeping.gone import verify_there
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.refusals import OutOfSight, reason_of, tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import Missing, StorageError

log = logging.getLogger("evidence.holds")


@dataclass(frozen=True)
class Holds:
    """The desk for holds."""

    site: Site

    @admits(Action.HOLD)
    def place(self, caller: Caller, recording_id: str, ground: str, reason: str) -> Hold:
        """Hold a recording; from the return on the vault refuses to give it up.

        Raises: as `admit_to_recording`; Invalid("unknown-ground", "reason-needed"),
        Conflict("recording-destroyed"); storage errors: the hold is in force, the vault is told later.
        """
        admit_to_recording(self.site, caller, Action.HOLD, recording_id)
        now = self.site.clock.now()
        rule = pack_at(self.site.policies, now).long_term
        if ground not in rule.grounds:
            raise Invalid("unknown-ground", ground=ground, known=Known(rule.grounds, "ground"))
        hold = Hold(new_id(), recording_id, ground, reason_of(reason), caller.id, now)
        facts = {"ground": ground, "cites": list(cite_ids(rule.cites))}
        with self.site.database.writing() as unit:
            verify_there(unit, recording_id)
            hold_in(unit, hold, facts)
        crashpoint("after-hold")
        return self._settle(hold)

    @admits(Action.HOLD)
    def ask_release(self, caller: Caller, hold_id: str, reason: str) -> Hold:
        """Ask that a hold be lifted, of what somebody else recorded; yet another one decides.

        Raises: NotFound, Refused("own-recording", "under-complaint"), Conflict("hold-released",
        "complaint-open"), Invalid.
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with self._lifting(caller, hold_id) as (unit, hold):
            asked = replace(hold, asked_by=caller.id, asked_at=now, ask_reason=reason)
            unit.holds.put(asked)
            unit.log.append(_entry(Act.HOLD_ASK, caller.id, asked, {}, reason), now)
        return asked

    @admits(Action.HOLD)
    def release(self, caller: Caller, hold_id: str, reason: str) -> Hold:
        """Lift a hold of what somebody else recorded, as yet another one has asked; the reason is one's own.

        Raises: NotFound, Conflict("hold-released", "release-not-asked", "complaint-open"),
        Refused("own-request", "own-recording", "under-complaint"), Invalid("reason-needed").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with self._lifting(caller, hold_id) as (unit, hold):
            if hold.asked_by is None:
                raise Conflict("release-not-asked", hold=hold_id)
            if hold.asked_by == caller.id:
                raise Refused("own-request", action=Action.HOLD.value, hold=hold_id)
            lifted = replace(hold, released_by=caller.id, released_at=now, settled=False)
            unit.holds.put(lifted)
            others = [one for one in unit.holds.of(hold.recording_id) if one.stands]
            unit.standings.mark(hold.recording_id, on_hold=bool(others))
            facts = {"ground": hold.ground, "asked_by": hold.asked_by, "others": len(others)}
            unit.log.append(_entry(Act.HOLD_RELEASE, caller.id, hold, facts, reason), now)
        crashpoint("after-release")
        return self._settle(lifted)

    @admits(Action.HOLD)
    def of(self, caller: Caller, recording_id: str) -> Sequence[Hold]:
        """Return the holds of a recording, oldest first, lifted ones too. Raises: as `admit_to_recording`."""
        admit_to_recording(self.site, caller, Action.HOLD, recording_id)
        with self.site.database.reading() as unit:
            return unit.holds.of(recording_id)

    def settle_all(self) -> None:
        """Tell the vault what it has not been told yet; what fails is tried again by the next sweep."""
        with self.site.database.reading() as unit:
            owed = unit.holds.owed()
        self.settle(owed)

    def settle(self, holds: Sequence[Hold]) -> None:
        """Tell the vault of holds as far as it listens; what fails is tried again by the next sweep."""
        for hold in holds:
            try:
                self._settle(hold)
            except StorageError as problem:
                log.warning("the vault could not be told of hold %s: %s", hold.id, problem)

    @contextmanager
    def _lifting(self, caller: Caller, hold_id: str) -> Iterator[tuple[UnitOfWork, Hold]]:
        """Open a transaction about a hold that stands, on a recording to which the caller may do so and that
        they did not make: nobody frees what may speak against them. What a complaint holds stands until that
        is closed, and is no matter of whom it was about.

        Raises: NotFound("hold-not-found"), Refused("own-recording", "under-complaint"),
        Conflict("hold-released", "complaint-open").
        """
        now = self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.HOLD, ("hold", hold_id)),
            self.site.database.writing() as unit,
        ):
            hold = unit.holds.get(hold_id) if is_id(hold_id) else None
            if hold is None:
                raise NotFound("hold-not-found", hold=hold_id)
            standing = unit.standings.get(hold.recording_id, now)
            if denial(caller, Action.HOLD, standing, self.site.bars()) is not None:
                raise OutOfSight("hold-not-found", hold=hold_id)
            complaint = unit.complaints.of_hold(hold.id)
            if complaint is not None and complaint.is_about(caller.id):
                raise Refused("under-complaint", action=Action.HOLD.value)
            if standing.is_by(caller.id):
                raise Refused("own-recording", action=Action.HOLD.value)
            if not hold.stands:
                raise Conflict("hold-released", hold=hold_id)
            if complaint is not None and complaint.closed_at is None:
                raise Conflict("complaint-open", hold=hold.id)
            yield unit, hold

    def _settle(self, hold: Hold) -> Hold:
        """Bring the vault's holds on original and manifest to what the row says, then note that."""
        with self.site.database.reading() as unit:
            stored = unit.recordings.get(hold.recording_id)
        if stored is None:
            raise NotFound("recording-not-found", recording=hold.recording_id)
        while True:
            for key in (stored.recording.data_key, stored.recording.manifest_key):
                self._tell(key, hold)
            with self.site.database.writing() as unit:
                now = unit.holds.get(hold.id)
                if now is None or now.stands == hold.stands:
                    settled = replace(now or hold, settled=True)
                    unit.holds.put(settled)
                    return settled
            hold = now  # lifted meanwhile: what was told may have come last

    def _tell(self, key: str, hold: Hold) -> None:
        if hold.stands:
            self.site.vault.hold(key, hold.id)
            return
        try:
            self.site.vault.release(key, hold.id)
        except Missing:  # it was lifted before a crash, or never reached the vault
            self.site.vault.stat(key)


def hold_in(unit: UnitOfWork, hold: Hold, facts: Mapping[str, object]) -> None:
    """Place a hold in the transaction of the act that asks for it; who calls has the vault told after it."""
    unit.holds.add(hold)
    unit.standings.mark(hold.recording_id, on_hold=True)
    unit.log.append(_entry(Act.HOLD_PLACE, hold.placed_by, hold, facts, hold.reason), hold.placed_at)


def _entry(act: Act, by: str, hold: Hold, facts: Mapping[str, object], reason: str | None = None) -> Entry:
    about = (("recording", hold.recording_id), ("hold", hold.id))
    return Entry(act, by, about, facts=facts, personal={} if reason is None else {"reason": reason})
