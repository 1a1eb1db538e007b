"""Taking media and documents out: by whoever hands over, while the approval stands, logged before a byte."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.exports import Medium, Way
from evidence.domain.rights import Role
from evidence.domain.standing import Classification
from evidence.errors import Conflict, NotFound, Refused
from evidence.service.court.taking_out import Taken
from evidence.service.oversight.refusals import OutOfSight
from tests.export_room import ExportRoom
from tests.people_room import OPERATOR


@pytest.fixture
def room(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path)


def whole(size: int) -> tuple[int, int]:
    return 0, size


def take(room: ExportRoom, who: Caller, export: str, number: int = 1) -> Taken:
    return room.court.taking_out.medium(who, export, number, whole)


def taken(room: ExportRoom, who: Caller, export: str) -> str:
    """Take the first medium; return the SHA-256 of what came."""
    one = take(room, who, export)
    with one.file as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.article("dazhe-2020:14")
def test_only_the_unit_that_hands_a_transfer_over_takes_its_media(room: ExportRoom) -> None:
    one = room.approved(medium=Medium.ZIP)
    room.build(one)
    with room.refused("no-transfer-unit", Conflict):
        take(room, room.custodian, one)
    room.designate()
    with room.refused("not-the-transfer-unit"):
        take(room, room.custodian, one)
    built = room.export(one).built
    assert built is not None
    assert taken(room, room.clerk, one) == built.volumes[0].sha256
    (entry,) = room.entries(Act.EXPORT_TAKE)
    assert (entry["by"], entry["facts"]["sha256"]) == (room.clerk.id, built.volumes[0].sha256)
    with room.refused("medium-not-found", NotFound):
        take(room, room.clerk, one, 2)
    room.hand_over(one)
    with room.refused("already-handed-over", Conflict):
        take(room, room.clerk, one)


@pytest.mark.article("dazhe-2020:14")
def test_of_a_folder_the_very_archive_is_taken_that_is_retained(room: ExportRoom) -> None:
    room.designate()
    one = room.approved()
    room.build(one)
    digest = taken(room, room.clerk, one)
    room.hand_over(one)
    assert room.small.vault.stat(f"exports/{one}/1").promise.sha256 == digest
    assert list((room.folder / "exports").glob(".*")) == []


@pytest.mark.article("dazhe-2020:15", "dazhe-2020-aux:10(2)")
def test_other_supply_is_taken_by_who_may_export_each_file_and_by_no_auxiliary(room: ExportRoom) -> None:
    one = room.approved(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id)
    with room.refused("not-built", Conflict):
        take(room, room.custodian, one)
    room.build(one)
    with room.refused("barred-by-law"):
        take(room, room.auxiliary, one)
    beside = room.new(Role.CUSTODIAN, where=room.beside)
    with room.refused("export-not-found", OutOfSight):
        take(room, beside, one)
    assert room.entries(Act.EXPORT_TAKE) == []
    assert taken(room, room.custodian, one)


@pytest.mark.article("dazhe-2020:15")
def test_what_is_on_its_way_ends_with_the_approval(room: ExportRoom) -> None:
    one = room.approved(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id, medium=Medium.ZIP)
    room.build(one)
    on_its_way = take(room, room.custodian, one)
    on_its_way.file.close()
    on_its_way.verify()
    room.restrict(room.one, Classification.PRIVACY)
    with pytest.raises(Refused, match="right-ended"):
        on_its_way.verify()
    with pytest.raises(Conflict, match="approval-lapsed"):
        take(room, room.custodian, one)
    assert len(room.entries(Act.EXPORT_TAKE)) == 1


def test_what_is_on_its_way_ends_when_another_unit_is_named_for_transfers(room: ExportRoom) -> None:
    room.designate()
    one = room.approved(medium=Medium.ZIP)
    room.build(one)
    on_its_way = take(room, room.clerk, one)
    on_its_way.file.close()
    on_its_way.verify()
    room.court.transfer_units.name(OPERATOR, room.legal.id, ends=True)
    room.court.transfer_units.name(OPERATOR, room.beside.id)
    with pytest.raises(Refused):
        on_its_way.verify()
    with pytest.raises(OutOfSight, match="export-not-found"):
        take(room, room.clerk, one)


def test_no_medium_is_taken_when_the_days_of_the_approval_are_over(room: ExportRoom) -> None:
    one = room.approved(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id)
    room.build(one)
    room.pass_by(timedelta(days=400))
    with pytest.raises(Conflict, match="approval-lapsed"):
        take(room, room.custodian, one)
    assert room.entries(Act.EXPORT_TAKE) == []


def test_the_custody_report_is_printed_as_it_lies_in_the_package(room: ExportRoom) -> None:
    one = room.approved()
    with pytest.raises(Conflict, match="not-built"):
        room.court.taking_out.document(room.head, one, "custody-report")
    done = room.build(one)
    room.pass_by(timedelta(hours=5))
    (bag,) = (room.folder / "exports" / done.number).glob(f"{done.number}_*")
    made = room.court.taking_out.document(room.head, one, "custody-report").body
    assert made == (bag / "report" / "chain-of-custody.pdf").read_bytes()


@pytest.mark.article("longquan:9")
def test_who_may_not_know_of_a_file_is_given_no_document_that_names_it(room: ExportRoom) -> None:
    one = room.approved(Way.SUPPLY, case_id=None, unit_id=room.unit.id)
    room.build(one)
    room.restrict(room.two, Classification.PRIVACY)
    for kind in ("custody-report", "evidence-list", "us-certificate"):
        with room.refused("files-unseen"):
            room.court.taking_out.document(room.head, one, kind)


def test_who_hands_a_transfer_over_prints_its_list_without_knowing_the_files(room: ExportRoom) -> None:
    room.designate()
    one = room.approved()
    room.build(one)
    assert room.court.exports.get(room.clerk, one).titles == {}
    assert room.court.taking_out.document(room.clerk, one, "evidence-list").body.startswith(b"%PDF")


@pytest.mark.article("longquan:9")
def test_others_of_the_unit_that_hands_over_are_given_no_document_that_names_what_they_may_not_know(
    room: ExportRoom,
) -> None:
    room.designate()
    supervisor = room.new(Role.UNIT_HEAD, where=room.legal)
    one = room.approved()
    room.build(one)
    assert room.court.exports.get(supervisor, one).titles == {}
    for kind in ("custody-report", "evidence-list", "us-certificate"):
        with room.refused("files-unseen"):
            room.court.taking_out.document(supervisor, one, kind)


@pytest.mark.article("longquan:9")
def test_with_the_receipt_whoever_handed_over_is_shown_no_names_of_files_any_more(room: ExportRoom) -> None:
    room.designate()
    one = room.approved()
    room.build(one)
    room.hand_over(one)
    assert room.court.taking_out.document(room.clerk, one, "evidence-list").body.startswith(b"%PDF")
    room.court.handing_over.note_receipt(room.clerk, one)
    with room.refused("files-unseen"):
        room.court.taking_out.document(room.clerk, one, "evidence-list")
    assert room.court.taking_out.document(room.clerk, one, "hand-over").body.startswith(b"%PDF")
