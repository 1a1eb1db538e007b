"""What stands still about the logs: entries that nobody signs, checks that do not end sound.

Told with the alarms, and kept nowhere: it is over as soon as things go on. It is no alarm of its own, because
an alarm stops the signing, and who could stop it by a full disc would only have to fill one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from evidence.domain.alarms import Alarm
from evidence.domain.audit import Act, Family
from evidence.domain.instants import from_text
from evidence.service.ports import UnitOfWork

UNSIGNED = timedelta(minutes=10)  # ten times as long as the slowest setting lets an entry wait
CHECKS_MISSED = 3
CUSTODY = Family.CUSTODY.value


def standstills(unit: UnitOfWork, now: datetime, check_every: timedelta) -> Iterator[Alarm]:
    """Yield what stands still, since when at the earliest. check_every: between two checks of the logs."""
    for which in unit.tree.logs():
        size, signed = unit.tree.size(which), unit.tree.published(which)[0]
        since = unit.tree.entry_at(which, signed) if signed < size else None
        if since is not None and now - since > UNSIGNED:
            yield Alarm("signing-stands-still", which, now, since, {"entries": size - signed})
    sound = unit.log.last_ok(Act.LOG_CHECK)
    last = from_text(sound["t"]) if sound else unit.tree.entry_at(CUSTODY, 0)
    if last is not None and now - last > CHECKS_MISSED * check_every:
        yield Alarm("no-sound-check", CUSTODY, now, last, {})
