"""Holding the rows of the catalogue against the pieces in the vault: what stands last for a key is the row.

The pieces are taken newest first, so the first line about a key is the one that counts; of each key a number
is kept and no row (some 100 bytes). All is asked in one transaction, which sees one moment: there a row that
changed waits for its piece (row_pending), is in the piece that is on its way, or stands as the vault says it.
A row that waits is not judged: whatever changes rows with the triggers at work looks like the service
(docs/threats.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from evidence.ledger.rows import Line, read_lines
from evidence.service.log.log_faults import Fault
from evidence.service.log.log_ports import Journal

_AT_ONCE = 400
_LONGEST_ID = 32


@dataclass
class RowCheck:
    """The check of all journalled rows. journal: of the one transaction in which it is used."""

    journal: Journal
    is_blind: bool = False  # a piece is lost: what lines before it say may have been overtaken by it
    _seen: set[int] = field(default_factory=set)
    _asked: dict[str, dict[str, Line]] = field(default_factory=dict)

    def take(self, raw: bytes) -> Iterator[Fault]:
        """Take a piece, the newest first; yield rows that differ. Raises: IntegrityFault("rows-wrong")."""
        if self.is_blind:
            return
        self.journal.is_idle()  # so that something is asked: a transaction that stands idle is ended
        for line in read_lines(raw):
            key = self.journal.key(line)
            sign = hash((line.table, key))
            if key is None or sign in self._seen:
                continue
            self._seen.add(sign)
            asked = self._asked.setdefault(line.table, {})
            asked[key] = line
            if len(asked) == _AT_ONCE:
                yield from self._compare(line.table)

    def rest(self) -> Iterator[Fault]:
        """Yield what differs of the lines that were taken last, and the rows that no line speaks of."""
        for table in list(self._asked):
            yield from self._compare(table)
        if self.is_blind:
            return
        for table in self.journal.tables():
            unsaid = (key for key in self.journal.keys(table) if hash((table, key)) not in self._seen)
            while some := list(islice(unsaid, _AT_ONCE)):
                for key in sorted(set(some) - self.journal.waiting(table, some)):
                    yield _fault(table, key, ["extra"])

    def _compare(self, table: str) -> Iterator[Fault]:
        lines = self._asked.pop(table)
        waiting = self.journal.waiting(table, list(lines))
        for key, what in self.journal.differing(table, lines):
            if key not in waiting:
                yield _fault(table, key, what)


def _fault(table: str, key: str, what: Sequence[str]) -> Fault:
    """Name a row. A key that is no id may name a device: it goes into the alarm, and not into the log."""
    shown = key if len(key) <= _LONGEST_ID else hashlib.sha256(key.encode()).hexdigest()[:_LONGEST_ID]
    return Fault("row-differs-from-journal", f"{table} {shown}", {"key": key, "what": " ".join(what)})
