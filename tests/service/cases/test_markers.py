"""Check-points: pinned by people within a recording, proposals confirmed or dismissed, nothing deleted; and
an explanation that rests on one.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evidence.adapters.db.repositories.log import SqlLog
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.domain.markers import Marker, MarkerState, Proposal
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound
from evidence.policy.check_points import MarkerKind
from evidence.service.gaps.explanations import Explanations
from evidence.service.gaps.gap_words import Said
from evidence.service.oversight.serious import SeriousEvents
from tests.builders import SmallSite, an_origin
from tests.marker_room import MarkerRoom, gaps_of
from tests.people_room import OPERATOR

KIND = MarkerKind.NOTICE_GIVEN


@pytest.fixture
def room(small: SmallSite) -> MarkerRoom:
    return MarkerRoom(small)


@pytest.fixture
def recording(room: MarkerRoom) -> str:
    """Ten seconds, as the wearer recorded them."""
    return room.record(room.wearer.id, "a.wav")


@pytest.fixture
def proposed(room: MarkerRoom, recording: str) -> Marker:
    """What a detector proposed."""
    said = Proposal("engine 1.0", {"rate": 16000}, room.small.clock.now(), 80, "没电了")
    new = Marker(new_id(), recording, MarkerKind.SPOKEN_EXPLANATION, 500, 2500, "dazhe-2020@1", said)
    with room.small.database.writing() as unit:
        unit.markers.add(new)
    return new


@pytest.mark.article("dazhe-2020:7")
def test_the_notice_is_pinned_to_its_seconds_with_the_article_and_the_pack_of_its_phrase(
    room: MarkerRoom, recording: str
) -> None:
    pinned = room.pin(recording)
    (one,) = room.markers(recording, room.wearer)
    assert one == pinned
    assert (one.state, one.from_ms, one.to_ms, one.pinned_by) == (
        MarkerState.PINNED,
        1000,
        4000,
        room.wearer.id,
    )
    (entry,) = room.entries(Act.MARKER_PIN)
    assert entry["facts"] == {
        "kind": "notice-given",
        "from_ms": 1000,
        "to_ms": 4000,
        "cites": ["dazhe-2020:7"],
        "policy": "dazhe-2020@1",
    }
    assert room.site.policies.latest.citation("dazhe-2020:7").text_zh.endswith("本次执法全程录音录像。")


@pytest.mark.article("dazhe-2020:8")
def test_credentials_are_pinned_by_whoever_sees_them(room: MarkerRoom, recording: str) -> None:
    one = room.pin(recording, MarkerKind.CREDENTIALS_SHOWN, room.custodian)
    (entry,) = room.entries(Act.MARKER_PIN)
    assert (one.pinned_by, entry["facts"]["cites"]) == (room.custodian.id, ["dazhe-2020:8"])


@pytest.mark.parametrize("place", [(9000, 10_001), (-1, 5), (5, 5), (4000, 1000), (20_000, 21_000)])
def test_seconds_outside_of_the_recording_are_refused(
    room: MarkerRoom, recording: str, place: tuple[int, int]
) -> None:
    with room.refused("marker-place", Invalid):
        room.desk.pin(room.wearer, recording, KIND, *place)
    assert room.desk.pin(room.wearer, recording, KIND, 9000, 10_000).to_ms == 10_000


def test_where_nobody_knows_the_length_nothing_is_pinned(room: MarkerRoom) -> None:
    upload = room.small.send(an_origin("a.txt", size_bytes=8, wearer=room.wearer.name), b"no media")
    room.small.do_jobs()
    with room.refused("length-not-known", Conflict):
        room.desk.pin(room.wearer, upload.id, KIND, 0, 1000)


def test_the_same_seconds_are_pinned_once_and_again_after_they_were_taken_back(
    room: MarkerRoom, recording: str
) -> None:
    first = room.pin(recording)
    with room.refused("marker-stands", Conflict):
        room.pin(recording, caller=room.custodian)
    room.pin(recording, MarkerKind.CREDENTIALS_SHOWN)
    room.desk.withdraw(room.wearer, first.id, "听错")
    room.pin(recording)
    states = [one.state.value for one in room.markers(recording) if one.kind is KIND]
    assert sorted(states) == ["pinned", "withdrawn"]


def test_a_proposal_becomes_a_check_point_only_by_a_person(room: MarkerRoom, proposed: Marker) -> None:
    done = room.desk.confirm(room.wearer, proposed.id)
    (kept,) = room.markers(proposed.recording_id)
    assert kept == done
    assert (kept.state, kept.pinned_by) == (MarkerState.PINNED, room.wearer.id)
    assert kept.proposal == proposed.proposal, "what the detector said stays"
    (entry,) = room.entries(Act.MARKER_CONFIRM)
    assert (entry["by"], entry["facts"]["detector"], entry["facts"]["confidence"]) == (
        room.wearer.id,
        "engine 1.0",
        80,
    )


def test_a_dismissal_has_a_reason_which_is_erasable(room: MarkerRoom, proposed: Marker) -> None:
    with room.refused("reason-needed", Invalid):
        room.desk.dismiss(room.wearer, proposed.id, " ")
    room.desk.dismiss(room.custodian, proposed.id, "路人说话")
    (kept,) = room.markers(proposed.recording_id)
    assert (kept.state, kept.ended_by, kept.reason) == (MarkerState.DISMISSED, room.custodian.id, "路人说话")
    assert all("路人" not in body.decode() for body in room.small.log())


def test_each_is_decided_once(room: MarkerRoom, proposed: Marker) -> None:
    room.desk.confirm(room.wearer, proposed.id)
    with room.refused("marker-decided", Conflict):
        room.desk.confirm(room.custodian, proposed.id)
    with room.refused("marker-decided", Conflict):
        room.desk.dismiss(room.custodian, proposed.id, "不是")
    room.desk.withdraw(room.custodian, proposed.id, "听错")
    with room.refused("marker-not-pinned", Conflict):
        room.desk.withdraw(room.custodian, proposed.id, "听错")
    (kept,) = room.markers(proposed.recording_id)
    assert (kept.state, kept.pinned_by, kept.ended_by) == (
        MarkerState.WITHDRAWN,
        room.wearer.id,
        room.custodian.id,
    )


def test_what_is_only_proposed_is_not_taken_back(room: MarkerRoom, proposed: Marker) -> None:
    with room.refused("marker-not-pinned", Conflict):
        room.desk.withdraw(room.wearer, proposed.id, "听错")


Try = Callable[[MarkerRoom, Caller, Marker], object]
TRIES: list[Try] = [
    lambda room, caller, one: room.pin(one.recording_id, caller=caller),
    lambda room, caller, one: room.desk.confirm(caller, one.id),
    lambda room, caller, one: room.desk.dismiss(caller, one.id, "不是"),
    lambda room, caller, one: room.desk.withdraw(caller, one.id, "听错"),
]


@pytest.mark.article("dazhe-2020-aux:10(2)")
@pytest.mark.parametrize("attempt", TRIES)
def test_an_auxiliary_pins_and_decides_nothing_whatever_role_they_have(
    room: MarkerRoom, proposed: Marker, attempt: Try
) -> None:
    helper = room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    with room.refused("barred-by-law") as refusal:
        attempt(room, helper, proposed)
    assert "dazhe-2020-aux:10(2)" in str(refusal.fields["cites"])


@pytest.mark.parametrize("attempt", TRIES)
def test_strangers_find_neither_recording_nor_check_point(
    room: MarkerRoom, proposed: Marker, attempt: Try
) -> None:
    stranger, before = room.new(Role.CUSTODIAN, where=room.beside), room.rows()
    with pytest.raises(NotFound) as there:
        attempt(room, stranger, proposed)
    assert room.rows() == before
    assert there.value.code in ("marker-not-found", "recording-not-found")
    assert room.denied()[-1][:2] == (stranger.id, "label")


def test_a_check_point_out_of_reach_is_answered_like_none(room: MarkerRoom, proposed: Marker) -> None:
    stranger = room.new(Role.CUSTODIAN, where=room.beside)
    told = []
    for id_ in (proposed.id, new_id(), "x"):
        with pytest.raises(NotFound) as problem:
            room.desk.confirm(stranger, id_)
        told.append((problem.value.code, list(problem.value.fields)))
    assert told[0] == told[1] == told[2]
    assert len(room.denied()) == 2, "a look at what is there and at what is not leaves the same traces"


@pytest.mark.parametrize("attempt", TRIES)
def test_who_took_part_in_a_serious_event_pins_and_decides_nothing_about_it(
    room: MarkerRoom, proposed: Marker, attempt: Try
) -> None:
    SeriousEvents(room.site).mark(room.head, [proposed.recording_id], [room.wearer.id], "冲突")
    with room.refused("serious-event"):
        attempt(room, room.wearer, proposed)


def test_words_that_an_engine_understood_are_for_those_who_decide(room: MarkerRoom, proposed: Marker) -> None:
    auditor, helper = room.new(Role.AUDITOR), room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)

    def words(caller: Caller) -> str | None:
        (one,) = room.markers(proposed.recording_id, caller)
        assert one.proposal is not None
        return one.proposal.words

    assert words(room.wearer) == words(room.custodian) == words(OPERATOR) == "没电了"
    assert words(auditor) is words(room.head) is words(helper) is None


def test_an_act_whose_entry_fails_has_not_happened(
    room: MarkerRoom, proposed: Marker, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = room.rows()

    def full(*_: object) -> object:
        raise OSError("no space")

    monkeypatch.setattr(SqlLog, "append", full)
    for attempt in TRIES[:3]:
        with pytest.raises(OSError, match="no space"):
            attempt(room, OPERATOR, proposed)
    assert room.rows() == before


def interrupted(room: MarkerRoom) -> tuple[str, Marker]:
    """An interruption, by its name in the gap report, and what a detector proposed behind it."""
    _, after = room.interrupted()
    (one,) = room.markers(after)
    return gaps_of(room).name(), one


@pytest.mark.article("dazhe-2020:9.1")
def test_a_confirmed_check_point_is_where_the_cause_was_spoken(room: MarkerRoom) -> None:
    gap, proposed = interrupted(room)
    desk = Explanations(room.site)
    with room.refused("not-spoken-explanation", Invalid):
        desk.explain(room.wearer, gap, Said(cause="battery", marker=proposed.id))
    room.desk.confirm(room.wearer, proposed.id)
    done = desk.explain(room.wearer, gap, Said(cause="battery", marker=proposed.id))
    assert done.spoken is not None
    assert (done.spoken.recording_id, done.spoken.from_ms, done.spoken.to_ms, done.spoken.marker_id) == (
        proposed.recording_id,
        proposed.from_ms,
        proposed.to_ms,
        proposed.id,
    )
    (kept,) = desk.history(room.wearer, gap).explanations
    assert kept.spoken == done.spoken
    (entry,) = room.entries(Act.GAP_EXPLAIN)
    assert entry["facts"]["spoken"]["marker_id"] == proposed.id


def test_a_check_point_of_another_kind_or_taken_back_is_no_spoken_cause(room: MarkerRoom) -> None:
    gap, proposed = interrupted(room)
    desk = Explanations(room.site)
    notice = room.pin(proposed.recording_id)
    spoken = room.pin(proposed.recording_id, MarkerKind.SPOKEN_EXPLANATION)
    room.desk.withdraw(room.wearer, spoken.id, "听错")
    for one in (notice, spoken):
        with room.refused("not-spoken-explanation", Invalid):
            desk.explain(room.wearer, gap, Said(cause="battery", marker=one.id))
    with room.refused("spoken-twice", Invalid):
        where = gaps_of(room).spoken(recording=proposed.recording_id).spoken
        desk.explain(room.wearer, gap, Said(cause="battery", spoken=where, marker=spoken.id))


def test_a_check_point_before_the_interruption_does_not_say_why(room: MarkerRoom) -> None:
    gap, proposed = interrupted(room)
    assert proposed.recording_id
    with room.small.database.reading() as unit:
        first = next(
            one.recording.id for one in unit.recordings.all() if one.recording.id != proposed.recording_id
        )
    before = room.pin(first, MarkerKind.SPOKEN_EXPLANATION)
    with room.refused("spoken-not-after", Invalid):
        Explanations(room.site).explain(room.wearer, gap, Said(cause="battery", marker=before.id))


def test_nobody_rests_an_explanation_on_a_check_point_that_they_may_not_know_of(room: MarkerRoom) -> None:
    gap, proposed = interrupted(room)
    room.desk.confirm(room.wearer, proposed.id)
    theirs = room.record(room.add(Role.FIELD_OFFICER, where=room.beside), "c.wav")
    other = room.pin(theirs, MarkerKind.SPOKEN_EXPLANATION, OPERATOR)
    for id_ in (other.id, new_id()):
        with pytest.raises(NotFound) as problem:
            Explanations(room.site).explain(room.wearer, gap, Said(cause="battery", marker=id_))
        assert problem.value.code == "marker-not-found"
