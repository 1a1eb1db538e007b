"""Trust files: read strictly, and a quorum is counted as the file says."""

from __future__ import annotations

from contextlib import suppress
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import EvidenceError, IntegrityFault, Invalid
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.cosignatures import cosign
from evidence.ledger.keys import COSIGNATURE_ED25519, ED25519, VerifierKey
from evidence.ledger.notes import NoteSignature, sign, write
from evidence.ledger.trust import MAX_BYTES, Group, Trust
from tests.ledger.trees import CHECKS, LEAVES, LOG, WITNESSES, Signer, flipped

W = [witness.key.text() for witness in WITNESSES]
L = LOG.key.text()

# The example of the specification, with keys.
EXAMPLE = f"""\
log {L}

witness X1 {W[0]}
witness X2 {W[1]}
witness X3 {W[2]}
group X-witnesses 2 X1 X2 X3

witness Y1 {W[3]}
witness Y2 {W[4]}
witness Y3 {W[5]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_the_example_of_the_specification_is_read() -> None:
    trust = Trust.parse(EXAMPLE.encode())
    assert trust.logs == (LOG.key,)
    assert list(trust.witnesses.values()) == [one.key for one in WITNESSES]
    assert trust.groups["X-witnesses"] == Group(2, ("X1", "X2", "X3"))
    assert trust.groups["Y-witnesses"].needed == 1
    assert trust.groups["X-and-Y"].needed == 2
    assert trust.quorum == "X-and-Y"


def test_every_set_of_cosigners_is_counted_as_the_example_says() -> None:
    trust = Trust.parse(EXAMPLE.encode())
    keys = [one.key for one in WITNESSES]
    for number in range(7):
        for chosen in combinations(range(6), number):
            x, y = len([i for i in chosen if i < 3]), len([i for i in chosen if i >= 3])
            assert trust.is_quorum({keys[i] for i in chosen}) == (x >= 2 and y >= 1)


def test_a_single_witness_may_be_the_quorum_and_none_asks_for_nobody() -> None:
    one = Trust.parse(f"witness a {W[0]}\nwitness b {W[1]}\nquorum b\n".encode())
    assert one.is_quorum({WITNESSES[1].key})
    assert not one.is_quorum({WITNESSES[0].key})
    assert Trust.parse(b"quorum none\n").is_quorum(set())


def test_blanks_comments_addresses_and_names_of_any_bytes_are_read() -> None:
    raw = (
        b"# a comment, even with \xff\n\n \t \n"
        + f"  log\t{L}  https://log.example/  \n\t# indented\n".encode()
        + f"witness 检察院 {W[0]} https://w.example/\nwitness K {W[1]}\nwitness \u212a {W[2]}\n".encode()
        + b"witness \xff "
        + W[3].encode()
        + b"\nwitness \xfe "
        + W[4].encode()
        + "\ngroup 法院 all 检察院 K \u212a ".encode()
        + b"\xff\nquorum "
        + "法院\n".encode()
    )
    trust = Trust.parse(raw)
    assert list(trust.witnesses)[:3] == ["检察院", "K", "\u212a"]
    assert len(trust.witnesses) == 5
    assert not trust.is_quorum({one.key for one in WITNESSES[:3]})
    assert trust.is_quorum({one.key for one in WITNESSES[:4]})
    assert trust.addresses == {L: "https://log.example/", W[0]: "https://w.example/"}


def test_keys_of_a_log_are_no_keys_of_a_witness_and_the_other_way_round() -> None:
    for line in (f"log {W[0]}", f"witness a {L}"):
        with pytest.raises(Invalid, match="trust-malformed line=1 reason='key'.*algorithm"):
            Trust.parse(f"{line}\nquorum none\n".encode())


RENAMED = VerifierKey("renamed.example", WITNESSES[0].key.public, COSIGNATURE_ED25519).text()
LOG_RENAMED = VerifierKey("renamed.example", LOG.key.public, ED25519).text()


@pytest.mark.parametrize(
    ("lines", "line", "reason"),
    [
        ("", 1, "no quorum"),
        ("quorum none", 0, "no end of line"),
        ("quorum none\r\n", 0, "control character"),
        ("quorum none\x7f\n", 0, "control character"),
        ("quorum none\n\x0b\n", 0, "control character"),
        ("quorums none\n", 1, "unknown word"),
        ("QUORUM none\n", 1, "unknown word"),
        ("\u00a0quorum none\n", 1, "unknown word"),
        ("quorum\n", 1, "number of words"),
        ("quorum none none\n", 1, "number of words"),
        ("quorum none # why\n", 1, "number of words"),
        ("quorum none\nquorum none\n", 2, "quorum twice"),
        ("quorum a\n", 1, "unknown name"),
        (f"quorum a\nwitness a {W[0]}\n", 1, "unknown name"),
        ("log\n", 1, "number of words"),
        (f"log {L} a b\n", 1, "number of words"),
        (f"log {L}x\n", 1, "key"),
        ("log x\n", 1, "key"),
        (f"log {L}\nlog {L}\n", 2, "key twice"),
        (f"log {L}\nlog {LOG_RENAMED}\n", 2, "key twice"),
        (f"witness {W[0]}\n", 1, "number of words"),
        (f"witness a {W[0]} b c\n", 1, "number of words"),
        (f"witness a {W[0]}\nwitness b {W[0]}\n", 2, "key twice"),
        (f"witness a {W[0]}\nwitness b {RENAMED}\n", 2, "key twice"),
        (f"witness a {W[0]}\nwitness a {W[1]}\n", 2, "name twice"),
        (f"witness none {W[0]}\n", 1, "name twice"),
        (f"witness a {W[0]}\ngroup a any a\n", 2, "name twice"),
        (f"witness a {W[0]}\ngroup none any a\n", 2, "name twice"),
        (f"witness a {W[0]}\ngroup g any\n", 2, "number of words"),
        (f"witness a {W[0]}\ngroup g any b\n", 2, "unknown name"),
        (f"witness a {W[0]}\ngroup g any none\n", 2, "unknown name"),
        (f"witness a {W[0]}\ngroup g any g\n", 2, "unknown name"),
        (f"witness a {W[0]}\ngroup g any a a\n", 2, "member twice"),
        (f"witness a {W[0]}\ngroup g any a\ngroup h any a\n", 3, "member twice"),
        (f"witness a {W[0]}\ngroup g 0 a\n", 2, "number of members"),
        (f"witness a {W[0]}\ngroup g 2 a\n", 2, "number of members"),
        (f"witness a {W[0]}\ngroup g 01 a\n", 2, "number of members"),
        (f"witness a {W[0]}\ngroup g -1 a\n", 2, "number of members"),
        (f"witness a {W[0]}\ngroup g some a\n", 2, "number of members"),
        ("#" * MAX_BYTES + "\n", 0, "too long"),
    ],
)
def test_a_file_that_is_not_understood_whole_is_refused_with_its_line(
    lines: str, line: int, reason: str
) -> None:
    with pytest.raises(Invalid, match=f"trust-malformed line={line} reason='{reason}'"):
        Trust.parse(lines.encode())


def test_thirty_two_logs_witnesses_and_groups_are_read() -> None:
    lines = [f"log {Signer(f'log.example/{n}', n).key.text()}" for n in range(32)]
    lines += [f"witness w{n} {Signer(f'w{n}', 32 + n, COSIGNATURE_ED25519).key.text()}" for n in range(32)]
    lines += ["group g0 any w0"] + [f"group g{n} all g{n - 1} w{n}" for n in range(1, 32)]
    trust = Trust.parse("\n".join([*lines, "quorum g31", ""]).encode())
    assert trust.is_quorum(set(trust.witnesses.values()))
    assert not trust.is_quorum(set(list(trust.witnesses.values())[1:]))


TRUST = Trust.parse(EXAMPLE.encode())
TEXT = Checkpoint(LOG.key.name, 7, LEAVES[0]).text()
BY_LOG = sign(TEXT, LOG.key, LOG.sign)
COSIGNED = [cosign(TEXT, one.key, 5, one.sign) for one in WITNESSES]


def test_a_checkpoint_with_log_and_quorum_is_trusted_and_strangers_are_ignored() -> None:
    stranger = NoteSignature("stranger.example", "00000000", b"anything")
    trusted = TRUST.open(write(TEXT, [stranger, COSIGNED[3], BY_LOG, COSIGNED[0], COSIGNED[2]]), CHECKS)
    assert trusted.checkpoint == Checkpoint.parse(TEXT)
    assert [one.key for one in trusted.log] == [LOG.key]
    assert [one.key for one in trusted.witnesses] == [WITNESSES[n].key for n in (3, 0, 2)]


def test_a_checkpoint_without_quorum_is_refused_and_one_witness_counts_once() -> None:
    for lines in ([], COSIGNED[:3], COSIGNED[3:], [COSIGNED[0], COSIGNED[0], COSIGNED[3]]):
        with pytest.raises(IntegrityFault, match="quorum-missing"):
            TRUST.open(write(TEXT, [BY_LOG, *lines]), CHECKS)


def test_a_checkpoint_that_its_log_did_not_sign_is_refused_whatever_witnesses_say() -> None:
    with pytest.raises(IntegrityFault, match="signer-unknown"):
        TRUST.open(write(TEXT, COSIGNED), CHECKS)
    with pytest.raises(IntegrityFault, match="signer-unknown"):
        Trust.parse(b"quorum none\n").open(write(TEXT, [BY_LOG]), CHECKS)


def test_a_trusted_log_cannot_speak_for_another() -> None:
    other = Signer("other.example", 9)
    trust = Trust.parse(f"log {L}\nlog {other.key.text()}\nquorum none\n".encode())
    assert trust.open(write(TEXT, [BY_LOG]), CHECKS)
    with pytest.raises(IntegrityFault, match="signer-unknown"):
        trust.open(write(TEXT, [sign(TEXT, other.key, other.sign)]), CHECKS)


def test_during_a_change_of_keys_either_key_of_the_log_is_enough() -> None:
    new = Signer(LOG.key.name, 9)
    trust = Trust.parse(f"log {L}\nlog {new.key.text()}\nquorum none\n".encode())
    by_new = sign(TEXT, new.key, new.sign)
    for lines in ([BY_LOG], [by_new], [BY_LOG, by_new]):
        assert len(trust.open(write(TEXT, lines), CHECKS).log) == len(lines)


def test_one_wrong_signature_of_a_known_witness_spoils_the_checkpoint() -> None:
    bad = NoteSignature(COSIGNED[5].name, COSIGNED[5].key_id, flipped(COSIGNED[5].blob, 100))
    with pytest.raises(IntegrityFault, match="signature-wrong"):
        TRUST.open(write(TEXT, [BY_LOG, *COSIGNED[:5], bad]), CHECKS)


def test_a_note_that_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(IntegrityFault, match="checkpoint-malformed"):
        TRUST.open(write(b"hello\n", [sign(b"hello\n", LOG.key, LOG.sign)]), CHECKS)


WORDS = [
    "log",
    "witness",
    "group",
    "quorum",
    "none",
    "any",
    "all",
    "1",
    "2",
    "a",
    "b",
    "\n",
    "\n",
    "#",
    " ",
    L,
    *W[:2],
]


@settings(deadline=None)
@given(st.binary(max_size=100) | st.lists(st.sampled_from(WORDS)).map(lambda words: " ".join(words).encode()))
def test_reading_raises_nothing_but_our_own_errors(raw: bytes) -> None:
    with suppress(EvidenceError):
        trust = Trust.parse(raw + b"\n")
        assert trust.is_quorum(set(trust.witnesses.values()))
        assert trust.quorum == "none" or not trust.is_quorum(set())
