"""A log written out as tlog-tiles (docs/formats/log-tiles.md), so that programs of strangers can read it.

The vault holds segments, not tiles (decision 17); these files follow from it and are nobody's evidence. What
is written is the log under its newest checkpoint, as the database has it, and checked on the way: tiles and
checkpoint have one root.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Action
from evidence.errors import IntegrityFault, NotFound
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.merkle import SHA256
from evidence.ledger.tiles import ENTRIES, WIDTH, Tile, frontier_at, tile_at, tiles_between, write_bundle
from evidence.service.gate import admits
from evidence.service.log.witnessing import cosigned
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True)
class LogTiles:
    """The desk for whole logs."""

    site: Site

    @admits(Action.READ_LOG)
    def files(self, caller: Caller, log: str) -> Iterator[tuple[str, bytes]]:
        """Return path and bytes of each file, the checkpoint last; that it was asked for is logged.

        Raises: NotFound("log-not-found"); while it goes on: IntegrityFault("root-differs", "tile-wrong",
        "log-entry-missing").
        """
        with self.site.database.writing() as unit:
            size, note = unit.tree.published(log)
            if not size:
                raise NotFound("log-not-found", log=log)
            facts = {"log": log, "size": size}
            unit.log.append(Entry(Act.READ_LOG, caller.id, facts=facts), self.site.clock.now())
        return self._files(log, size, note)

    def _files(self, log: str, size: int, note: bytes) -> Iterator[tuple[str, bytes]]:
        with self.site.database.reading() as unit:
            root = frontier_at(size, unit.tree.tile(log)).root()
            if root != Checkpoint.parse(notes.parse(note).text).root:
                raise IntegrityFault("root-differs", log=log, size=size)
            for tile in tiles_between(0, size):
                yield tile.path(), self._file(unit, log, tile, size)
            yield "checkpoint", cosigned(unit, log, size, note)

    def _file(self, unit: UnitOfWork, log: str, tile: Tile, size: int) -> bytes:
        if tile.level != ENTRIES:
            return unit.tree.tile(log)(tile)
        first = tile.index * WIDTH
        entries = list(unit.tree.leaves(log, first, first + tile.width))
        leaves = unit.tree.tile(log)(tile_at(0, tile.index, size))
        if b"".join(SHA256.leaf(entry) for entry in entries) != leaves:
            raise IntegrityFault("tile-wrong", reason="entry", tile=tile.path())
        return write_bundle(entries)
