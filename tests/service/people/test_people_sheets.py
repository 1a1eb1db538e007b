"""Tables of people and units: a dry run names each bad cell, an import is whole or nothing."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from evidence.adapters.sheets import SheetFiles
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.domain.sheets import Reason
from evidence.errors import Invalid, Refused
from evidence.service.people.people_sheets import Outcome, Sheets
from tests.adapters.test_sheets import book
from tests.builders import an_origin
from tests.roll_room import OPERATOR, RollRoom

EAST = "大柘镇/东片执法队"


class Room(RollRoom):
    """The room, with the desk for tables."""

    def __init__(self, folder: Path, policy: str = "dazhe-2020") -> None:
        super().__init__(folder, policy)
        self.sheets = Sheets(self.site, SheetFiles())

    def take(self, text: str | bytes, *, apply: bool = False) -> Outcome:
        """Import a table of people."""
        content = text.encode() if isinstance(text, str) else text
        return self.sheets.import_people(OPERATOR, content, apply=apply)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def faults(outcome: Outcome) -> list[tuple[int, str, Reason]]:
    return [(one.row, one.column, one.reason) for one in outcome.faults]


HEADINGS = (
    "编号,姓名,人员类别,单位,岗位,任职日期,合同开始,合同结束,保密承诺日期,岗位职责确认日期,"
    "培训名称,培训工作日,培训日期,培训合格\n"
)
GOOD = (
    f"{HEADINGS}0001,张三,行政执法人员,{EAST},队长,2025/1/2,,,,,,,,\n"
    f"0002,李四,行政执法辅助人员,{EAST},队员,2025年3月4日,2025-03-04,2026-12-31,"
    "2025-03-01,2025/3/1,岗前培训,10,2025-03-03,是\n"
)


def test_a_dry_run_says_what_would_happen_and_changes_nothing(room: Room) -> None:
    before, entries = room.roll(), len(room.log())
    outcome = room.take(GOOD)
    assert outcome.faults == []
    assert outcome.counts == {"added": 2, "changed": 0, "unchanged": 0}
    assert not outcome.applied
    assert (room.roll(), len(room.log())) == (before, entries)


def test_an_import_adds_people_with_all_that_is_on_file(room: Room) -> None:
    assert room.take(GOOD, apply=True).applied
    officer, auxiliary = room.people.all(OPERATOR)
    assert (officer.person.type, officer.unit) == (PersonType.OFFICER, EAST)
    assert auxiliary.person.contract_to == date(2026, 12, 31)
    assert auxiliary.post is not None
    assert (auxiliary.post.title, auxiliary.post.since) == ("队员", date(2025, 3, 4))
    assert auxiliary.lacks == ()
    assert "张三" not in b"".join(room.log()).decode()
    assert len(room.entries("person.add")) == 2
    assert len(room.entries("person.training")) == 1


def test_the_same_table_again_changes_nothing(room: Room) -> None:
    room.take(GOOD, apply=True)
    before = room.roll()
    outcome = room.take(GOOD, apply=True)
    assert outcome.counts == {"added": 0, "changed": 0, "unchanged": 2}
    assert room.roll() == before


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_exported_and_imported_again_changes_nothing(room: Room, form: str) -> None:
    room.take(GOOD, apply=True)
    room.person("0003", PersonType.CIVILIAN, room.west, card_number="甲'1")
    people, units = (
        export(OPERATOR, form) for export in (room.sheets.export_people, room.sheets.export_units)
    )
    before = room.roll()
    assert room.take(people, apply=True).counts == {"added": 0, "changed": 0, "unchanged": 3}
    outcome = room.sheets.import_units(OPERATOR, units, apply=True)
    assert outcome.counts == {"added": 0, "changed": 0, "unchanged": 3}
    assert room.roll() == before


def test_an_export_makes_the_same_roll_on_another_site(
    room: Room, tmp_path_factory: pytest.TempPathFactory
) -> None:
    room.take(GOOD, apply=True)
    other = Room(tmp_path_factory.mktemp("other"))
    assert other.take(room.sheets.export_people(OPERATOR, "xlsx"), apply=True).applied
    assert other.sheets.export_people(OPERATOR) == room.sheets.export_people(OPERATOR)


def test_a_changed_cell_changes_the_row_and_an_empty_one_does_not(room: Room) -> None:
    room.take(GOOD, apply=True)
    changed = room.take("编号,姓名,单位,岗位,任职日期\n0002,,大柘镇/西片执法队,班长,2026-02-01\n", apply=True)
    assert [row[1:] for row in changed.rows] == [("0002", "changed", ("unit_id", "post"))]
    (_, one) = room.people.all(OPERATOR)
    assert (one.person.name, one.unit) == ("李四", "大柘镇/西片执法队")
    with room.database.reading() as unit:
        assert [post.until for post in unit.people.posts(one.person.id)] == [date(2026, 1, 31), None]


BAD = [
    ("编号,人员类别,单位\n,officer,{e}", (2, "number", Reason.MISSING)),
    ("编号,人员类别,单位\n1,officer,{e}\n1,officer,{e}", (3, "number", Reason.TWICE)),
    ("编号,人员类别,单位\n=1+1,officer,{e}", (2, "number", Reason.FORMULA)),
    ("编号,人员类别,单位,姓名\n1,officer,{e},@SUM(A1)", (2, "name", Reason.FORMULA)),
    ("编号,人员类别,单位,姓名\n1,officer,{e},＝1", (2, "name", Reason.FORMULA)),
    ("编号,人员类别,单位,姓名\n1,officer,{e},'=1", (2, "name", Reason.FORMULA)),
    ("编号,人员类别,单位,姓名\n1,officer,{e},a\x1b[31m", (2, "name", Reason.NOT_PLAIN)),
    ("编号,人员类别,单位\n1,王,{e}", (2, "type", Reason.NO_WORD)),
    ("编号,人员类别,单位\n1,officer,没有的单位", (2, "unit", Reason.UNIT_UNKNOWN)),
    ("编号,单位\n1,{e}", (2, "type", Reason.MISSING)),
    ("编号,人员类别\n1,officer", (2, "unit", Reason.MISSING)),
    ("编号,人员类别,单位,合同开始\n1,officer,{e},2026-02-30", (2, "contract_from", Reason.NO_DAY)),
    ("编号,人员类别,单位,合同开始\n1,officer,{e},26-2-3", (2, "contract_from", Reason.NO_DAY)),
    ("编号,人员类别,单位,合同开始\n1,officer,{e},1066-01-01", (2, "contract_from", Reason.NO_DAY)),
    ("编号,人员类别,单位,合同开始,合同结束\n1,officer,{e},2026-02-03,2026-02-02",
     (2, "contract_to", Reason.ENDS_BEFORE_START)),
    ("编号,人员类别,单位,岗位\n1,officer,{e},队长", (2, "post_since", Reason.MISSING)),
    ("编号,人员类别,单位,培训名称,培训工作日,培训日期,培训合格\n1,officer,{e},甲,十,2026-01-01,是",
     (2, "training_days", Reason.NO_NUMBER)),
    ("编号,人员类别,单位,培训名称,培训工作日,培训日期,培训合格\n1,officer,{e},甲,0,2026-01-01,是",
     (2, "training_days", Reason.NO_NUMBER)),
    ("编号,人员类别,单位,培训名称,培训工作日,培训日期,培训合格\n1,officer,{e},甲,1,2026-01-01,或许",
     (2, "training_passed", Reason.NO_WORD)),
    ("编号,人员类别,单位,保密承诺日期\n1,officer,{e},2026-03-03", (2, "confidentiality", Reason.DAY_TO_COME)),
    ("编号,人员类别,单位,颜色\n1,officer,{e},red", (1, "颜色", Reason.UNKNOWN_COLUMN)),
    ("人员类别,单位\nofficer,{e}", (1, "number", Reason.MISSING_COLUMN)),
    ("编号,number,人员类别,单位\n1,1,officer,{e}", (1, "number", Reason.COLUMN_TWICE)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fault"), BAD)
def test_a_bad_row_is_named_with_its_column_and_nothing_of_the_table_is_done(
    room: Room, text: str, fault: tuple[int, str, Reason]
) -> None:
    before, entries = room.roll(), len(room.log())
    outcome = room.take(text.replace("{e}", EAST), apply=True)
    assert faults(outcome) == [fault]
    assert not outcome.applied
    assert (room.roll(), len(room.log())) == (before, entries)


def test_one_bad_row_among_good_ones_stops_all_of_them(room: Room) -> None:
    before = room.roll()
    outcome = room.take(GOOD + "0003,王五,行政执法人员,没有的单位\n", apply=True)
    assert faults(outcome) == [(4, "unit", Reason.UNIT_UNKNOWN)]
    assert outcome.counts["added"] == 2
    assert room.roll() == before


def test_a_number_that_excel_has_made_a_number_is_refused(room: Room) -> None:
    outcome = room.take(book(["编号", "人员类别", "单位"], [1, "officer", EAST]))
    assert faults(outcome) == [(2, "number", Reason.NUMBER_CELL)]


@pytest.mark.article("inner-mongolia-aux:25")
def test_a_badge_in_a_table_is_held_against_the_article(tmp_path: Path) -> None:
    room = Room(tmp_path, "inner-mongolia")
    rows = "".join(f"{one},auxiliary,{EAST}\n" for one in ("XG12 345", "XG990001", "XG010001"))
    outcome = room.take(f"number,person type,unit\n{rows}")
    assert faults(outcome) == [(2, "number", Reason.NUMBER_FORM), (3, "number", Reason.CITY_UNKNOWN)]
    assert all(one.cites == ("inner-mongolia-aux:25",) for one in outcome.faults)


def test_an_import_reaches_only_the_units_of_who_imports(room: Room) -> None:
    manager = room.caller("9001", Role.SECURITY_ADMINISTRATOR, room.west)
    room.person("0001")
    before = room.roll()
    text = f"编号,人员类别,单位\n0001,officer,{EAST}\n0002,officer,{EAST}\n9001,auxiliary,大柘镇/西片执法队\n"
    outcome = room.sheets.import_people(manager, text.encode(), apply=True)
    assert faults(outcome) == [
        (2, "number", Reason.NOT_YOURS),
        (2, "unit", Reason.UNIT_UNKNOWN),
        (3, "unit", Reason.UNIT_UNKNOWN),
        (4, "number", Reason.NOT_YOURS),
    ]
    assert room.roll() == before
    head = room.caller("9002", Role.UNIT_HEAD, room.west)
    with pytest.raises(Refused, match="not-permitted"):
        room.sheets.import_people(head, GOOD.encode(), apply=True)
    assert b"0001" not in room.sheets.export_people(head)
    everywhere = room.caller("9003", Role.SECURITY_ADMINISTRATOR)
    own = room.sheets.import_people(everywhere, "编号,人员类别\n9003,auxiliary\n".encode(), apply=True)
    assert faults(own) == [(2, "number", Reason.OWN_RECORD)]


def test_units_are_added_and_renamed_by_a_table(room: Room) -> None:
    text = f"单位,单位标识\n{EAST},\n大柘镇/南片执法队,{room.west.id}\n大柘镇/南片执法队/一中队,\n新机关,\n"
    before = room.roll()
    dry = room.sheets.import_units(OPERATOR, text.encode())
    assert dry.counts == {"added": 2, "changed": 1, "unchanged": 1}
    assert room.roll() == before
    assert room.sheets.import_units(OPERATOR, text.encode(), apply=True).applied
    names = {one.name: one for one in room.units.all(OPERATOR)}
    assert names["一中队"].path.startswith(names["南片执法队"].path)
    assert names["南片执法队"].id == room.west.id


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("没有/甲,", Reason.UNIT_UNKNOWN),
        ("大柘镇//甲,", Reason.NOT_PLAIN),
        ("甲,{west}", Reason.WRONG_PARENT),
        ("大柘镇/东片执法队,{west}", Reason.NAME_TAKEN),
        ("大柘镇/甲,ffff", Reason.UNIT_UNKNOWN),
        ("=甲,", Reason.FORMULA),
    ],
)
def test_a_bad_row_of_units_is_named_and_nothing_is_done(room: Room, row: str, reason: Reason) -> None:
    before = room.roll()
    text = f"单位,单位标识\n大柘镇/乙,\n{row.replace('{west}', room.west.id)}\n"
    outcome = room.sheets.import_units(OPERATOR, text.encode(), apply=True)
    assert [(one.row, one.reason) for one in outcome.faults] == [(3, reason)]
    assert room.roll() == before


def test_an_unknown_form_is_refused(room: Room) -> None:
    with pytest.raises(Invalid, match="unknown-form"):
        room.sheets.export_people(OPERATOR, "pdf")


@pytest.mark.slow
def test_ten_thousand_people_come_in_within_seconds_and_their_recordings_are_placed(room: Room) -> None:
    room.send(an_origin(size_bytes=4, wearer="B09999"), b"sent")
    room.do_jobs()
    rows = "".join(f"B{n:05},姓名{n},officer,{EAST},2025-01-01\n" for n in range(10_000))
    text = "编号,姓名,人员类别,单位,合同开始\n" + rows
    began = time.process_time()
    assert room.take(text, apply=True).counts["added"] == 10_000
    spent = time.process_time() - began
    assert len(room.entries("evidence.place")) == 1
    assert spent < 20, spent
