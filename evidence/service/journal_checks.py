"""Holding the pieces of rows in the vault against the entries of the log that vouch for them.

A rebuild believes no piece that differs; so it must be known before one is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.errors import Invalid
from evidence.ledger.rows import PREFIX, key_of, serial_of
from evidence.service.log_faults import Fault, raise_if_away
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
        for serial, sha256 in sorted(vouched.items()):
            yield from self._compare(serial, sha256)

    def _compare(self, serial: int, sha256: str) -> Iterator[Fault]:
        key = key_of(serial)
        try:
            with self.site.vault.open(key) as stored:
                found = hashlib.sha256(stored.read()).hexdigest()
        except StorageError as problem:
            raise_if_away(problem)
            yield Fault("rows-missing", key, {"reason": problem.code})
            return
        if found != sha256:
            yield Fault("rows-altered", key, {"vouched": sha256, "found": found})
