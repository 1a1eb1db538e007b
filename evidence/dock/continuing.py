"""Whether the site still stands where it stood: its log of custody must go on from what this dock kept of it.

A site that was put back to an older state shows a shorter log, or another one; nothing on its own machine may
show that. In this order:
1. what is kept is read, before the site is asked: another dock of this journal may be faster
2. the newest checkpoint is fetched; a key of this log has signed it, one of a list signed by the pinned key
3. it is not shorter than what is kept, of the same size it has the same root, else a proof leads to it
4. it is kept in place of the one before
What contradicts this moves nothing, so that it is told at each docking; and the site is shown what was kept,
so that its own people hear of it (service/log/shown.py). The arithmetic is ledger/growth.py.
"""

from __future__ import annotations

from contextlib import suppress

from evidence.dock import protocol
from evidence.dock.line import Line
from evidence.dock.outcome import Growth
from evidence.dock.patience import Trying
from evidence.dock.proofs import CHECKS, origin_of, verify_log_keys
from evidence.dock.sending import Trust
from evidence.errors import Conflict, EvidenceError, IntegrityFault, NotFound, Unavailable
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.growth import Place, verify_not_back, verify_told_growth
from evidence.ledger.trust import NONE
from evidence.ledger.trust import Trust as LogTrust

_OWN = ("state-unusable", "stopped")


def look_at_log(line: Line, trust: Trust, trying: Trying) -> Growth | None:
    """Return how the log stands to what is kept of it, and keep the newest checkpoint; None where the
    service has no log and never showed one. Raises: Unavailable `state-unusable`, `stopped`.
    """
    while True:
        kept: int | None = None
        try:
            before = _kept(trust)
            kept = before.size if before else None
            return Growth(kept, _go_on(line, trust, before))
        except (Unavailable, Conflict) as problem:
            try:
                trying.again(problem)
            except EvidenceError as last:
                if last.code in _OWN:
                    raise
                return Growth(kept, kept, last)
        except NotFound as problem:
            return None if kept is None else Growth(kept, kept, problem)
        except EvidenceError as problem:
            return Growth(kept, kept, problem, is_told=_tell(line, trust, problem))


def _tell(line: Line, trust: Trust, problem: EvidenceError) -> bool:
    """Show the site the checkpoint that contradicts it; return whether it raised an alarm. One that does not
    listen, or has given up the key of then, changes nothing for the officer.
    """
    note = trust.journal.checkpoint()
    if note is None or not isinstance(problem, IntegrityFault):
        return False
    with suppress(EvidenceError):
        return not protocol.show_checkpoint(line, note)
    return False


def _kept(trust: Trust) -> Checkpoint | None:
    note = trust.journal.checkpoint()
    return Checkpoint.parse(notes.parse(note).text) if note is not None else None


def _go_on(line: Line, trust: Trust, before: Checkpoint | None) -> int:
    """Fetch the newest checkpoint, verify and keep it; return its size. Raises: IntegrityFault."""
    try:
        note = protocol.fetch_checkpoint(line)
    except NotFound as problem:
        if before is not None and problem.code == "log-not-found":  # it has a log, and nothing in it
            raise IntegrityFault("log-went-back", seen=before.size, size=0) from problem
        raise
    now = _verified(line, trust, note)

    def verify_grown(old: Place, new: Place) -> None:
        verify_told_growth(protocol.fetch_consistency(line, old[0], new[0]), old, new)

    if before is not None:
        verify_not_back((before.size, before.root), (now.size, now.root), verify_grown)
    trust.journal.keep_checkpoint(now.size, note)
    return now.size


def _verified(line: Line, trust: Trust, note: bytes) -> Checkpoint:
    """Return the checkpoint in a note that a key of this log signed; a new one comes in by the list."""
    try:
        return _opened(trust, note)
    except IntegrityFault as fault:
        if fault.code != "signer-unknown":
            raise
    trust.journal.pin_log_keys(verify_log_keys(protocol.fetch_log_keys(line), trust.key))
    return _opened(trust, note)


def _opened(trust: Trust, note: bytes) -> Checkpoint:
    logs = trust.journal.log_keys()
    checkpoint = LogTrust(logs, {}, {}, NONE, {}).open(note, CHECKS).checkpoint
    if checkpoint.origin != origin_of(trust.key):
        raise IntegrityFault("checkpoint-differs", origin=checkpoint.origin)
    return checkpoint
