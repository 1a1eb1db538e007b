"""Between the steps of a way out something changes, or somebody tries the step that is not theirs."""

from __future__ import annotations

import http.client
import time
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.exports import Said, State, Way
from evidence.errors import Conflict
from evidence.service.court.exports import Wish
from evidence.web.pages.shared import COOKIE
from evidence.web.streams import ASKED_AGAIN_S
from tests.export_room import ExportRoom
from tests.pages.custody_room import CustodyRoom
from tests.people_room import DECIDER, LENDER, OPERATOR
from tests.web.browser import Browser, WebRoom
from tests.web.in_thread import InThread


@pytest.fixture
def room(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path)


def give(room: ExportRoom, export: str, who: Caller | None = None) -> None:
    room.hand_over(export, who)


@pytest.mark.article("dazhe-2020:15")
def test_the_command_line_on_the_server_decides_nothing_whoever_asked(room: ExportRoom) -> None:
    wish = room.wish(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id)
    how = {"reason": "同意", "secrecy": "经审查不涉密"}
    for asker in (OPERATOR, room.custodian):
        asked = room.court.exports.ask(asker, wish).export.id
        with room.refused("persons-only"):
            room.court.exports.decide(OPERATOR, asked, is_approved=True, **how)
        assert room.export(asked).state is State.ASKED


@pytest.mark.article("dazhe-2020:14")
def test_the_command_line_on_the_server_is_none_of_the_two_who_hand_over_and_ends_nothing(
    room: ExportRoom,
) -> None:
    room.designate()
    transfer, supply = room.approved(), room.approved(Way.SUPPLY, room.one)
    for export in (transfer, supply):
        room.build(export)
        room.written(export, OPERATOR)  # what was written is said of a disc, wherever it was burnt
        with room.refused("persons-only"):
            room.court.handing_over.hand_over(OPERATOR, export, room.second.name, "王法官")
        assert room.export(export).state is State.BUILT
        assert list(room.small.vault.list(f"exports/{export}/")) == [], "nothing was retained"
    give(room, transfer)
    with room.refused("persons-only"):
        room.court.handing_over.note_receipt(OPERATOR, transfer)
    assert room.export(transfer).state is State.HANDED_OVER


@pytest.mark.article("dazhe-2020:15")
def test_the_command_line_on_the_server_makes_no_link_and_can_only_end_one(room: ExportRoom) -> None:
    export, desk = room.approved(Way.SUPPLY, room.one), room.court.sharing
    with room.refused("persons-only"):
        desk.share(OPERATOR, export, 2, may_download=False)
    assert (desk.of(OPERATOR, export), room.entries(Act.SHARE_MAKE)) == ([], [])
    made = desk.share(room.custodian, export, 2, may_download=False)
    assert desk.revoke(OPERATOR, made.share.id).revoked_at is not None


def test_what_was_refused_or_has_lapsed_is_not_approved_afterwards(room: ExportRoom) -> None:
    refused = room.asked()
    room.court.exports.decide(room.agency_head, refused, is_approved=False, reason="不同意")
    lapsed = room.approved(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id)
    room.pass_by(room.later(days=40) - room.small.clock.now())
    room.build(lapsed)
    for export in (refused, lapsed):
        with room.refused("export-decided", Conflict):
            room.approve(export)
        room.build(export)
        assert room.entries(Act.EXPORT_CREATE) == []
    assert room.export(lapsed).state is State.LAPSED


def test_a_file_that_leaves_the_case_before_the_build_ends_the_approval(room: ExportRoom) -> None:
    one = room.approved(Way.PARTY_COPY)
    room.cases.unlink(room.head, room.case_id, room.two, "关联有误")
    assert room.build(one).state is State.LAPSED
    assert room.entries(Act.EXPORT_CREATE) == []


@pytest.mark.article("dazhe-2020:14")
def test_another_unit_named_after_the_build_hands_over_and_the_one_before_does_not(room: ExportRoom) -> None:
    room.designate()
    one = room.approved()
    room.build(one)
    room.court.transfer_units.name(OPERATOR, room.legal.id, ends=True)
    with pytest.raises(Conflict, match="no-transfer-unit"):
        give(room, one, room.custodian)
    room.court.transfer_units.name(OPERATOR, room.unit.id)
    with pytest.raises(Exception, match="export-not-found|not-the-transfer-unit"):
        give(room, one)
    assert room.export(one).state is State.BUILT
    assert list(room.small.vault.list(f"exports/{one}/")) == [], "nothing was retained for nobody"
    give(room, one, room.custodian)
    assert room.export(one).state is State.HANDED_OVER


