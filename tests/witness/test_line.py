"""A witness over HTTP, in a process of its own: each status for its reason, and a refusal changes nothing."""

from __future__ import annotations

import http.client
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from evidence.ledger import notes
from evidence.ledger.cosignatures import time_of
from evidence.ledger.keys import COSIGNATURE_ED25519, VerifierKey
from evidence.ledger.proofs import consistency
from evidence.ledger.witnessing import MAX_BYTES, SIZE_TYPE, AddCheckpoint
from tests.ledger.trees import CHECKS, LOG, Signer, flipped, mth, stored
from tests.witness_process import WitnessProcess, command, request, signed

STRANGER = Signer("stranger.example/log", 7)
IMPOSTOR = Signer(LOG.key.name, 8)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WitnessProcess]:
    """A witness that has cosigned size 10, for tests that change nothing."""
    witness = WitnessProcess(tmp_path_factory.mktemp("kept") / "w", LOG.key.text())
    with witness:
        assert witness.ask(request(0, 10))[0] == 200
        yield witness


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[WitnessProcess]:
    """A witness that has seen nothing."""
    with WitnessProcess(tmp_path / "w", LOG.key.text()) as one:
        yield one


def cosigned(witness: WitnessProcess, note: bytes, answer: tuple[int, bytes, str]) -> int:
    """Verify that an answer cosigns a checkpoint, and nothing else is in it; return the time it names."""
    status, body, _ = answer
    assert status == 200, body
    key = VerifierKey.parse(witness.vkey, (COSIGNATURE_ED25519,))
    (one,) = notes.parse_signatures(body)
    read = notes.parse(note + body)
    (found,) = notes.signed_by(read, [key], CHECKS)
    assert found.signature == one
    assert len(notes.signed_by(read, [LOG.key], CHECKS)) == 1
    return time_of(one)


def test_a_log_that_grows_is_cosigned_each_time_with_the_time(witness: WitnessProcess) -> None:
    began = int(time.time())
    for old, new in ((0, 1), (1, 1), (1, 7), (7, 8), (8, 256), (256, 600)):
        at = cosigned(witness, signed(new), witness.ask(request(old, new)))
        assert began <= at <= time.time()


def test_a_log_may_be_seen_first_while_it_is_empty(witness: WitnessProcess) -> None:
    for old, new in ((0, 0), (0, 0), (0, 5), (5, 6)):
        cosigned(witness, signed(new), witness.ask(request(old, new)))
    assert witness.ask(request(0, 0))[:2] == (409, b"6\n")


