"""Proving: a history with proofs ends with what a checkpoint covers, whatever else happens meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.domain.audit import Act, Entry
from evidence.ledger.entries import verify_history
from evidence.service.log.proving import Proving
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
