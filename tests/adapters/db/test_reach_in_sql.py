"""Lists in SQL, on both engines: a reach is of a moment; what it covers one by one is what it lists; what is
no recording yet belongs where its wearer does.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.domain.access import Reach, reach
from evidence.domain.rights import ABOUT_RECORDINGS, Action
from evidence.domain.uploads import UploadState
from evidence.errors import Conflict
from evidence.service.people.people_ports import Membership, StoredCase
from tests.builders import SmallSite, an_origin
from tests.manned_site import NOBODY, PEOPLE, A, MannedSite

WEARERS = ("officer", "second", "aux", "stranger", NOBODY)
# Whose files without a recording somebody sees in lists of findings.
OWED = {
    "officer": {"officer"},
    "head": {"officer", "second", "aux"},
    "head_b": {"stranger"},
    "chief": {"officer", "second", "aux", "stranger"},
    "auditor": {*WEARERS},
    "integration": {*WEARERS},
    "operator": {*WEARERS},
    "audit": set[str](),
}


@pytest.fixture
def site(small: SmallSite) -> MannedSite:
    """A manned site on each engine."""
    return MannedSite(small.folder, small)


def test_a_reach_without_its_moment_lists_nothing_but_an_error(small: SmallSite) -> None:
    for there in (Reach(Action.LIST_RECORDINGS), Reach(Action.LIST_RECORDINGS, everything=True)):
        with small.database.reading() as unit:
            with pytest.raises(ValueError, match="moment"):
                list(unit.recordings.all(reach=there))
            with pytest.raises(ValueError, match="moment"):
                unit.cards.outstanding(reach=there)
            with pytest.raises(ValueError, match="moment"):
                unit.uploads.in_state(UploadState.RECEIVING, reach=there)


def test_a_list_is_the_filter_of_the_details_for_every_action_and_person(site: MannedSite) -> None:
    recordings = {who: site.seal(who, device=f"D-{who}", name=f"{who}.mp4") for who in WEARERS}
    site.restrict(recordings["second"], "head")
    site.case(recordings["officer"], "stranger", {Action.LIST_RECORDINGS, Action.READ_FINDINGS})
    bars, now = site.small.site.bars(), site.small.clock.now()
    callers = {who: site.caller(who) for who in (*PEOPLE, "operator", "integration")}
    with site.small.database.reading() as unit:
        standings = unit.standings.some(recordings.values(), now)
        for action in sorted(ABOUT_RECORDINGS):
            for who, caller in callers.items():
                there = reach(caller, action, bars)
                listed = {one.recording.id for one in unit.recordings.all(reach=there, at=now)}
                assert listed == {one for one in recordings.values() if there.covers(standings[one])}, who
                for word, recording in recordings.items():
                    asked = [f"{word}.mp4", "absent.mp4"]
                    found = unit.recordings.names_within(f"D-{word}", asked, there, now)
                    assert set(found) == ({f"{word}.mp4"} if recording in listed else set()), who


def test_what_is_no_recording_yet_belongs_where_its_wearer_does(site: MannedSite) -> None:
    small = site.small
    for who in WEARERS:
        number = PEOPLE[who][0] if who in PEOPLE else who
        told = {"device": f"D-{who}", "wearer": number, "size_bytes": 5}
        small.cards.announce(small.dock, an_origin("-", **told), [an_origin(who, **told)])
        small.uploads.create(small.dock, an_origin(who, **told), None)
    bars, now = small.site.bars(), small.clock.now()
    for who, expected in OWED.items():
        there = reach(site.caller(who), Action.READ_FINDINGS, bars)
        with small.database.reading() as unit:
            owed = {one.origin.name for one in unit.cards.outstanding(reach=there, at=now)}
            sent = {
                one.origin.name for one in unit.uploads.in_state(UploadState.RECEIVING, reach=there, at=now)
            }
        assert owed == sent == expected, who


def test_what_bears_the_name_of_a_hidden_recording_is_hidden_with_it(site: MannedSite) -> None:
    small, recording = site.small, site.seal("officer", device="D", name="a.mp4")
    told = {"device": "D", "wearer": "010001", "size_bytes": 5}
    small.cards.announce(small.dock, an_origin("-", **told), [an_origin("a.mp4", **told)])

    def owed(who: str) -> int:
        there, now = reach(site.caller(who), Action.READ_GAPS, small.site.bars()), small.clock.now()
        with small.database.reading() as unit:
            return len(unit.cards.outstanding(reach=there, at=now))

    assert [owed(who) for who in ("head", "chief", "integration", "operator")] == [1, 1, 1, 1]
    site.restrict(recording, "chief")
    assert [owed(who) for who in ("head", "chief", "integration", "operator")] == [0, 1, 0, 1]


def test_a_case_is_read_as_it_was_written(site: MannedSite) -> None:
    small, recording = site.small, site.seal("officer")
    now = small.clock.now()
    case = StoredCase("c" * 32, "案 1", site.ids[A], "", now)
    until = now + timedelta(hours=1)
    one = Membership(site.ids["stranger"], "020001", frozenset({Action.PLAY, Action.EXPORT}), until)
    with small.database.writing() as unit:
        unit.cases.add(case)
        with pytest.raises(Conflict, match="case-number-taken"):
            unit.cases.add(StoredCase("d" * 32, "案 1", site.ids[A], "", now))
        assert unit.cases.link(case.id, recording, "operator", now)
        assert not unit.cases.link(case.id, recording, "operator", now)
        unit.cases.name(case.id, one, "operator", now)
    with small.database.writing() as unit:
        found = unit.cases.get(case.id)
        assert found is not None
        assert found.path.endswith(f"/{site.ids[A]}/")
        assert unit.cases.within([found.path]) == unit.cases.within(["/"]) == [found]
        assert unit.cases.within(["/nowhere/"]) == unit.cases.within([]) == []
        assert unit.cases.linked(case.id) == [recording]
        assert unit.cases.members(case.id, now) == [one]
        assert unit.cases.members(case.id, until) == []
        fewer = Membership(one.person_id, one.number, frozenset({Action.PLAY}))
        unit.cases.name(case.id, fewer, "operator", now)
        assert unit.cases.members(case.id, until) == [fewer]
        assert unit.cases.dismiss(case.id, one.person_id, now)
        assert not unit.cases.dismiss(case.id, one.person_id, now)
        assert unit.cases.unlink(case.id, recording, now)
        assert not unit.cases.unlink(case.id, recording, now)
        assert unit.cases.close(case.id, now)
        assert not unit.cases.close(case.id, now)