FORKED = AddCheckpoint(10, tuple(consistency(10, 20, stored)), signed(20, flipped(mth(0, 20), 3))).write()
REFUSED: dict[str, tuple[int, bytes]] = {
    "another tree of a greater size": (422, FORKED),
    "another tree of the same size": (
        422,
        AddCheckpoint(10, (), signed(10, flipped(mth(0, 10), 0))).write(),
    ),
    "the right tree without its proof": (422, AddCheckpoint(10, (), signed(20)).write()),
    "the right tree with a proof too long": (
        422,
        AddCheckpoint(10, (*consistency(10, 20, stored), bytes(32)), signed(20)).write(),
    ),
    "equal sizes with a proof": (422, AddCheckpoint(10, (bytes(32),), signed(10)).write()),
    "a size before the one it saw": (409, request(5, 7)),
    "from nothing again": (409, request(0, 20)),
    "from a size it has not seen": (409, request(12, 20)),
    "an old size above the new one": (400, AddCheckpoint(10, (), signed(7)).write()),
    "a log that it does not know": (404, AddCheckpoint(0, (), signed(20, log=STRANGER)).write()),
    "a known log, signed by another key": (403, AddCheckpoint(10, (), signed(20, log=IMPOSTOR)).write()),
    "a known log, signed wrongly": (403, request(10, 20)[:-9] + b"AAAAAAA=\n"),
    "a line that is no signature": (403, request(10, 20).replace("— ".encode(), b"- ")),
    "nothing": (400, b""),
    "no empty line": (400, b"old 10\n"),
    "no old size": (400, request(10, 20).removeprefix(b"old 10\n")),
    "an old size with a sign": (400, request(10, 20).replace(b"old 10", b"old +10")),
    "an old size with a zero before it": (400, request(10, 20).replace(b"old 10", b"old 010")),
    "an old size too great": (400, request(10, 20).replace(b"old 10", b"old 9223372036854775808")),
    "an old size in other digits": (400, request(10, 20).replace(b"old 10", "old ١٠".encode())),
    "a hash too short": (400, b"old 10\nAAAA\n\n" + signed(20)),
    "64 hashes": (400, b"old 10\n" + b"A" * 43 + b"=\n" + (b"A" * 43 + b"=\n") * 63 + b"\n" + signed(20)),
    "no checkpoint": (400, b"old 10\n\n"),
    "a checkpoint without a signature": (400, b"old 10\n\n" + signed(20).partition(b"\n\n")[0] + b"\n\n"),
    "a checkpoint of two lines": (400, b"old 10\n\nlog.example/custody\n20\n\n" + signed(20)[-100:]),
    "lines that end as others do": (400, request(10, 20).replace(b"\n", b"\r\n")),
    "bytes that are no text": (400, b"old 10\n\n\xff\xfe\n\n\xe2\x80\x94 x y\n"),
    "a byte of nothing": (400, request(10, 20).replace(b"custody", b"cust\x00dy")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_changes_nothing(kept: WitnessProcess, what: str) -> None:
    status, body = REFUSED[what]
    before = kept.state()
    answer = kept.ask(body)
    assert answer[0] == status, answer
    assert "\u2014".encode() not in answer[1]  # no signature line
    if status == 409:
        assert answer[1:] == (b"10\n", SIZE_TYPE)
    assert kept.state() == before
    cosigned(kept, signed(10), kept.ask(request(10, 10)))  # it still stands where it stood


def raw(witness: WitnessProcess, sent: bytes) -> bytes:
    """Send bytes as they are, and no more; return the whole answer."""
    with socket.create_connection(("127.0.0.1", witness.port), timeout=40) as line:
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(1 << 16), b""))


