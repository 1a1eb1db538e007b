"""Placing and lifting holds. The database decides, the vault follows, and what is owed to it is done again.

A hold is in force from the moment its row and its entry stand; the vault's own hold is set in the same call.
If the vault is away then, the call says so, the row stays, and the sweep tells the vault later: a hold always
wins. One is lifted by a second person, the row first, then the vault: a crash in between leaves too much,
never too little. A complaint places its own (service/freezing.py); they are lifted like others once it is
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
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.policy.rules import cite_ids
from evidence.service.admission import admit_to_recording
from evidence.service.gate import admits
from evidence.service.gone import verify_there
from evidence.service.instruments import pack_at
from evidence.service.ports import UnitOfWork
from evidence.service.refusals import tries_logged
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import Missing, StorageError

log = logging.getLogger("evidence.holds")
LONGEST_REASON = 2000


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
            raise Invalid("unknown-ground", ground=ground, known=" ".join(rule.grounds))
        hold = Hold(new_id(), recording_id, ground, _reason(reason), caller.id, now)
        facts = {"ground": ground, "cites": list(cite_ids(rule.cites))}
        with self.site.database.writing() as unit:
            verify_there(unit, recording_id)
            hold_in(unit, hold, facts)
        crashpoint("after-hold")
        return self._settle(hold)

    @admits(Action.HOLD)
    def ask_release(self, caller: Caller, hold_id: str, reason: str) -> Hold:
        """Ask that a hold be lifted; somebody else decides.

        Raises: NotFound, Invalid, Conflict("hold-released", "complaint-open"), Refused("under-complaint").
        """
        hold, reason = self._mine(caller, hold_id), _reason(reason)
        now = self.site.clock.now()
        with self._lifting(caller, hold) as unit:
            hold = unit.holds.get(hold_id) or hold  # as it is now that nobody else may write
            if not hold.stands:
                raise Conflict("hold-released", hold=hold_id)
            asked = replace(hold, asked_by=caller.id, asked_at=now, ask_reason=reason)
            unit.holds.put(asked)
            unit.log.append(_entry(Act.HOLD_ASK, caller.id, hold, {}), now)
        return asked

    @admits(Action.HOLD)
    def release(self, caller: Caller, hold_id: str) -> Hold:
        """Lift a hold, as somebody else has asked.

        Raises: NotFound, Conflict("hold-released", "release-not-asked", "complaint-open"),
        Refused("own-request", "under-complaint").
        """
        hold = self._mine(caller, hold_id)
        now = self.site.clock.now()
        with self._lifting(caller, hold) as unit:
            hold = unit.holds.get(hold_id) or hold  # as it is now that nobody else may write
            if not hold.stands:
                raise Conflict("hold-released", hold=hold_id)
            if hold.asked_by is None:
                raise Conflict("release-not-asked", hold=hold_id)
            if hold.asked_by == caller.id:
                raise Refused("own-request", hold=hold_id)
            lifted = replace(hold, released_by=caller.id, released_at=now, settled=False)
            unit.holds.put(lifted)
            others = [one for one in unit.holds.of(hold.recording_id) if one.stands]
            unit.standings.mark(hold.recording_id, on_hold=bool(others))
            facts = {"ground": hold.ground, "asked_by": hold.asked_by, "others": len(others)}
            unit.log.append(_entry(Act.HOLD_RELEASE, caller.id, hold, facts), now)
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
    def _lifting(self, caller: Caller, hold: Hold) -> Iterator[UnitOfWork]:
        """Open a transaction that lifts a hold, or asks for that. One that a complaint placed stands until it
        is closed, and is no matter of whom it was about. Raises: Conflict, Refused.
        """
        objects = (("recording", hold.recording_id), ("hold", hold.id))
        with (
            tries_logged(self.site, caller, Action.HOLD, *objects),
            self.site.database.writing() as unit,
        ):
            if (complaint := unit.complaints.of_hold(hold.id)) is not None:
                if complaint.is_about(caller.id):
                    raise Refused("under-complaint", action=Action.HOLD.value)
                if complaint.closed_at is None:
                    raise Conflict("complaint-open", hold=hold.id)
            yield unit

    def _mine(self, caller: Caller, hold_id: str) -> Hold:
        """Return a hold on a recording to which the caller may do so. Raises: NotFound("hold-not-found")."""
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            hold = unit.holds.get(hold_id) if is_id(hold_id) else None
            standing = None if hold is None else unit.standings.get(hold.recording_id, now)
        if hold is None or standing is None:
            raise NotFound("hold-not-found", hold=hold_id)
        if denial(caller, Action.HOLD, standing, self.site.bars()) is not None:
            raise NotFound("hold-not-found", hold=hold_id)
        return hold

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


def _reason(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_REASON:
        raise Invalid("reason-needed", longest=LONGEST_REASON)
    return text.strip()


def hold_in(unit: UnitOfWork, hold: Hold, facts: Mapping[str, object]) -> None:
    """Place a hold in the transaction of the act that asks for it; who calls has the vault told after it."""
    unit.holds.add(hold)
    unit.standings.mark(hold.recording_id, on_hold=True)
    unit.log.append(_entry(Act.HOLD_PLACE, hold.placed_by, hold, facts), hold.placed_at)


def _entry(act: Act, by: str, hold: Hold, facts: Mapping[str, object]) -> Entry:
    return Entry(act, by, (("recording", hold.recording_id), ("hold", hold.id)), facts=facts)
