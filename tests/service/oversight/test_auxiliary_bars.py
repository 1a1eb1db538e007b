"""The law's bars outrank every grant: an auxiliary to whom all roles were given past the desks still cannot.

What each article forbids about footage is tried by such a person on their own recording and on others', and
each try is in the log, on the supervisor's list, and answered with the article.
"""

from __future__ import annotations

import pytest

from evidence.domain.access import Caller, Purpose, denial, may, reach
from evidence.domain.audit import Act
from evidence.domain.people import PersonType
from evidence.domain.rights import ABOUT_RECORDINGS, BARRED_AS, Action, Role
from evidence.domain.standing import Classification
from evidence.errors import NotFound, Refused
from evidence.policy.rules import Act as Barred
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.denials import Denials
from evidence.service.oversight.watch_ports import Reader
from tests.builders import SmallSite
from tests.people_room import Room

COPY, ALTER, HIDE, HOLD = Action.READ_ORIGINAL, Action.LABEL, Action.CLASSIFY, Action.HOLD
# What each article forbids, by the action that would do it.
ARTICLES = [
    pytest.param("xinping-2022-aux:14(6)", {HIDE, ALTER, Action.DISPOSE, Action.SHARE, Action.EXPORT},
                 marks=pytest.mark.article("xinping-2022-aux:14(6)"), id="000-14(6)"),
    pytest.param("dazhe-2020-aux:10(2)", {ALTER, Action.DISPOSE, Action.SHARE, Action.EXPORT},
                 marks=pytest.mark.article("dazhe-2020-aux:10(2)"), id="001-10(2)"),
    pytest.param("longquan-aux:10(2)", {ALTER, Action.DISPOSE, Action.SHARE, Action.EXPORT},
                 marks=pytest.mark.article("longquan-aux:10(2)"), id="002-10(2)"),
    pytest.param("inner-mongolia-aux:13(3)", {COPY, ALTER, Action.DISPOSE, Action.EXPORT},
                 marks=pytest.mark.article("inner-mongolia-aux:13(3)"), id="003-13(3)"),
    pytest.param("lanzhou-new-area-aux:12(5)", {HIDE, Action.MARK_SERIOUS},
                 marks=pytest.mark.article("lanzhou-new-area-aux:12(5)"), id="004-12(5)"),
    pytest.param("dazhe-2020-aux:10(1)", {HOLD}, marks=pytest.mark.article("dazhe-2020-aux:10(1)"),
                 id="001-10(1)"),
    pytest.param("longquan-aux:10(1)", {HOLD}, marks=pytest.mark.article("longquan-aux:10(1)"),
                 id="002-10(1)"),
    pytest.param("xinping-2022-aux:14(2)", {HOLD}, marks=pytest.mark.article("xinping-2022-aux:14(2)"),
                 id="000-14(2)"),
]  # fmt: skip


@pytest.fixture
def room(small: SmallSite) -> Room:
    return Room(small)


@pytest.fixture
def auxiliary(room: Room) -> Caller:
    """An auxiliary with every role of the agency, put in past every desk."""
    person = room.add(*Role, type_=PersonType.AUXILIARY)
    for role in Role:
        room.give(person, role, None)
    return room.caller(person)


def strict_bars(room: Room) -> dict[Barred, tuple[str, ...]]:
    """Return the articles of all documents for each barred act."""
    union = room.site.strictest.latest
    return {act: tuple(cite.id for cite in union.barred(act)) for act in Barred}


@pytest.mark.parametrize(("article", "actions"), ARTICLES)
def test_what_an_article_forbids_no_grant_allows(
    room: Room, auxiliary: Caller, article: str, actions: set[Action]
) -> None:
    recordings = [room.record(auxiliary.id), room.record(room.add(Role.FIELD_OFFICER))]
    for action in sorted(actions):
        assert article in strict_bars(room)[BARRED_AS[action]]
        assert not may(auxiliary, action, room.site.bars())
        assert not reach(auxiliary, action, room.site.bars()).paths
        for recording in recordings:
            with room.refused("barred-by-law") as told:
                admit_to_recording(room.site, auxiliary, action, recording, Purpose.CASE)
            assert told.fields["cites"]
        with room.refused("barred-by-law") as told:
            room.site.admit(auxiliary, action)
        assert told.fields["cites"]
    lines = Denials(room.site).tries(room.new(Role.UNIT_HEAD))
    assert [one.account_id for one in lines] == [auxiliary.id]
    assert len(lines[0].tries) == 3 * len(actions)
    assert {one.action for one in lines[0].tries} == actions
    assert all(one.why == "barred-by-law" and one.cites for one in lines[0].tries)


def test_every_barred_action_names_articles_of_the_union_or_the_pack(room: Room) -> None:
    bars = room.site.bars()
    for action, act in BARRED_AS.items():
        assert bars[act], action


@pytest.mark.article(
    "dazhe-2020-aux:10(3)", "longquan-aux:10(3)", "xinping-2022-aux:14(7)", "inner-mongolia-aux:13(4)"
)
@pytest.mark.parametrize("class_", sorted(set(Classification) - {Classification.ORDINARY}))
def test_a_restricted_class_is_not_there_for_an_auxiliary_even_named_as_a_reader_past_the_desk(
    room: Room, auxiliary: Caller, class_: Classification
) -> None:
    recording, now = room.record(auxiliary.id), room.small.clock.now()
    with room.small.database.writing() as unit:
        unit.standings.classify(recording, class_)
        unit.classes.add_reader(Reader("a" * 32, recording, auxiliary.id, "operator", now))
        standing = unit.standings.get(recording, now)
    assert auxiliary.id in standing.readers
    for action in (Action.LIST_RECORDINGS, Action.PLAY, Action.READ_FINDINGS, Action.READ_VIEWS):
        told = denial(auxiliary, action, standing, room.site.bars(), Purpose.CASE)
        assert told is not None
        assert told.is_hidden
        assert {cite.id for cite in told.cites} >= {"dazhe-2020-aux:10(3)"}
        with room.refused("recording-not-found", NotFound):
            admit_to_recording(room.site, auxiliary, action, recording, Purpose.CASE)


def test_what_the_law_leaves_is_left_see_and_hear_inside_the_system(room: Room, auxiliary: Caller) -> None:
    recording = room.record(auxiliary.id)
    assert admit_to_recording(room.site, auxiliary, Action.PLAY, recording)
    assert room.denied() == []


def test_the_same_roles_allow_an_officer_what_they_say(room: Room) -> None:
    officer, recording = room.new(*Role), room.record(room.add(Role.FIELD_OFFICER))
    for action in sorted(BARRED_AS.keys() & ABOUT_RECORDINGS):
        assert admit_to_recording(room.site, officer, action, recording, Purpose.CASE)


def test_through_the_gate_of_a_use_case_the_answer_names_the_article(room: Room, auxiliary: Caller) -> None:
    recording = room.record(auxiliary.id)
    with pytest.raises(Refused, match="barred-by-law") as told:
        room.small.recordings.open_original(auxiliary, recording)
    assert "inner-mongolia-aux:13(3)" in str(told.value.fields["cites"])
    assert room.entries(Act.READ_ORIGINAL) == []
