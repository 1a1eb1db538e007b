"""A monitor outside remembers how far a log had come, and contradicts a site that shows another past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.errors import Invalid, Unavailable
from evidence.ledger.encodings import read_hash
from evidence.ledger.proofs import verify_consistency
from evidence.ledger.trust import Trust
from evidence.witness.monitoring import Found, Monitor, read_state
from evidence.witness.watched import FolderSource, Source
from tests import forms
from tests.log_room import LogRoom, published

NOW = datetime(2026, 3, 3, tzinfo=UTC)
QUIET = timedelta(minutes=120)


@dataclass
class SiteSource:
    """What a site says over HTTP, without the HTTP."""

    room: LogRoom

    def checkpoint(self, log: str) -> bytes:
        return self.room.proving.checkpoint(log)

    def verify_grown(self, log: str, old: tuple[int, bytes], new: tuple[int, bytes]) -> None:
        lines = self.room.proving.consistency(log, old[0], new[0]).decode().split("\n")[:-1]
        proof = [read_hash(line) or b"" for line in lines]
        verify_consistency(old[0], new[0], old[1], new[1], proof)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    with published(tmp_path) as room:
        yield room


@pytest.fixture(params=["site", "folder"])
def source(request: pytest.FixtureRequest, room: LogRoom) -> Source:
    if request.param == "site":
        return SiteSource(room)
    if forms.GROWN:
        pytest.skip("a bucket is copied first")
    return FolderSource(room.folder / "vault")


def trust_of(room: LogRoom, more: str = "quorum none\n") -> Trust:
    with room.small.database.reading() as unit:
        keys = unit.tree.keys("custody")
    return Trust.parse("".join(f"log {one}\n" for one in keys).encode() + more.encode())


def monitor(room: LogRoom, source: Source, trust: Trust | None = None) -> Monitor:
    return Monitor(source, trust or trust_of(room), room.folder.parent / "seen.json", QUIET)


def alarm(found: Found) -> tuple[str | None, bool]:
    return found.alarm, found.is_break


def test_a_log_that_only_grows_is_no_alarm_and_is_remembered(room: LogRoom, source: Source) -> None:
    watching = monitor(room, source)
    (first,) = watching.look(NOW)
    for name in ("b.mp4", "c.mp4"):
        room.seal(name)
        size = room.publish().size
        (found,) = watching.look(NOW)
        assert (found.alarm, found.size) == (None, size)
    assert first.alarm is None
    assert [one.size for one in read_state(watching.state).values()] == [size]


def test_a_log_that_stands_still_too_long_is_an_alarm_but_no_break(room: LogRoom, source: Source) -> None:
    watching = monitor(room, source)
    watching.look(NOW)
    assert alarm(watching.look(NOW + QUIET)[0]) == (None, False)
    assert alarm(watching.look(NOW + QUIET + timedelta(seconds=1))[0]) == ("log-stands-still", False)
    room.seal("b.mp4")
    room.publish()
    assert alarm(watching.look(NOW + QUIET * 2)[0]) == (None, False)


def test_a_site_put_back_to_an_earlier_day_is_a_break_and_the_state_stays(
    room: LogRoom, source: Source, tmp_path: Path
) -> None:
    early = source.checkpoint("custody")
    room.seal("b.mp4")
    room.publish()
    watching = monitor(room, source)
    watching.look(NOW)
    before = watching.state.read_bytes()

    class Earlier:
        def checkpoint(self, log: str) -> bytes:
            return early

        verify_grown = source.verify_grown

    assert alarm(monitor(room, Earlier()).look(NOW)[0]) == ("log-went-back", True)
    assert watching.state.read_bytes() == before


def test_a_log_with_another_past_is_a_break(room: LogRoom, tmp_path: Path) -> None:
    """Site and signer begin anew under the same key: every signature holds, and the past is another."""
    watching = monitor(room, SiteSource(room))
    watching.look(NOW)
    state = read_state(watching.state)
    ((origin, seen),) = state.items()
    forged = watching.state.read_text().replace(str(seen.size), str(seen.size - 1))
    watching.state.write_text(forged)
    assert alarm(watching.look(NOW)[0]) == ("proof-wrong", True)
    assert watching.state.read_text() == forged
    watching.state.write_text(forged.replace('"root": "', '"root": "A'))
    with pytest.raises(Invalid, match="monitor-state-malformed"):
        watching.look(NOW)


def test_entries_in_the_vault_that_were_changed_are_a_break(room: LogRoom) -> None:
    if forms.GROWN:
        pytest.skip("a bucket is copied first")
    watching = monitor(room, FolderSource(room.folder / "vault"))
    watching.look(NOW)
    file = next(iter(sorted((room.folder / "vault/log/custody").glob("*/entries"))))
    room.seal("b.mp4")
    room.publish()
    file.chmod(0o644)
    body = file.read_bytes()
    file.write_bytes(body.replace(b"upload.create", b"upload.expire"))
    assert watching.look(NOW)[0].is_break
    file.unlink()
    assert watching.look(NOW)[0].alarm is not None


def test_a_checkpoint_of_another_key_or_without_its_quorum_is_a_break(
    room: LogRoom, source: Source, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = LogRoom(tmp_path / "other")
    other.seal()
    other.publish()
    assert alarm(monitor(room, source, trust_of(other)).look(NOW)[0]) == ("signer-unknown", True)
    other.close()
    witness = "witness w w.example+56af1a6c+BAIB\nquorum w\n"
    with pytest.raises(Invalid, match="trust-malformed"):
        trust_of(room, witness)
    from tests.ledger.trees import WITNESSES

    asked = trust_of(room, f"witness w {WITNESSES[0].key.text()}\nquorum w\n")
    assert alarm(monitor(room, source, asked).look(NOW)[0]) == ("quorum-missing", True)
    assert not (room.folder.parent / "seen.json").exists()


def test_a_site_that_does_not_answer_is_an_alarm_but_no_break(room: LogRoom) -> None:
    class Away:
        def checkpoint(self, log: str) -> bytes:
            raise Unavailable("log-unreachable", path=log)

        def verify_grown(self, log: str, old: tuple[int, bytes], new: tuple[int, bytes]) -> None:
            raise AssertionError

    assert alarm(monitor(room, Away()).look(NOW)[0]) == ("log-unreachable", False)
