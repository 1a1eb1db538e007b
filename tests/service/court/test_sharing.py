"""Sharing by link: one person, one code, for a while; only what was approved; nothing once revoked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from evidence.domain.audit import Act
from evidence.domain.exports import Ground, Way
from evidence.domain.rights import Role
from evidence.domain.shares import MOST_FAILURES, ShareState
from evidence.domain.standing import Classification
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.court.sharing import Made, Sharing
from evidence.service.oversight.refusals import OutOfSight
from tests.export_room import ExportRoom


@pytest.fixture
def room(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path)


def desk(room: ExportRoom) -> Sharing:
    return room.court.sharing


def supplied(room: ExportRoom, *recordings: str) -> str:
    """Have other supply approved."""
    return room.approved(Way.SUPPLY, *recordings, case_id=None, unit_id=room.unit.id)


def made(room: ExportRoom, export: str, hours: int = 24, *, may_download: bool = False) -> Made:
    return desk(room).share(room.custodian, export, hours, may_download=may_download)


def whole(size: int) -> tuple[int, int]:
    return 0, size


def state(room: ExportRoom, one: Made) -> ShareState:
    (found,) = [it for it in desk(room).of(room.custodian, one.share.export_id) if it.id == one.share.id]
    return found.state(room.small.clock.now())


@pytest.mark.article("dazhe-2020:15")
def test_a_link_opens_once_with_its_code_and_each_range_is_logged(room: ExportRoom) -> None:
    one = made(room, supplied(room, room.one))
    opened = desk(room).open(one.token, one.code)
    assert [file.number for file in opened.files] == [1]
    shown = desk(room).read(opened.session, 1, lambda size: (10, 20), to_keep=False)
    with shown.file as file:
        file.seek(shown.start)
        assert len(file.read(shown.end - shown.start)) == 10
    (entry,) = room.entries(Act.SHARE_READ)
    assert (entry["facts"]["start"], entry["facts"]["end"]) == (10, 20)
    assert {"id": room.one}.items() <= entry["obj"][1].items()
    with pytest.raises(Refused, match="share-refused"):
        desk(room).open(one.token, one.code)
    with pytest.raises(NotFound, match="shared-file-not-found"):
        desk(room).read(opened.session, 2, whole, to_keep=False)


def test_no_secret_of_a_link_is_in_the_log_or_in_the_rows(room: ExportRoom) -> None:
    one = made(room, supplied(room, room.one))
    opened = desk(room).open(one.token, one.code)
    held = room.small.dump() + "".join(map(str, room.entries()))
    assert all(secret not in held for secret in (one.token, opened.session, f"'{one.code}'"))


def test_after_some_wrong_codes_a_link_is_worthless_with_the_right_one_too(room: ExportRoom) -> None:
    one = made(room, supplied(room, room.one))
    for _ in range(MOST_FAILURES):
        with pytest.raises(Refused, match="share-refused"):
            desk(room).open(one.token, "no")
    assert state(room, one) is ShareState.LOCKED
    with pytest.raises(Refused, match="share-refused"):
        desk(room).open(one.token, one.code)
    assert len(room.entries(Act.SHARE_FAIL)) == MOST_FAILURES + 1
    with pytest.raises(Refused, match="share-refused"):
        desk(room).open("unknown", one.code)


def test_a_revoked_link_opens_nothing_and_what_it_opened_is_over_at_once(room: ExportRoom) -> None:
    one = made(room, supplied(room, room.one))
    opened = desk(room).open(one.token, one.code)
    shown = desk(room).read(opened.session, 1, whole, to_keep=False)
    shown.file.close()
    shown.verify()
    desk(room).revoke(room.custodian, one.share.id)
    for step in (shown.verify, lambda: desk(room).read(opened.session, 1, whole, to_keep=False)):
        with pytest.raises(Refused, match="share-refused"):
            step()
    with room.refused("share-revoked", Conflict):
        desk(room).revoke(room.custodian, one.share.id)


def test_a_link_ends_with_its_hours_and_with_its_approval(room: ExportRoom) -> None:
    one = made(room, supplied(room, room.one), hours=1)
    opened = desk(room).open(one.token, one.code)
    room.pass_by(timedelta(hours=1))
    with pytest.raises(Refused, match="share-refused"):
        desk(room).verify(opened.session)
    other = made(room, supplied(room, room.two))
    opened = desk(room).open(other.token, other.code)
    room.restrict(room.two, Classification.PRIVACY)
    with pytest.raises(Refused, match="share-refused"):
        desk(room).verify(opened.session)


def test_no_link_outlasts_the_days_that_the_pack_gives_an_approval(room: ExportRoom) -> None:
    export = supplied(room, room.one)
    for hours in (0, -1):
        with room.refused("invalid-measure", Invalid):
            made(room, export, hours)
    for hours in (31 * 24, 10**30):
        with room.refused("beyond-approval", Invalid) as told:
            made(room, export, hours)
    decided, most = room.export(export).decision, told.fields["most"]
    assert decided is not None
    assert decided.valid_to is not None
    assert told.fields["valid_to"] == decided.valid_to.isoformat()
    with room.refused("beyond-approval", Invalid):
        made(room, export, most + 1)
    assert made(room, export, most), "what it says would be taken is taken"
    zone = ZoneInfo(room.site.policies.latest.time_zone)
    (link,) = room.court.sharing.of(room.custodian, export)
    assert link.expires_at.astimezone(zone).date() == decided.valid_to
    room.pass_by(timedelta(days=30))
    with room.refused("beyond-approval", Invalid):
        made(room, export, 25)


@pytest.mark.article("dazhe-2020:14", "dazhe-2020:15")
def test_only_what_was_approved_is_shared_and_a_transfer_goes_on_media(room: ExportRoom) -> None:
    asked = room.asked(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id)
    for export, code in ((asked, "not-approved"), (room.approved(), "transfer-not-shared")):
        with room.refused(code, Conflict):
            made(room, export)
    part = room.asked(Way.PARTY_COPY)
    room.approve(part, {room.two: Ground.THIRD_PARTY})
    one = made(room, part)
    assert len(desk(room).open(one.token, one.code).files) == 1, "what was refused is not in it"


@pytest.mark.article("dazhe-2020-aux:10(2)")
def test_auxiliaries_and_other_units_share_and_revoke_nothing(room: ExportRoom) -> None:
    export = supplied(room, room.one)
    one = made(room, export)
    with room.refused("barred-by-law"):
        desk(room).share(room.auxiliary, export, 1, may_download=False)
    with room.refused("barred-by-law"):
        desk(room).revoke(room.auxiliary, one.share.id)
    beside = room.new(Role.CUSTODIAN, where=room.beside)
    with room.refused("export-not-found", OutOfSight):
        desk(room).share(beside, export, 1, may_download=False)
    with room.refused("export-not-found", OutOfSight):
        desk(room).revoke(beside, one.share.id)
    assert state(room, one) is ShareState.WAITING
