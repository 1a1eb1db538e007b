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
from evidence.service.log.log_faults import Fault, raise_if_away
from evidence.service.log.row_checks import RowCheck
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
        there: dict[int, Sealed | Debris] = {}
        for one in self.listed:
            if not one.key.startswith(PREFIX):
                continue
            try:
                serial = serial_of(one.key)
            except Invalid:
                yield Fault("rows-unknown", one.key)
                continue
            there[serial] = one
        with self.site.database.reading() as unit:  # after the look into the vault: entries come last
            vouched = dict(unit.journal.vouched())
            planned = unit.journal.planned()
            whole = {serial for serial, one in there.items() if isinstance(one, Sealed)}
            for serial in sorted(whole - vouched.keys() - ({planned[0]} if planned else set())):
                yield Fault("rows-unknown", key_of(serial))
            for serial in sorted(there.keys() & vouched.keys()):
                yield from _unsound(there[serial])
            rows = RowCheck(unit.journal)
            if planned is not None:
                yield from _taken(rows, *planned)
            above = max(vouched, default=0) + 1
            for serial in [*sorted(vouched, reverse=True), 0]:
                if serial + 1 < above:  # no entry vouches for those: cut out of the log, or stepped over
                    rows.is_blind = True
                    yield Fault("rows-missing", key_of(serial + 1), {"until": key_of(above - 1)})
                if serial:
                    yield from self._compare(rows, serial, vouched[serial])
                above = serial
            yield from rows.rest()

    def _compare(self, rows: RowCheck, serial: int, sha256: str) -> Iterator[Fault]:
        """Hold a piece against what vouches for it, and rows against the piece."""
        key = key_of(serial)
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


def _unsound(one: Sealed | Debris) -> Iterator[Fault]:
    """Yield what is wrong with a piece beside its bytes: a damaged lock record, as drill F17 found."""
    if isinstance(one, Sealed):
        yield from (Fault("log-piece-damaged", one.key, {"reason": alarm}) for alarm in one.alarms)
    elif one.kind != "lock-without-object":  # that is told as missing
        yield Fault("log-piece-damaged", one.key, {"reason": one.kind})


def _taken(rows: RowCheck, serial: int, raw: bytes) -> Iterator[Fault]:
    try:
        yield from rows.take(raw)
    except IntegrityFault as problem:
        rows.is_blind = True
        yield Fault("rows-wrong", key_of(serial), dict(problem.fields))