@pytest.mark.article("dazhe-2020:14")
def test_a_unit_named_while_the_copy_is_sealed_does_not_let_the_one_before_finish(
    room: ExportRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.designate()
    one = room.approved()
    room.build(one)
    desk = type(room.court.handing_over)
    retained = desk._retained

    def changed(self: object, export: object) -> tuple[str, str]:
        kept = retained(self, export)  # type: ignore[arg-type]
        room.court.transfer_units.name(OPERATOR, room.legal.id, ends=True)
        room.court.transfer_units.name(OPERATOR, room.beside.id)
        return kept

    monkeypatch.setattr(desk, "_retained", changed)
    with pytest.raises(Exception, match="export-not-found|not-the-transfer-unit"):
        give(room, one)
    assert room.export(one).state is State.BUILT
    assert room.entries(Act.EXPORT_HAND_OVER) == []
    assert room.logs.found() == set(), "the copy that was sealed is known as one on its way"


@pytest.mark.article("dazhe-2020:14")
def test_two_who_hand_over_at_once_hand_over_once(room: ExportRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    room.designate()
    one = room.approved()
    room.build(one)
    desk = type(room.court.handing_over)
    retained, others = desk._retained, [room.second]

    def beside(self: object, export: object) -> tuple[str, str]:
        kept = retained(self, export)  # type: ignore[arg-type]
        if others:
            room.court.handing_over.hand_over(others.pop(), one, room.clerk.name, "李检察官")
        return kept

    monkeypatch.setattr(desk, "_retained", beside)
    with pytest.raises(Conflict, match="already-handed-over"):
        give(room, one)
    gave = room.export(one).hand_over
    assert gave is not None
    assert (gave.by, len(room.entries(Act.EXPORT_HAND_OVER))) == (room.second.id, 1)


@pytest.mark.article("dazhe-2020:15")
def test_a_download_by_link_breaks_off_when_the_link_is_revoked(tmp_path: Path) -> None:
    room, size = WebRoom(tmp_path / "data"), 96 << 20
    app, custody = room.application, CustodyRoom(room)
    film = custody.seal(bytes(size), "long.mp4")
    wish = Wish(Way.SUPPLY, (film,), Said("某电视台", "普法", "函"), unit_id=room.agency.id)
    export = app.court.exports.ask(OPERATOR, wish).export.id
    app.court.exports.decide(DECIDER, export, is_approved=True, reason="同意", secrecy="经审查不涉密")
    made = app.court.sharing.share(LENDER, export, 2, may_download=True)
    browser = Browser(room)
    browser.post(f"/shared/{made.token}", {"code": made.code})
    served = InThread(room.app)
    served.start()
    try:
        line = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        cookie = f"{COOKIE}={browser.client.cookies[COOKIE]}"
        line.request("GET", "/shared/files/1/copy", headers={"Cookie": cookie})
        answer = line.getresponse()
        assert (answer.status, answer.headers["content-length"]) == (200, str(size))
        assert len(answer.read(1 << 20)) == 1 << 20
        app.court.sharing.revoke(OPERATOR, made.share.id)
        time.sleep(2 * ASKED_AGAIN_S)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
        line.close()
    finally:
        served.stop()
        app.signer.close()


@pytest.mark.parametrize("what", ["time is over", "left the case"])
def test_what_lapses_while_the_copy_is_sealed_is_not_handed_over(
    room: ExportRoom, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Of hours of footage the copy that stays takes long: the approval is asked for again behind it."""
    room.designate()
    asked = room.written(room.build(room.approved()).id)

    def meanwhile(_: str) -> None:
        if what == "time is over":
            room.pass_by(timedelta(days=99))
        else:
            room.cases.unlink(room.head, room.case_id, room.one, "不属本案")

    monkeypatch.setattr("evidence.service.court.handing_over.crashpoint", meanwhile)
    with pytest.raises(Conflict, match="approval-lapsed"):
        room.court.handing_over.hand_over(room.clerk, asked, room.second.name, "王法官")
    assert room.export(asked).hand_over is None
    assert room.export(asked).state is State.LAPSED
    assert room.entries(Act.EXPORT_HAND_OVER) == []
    assert len(room.entries(Act.EXPORT_LAPSE)) == 1
