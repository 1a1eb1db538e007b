"""Whom a package names: people by name and number to a court, nobody in the history to anybody else."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from evidence.domain.exports import Way
from evidence.domain.ids import is_id
from evidence.service.package_names import person_of
from tests.export_room import ExportRoom
from tests.people_room import OPERATOR


@pytest.fixture
def room(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path)


def told(room: ExportRoom, way: Way) -> tuple[dict[str, Any], str]:
    """Return the statement of a package, and the words of its report."""
    done = room.build(room.approved(way, room.one))
    assert done.built is not None, done.problem
    (bag,) = (room.folder / "exports" / done.number).glob(f"{done.number}_*")
    pages = PdfReader(bag / "report" / "chain-of-custody.pdf").pages
    return json.loads(done.built.statement or b""), "".join(
        "".join(page.extract_text() for page in pages).split()
    )


def test_a_court_reads_names_and_numbers_where_the_log_has_ids(room: ExportRoom) -> None:
    statement, page = told(room, Way.TRANSFER)
    head, wearer = room.head.name, room.caller(room.officer).name
    dock = room.small.dock.name
    history = page[page.index("四、保管过程") : page.index("五、派生件")]
    for who in (f"采集站{dock}", f"某人{head}单位负责人", "本系统"):
        assert who in history
    assert f"某人{wearer}agency/unit" in page, "who wore it, and of which unit"
    assert f"经采集站{dock}：" in page
    doers = {row["by"] for row in statement["custody"] if is_id(row["by"] or "")}
    assert room.head.id in doers, "the id stands in the statement, and in the entry"
    assert not [one for one in doers if one in page]


def test_anybody_else_is_told_what_somebody_in_the_history_is_and_never_who(room: ExportRoom) -> None:
    statement, page = told(room, Way.PARTY_COPY)
    history = page[page.index("四、保管过程") : page.index("五、派生件")]
    assert f"采集站{room.small.dock.name}" in history, "a dock is nobody"
    assert "工作人员单位负责人" in history
    assert "某人" not in history
    assert room.head.name not in history
    people = [row["who"] for row in statement["report"]["custody"] if row["who"]["kind"] == "person"]
    assert people
    assert all((one["name"], one["number"]) == (None, None) for one in people)
    assert [one["wearer_name"] for one in statement["report"]["items"]] == [None]
    cover = statement["report"]["cover"]
    assert cover["prepared_by"]["name"] == cover["reviewed_by"]["name"] == "某人", "they answer for it"


def test_whoever_decided_at_the_server_is_no_bare_word(room: ExportRoom) -> None:
    asked = room.asked(Way.TRANSFER, room.one)
    room.court.exports.decide(OPERATOR, asked, is_approved=True, reason="同意")
    room.build(asked)
    with room.small.database.reading() as unit:
        assert person_of(unit, "operator")["kind"] == "operator"
    listed = room.court.exports.get(room.head, asked)
    pdf = room.court.papers.export(listed, "custody-report", room.small.clock.now())
    page = "".join("".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages).split())
    assert "审批人服务器操作员" in page
    assert "operator" not in page
