"""Witnesses: a published session, and each verdict for its reason only."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import EvidenceError, IntegrityFault
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.cosignatures import cosign
from evidence.ledger.keys import VerifierKey
from evidence.ledger.notes import parse, parse_signatures, sign, verify, write
from evidence.ledger.proofs import consistency
from evidence.ledger.witnessing import (
    MAX_BYTES,
    NOTHING_SEEN,
    AddCheckpoint,
    Asked,
    Seen,
    Verdict,
    decide,
    read,
    read_size_body,
    size_body,
)
from tests.ledger.trees import CHECKS, EMPTY, LEAVES, LOG, WITNESSES, Signer, flipped, mth, stored

LOGS = {LOG.key.name: [LOG.key]}


def judge(body: bytes, seen: Seen, logs: dict[str, list[VerifierKey]]) -> tuple[Verdict, Seen]:
    """Answer as a witness does; what it keeps changes only when it cosigns."""
    asked = read(body, logs, CHECKS)
    if not isinstance(asked, Asked):
        return asked, seen
    verdict = decide(asked, seen)
    if verdict is Verdict.COSIGN:
        return verdict, Seen(asked.checkpoint.size, asked.checkpoint.root)
    return verdict, seen


def test_a_published_session_gets_its_published_answers(vectors: Path) -> None:
    session = json.loads((vectors / "witness" / "add-checkpoint.json").read_text(encoding="utf-8"))
    key = VerifierKey(session["origin"], bytes.fromhex(session["log_ed25519_public_key_hex"]))
    seen = NOTHING_SEEN
    answers = []
    for case in session["cases"]:
        verdict, seen = judge(case["request_body"].encode(), seen, {session["origin"]: [key]})
        answers.append((case["name"], int(verdict)))
    assert answers == [(case["name"], case["status"]) for case in session["cases"]]
    assert [status for _, status in answers] == [200, 403, 404, 422, 422, 200]
    assert seen.size == 3


def note(size: int, root: bytes | None = None, log: Signer = LOG) -> bytes:
    text = Checkpoint(log.key.name, size, root or mth(0, size)).text()
    return write(text, [sign(text, log.key, log.sign)])


def request(old: int, new: int, **other: bytes) -> bytes:
    return AddCheckpoint(old, tuple(consistency(old, new, stored)), other.get("note") or note(new)).write()


SEEN = Seen(5, mth(0, 5))


def test_a_tree_that_only_grew_is_cosigned_from_every_size_to_every_size() -> None:
    for old in range(40):
        for new in range(old, 40):
            seen = Seen(old, mth(0, old))
            assert judge(request(old, new), seen, LOGS) == (Verdict.COSIGN, Seen(new, mth(0, new)))


def test_a_log_never_seen_begins_at_nothing() -> None:
    assert judge(request(0, 9), NOTHING_SEEN, LOGS) == (Verdict.COSIGN, Seen(9, mth(0, 9)))
    assert judge(request(0, 0), NOTHING_SEEN, LOGS) == (Verdict.COSIGN, Seen(0, EMPTY))


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (request(4, 9), Verdict.OTHER_SIZE),
        (request(6, 9), Verdict.OTHER_SIZE),
        (request(0, 9), Verdict.OTHER_SIZE),
        (AddCheckpoint(9, (), note(5)).write(), Verdict.MALFORMED),
        (AddCheckpoint(5, (), note(4)).write(), Verdict.MALFORMED),
        (AddCheckpoint(5, (), note(5, LEAVES[0])).write(), Verdict.INCONSISTENT),
        (AddCheckpoint(5, (LEAVES[0],), note(5)).write(), Verdict.INCONSISTENT),
        (AddCheckpoint(5, (), note(9)).write(), Verdict.INCONSISTENT),
        (request(5, 9, note=note(9, LEAVES[0])), Verdict.INCONSISTENT),
        (request(5, 9, note=note(10)), Verdict.INCONSISTENT),
        (request(5, 9, note=note(9, log=Signer("unknown.example", 7))), Verdict.UNKNOWN_LOG),
        (request(5, 9, note=note(9, log=Signer(LOG.key.name, 7))), Verdict.UNTRUSTED),
    ],
)
def test_each_fault_has_its_verdict_and_nothing_is_kept(body: bytes, verdict: Verdict) -> None:
    assert judge(body, SEEN, LOGS) == (verdict, SEEN)


def test_from_nothing_no_proof_may_come_along() -> None:
    body = AddCheckpoint(0, (LEAVES[0],), note(9)).write()
    assert judge(body, NOTHING_SEEN, LOGS) == (Verdict.INCONSISTENT, NOTHING_SEEN)


def test_a_wrong_signature_beside_a_good_one_is_refused_and_a_strangers_is_ignored() -> None:
    text = Checkpoint(LOG.key.name, 9, mth(0, 9)).text()
    new, stranger = Signer(LOG.key.name, 7), Signer("stranger.example", 8)
    good = sign(text, LOG.key, LOG.sign)
    for bad, verdict in (
        (sign(text, new.key, LOG.sign), Verdict.UNTRUSTED),
        (sign(text, stranger.key, LOG.sign), Verdict.COSIGN),
    ):
        body = request(5, 9, note=write(text, [good, bad]))
        assert judge(body, SEEN, {LOG.key.name: [LOG.key, new.key]})[0] is verdict


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (b"", Verdict.MALFORMED),
        (b"old 5\n", Verdict.MALFORMED),
        (b"\n\n" + note(9), Verdict.MALFORMED),
        (b"old 05\n\n" + note(9), Verdict.MALFORMED),
        (b"old -5\n\n" + note(9), Verdict.MALFORMED),
        (b"old  5\n\n" + note(9), Verdict.MALFORMED),
        (b"5\n\n" + note(9), Verdict.MALFORMED),
        (b"Old 5\n\n" + note(9), Verdict.MALFORMED),
        (b"old 5\r\n\n" + note(9), Verdict.MALFORMED),
        ("old ５\n\n".encode() + note(9), Verdict.MALFORMED),
        (b"old 5\nAAAA\n\n" + note(9), Verdict.MALFORMED),
        (b"old 5\n\xff\n\n" + note(9), Verdict.MALFORMED),
        (b"old 5\n" + b"A" * 43 + b"=\n" * 64 + b"\n" + note(9), Verdict.MALFORMED),
        (b"old 5\n\nno checkpoint\n", Verdict.MALFORMED),
        (b"old 5\n\nno checkpoint\n\n" + sign(b"", LOG.key, LOG.sign).line().encode(), Verdict.MALFORMED),
        (b"old 5\n\n" + note(9) + b"more\n", Verdict.UNTRUSTED),
        (b"old 5\n\n" + note(9)[:-1], Verdict.MALFORMED),
        (b"old 5\n\n" + note(9).replace(b"=\n", b"\n"), Verdict.MALFORMED),
        (b"x" * (MAX_BYTES + 1), Verdict.MALFORMED),
    ],
)
def test_a_request_that_cannot_be_read_is_answered_and_raises_nothing(body: bytes, verdict: Verdict) -> None:
    assert judge(body, SEEN, LOGS) == (verdict, SEEN)


def test_no_bit_of_a_request_may_change() -> None:
    body = request(5, 9)
    assert judge(body, SEEN, LOGS)[0] is Verdict.COSIGN
    for bit in range(len(body) * 8):
        verdict, seen = judge(flipped(body, bit), SEEN, LOGS)
        assert verdict is not Verdict.COSIGN
        assert seen == SEEN


def test_a_request_survives_writing_and_reading_and_sixty_three_hashes_fit() -> None:
    for proof in ((), tuple(LEAVES[:63])):
        asked = AddCheckpoint(2**63 - 1, proof, note(9))
        assert AddCheckpoint.parse(asked.write()) == asked
    for old, proof in ((-1, ()), (2**63, ()), (1, tuple(LEAVES[:64])), (1, (b"x",))):
        with pytest.raises(IntegrityFault, match="witness-request-malformed"):
            AddCheckpoint(old, proof, note(9))


def test_the_answer_is_lines_that_the_log_can_add_to_its_checkpoint() -> None:
    checkpoint = parse(note(9))
    answer = "".join(cosign(checkpoint.text, one.key, 5, one.sign).line() for one in WITNESSES[:2]).encode()
    cosigned = write(checkpoint.text, [*checkpoint.signatures, *parse_signatures(answer)])
    keys = [LOG.key, WITNESSES[0].key, WITNESSES[1].key]
    assert [one.key for one in verify(parse(cosigned), keys, CHECKS)] == keys


def test_the_size_that_a_witness_has_seen_survives_writing_and_reading() -> None:
    assert size_body(SEEN) == b"5\n"
    assert read_size_body(b"20852163\n") == 20852163
    for body in (b"", b"\n", b"5", b"05\n", b"5\n\n", b" 5\n", b"5\r\n", b"x\n", b"\xff\n"):
        with pytest.raises(IntegrityFault, match="witness-answer-malformed"):
            read_size_body(body)


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_no_body_brings_out_anything_but_a_verdict(noise: bytes, start: int, end: int) -> None:
    whole = request(5, 9)
    body = whole[:start] + noise + whole[end:]
    for one in (noise, body):
        verdict, _ = judge(one, SEEN, LOGS)
        assert verdict is not Verdict.COSIGN or one == whole
    with suppress(EvidenceError):
        assert AddCheckpoint.parse(body).write() == body
