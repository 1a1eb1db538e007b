"""Leaving: off at once, closed only when nothing is open; a name is erased and no proof is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.adapters.db.people_tables import emergency
from evidence.adapters.db.sign_in_tables import session, sign_in
from evidence.domain.audit import Family
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.people import Person, PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.ledger.entries import read_entry
from evidence.service.people.leaving import OPEN, Leaving, may_be_open
from evidence.service.people.people import People
from evidence.service.people.people_ports import StoredGrant
from evidence.service.people.units import Units
from tests import inside
from tests.builders import an_origin
from tests.log_room import LogRoom
from tests.roll_room import OPERATOR, RollRoom


class Room(RollRoom):
    """The room, with the desk for leaving and somebody who has an account."""

    def __init__(self, folder: Path, policy: str = "dazhe-2020") -> None:
        super().__init__(folder, policy)
        self.leaving = Leaving(self.site)

    def with_account(self, number: str, type_: PersonType = PersonType.OFFICER) -> Person:
        """Add somebody with an account, a session and a role."""
        one = self.person(number, type_, name="赵六")
        with self.database.writing() as unit:
            now = self.clock.now()
            unit.grants.add(StoredGrant(new_id(), one.id, Role.AUDITOR, None, "test", "operator", now))
        at, later = to_text(self.clock.now()), to_text(self.clock.now() + timedelta(hours=8))
        self.write(
            sign_in.insert().values(
                person_id=one.id, login=number, password=None, totp_step=0, created_at=at
            ),
            session.insert().values(
                token_sha256=new_id() * 2, id=new_id(), person_id=one.id, factors="password", csrf="x",
                network="n", opened_at=at, seen_at=at, ends_at=later,
            ),
        )  # fmt: skip
        return one

    def write(self, *statements: object) -> None:
        """Write rows past the repositories: those of other desks."""
        with self.database.engine.connect() as connection:
            connection = connection.execution_options(evidence_writes=True)
            with connection.begin():
                for one in statements:
                    connection.execute(one)  # type: ignore[call-overload]

    def kinds(self, number: str) -> dict[str, int]:
        """Return what is open about somebody, counted."""
        return {item.kind: item.count for item in self.leaving.checklist(OPERATOR, number).open}


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_the_account_is_off_at_once(room: Room) -> None:
    one = room.with_account("0001")
    assert room.kinds("0001") == {"grants": 1, "sessions": 1}
    assert room.leaving.start(OPERATOR, "0001").open == ()
    assert room.as_caller(one).grants == ()
    ((ended, why),) = inside.rows(room.folder, "SELECT ended_at, ended_why FROM session")
    ((disabled,),) = inside.rows(room.folder, "SELECT disabled_at FROM sign_in")
    assert (bool(ended), why, bool(disabled)) == (True, "leaving", True)
    assert not room.people.all(OPERATOR)[0].is_on_roll
    (entry,) = room.entries("person.leave")
    assert entry["facts"]["sessions"] == 1
    assert len(entry["facts"]["grants"]) == 1


@pytest.mark.article("xinping-2022-aux:21")
@pytest.mark.article("inner-mongolia-aux:25")
@pytest.mark.article("lanzhou-new-area-aux:20")
def test_nobody_is_closed_with_a_file_that_is_not_brought_in(tmp_path: Path) -> None:
    room = Room(tmp_path, "strict")
    room.person("0042", PersonType.AUXILIARY)
    origin = an_origin(size_bytes=4, wearer="0042")
    room.cards.announce(room.dock, an_origin("-", wearer="0042"), [origin])
    started = room.leaving.start(OPERATOR, "0042")
    assert [(item.kind, item.count) for item in started.open] == [("recordings", 1)]
    before = room.roll()
    with pytest.raises(Conflict, match="still-open") as caught:
        room.leaving.close(OPERATOR, "0042")
    assert caught.value.fields["recordings"] == 1
    assert set(str(caught.value.fields["cites"]).split()) == {
        "xinping-2022-aux:21", "inner-mongolia-aux:25", "lanzhou-new-area-aux:20",
    }  # fmt: skip
    assert room.roll() == before
    assert [one["res"] for one in room.entries("person.close")] == ["refused"]
    upload = room.uploads.create(room.dock, origin, None)
    assert room.kinds("0042") == {"recordings": 1, "uploads": 1}
    room.put(upload.id, 0, b"sent")
    room.do_jobs()
    assert room.leaving.close(OPERATOR, "0042").left_at is not None
    assert [one["res"] for one in room.entries("person.close")] == ["refused", "ok"]


def test_what_is_granted_or_opened_meanwhile_is_open_again(room: Room) -> None:
    one = room.person("0001")
    room.leaving.start(OPERATOR, "0001")
    upload = room.send(an_origin(size_bytes=4, wearer="other"), b"sent")
    room.do_jobs()
    now = room.clock.now()
    with room.database.writing() as unit:
        unit.grants.add(StoredGrant(new_id(), one.id, Role.AUDITOR, None, "x", "operator", now))
    asked = {"person_id": one.id, "recording_id": upload.id, "reason": "x", "asked_at": to_text(now)}
    decided = {"decided_by": "operator", "decided_at": to_text(now), "is_granted": True}
    room.write(
        emergency.insert().values(id=new_id(), **asked),
        emergency.insert().values(id=new_id(), **asked, **decided, until=to_text(now + timedelta(hours=1))),
        emergency.insert().values(id=new_id(), **asked, **decided, until=to_text(now)),
    )
    assert room.kinds("0001") == {"emergencies": 2, "grants": 1}
    with pytest.raises(Conflict, match="still-open"):
        room.leaving.close(OPERATOR, "0001")


def test_another_desk_adds_what_may_be_open(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPEN, "devices", OPEN["grants"])
    may_be_open("devices")(lambda unit, person, now: [f"camera of {person.number}"])
    room.person("0001")
    room.leaving.start(OPERATOR, "0001")
    assert room.kinds("0001") == {"devices": 1}
    with pytest.raises(Conflict, match="still-open"):
        room.leaving.close(OPERATOR, "0001")


def test_the_steps_are_taken_in_their_order(room: Room) -> None:
    room.person("0001")
    with pytest.raises(Conflict, match="leaving-not-begun"):
        room.leaving.close(OPERATOR, "0001")
    with pytest.raises(Conflict, match="person-not-left"):
        room.leaving.erase_name(OPERATOR, "0001", "x")
    room.leaving.start(OPERATOR, "0001")
    with pytest.raises(Conflict, match="leaving-begun"):
        room.leaving.start(OPERATOR, "0001")
    room.leaving.close(OPERATOR, "0001")
    before = room.roll()
    for refused in (
        lambda: room.leaving.start(OPERATOR, "0001"),
        lambda: room.leaving.close(OPERATOR, "0001"),
        lambda: room.people.change(OPERATOR, "0001", name="x"),
    ):
        with pytest.raises(Conflict, match="person-left"):
            refused()
    assert room.roll() == before


def test_who_has_left_a_unit_does_not_keep_it_open(room: Room) -> None:
    room.person("0001", unit=room.west)
    room.leaving.start(OPERATOR, "0001")
    with pytest.raises(Conflict, match="unit-not-empty"):
        room.units.close(OPERATOR, room.west.id)
    room.leaving.close(OPERATOR, "0001")
    room.units.close(OPERATOR, room.west.id)


def test_leaving_is_begun_in_scope_only_and_never_for_oneself(room: Room) -> None:
    manager = room.caller("9001", Role.SECURITY_ADMINISTRATOR, room.east)
    room.person("0001", unit=room.west)
    before = room.roll()
    with pytest.raises(NotFound, match="person-not-found"):
        room.leaving.start(manager, "0001")
    with pytest.raises(Refused, match="own-record"):
        room.leaving.start(manager, "9001")
    head = room.caller("9002", Role.UNIT_HEAD)
    with pytest.raises(Refused, match="not-permitted"):
        room.leaving.start(head, "0001")
    assert room.leaving.checklist(head, "0001").open == ()
    assert [row for row in room.roll()[1] if row in before[1]] == before[1], "no row was changed"


def test_a_name_is_erased_after_its_time_and_every_entry_and_proof_stays(room: Room) -> None:
    one = room.with_account("0001")
    room.person("0002", name="孙七")
    room.people.change(OPERATOR, "0001", name="赵陆")
    room.leaving.start(OPERATOR, "0001")
    room.leaving.close(OPERATOR, "0001")
    before = room.log()
    room.clock.pass_by(timedelta(days=1094))
    with pytest.raises(Conflict, match="too-early"):
        room.leaving.erase_name(OPERATOR, "0001", "期满")
    assert room.log() == before
    room.clock.pass_by(timedelta(days=2))
    with pytest.raises(Invalid, match="invalid-text"):
        room.leaving.erase_name(OPERATOR, "0001", "")
    assert room.leaving.erase_name(OPERATOR, "0001", "期满") == 2
    after = room.log()
    assert after[: len(before)] == before, "no entry is rewritten"
    assert not any("期满" in body.decode() for body in after)
    erased = [row for row in room.payload() if row[4] is None]
    assert len(erased) == 2
    assert all(row[3] is None and row[5] for row in erased), "without its salt a commitment tells nothing"
    written = b"".join(inside.written(room.folder).values()).decode("utf-8", "replace")
    assert "孙七" in written, "the database was read"
    with room.database.reading() as unit:
        found = unit.people.get(one.id)
        history = [read_entry(body) for _, _, body in unit.log.about(Family.CUSTODY, one.id)]
    assert found is not None
    assert found.name is None
    assert [entry["act"] for entry in history][-1] == "person.erase"
    assert history[-1]["facts"] == {"values": 2}
    assert list(history[-1]["pd"]) == ["reason"]


def test_the_check_of_the_logs_finds_nothing_after_a_name_is_erased(tmp_path: Path) -> None:
    room = LogRoom(tmp_path)
    site = replace(room.small.site, terms=replace(room.small.site.terms, names_kept=timedelta(days=1)))
    units, people, leaving = Units(site), People(site), Leaving(site)
    people.add(OPERATOR, "0001", PersonType.OFFICER, units.add(OPERATOR, "大柘镇").id, name="赵六")
    leaving.start(OPERATOR, "0001")
    leaving.close(OPERATOR, "0001")
    before = room.publish()
    room.small.clock.pass_by(timedelta(days=2))
    assert leaving.erase_name(OPERATOR, "0001", "期满") == 1
    after = room.publish()
    assert after.size > before.size
    assert room.found() == set()
    pieces = b"".join(inside.objects(room.folder).values()).decode("utf-8", "replace")
    assert '"number":"0001"' in pieces, "the vault was read"
    assert "赵六" not in pieces
    room.close()
