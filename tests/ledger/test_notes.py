"""Signed notes: the published ones, one spelling of each line, and no bit may change."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.adapters.keys import verify_ed25519
from evidence.errors import EvidenceError, IntegrityFault, Invalid
from evidence.ledger.keys import COSIGNATURE_ED25519, VerifierKey
from evidence.ledger.notes import (
    MAX_BYTES,
    MAX_LINES,
    Note,
    NoteSignature,
    over_text,
    parse,
    parse_signatures,
    sign,
    signed_by,
    verify,
    write,
)
from tests.ledger.trees import CHECKS, LOG, Signer, flipped

TEXT = "一行\nanother line\n\nafter an empty line\n".encode()
OTHER = Signer("other.example", 2)
NOTE = write(TEXT, [sign(TEXT, LOG.key, LOG.sign), sign(TEXT, OTHER.key, OTHER.sign)])


def cases(vectors: Path, name: str) -> Iterator[dict[str, Any]]:
    yield from json.loads((vectors / "signed-note" / name).read_text(encoding="utf-8"))["cases"]


def test_published_notes_are_judged_as_published(vectors: Path) -> None:
    seen = 0
    for case in cases(vectors, "verify.json"):
        seen += 1
        keys = [VerifierKey.parse(vkey) for vkey in case["vkeys"]]
        raw = case["note"].encode()
        if not case["ok"]:
            with pytest.raises(IntegrityFault):
                verify(parse(raw), keys, CHECKS)
            continue
        note = parse(raw)
        assert [one.key.name for one in verify(note, keys, CHECKS)] == case["verified"]
        unknown = [s.name for s in note.signatures if s.name not in case["verified"]]
        assert unknown == case.get("unverified", [])
        assert write(note.text, note.signatures) == raw
    assert seen == 7


def test_a_published_text_gets_its_published_signature(vectors: Path) -> None:
    (case,) = cases(vectors, "sign.json")
    name, _, encoded = case["skey"].removeprefix("PRIVATE+KEY+").split("+", 2)
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded)[1:])
    key = VerifierKey(name, private.public_key().public_bytes_raw())
    text = case["text"].encode()
    assert write(text, [sign(text, key, private.sign)]) == case["signed"].encode()


def test_a_note_says_which_known_keys_signed_it() -> None:
    note = parse(NOTE)
    assert note.text == TEXT
    assert [one.key for one in verify(note, [OTHER.key, LOG.key], CHECKS)] == [LOG.key, OTHER.key]
    assert [one.key for one in verify(note, [OTHER.key], CHECKS)] == [OTHER.key]
    assert signed_by(note, [], CHECKS) == ()


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    renamed = VerifierKey("renamed.example", LOG.key.public)
    same_name = VerifierKey(LOG.key.name, Signer("x", 9).key.public)
    for keys in ([], [renamed], [same_name], [renamed, same_name]):
        with pytest.raises(IntegrityFault, match="signer-unknown"):
            verify(parse(NOTE), keys, CHECKS)


def test_one_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    good, wrong = sign(TEXT, LOG.key, LOG.sign), sign(TEXT, OTHER.key, LOG.sign)
    short = NoteSignature(OTHER.key.name, OTHER.key.key_id, b"x")
    for bad in (wrong, short):
        note = parse(write(TEXT, [good, bad]))
        assert verify(note, [LOG.key], CHECKS)
        with pytest.raises(IntegrityFault, match="signature-wrong"):
            verify(note, [LOG.key, OTHER.key], CHECKS)


def test_every_line_of_a_known_key_is_checked_even_the_second_one() -> None:
    good = sign(TEXT, LOG.key, LOG.sign)
    bad = NoteSignature(good.name, good.key_id, flipped(good.blob, 0))
    assert len(verify(Note(TEXT, (good, good)), [LOG.key], CHECKS)) == 2
    with pytest.raises(IntegrityFault, match="signature-wrong"):
        verify(Note(TEXT, (good, bad)), [LOG.key], CHECKS)


def test_keys_that_share_name_and_id_must_all_verify() -> None:
    class SameId(VerifierKey):
        key_id = LOG.key.key_id  # type: ignore[assignment]

    twin = SameId(LOG.key.name, OTHER.key.public)
    with pytest.raises(IntegrityFault, match="signature-wrong"):
        verify(parse(NOTE), [LOG.key, twin], CHECKS)


def test_a_key_whose_type_cannot_be_checked_is_refused_rather_than_passed_over() -> None:
    witness = VerifierKey("w.example", bytes(32), COSIGNATURE_ED25519)
    with pytest.raises(Invalid, match="key-malformed reason='algorithm'"):
        verify(parse(NOTE), [LOG.key, witness], {1: over_text(verify_ed25519)})


def test_a_signature_does_not_cover_another_text() -> None:
    moved = write(b"another text\n", [sign(TEXT, LOG.key, LOG.sign)])
    with pytest.raises(IntegrityFault, match="signature-wrong"):
        verify(parse(moved), [LOG.key], CHECKS)


def test_no_bit_of_a_note_may_change() -> None:
    """Each flip is refused, or is a line of a key that is no longer known: the verdict is another."""
    whole = verify(parse(NOTE), [LOG.key, OTHER.key], CHECKS)
    for bit in range(len(NOTE) * 8):
        try:
            found = verify(parse(flipped(NOTE, bit)), [LOG.key, OTHER.key], CHECKS)
        except IntegrityFault:
            continue
        assert found != whole
        assert len(found) == 1


LINE = sign(TEXT, LOG.key, LOG.sign).line()
STRAY = LINE.replace("\n", "").rstrip("=")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no end of line"),
        (b"\n", "no empty line"),
        (b"text\n", "no empty line"),
        (b"text\n" + LINE.encode(), "no empty line"),
        (b"text\n\n", "no signature"),
        (b"text\n\n" + LINE.encode()[:-1], "no end of line"),
        (b"text\n\n" + LINE.encode() + b"\n", "no signature"),
        (b"text\n\n" + LINE.encode() + b"more\n", "signature line"),
        (b"text\n\n" + LINE.encode().replace(b"\n", b"\r\n"), "control character"),
        (b"te\txt\n\n" + LINE.encode(), "control character"),
        (b"te\0xt\n\n" + LINE.encode(), "control character"),
        (b"te\xffxt\n\n" + LINE.encode(), "not utf-8"),
        (b"te\xed\xa0\x80xt\n\n" + LINE.encode(), "not utf-8"),
        ("text\n\n- " + LINE[2:], "signature line"),
        ("text\n\n—" + LINE[2:], "signature line"),
        ("text\n\n—  " + LINE[2:], "base64"),
        ("text\n\n— nameonly\n", "signature line"),
        ("text\n\n— name \n", "key id"),
        ("text\n\n— na+me " + LINE.split(" ")[2], "key name"),
        ("text\n\n— na\u3000me " + LINE.split(" ")[2], "key name"),
        ("text\n\n— na\u00a0me " + LINE.split(" ")[2], "key name"),
        ("text\n\n— na\u0085me " + LINE.split(" ")[2], "key name"),
        ("text\n\n" + LINE.replace("\n", " \n"), "base64"),
        ("text\n\n" + LINE.replace("\n", " x\n"), "base64"),
        ("text\n\n" + LINE.replace("=", ""), "base64"),
        ("text\n\n— name AAAA\n", "key id"),
        ("text\n\n— name AAAAAA==\n", "no signature"),
        ("text\n\n— name AAAAAAB=\n", "base64"),
        ("text\n\n— name AAAAAA-_\n", "base64"),
        ("text\n\n— name ＡAAAAAA\n", "base64"),
    ],
)
def test_a_note_written_in_any_other_way_is_refused(raw: bytes | str, reason: str) -> None:
    with pytest.raises(IntegrityFault, match=f"note-malformed reason='{reason}'"):
        parse(raw if isinstance(raw, bytes) else raw.encode())


def test_the_last_empty_line_separates() -> None:
    text = b"a\n\n" + LINE.encode() + b"\n\nb\n"
    note = parse(text + b"\n" + LINE.encode())
    assert note.text == text
    assert len(note.signatures) == 1
    assert parse(b"\n\n" + LINE.encode()).text == b"\n"


def test_sixteen_signatures_of_the_longest_kind_are_read_and_a_note_too_long_is_not() -> None:
    longest = NoteSignature("name.example", "00000000", bytes(8 + 2420))
    sixteen = write(TEXT, [longest] * 16)
    assert len(parse(sixteen).signatures) == 16
    assert len(sixteen) < MAX_BYTES
    with pytest.raises(IntegrityFault, match="too long"):
        write(TEXT, [longest] * 21)
    short = NoteSignature("n", "00000000", b"x")
    ninety_eight = MAX_LINES - 2
    assert parse(write(b"t\n", [short] * ninety_eight))
    with pytest.raises(IntegrityFault, match="too long"):
        write(b"t\n", [short] * (ninety_eight + 1))


def test_what_would_not_read_back_is_not_written() -> None:
    good = sign(TEXT, LOG.key, LOG.sign)
    for text in (b"no end", b"", b"tab\t\n", b"\xff\n"):
        with pytest.raises(IntegrityFault, match="note-malformed"):
            write(text, [good])
    with pytest.raises(IntegrityFault, match="note-malformed"):
        write(TEXT, [])
    for name in ("", "a b", "a+b", "a\n", "a\x07", "\ud800"):
        with pytest.raises(IntegrityFault, match="key name"):
            NoteSignature(name, "0" * 8, b"x")
    for key_id in ("", "0" * 7, "0" * 9, "G" * 8, "A" * 8):
        with pytest.raises(IntegrityFault, match="key id"):
            NoteSignature("a", key_id, b"x")
    with pytest.raises(IntegrityFault, match="no signature"):
        NoteSignature("a", "0" * 8, b"")


def test_names_outside_ascii_are_read_though_no_such_key_is_trusted() -> None:
    signature = NoteSignature("例.example/日志", "00000000", b"x")
    assert parse(write(TEXT, [signature])).signatures == (signature,)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_reading_raises_nothing_but_our_own_errors_and_takes_only_what_it_would_write(raw: bytes) -> None:
    for candidate in (raw, raw + b"\n\n" + LINE.encode(), b"text\n\n" + "— ".encode() + raw + b"\n"):
        with suppress(IntegrityFault):
            note = parse(candidate)
            assert write(note.text, note.signatures) == candidate
    with suppress(EvidenceError):
        parse_signatures(raw)


@settings(deadline=None)
@given(st.data())
def test_a_note_cut_and_joined_at_random_is_refused_or_reads_as_it_is_written(data: st.DataObject) -> None:
    a = data.draw(st.integers(0, len(NOTE)))
    b = data.draw(st.integers(0, len(NOTE)))
    mixed = NOTE[:a] + NOTE[b:]
    with suppress(IntegrityFault):
        note = parse(mixed)
        assert write(note.text, note.signatures) == mixed
        if verify(note, [LOG.key, OTHER.key], CHECKS):  # a line more or less, but never another text
            assert note.text == parse(NOTE).text
