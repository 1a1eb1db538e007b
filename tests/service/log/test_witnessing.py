"""Witnesses: what they cosign is handed out, what they contradict is an alarm, all else is tried again.

The witnesses are real processes over HTTP, the site is one of tests/log_room.py.
"""

from __future__ import annotations

import http.server
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import metamorphic_log
import pytest
from sqlalchemy.exc import DatabaseError
from tlog_scales import signing, tlog

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.adapters.witness_line import HttpWitness, open_witnesses
from evidence.errors import IntegrityFault, Invalid, NotFound, Unavailable
from evidence.ledger import notes
from evidence.ledger.keys import COSIGNATURE_ED25519, VerifierKey
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import Trust
from evidence.service.log.auditing import Auditing
from evidence.service.log.proving import Proving
from evidence.service.log.witnessing import Witnessing
from tests import inside
from tests.builders import SITE
from tests.ledger.trees import CHECKS
from tests.log_room import OPERATOR, LogRoom
from tests.service_process import free_port
from tests.witness_process import WitnessProcess, command

pytestmark = pytest.mark.grown  # a witness of its own for each: minutes


class Court:
    """A site with logs, and two witnesses that know its log of custody."""

    def __init__(self, folder: Path, *, embedded: bool = False) -> None:
        self.folder, self.room = folder, LogRoom(folder, embedded=embedded)
        self.first = self.room.seal()
        self.room.publish()
        (self.vkey,) = self.room.line.keys("custody")
        names = ("court", "procuratorate")
        self.witnesses = [
            WitnessProcess(folder / name, self.vkey, name=f"{name}.example/w1") for name in names
        ]
        for one in self.witnesses:
            one.start()
        self.open()

    def open(self) -> None:
        """Open the desks that speak to witnesses, anew perhaps: as after a restart."""
        file = self.folder / "witnesses"
        file.write_text(self.policy(), encoding="ascii")
        self.trust, lines = open_witnesses(file)
        room = self.room
        self.witnessing = Witnessing(room.small.site, room.line, lines, NOTE_CHECKS)

        def publish(which: str) -> None:
            room.publishing.publish(which)
            self.witnessing.ask_all()

        room.proving = Proving(room.small.site, publish, self.trust)

    def policy(self) -> str:
        """Return the trust file of a court: both witnesses must have cosigned."""
        lines = [f"log {self.vkey}"]
        for number, one in enumerate(self.witnesses):
            lines.append(f"witness w{number} {one.vkey} {one.url}")
        return "\n".join([*lines, "group both all w0 w1", "quorum both", ""])

    def rows(self) -> list[tuple[object, ...]]:
        """Return the cosignatures that are kept."""
        asked = "SELECT log, size, name FROM log_cosignature ORDER BY size, name"
        return inside.rows(self.room.folder, asked)

    def alarms(self) -> list[str]:
        """Return the kinds of the alarms that stand."""
        return [one.kind for one in self.room.auditing.standing()]

    def forget(self, *keys: str) -> None:
        """Let the witnesses forget which logs they know."""
        for one in self.witnesses:
            (one.folder / "trust").write_text("quorum none\n" + "".join(f"log {key}\n" for key in keys))


# On either form: a folder is put back whole by copying it.
IN_ONE_FOLDER = pytest.mark.parametrize("court", [True], indirect=True, ids=["embedded"])


@pytest.fixture
def court(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Court]:
    """A site and two witnesses."""
    court = Court(tmp_path, embedded=getattr(request, "param", False))
    yield court
    court.room.close()
    for one in court.witnesses:
        if one.process.poll() is None:
            one.stop()


def size_of(room: LogRoom) -> int:
    """Return the size of the newest checkpoint of custody."""
    return room.publishing.size("custody")


def test_the_newest_checkpoint_is_handed_out_with_what_the_quorum_cosigned(court: Court) -> None:
    with pytest.raises(IntegrityFault, match="quorum-missing"):
        court.trust.open(court.room.proving.checkpoint("custody"), CHECKS)
    for name in ("b.mp4", "c.mp4"):
        court.witnessing.ask_all()
        note = court.room.proving.checkpoint("custody")
        trusted = court.trust.open(note, CHECKS)
        assert trusted.checkpoint.size == size_of(court.room)
        assert len(trusted.witnesses) == 2
        court.room.seal(name)
        court.room.publish()
    assert court.alarms() == []
    assert court.room.fsck() == []


