"""Cosignatures: a published one, both kinds of message byte for byte, and no bit may change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from evidence.adapters.keys import verify_ed25519
from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.cosignatures import checks, cosign, message, time_of
from evidence.ledger.keys import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, ED25519, VerifierKey
from evidence.ledger.notes import NoteSignature, parse, verify, write
from tests.ledger.trees import CHECKS, LEAVES, LOG, WITNESSES, flipped

WITNESS = WITNESSES[0]
TEXT = Checkpoint(LOG.key.name, 7, LEAVES[0]).text()
TIME = 1_679_315_147


def verify_ml_dsa_44(public: bytes, signature: bytes, text: bytes) -> None:
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, text)
    except InvalidSignature:
        raise IntegrityFault("signature-wrong") from None


BOTH = checks(verify_ed25519, verify_ml_dsa_44)
ML_DSA = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32)))
ML_KEY = VerifierKey("witness.example/pq", ML_DSA.public_key().public_bytes_raw(), COSIGNATURE_ML_DSA_44)


def test_a_published_cosignature_verifies_and_says_when(vectors: Path) -> None:
    folder = vectors / "cosignature"
    (vkey,) = json.loads((folder / "witness.v0.json").read_text())["verifier_keys"]
    key = VerifierKey.parse(vkey, [COSIGNATURE_ED25519])
    note = parse((folder / "witnessed-checkpoint").read_bytes())
    (signed,) = verify(note, [key], CHECKS)
    assert signed.key.name == "witness.example.org"
    published = json.loads((folder / "log.v3.json").read_text())["final_tree_head"]
    assert time_of(signed.signature) * 1000 == published["timestamp"]
    assert Checkpoint.parse(note.text).size == published["tree_size"]


def test_the_message_of_ed25519_is_the_one_of_the_specification() -> None:
    text = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert message(WITNESS.key, TIME, text) == b"cosignature/v1\ntime 1679315147\n" + text
    assert message(WITNESS.key, 0, TEXT).startswith(b"cosignature/v1\ntime 0\n")


def test_the_message_of_ml_dsa_is_the_structure_of_the_specification() -> None:
    checkpoint = Checkpoint.parse(TEXT)
    expected = bytes.fromhex("737562747265652f76310a00")  # subtree/v1, newline, zero
    expected += b"\x12witness.example/pq" + bytes.fromhex("00000000641850cb")
    expected += b"\x13log.example/custody" + bytes(8) + bytes.fromhex("0000000000000007") + checkpoint.root
    assert message(ML_KEY, TIME, TEXT) == expected
    with_extension = Checkpoint(checkpoint.origin, 7, checkpoint.root, ("extension",)).text()
    assert message(ML_KEY, TIME, with_extension) == expected  # no statement is made about extension lines


def test_both_kinds_of_cosignature_verify_beside_the_signature_of_the_log() -> None:
    lines = [
        NoteSignature(LOG.key.name, LOG.key.key_id, LOG.sign(TEXT)),
        cosign(TEXT, WITNESS.key, TIME, WITNESS.sign),
        cosign(TEXT, ML_KEY, TIME + 1, ML_DSA.sign),
    ]
    note = parse(write(TEXT, lines))
    found = verify(note, [LOG.key, WITNESS.key, ML_KEY], BOTH)
    assert [one.key.type for one in found] == [ED25519, COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44]
    assert [time_of(one.signature) for one in found[1:]] == [TIME, TIME + 1]


@pytest.mark.parametrize("key", [WITNESS.key, ML_KEY])
def test_a_cosignature_of_another_text_time_or_key_is_refused(key: VerifierKey) -> None:
    make = WITNESS.sign if key is WITNESS.key else ML_DSA.sign
    good = cosign(TEXT, key, TIME, make)
    others = [
        (Checkpoint(LOG.key.name, 8, LEAVES[0]).text(), good),
        (Checkpoint(LOG.key.name, 7, LEAVES[1]).text(), good),
        (Checkpoint(LOG.key.name + "x", 7, LEAVES[0]).text(), good),
        (TEXT, NoteSignature(good.name, good.key_id, flipped(good.blob, 0))),
        (TEXT, NoteSignature(good.name, good.key_id, flipped(good.blob, 63))),
        (TEXT, NoteSignature(good.name, good.key_id, good.blob[:-1])),
        (TEXT, NoteSignature(good.name, good.key_id, good.blob + b"x")),
        (TEXT, NoteSignature(good.name, good.key_id, good.blob[8:])),
        (b"no checkpoint\n", good),
    ]
    assert verify(parse(write(TEXT, [good])), [key], BOTH)
    for text, signature in others:
        with pytest.raises(IntegrityFault, match="signature-wrong"):
            verify(parse(write(text, [signature])), [key], BOTH)


def test_no_bit_of_a_cosignature_may_change() -> None:
    good = cosign(TEXT, WITNESS.key, TIME, WITNESS.sign)
    for bit in range(len(good.blob) * 8):
        spoilt = NoteSignature(good.name, good.key_id, flipped(good.blob, bit))
        with pytest.raises(IntegrityFault, match="signature-wrong"):
            verify(parse(write(TEXT, [spoilt])), [WITNESS.key], CHECKS)


def test_a_plain_signature_is_no_cosignature_and_the_other_way_round() -> None:
    plain = VerifierKey(WITNESS.key.name, WITNESS.key.public, ED25519)
    as_plain = NoteSignature(plain.name, plain.key_id, cosign(TEXT, WITNESS.key, TIME, WITNESS.sign).blob)
    as_witness = NoteSignature(WITNESS.key.name, WITNESS.key.key_id, bytes(8) + WITNESS.sign(TEXT))
    for key, signature in ((plain, as_plain), (WITNESS.key, as_witness)):
        with pytest.raises(IntegrityFault, match="signature-wrong"):
            verify(parse(write(TEXT, [signature])), [key], CHECKS)


def test_a_key_of_ml_dsa_is_refused_where_nobody_can_check_it() -> None:
    note = parse(write(TEXT, [cosign(TEXT, ML_KEY, TIME, ML_DSA.sign)]))
    with pytest.raises(Invalid, match="key-malformed reason='algorithm'"):
        verify(note, [ML_KEY], CHECKS)


def test_keys_of_both_kinds_survive_writing_and_reading() -> None:
    for key in (WITNESS.key, ML_KEY):
        assert VerifierKey.parse(key.text(), [COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44]) == key
        with pytest.raises(Invalid, match="key-malformed reason='algorithm'"):
            VerifierKey.parse(key.text())


@pytest.mark.parametrize("time", [-1, 2**63, 2**64])
def test_a_time_that_cannot_be_written_is_refused(time: int) -> None:
    with pytest.raises(IntegrityFault, match="cosignature-malformed reason='time'"):
        cosign(TEXT, WITNESS.key, time, WITNESS.sign)


def test_a_time_beyond_the_limit_and_a_line_too_short_are_refused_when_read() -> None:
    name, key_id = WITNESS.key.name, WITNESS.key.key_id
    with pytest.raises(IntegrityFault, match="cosignature-malformed reason='time'"):
        time_of(NoteSignature(name, key_id, b"\x80" + bytes(71)))
    for blob in (b"x", bytes(8)):
        with pytest.raises(IntegrityFault, match="cosignature-malformed reason='length'"):
            time_of(NoteSignature(name, key_id, blob))


def test_only_the_text_of_a_checkpoint_is_cosigned_and_only_by_a_cosigners_key() -> None:
    with pytest.raises(IntegrityFault, match="checkpoint-malformed"):
        cosign(b"no checkpoint\n", WITNESS.key, TIME, WITNESS.sign)
    with pytest.raises(Invalid, match="key-malformed reason='algorithm'"):
        cosign(TEXT, LOG.key, TIME, LOG.sign)
    with pytest.raises(IntegrityFault, match="cosignature-malformed reason='length'"):
        cosign(TEXT, WITNESS.key, TIME, lambda text: b"short")
    long = Checkpoint("o" * 256, 7, LEAVES[0]).text()
    with pytest.raises(IntegrityFault, match="cosignature-malformed reason='origin'"):
        cosign(long, ML_KEY, TIME, ML_DSA.sign)
