"""What a crash left in staging of which no row speaks: a short file that was durable before the commit that
names it (decision 53). Nobody was told of it, and the card's file is sent again; so it goes, after the time
that an upload may rest, with an entry in the log.

Removed within a writing transaction that finds no row of it; who opens an upload looks, in the transaction
that names it, whether its bytes are still there (opening.py). Of the two one comes first, whatever the clock
says. Not here: what no crash of this program leaves (another name, a larger file): that stays, and is listed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id
from evidence.service.jobs import SMALL_BYTES
from evidence.service.site import Site
from storage.errors import Missing, StagingBusy
from storage.staging import Staged

log = logging.getLogger("evidence.staging")


@dataclass(frozen=True)
class StagingDebris:
    """What the sweep does with it."""

    site: Site

    def clear(self, now: datetime) -> int:
        """Remove what rested too long and no row names; return how many. Raises: StoreUnavailable."""
        oldest = now - self.site.terms.upload_rest
        return sum(self._cleared(one, now) for one in self.site.staging.census() if _may_be(one, oldest))

    def _cleared(self, one: Staged, now: datetime) -> bool:
        """A crash between the removal and the commit leaves neither file nor entry: nobody was told of it."""
        id_ = str(one.upload_id)
        with self.site.database.reading() as unit:
            if unit.uploads.get(id_) is not None:
                return False
        try:
            with self.site.database.writing() as unit:
                if unit.uploads.get(id_) is not None:
                    return False
                facts = {"size": one.size_bytes}
                unit.log.append(Entry(Act.UPLOAD_CLEAR, "service", (("upload", id_),), facts=facts), now)
                self.site.staging.remove(id_)
        except (Missing, StagingBusy):
            return False
        log.warning("staged file %s removed, %d bytes: no row speaks of it", id_, one.size_bytes)
        return True


def _may_be(one: Staged, oldest: datetime) -> bool:
    is_ours = one.upload_id is not None and is_id(one.upload_id) and not one.sealed
    return is_ours and one.size_bytes <= SMALL_BYTES and one.changed_at < oldest
