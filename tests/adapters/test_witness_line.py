"""Witnesses of others: those that sign with ML-DSA-44 are asked and checked like ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.adapters.witness_line import open_witnesses
from evidence.errors import IntegrityFault
from evidence.ledger import notes
from evidence.ledger.cosignatures import cosign
from evidence.ledger.keys import COSIGNATURE_ML_DSA_44, VerifierKey
from evidence.ledger.trust import Trust
from evidence.service.log.witnessing import Witnessing
from tests.log_room import LogRoom, published

PRIVATE = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
KEY = VerifierKey("pq.example/w1", PRIVATE.public_key().public_bytes_raw(), COSIGNATURE_ML_DSA_44)
TIME = 1_795_237_200


@dataclass
class QuantumWitness:
    """A witness of somebody else, without its HTTP. spoilt: one bit of what it answers is wrong."""

    key: VerifierKey = field(default=KEY)
    spoilt: bool = False

    def add_checkpoint(self, request: bytes) -> tuple[int, bytes]:
        """See WitnessLine."""
        note = request.partition(b"\n\n")[2]
        text, _ = notes.split(note)
        line = cosign(text, KEY, TIME, PRIVATE.sign)
        if self.spoilt:
            line = notes.NoteSignature(line.name, line.key_id, line.blob[:-1] + bytes([line.blob[-1] ^ 1]))
        return 200, line.line().encode()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    with published(tmp_path) as room:
        yield room


def test_its_cosignature_is_kept_and_makes_a_quorum(room: LogRoom) -> None:
    Witnessing(room.small.site, room.line, [QuantumWitness()], NOTE_CHECKS).ask(QuantumWitness())
    note = room.proving.checkpoint("custody")
    with room.small.database.reading() as unit:
        (vkey,) = unit.tree.keys("custody")
    trust = Trust.parse(f"log {vkey}\nwitness w {KEY.text()}\nquorum w\n".encode())
    assert [one.key for one in trust.open(note, NOTE_CHECKS).witnesses] == [KEY]
    with pytest.raises(IntegrityFault):
        trust.open(note.replace(b"\n\n", b"\nx\n\n"), NOTE_CHECKS)
    assert room.fsck() == []


def test_a_wrong_one_is_not_kept_and_is_no_alarm(room: LogRoom) -> None:
    Witnessing(room.small.site, room.line, [], NOTE_CHECKS).ask(QuantumWitness(spoilt=True))
    assert b"pq.example" not in room.proving.checkpoint("custody")
    assert not room.auditing.standing()


def test_a_trust_file_may_name_one_with_an_address(tmp_path: Path) -> None:
    file = tmp_path / "trust"
    file.write_text(f"witness w {KEY.text()} https://w.example\nquorum w\n")
    trust, (witness,) = open_witnesses(file)
    assert (witness.key, trust.quorum) == (KEY, "w")
