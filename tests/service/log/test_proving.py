"""Proving: a history with proofs ends with what a checkpoint covers, whatever else happens meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.domain.access import Caller, Grant
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.people import PersonType
from evidence.domain.rights import TOKEN_SCOPES, Kind, Role
from evidence.errors import Invalid, NotFound
from evidence.ledger.canonical import canonical
from evidence.ledger.entries import read_entry, verify_history
from evidence.ledger.tlog_proofs import TlogProof
from evidence.service.log.proving import NotYetPublished, Proving
from tests import inside
from tests.log_room import OPERATOR, LogRoom


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    room = LogRoom(tmp_path)
    yield room
    room.close()


def test_an_entry_that_comes_while_proofs_are_made_does_not_spoil_them(room: LogRoom) -> None:
    recording = room.seal()
    room.publish()

    def publish(log: str) -> None:
        room.publishing.publish(log)
        with room.small.database.writing() as unit:  # somebody looks, and reads it back, this very moment
            for act in (Act.VERIFY, Act.READ_LIST):
                unit.log.append(Entry(act, "service", (("recording", recording),)), room.small.clock.now())

    proven = Proving(room.small.site, publish).of_recording(OPERATOR, recording)
    for family, last in (("custody", Act.PROVE), ("access", Act.READ_LOG)):
        entries = [
            (f"test.example/site/{one.log}", one.index, one.entry)
            for one in proven
            if one.log.startswith(family)
        ]
        assert verify_history(recording, entries).n == len(entries)
        assert last.value in [json.loads(entry)["act"] for _, _, entry in entries]


def renewed(room: LogRoom) -> Caller:
    """Revoke the dock and add it anew under its name."""
    room.small.accounts.revoke_dock(OPERATOR, room.small.dock.name)
    return room.small.accounts.add_dock(OPERATOR, room.small.dock.name)[0]


def test_a_dock_that_was_added_anew_gets_the_proofs_of_the_receipts_that_it_holds(room: LogRoom) -> None:
    upload = room.seal()
    receipt = room.small.recordings.receipt(room.small.dock, upload)
    dock = renewed(room)
    with pytest.raises(NotFound, match="upload-not-found"):
        room.proving.of_receipt(dock, upload)
    with pytest.raises(NotYetPublished):
        room.proving.of_shown(dock, receipt)
    room.publish()
    shown = TlogProof.parse(room.proving.of_shown(dock, receipt))
    assert shown == TlogProof.parse(room.proving.of_receipt(room.small.dock, upload))
    assert read_entry(shown.extra or b"")["act"] == Act.SEAL.value


def test_what_is_no_receipt_of_ours_shows_nothing(room: LogRoom, tmp_path: Path) -> None:
    upload = room.seal()
    room.publish()
    dock = room.small.dock
    receipt = room.small.recordings.receipt(dock, upload)
    (tmp_path / "other").mkdir()
    other = LogRoom(tmp_path / "other")
    strangers = other.small.recordings.receipt(other.small.dock, other.seal())  # a site of the same name
    other.close()
    counted = "SELECT count(*) FROM audit_entry"
    manifest = room.small.recordings.manifest(OPERATOR, upload)
    before = inside.rows(room.folder, counted)
    bent = receipt.replace(upload.encode(), new_id().encode())
    assert bent != receipt
    for bad in (b"", b"\xff" * 100, upload.encode(), strangers, bent, manifest, receipt[:-9]):
        with pytest.raises(Invalid, match="receipt-not-ours"):
            room.proving.of_shown(dock, bad)
    assert inside.rows(room.folder, counted) == before


def test_a_shown_receipt_opens_nothing_to_anybody_but_a_dock(room: LogRoom) -> None:
    upload = room.seal()
    room.publish()
    receipt = room.small.recordings.receipt(room.small.dock, upload)
    officer = Caller(new_id(), Kind.PERSON, "012345", (Grant(Role.FIELD_OFFICER),), PersonType.OFFICER)
    for caller in (officer, Caller(new_id(), Kind.INTEGRATION, "system", scopes=TOKEN_SCOPES)):
        with pytest.raises(NotFound, match="recording-not-found"):
            room.proving.of_shown(caller, receipt)


def test_a_receipt_of_what_the_log_does_not_know_is_answered_so(room: LogRoom) -> None:
    receipt = json.loads(room.small.recordings.receipt(room.small.dock, room.seal()))["signed"]
    room.publish()
    lost = room.small.site.signer.sign(canonical({**receipt, "recording": new_id()}))
    with pytest.raises(NotFound, match="recording-not-found"):
        room.proving.of_shown(room.small.dock, lost)
