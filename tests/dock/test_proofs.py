"""Proofs: of anything but the entry that the receipt names they are refused, each by what gives it away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evidence.dock.proofs import verify_log_keys, verify_proof
from evidence.errors import IntegrityFault
from evidence.ledger.keys import COSIGNATURE_ED25519, VerifierKey
from evidence.ledger.tlog_proofs import TlogProof
from tests.simulators.dock_server import FarEnd, Stored
from tests.simulators.far_log import FarLog

INDEX = 4


class Room:
    """A service with a log of seven entries; the fifth seals the upload. Nothing listens."""

    def __init__(self) -> None:
        self.far = FarEnd()
        self.log = self.far.log = FarLog(self.far.key.name)
        uploads = [
            Stored(f"{n:032x}", 3, {"device": "D1", "filename": f"{n}.mp4"}, bytearray(b"%03d" % n))
            for n in range(6)
        ]
        receipts = [self.far.receipt(upload) for upload in uploads]
        self.upload, self.receipt = uploads[INDEX - 1], receipts[INDEX - 1] or b""
        self.foreign = FarLog("other.example")

    def verify(self, proof: bytes, receipt: bytes | None = None) -> None:
        verify_proof(proof, receipt or self.receipt, self.far.key, [self.log.key, self.foreign.key])

    def refuses(self, code: str, proof: bytes, receipt: bytes | None = None) -> dict[str, Any]:
        with pytest.raises(IntegrityFault) as refusal:
            self.verify(proof, receipt)
        assert refusal.value.code == code, refusal.value
        return dict(refusal.value.fields)

    def proof_with(self, entry: bytes) -> bytes:
        """A sound proof of another entry at the same place of the same log."""
        entries = list(self.log.entries)
        entries[INDEX] = entry
        return self.log.proof_of(INDEX, entry, entries)


@pytest.fixture(scope="module")
def room() -> Room:
    return Room()


def test_the_proof_of_the_entry_that_the_receipt_names_is_believed(room: Room) -> None:
    room.verify(room.log.proof(INDEX))


def test_the_proof_of_another_entry_is_refused(room: Room) -> None:
    fields = room.refuses("proof-differs", room.log.proof(INDEX + 1))
    assert (fields["field"], fields["expected"], fields["found"]) == ("log_index", INDEX, INDEX + 1)


def test_a_proof_without_the_entry_is_refused(room: Room) -> None:
    whole = TlogProof.parse(room.log.proof(INDEX))
    bare = TlogProof(whole.index, whole.hashes, whole.checkpoint)
    assert room.refuses("proof-differs", bare.write())["field"] == "extra"


def test_an_entry_that_is_not_under_the_checkpoint_is_refused(room: Room) -> None:
    whole = TlogProof.parse(room.log.proof(INDEX))
    altered = TlogProof(whole.index, whole.hashes, whole.checkpoint, room.log.entries[INDEX + 1])
    assert room.refuses("proof-wrong", altered.write())["reason"] == "root"


@pytest.mark.parametrize(
    ("field", "alter"),
    [
        ("act", lambda fields: {"act": "evidence.examine"}),
        ("res", lambda fields: {"res": "broken"}),
        ("sha256", lambda fields: {"ref": {**fields["ref"], "sha256": "0" * 64}}),
        ("size", lambda fields: {"ref": {**fields["ref"], "size": 4}}),
        ("sm3", lambda fields: {"ref": {**fields["ref"], "sm3": "0" * 64}}),
        ("manifest_sha256", lambda fields: {"facts": {"manifest_sha256": "1" * 64}}),
        ("manifest_sha256", lambda fields: {"facts": {}}),
        ("recording", lambda fields: {"obj": [{"id": "f" * 32, "k": "recording"}]}),
        ("recording", lambda fields: {"obj": [{"id": fields["obj"][0]["id"], "k": "upload"}]}),
        ("recording", lambda fields: {"obj": []}),
    ],
)
def test_an_entry_that_says_anything_else_is_refused_however_sound_its_proof(
    room: Room, field: str, alter: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    fields = room.log.seal_fields(room.upload)
    entry = room.log.entry({**fields, **alter(fields)}, INDEX)
    assert room.refuses("proof-differs", room.proof_with(entry))["field"] == field


def test_an_entry_without_a_reference_is_refused(room: Room) -> None:
    fields = {k: v for k, v in room.log.seal_fields(room.upload).items() if k not in ("ref", "facts")}
    entry = room.log.entry(fields, INDEX)
    assert room.refuses("proof-differs", room.proof_with(entry))["field"] == "sha256"


def test_an_entry_that_names_another_log_is_refused(room: Room) -> None:
    entry = room.log.entry(room.log.seal_fields(room.upload), INDEX, "other.example/custody")
    assert room.refuses("proof-differs", room.proof_with(entry))["field"] == "log"


def test_what_is_no_entry_is_refused(room: Room) -> None:
    room.refuses("entry-malformed", room.proof_with(b"{}"))
    room.refuses("tlog-proof-malformed", b"<html>")
    room.refuses("tlog-proof-malformed", b"")


def test_a_log_of_another_site_is_refused_though_its_key_is_listed(room: Room) -> None:
    room.foreign.entries = list(room.log.entries)
    assert room.refuses("proof-differs", room.foreign.proof(INDEX))["field"] == "log"


def test_a_receipt_that_names_no_log_of_custody_of_this_site_is_refused(room: Room) -> None:
    for log in ("other.example/custody", f"{room.far.key.name}/access/2026", None):
        forged = room.far.sign({**room.far.receipt_body(room.upload), "log": log})
        assert room.refuses("proof-differs", room.log.proof(INDEX), forged)["field"] == "log"


def test_a_receipt_that_the_pinned_key_did_not_sign_is_refused(room: Room) -> None:
    forged = room.receipt.replace(b'"size":3', b'"size":4')
    room.refuses("signature-wrong", room.log.proof(INDEX), forged)


def test_a_checkpoint_of_a_key_that_is_not_listed_is_refused(room: Room) -> None:
    kept = room.log.private, room.log.key
    room.log.private, room.log.key = room.log.new_key()
    try:
        proof = room.log.proof(INDEX)
    finally:
        room.log.private, room.log.key = kept
    room.refuses("signer-unknown", proof)


def test_a_proof_with_a_byte_changed_is_refused(room: Room) -> None:
    proof = room.log.proof(INDEX)
    for at in range(0, len(proof), 7):
        changed = proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]
        with pytest.raises(IntegrityFault):
            room.verify(changed)


def test_the_list_of_keys_is_believed_for_its_signature_alone(room: Room) -> None:
    body = room.log.keys_body()
    signed = room.far.sign(body)
    assert verify_log_keys(signed, room.far.key) == (room.log.key,)
    assert verify_log_keys(room.far.sign({**body, "keys": []}), room.far.key) == ()
    other = FarEnd()
    cosigning = VerifierKey("other.example", bytes(32), COSIGNATURE_ED25519)
    for code, document in (
        ("signer-unknown", room.far.sign(body).replace(room.far.key.key_id.encode(), b"00000000")),
        ("signature-wrong", signed.replace(b"/custody", b"/custodx")),
        (
            "signature-wrong",
            other.sign(body).replace(other.key.key_id.encode(), room.far.key.key_id.encode()),
        ),
        ("document-type", room.receipt),
        ("document-malformed", b"[]"),
        ("log-keys-malformed", room.far.sign({"type": "evidence.log-keys/1"})),
        ("log-keys-malformed", room.far.sign({**body, "keys": ["no key"]})),
        ("log-keys-malformed", room.far.sign({**body, "keys": [7]})),
        ("log-keys-malformed", room.far.sign({**body, "keys": [cosigning.text()]})),
    ):
        with pytest.raises(IntegrityFault) as refusal:
            verify_log_keys(document, room.far.key)
        assert refusal.value.code == code
