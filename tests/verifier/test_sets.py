"""More than one bag: parts are joined when all are there; time stamps are over the bytes that were
stamped.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from evidence.bundle.media import Form, Medium
from evidence.verifier.__main__ import main
from tests.package_room import PackageRoom, a_witness
from tests.verifier.tampering import close_again

TINY = Medium("tiny", Form.FOLDER, None, 40_960)
AUTHORITY = """
[req]
distinguished_name = name
[name]
[stamping]
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
default_policy = 1.2.3.4
digests = sha256
signer_digest = sha256
"""


@pytest.fixture
def bags(tmp_path: Path) -> list[Path]:
    room = PackageRoom(tmp_path)
    of = len(room.pack(TINY, may_cut=True).bags)
    assert of > 3
    return [room.bag(number, of) for number in range(1, of + 1)]


def test_each_bag_passes_alone_and_says_that_parts_wait_for_the_others(
    bags: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for bag in bags:
        assert main([str(bag)]) == 0
        assert "the whole is checked when all bags are given together" in capsys.readouterr().out


def test_together_the_parts_are_joined_and_their_whole_is_checked(
    bags: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(bag) for bag in bags]) == 0
    said = capsys.readouterr().out
    assert "3 parts joined" in said
    assert "waits" not in said


def test_a_part_exchanged_is_found_in_its_own_bag_and_in_the_whole(
    bags: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    bag = next(bag for bag in bags if list(bag.glob("data/originals/*/*.part002")))
    (part,) = bag.glob("data/originals/*/*.part002")
    body = bytearray(part.read_bytes())
    body[100] ^= 1
    part.write_bytes(bytes(body))
    close_again(bag, payload=True)
    assert main([str(one) for one in bags]) == 1
    said = capsys.readouterr().out
    assert "parts joined" in said
    assert "not-in-set" in said or "本包不是 set.json 所列的任何一张" in said


def test_a_bag_shown_as_another_of_the_same_set_is_found(bags: list[Path]) -> None:
    other = bags[0].with_name("other")
    shutil.copytree(bags[0], other)
    shutil.rmtree(other / "data")
    shutil.copytree(bags[1] / "data", other / "data")
    assert main([str(other)]) == 1


def stamped(folder: Path, message: bytes) -> bytes:
    """Have an authority of our own stamp these bytes; return its answer."""
    (folder / "tsa.cnf").write_text(AUTHORITY.format(folder=folder))
    (folder / "serial").write_text("01\n")
    (folder / "message").write_bytes(message)

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.pem", "-days", "30"]
    openssl("req", "-x509", *key, "-subj", "/CN=tsa", "-config", "tsa.cnf", "-extensions", "stamping")
    openssl("ts", "-query", "-data", "message", "-sha256", "-cert", "-out", "q.tsq")
    reply = ["-config", "tsa.cnf", "-queryfile", "q.tsq", "-signer", "tsa.pem", "-inkey", "tsa.key"]
    openssl("ts", "-reply", *reply, "-out", "r.tsr")
    return (folder / "r.tsr").read_bytes()


@pytest.mark.parametrize("before_witnesses", [True, False])
def test_a_time_stamp_is_over_the_checkpoint_and_its_time_is_told(
    tmp_path: Path, before_witnesses: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    room = PackageRoom(tmp_path / "exports", witness=a_witness())
    testimony = room.testimony

    def with_stamp() -> object:
        note = room.custody.checkpoint()
        head, _, lines = note.rpartition(b"\n\n")
        published = head + b"\n\n" + lines.splitlines(keepends=True)[0]
        room.stamps = {"custody": stamped(tmp_path, published if before_witnesses else note)}
        return testimony()

    room.testimony = with_stamp  # type: ignore[assignment,method-assign]
    room.pack()
    assert main([str(room.bag())]) == 0
    said = capsys.readouterr().out
    assert "RFC 3161 20" in said
    assert "openssl ts -verify" in said


def test_a_time_stamp_over_other_bytes_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    room = PackageRoom(tmp_path / "exports", stamps={"custody": stamped(tmp_path, b"other bytes")})
    room.pack()
    assert main([str(room.bag())]) == 1
    assert "time stamp is not over this checkpoint: audit/checkpoint.tsr" in capsys.readouterr().out


@pytest.mark.parametrize("answer", [b"", b"\x30", b"\x30\x80", b"\x30\x03\x02\x01\x02", b"\x00" * 500])
def test_what_is_no_time_stamp_is_found(tmp_path: Path, answer: bytes) -> None:
    room = PackageRoom(tmp_path / "exports", stamps={"custody": answer})
    room.pack()
    assert main([str(room.bag())]) == 1


def test_how_far_a_large_package_has_been_read_is_shown(
    bags: list[Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence.verifier.__main__._LARGE", 1)
    monkeypatch.setattr("evidence.verifier.__main__._EACH_S", 0.0)
    assert main([str(bags[0]), "--json"]) == 0
    said = capsys.readouterr()
    assert "GB" in said.err
    assert "GB" not in said.out
