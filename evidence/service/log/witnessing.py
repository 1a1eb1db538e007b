"""Having checkpoints cosigned by witnesses: each holds our log against what it saw of it before.

Each witness is asked by itself, so that one that is away delays nobody. Order of one question:
1. the newest checkpoint, with the proof from the size that this witness cosigned last, as far as we know
2. 200: the cosignature is checked with the witness's key, and kept beside the checkpoint
3. 409: it has seen another size: asked again with the proof from that one
4. a size that we never reached, or 422, our tree does not continue the one it saw: an alarm, which stops the
   signing. That is how a whole site that was put back to yesterday, signer and vault included, is noticed
5. anything else is the witness's trouble, or its operator's: noted, and tried again in the next round
The first round after a start asks even for what is cosigned: a site put back while it stood still shows.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from evidence.errors import IntegrityFault, Unavailable
from evidence.ledger import notes
from evidence.ledger.proofs import consistency
from evidence.ledger.tiles import TileHashes
from evidence.ledger.trust import NONE, Trust
from evidence.ledger.witnessing import AddCheckpoint, Verdict, read_size_body
from evidence.service.log.auditing import alarm_of, raise_alarms
from evidence.service.log.log_ports import LogSigner, NoteChecks, WitnessLine
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

log = logging.getLogger("evidence.witnessing")
_TRIES = 4  # another process of this site may ask the same witness meanwhile


@dataclass(frozen=True)
class Witnessing:
    """The use case behind the rounds of the witnesses."""

    site: Site
    signer: LogSigner
    witnesses: Sequence[WitnessLine]
    checks: NoteChecks
    _asked: set[tuple[str, str]] = field(default_factory=set)
    _troubles: dict[tuple[str, str], str] = field(default_factory=dict)

    def ask_all(self) -> None:
        """Ask all witnesses at once, and wait for them; for some seconds at most."""
        if self.witnesses:
            with ThreadPoolExecutor(len(self.witnesses)) as pool:
                list(pool.map(self.ask, self.witnesses))

    def ask(self, witness: WitnessLine) -> None:
        """Have a witness cosign each log's newest checkpoint, unless an alarm stands."""
        with self.site.database.reading() as unit:
            if unit.alarms.standing():
                return
            logs = unit.tree.logs()
        for which in logs:
            try:
                self._have_cosigned(witness, which)
            except IntegrityFault as problem:
                raise_alarms(self.site, self.signer, [alarm_of(which, problem, self.site)])
                return
            except Unavailable as problem:
                self._note_trouble(witness, which, str(problem))
            else:
                self._note_trouble(witness, which, "")

    def _have_cosigned(self, witness: WitnessLine, which: str) -> None:
        """Raises: IntegrityFault("witness-disagrees"), Unavailable where the witness does not cosign."""
        key = witness.key
        with self.site.database.reading() as unit:
            size, note = unit.tree.published(which)
            old = known = unit.cosignatures.last(which, key.name, key.key_id)
        if not size or (old == size and (key.label, which) in self._asked):
            return
        for _ in range(_TRIES):
            status, body = witness.add_checkpoint(self._request(which, old, size, note))
            if status == Verdict.COSIGN:
                self._keep(witness, which, size, note, body)
                self._asked.add((key.label, which))
                return
            told = {"witness": key.name, "status": status, "size": size, "old": old}
            if status == Verdict.INCONSISTENT:
                raise IntegrityFault("witness-disagrees", **told)
            if status != Verdict.OTHER_SIZE:
                raise Unavailable("witness-refuses", **told)
            old = _size_in(body, key.name)
            if old < known:
                log.warning("%s cosigned %s at size %d and now says %d", key.name, which, known, old)
            if old > size:  # a process beside this one may have published meanwhile
                with self.site.database.reading() as unit:
                    size, note = unit.tree.published(which)
                if old > size:
                    raise IntegrityFault("witness-disagrees", **{**told, "size": size, "seen": old})
        raise Unavailable("witness-refuses", **told)

    def _request(self, which: str, old: int, size: int, note: bytes) -> bytes:
        with self.site.database.reading() as unit:
            proof = consistency(old, size, TileHashes(size, unit.tree.tile(which)))
        return AddCheckpoint(old, tuple(proof), note).write()

    def _keep(self, witness: WitnessLine, which: str, size: int, note: bytes, body: bytes) -> None:
        """Check the cosignature in an answer, and keep it; lines of keys that nobody asked are left out."""
        key = witness.key
        try:
            lines = notes.parse_signatures(body)
            read = notes.Note(notes.parse(note).text, lines)
            signature = notes.verify(read, [key], self.checks)[0].signature
        except IntegrityFault as problem:
            raise Unavailable("witness-answer-wrong", witness=key.name, reason=str(problem)) from problem
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.cosignatures.add(which, size, key.name, key.key_id, signature.line(), now)

    def _note_trouble(self, witness: WitnessLine, which: str, trouble: str) -> None:
        """Say once what is in the way, and once that it is over."""
        at = (witness.key.label, which)
        if self._troubles.get(at, "") == trouble:
            return
        self._troubles[at] = trouble
        if trouble:
            log.warning("%s has not cosigned %s, it will be asked again: %s", at[0], which, trouble)
        else:
            log.info("%s cosigns %s again", at[0], which)


def cosigned(unit: UnitOfWork, which: str, size: int, note: bytes) -> bytes:
    """Return a checkpoint with the cosignatures that there are."""
    return note + "".join(unit.cosignatures.of(which, size)).encode("utf-8")


def newest_cosigned(unit: UnitOfWork, which: str, above: int, trust: Trust | None) -> tuple[int, bytes]:
    """Return size and note of the newest checkpoint above a size that the quorum cosigned; where there is
    none, of the newest. The cosignatures are in the note.
    """
    size, note = unit.tree.published(which)
    if trust is not None and trust.quorum != NONE:
        for one in unit.cosignatures.sizes(which, above):
            found = cosigned(unit, which, one, unit.tree.checkpoint(which, one))
            signers = {f"{line.name}+{line.key_id}" for line in notes.parse(found).signatures}
            if trust.is_quorum({key for key in trust.witnesses.values() if key.label in signers}):
                return one, found
    return size, cosigned(unit, which, size, note) if size else b""


def _size_in(body: bytes, name: str) -> int:
    try:
        return read_size_body(body)
    except IntegrityFault as problem:
        raise Unavailable("witness-answer-wrong", witness=name, reason=problem.code) from problem
