"""Holding the pieces of rows in the vault against the entries of the log that vouch for them, and the rows
against the pieces.

A rebuild believes no piece that differs; so it must be known before one is needed. The pieces say what each
row is; so a row that somebody edited past the service differs from them (row_checks.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.rows import PREFIX, key_of, serial_of
from evidence.service.log_faults import Fault, raise_if_away
from evidence.service.row_checks import RowCheck
from evidence.service.site import Site
from storage.errors import StorageError
from storage.vault import Debris, Sealed


@dataclass(frozen=True)
class JournalCheck:
    """The check of one site."""

    site: Site
    listed: Sequence[Sealed | Debris]  # what lay below `log/` in the vault a moment ago

    def faults(self) -> Iterator[Fault]:
        """Yield what does not agree. Raises: StoreUnavailable."""
        there: set[int] = set()
        for one in self.listed:
            if not one.key.startswith(PREFIX):
                continue
            try:
                serial = serial_of(one.key)
            except Invalid:
                yield Fault("rows-unknown", one.key)
                continue
            if isinstance(one, Sealed):
                there.add(serial)
        with self.site.database.reading() as unit:  # after the look into the vault: entries come last
            vouched = dict(unit.journal.vouched())
            planned = unit.journal.planned()
            for serial in sorted(there - vouched.keys() - ({planned[0]} if planned else set())):
                yield Fault("rows-unknown", key_of(serial))
            rows = RowCheck(unit.journal)
            if planned is not None:
                yield from _taken(rows, *planned)
            for serial in range(max(vouched, default=0), 0, -1):
                yield from self._compare(rows, serial, vouched.get(serial))
            yield from rows.rest()

    def _compare(self, rows: RowCheck, serial: int, sha256: str | None) -> Iterator[Fault]:
        """Hold a piece against what vouches for it, and rows against the piece. sha256: None where the entry
        of the log is gone, which is told with the log.
        """
        key = key_of(serial)
        if sha256 is None:
            rows.is_blind = True
            return
        try:
            with self.site.vault.open(key) as stored:
                raw = stored.read()
        except StorageError as problem:
            raise_if_away(problem)
            rows.is_blind = True
            yield Fault("rows-missing", key, {"reason": problem.code})
            return
        found = hashlib.sha256(raw).hexdigest()
        if found != sha256:
            rows.is_blind = True
            yield Fault("rows-altered", key, {"vouched": sha256, "found": found})
            return
        yield from _taken(rows, serial, raw)


def _taken(rows: RowCheck, serial: int, raw: bytes) -> Iterator[Fault]:
    try:
        yield from rows.take(raw)
    except IntegrityFault as problem:
        rows.is_blind = True
        yield Fault("rows-wrong", key_of(serial), dict(problem.fields))
