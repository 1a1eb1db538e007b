"""Taking a request for an export back: by who asked, with a reason, as long as nobody has decided about it.

It stays in the list as withdrawn, and nothing of it keeps a recording any more. What was decided is never
taken back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.exports import Withdrawal
from evidence.domain.rights import Action
from evidence.errors import Refused
from evidence.service.court.export_access import about_export, entry_of, verify_undecided
from evidence.service.court.export_lists import ListedExport, listed_of
from evidence.service.gate import admits
from evidence.service.oversight.refusals import reason_of
from evidence.service.site import Site


@dataclass(frozen=True)
class Withdrawing:
    """The desk where requests are taken back."""

    site: Site

    @admits(Action.EXPORT)
    def withdraw(self, caller: Caller, export_id: str, reason: str) -> ListedExport:
        """Take back what one has asked for.

        Raises: NotFound("export-not-found"), Refused("not-the-asker"), Conflict("export-decided",
        "export-withdrawn"), Invalid("reason-needed").
        """
        now = self.site.clock.now()
        said = Withdrawal(caller.id, now, reason_of(reason))
        with about_export(self.site, caller, Action.EXPORT, export_id) as (unit, found):
            if found.asked_by != caller.id:
                raise Refused("not-the-asker", action=Action.EXPORT.value)
            verify_undecided(found)
            done = replace(found, withdrawn=said)
            unit.exports.put(done)
            entry = entry_of(Act.EXPORT_WITHDRAW, caller.id, done, {}, {"reason": said.reason})
            unit.log.append(entry, now)
            return listed_of(unit, self.site, caller, done)