def test_programs_of_strangers_accept_the_cosigned_checkpoint(court: Court) -> None:
    court.witnessing.ask_all()
    note = court.room.proving.checkpoint("custody").decode()
    theirs = tlog.Checkpoint.from_text(note)
    for vkey in (court.vkey, *(one.vkey for one in court.witnesses)):
        theirs.verify(signing.Vkey.from_string(vkey))
    assert metamorphic_log.verify_signed_note(note, [court.vkey]) == 1


def test_each_log_is_cosigned_that_the_witness_knows_and_the_others_are_no_alarm(court: Court) -> None:
    court.room.small.recordings.get(court.room.small.administrator, court.first)
    court.room.publish()
    court.witnessing.ask_all()
    assert {log for log, _, _ in court.rows()} == {"custody"}
    (vkey,) = court.room.line.keys("access/2026")
    for one in court.witnesses:
        command("trust", "--folder", str(one.folder), vkey)
    court.witnessing.ask_all()
    assert {log for log, _, _ in court.rows()} == {"custody", "access/2026"}
    assert court.alarms() == []


def test_a_proof_for_a_court_carries_the_cosignatures(court: Court) -> None:
    for one in court.room.proving.of_recording(OPERATOR, court.first):
        if one.log == "custody":
            TlogProof.parse(one.proof).verify(one.entry, court.trust, CHECKS)


def test_a_receipts_proof_takes_the_newest_checkpoint_that_the_quorum_cosigned(court: Court) -> None:
    dock = court.room.small.dock
    court.witnessing.ask_all()
    cosigned = size_of(court.room)
    later = court.room.seal("b.mp4")
    court.room.publish()  # and no witness has seen this one yet
    old = TlogProof.parse(court.room.proving.of_receipt(dock, court.first))
    assert court.trust.open(old.checkpoint, CHECKS).checkpoint.size == cosigned
    new = TlogProof.parse(court.room.proving.of_receipt(dock, later))
    assert notes.parse(new.checkpoint).text.split(b"\n")[1] == b"%d" % size_of(court.room)
    with pytest.raises(IntegrityFault, match="quorum-missing"):
        court.trust.open(new.checkpoint, CHECKS)


def test_a_witness_that_is_away_delays_nobody_and_is_asked_again(court: Court) -> None:
    away, there = court.witnesses
    away.stop()
    court.witnessing.ask_all()
    assert [name for _, _, name in court.rows()] == ["procuratorate.example/w1"]
    court.room.seal("b.mp4")
    assert court.room.publish().size == size_of(court.room)
    away.start()
    court.witnessing.ask_all()
    assert court.trust.open(court.room.proving.checkpoint("custody"), CHECKS).checkpoint.size == size_of(
        court.room
    )
    assert court.alarms() == []
    assert there.process.poll() is None


def test_a_site_that_forgot_what_a_witness_saw_is_told_and_goes_on(court: Court) -> None:
    court.witnessing.ask_all()
    court.room.seal("b.mp4")
    court.room.publish()
    court.room.as_administrator("DELETE FROM log_cosignature")
    court.open()
    court.witnessing.ask_all()
    assert [size for _, size, _ in court.rows()] == [size_of(court.room)] * 2
    assert court.alarms() == []


