"""Holding what stands beside a log against it: cosignatures, time stamps, and what is newest elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from evidence.domain.audit import Act
from evidence.domain.instants import to_text
from evidence.errors import EvidenceError, IntegrityFault
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.keys import VerifierKey
from evidence.ledger.segments import Kind, Piece
from evidence.service.log.log_faults import Fault
from evidence.service.log.log_ports import NoteChecks, TimeAuthority
from evidence.service.ports import UnitOfWork
from storage.errors import StorageError, StoreUnavailable
from storage.vault import Vault


def cosignature_faults(
    log: str, unit: UnitOfWork, witnesses: Sequence[VerifierKey], checks: NoteChecks
) -> Iterator[Fault]:
    """Check what witnesses cosigned, as far back as it is handed out: one wrong line spoils a checkpoint."""
    for size in unit.cosignatures.sizes(log, 0):
        try:
            text, _ = notes.split(unit.tree.checkpoint(log, size))
            lines = notes.parse_signatures("".join(unit.cosignatures.of(log, size)).encode("utf-8"))
            notes.signed_by(notes.Note(text, lines), witnesses, checks)
        except IntegrityFault as problem:
            yield Fault("cosignature-wrong", f"log_cosignature {log} {size}", {"reason": str(problem)})


def newer_faults(
    log: str, before: int, signed: bytes, there: Sequence[Piece], unit: UnitOfWork
) -> Iterator[Fault]:
    """Compare what is newest: what the signer signed last, and the vault's last pieces, with the rows.

    signed and there were read before this transaction began, so whatever is ahead of it was never ours: a
    database that was cut, or an older one put back. before: what was published before the signer was asked,
    so it had signed that.
    """
    size, published = unit.tree.size(log), unit.tree.published(log)[0]
    known = {*unit.tree.planned(log, 0)}
    for piece in there:
        if piece.size not in known:
            yield Fault("log-piece-unknown", piece.key(), {"size": size, "published": published})
    if size < published:
        yield Fault("log-shorter-than-published", log, {"size": size, "published": published})
    if not signed:
        if published:
            yield Fault("signer-behind-log", log, {"published": published})
        return
    checkpoint = Checkpoint.parse(notes.parse(signed).text)
    if checkpoint.size < before:
        yield Fault("signer-behind-log", log, {"published": before, "signed": checkpoint.size})
    if checkpoint.size > size:
        yield Fault("log-behind-signer", log, {"size": size, "signed": checkpoint.size})
    # Each signature is noted before the next is asked for; one that is not noted yet, publishing compares.
    elif 0 < checkpoint.size <= published and _root_at(unit, log, checkpoint.size) != checkpoint.root:
        yield Fault("root-differs", log, {"size": checkpoint.size})


def _root_at(unit: UnitOfWork, log: str, size: int) -> bytes | None:
    try:
        return Checkpoint.parse(notes.parse(unit.tree.checkpoint(log, size)).text).root
    except IntegrityFault:
        return None


def timestamp_faults(
    log: str, unit: UnitOfWork, vault: Vault, authority: TimeAuthority | None
) -> Iterator[Fault]:
    """Check the tokens of a time-stamping authority: each lies in the vault as the log says, and is about the
    checkpoint it stands beside. Without an authority that is set up, its signature is not checked.
    """
    named = [one["facts"] for one in unit.log.of_act(Act.LOG_TIMESTAMP) if one["facts"]["log"] == log]
    last = unit.timestamps.last(log)  # nothing else is stamped before its hour is over
    if last and not any((one["size"], one.get("at")) == (last[0], to_text(last[1])) for one in named):
        yield Fault("timestamp-wrong", f"log_timestamp {log} {last[0]}", {"reason": "no entry"})
    for facts in named:
        size = facts["size"]
        key = Piece(log, size, Kind.TIMESTAMP).key()
        try:
            with vault.open(key) as stored:
                token = stored.read()
            if hashlib.sha256(token).hexdigest() != facts["sha256"]:
                raise IntegrityFault("timestamp-wrong", reason="altered")
            if unit.timestamps.token(log, size) != token:
                raise IntegrityFault("timestamp-wrong", reason="row")
            if authority is not None:
                authority.verify(token, unit.tree.checkpoint(log, size))
        except StoreUnavailable:
            raise
        except (EvidenceError, StorageError) as problem:
            yield Fault("timestamp-wrong", key, {"reason": str(problem)})
