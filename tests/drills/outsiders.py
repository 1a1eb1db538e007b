"""What somebody outside the site can show with what he kept: a checkpoint, a proof, another's view.

Nothing of the site's database is believed; of it only the log's entries and the newest checkpoint are asked
for, as the site hands them out.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.errors import IntegrityFault
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256
from evidence.ledger.proofs import consistency, verify_consistency
from evidence.ledger.tiles import TileHashes, grow


def read(note: bytes, vkeys: Sequence[str]) -> Checkpoint:
    """Read a checkpoint that the site's own key signed. Raises: IntegrityFault."""
    parsed = notes.parse(note)
    notes.verify(parsed, [VerifierKey.parse(one) for one in vkeys], NOTE_CHECKS)
    return Checkpoint.parse(parsed.text)


def contradiction(kept: Checkpoint, now: Checkpoint, entries: Sequence[bytes]) -> str | None:
    """Say how the log of now contradicts a checkpoint that was kept, None where it continues it.

    The proof is made of the site's own entries: no other can be made unless SHA-256 is broken.
    """
    if now.size < kept.size:
        return "log-shrank"
    if now.size == kept.size:
        return None if now.root == kept.root else "two-roots"
    leaves = [SHA256.leaf(entry) for entry in entries[: now.size]]
    tiles = {(tile.level, tile.index): raw for tile, raw in grow(0, leaves, lambda _: b"").items()}
    hashes = TileHashes(now.size, lambda tile: tiles[(tile.level, tile.index)])
    try:
        proof = consistency(kept.size, now.size, hashes)
        verify_consistency(kept.size, now.size, kept.root, now.root, proof)
    except IntegrityFault as problem:
        return problem.code
    return None
