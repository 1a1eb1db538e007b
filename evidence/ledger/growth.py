"""Whether a log only grew from what somebody saw of it before: what a monitor and a dock ask of a site.

A place is size and root (32 bytes) of a log's tree. The proof of consistency comes as text, a hash in base64
on each line (docs/formats/checkpoint.md). Who signed the checkpoint of a place is in trust.py.
"""

from __future__ import annotations

from collections.abc import Callable

from evidence.errors import IntegrityFault
from evidence.ledger.encodings import read_hash
from evidence.ledger.proofs import verify_consistency

Place = tuple[int, bytes]


def verify_not_back(seen: Place, now: Place, verify_grown: Callable[[Place, Place], None]) -> None:
    """Verify that a log that was seen at one place goes on to another, which a trusted checkpoint names.

    verify_grown(old, new) is asked where the log is longer now. Raises: IntegrityFault `log-went-back`
    (`seen`, `size`), `root-differs`; what verify_grown raises.
    """
    (seen_size, seen_root), (size, root) = seen, now
    if size < seen_size:
        raise IntegrityFault("log-went-back", seen=seen_size, size=size)
    if size == seen_size and root != seen_root:
        raise IntegrityFault("root-differs", size=size)
    if size > seen_size:
        verify_grown(seen, now)


def verify_told_growth(told: bytes, old: Place, new: Place) -> None:
    """Verify the text in which a site says that a log only grew. Raises: IntegrityFault `proof-wrong`."""
    lines = told.decode("ascii", "replace").split("\n")[:-1]
    hashes = [one for line in lines if (one := read_hash(line)) is not None]
    if len(hashes) != len(lines):
        raise IntegrityFault("proof-wrong", reason="hash length")
    verify_consistency(old[0], new[0], old[1], new[1], hashes)
