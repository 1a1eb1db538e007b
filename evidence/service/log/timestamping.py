"""Time stamps: an authority outside says that a checkpoint of custody was there before a moment (RFC 3161).

What the log holds up to that size is older than the stamp, whatever our own clock said; what stands behind
the entry that names the stamp is younger. Nothing waits for the authority: it is asked again each round, and
that it has been silent for a day is told by status and notes. Order of one stamp:
1. the newest checkpoint, byte for byte as it lies in the vault
2. the answer is checked, with the certificate that the site has pinned
3. it goes into the vault beside the checkpoint; a crash comes back to it
4. row and entry in one transaction
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta

from evidence.domain.audit import Act, Entry, Family
from evidence.domain.instants import to_text
from evidence.errors import IntegrityFault, Unavailable
from evidence.ledger.segments import Kind, Piece
from evidence.service.log.journaling import seal_first
from evidence.service.log.log_ports import TimeAuthority
from evidence.service.site import Site
from storage.errors import Missing

log = logging.getLogger("evidence.timestamping")
LOG = Family.CUSTODY.value
SILENT = timedelta(days=1)


@dataclass(frozen=True)
class Timestamping:
    """The desk for time stamps. every: between two of them. authority: None where none is set up."""

    site: Site
    authority: TimeAuthority | None = None
    every: timedelta = timedelta(hours=1)

    def stamp(self) -> bool:
        """Have the newest checkpoint stamped if it is time; tell whether it was. Trouble is noted only."""
        if self.authority is None or not self._is_due():
            return False
        try:
            return self._stamp(self.authority)
        except (Unavailable, IntegrityFault) as problem:
            tell = log.error if self.is_silent() else log.warning
            tell("no time stamp, it will be asked for again: %s", problem)
            return False

    def is_silent(self) -> bool:
        """Tell whether an authority is set up, there is something to stamp, and for a day it was not."""
        if self.authority is None:
            return False
        with self.site.database.reading() as unit:
            last, began = unit.timestamps.last(LOG), next(iter(unit.tree.checkpoints(LOG)), None)
            since = last[1] if last else unit.tree.noted_at(LOG, began[0]) if began else None
        return since is not None and self.site.clock.now() - since > SILENT

    def state(self) -> dict[str, object] | None:
        """Return what there is to know for a status: None where no authority is set up."""
        if self.authority is None:
            return None
        with self.site.database.reading() as unit:
            last = unit.timestamps.last(LOG)
        said = {"size": last[0], "at": to_text(last[1])} if last else {"size": 0, "at": None}
        return {**said, "is_silent": self.is_silent()}

    def newest(self) -> tuple[bytes, bytes] | None:
        """Return the newest checkpoint that was stamped, and the authority's answer; None where none was."""
        with self.site.database.reading() as unit:
            last = unit.timestamps.last(LOG)
            if last is None:
                return None
            return unit.tree.checkpoint(LOG, last[0]), unit.timestamps.token(LOG, last[0])

    def _is_due(self) -> bool:
        with self.site.database.reading() as unit:
            if unit.alarms.standing():
                return False
            size, last = unit.tree.published(LOG)[0], unit.timestamps.last(LOG)
        if last is None:
            return size > 0
        return size > last[0] and self.site.clock.now() - last[1] >= self.every

    def _stamp(self, authority: TimeAuthority) -> bool:
        with self.site.database.reading() as unit:
            size, note = unit.tree.published(LOG)
        key = Piece(LOG, size, Kind.TIMESTAMP).key()
        token = self._left(key) or authority.stamp(note)
        authority.verify(token, note)  # before it is locked for years
        token = seal_first(self.site, key, token)  # another's, who was there first
        at = authority.verify(token, note)
        sha256 = hashlib.sha256(token).hexdigest()
        facts = {"at": to_text(at), "log": LOG, "sha256": sha256, "size": size}
        with self.site.database.writing() as unit:
            is_new = unit.timestamps.add(LOG, size, token, at)
            if is_new:
                unit.log.append(Entry(Act.LOG_TIMESTAMP, "service", facts=facts), self.site.clock.now())
        return is_new

    def _left(self, key: str) -> bytes:
        """Return the answer that a crash left behind in the vault, nothing where there is none."""
        try:
            with self.site.vault.open(key) as stored:
                return stored.read()
        except Missing:
            return b""