def test_what_is_cosigned_is_asked_for_once_and_again_after_a_start(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    whole = HttpWitness.add_checkpoint

    def counted(self: HttpWitness, request: bytes) -> tuple[int, bytes]:
        asked.append(self.key.name)
        return whole(self, request)

    monkeypatch.setattr(HttpWitness, "add_checkpoint", counted)
    court.witnessing.ask_all()
    court.witnessing.ask_all()
    assert len(asked) == 2
    before = court.rows()
    court.open()
    court.witnessing.ask_all()
    assert len(asked) == 4
    assert court.rows() == before


def reopened(court: Court) -> None:
    """Open the site again: the same dock, and time went on."""
    before = court.room.small
    court.room.open()
    court.room.small._dock, court.room.small.clock.time = before._dock, before.clock.time
    court.open()


def back_to(court: Court, kept: Path) -> None:
    """Put the whole site back, signer and vault too: what a snapshot of the machine does (T06)."""
    room = court.room
    room.close()
    for folder in (room.folder, room.signer_folder):
        shutil.rmtree(folder)
        shutil.copytree(kept / folder.name, folder)
    reopened(court)


def snapshot(court: Court) -> Path:
    """Copy the whole site."""
    room = court.room
    kept = court.folder / "yesterday"
    room.close()
    for folder in (room.folder, room.signer_folder):
        shutil.copytree(folder, kept / folder.name)
    reopened(court)
    return kept


def refused(court: Court) -> None:
    """The alarm stands, nothing more is signed, and the witnesses are where they were."""
    assert court.alarms() == ["witness-disagrees"]
    with pytest.raises(Unavailable, match="signer-halted"):
        court.room.line.sign("custody", 1, [2])
    before, rows = [one.state() for one in court.witnesses], court.rows()
    size = size_of(court.room)
    court.room.seal("z.mp4")  # evidence is still taken in
    court.room.publishing.publish_all()
    court.witnessing.ask_all()
    assert size_of(court.room) == size
    assert [one.state() for one in court.witnesses] == before
    assert court.rows() == rows


@IN_ONE_FOLDER
def test_a_whole_site_put_back_to_yesterday_is_found_at_the_next_start(court: Court) -> None:
    court.witnessing.ask_all()
    kept = snapshot(court)
    court.room.seal("b.mp4")
    court.room.publish()
    court.witnessing.ask_all()
    back_to(court, kept)
    court.witnessing.ask_all()
    refused(court)


@IN_ONE_FOLDER
def test_a_site_put_back_that_has_grown_into_another_past_is_found(court: Court) -> None:
    court.witnessing.ask_all()
    kept = snapshot(court)
    court.room.seal("b.mp4")
    court.room.publish()
    court.witnessing.ask_all()
    back_to(court, kept)
    for name in ("c.mp4", "d.mp4", "e.mp4"):
        court.room.seal(name)
    court.room.publish()
    court.witnessing.ask_all()
    refused(court)


@IN_ONE_FOLDER
def test_an_alarm_of_one_witness_is_enough(court: Court) -> None:
    court.witnessing.ask_all()
    kept = snapshot(court)
    court.room.seal("b.mp4")
    court.room.publish()
    court.witnesses[0].stop()
    court.witnessing.ask_all()
    back_to(court, kept)
    court.witnessing.ask_all()
    assert court.alarms() == ["witness-disagrees"]


class Liar:
    """A witness that answers what it is told to."""

    def __init__(self, answer: Callable[[bytes], tuple[int, bytes]], key: VerifierKey) -> None:
        self.add_checkpoint, self.key = answer, key


LIES: dict[str, tuple[int, bytes]] = {
    "a signature of nobody": (200, "— court.example/w1 AAAAAAAA\n".encode()),
    "no signature": (200, b"ok\n"),
    "nothing": (200, b""),
    "no size": (409, b"many\n"),
    "a size again and again": (409, b"1\n"),
    "it does not know the log": (404, b""),
    "it does not know the key": (403, b""),
    "it cannot read": (400, b""),
    "it is broken": (500, b"<html>"),
    "it sends us elsewhere": (307, b""),
}


@pytest.mark.parametrize("what", LIES)
def test_what_a_witness_says_wrongly_is_neither_kept_nor_an_alarm(tmp_path: Path, what: str) -> None:
    room = LogRoom(tmp_path)
    room.seal()
    room.publish()
    key = VerifierKey("court.example/w1", bytes(32), COSIGNATURE_ED25519)
    liar = Liar(lambda _: LIES[what], key)
    Witnessing(room.small.site, room.line, [liar], NOTE_CHECKS).ask_all()
    assert inside.count(room.folder, "SELECT count(*) FROM log_cosignature") == 0
    assert room.auditing.standing() == []
    assert room.proving.checkpoint("custody") == room.line.last("custody")
    room.close()


def test_a_cosignature_over_another_text_is_not_kept(court: Court) -> None:
    """A witness that hands out again what it cosigned before."""
    court.witnessing.ask_all()
    (line, *_), key = court.room.proving.checkpoint("custody").decode().splitlines()[-2:], ""
    del key
    old = f"{line}\n".encode()
    name = notes.parse_signatures(old)[0].name
    witness = next(one for one in court.witnessing.witnesses if one.key.name == name)
    court.room.seal("b.mp4")
    court.room.publish()
    before = court.rows()
    liar = Liar(lambda _: (200, old), witness.key)
    Witnessing(court.room.small.site, court.room.line, [liar], NOTE_CHECKS).ask_all()
    assert court.rows() == before
    assert court.alarms() == []


def test_who_answers_without_end_is_not_waited_for() -> None:
    stop = threading.Event()

    class Slow(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "60000")
            self.end_headers()
            while not stop.wait(0.5):
                try:
                    self.wfile.write(b"x")
                except OSError:
                    return

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    key = VerifierKey("slow.example/w1", bytes(32), COSIGNATURE_ED25519)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="witness-unreachable"):
        HttpWitness(key, f"http://127.0.0.1:{server.server_port}").add_checkpoint(b"old 0\n\n")
    assert time.monotonic() - began < 15
    stop.set()
    server.shutdown()
    server.server_close()


