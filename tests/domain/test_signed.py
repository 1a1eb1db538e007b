"""Signed documents: one way of writing, strict reading, checkable with stock tools."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from evidence.domain.signed import (
    MAX_DOCUMENT_BYTES,
    Signature,
    assemble,
    disassemble,
    verify_document,
)
from evidence.errors import IntegrityFault
from evidence.ledger.canonical import canonical
from evidence.ledger.keys import VerifierKey
from tests.ledger.values import KEYS, VALUES

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = VerifierKey("evidence.example", KEY.public_key().public_bytes_raw())
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(reversed(range(32))))
OTHER_VKEY = VerifierKey("other.example", OTHER.public_key().public_bytes_raw())

BODIES = st.dictionaries(KEYS, VALUES, max_size=6).map(lambda d: {**d, "type": "evidence.test/1"})


def check(public: bytes, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        raise IntegrityFault from None


def sign(body: dict[str, object], key: Ed25519PrivateKey = KEY, vkey: VerifierKey = VKEY) -> bytes:
    line = canonical(body)
    return assemble(line, [Signature(vkey.label, key.sign(line))])


def read(document: bytes, *keys: VerifierKey) -> dict[str, object]:
    return verify_document(document, keys or (VKEY,), "evidence.test/1", check)


BODY: dict[str, object] = {
    "type": "evidence.test/1",
    "name": 'DCIM/局 "1"\n.mp4',
    "size": 100384,
    "sm3": None,
}
DOCUMENT = sign(BODY)


@given(BODIES)
def test_a_document_survives_writing_reading_and_writing(body: dict[str, object]) -> None:
    document = sign(body)
    line, fields, signatures = disassemble(document)
    assert fields == body
    assert assemble(line, signatures) == document
    assert read(document) == body


def test_the_document_has_exactly_the_three_lines_of_the_format() -> None:
    lines = DOCUMENT.split(b"\n")
    assert lines[0] == b'{"signed":'
    assert lines[1] == canonical(BODY)
    signature = base64.b64encode(KEY.sign(lines[1])).decode()
    assert lines[2].decode() == (
        f',"signatures":[{{"alg":"Ed25519","key":"{VKEY.label}","sig":"{signature}"}}]}}'
    )
    assert lines[3:] == [b""]


@given(st.data())
def test_any_flipped_bit_is_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(DOCUMENT) * 8 - 1))
    changed = bytearray(DOCUMENT)
    changed[place // 8] ^= 1 << place % 8
    with pytest.raises(IntegrityFault):
        read(bytes(changed))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        DOCUMENT[:-1],
        DOCUMENT + b"\n",
        DOCUMENT + b"x",
        b"\xef\xbb\xbf" + DOCUMENT,
        b"\n" + DOCUMENT,
        DOCUMENT.replace(b"\n", b"\r\n"),
        DOCUMENT.replace(b'"size":100384', b'"size": 100384'),
        DOCUMENT.replace(b'"size":100384', b'"size":100384.0'),
        DOCUMENT.replace(b'"size":100384', b'"size":1e5'),
        DOCUMENT.replace(b'"size":100384', b'"size":-0'),
        DOCUMENT.replace(b'"size":100384', b'"size":NaN'),
        DOCUMENT.replace(b'"size":100384', b'"size":' + b"9" * 5000),
        DOCUMENT.replace(b'"size":100384', b'"size":100384,"size":100384'),
        DOCUMENT.replace(b'"name"', b'"n\\u0061me"'),
        DOCUMENT.replace("局".encode(), b"\xff"),
        DOCUMENT.replace(b'"type"', b'"typo"'),
        DOCUMENT.replace(b"evidence.test/1", b"", 1).replace(b'"type":""', b'"type":1'),
        DOCUMENT.replace(b'"alg":"Ed25519",', b""),
        DOCUMENT.replace(b'"alg"', b'"a":1,"alg"'),
        DOCUMENT.replace(b'=="}', b'"}'),
        b'{"signed":\n[]\n,"signatures":[]}\n',
        b'{"signed":\n{"type":"x"}\n,"signatures":[]}\n',
        b'{"signed":\n' + b"[" * 20000 + b'\n,"signatures":[]}\n',
    ],
)
def test_a_document_written_in_any_other_way_is_refused(document: bytes) -> None:
    with pytest.raises(IntegrityFault, match="document-malformed"):
        disassemble(document)


def test_base64_with_stray_bits_is_refused() -> None:
    at = DOCUMENT.index(b'=="}')  # 64 bytes leave 4 unused bits in the last digit
    digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    stray = digits[digits.index(DOCUMENT[at - 1]) | 1]
    changed = DOCUMENT[: at - 1] + bytes([stray]) + DOCUMENT[at:]
    assert base64.b64decode(changed[at - 86 : at + 2]) == base64.b64decode(DOCUMENT[at - 86 : at + 2])
    with pytest.raises(IntegrityFault, match="base64"):
        disassemble(changed)


def test_a_document_longer_than_64_kib_is_neither_written_nor_read() -> None:
    spare = MAX_DOCUMENT_BYTES - len(sign({"type": "t", "x": ""}))
    longest = sign({"type": "t", "x": "a" * spare})
    assert len(longest) == MAX_DOCUMENT_BYTES
    disassemble(longest)
    with pytest.raises(IntegrityFault, match="too long"):
        sign({"type": "t", "x": "a" * (spare + 1)})


def test_a_document_without_a_type_or_signature_is_not_written() -> None:
    with pytest.raises(IntegrityFault, match="no type"):
        assemble(canonical({"x": 1}), [Signature(VKEY.label, bytes(64))])
    with pytest.raises(IntegrityFault):
        assemble(canonical(BODY), [])
    with pytest.raises(IntegrityFault, match="canonical"):
        assemble(b'{"type": "x"}', [Signature(VKEY.label, bytes(64))])


def test_a_signature_for_one_kind_is_not_valid_for_another() -> None:
    with pytest.raises(IntegrityFault, match="document-type"):
        verify_document(DOCUMENT, [VKEY], "evidence.receipt/1", check)


def test_a_document_that_no_known_key_signed_is_refused() -> None:
    for keys in ([], [OTHER_VKEY]):
        with pytest.raises(IntegrityFault, match="signer-unknown"):
            verify_document(DOCUMENT, keys, "evidence.test/1", check)


def test_a_key_of_the_same_name_with_other_bytes_is_not_known() -> None:
    with pytest.raises(IntegrityFault, match="signer-unknown"):
        read(DOCUMENT, VerifierKey(VKEY.name, OTHER_VKEY.public))


def test_signatures_of_unknown_keys_are_ignored_even_of_other_algorithms() -> None:
    line = canonical(BODY)
    strange = Signature("future.example+00000000", b"long" * 100, "ML-DSA-44")
    assert read(assemble(line, [strange, Signature(VKEY.label, KEY.sign(line))])) == BODY


def test_one_wrong_signature_of_a_known_key_spoils_the_document() -> None:
    line = canonical(BODY)
    good = Signature(VKEY.label, KEY.sign(line))
    for bad in (
        Signature(OTHER_VKEY.label, KEY.sign(line)),
        Signature(OTHER_VKEY.label, b""),
        Signature(OTHER_VKEY.label, OTHER.sign(line), "RSA"),
    ):
        document = assemble(line, [good, bad])
        assert read(document, VKEY) == BODY
        with pytest.raises(IntegrityFault, match="signature-wrong"):
            read(document, VKEY, OTHER_VKEY)


def test_the_signature_covers_line_two_only_with_its_own_bytes() -> None:
    line = canonical(BODY)
    with pytest.raises(IntegrityFault, match="signature-wrong"):
        read(assemble(line, [Signature(VKEY.label, KEY.sign(line + b"\n"))]))


def stock_tools() -> str:
    """What the court's expert is told to type: the commands of the format document itself."""
    guide = (Path(__file__).parents[2] / "docs/formats/signed-document.md").read_text()
    (commands,) = (block for block in guide.split("```") if "openssl pkeyutl -verify" in block)
    return commands


def test_stock_tools_accept_the_document_and_refuse_a_changed_one(tmp_path: Path) -> None:
    commands = stock_tools()

    def run(document: bytes) -> subprocess.CompletedProcess[str]:
        (tmp_path / "manifest.json").write_bytes(document)
        (tmp_path / "vkey").write_text(VKEY.text() + "\n")
        return subprocess.run(["sh", "-c", commands], cwd=tmp_path, capture_output=True, text=True)

    good = run(DOCUMENT)
    assert (good.returncode, good.stdout.strip()) == (0, "Signature Verified Successfully"), good.stderr
    assert (tmp_path / "body").read_bytes() == canonical(BODY)
    bad = run(DOCUMENT.replace(b"100384", b"100385"))
    assert bad.returncode != 0
    assert "Verified Successfully" not in bad.stdout
