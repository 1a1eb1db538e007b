"""The signing key of a site: made once, read by its owner only, and what it signed verifies for ever."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from evidence.adapters.keys import FileSigner, make_key, verify_ed25519
from evidence.domain.signed import verify_document
from evidence.errors import IntegrityFault, Unavailable
from evidence.ledger.canonical import canonical
from evidence.ledger.keys import VerifierKey

BODY = canonical({"type": "test.body/1", "n": 1})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_key(tmp_path, "test.example/site")
    return tmp_path


def other_folder(tmp_path: Path) -> Path:
    (tmp_path / "other").mkdir()
    make_key(tmp_path / "other", "test.example/site")
    return tmp_path / "other"


def test_only_the_owner_can_read_the_private_key(folder: Path) -> None:
    assert stat.S_IMODE((folder / "signing.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o777])
def test_a_key_file_that_others_can_touch_is_refused(folder: Path, mode: int) -> None:
    (folder / "signing.pem").chmod(mode)
    with pytest.raises(Unavailable, match="key-file-open-to-others"):
        FileSigner(folder)


@pytest.mark.parametrize("name", ["signing.pem", "verifiers"])
def test_a_key_file_that_is_not_there_is_named_and_none_is_made(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(Unavailable, match="key-file-missing") as refusal:
        FileSigner(folder)
    assert refusal.value.fields["file"] == str(folder / name)
    assert not (folder / name).exists()


def test_a_key_is_never_made_over_another(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(FileExistsError):
        make_key(folder, "test.example/site")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_is_signed_verifies_with_the_published_key(folder: Path) -> None:
    signer = FileSigner(folder)
    document = signer.sign(BODY)
    assert signer.read(document, "test.body/1") == {"type": "test.body/1", "n": 1}
    keys = [VerifierKey.parse(signer.verifier_key())]
    assert verify_document(document, keys, "test.body/1", verify_ed25519)["n"] == 1
    assert VerifierKey.parse(signer.verifier_key()).name == "test.example/site"


def test_a_document_changed_by_one_bit_is_refused_wherever_it_is(folder: Path) -> None:
    signer = FileSigner(folder)
    document = signer.sign(BODY)
    for place in range(len(document)):
        spoilt = bytearray(document)
        spoilt[place] ^= 1
        with pytest.raises(IntegrityFault):
            signer.read(bytes(spoilt), "test.body/1")


def test_a_document_of_another_site_of_the_same_name_is_refused(folder: Path, tmp_path: Path) -> None:
    theirs = FileSigner(other_folder(tmp_path)).sign(BODY)
    with pytest.raises(IntegrityFault):
        FileSigner(folder).read(theirs, "test.body/1")


def test_a_document_of_another_type_is_refused(folder: Path) -> None:
    signer = FileSigner(folder)
    with pytest.raises(IntegrityFault):
        signer.read(signer.sign(BODY), "test.other/1")


def test_what_an_older_key_signed_still_verifies(folder: Path, tmp_path: Path) -> None:
    old, new = FileSigner(folder).sign(BODY), other_folder(tmp_path)
    older = (folder / "verifiers").read_text(encoding="ascii")
    newer = (new / "verifiers").read_text(encoding="ascii")
    (new / "verifiers").write_text(older + newer, encoding="ascii")
    signer = FileSigner(new)
    assert signer.read(old, "test.body/1")["n"] == 1
    assert signer.read(signer.sign(BODY), "test.body/1")["n"] == 1
    assert signer.verifier_key() == newer.strip()


def test_a_private_key_without_its_verifier_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "verifiers").write_text((other_folder(tmp_path) / "verifiers").read_text())
    with pytest.raises(Unavailable, match="key-without-verifier"):
        FileSigner(folder)
    (folder / "verifiers").write_text("")
    with pytest.raises(Unavailable, match="key-without-verifier"):
        FileSigner(folder)


def test_a_key_of_another_kind_is_refused(folder: Path) -> None:
    other = generate_private_key(SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "signing.pem").write_bytes(pem)
    with pytest.raises(Unavailable, match="key-of-other-kind"):
        FileSigner(folder)


def test_a_signature_is_checked_as_rfc_8032_says() -> None:
    # RFC 8032, section 7.1, test 2.
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    verify_ed25519(public, signature, b"\x72")
    for wrong in (b"\x73", b"", b"\x72\x00"):
        with pytest.raises(IntegrityFault, match="signature-wrong"):
            verify_ed25519(public, signature, wrong)
    with pytest.raises(IntegrityFault, match="signature-wrong"):
        verify_ed25519(public, signature[:-1], b"\x72")
    with pytest.raises(IntegrityFault, match="signature-wrong"):
        verify_ed25519(public[:-1], signature, b"\x72")
    key = Ed25519PrivateKey.generate()
    other = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    with pytest.raises(IntegrityFault, match="signature-wrong"):
        verify_ed25519(other, signature, b"\x72")


def test_signatures_are_judged_as_project_wycheproof_judges_them(vectors: Path) -> None:
    groups = json.loads((vectors / "ed25519" / "wycheproof-ed25519_test.json").read_text())["testGroups"]
    cases = [(bytes.fromhex(group["publicKey"]["pk"]), one) for group in groups for one in group["tests"]]
    assert len(cases) > 100
    for public, one in cases:
        arguments = (public, bytes.fromhex(one["sig"]), bytes.fromhex(one["msg"]))
        if one["result"] == "valid":
            verify_ed25519(*arguments)
        else:
            with pytest.raises(IntegrityFault, match="signature-wrong"):
                verify_ed25519(*arguments)