def test_nobody_at_the_address_is_no_answer() -> None:
    key = VerifierKey("away.example/w1", bytes(32), COSIGNATURE_ED25519)
    with pytest.raises(Unavailable, match="witness-unreachable"):
        HttpWitness(key, f"http://127.0.0.1:{free_port()}").add_checkpoint(b"old 0\n\n")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://court.example", "url-not-safe"),
        ("court.example", "url-malformed"),
        ("ftp://court.example", "url-malformed"),
        ("https://", "url-malformed"),
        ("https://a:b@court.example", "url-malformed"),
        ("https://court.example/?a=b", "url-malformed"),
        ("https://court.example:99999", "url-malformed"),
    ],
)
def test_an_address_that_is_none_or_not_safe_is_refused_at_the_start(
    tmp_path: Path, address: str, code: str
) -> None:
    vkey = VerifierKey("court.example/w1", bytes(32), COSIGNATURE_ED25519).text()
    (tmp_path / "witnesses").write_text(f"witness w {vkey} {address}\nquorum none\n")
    with pytest.raises(Invalid, match=code):
        open_witnesses(tmp_path / "witnesses")


def test_a_file_of_witnesses_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="witnesses-unreadable"):
        open_witnesses(tmp_path / "witnesses")


def test_a_witness_without_an_address_is_not_asked(tmp_path: Path) -> None:
    vkey = VerifierKey("court.example/w1", bytes(32), COSIGNATURE_ED25519).text()
    (tmp_path / "witnesses").write_text(f"witness w {vkey}\nquorum w\n")
    trust, lines = open_witnesses(tmp_path / "witnesses")
    assert isinstance(trust, Trust)
    assert lines == []


def test_cosignatures_are_only_ever_added(court: Court) -> None:
    court.witnessing.ask_all()
    before = court.rows()
    for sql in ("UPDATE log_cosignature SET line = 'x'", "DELETE FROM log_cosignature"):
        with pytest.raises(DatabaseError, match="append-only"):
            inside.change(court.room.folder, sql)
    assert court.rows() == before


def test_a_cosignature_that_was_edited_is_found_and_named(court: Court) -> None:
    court.witnessing.ask_all()
    keys = [one.key for one in court.witnessing.witnesses]
    auditing = Auditing(court.room.small.site, court.room.line, NOTE_CHECKS, keys)
    assert auditing.fsck(OPERATOR) == []
    line = court.room.proving.checkpoint("custody").decode().splitlines()[-1]
    name = line.split(" ")[1]
    other = f"{line[:-8]}{'A' * 6}==\n"
    court.room.as_administrator(
        "UPDATE log_cosignature SET line = :line WHERE name = :name", line=other, name=name
    )
    size = size_of(court.room)
    found = {(one.kind, one.item) for one in auditing.fsck(OPERATOR)}
    assert found == {("cosignature-wrong", f"log_cosignature custody {size}")}


def test_a_log_without_a_checkpoint_has_none_to_hand_out(court: Court) -> None:
    with pytest.raises(NotFound, match="log-not-found"):
        court.room.proving.checkpoint("access/2031")
    assert court.vkey.startswith(f"{SITE}/custody+")
