"""Watching what this process works by: policy pack and program, against what it logged when it started.

Every start is an act of custody with both digests, and says which of them are others than at the start
before. Whoever changes a file below a running service is named within a minute. What somebody changes while
the service stands still is in its next `site.start`; a replaced program may lie there (docs/threats.md).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.alarms import Alarm
from evidence.domain.audit import Act, Entry
from evidence.domain.builds import Build, differences
from evidence.service.log.auditing import raise_alarms
from evidence.service.log.log_ports import Builds, LogSigner
from evidence.service.site import Site

log = logging.getLogger("evidence.watching")
LOOK_EVERY_S = 20.0
_MOST_NAMED = 5


@dataclass
class Watching:
    """The desk of one process."""

    site: Site
    signer: LogSigner
    builds: Builds
    _begun: Build | None = None
    _sound_at: datetime | None = None

    def begin(self) -> None:
        """Log that the service starts, and by what. If the entry cannot be written, it does not start."""
        found, now = self.builds.now(), self.site.clock.now()
        digests = found.digests()
        with self.site.database.writing() as unit:
            before = unit.log.last_ok(Act.START)
            said = before["facts"] if before else digests
            changed = [part for part, digest in digests.items() if said.get(part) != digest]
            unit.log.append(Entry(Act.START, "service", facts={**digests, "changed": changed}), now)
        if changed:
            log.warning("another %s than when the service started last", " and ".join(changed))
        self._begun, self._sound_at = found, now

    def look(self) -> list[Alarm]:
        """Compare what lies on the disc with what was logged; raise an alarm for each part that differs."""
        if self._begun is None:
            return []
        found, now = self.builds.now(), self.site.clock.now()
        alarms = []
        for part, names in differences(self._begun, found):
            detail = {"files": " ".join(names[:_MOST_NAMED]), "number": len(names)}
            alarms.append(Alarm(f"{part}-changed", part.value, now, self._sound_at, detail))
        if not alarms:
            self._sound_at = now
        raise_alarms(self.site, self.signer, alarms)
        return alarms
