"""What is published of the logs, in SQL: tiles, the plan of segments, checkpoints and keys.

Only hash tiles stand here, and only as a store to make proofs from: they follow from the leaves in
`audit_entry`, and whoever doubts them makes them anew. `log_segment` says where segments end before they are
sealed, so that a crash leads to the same ones. Those who may write are alone (decision 10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from evidence.adapters.db.log_tables import audit_entry, log_checkpoint, log_key, log_segment, log_tile
from evidence.adapters.db.repositories.rows import stored_bytes
from evidence.domain.instants import from_text, to_text
from evidence.errors import IntegrityFault
from evidence.ledger.encodings import HASH_BYTES
from evidence.ledger.tiles import Tile


class SqlTree:
    """See service.ports.LogTree."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def logs(self) -> Sequence[str]:
        """Return the logs that have entries, by name; each found by the index, whatever their lengths."""
        found: list[str] = []
        while True:
            last = found[-1] if found else ""
            name = self._db.execute(
                select(func.min(audit_entry.c.log)).where(audit_entry.c.log > last)
            ).scalar_one()
            if name is None:
                return found
            found.append(str(name))

    def published_logs(self) -> Sequence[str]:
        """Return the logs of which anything was published, whether or not they still have entries."""
        both = select(log_segment.c.log).union(select(log_checkpoint.c.log))
        return sorted(str(log) for log in self._db.execute(both).scalars())

    def size(self, log: str) -> int:
        """Return the number of entries of a log, as its greatest index says."""
        greatest = select(func.max(audit_entry.c.idx)).where(audit_entry.c.log == log)
        found = self._db.execute(greatest).scalar_one()
        return 0 if found is None else int(found) + 1

    def numbered(self, log: str, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield index and stored bytes of the entries there are with start ≤ index < end, in order."""
        here = (audit_entry.c.log == log) & (audit_entry.c.idx >= start) & (audit_entry.c.idx < end)
        query = select(audit_entry.c.idx, audit_entry.c.body).where(here).order_by(audit_entry.c.idx)
        for row in self._db.execute(query.execution_options(yield_per=1000)):
            yield int(row.idx), stored_bytes(row.body)

    def labelled(self, log: str) -> Iterator[tuple[int, str, str, bytes]]:
        """Yield index, act, time and stored bytes of all entries, in order: the columns are asked by."""
        entry = audit_entry.c
        query = select(entry.idx, entry.act, entry.at, entry.body).where(entry.log == log).order_by(entry.idx)
        for row in self._db.execute(query.execution_options(yield_per=1000)):
            yield int(row.idx), str(row.act), str(row.at), stored_bytes(row.body)

    def leaves(self, log: str, start: int, end: int) -> Iterator[bytes]:
        """Yield the entries start ≤ index < end. Raises: IntegrityFault("log-entry-missing") at a hole."""
        expected = start
        for index, body in self.numbered(log, start, end):
            if index != expected:
                break
            yield body
            expected += 1
        if expected < end:
            raise IntegrityFault("log-entry-missing", log=log, index=expected)

    def lengths(self, log: str, start: int, most: int) -> Sequence[int]:
        """Return the lengths in bytes of the entries from start on, `most` of them at most.

        Raises: IntegrityFault("log-entry-missing") at a hole.
        """
        here = (audit_entry.c.log == log) & (audit_entry.c.idx >= start) & (audit_entry.c.idx < start + most)
        query = select(audit_entry.c.idx, func.length(audit_entry.c.body)).where(here)
        rows = self._db.execute(query.order_by(audit_entry.c.idx)).all()
        for place, (index, _) in enumerate(rows):
            if index != start + place:
                raise IntegrityFault("log-entry-missing", log=log, index=start + place)
        return [int(length) for _, length in rows]

    def planned(self, log: str, after: int) -> Sequence[int]:
        """Return where the segments end that were planned beyond a size, in order."""
        query = select(log_segment.c.size).where(log_segment.c.log == log, log_segment.c.size > after)
        return [int(size) for size in self._db.execute(query.order_by(log_segment.c.size)).scalars()]

    def plan(self, log: str, ends: Sequence[int]) -> None:
        """Decide where the next segments end."""
        if ends:
            self._db.execute(insert(log_segment), [{"log": log, "size": size} for size in ends])

    def tile(self, log: str) -> Callable[[Tile], bytes]:
        """Return what reads the hash tiles of a log. Raises (when it reads): IntegrityFault("tile-wrong")."""

        def read(tile: Tile) -> bytes:
            here = (log_tile.c.log == log) & (log_tile.c.level == tile.level) & (log_tile.c.idx == tile.index)
            found = self._db.execute(select(log_tile.c.hashes).where(here)).scalar_one_or_none()
            if found is None:
                raise IntegrityFault("tile-wrong", reason="missing", tile=tile.path())
            return stored_bytes(found)[: tile.width * HASH_BYTES]

        return read

    def put_tiles(self, log: str, tiles: Mapping[Tile, bytes]) -> None:
        """Put hash tiles in the place of their beginnings."""
        if not tiles:
            return
        here = (log_tile.c.log == log) & (log_tile.c.level == bindparam("of_level"))
        replaced = [{"of_level": tile.level, "of_index": tile.index} for tile in tiles]
        self._db.execute(delete(log_tile).where(here & (log_tile.c.idx == bindparam("of_index"))), replaced)
        new = [
            {"log": log, "level": tile.level, "idx": tile.index, "hashes": hashes}
            for tile, hashes in tiles.items()
        ]
        self._db.execute(insert(log_tile), new)

    def published(self, log: str) -> tuple[int, bytes]:
        """Return size and note of the newest checkpoint; 0 and nothing where there is none."""
        newest = select(log_checkpoint.c.size, log_checkpoint.c.note).where(log_checkpoint.c.log == log)
        row = self._db.execute(newest.order_by(log_checkpoint.c.size.desc()).limit(1)).first()
        return (0, b"") if row is None else (int(row.size), stored_bytes(row.note))

    def published_at(self, log: str) -> datetime | None:
        """Return when the newest checkpoint was noted."""
        newest = select(log_checkpoint.c.at).where(log_checkpoint.c.log == log)
        found = self._db.execute(newest.order_by(log_checkpoint.c.size.desc()).limit(1)).scalar_one_or_none()
        return None if found is None else from_text(found)

    def entry_at(self, log: str, index: int) -> datetime | None:
        """Return when an entry was made; None where there is none."""
        here = (audit_entry.c.log == log) & (audit_entry.c.idx == index)
        found = self._db.execute(select(audit_entry.c.at).where(here)).scalar_one_or_none()
        return None if found is None else from_text(found)

    def noted_at(self, log: str, size: int) -> datetime | None:
        """Return when the checkpoint of a size was noted."""
        here = (log_checkpoint.c.log == log) & (log_checkpoint.c.size == size)
        found = self._db.execute(select(log_checkpoint.c.at).where(here)).scalar_one_or_none()
        return None if found is None else from_text(found)

    def checkpoints(self, log: str) -> Iterator[tuple[int, bytes]]:
        """Yield size and note of all checkpoints, in order."""
        query = select(log_checkpoint.c.size, log_checkpoint.c.note).where(log_checkpoint.c.log == log)
        for row in self._db.execute(query.order_by(log_checkpoint.c.size)):
            yield int(row.size), stored_bytes(row.note)

    def checkpoint(self, log: str, size: int) -> bytes:
        """Return the note of the checkpoint of a size. Raises: IntegrityFault("checkpoint-missing")."""
        here = (log_checkpoint.c.log == log) & (log_checkpoint.c.size == size)
        note = self._db.execute(select(log_checkpoint.c.note).where(here)).scalar_one_or_none()
        if note is None:
            raise IntegrityFault("checkpoint-missing", log=log, size=size)
        return stored_bytes(note)

    def add_checkpoint(self, log: str, size: int, note: bytes, at: datetime) -> None:
        """Add a checkpoint."""
        self._db.execute(insert(log_checkpoint).values(log=log, size=size, note=note, at=to_text(at)))

    def keys(self, log: str) -> Sequence[str]:
        """Return the verifier keys of a log, oldest first."""
        query = select(log_key.c.vkey).where(log_key.c.log == log).order_by(log_key.c.at, log_key.c.vkey)
        return [str(vkey) for vkey in self._db.execute(query).scalars()]

    def add_key(self, log: str, vkey: str, at: datetime) -> None:
        """Add a verifier key."""
        self._db.execute(insert(log_key).values(log=log, vkey=vkey, at=to_text(at)))
