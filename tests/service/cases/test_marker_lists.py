"""What check-points must be there, and what is missing: of a recording, of a case, within reach."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.explanations import GapState, Outcome
from evidence.domain.ids import new_id
from evidence.domain.markers import Need
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import NotFound, Refused
from evidence.policy.check_points import MarkerKind
from evidence.service.cases.cases import Cases
from evidence.service.cases.marker_lists import CheckList
from evidence.service.gaps.explanations import Explanations
from evidence.service.gaps.gap_words import Said
from evidence.service.jobs import Queue, kinds_of
from tests.builders import SmallSite
from tests.marker_room import EVIDENCE, PHRASE, QUIET, SPOKEN, MarkerRoom, gaps_of, utterances
from tests.people_room import OPERATOR
from tests.speech import noise

NOTICE, CREDENTIALS, SPOKEN_CAUSE = MarkerKind


@pytest.fixture
def room(small: SmallSite) -> MarkerRoom:
    return MarkerRoom(small)


def needs(found: CheckList) -> list[tuple[str, MarkerKind, Need]]:
    return [(one.stored.recording.id, one.rule.kind, one.need) for one in found.needed]


def said(found: CheckList) -> list[tuple[int, str | None, str]]:
    return [(one.at_ms, one.said, one.heard) for one in found.restarts]


@pytest.mark.article("dazhe-2020:7", "dazhe-2020:8")
def test_a_recording_of_questioning_without_notice_and_credentials_is_flagged_with_the_articles(
    room: MarkerRoom,
) -> None:
    recording = room.record(room.wearer.id, "a.wav")
    room.label(recording, **EVIDENCE)
    missing = room.lists.missing(room.head)
    assert needs(missing) == [(recording, NOTICE, Need.MISSING), (recording, CREDENTIALS, Need.MISSING)]
    assert [[cite.id for cite in one.rule.cites] for one in missing.needed] == [
        ["dazhe-2020:7"],
        ["dazhe-2020:8"],
    ]
    assert missing.needed[0].rule.phrase == PHRASE
    room.pin(recording)
    assert needs(room.lists.missing(room.head)) == [(recording, CREDENTIALS, Need.MISSING)]
    room.pin(recording, CREDENTIALS)
    assert needs(room.lists.missing(room.head)) == []
    assert {need for *_, need in needs(room.lists.of_recording(room.wearer, recording))} == {Need.PINNED}


def test_a_proposal_is_told_and_what_was_taken_back_is_missing(room: MarkerRoom) -> None:
    room.engine(utterances((1.0, 5.0, PHRASE)))
    recording = room.sound(SPOKEN)
    room.small.do_jobs()
    room.label(recording, **EVIDENCE)
    assert needs(room.lists.missing(OPERATOR))[0] == (recording, NOTICE, Need.PROPOSED)
    (one,) = room.markers(recording)
    room.desk.confirm(room.wearer, one.id)
    assert [kind for _, kind, _ in needs(room.lists.missing(OPERATOR))] == [CREDENTIALS]
    room.desk.withdraw(room.wearer, one.id, "听错")
    assert needs(room.lists.missing(OPERATOR))[0] == (recording, NOTICE, Need.MISSING)


def test_another_stage_needs_nothing_and_of_one_that_nobody_said_nobody_can_tell(room: MarkerRoom) -> None:
    served, unknown = (room.record(room.wearer.id, name) for name in ("a.wav", "b.wav"))
    room.label(served, category="行政处罚", stage="文书送达")
    found = room.lists.missing(room.custodian)
    assert needs(found) == []
    assert [one.recording.id for one in found.unsaid] == [unknown]


def test_files_of_one_activity_share_their_check_points_and_others_do_not(room: MarkerRoom) -> None:
    first = room.sound(QUIET)
    second = room.sound(noise(10, seed=2), timedelta(seconds=10))
    another_day = room.sound(noise(10, seed=3), timedelta(hours=3))
    room.small.do_jobs()
    for one in (first, second, another_day):
        room.label(one, **EVIDENCE)
    room.pin(first)
    room.pin(first, CREDENTIALS)
    found = room.lists.missing(OPERATOR)
    assert {id_ for id_, *_ in needs(found)} == {another_day}
    (notice, _) = room.lists.of_recording(OPERATOR, second).needed
    assert (notice.need, notice.together) == (Need.PINNED, (first, second))


@pytest.mark.article("dazhe-2020:9.1")
def test_a_restart_is_told_until_a_check_point_says_why(room: MarkerRoom) -> None:
    first, after = room.interrupted()
    found = room.lists.missing(room.head)
    assert said(found) == [(0, None, "speech")]
    (line,) = found.restarts
    assert (line.stored.recording.id, line.need, line.state) == (after, Need.PROPOSED, GapState.OPEN)
    assert (line.gap, line.cites) == (gaps_of(room).name(), ("dazhe-2020:9.1",))
    (one,) = room.markers(after)
    room.desk.confirm(room.wearer, one.id)
    assert said(room.lists.missing(room.head)) == []
    assert said(room.lists.of_recording(room.head, after)) == [(0, "check-point", "speech")]
    assert said(room.lists.of_recording(room.head, first)) == []


@pytest.mark.article("dazhe-2020:9.1")
def test_a_report_in_writing_says_why_too_until_it_is_sent_back(room: MarkerRoom) -> None:
    _, after = room.interrupted(noise(10, seed=2))
    assert said(room.lists.missing(OPERATOR)) == [(0, None, "no-speech")]
    desk = Explanations(room.site)
    done = desk.explain(room.wearer, gaps_of(room).name(), Said("没电，已换机", "battery"))
    assert said(room.lists.of_recording(OPERATOR, after)) == [(0, "report", "no-speech")]
    desk.review(room.head, done.id, Outcome.SENT_BACK, "不清楚")
    assert said(room.lists.missing(OPERATOR)) == [(0, None, "no-speech")]


def test_an_explanation_that_rests_on_a_check_point_falls_with_it(room: MarkerRoom) -> None:
    _, after = room.interrupted()
    (one,) = room.markers(after)
    room.desk.confirm(room.wearer, one.id)
    Explanations(room.site).explain(room.wearer, gaps_of(room).name(), Said(cause="battery", marker=one.id))
    room.desk.withdraw(room.custodian, one.id, "是路人说话")
    assert said(room.lists.missing(OPERATOR)) == [(0, None, "speech")]


def test_seconds_that_an_explanation_points_at_say_why(room: MarkerRoom) -> None:
    _, after = room.interrupted(noise(10, seed=2))
    gaps = gaps_of(room)
    Explanations(room.site).explain(room.wearer, gaps.name(), gaps.spoken(recording=after))
    assert said(room.lists.of_recording(OPERATOR, after)) == [(0, "explanation", "no-speech")]


def test_where_nothing_has_listened_yet_that_is_said(room: MarkerRoom) -> None:
    room.sound(QUIET)
    after = room.sound(SPOKEN, timedelta(seconds=51))
    while room.small.work.do_next("tester", kinds_of(Queue.SEAL, Queue.EXAMINE)):
        pass
    assert said(room.lists.of_recording(OPERATOR, after)) == [(0, None, "waiting")]


def test_a_list_shows_what_is_within_reach_and_nothing_else(room: MarkerRoom) -> None:
    recording = room.record(room.wearer.id, "a.wav")
    theirs = room.record(room.add(Role.FIELD_OFFICER, where=room.beside), "b.wav")

    def seen(caller: Caller) -> set[str]:
        return {one.recording.id for one in room.lists.missing(caller).unsaid}

    assert seen(room.wearer) == seen(room.head) == {recording}
    assert seen(room.new(Role.AUDITOR, where=room.agency)) == {recording, theirs}
    with pytest.raises(NotFound):
        room.lists.of_recording(room.head, theirs)
    assert room.denied()[-1] == (room.head.id, "read-gaps", "not-granted")
    helper = room.new(Role.AUXILIARY, type_=PersonType.AUXILIARY)
    with pytest.raises(Refused):
        room.lists.missing(helper)


def test_a_case_lists_its_own_recordings_for_who_may_read_its_file(room: MarkerRoom) -> None:
    inside, outside = (room.record(room.wearer.id, name) for name in ("a.wav", "b.wav"))
    for one in (inside, outside):
        room.label(one, **EVIDENCE)
    case = Cases(room.site).open(room.head, "杭1", room.unit.id)
    Cases(room.site).link(room.head, case.id, inside)
    for caller in (room.head, room.custodian, OPERATOR):
        assert {id_ for id_, *_ in needs(room.lists.of_case(caller, case.id))} == {inside}
    stranger = room.new(Role.UNIT_HEAD, where=room.beside)
    for id_ in (case.id, new_id()):
        with pytest.raises(NotFound) as problem:
            room.lists.of_case(stranger, id_)
        assert problem.value.code == "case-not-found"
    with pytest.raises(Refused):
        room.lists.of_case(room.wearer, case.id)


def test_every_look_is_logged(room: MarkerRoom) -> None:
    recording = room.record(room.wearer.id, "a.wav")
    room.lists.missing(room.head)
    room.lists.of_recording(room.head, recording)
    room.desk.of(room.head, recording)
    looks = [one["facts"]["list"] for one in room.entries(Act.READ_LIST) if one["by"] == room.head.id]
    assert looks == ["missing-markers", "missing-markers", "markers"]


@pytest.mark.parametrize("pack", ["longquan", "inner-mongolia"])
def test_where_a_pack_has_no_such_article_the_union_asks(room: MarkerRoom, pack: str) -> None:
    gaps_of(room).under(pack)
    recording = room.record(room.wearer.id, "a.wav")
    assert [one.recording.id for one in room.lists.missing(OPERATOR).unsaid] == [recording]
    if pack == "longquan":
        room.label(recording, **EVIDENCE)
        assert [kind for _, kind, _ in needs(room.lists.missing(OPERATOR))] == [NOTICE, CREDENTIALS]
