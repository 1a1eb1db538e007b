"""Verifier keys: the text can be read back, and a slip in copying is noticed."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import Invalid
from evidence.ledger.keys import VerifierKey

# The key of the Go checksum database, a signed-note key in wide use.
GO_SUMDB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"


def test_a_published_key_is_read_and_written_the_same() -> None:
    key = VerifierKey.parse(GO_SUMDB)
    assert (key.name, key.key_id, len(key.public)) == ("sum.golang.org", "033de0ae", 32)
    assert key.text() == GO_SUMDB
    assert key.label == "sum.golang.org+033de0ae"


def test_the_key_id_is_computed_as_in_signed_note() -> None:
    public = bytes(range(32))
    digest = hashlib.sha256(b"evidence.example\n\x01" + public).digest()
    assert VerifierKey("evidence.example", public).key_id == digest[:4].hex()


def test_white_space_around_a_pasted_key_is_ignored() -> None:
    assert VerifierKey.parse(f"  {GO_SUMDB}\r\n") == VerifierKey.parse(GO_SUMDB)


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_every_key_survives_writing_and_reading(public: bytes) -> None:
    key = VerifierKey("evidence.example", public)
    assert VerifierKey.parse(key.text()) == key


@settings(deadline=None)
@given(st.data())
def test_any_changed_character_is_noticed(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(GO_SUMDB) - 1))
    other = data.draw(
        st.characters(min_codepoint=33, max_codepoint=126).filter(lambda c: c != GO_SUMDB[place])
    )
    with pytest.raises(Invalid, match="key-malformed"):
        VerifierKey.parse(GO_SUMDB[:place] + other + GO_SUMDB[place + 1 :])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", 'a"b', "a\\b", "局", "a\x7f", "a" * 256])
def test_a_name_that_would_need_escapes_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="key-malformed"):
        VerifierKey(name, bytes(32))


@pytest.mark.parametrize("raw", [b"\x01" + bytes(31), b"\x01" + bytes(33), b"\x02" + bytes(32), b""])
def test_another_length_or_algorithm_is_refused(raw: bytes) -> None:
    key_id = hashlib.sha256(b"a\n" + raw).hexdigest()[:8]
    with pytest.raises(Invalid, match="key-malformed"):
        VerifierKey.parse(f"a+{key_id}+{base64.b64encode(raw).decode()}")


@pytest.mark.parametrize("text", ["", "a", "a+b", "a+00000000+***", GO_SUMDB.upper(), GO_SUMDB + " x"])
def test_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="key-malformed"):
        VerifierKey.parse(text)
