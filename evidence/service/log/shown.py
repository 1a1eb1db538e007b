"""A checkpoint that somebody kept, held against the log as it stands here.

A machine that was put back as a whole to an older state shows nothing of that on itself. Who kept a
checkpoint shows it: it bears the signature of the log's own key, so nobody can make one up. What contradicts
the log is an alarm, which stops the signing. What a key signed that was given up as lost or stolen says
nothing: whoever has it signs what they like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evidence.domain.access import Caller
from evidence.domain.alarms import Alarm
from evidence.domain.rights import Action
from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.encodings import write_base64
from evidence.ledger.keys import VerifierKey
from evidence.ledger.notes import NoteCheck
from evidence.ledger.proofs import range_root
from evidence.ledger.tiles import TileHashes
from evidence.ledger.trust import LOG_TYPES, NONE, Trust
from evidence.service.gate import admits
from evidence.service.log.auditing import raise_alarms
from evidence.service.log.log_keys import given_up
from evidence.service.log.log_ports import LogSigner
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

CONTRADICTED = "checkpoint-contradicts"


@dataclass(frozen=True)
class Shown:
    """The desk for checkpoints that docks kept."""

    site: Site
    signer: LogSigner
    checks: Mapping[int, NoteCheck]

    @admits(Action.READ_RECEIPT)
    def goes_on(self, caller: Caller, note: bytes) -> bool:
        """Tell whether our log goes on from a checkpoint of it; where it does not, raise an alarm first.

        Raises: Invalid("checkpoint-not-ours") for what none of our keys signed; nothing is changed then.
        """
        with self.site.database.reading() as unit:
            seen = self._opened(unit, note)
            which = next(one for one in unit.tree.logs() if unit.log.origin(one) == seen.origin)
            size, _ = unit.tree.published(which)
            earliest = unit.tree.published_at(which)
            root = _root_at(unit, which, seen.size, size)
        if root == seen.root:
            return True
        detail = {"by": caller.id, "root": write_base64(seen.root), "seen": seen.size, "size": size}
        now = self.site.clock.now()
        raise_alarms(self.site, self.signer, [Alarm(CONTRADICTED, which, now, earliest, detail)])
        return False

    def _opened(self, unit: UnitOfWork, note: bytes) -> Checkpoint:
        try:
            keys = tuple(VerifierKey.parse(vkey, LOG_TYPES) for vkey in _standing_keys(unit))
            return Trust(keys, {}, {}, NONE, {}).open(note, self.checks).checkpoint
        except IntegrityFault as problem:
            raise Invalid("checkpoint-not-ours", reason=problem.code) from problem


def _standing_keys(unit: UnitOfWork) -> Iterator[str]:
    """Yield the verifier keys of all logs that were not given up as lost or stolen."""
    gone = given_up(unit)
    for which in unit.tree.logs():
        yield from (vkey for vkey in unit.tree.keys(which) if vkey not in gone)


def _root_at(unit: UnitOfWork, which: str, seen: int, size: int) -> bytes | None:
    """Return the root of our tree as it was at a size, None above what we published."""
    return range_root(0, seen, TileHashes(size, unit.tree.tile(which))) if 0 < seen <= size else None
