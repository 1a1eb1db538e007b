"""SHA-256 and SM3 of bytes that arrive in pieces: the standards' vectors, any split, and going back."""

from __future__ import annotations

import hashlib
import json
import random
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.adapters import digesting
from evidence.adapters.digesting import OneDigest, TwoDigests
from evidence.domain.digests import Digests

# FIPS 180-4, the examples of NIST: "", "abc" and 56 letters.
SHA256 = {
    b"": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": (
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
}
# GB/T 32905-2016, appendix A.
SM3 = {
    b"abc": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    b"abcd" * 16: "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
}


def two_digests(*blocks: bytes) -> Digests:
    running = TwoDigests()
    for block in blocks:
        running.update(block)
    return running.digests()


@pytest.mark.parametrize("message", SHA256, ids=len)
def test_sha256_is_the_standards(message: bytes) -> None:
    one = OneDigest()
    one.update(message)
    assert one.digests() == Digests(SHA256[message])
    assert two_digests(message).sha256 == SHA256[message]
    assert one.sha256().hex() == SHA256[message]


@pytest.mark.parametrize("message", SM3, ids=len)
def test_sm3_is_the_standards(message: bytes) -> None:
    assert two_digests(message).sm3 == SM3[message]


def test_sm3_gives_every_published_vector(vectors: Path) -> None:
    known = [
        (bytes.fromhex(one["msg"]), one["sm3"])
        for one in json.loads((vectors / "sm3" / "botan-even.json").read_text())["vectors"]
    ]
    fields: dict[str, str] = {}
    for line in (vectors / "sm3" / "oscca.txt").read_text().splitlines():
        name, _, value = line.partition(" = ")
        fields[name] = value
        if name == "MD":
            known.append((bytes.fromhex(fields["Msg"])[: int(fields["Len"]) // 8], value))
    assert len(known) > 10
    for message, digest in known:
        assert two_digests(message).sm3 == digest
        assert two_digests(message[:7], message[7:]).sm3 == digest


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=12), st.data())
def test_however_the_bytes_are_cut_the_digests_are_those_of_the_whole(
    blocks: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(blocks)
    running, left = TwoDigests(), list(blocks)
    while left:
        taken = data.draw(st.integers(1, len(left)))
        running.update(*left[:taken])  # several blocks at a time, as a request brings them
        del left[:taken]
    assert running.digests() == Digests(
        hashlib.sha256(whole).hexdigest(), hashlib.new("sm3", whole).hexdigest()
    )


def test_views_and_bytearrays_are_taken_as_they_are() -> None:
    body = random.Random(1).randbytes(100_000)
    running = TwoDigests()
    running.update(memoryview(body)[:40_000], bytearray(body[40_000:]))
    assert running.digests() == two_digests(body)


@pytest.mark.parametrize("kind", [OneDigest, TwoDigests])
def test_a_copy_is_a_place_to_go_back_to(kind: type[OneDigest] | type[TwoDigests]) -> None:
    running = kind()
    running.update(b"the first request")
    before = running.copy()
    running.update(b", refused for its checksum")
    again = before.copy()
    again.update(b", the second one")
    assert before.digests().sha256 == hashlib.sha256(b"the first request").hexdigest()
    assert again.digests().sha256 == hashlib.sha256(b"the first request, the second one").hexdigest()
    assert (
        running.digests().sha256 == hashlib.sha256(b"the first request, refused for its checksum").hexdigest()
    )


def test_asking_in_between_changes_nothing() -> None:
    running = TwoDigests()
    running.update(b"ab")
    assert running.digests() == two_digests(b"ab")
    assert running.digests() == two_digests(b"ab")
    running.update(b"c")
    assert running.digests() == Digests(SHA256[b"abc"], SM3[b"abc"])


def test_sm3_is_at_most_one_request_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    # More would keep the bytes of many requests in memory when SM3 cannot follow.
    may_go_on, waiting, most = threading.Event(), [], []
    update_all = digesting._update_all

    def slow(digest: object, blocks: tuple[bytes, ...]) -> None:
        waiting.append(blocks)
        most.append(len(waiting))
        may_go_on.wait(10)
        update_all(digest, blocks)  # type: ignore[arg-type]
        waiting.remove(blocks)

    monkeypatch.setattr(digesting, "_update_all", slow)
    running = TwoDigests()
    running.update(b"a")
    second = threading.Thread(target=running.update, args=(b"b",))
    second.start()
    second.join(0.1)
    assert second.is_alive(), "the second request waits until the first is digested"
    may_go_on.set()
    second.join(10)
    running.update(b"c")
    assert running.digests() == Digests(SHA256[b"abc"], SM3[b"abc"])
    assert max(most) == 1


def test_a_failure_of_the_second_thread_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("no memory for SM3")

    monkeypatch.setattr(digesting, "_update_all", broken)
    running = TwoDigests()
    running.update(bytes(100_000))
    with pytest.raises(MemoryError):
        running.digests()


def test_many_uploads_at_once_do_not_mix() -> None:
    bodies = [random.Random(seed).randbytes(200_000) for seed in range(12)]
    found: dict[int, Digests] = {}

    def upload(number: int) -> None:
        cuts = [bodies[number][start : start + 7_000] for start in range(0, 200_000, 7_000)]
        found[number] = two_digests(*cuts)

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(12)] == [
        Digests(hashlib.sha256(body).hexdigest(), hashlib.new("sm3", body).hexdigest()) for body in bodies
    ]
