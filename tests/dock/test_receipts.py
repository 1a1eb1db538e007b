"""Receipts (drill F08): forged, old and foreign ones are refused, each by the field that gives it away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from evidence.dock.receipts import Expected, verify_receipt
from evidence.domain.signed import Signature, assemble
from evidence.errors import IntegrityFault
from evidence.ledger.canonical import canonical
from evidence.ledger.keys import VerifierKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = VerifierKey("evidence.example", KEY.public_key().public_bytes_raw())
BODY: dict[str, object] = {
    "type": "evidence.receipt/1",
    "recording": "0123456789abcdef" * 2,
    "device": "DSJX9A00123",
    "name": "DCIM/100/a.mp4",
    "size": 1,
    "sha256": "ab" * 32,
    "sm3": None,
    "manifest_sha256": "cd" * 32,
    "sealed": "2026-11-21T05:00:00.667178Z",
    "retain_until": "2027-11-21T05:00:00.667178Z",
    "log": "police.example/custody",
    "log_index": 7,
}
EXPECTED = Expected("DSJX9A00123", "DCIM/100/a.mp4", 1, "ab" * 32)


def sign(body: dict[str, object], key: Ed25519PrivateKey = KEY, label: str = VKEY.label) -> bytes:
    line = canonical(body)
    return assemble(line, [Signature(label, key.sign(line))])


def test_an_honest_receipt_gives_the_recording() -> None:
    assert verify_receipt(sign(BODY), VKEY, EXPECTED) == BODY["recording"]
    assert verify_receipt(sign(BODY | {"sm3": "ef" * 32}), VKEY, EXPECTED) == BODY["recording"]
    named = replace(EXPECTED, recording=str(BODY["recording"]))
    assert verify_receipt(sign(BODY), VKEY, named) == BODY["recording"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("device", "DSJX9A00124"),
        ("name", "DCIM/100/b.mp4"),
        ("size", 2),
        ("size", True),
        ("size", "1"),
        ("sha256", "ac" * 32),
        ("sha256", "AB" * 32),
        ("sha256", None),
    ],
)
def test_a_receipt_for_anything_else_is_refused_however_well_signed(field: str, value: object) -> None:
    with pytest.raises(IntegrityFault, match="receipt-differs") as refusal:
        verify_receipt(sign(BODY | {field: value}), VKEY, EXPECTED)
    assert refusal.value.fields["field"] == field


def test_a_receipt_for_another_recording_than_the_service_named_is_refused() -> None:
    with pytest.raises(IntegrityFault, match="receipt-differs"):
        verify_receipt(sign(BODY), VKEY, replace(EXPECTED, recording="f" * 32))


@pytest.mark.parametrize("field", sorted(set(BODY) - {"type"}))
def test_a_receipt_without_a_field_is_refused(field: str) -> None:
    with pytest.raises(IntegrityFault, match="receipt-(differs|malformed)"):
        verify_receipt(sign({k: v for k, v in BODY.items() if k != field}), VKEY, EXPECTED)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recording", "../../etc"),
        ("sm3", "short"),
        ("manifest_sha256", None),
        ("log", ""),
        ("log", "no origin"),
        ("log", 7),
        ("log_index", True),
        ("log_index", -1),
        ("log_index", "7"),
        ("sealed", "yesterday"),
        ("retain_until", "2027-11-21T05:00:00"),
    ],
)
def test_a_receipt_that_says_nothing_a_court_could_use_is_refused(field: str, value: object) -> None:
    with pytest.raises(IntegrityFault, match="receipt-malformed"):
        verify_receipt(sign(BODY | {field: value}), VKEY, EXPECTED)


def test_a_manifest_is_not_a_receipt() -> None:
    with pytest.raises(IntegrityFault, match="document-type"):
        verify_receipt(sign(BODY | {"type": "evidence.manifest/1"}), VKEY, EXPECTED)


def test_another_key_is_refused_under_its_own_name_and_under_ours() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(reversed(range(32))))
    own = VerifierKey(VKEY.name, other.public_key().public_bytes_raw())
    with pytest.raises(IntegrityFault, match="signer-unknown"):
        verify_receipt(sign(BODY, other, own.label), VKEY, EXPECTED)
    with pytest.raises(IntegrityFault, match="signature-wrong"):
        verify_receipt(sign(BODY, other), VKEY, EXPECTED)


@given(st.integers(0, len(sign(BODY)) * 8 - 1))
def test_a_receipt_with_any_bit_flipped_is_refused(bit: int) -> None:
    forged = bytearray(sign(BODY))
    forged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(IntegrityFault):
        verify_receipt(bytes(forged), VKEY, EXPECTED)