POST = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n"
HEADS: dict[str, tuple[int, bytes]] = {
    "no length": (411, POST + b"\r\n"),
    "pieces": (411, POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "pieces and a length": (411, POST + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0"),
    "two lengths": (400, POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n00"),
    "a length that is no number": (400, POST + b"Content-Length: +1\r\n\r\n0"),
    "a length in words": (400, POST + b"Content-Length: one\r\n\r\n0"),
    "a body too long": (413, POST + b"Content-Length: %d\r\n\r\n" % (MAX_BYTES + 1) + b"0" * (MAX_BYTES + 1)),
    "a length beyond all": (413, POST + b"Content-Length: 999999999999\r\n\r\n0"),
    "another address": (404, POST.replace(b"add-checkpoint", b"add-checkpoints") + b"\r\n"),
    "an address above": (404, POST.replace(b"/add", b"/../add") + b"\r\n"),
    "another method": (405, POST.replace(b"POST", b"PUT") + b"\r\n"),
    "a look where one posts": (405, POST.replace(b"POST", b"GET") + b"\r\n"),
    "a post where one looks": (405, POST.replace(b"add-checkpoint", b"vkey") + b"Content-Length: 0\r\n\r\n"),
    "an unknown method": (501, POST.replace(b"POST", b"BREW") + b"\r\n"),
    "no HTTP": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    "a line too long": (414, b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n"),
    "a head too long": (431, POST + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n"),
    "another version": (505, b"GET /vkey HTTP/3.0\r\n\r\n"),
}


@pytest.mark.parametrize("what", HEADS)
def test_a_request_that_is_none_is_refused_in_plain_words(kept: WitnessProcess, what: str) -> None:
    status, sent = HEADS[what]
    before = kept.state()
    head, _, body = raw(kept, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), head
    assert b"<" not in body
    assert kept.state() == before


def test_a_body_that_breaks_off_is_no_request(kept: WitnessProcess) -> None:
    whole, before = request(10, 20), kept.state()
    assert raw(kept, POST + b"Content-Length: %d\r\n\r\n" % len(whole) + whole[:-1]) == b""
    assert kept.state() == before


def test_its_key_is_nobodys_secret(kept: WitnessProcess) -> None:
    assert kept.ask(b"", "/vkey", "GET")[:2] == (200, f"{kept.vkey}\n".encode())
    assert kept.ask(b"", "/vkey", "HEAD")[:2] == (200, b"")


def test_who_sends_nothing_is_not_waited_for(kept: WitnessProcess) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", kept.port), timeout=40) as slow:
        slow.sendall(POST + b"Content-Length: 10\r\n\r\n")
        cosigned(kept, signed(10), kept.ask(request(10, 10)))  # others are answered meanwhile
        assert slow.recv(1 << 16).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 20


def test_a_state_outlives_the_process_and_what_it_cosigned_binds_it(tmp_path: Path) -> None:
    witness = WitnessProcess(tmp_path / "w", LOG.key.text())
    with witness:
        cosigned(witness, signed(10), witness.ask(request(0, 10)))
        assert witness.stop() == 0
    before = witness.state()
    with witness:
        assert witness.ask(request(0, 20))[:2] == (409, b"10\n")
        assert witness.ask(FORKED)[0] == 422
        assert witness.state() == before
        cosigned(witness, signed(20), witness.ask(request(10, 20)))


def test_of_many_at_once_for_two_pasts_only_one_past_is_cosigned(witness: WitnessProcess) -> None:
    cosigned(witness, signed(10), witness.ask(request(0, 10)))
    other_root = flipped(mth(0, 11), 5)
    bodies = [request(10, new) for new in (20, 30, 40)]
    bodies += [AddCheckpoint(10, tuple(consistency(10, 11, stored)), signed(11, other_root)).write()] * 3
    answers: list[tuple[int, bytes, str]] = []
    threads = [
        threading.Thread(target=lambda body=body: answers.append(witness.ask(body)))  # type: ignore[misc]
        for body in bodies * 3
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    statuses = [answer[0] for answer in answers]
    assert statuses.count(200) == 1  # each of them names size 10 as the old one
    assert set(statuses) <= {200, 409, 422}
    size = int(witness.ask(request(0, 1))[1])
    assert size in (20, 30, 40)
    cosigned(witness, signed(size), witness.ask(request(size, size)))


def test_killed_between_store_and_answer_it_goes_on_where_it_stood(tmp_path: Path) -> None:
    witness = WitnessProcess(tmp_path / "w", LOG.key.text(), EVIDENCE_CRASHPOINT="after-seen:2")
    with witness:
        cosigned(witness, signed(10), witness.ask(request(0, 10)))
        with pytest.raises((http.client.HTTPException, OSError)):
            witness.ask(request(10, 20))
        assert witness.wait() == -signal.SIGKILL
    witness._environment = {}
    with witness:
        before = witness.state()
        assert witness.ask(FORKED)[:2] == (409, b"20\n")
        assert witness.state() == before
        cosigned(witness, signed(20), witness.ask(request(20, 20)))


def test_a_log_that_is_trusted_later_is_known_at_once(witness: WitnessProcess) -> None:
    body = AddCheckpoint(0, (), signed(20, log=STRANGER)).write()
    assert witness.ask(body)[0] == 404
    assert STRANGER.key.name in command("trust", "--folder", str(witness.folder), STRANGER.key.text())
    assert witness.ask(body)[0] == 200


def test_a_log_may_be_named_at_the_start_and_stays_known(tmp_path: Path) -> None:
    witness = WitnessProcess(tmp_path / "w")
    witness.start("--log", LOG.key.text(), "--log", LOG.key.text())
    cosigned(witness, signed(10), witness.ask(request(0, 10)))
    witness.stop()
    with witness:
        cosigned(witness, signed(20), witness.ask(request(10, 20)))


def test_a_trust_file_that_became_unreadable_cosigns_nothing(witness: WitnessProcess) -> None:
    (witness.folder / "trust").write_text("log no-key\nquorum none\n")
    before = witness.state()
    assert witness.ask(request(0, 10))[0] == 503
    assert witness.state() == before


def test_a_request_in_hand_is_answered_before_it_stops(witness: WitnessProcess) -> None:
    body = request(0, 10)
    with socket.create_connection(("127.0.0.1", witness.port), timeout=30) as line:
        line.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body[:50])
        time.sleep(0.5)
        witness.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        line.sendall(body[50:])
        assert line.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
    assert witness.wait() == 0


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1."""
    certificate, key = folder / "c.pem", folder / "k.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", "-subj", "/CN=w"]
    make += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    return certificate, key


def test_over_tls_it_says_the_same(tmp_path: Path) -> None:
    certificate, key = a_certificate(tmp_path)
    with WitnessProcess(tmp_path / "w", LOG.key.text()).with_tls(certificate, key) as witness:
        assert witness.url.startswith("https://")
        trust = ssl.create_default_context(cafile=str(certificate))
        line = http.client.HTTPSConnection("127.0.0.1", witness.port, timeout=30, context=trust)
        line.request("POST", "/add-checkpoint", request(0, 10))
        answer = line.getresponse()
        cosigned(witness, signed(10), (answer.status, answer.read(), ""))
        line.close()
        with suppress(OSError):  # it hangs up
            assert raw(witness, POST + b"Content-Length: 0\r\n\r\n")[:5] != b"HTTP/"  # nothing in clear
        assert witness.stop() == 0


def _without_key(folder: Path) -> None:
    (folder / "key.pem").unlink()


def _open_to_others(folder: Path) -> None:
    (folder / "key.pem").chmod(0o644)


def _without_state(folder: Path) -> None:
    (folder / "state.db").unlink()


def _emptied_state(folder: Path) -> None:
    (folder / "state.db").write_bytes(b"")


def _without_trust(folder: Path) -> None:
    (folder / "trust").unlink()


def _other_name(folder: Path) -> None:
    (folder / "vkey").write_text(VerifierKey("x", bytes(32), COSIGNATURE_ED25519).text())


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "no key": (_without_key, "evidence witness init"),
    "a key that others read": (_open_to_others, "key.pem"),
    "halves of two keys": (_other_name, "halves"),
    "no state": (_without_state, "begin anew"),
    "an empty state": (_emptied_state, "begin anew"),
    "no trust file": (_without_trust, "trust"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_folder_that_lost_something_is_not_begun_anew(tmp_path: Path, what: str) -> None:
    harm, said = BROKEN[what]
    witness = WitnessProcess(tmp_path / "w", LOG.key.text())
    harm(witness.folder)
    before = witness.state()
    assert said in command("--folder", str(witness.folder), "--port", "0", code=3)
    after = witness.state()
    assert {**before, "lock": b""} == after


def test_one_folder_has_one_witness(kept: WitnessProcess) -> None:
    assert "running" in command("--folder", str(kept.folder), "--port", "0", code=3)


def test_over_a_network_it_wants_tls(kept: WitnessProcess) -> None:
    assert "TLS" in command("--folder", str(kept.folder), "--host", "0.0.0.0", code=2)


def test_a_witness_is_made_once_and_under_a_name_that_can_be_written(tmp_path: Path) -> None:
    command("init", "--folder", str(tmp_path / "w"), "--name", "a name", code=2)
    assert not (tmp_path / "w").exists()
    made = command("init", "--folder", str(tmp_path / "w"), "--name", "court.example/w1")
    assert (tmp_path / "w" / "vkey").read_text().strip() in made
    before = {path.name: path.read_bytes() for path in (tmp_path / "w").iterdir()}
    command("init", "--folder", str(tmp_path / "w"), "--name", "court.example/w1", code=2)
    assert {path.name: path.read_bytes() for path in (tmp_path / "w").iterdir()} == before
    assert (tmp_path / "w" / "key.pem").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("vkey", ["", "x", LOG.key.text()[:-4] + "AAAA", "a b+00000000+AAAA"])
def test_a_key_that_cannot_be_read_is_not_trusted(kept: WitnessProcess, vkey: str) -> None:
    before = kept.state()
    command("trust", "--folder", str(kept.folder), vkey, code=2)
    assert kept.state() == before
