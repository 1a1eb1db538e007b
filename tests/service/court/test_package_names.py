"""Whom a package names: people by name and number to a court, nobody in the history to anybody else."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from evidence.domain.access import Purpose
from evidence.domain.audit import Act
from evidence.domain.exports import Way
from evidence.domain.ids import is_id
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
    for who in (f"采集站{dock}", f"某人{head}科室负责人", "本系统"):
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
    assert "工作人员科室负责人" in history
    assert "某人" not in history
    assert room.head.name not in history
    people = [row["who"] for row in statement["report"]["custody"] if row["who"]["kind"] == "person"]
    assert people
    assert all((one["name"], one["number"]) == (None, None) for one in people)
    assert [one["wearer_name"] for one in statement["report"]["items"]] == [None]
    cover = statement["report"]["cover"]
    assert cover["prepared_by"]["name"] == cover["reviewed_by"]["name"] == "某人", "they answer for it"


def test_who_asked_at_the_server_is_no_bare_word(room: ExportRoom) -> None:
    asked = room.court.exports.ask(OPERATOR, room.wish(Way.TRANSFER, room.one)).export.id
    room.build(room.approve(asked))
    listed = room.court.exports.get(room.head, asked)
    assert listed.people["operator"]["kind"] == "operator"
    pdf = room.court.papers.export(listed, "custody-report", room.small.clock.now())
    page = "".join("".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages).split())
    assert "申请（制作）人服务器操作员" in page
    assert "operator" not in page


@pytest.mark.parametrize("way", [Way.TRANSFER, Way.PARTY_COPY])
def test_entries_of_other_exports_bear_their_number_to_a_court_and_are_withheld_from_a_party(
    room: ExportRoom, way: Way
) -> None:
    first, taken = (room.export(room.approved(Way.SUPPLY, room.one)) for _ in range(2))
    room.small.recordings.open_original(room.custodian, room.one, Purpose.EXPORT, taken.id)[1].close()
    statement, page = told(room, way)
    about = {(one["log"], one["index"]): one["export"] for one in statement["report"]["custody"]}
    others = {one["number"] for one in about.values() if one is not None and not one["is_this"]}
    assert f"本次对外提供{statement['export']['number']}" in page
    if way is Way.TRANSFER:
        assert others == {first.number, taken.number}
        assert f"另一次对外提供{first.number}" in page
        (look,) = (row for row in statement["custody"] if row["act"] == Act.READ_ORIGINAL.value)
        assert about["access/2026", look["index"]] == {"is_this": False, "number": taken.number}
    else:
        assert others == set()
        assert page.count("另一次对外提供的记录，内容不予告知") == 4, "two were asked for and decided"
        assert first.number not in page
        withheld = [row for row in statement["custody"] if row.get("withheld")]
        assert [set(row) for row in withheld] == [{"log", "index", "withheld"}] * 4, "no time either"
