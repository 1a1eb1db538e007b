"""Proof files: the published framing, and a proof that holds for one entry in one log only."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import EvidenceError, IntegrityFault
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.cosignatures import cosign
from evidence.ledger.notes import sign, write
from evidence.ledger.proofs import inclusion
from evidence.ledger.tlog_proofs import MAX_BYTES, TlogProof
from evidence.ledger.trust import Trust
from tests.ledger.trees import CHECKS, LEAVES, LOG, WITNESSES, flipped, mth, stored

SIZE, INDEX = 23, 13
ENTRY = b"entry 13"
TRUST = Trust.parse(f"log {LOG.key.text()}\nwitness w {WITNESSES[0].key.text()}\nquorum w\n".encode())
TEXT = Checkpoint(LOG.key.name, SIZE, mth(0, SIZE)).text()
NOTE = write(TEXT, [sign(TEXT, LOG.key, LOG.sign), cosign(TEXT, WITNESSES[0].key, 5, WITNESSES[0].sign)])
PROOF = TlogProof(INDEX, tuple(inclusion(INDEX, SIZE, stored)), NOTE)


def test_published_files_are_read_and_written_byte_for_byte(vectors: Path) -> None:
    cases = json.loads((vectors / "tlog-proof" / "marshal.json").read_text())["cases"]
    assert len(cases) == 3
    for case in cases:
        extra = case["extra_utf8"].encode() if "extra_utf8" in case else None
        hashes = tuple(base64.b64decode(one) for one in case["hashes"])
        proof = TlogProof(case["index"], hashes, case["checkpoint"].encode(), extra)
        assert proof.write().decode() == case["text"]
        assert TlogProof.parse(case["text"].encode()) == proof


def test_a_proof_holds_for_its_entry() -> None:
    trusted = TlogProof.parse(PROOF.write()).verify(ENTRY, TRUST, CHECKS)
    assert trusted.checkpoint == Checkpoint(LOG.key.name, SIZE, mth(0, SIZE))
    assert [one.key for one in trusted.witnesses] == [WITNESSES[0].key]


@pytest.mark.parametrize("index", [0, 12, 14, 22, 23])
def test_a_proof_holds_for_no_other_entry_or_index(index: int) -> None:
    with pytest.raises(IntegrityFault, match="proof-wrong"):
        PROOF.verify(b"entry %d" % index, TRUST, CHECKS)
    with pytest.raises(IntegrityFault, match="proof-wrong"):
        TlogProof(index, PROOF.hashes, NOTE).verify(ENTRY, TRUST, CHECKS)


def test_no_bit_of_a_proof_file_may_change() -> None:
    raw = PROOF.write()
    TlogProof.parse(raw).verify(ENTRY, TRUST, CHECKS)
    for bit in range(len(raw) * 8):
        with pytest.raises(IntegrityFault):
            TlogProof.parse(flipped(raw, bit)).verify(ENTRY, TRUST, CHECKS)


def test_extra_data_are_carried_and_trusted_by_nobody() -> None:
    proof = TlogProof(INDEX, PROOF.hashes, NOTE, b"anything")
    assert TlogProof.parse(proof.write()) == proof
    proof.verify(ENTRY, TRUST, CHECKS)


HASH = base64.b64encode(LEAVES[0]).decode()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no empty line"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n", "no empty line"),
        (b"\n\nx\n", "first line"),
        (b"c2sp.org/tlog-proof@v2\nindex 0\n\nx\n", "first line"),
        (b"c2sp.org/tlog-proof@v1\r\nindex 0\n\nx\n", "first line"),
        (b" c2sp.org/tlog-proof@v1\nindex 0\n\nx\n", "first line"),
        (b"c2sp.org/tlog-proof@v1\n\nx\n", "index"),
        (b"c2sp.org/tlog-proof@v1\nindex\n\nx\n", "index"),
        (b"c2sp.org/tlog-proof@v1\n0\n\nx\n", "index"),
        (b"c2sp.org/tlog-proof@v1\nindex 00\n\nx\n", "index"),
        (b"c2sp.org/tlog-proof@v1\nindex -1\n\nx\n", "index"),
        (b"c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\nx\n", "index"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\nextra AA==\n\nx\n", "hash"),
        (b"c2sp.org/tlog-proof@v1\nextra AA==\nextra AA==\nindex 0\n\nx\n", "index"),
        (b"c2sp.org/tlog-proof@v1\nextra AA==\n\nx\n", "index"),
        (b"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\nx\n", "extra"),
        (b"c2sp.org/tlog-proof@v1\nextra AB==\nindex 0\n\nx\n", "extra"),
        (b"c2sp.org/tlog-proof@v1\nextra \xff\nindex 0\n\nx\n", "extra"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx\n", "hash"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n" + HASH.encode() + b"=\n\nx\n", "hash"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n" + (HASH + "\n").encode() * 64 + b"\nx\n", "hash"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n\n", "checkpoint"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n\nx", "checkpoint"),
        (b"x" * (MAX_BYTES + 1), "too long"),
    ],
)
def test_a_file_written_in_any_other_way_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(IntegrityFault, match=f"tlog-proof-malformed reason='{reason}'"):
        TlogProof.parse(raw)


def test_what_would_not_read_back_cannot_be_made() -> None:
    for arguments in (
        (-1, (), NOTE, None),
        (2**63, (), NOTE, None),
        (0, (bytes(31),), NOTE, None),
        (0, (bytes(32),) * 64, NOTE, None),
        (0, (), b"", None),
        (0, (), b"x", None),
        (0, (), NOTE, b""),
    ):
        with pytest.raises(IntegrityFault, match="tlog-proof-malformed"):
            TlogProof(*arguments)
    with pytest.raises(IntegrityFault, match="too long"):
        TlogProof(0, (), NOTE, bytes(MAX_BYTES)).write()


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 400))
def test_reading_raises_nothing_but_our_own_errors(noise: bytes, start: int, end: int) -> None:
    raw = PROOF.write()
    for candidate in (noise, raw[:start] + noise + raw[end:]):
        with suppress(EvidenceError):
            assert TlogProof.parse(candidate).write() == candidate
