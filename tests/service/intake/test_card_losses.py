"""A file of which a part was sent, and that is not on the card at the next docking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from evidence.domain.access import Caller
from evidence.domain.uploads import UploadState
from evidence.service.gaps.gap_words import Said
from evidence.service.gaps.own_shift import OwnShift
from tests.builders import SmallSite, an_origin
from tests.gap_room import GapRoom
from tests.people_room import OPERATOR


@pytest.fixture
def room(small: SmallSite) -> GapRoom:
    return GapRoom(small)


def told(room: GapRoom, caller: Caller = OPERATOR, **asked: Any) -> list[dict[str, Any]]:
    """What the gap report asks about files that are gone."""
    lines = room.report(caller, **asked)["to_explain"]
    return [one for one in lines if one["code"] == "card-incomplete"]


@pytest.mark.article("dazhe-2020:12")
def test_a_half_sent_file_that_is_not_on_the_card_any_more_is_told_found_and_asked_about(
    room: GapRoom,
) -> None:
    small = room.small
    card, other = (
        an_origin("-", wearer=room.wearer.name),
        an_origin("c.mp4", size_bytes=4, wearer=room.wearer.name),
    )
    half = an_origin("half.mp4", size_bytes=10, wearer=room.wearer.name)
    never = an_origin("never.mp4", size_bytes=10, wearer=room.wearer.name)
    small.cards.announce(small.dock, card, [half, never, other])
    upload = small.uploads.create(small.dock, half, None).id
    small.put(upload, 0, b"abc")
    assert small.cards.announce(small.dock, card, [half, never, other])[2] == []
    (gone,) = small.cards.announce(small.dock, card, [other])[2]
    assert (gone.file.origin.name, gone.upload.id, gone.upload.offset) == ("half.mp4", upload, 3)
    (again,) = small.cards.announce(small.dock, card, [other])[2]
    assert again == gone
    for caller in (OPERATOR, room.head):
        (line,) = told(room, caller)
        assert (line["file"], line["gap_state"]) == ("half.mp4", "open")
        assert (line["measured"], line["limit"], line["detail"]["upload"]) == (3, 10, upload)
        assert line["wearer"] == room.wearer.name
    small.clock.pass_by(timedelta(hours=30))
    missing = {one["name"]: one for one in room.lines("missing")}
    assert missing.keys() >= {"half.mp4", "never.mp4"}, "both are owed as before"
    assert "gap" not in missing["half.mp4"], "and one loss is asked about once"
    assert missing["never.mp4"]["gap_state"] == "open"
    assert [one["wearer"] for one in told(room, wearer=room.wearer.name)] == [room.wearer.name]
    mine = {one.standing.name for one in OwnShift(room.site).now(room.wearer).asked}
    assert line["gap"] in mine
    room.desk.explain(room.wearer, line["gap"], Said("记录仪循环覆盖"))
    assert [one["gap_state"] for one in told(room)] == ["explained"]
    stays = small.uploads.status(small.dock, upload)
    assert (stays.state, stays.offset) == (UploadState.RECEIVING, 3), "nothing is thrown away"


@pytest.mark.article("dazhe-2020:12")
def test_what_is_on_the_card_again_or_came_is_not_gone(room: GapRoom) -> None:
    small = room.small
    half, other = an_origin("half.mp4", size_bytes=4), an_origin("c.mp4", size_bytes=4)
    small.cards.announce(small.dock, half, [half, other])
    upload = small.uploads.create(small.dock, half, None).id
    small.put(upload, 0, b"abc")
    small.cards.announce(small.dock, half, [other])
    assert [one["file"] for one in told(room)] == ["half.mp4"]
    small.cards.announce(small.dock, half, [half, other])
    assert told(room) == []
    small.cards.announce(small.dock, half, [other])
    assert len(told(room)) == 1
    small.put(upload, 3, b"d")
    assert small.cards.announce(small.dock, half, [other])[2] == [], "all its bytes are here"
    small.do_jobs()
    assert told(room) == []
