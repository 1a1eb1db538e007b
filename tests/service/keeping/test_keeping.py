"""Keeping: the lock moves with what is done about a recording, in the same act, and never back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.packs import load_pack
from evidence.domain.access import reach
from evidence.domain.audit import Act
from evidence.domain.retention import Keeps
from evidence.domain.rights import Action, Role
from evidence.errors import Conflict, Invalid
from evidence.policy.sets import PolicySet
from evidence.service.keeping.pack_changes import Touch
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.oversight.serious import SeriousEvents
from evidence.service.recordings.labelling import Labelling
from storage.errors import StoreUnavailable
from tests.keeping_room import LABELS, KeepingRoom
from tests.people_room import OPERATOR

SECOND = timedelta(seconds=1)


@pytest.fixture
def room(tmp_path: Path) -> KeepingRoom:
    return KeepingRoom(tmp_path)


def years_ahead(room: KeepingRoom, years: int) -> Any:
    now = room.small.clock.time
    return pytest.approx(now.replace(year=now.year + years).timestamp(), abs=2)


def packs(name: str, years: int) -> PolicySet:
    """Return the packs of a name with another least retention."""
    found = load_pack(name)
    longer = (replace(one, retention=replace(one.retention, years=years)) for one in found.packs)
    return PolicySet(tuple(longer))


@pytest.mark.article("dazhe-2020:11")
@pytest.mark.article("longquan:8")
@pytest.mark.parametrize("pack", ["dazhe-2020", "longquan", "inner-mongolia"])
def test_a_link_to_a_10_year_file_moves_the_lock_and_nothing_brings_it_back(
    room: KeepingRoom, pack: str
) -> None:
    """In each pack: lock of original and manifest, row and log in one act; an unlinking leaves them."""
    room.use(policies=load_pack(pack))
    recording, case = room.sealed(), room.case(term="10-years")
    room.cases.link(room.head, case, recording)
    until = room.row(recording)
    assert until.timestamp() == years_ahead(room, 10)
    assert all(one >= until for one in room.locks(recording))
    (said,) = room.entries(Act.RETAIN)
    assert (said["facts"]["keeps"], said["obj"][1]["id"]) == ("case", case)
    assert "dazhe-2020:11" in said["facts"]["cites"]
    assert room.keeping.why(room.head, recording).decides.keeps is Keeps.OPEN_CASE

    room.cases.unlink(room.head, case, recording, "误列")
    assert room.row(recording) == until
    assert min(room.locks(recording)) >= until
    why = room.keeping.why(room.head, recording)
    assert (why.decides.keeps, why.decides.until) == (Keeps.LOCK, until)
    assert [(one.keeps, one.about, one.settled) for one in why.moved] == [("case", case, True)]


@pytest.mark.article("dazhe-2020:11")
def test_the_term_of_a_file_begins_when_its_case_is_closed(room: KeepingRoom) -> None:
    recording, case = room.sealed(), room.case(term="10-years")
    room.cases.link(room.head, case, recording)
    room.pass_by(timedelta(days=800))
    room.cases.close(room.head, case)
    assert room.row(recording).timestamp() == years_ahead(room, 10)
    assert min(room.locks(recording)) >= room.row(recording)
    assert room.keeping.why(room.head, recording).decides.keeps is Keeps.CASE


def test_a_class_that_comes_later_moves_the_locks_of_what_is_linked(room: KeepingRoom) -> None:
    recording, case = room.sealed(), room.case()
    room.cases.link(room.head, case, recording)
    before = room.row(recording)
    assert min(room.locks(recording)) < before + SECOND
    room.keeping.give_term(room.head, case, "30-years")
    assert room.row(recording).timestamp() == years_ahead(room, 30)
    room.keeping.give_term(room.head, case, "permanent")
    assert room.row(recording).timestamp() == years_ahead(room, 30)
    room.cases.close(room.head, case)
    assert room.keeping.why(room.head, recording).decides.keeps is Keeps.PERMANENT_CASE


@pytest.mark.parametrize(
    ("term", "code", "family"),
    [("10-years", "term-not-longer", Conflict), ("5-years", "unknown-term", Invalid)],
)
def test_a_shorter_class_and_an_unknown_one_are_refused(
    room: KeepingRoom, term: str, code: str, family: type
) -> None:
    case = room.case(term="30-years")
    with room.refused(code, family):
        room.keeping.give_term(room.head, case, term)


def test_the_class_of_another_units_case_is_not_for_its_neighbour(room: KeepingRoom) -> None:
    case, stranger = room.case(), room.new(Role.UNIT_HEAD, where=room.beside)
    with room.refused("case-not-found", OutOfSight):
        room.keeping.give_term(stranger, case, "10-years")


class Away:
    """A vault whose locks cannot be moved just now; everything else is the real one."""

    def __init__(self, vault: Any) -> None:
        self._vault = vault

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name == "extend":
            raise StoreUnavailable(reason="away")
        found: Callable[..., Any] = getattr(self._vault, name)
        return found


def test_what_a_vault_could_not_be_told_counts_at_once_and_is_told_later(room: KeepingRoom) -> None:
    recording, case = room.sealed(), room.case(term="10-years")
    vault, before = room.small.vault, room.row(recording)
    room.use(vault=Away(vault))
    with pytest.raises(StoreUnavailable):
        room.cases.link(room.head, case, recording)
    room.keeping.settle_all()
    assert room.row(recording) == before
    why = room.keeping.why(room.head, recording)
    assert why.kept.locked_until.timestamp() == years_ahead(room, 10)
    room.cases.unlink(room.head, case, recording, "误列")
    room.pass_by()
    assert room.due() == []
    with pytest.raises(Conflict, match="still-kept"):
        room.disposals.ask(room.custodian, [recording], "期满")

    room.use(vault=vault)
    room.keeping.settle_all()
    assert room.row(recording) == why.kept.locked_until
    assert min(room.locks(recording)) >= why.kept.locked_until
    with room.small.database.reading() as unit:
        assert unit.keepings.owed() == []


@pytest.mark.article("dazhe-2020:17")
def test_a_dry_run_lists_what_another_pack_would_touch_and_changes_nothing(room: KeepingRoom) -> None:
    plain, in_case, case = room.sealed(), room.sealed(), room.case(term="30-years")
    room.cases.link(room.head, case, in_case)
    before = (room.rows(), room.small.files())
    found = list(room.changes.try_dry(OPERATOR, packs("dazhe-2020", 3)))
    (one,) = found
    assert (one.recording_id, one.touch, one.before) == (plain, Touch.LATER, room.row(plain))
    assert one.after == one.sealed_at.replace(year=one.sealed_at.year + 3)
    assert (room.rows(), room.small.files()) == before
    assert room.entries()[-1]["facts"]["policy"] == "dazhe-2020@1"
    assert list(room.changes.try_dry(OPERATOR, load_pack("longquan"))) == []


@pytest.mark.article("dazhe-2020:17")
def test_a_pack_in_force_makes_locks_only_stricter_and_tells_what_stays(room: KeepingRoom) -> None:
    recording = room.sealed()
    old = room.row(recording)
    room.use(policies=packs("dazhe-2020", 3))
    (later,) = room.changes.apply(OPERATOR)
    assert (later.touch, room.row(recording)) == (Touch.LATER, later.after)
    assert min(room.locks(recording)) >= later.after > old
    assert room.changes.apply(OPERATOR) == []
    (stays,) = room.changes.try_dry(OPERATOR, load_pack("dazhe-2020"))
    assert (stays.touch, stays.before, stays.after) == (Touch.STAYS, later.after, old)
    room.use(policies=load_pack("dazhe-2020"))
    assert room.changes.apply(OPERATOR) == []
    assert (room.row(recording), min(room.locks(recording)) >= later.after) == (later.after, True)
    newer = room.sealed()
    assert room.row(newer) < later.after


def test_a_dry_run_shows_only_what_the_caller_reaches(room: KeepingRoom) -> None:
    mine = room.sealed()
    stranger = room.new(Role.CUSTODIAN, where=room.beside)
    assert [one.recording_id for one in room.changes.try_dry(room.custodian, packs("dazhe-2020", 3))] == [
        mine
    ]
    assert list(room.changes.try_dry(stranger, packs("dazhe-2020", 3))) == []


@pytest.mark.article("dazhe-2020:11", "dazhe-2020:12")
@pytest.mark.parametrize("pack", ["dazhe-2020", "longquan", "inner-mongolia"])
def test_what_carries_the_number_of_a_case_is_kept_as_its_evidence_though_nobody_linked_it(
    room: KeepingRoom, pack: str
) -> None:
    room.use(policies=load_pack(pack))
    recording, other = room.sealed(), room.sealed(**{**LABELS, "case-number": "（2026）2号"})
    room.pass_by()
    case = room.case(LABELS["case-number"], "10-years")
    locked = room.row(recording)
    assert locked.timestamp() == years_ahead(room, 10), "its lock moves with the class of its case"
    assert room.due() == [other]
    with room.refused("still-kept", Conflict) as told:
        room.disposals.ask(room.custodian, [recording], "期满")
    assert (told.fields["keeps"], told.fields["about"]) == ("open-case", case)
    assert room.row(recording) == locked
    room.cases.close(room.head, case)
    why = room.keeping.why(room.head, recording).decides
    assert why.until is not None
    assert (why.keeps, why.until.timestamp()) == (Keeps.CASE, years_ahead(room, 10))
    room.pass_by(timedelta(days=3660))
    assert set(room.due()) == {recording, other}


def test_what_is_linked_to_the_case_whose_number_it_carries_is_kept_by_it_once(room: KeepingRoom) -> None:
    recording, case = room.sealed(), room.case(LABELS["case-number"], "10-years")
    room.cases.link(room.head, case, recording)
    rules = room.keeping.why(room.head, recording).rules
    assert [one.keeps for one in rules] == [Keeps.OPEN_CASE, Keeps.LOCK, Keeps.FLOOR]


def test_a_change_of_packs_and_a_single_recording_go_by_the_same_case_number(room: KeepingRoom) -> None:
    number, labelling = LABELS["case-number"], Labelling(room.site)
    docked, typed = room.sealed(), room.sealed(**{**LABELS, "case-number": "(2026) 1 号"})
    said, off, other = (room.sealed(**{**LABELS, "case-number": "旧号"}) for _ in range(3))
    follows = room.sealed(place="某店")
    labelling.give(OPERATOR, [said, off], {"case-number": number})
    labelling.end(OPERATOR, [off], "case-number", "误标")
    labelling.give(OPERATOR, [docked], {"place": "某店"})
    labelling.say_not_yet(OPERATOR, [follows], room.small.clock.time.date() + timedelta(days=1))
    room.case(number, "10-years")
    every = [docked, typed, said, off, follows, other]
    with room.small.database.reading() as unit:
        there = reach(OPERATOR, Action.HOLD, room.site.bars())
        dated = {one.recording_id: one.numbered for one in unit.keepings.dated(there, room.small.clock.time)}
        kept = {one.recording_id: one.numbered for one in unit.keepings.kept(every, lambda _: ()).values()}
    assert dated == kept
    assert {one for one, cases in dated.items() if cases} == {docked, typed, said}


@pytest.mark.parametrize("off", [timedelta(days=-2), timedelta(0)])
def test_a_clock_that_is_set_back_gives_a_case_no_shorter_class(room: KeepingRoom, off: timedelta) -> None:
    recording, case = room.sealed(), room.case(term="10-years")
    room.cases.link(room.head, case, recording)
    room.small.clock.time += off
    room.keeping.give_term(room.head, case, "permanent")
    with room.refused("term-not-longer", Conflict):
        room.keeping.give_term(room.head, case, "30-years")
    room.cases.close(room.head, case)
    assert room.keeping.why(room.head, recording).decides.keeps is Keeps.PERMANENT_CASE


@pytest.mark.article("dazhe-2020:17")
def test_a_pack_that_asks_for_fewer_labels_frees_nothing_that_was_sealed_before_it(room: KeepingRoom) -> None:
    old = room.sealed(**{"inspected-party": "某店"})
    room.pass_by(timedelta(days=2))
    day, pack = room.small.clock.now().date(), load_pack("dazhe-2020").latest
    fewer = replace(pack.labels, labels=("officer", "time"))
    newer = replace(pack, version="2", in_force_from=day, labels=fewer)
    room.use(policies=PolicySet((replace(pack, in_force_to=day), newer)))
    new = room.sealed(**{"inspected-party": "某店"})
    room.pass_by()
    assert room.due() == [new]
    assert room.keeping.why(room.head, old).decides.keeps is Keeps.UNLABELLED
    Labelling(room.site).give(room.custodian, [old], {"case-number": "（2026）9号"})
    assert set(room.due()) == {old, new}


@pytest.mark.article("dazhe-2020:11")
def test_who_recorded_the_evidence_of_a_case_does_not_take_it_out(room: KeepingRoom) -> None:
    worn, there = room.add(Role.UNIT_HEAD), room.new(Role.UNIT_HEAD)
    recording, case = room.record(worn, labels=LABELS), room.case()
    room.cases.link(room.head, case, recording)
    with room.refused("own-recording"):
        room.cases.unlink(room.caller(worn), case, recording, "误列")
    event = SeriousEvents(room.site).mark(room.head, [recording], [there.id], "冲突")
    with room.refused("serious-event"):
        room.cases.unlink(there, case, recording, "误列")
    SeriousEvents(room.site).end(room.new(Role.UNIT_HEAD), event.id, "已查清")
    with room.refused("reason-needed", Invalid):
        room.cases.unlink(room.head, case, recording, " ")
    room.cases.unlink(room.head, case, recording, "误列")
    (entry,) = room.entries(Act.CASE_UNLINK)
    assert set(entry["pd"]) == {"reason"}


@pytest.mark.parametrize("is_class_last", [True, False])
def test_a_clock_that_is_set_back_at_the_closing_makes_no_shorter_term(
    room: KeepingRoom, is_class_last: bool
) -> None:
    """Drill F30: nothing is linked to a case that is closed, so it was not closed before."""
    recording, numbered = room.sealed(**{**LABELS, "case-number": "-"}), room.sealed(**LABELS)
    case = room.case(LABELS["case-number"], None if is_class_last else "10-years")
    room.cases.link(room.head, case, recording)
    least = room.small.clock.time.replace(year=room.small.clock.time.year + 10) - SECOND
    right = room.small.clock.time
    room.small.clock.time = right - 9 * timedelta(days=366)
    room.cases.close(room.head, case)
    room.small.clock.time = right
    if is_class_last:
        room.keeping.give_term(room.head, case, "10-years")
    for one in (recording, numbered):
        decides = room.keeping.why(room.head, one).decides
        assert decides.until is not None
        assert decides.until > least
    assert min(room.locks(recording)) > least
