"""Codes by the clock: the vectors of RFC 6238, one step around now, and secrets that are sealed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from evidence.adapters.time_codes import FILE, FolderTimeCodes
from evidence.errors import Unavailable

RFC_SECRET = b"12345678901234567890"
PERSON, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def codes(tmp_path: Path) -> FolderTimeCodes:
    """Codes with a key in a fresh folder."""
    return FolderTimeCodes(tmp_path)


def at(seconds: int) -> datetime:
    """Return a time since the epoch."""
    return datetime.fromtimestamp(seconds, UTC)


# RFC 6238, appendix B, SHA-1; the last six of its eight digits.
@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_standard(codes: FolderTimeCodes, seconds: int, code: str) -> None:
    sealed = codes.seal(RFC_SECRET, PERSON)
    assert codes.step(sealed, PERSON, code, at(seconds)) == seconds // 30
    assert codes.step(sealed, PERSON, f"{code[:3]} {code[3:]}", at(seconds)) == seconds // 30


def test_one_step_early_or_late_is_taken_and_no_more(codes: FolderTimeCodes) -> None:
    sealed, code = (
        codes.seal(RFC_SECRET, PERSON),
        TOTP(RFC_SECRET, 6, SHA1(), 30).generate(1111111111).decode(),
    )
    step = 1111111111 // 30
    for off, found in ((-60, None), (-30, step), (0, step), (30, step), (60, None), (3600, None)):
        assert codes.step(sealed, PERSON, code, at(1111111111) + timedelta(seconds=off)) == found, off


@pytest.mark.parametrize("code", ["", "28708", "2870822", "２８７０８２", "abcdef", "\ud800", "-87082"])
def test_what_is_no_code_is_none(codes: FolderTimeCodes, code: str) -> None:
    assert codes.step(codes.seal(RFC_SECRET, PERSON), PERSON, code, at(59)) is None


def test_without_a_secret_no_code_is_right_not_even_the_one_of_an_empty_secret(
    codes: FolderTimeCodes,
) -> None:
    empty = TOTP(b"\0" * 20, 6, SHA1(), 30).generate(59).decode()
    assert codes.step(None, PERSON, empty, at(59)) is None
    assert codes.step(b"damaged" * 9, PERSON, empty, at(59)) is None


def test_a_sealed_secret_is_its_persons_alone(codes: FolderTimeCodes) -> None:
    sealed = codes.seal(RFC_SECRET, PERSON)
    assert RFC_SECRET not in sealed
    assert codes.seal(RFC_SECRET, PERSON) != sealed
    assert codes.step(sealed, PERSON, "287082", at(59)) is not None
    assert codes.step(sealed, OTHER, "287082", at(59)) is None


def test_the_key_is_made_once_for_the_service_alone(codes: FolderTimeCodes, tmp_path: Path) -> None:
    sealed = codes.seal(RFC_SECRET, PERSON)
    key = tmp_path / FILE
    assert (len(key.read_bytes()), key.stat().st_mode & 0o777) == (32, 0o600)
    before = key.read_bytes()
    FolderTimeCodes(tmp_path).prepare()
    assert key.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [FILE]
    key.unlink()
    assert codes.step(sealed, PERSON, "287082", at(59)) is None, "the database alone makes no code"


def test_a_key_that_is_cut_short_is_refused(codes: FolderTimeCodes, tmp_path: Path) -> None:
    codes.prepare()
    (tmp_path / FILE).write_bytes(b"short")
    with pytest.raises(Unavailable, match="factor-key-missing"):
        codes.seal(RFC_SECRET, PERSON)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    with pytest.raises(Unavailable, match="factor-key-missing"):
        FolderTimeCodes(tmp_path).prepare()


def test_an_authenticator_reads_the_same_secret(codes: FolderTimeCodes) -> None:
    secret = codes.new_secret()
    assert len(secret) == 20
    address = codes.address(secret, "XG123456", "evidence")
    parts = urlsplit(address)
    told = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert (told["digits"], told["period"], told["issuer"]) == (["6"], ["30"], ["evidence"])
    picture = codes.picture(address)
    assert picture.startswith("<svg")
    assert "style=" not in picture, "the policy of our pages forbids inline styles"
    assert "<script" not in picture
