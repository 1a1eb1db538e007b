"""The letter of refusal: an applicant reads from whom, of which day, on which ground; nothing is made up."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from evidence.domain.exports import Ground, Way
from tests.export_room import ExportRoom

NOTE = "内部意见：领导不同意"


@pytest.fixture
def room(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path)


def letter(room: ExportRoom, way: Way, refused: dict[str, Ground], *, is_approved: bool) -> str:
    """Have it decided a day after it was asked for; return the letter's words."""
    asked = room.asked(way)
    room.pass_by(timedelta(days=1))
    how = {"reason": NOTE, "secrecy": "经审查"}
    room.court.exports.decide(room.agency_head, asked, is_approved=is_approved, refused=refused, **how)
    room.pass_by(timedelta(days=5))
    listed = room.court.exports.get(room.head, asked)
    pdf = room.court.papers.export(listed, "refusal", room.small.clock.now())
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.article("longquan:8")
def test_a_letter_bears_its_agency_its_date_the_day_of_the_application_and_a_ground_with_its_article(
    room: ExportRoom,
) -> None:
    said = letter(room, Way.PARTY_COPY, {room.two: Ground.THIRD_PARTY}, is_approved=True)
    day = room.small.clock.time.date() - timedelta(days=6)
    assert f"申请（{day:%Y年%m月%d日}登记，编号" in said, "the day on which it was entered"
    assert f"日期{day + timedelta(days=1):%Y年%m月%d日}" in said, "the day of the decision, not of the print"
    assert "单位（盖章）agency" in said
    row = said[said.index("条款") :]
    assert row.index("涉及他人权益") < row.index("第八条")


@pytest.mark.article("longquan:8")
def test_what_the_decider_noted_for_the_file_is_not_in_the_letter_and_what_nobody_said_is_a_marked_blank(
    room: ExportRoom,
) -> None:
    said = letter(room, Way.PARTY_COPY, {}, is_approved=False)
    assert NOTE not in said
    assert "其他理由具体理由：【由本单位填写】" in said
    remedy = said[said.index("对本决定不服的") :]
    assert "日起＿＿＿＿日内向" in remedy.replace("_", "＿"), "no rule here gives a time"
    assert "【期限和机关由本单位依法填写" in remedy
    office = letter(room, Way.TRANSFER, {room.one: Ground.OTHER}, is_approved=True)
    assert NOTE not in office
    assert "行政复议" not in office
