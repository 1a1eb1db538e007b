"""Journaling: rows of the catalogue that changed go into the vault, and the log vouches for each piece.

1. the piece's bytes are decided in the database, in one transaction with the rows it takes off the list
2. it is sealed, or the very same one is found there
3. one transaction: the entry `log.rows`, and the piece is settled
Each step may be done twice and by two at once. An entry of the log is no row, so there is an end to it. Form:
docs/formats/log-rows.md. Reading it all back: evidence/rebuilding.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.domain.audit import Act, Entry
from evidence.domain.retention import retain_until
from evidence.errors import IntegrityFault
from evidence.ledger.rows import key_of
from evidence.service.instruments import pack_at
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import Exists
from storage.vault import Lock


@dataclass(frozen=True)
class Journaling:
    """The use case: part of publishing."""

    site: Site

    def seal_all(self) -> None:
        """Seal what has changed by now. What changes meanwhile is for the next time: where docks send without
        a pause there would be no end, and a piece for every few rows.

        Raises: IntegrityFault("segment-differs"), storage errors: tried again.
        """
        may_be_more = True
        while may_be_more and (planned := self._plan()) is not None:
            serial, body, may_be_more = planned
            seal_piece(self.site, key_of(serial), body)
            crashpoint("after-rows-piece")
            self._vouch(serial)

    def _plan(self) -> tuple[int, bytes, bool] | None:
        """Return serial and bytes of the next piece, and whether there may be one after it; None: none."""
        with self.site.database.reading() as unit:
            if (planned := unit.journal.planned()) is not None:
                return *planned, True
            if unit.journal.is_idle():
                return None
        with self.site.database.writing() as unit:
            if unit.journal.planned() is None:
                unit.journal.plan()
            is_all = unit.journal.is_idle()
            planned = unit.journal.planned()
            return None if planned is None else (*planned, not is_all)

    def _vouch(self, serial: int) -> None:
        with self.site.database.writing() as unit:
            settled = unit.journal.settle(serial)
            if settled is not None:  # else another has done so meanwhile
                unit.log.append(rows_entry(serial, *settled), self.site.clock.now())


def rows_entry(serial: int, sha256: str, lines: int, **facts: object) -> Entry:
    """Return the entry that vouches for a piece."""
    said = {"key": key_of(serial), "rows": lines, "serial": serial, "sha256": sha256, **facts}
    return Entry(Act.LOG_ROWS, "service", facts=said)


def seal_piece(site: Site, key: str, body: bytes) -> None:
    """Seal a piece of what is published, or find the very same one; locked as a recording of this moment is.

    Raises: IntegrityFault("segment-differs").
    """
    if seal_first(site, key, body) != body:
        raise IntegrityFault("segment-differs", key=key)


def seal_first(site: Site, key: str, body: bytes) -> bytes:
    """Seal a piece unless there is one; return what stands there.

    Of two processes one waits for the other: a bucket would take two versions of one key.
    """
    now = site.clock.now()
    lock = Lock(retain_until(now, pack_at(site.policies, now).retention))
    with site.database.alone():
        try:
            site.vault.seal_bytes(key, body, lock)
        except Exists:
            found = site.vault.stat(key)
            with site.vault.open(key, found.version) as stored:
                return stored.read()
    return body
