"""What the measures on auxiliaries ask the agency to keep and to say: files, gates, and who answers."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from evidence.adapters.sheets import SheetFiles
from evidence.answers.roll import file_out
from evidence.domain.people import PersonType, UndertakingKind
from evidence.domain.rights import Role
from evidence.errors import NotFound
from evidence.policy.rules import Need
from evidence.service.gaps.reports import Reports
from evidence.service.people.personnel_files import PersonnelFiles
from evidence.service.people.personnel_tables import personnel_lines
from tests.builders import an_origin
from tests.roll_room import OPERATOR, RollRoom

ALL_ABOUT_FILES = {
    "dazhe-2020": {"dazhe-2020-aux:13.1"},
    "longquan": {"longquan-aux:13.1"},
    "inner-mongolia": {"inner-mongolia-aux:22"},
    "strict": {
        "dazhe-2020-aux:13.1",
        "longquan-aux:13.1",
        "xinping-2022-aux:17",
        "inner-mongolia-aux:22",
        "lanzhou-new-area-aux:13",
    },
}


@pytest.mark.article("dazhe-2020-aux:13.1", "longquan-aux:13.1", "xinping-2022-aux:17")
@pytest.mark.article("inner-mongolia-aux:22", "lanzhou-new-area-aux:13")
@pytest.mark.parametrize("policy", sorted(ALL_ABOUT_FILES))
def test_one_file_holds_all_that_an_inspection_asks_for(tmp_path: Path, policy: str) -> None:
    room = RollRoom(tmp_path, policy)
    number = "XG010001"
    room.in_order(number, name="李四", card_number="C-1")
    room.people.add_post(OPERATOR, number, "巡查员", date(2026, 1, 21))
    room.send(an_origin(size_bytes=0, wearer=number), b"")
    room.do_jobs()
    found = file_out(PersonnelFiles(room.site).file(OPERATOR, number))
    assert (found["name"], found["card_number"], found["unit_name"]) == ("李四", "C-1", "大柘镇/东片执法队")
    assert [post["title"] for post in found["posts"]] == ["巡查员"]
    assert [(one["days"], one["passed"]) for one in found["trainings"]] == [(10, True)]
    assert {one["kind"] for one in found["undertakings"]} == {kind.value for kind in UndertakingKind}
    assert (found["recordings"], found["may_carry"]) == (1, True)
    assert found["findings"]["empty-file"] == 1
    assert set(found["cites"]) == ALL_ABOUT_FILES[policy]
    (entry,) = room.entries("person.read")
    assert (entry["log"], entry["by"]) == ("test.example/site/access/2026", "operator")
    lines = list(personnel_lines(PersonnelFiles(room.site).file(OPERATOR, number), SheetFiles().word))
    parts = {"基本信息", "岗位", "培训", "承诺与确认", "佩戴拍摄的录像", "检查结果", "依据"}
    assert parts <= {part for part, _, _ in lines}
    assert ("基本信息", "姓名", "李四") in lines


def test_a_file_outside_the_scope_does_not_exist(tmp_path: Path) -> None:
    room = RollRoom(tmp_path)
    head = room.caller("9001", Role.UNIT_HEAD, room.west)
    room.person("0001")
    with pytest.raises(NotFound, match="person-not-found"):
        PersonnelFiles(room.site).file(head, "0001")
    assert room.entries("person.read") == []
    assert len(room.entries("access.denied")) == 1


GATES = {
    "dazhe-2020": {
        Need.CONTRACT: {"dazhe-2020-aux:2"},
        Need.CONFIDENTIALITY: {"dazhe-2020-aux:12(4)"},
        Need.DUTIES: {"dazhe-2020-aux:12(2)"},
    },
    "longquan": {
        Need.CONTRACT: {"longquan-aux:2"},
        Need.CONFIDENTIALITY: {"longquan-aux:12(4)"},
        Need.DUTIES: {"longquan-aux:12(2)"},
    },
    "strict": {
        Need.CONTRACT: {
            f"{one}:2"
            for one in (
                "dazhe-2020-aux",
                "longquan-aux",
                "xinping-2022-aux",
                "inner-mongolia-aux",
                "lanzhou-new-area-aux",
            )
        },
        Need.CONFIDENTIALITY: {
            "dazhe-2020-aux:12(4)",
            "longquan-aux:12(4)",
            "xinping-2022-aux:16(2)",
            "inner-mongolia-aux:12(4)",
            "lanzhou-new-area-aux:11(4)",
        },
        Need.DUTIES: {
            "dazhe-2020-aux:12(2)",
            "longquan-aux:12(2)",
            "xinping-2022-aux:16(4)",
            "inner-mongolia-aux:12(2)",
            "lanzhou-new-area-aux:11(2)",
        },
        Need.TRAINING: {"inner-mongolia-aux:20", "lanzhou-new-area-aux:16"},
    },
}


@pytest.mark.article("dazhe-2020-aux:2", "dazhe-2020-aux:12(2)", "dazhe-2020-aux:12(4)")
@pytest.mark.article("longquan-aux:2", "longquan-aux:12(2)", "longquan-aux:12(4)")
@pytest.mark.article("xinping-2022-aux:2", "xinping-2022-aux:16(2)", "xinping-2022-aux:16(4)")
@pytest.mark.article("lanzhou-new-area-aux:2", "lanzhou-new-area-aux:11(2)", "lanzhou-new-area-aux:11(4)")
@pytest.mark.article("lanzhou-new-area-aux:16")
@pytest.mark.parametrize("policy", sorted(GATES))
def test_who_has_nothing_on_file_may_not_carry_and_is_told_by_which_articles(
    tmp_path: Path, policy: str
) -> None:
    room = RollRoom(tmp_path, policy)
    room.person("0001", PersonType.AUXILIARY)
    (one,) = room.people.all(OPERATOR, lacking=True)
    cites: dict[Need, set[str]] = {}
    for lack in one.lacks:
        cites.setdefault(lack.need, set()).update(cite.id for cite in lack.cites)
    assert cites == GATES[policy]
    room.in_order("0002")
    assert [listed.person.number for listed in room.people.all(OPERATOR, lacking=True)] == ["0001"]


def test_a_card_of_who_may_not_carry_is_taken_and_the_log_says_what_is_missing(tmp_path: Path) -> None:
    room = RollRoom(tmp_path)
    room.person("0001", PersonType.AUXILIARY)
    room.in_order("0002")
    for wearer in ("0001", "0002", "nobody"):
        card = an_origin("-", wearer=wearer)
        file = an_origin(f"{wearer}.mp4", wearer=wearer)
        assert room.cards.announce(room.dock, card, [file])[1][0].state == "wanted"
    facts = [one["facts"].get("wearer_lacks") for one in room.entries("card.announce")]
    assert facts == [["contract", "confidentiality", "duties"], None, None]


RESPONSIBLE = {
    "dazhe-2020": {"dazhe-2020-aux:4"},
    "longquan": {"longquan-aux:4"},
    "inner-mongolia": {"inner-mongolia-aux:6"},
    "strict": {
        "dazhe-2020-aux:4",
        "longquan-aux:4",
        "xinping-2022-aux:5",
        "inner-mongolia-aux:6",
        "lanzhou-new-area-aux:6",
    },
}


@pytest.mark.article("dazhe-2020-aux:4", "longquan-aux:4", "xinping-2022-aux:5")
@pytest.mark.article("inner-mongolia-aux:6", "lanzhou-new-area-aux:6")
@pytest.mark.parametrize("policy", sorted(RESPONSIBLE))
def test_the_gap_report_says_which_unit_answers_for_its_lines(tmp_path: Path, policy: str) -> None:
    room = RollRoom(tmp_path, policy)
    room.in_order("XG010001")
    room.person("0002", unit=room.west)
    for name, wearer in (("a.mp4", "XG010001"), ("b.mp4", "0002"), ("c.mp4", "nobody")):
        room.send(an_origin(name, wearer=wearer), b"")
    room.do_jobs()
    card = an_origin("-", wearer="0002")
    room.cards.announce(room.dock, card, [an_origin("d.mp4", size_bytes=4, wearer="0002")])
    room.people.change(OPERATOR, "0002", unit_id=room.east.id)
    room.clock.pass_by(timedelta(days=2))
    report = Reports(room.site).gaps(OPERATOR)
    assert set(report.unit_cites) == RESPONSIBLE[policy]
    counts = {one.name: one.counts for one in report.by_unit}
    assert list(counts) == ["大柘镇/东片执法队", "大柘镇/西片执法队", None]
    assert [counts[name]["interruptions"] for name in counts] == [1, 1, 1]
    assert counts["大柘镇/东片执法队"]["missing"] == 1, "what is owed, by the unit of its wearer now"
    assert counts["大柘镇/西片执法队"]["missing"] == 0
    for part in ("faults", "missing", "late", "interruptions", "to_explain", "unlabelled", "set_aside"):
        assert sum(one.counts[part] for one in report.by_unit) == len(getattr(report, part))
