"""Rights that last longer than a moment: what a long answer goes on by. They are asked again and again.

The caller of a moment ago is looked up anew each time: grants may be revoked, an account disabled, a case
closed, an emergency over, a serious event marked while bytes are on their way (drill A06).
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, Why, denial
from evidence.domain.audit import Act, Entry
from evidence.domain.people import is_on_roll
from evidence.domain.rights import Action, Kind
from evidence.errors import NotFound, Refused
from evidence.service.oversight.admission import as_error, log_denial
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


def caller_now(unit: UnitOfWork, site: Site, caller: Caller) -> Caller | None:
    """Return a caller as they stand at this moment, None for whom there is nothing any more: a token or an
    account that was ended, somebody who is no longer on the roll.
    """
    now = site.clock.now()
    if caller.kind is Kind.PERSON:
        found = unit.people.get(caller.id)
        today = now.astimezone(ZoneInfo(site.policies.latest.time_zone)).date()
        if found is None or not is_on_roll(found, today, now) or unit.grants.is_disabled(caller.id):
            return None
        return unit.grants.caller(caller.id, now)
    if caller.kind is Kind.OPERATOR:
        return caller
    return caller if unit.accounts.is_in_force(caller.id, now) else None


@dataclass(frozen=True)
class Right:
    """A right to go on doing something to a recording; what for was said when it began."""

    site: Site
    caller: Caller
    action: Action
    recording_id: str

    def verify(self) -> None:
        """Return where the caller may go on. Where not, the log says so.

        Raises: Refused("right-ended") for whom there is nothing any more; as `admit_to_recording`.
        """
        with self.site.database.reading() as unit:
            caller = caller_now(unit, self.site, self.caller)
            stored = unit.recordings.get(self.recording_id)
            standing = unit.standings.get(self.recording_id, self.site.clock.now())
        if caller is None:
            self._log_end()
            raise Refused("right-ended", action=self.action.value)
        if stored is None:
            raise NotFound("recording-not-found", recording=self.recording_id)
        denied = denial(caller, self.action, standing, self.site.bars())
        if denied is None or denied.why is Why.PURPOSE_NEEDED:
            return
        with self.site.database.writing() as unit:
            log_denial(unit, self.site, caller, self.action, self.recording_id, denied)
        raise as_error(denied, self.action, self.recording_id)

    def _log_end(self) -> None:
        facts: dict[str, object] = {"action": self.action.value, "why": "account-ended", "cites": []}
        entry = Entry(Act.DENIED, self.caller.id, (("recording", self.recording_id),), "refused", facts)
        with self.site.database.writing() as unit:
            unit.log.append(entry, self.site.clock.now())
