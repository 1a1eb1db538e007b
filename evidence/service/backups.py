"""That a backup was made, or tried out by restoring it, is put on record by whoever did it.

Backups themselves are made outside, by other accounts than the service's (docs/operations.md, Backup and
restore). What is noted here is a claim under a name, in the log of custody; it proves no backup.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.instants import from_text, to_text
from evidence.domain.rights import Action
from evidence.errors import Invalid
from evidence.service.gate import admits
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


class Done(StrEnum):
    """What was done."""

    COPIED = "copied"
    RESTORED = "restored"


ACTS = {Done.COPIED: Act.BACKUP, Done.RESTORED: Act.RESTORE}


@dataclass(frozen=True)
class Backups:
    """The desk for what is noted of backups."""

    site: Site

    @admits(Action.MANAGE_LOG)
    def note(self, caller: Caller, done: Done, at: datetime | None = None) -> datetime:
        """Note that all was copied, or restored and found whole, as it stood at a moment; return that one.

        at: None for now. Raises: Invalid("backup-time-wrong") for a moment to come, before the site began, or
        not after the one that was noted last.
        """
        now = self.site.clock.now()
        at = at or now
        with self.site.database.writing() as unit:
            began, last = unit.tree.entry_at("custody", 0), last_noted(unit, done)
            if at > now or (began is not None and at < began) or (last is not None and at <= last):
                raise Invalid("backup-time-wrong", at=to_text(at))
            unit.log.append(Entry(ACTS[done], caller.id, facts={"at": to_text(at)}), now)
        return at


def last_noted(unit: UnitOfWork, done: Done) -> datetime | None:
    """Return the moment of the site that the last backup holds, or that was restored last."""
    entry = unit.log.last_ok(ACTS[done])
    return None if entry is None else from_text(entry["facts"]["at"])
