"""Publishing: what the logs hold goes into the vault, and a checkpoint over it is signed. No act waits.

First the rows that changed (journaling.py). Then, for each log that has grown:
1. the signer says where it stands; a crash may have left us behind it, nothing else may
2. where the next segments end is decided in the database
3. the segments go into the vault
4. the signer reads them back, and signs (evidence/signer)
5. our own tree over the rows has the same root, or rows and vault differ
6. the checkpoint goes beside the segment, then into the database with the tiles
Each step may be done twice and by two at once: what is there already is compared, and two segments never
begin at one entry. What does not agree is an alarm: signing stops, and nothing is put right by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidence.domain.audit import Act, Entry
from evidence.errors import IntegrityFault, Unavailable
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256
from evidence.ledger.segments import MOST_ENTRIES, Kind, Piece, ends_after, write_segment
from evidence.ledger.tiles import Tile, frontier_at, grow
from evidence.service.log.auditing import alarm_of, raise_alarms
from evidence.service.log.journaling import Journaling, seal_piece
from evidence.service.log.log_ports import LogSigner, NoteChecks
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import Damaged

log = logging.getLogger("evidence.publishing")
SEGMENTS_AT_ONCE = 16  # what the signer reads for one question


@dataclass(frozen=True)
class Publishing:
    """The use case behind the job "publish"."""

    site: Site
    signer: LogSigner
    checks: NoteChecks

    def publish_all(self) -> None:
        """Publish what has grown, unless an alarm stands; what does not agree raises one.

        Raises: Unavailable, storage errors: tried again.
        """
        with self.site.database.reading() as unit:
            if unit.alarms.standing():
                return
        try:
            Journaling(self.site).seal_all()
        except IntegrityFault as problem:
            raise_alarms(self.site, self.signer, [alarm_of("rows", problem, self.site)])
            return
        for which in self.grown():
            try:
                self.publish(which)
            except (IntegrityFault, Damaged) as problem:
                raise_alarms(self.site, self.signer, [alarm_of(which, problem, self.site)])
                return
            except Unavailable as problem:
                if problem.code == "signer-halted":  # and no alarm stands: somebody took it away
                    raise_alarms(self.site, self.signer, [alarm_of(which, problem, self.site)])
                raise

    def logs(self) -> Sequence[str]:
        """Return the logs that have entries."""
        with self.site.database.reading() as unit:
            return unit.tree.logs()

    def size(self, which: str) -> int:
        """Return how many entries of a log stand under its newest checkpoint."""
        with self.site.database.reading() as unit:
            return unit.tree.published(which)[0]

    def grown(self) -> Sequence[str]:
        """Return the logs that have entries under no checkpoint."""
        with self.site.database.reading() as unit:
            return [one for one in unit.tree.logs() if unit.tree.size(one) != unit.tree.published(one)[0]]

    def publish(self, which: str) -> Checkpoint | None:
        """Publish what a log has grown by; return its newest checkpoint, None while it has no entry.

        Raises: Unavailable("signer-unreachable", "signer-halted"), storage errors: tried again;
        IntegrityFault where signer, vault and database do not agree.
        """
        with self.site.database.reading() as unit:
            size, (at, note) = unit.tree.size(which), unit.tree.published(which)
        newest = Checkpoint.parse(notes.parse(note).text) if note else None
        if size == at:
            return newest
        if size < at:
            raise IntegrityFault("log-shorter-than-published", log=which, size=size, published=at)
        self._learn_keys(which)
        newest = self._catch_up(which)
        while (at := newest.size if newest else 0) < size:
            newest = self._publish_next(which, at)
        return newest

    def _learn_keys(self, which: str) -> None:
        """Take over the keys of a log that is new; later ones come by a logged act only."""
        with self.site.database.reading() as unit:
            if unit.tree.keys(which):
                return
        vkeys = self.signer.keys(which)
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            if unit.tree.keys(which):
                return
            for vkey in vkeys:
                unit.tree.add_key(which, vkey, now)
            facts = {"keys": list(vkeys), "log": which}
            unit.log.append(Entry(Act.LOG_KEY, "service", facts=facts), now)

    def _catch_up(self, which: str) -> Checkpoint | None:
        """Take over what the signer signed when a crash kept us from noting it; return the newest checkpoint.

        Raises: IntegrityFault("log-behind-signer") where our rows end before what was signed,
        ("signer-behind-log") where the signer has forgotten, ("root-differs").
        """
        # The signer first: another publisher may overtake what it says, but it never runs ahead of our rows.
        signed, note = self._signed(which)
        with self.site.database.reading() as unit:
            size, (at, noted) = unit.tree.size(which), unit.tree.published(which)
        if at and (signed is None or signed.size < at):
            signed, note = self._signed(which)
            if signed is None or signed.size < at:
                raise IntegrityFault("signer-behind-log", log=which, published=at)
        if signed is None:
            return None
        if size < signed.size:
            with self.site.database.reading() as unit:  # rows that came while the signer was asked again
                size = unit.tree.size(which)
            if size < signed.size:
                raise IntegrityFault("log-behind-signer", log=which, size=size, signed=signed.size)
        if signed.size > at:
            log.warning("%s: a checkpoint of size %d was signed and not noted", which, signed.size)
            self._note(which, signed, note)
        elif signed.size == at and self._read(which, noted).root != signed.root:
            raise IntegrityFault("root-differs", log=which, size=at)
        return signed

    def _signed(self, which: str) -> tuple[Checkpoint | None, bytes]:
        """Return what the signer signed last, and its note."""
        note = self.signer.last(which)
        return (self._read(which, note) if note else None), note

    def _publish_next(self, which: str, at: int) -> Checkpoint:
        ends = self._plan(which, at)
        for after, end in pairwise([at, *ends]):
            self._seal_segment(which, after, end)
            crashpoint("after-segment")
        try:
            note = self.signer.sign(which, at, ends)
        except IntegrityFault as problem:
            newest = self._catch_up(which) if problem.code == "log-not-continued" else None
            if newest is None or newest.size <= at:
                raise
            return newest  # another publisher has gone on meanwhile, over the very same segments
        crashpoint("after-signature")
        signed = self._read(which, note)
        if signed.size != ends[-1]:
            raise IntegrityFault("checkpoint-differs", log=which, asked=ends[-1], signed=signed.size)
        self._note(which, signed, note)
        return signed

    def _plan(self, which: str, at: int) -> Sequence[int]:
        """Return where the next segments end: as planned before, or from now on."""
        with self.site.database.writing() as unit:
            planned = unit.tree.planned(which, at)
            if not planned:
                planned = ends_after(at, unit.tree.lengths(which, at, SEGMENTS_AT_ONCE * MOST_ENTRIES))
                unit.tree.plan(which, planned)
        return planned[:SEGMENTS_AT_ONCE]

    def _seal_segment(self, which: str, after: int, end: int) -> None:
        with self.site.database.reading() as unit:
            body = write_segment(list(unit.tree.leaves(which, after, end)))
        seal_piece(self.site, Piece(which, end, Kind.ENTRIES).key(), body)

    def _read(self, which: str, note: bytes) -> Checkpoint:
        """Read a checkpoint that a known key of the log signed. Raises: IntegrityFault."""
        with self.site.database.reading() as unit:
            keys = [VerifierKey.parse(vkey) for vkey in unit.tree.keys(which)]
        read = notes.parse(note)
        notes.verify(read, keys, self.checks)
        checkpoint = Checkpoint.parse(read.text)
        if checkpoint.origin != keys[0].name:
            raise IntegrityFault("checkpoint-differs", log=which, origin=checkpoint.origin)
        return checkpoint

    def _note(self, which: str, signed: Checkpoint, note: bytes) -> None:
        """Keep a checkpoint, in the vault first; our own tree must have its root."""
        with self.site.database.reading() as unit:
            at = unit.tree.published(which)[0]
            if at < signed.size:
                self._grown_tiles(unit, which, at, signed)
        seal_piece(self.site, Piece(which, signed.size, Kind.CHECKPOINT).key(), note)
        crashpoint("after-checkpoint")
        with self.site.database.writing() as unit:
            at = unit.tree.published(which)[0]
            if at < signed.size:  # else another has done so meanwhile
                unit.tree.put_tiles(which, self._grown_tiles(unit, which, at, signed))
                unit.tree.add_checkpoint(which, signed.size, note, self.site.clock.now())

    def _grown_tiles(self, unit: UnitOfWork, which: str, at: int, signed: Checkpoint) -> Mapping[Tile, bytes]:
        """Return the tiles by which the tree grows. Raises: IntegrityFault("root-differs")."""
        leaves = [SHA256.leaf(entry) for entry in unit.tree.leaves(which, at, signed.size)]
        stored = unit.tree.tile(which)
        tiles = grow(at, leaves, stored)
        names = {(tile.level, tile.index): raw for tile, raw in tiles.items()}

        def read(tile: Tile) -> bytes:
            return names.get((tile.level, tile.index)) or stored(tile)

        if frontier_at(signed.size, read).root() != signed.root:
            raise IntegrityFault("root-differs", log=which, size=signed.size)
        return tiles
