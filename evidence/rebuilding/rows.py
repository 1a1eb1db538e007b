"""Reading the pieces of rows back from the vault, each against the entry that vouches for it.

A piece that differs from what the log says of it is not believed. One that nobody vouches for is taken only
behind all others: there a crash may have come between the piece and its entry; it is told, and the log
vouches for it from now on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from evidence.adapters.db import replay
from evidence.adapters.db.repositories.journal import TABLES
from evidence.adapters.db.tables import JOURNALLED
from evidence.adapters.db.unit_of_work import SqlUnitOfWork
from evidence.adapters.rebuilding import Scratch
from evidence.domain.instants import to_text
from evidence.domain.rights import Kind
from evidence.errors import IntegrityFault
from evidence.ledger.rows import key_of, read_rows
from evidence.rebuilding.logs import read_object
from evidence.rebuilding.report import Report
from evidence.service.log.journaling import rows_entry
from evidence.service.moving import Teller
from evidence.service.ports import Clock
from storage.errors import StorageError, StoreUnavailable
from storage.vault import Vault


class Rows:
    """All pieces of a vault."""

    def __init__(self, vault: Vault, unit: SqlUnitOfWork, scratch: Scratch, report: Report) -> None:
        self._vault, self._unit, self._scratch, self._report = vault, unit, scratch, report
        self._unfit: list[tuple[str, str]] = []

    def read(self, serials: set[int], clock: Clock, teller: Teller) -> None:
        """Read all pieces into the scratch. serials: those in the vault. Raises: StoreUnavailable."""
        vouched = {serial: sha256 for serial, sha256, _ in self._unit.journal.pieces()}
        last = max(vouched, default=0)
        before = 0
        for serial in sorted(vouched.keys() | {one for one in serials if one < last}):
            if serial > before + 1:  # told once: whoever forges an entry chooses how many
                self._report.fault("rows-missing", key_of(before + 1), until=key_of(serial - 1))
            before = serial
            if serial not in vouched:
                self._report.fault("rows-unknown", key_of(serial))
            elif (raw := self._piece(serial)) is not None:
                if hashlib.sha256(raw).hexdigest() != vouched[serial]:
                    self._report.fault("rows-altered", key_of(serial))
                else:
                    self._take(serial, raw)
            teller.done(0)
        for serial in sorted(serial for serial in serials if serial > last):
            if serial != last + 1:
                self._report.fault("rows-unknown", key_of(serial))
                continue
            last = serial
            self._adopt(serial, clock)

    def write(self, clock: Clock, teller: Teller) -> None:
        """Write the rows as they stand last, those that others refer to first."""
        for name in self._scratch.tables():
            if replay.table_named(name) is None:
                self._report.fault("rows-unknown", name)

        for id_ in self._scratch.lost_accounts():
            self._report.fault("row-missing", f"account {id_}")
            self._scratch.put([("account", id_, _stand_in(id_, clock))])
            replay.note_row(self._unit, "account", id_)

        def told(table: str, key: str, reason: str) -> None:
            self._unfit.append((table, key))
            if table == "recording":  # its manifest may bring it back; what hangs on it waits for that
                self._report.fault("row-not-fitting", f"{table} {key}", reason=reason)
                self._scratch.forget(table, key)
                replay.note_row(self._unit, table, key)

        with replay.filling(self._unit, self._scratch):
            for table in TABLES:
                self._report.counts[table.name] = replay.take_over(self._unit, self._scratch, table, told)
                teller.done(0)

    def write_late(self) -> None:
        """Write what did not fit at first, behind the recordings that came back from their manifests."""

        def told(table: str, key: str, reason: str) -> None:
            self._report.fault("row-not-fitting", f"{table} {key}", reason=reason)
            replay.note_row(self._unit, table, key)

        for name, key in self._unfit:
            table = replay.table_named(name)
            if table is not None and (row := self._scratch.row(name, key)) is not None:
                self._report.counts[name] += replay.put_rows(self._unit, table, [row], told)

    def _piece(self, serial: int) -> bytes | None:
        try:
            return read_object(self._vault, key_of(serial))
        except StoreUnavailable:
            raise
        except StorageError as problem:
            self._report.fault("rows-missing", key_of(serial), reason=problem.code)
            return None

    def _take(self, serial: int, raw: bytes) -> bool:
        try:
            self._scratch.put(_lines(raw))
        except (IntegrityFault, KeyError) as problem:
            self._report.fault("rows-wrong", key_of(serial), reason=str(problem))
            return False
        self._report.counts["pieces"] += 1
        return True

    def _adopt(self, serial: int, clock: Clock) -> None:
        """Take a piece that no entry vouches for, and have the log vouch for it as it is."""
        raw = self._piece(serial)
        if raw is None:
            return
        if self._take(serial, raw):
            self._report.note("rows-unvouched", key_of(serial))
        sha256, lines = hashlib.sha256(raw).hexdigest(), raw.count(b"\n")
        replay.put_piece(self._unit, serial, sha256, lines)
        self._unit.log.append(rows_entry(serial, sha256, lines, adopted=True), clock.now())


def _stand_in(account_id: str, clock: Clock) -> dict[str, object]:
    """Return the row of an account of which nothing is known but that it was there: it opens no door."""
    now = to_text(clock.now())
    row = {"created_at": now, "id": account_id, "name": f"rebuilt {account_id}", "revoked_at": now}
    return {**row, "role": Kind.DOCK.value}


def _lines(raw: bytes) -> Iterator[tuple[str, str, dict[str, object] | None]]:
    for table, values, is_gone, _ in read_rows(raw):
        key = "".join([str(values[name]) for name in JOURNALLED.get(table, ())])
        yield table, key, None if is_gone else values
