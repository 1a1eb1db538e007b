"""The matrix of what must be recorded: each step of a case is shown by footage, exempt, or red."""

from __future__ import annotations

import io
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from evidence.adapters.books import XlsxBinder
from evidence.adapters.printing import TypstPress
from evidence.answers.step import gap_report_out, matrix_out, unit_out
from evidence.documents.gaps import gap_document
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.explanations import GapState, Outcome
from evidence.domain.fault_files import Link, LinkKind
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.domain.spans import Span
from evidence.domain.steps import StepState
from evidence.domain.subjects import step_subject
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.locale import CHINESE, text
from evidence.policy.conduct import FaultKind
from evidence.policy.enforcement import ActivityKind
from evidence.service.cases.case_filing import CaseFiling
from evidence.service.cases.cases import Cases
from evidence.service.cases.steps import StepSaid
from evidence.service.gaps.explanations import Explanations
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.gaps.gap_parts import Asked
from evidence.service.gaps.gap_words import Said
from evidence.service.gaps.own_shift import OwnShift
from evidence.service.gaps.reports import Reports
from evidence.service.instruments import local_day
from evidence.service.oversight.classes import Classes
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.printing_ports import Makers
from tests.builders import SmallSite
from tests.people_room import OPERATOR
from tests.step_room import BEGAN, NUMBER, PACKS, StepRoom

ANNEX = pytest.mark.article("dazhe-2020:annex", "longquan:annex")


@pytest.fixture
def room(small: SmallSite) -> StepRoom:
    return StepRoom(small)


@pytest.mark.article("dazhe-2020:5")
@pytest.mark.parametrize("pack", PACKS)
def test_each_kind_of_activity_is_red_without_footage_when_the_time_to_store_it_is_over(
    room: StepRoom, pack: str
) -> None:
    room.under(pack)
    for kind in ActivityKind:
        room.enter(kind.value)
        line = room.line(kind.value)
        assert (line.steps[0].state, line.cites) == (StepState.RED, ("dazhe-2020:5",))
    (case,) = room.matrix.of_unit(room.head, red=True)
    assert (len(case.red), case.counts[StepState.RED]) == (6, 6)
    with room.refused("unknown-activity", Invalid):
        room.enter("tea")
    room.shoot()
    assert room.matrix.of_unit(room.head, red=True) == []


@pytest.mark.article("dazhe-2020:5")
@pytest.mark.parametrize("pack", PACKS)
def test_ten_minutes_of_which_half_a_minute_is_recorded_are_amber_and_say_how_much(
    room: StepRoom, pack: str
) -> None:
    room.under(pack)
    room.enter("on-site-check", minutes=10)
    room.shoot(minutes=26 / 60)
    (step,) = room.line("on-site-check").steps
    assert (step.state, step.covered, step.percent) == (StepState.PARTLY, timedelta(seconds=26), 4)
    out = matrix_out(room.of_case(), room.head)
    (said,) = (one for line in out["lines"] for one in line["steps"])
    assert (said["state"], said["covered_s"], said["owed_s"]) == ("partly", 26, 600)
    assert room.matrix.of_unit(room.head, red=True) == [], "red is what nothing shows"
    (case,) = unit_out(room.matrix.of_unit(room.head), room.head)["cases"]
    assert [one["covered_s"] for one in case["partly"]] == [26], "counted, and told"
    room.shoot(start=5, minutes=5)
    assert room.state("on-site-check") == "covered"


def test_a_recording_of_which_nobody_knows_when_it_began_is_believed(room: StepRoom) -> None:
    room.enter("on-site-check", minutes=10)
    one = room.shoot(None)
    with room.small.database.writing() as unit:
        unit.recordings.note_end(one, room.at(9))
    (step,) = room.line("on-site-check").steps
    assert (step.state, step.covered) == (StepState.COVERED, None)


@ANNEX
def test_what_the_list_does_not_ask_for_as_a_whole_any_recording_shows(room: StepRoom) -> None:
    room.enter(room.matter("文书送达"))
    room.shoot(minutes=1, labels=room.words("文书送达"))
    (step,) = room.line(room.matter("文书送达")).steps
    assert (step.state, step.percent) == (StepState.COVERED, 1)


@pytest.mark.article("dazhe-2020:5", "dazhe-2020:12")
def test_a_check_without_footage_is_due_for_a_day_and_red_after_it(room: StepRoom) -> None:
    room.enter("on-site-check", start=25 * 60)  # it ended 22 hours ago
    assert room.state("on-site-check") == "due"
    room.small.clock.pass_by(timedelta(hours=2))
    assert room.state("on-site-check") == "red"


def test_footage_of_a_step_that_lacks_its_labels_is_told_beside_it(room: StepRoom) -> None:
    room.enter("on-site-check", minutes=10)
    for number, start in ((None, 0), ("别的案号", 8), (None, 10)):
        room.shoot(start=start, minutes=2, number=number)
    room.shoot(start=0, minutes=2, number=None, wearer=room.second)
    (step,) = room.line("on-site-check").steps
    assert (step.state, [one.span.start for one in step.beside if one.span]) == (
        StepState.RED,
        [room.at(0), room.at(8)],
    )
    report = gap_report_out(Reports(room.site).gaps(OPERATOR), OPERATOR)
    assert [one["beside"] for one in report["unrecorded"]] == [2]
    room.label(step.beside[0].recording_id, case_number=NUMBER)
    room.label(step.beside[1].recording_id, case_number=NUMBER)
    (step,) = room.line("on-site-check").steps
    assert (len(step.footage), step.beside) == (2, [])


@ANNEX
def test_footage_of_the_case_that_is_labelled_as_no_matter_is_told_beside_the_matter(room: StepRoom) -> None:
    room.enter(room.matter("文书送达"))
    shown = room.shoot(minutes=10)
    (step,) = room.line(room.matter("文书送达")).steps
    assert [one.recording_id for one in step.beside] == [shown]
    room.label(shown, **room.words("文书送达"))
    (step,) = room.line(room.matter("文书送达")).steps
    assert (step.state, step.beside) == (StepState.COVERED, ())


def test_a_planned_activity_is_not_missed_yet(room: StepRoom) -> None:
    room.enter("on-site-check", start=10 * 24 * 60)
    assert room.state("on-site-check") == "due"


def test_a_report_holds_as_of_the_moment_at_which_a_step_turned_red(room: StepRoom) -> None:
    room.enter("on-site-check", start=25 * 60)
    reports = Reports(room.site)
    soon = gap_report_out(reports.gaps(OPERATOR), OPERATOR)
    room.small.clock.pass_by(timedelta(hours=2))
    late = gap_report_out(reports.gaps(OPERATOR), OPERATOR)
    assert [one["unrecorded"][0]["state"] for one in (soon, late)] == ["due", "red"]
    assert late["log"] == soon["log"]
    assert late["as_of"] > late["unrecorded"][0]["due"] > soon["as_of"]


def test_the_steps_of_a_day_are_those_of_the_whole_report(room: StepRoom) -> None:
    day = 24 * 60
    for start in (2 * day, 3 * day, 3 * day + 60, 5 * day):
        room.enter("on-site-check", start=start)
    room.case = room.add_case()
    room.enter("on-site-check", start=4 * day)
    room.small.clock.pass_by(timedelta(days=9))
    reports = Reports(room.site)
    whole = [one.line.step for one in reports.gaps(OPERATOR).unrecorded]
    assert len(whole) == 5
    days = [local_day(room.site.policies, one.span.end) for one in whole]
    for first, last in itertools.product({*days, min(days) - timedelta(days=1)}, repeat=2):
        if first <= last:
            part = reports.gaps(OPERATOR, Asked(since=first, until=last)).unrecorded
            mine = [step for step, one in zip(whole, days, strict=True) if first <= one <= last]
            assert [one.line.step for one in part] == mine


@pytest.mark.article("dazhe-2020:5")
def test_an_activity_shown_in_part_stands_in_the_gap_report_with_what_it_lacks(room: StepRoom) -> None:
    red, partly = room.enter("evidence-taking"), room.enter("on-site-check", start=120, minutes=10)
    room.shoot(start=120, minutes=1)
    room.enter("on-site-check", start=300, minutes=10)
    room.shoot(start=300, minutes=9)

    def told(caller: Caller = OPERATOR, **asked: Any) -> dict[str, Any]:
        report = gap_report_out(Reports(room.site).gaps(caller, Asked(**asked)), caller)
        assert all(report["totals"][part] == len(report[part]) for part in ("unrecorded", "partly"))
        return report

    report = told()
    assert [one["id"] for one in report["unrecorded"]] == [red.id]
    (line,) = report["partly"]
    assert (line["id"], line["state"], line["covered_s"], line["owed_s"]) == (partly.id, "partly", 60, 600)
    assert "gap" not in line, "somebody looks, and nobody owes an explanation"
    assert report["by_step"] == {
        "unrecorded": {"count": 1, "owed_s": 3600, "lacking_s": 3600, "unknown": 0},
        "partly": {"count": 1, "owed_s": 600, "lacking_s": 540, "unknown": 0},
    }
    (unit,) = report["by_unit"]
    assert (unit["unit"], unit["unrecorded"], unit["partly"]) == (room.unit.id, 1, 1)
    assert told(room.head)["partly"] == told(unit_id=room.unit.id)["partly"] == [line]
    day = local_day(room.site.policies, partly.span.end)
    assert told(since=day, until=day, wearer="012345")["partly"] == [line]
    none: list[dict[str, Any]] = [
        {"unit_id": room.beside.id},
        {"since": day + timedelta(days=1)},
    ]
    for asked in (*none, {"state": GapState.OPEN}):
        assert told(**asked)["partly"] == [], asked
    assert told(room.new(Role.UNIT_HEAD, where=room.beside))["partly"] == []
    room.shoot(start=124, minutes=6)
    assert told()["partly"] == []
    bare = room.enter("complaint-handling", officers=["012346"])
    assert [one["id"] for one in told(wearer="012346")["unrecorded"]] == [bare.id], (
        "who recorded nothing, too"
    )


@pytest.mark.parametrize("form", ["pdf", "xlsx"])
def test_documents_of_the_gap_report_name_the_steps_that_nothing_shows(room: StepRoom, form: str) -> None:
    room.enter("on-site-check", start=25 * 60)
    room.enter("evidence-taking", start=0)
    room.shoot(minutes=6)
    room.small.clock.pass_by(timedelta(hours=2))
    report = Reports(room.site).gaps(OPERATOR, form=form)
    made = gap_document(report, OPERATOR, form, Makers(TypstPress(), XlsxBinder()))
    if form == "pdf":
        said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages).replace("\n", "")
    else:
        leaves = openpyxl.load_workbook(io.BytesIO(made)).worksheets
        said = " ".join(str(cell.value) for leaf in leaves for row in leaf.iter_rows() for cell in row)
    kinds = (f"activity-kind.{kind}" for kind in ("on-site-check", "evidence-taking"))
    for word in ("heading.unrecorded", "heading.partly", "step-state.red", "step-state.partly", *kinds):
        assert text(CHINESE, word) in said
    said = said.replace(" ", "")
    assert "已录0秒，应录1小时，占0%" in said
    assert "已录6分钟，应录1小时，占10%" in said
    for part, hours, length in (("unrecorded", "1", "1:00:00"), ("partly", "0.9", "0:54:00")):
        total, lacks = (text(CHINESE, key) for key in (f"heading.{part}", f"paper.unshown-{part}"))
        assert f"{total}1" in said or f"1{total}" in said, "among the totals"
        assert f"{length}{lacks}" in said or text(CHINESE, "paper.hours-of", state=lacks) + hours in said


@pytest.mark.parametrize(("pack", "adopted"), [("longquan", True), ("dazhe-2020", False)])
def test_a_document_says_which_articles_are_adopted_from_elsewhere(
    room: StepRoom, pack: str, adopted: bool
) -> None:
    room.under(pack)
    room.enter("on-site-check")
    report = Reports(room.site).gaps(OPERATOR, form="xlsx")
    made = gap_document(report, OPERATOR, "xlsx", Makers(TypstPress(), XlsxBinder()))
    cells = [cell.value for row in openpyxl.load_workbook(io.BytesIO(made)).worksheets[-1] for cell in row]
    article = "《大柘镇人民政府行政执法音像记录管理制度》第五条"
    assert (f"参照采用{article}" in cells, article in cells) == (adopted, not adopted)


@pytest.mark.article("dazhe-2020:5")
@pytest.mark.parametrize("pack", PACKS)
def test_an_on_site_check_without_footage_stands_in_the_gap_report(room: StepRoom, pack: str) -> None:
    room.under(pack)
    step = room.enter("on-site-check", place="某街")
    soon = room.enter("complaint-handling", start=47 * 60, officers=["012346"])
    room.enter("other-activity", start=10 * 24 * 60)
    room.enter("evidence-taking")
    room.exempt(0, 60)
    other = room.new(Role.UNIT_HEAD, where=room.beside)

    def told(caller: Caller = OPERATOR, **asked: Any) -> list[tuple[str, str]]:
        report = gap_report_out(Reports(room.site).gaps(caller, Asked(**asked)), caller)
        assert report["totals"]["unrecorded"] == len(report["unrecorded"])
        return [(one["id"], one["state"]) for one in report["unrecorded"]]

    assert told() == [(soon.id, "due")]
    room.steps.withdraw(room.head, room.case, step.id, "误登")
    step = room.enter("on-site-check", start=200)
    assert told() == told(room.head) == [(step.id, "red"), (soon.id, "due")]
    assert told(other) == told(room.officer) == []
    assert told(unit_id=room.unit.id) == told()
    assert told(unit_id=room.beside.id) == []
    day = local_day(room.site.policies, step.span.end)
    assert told(until=day) == [(step.id, "red")]
    assert told(since=day + timedelta(days=1)) == [(soon.id, "due")]
    assert told(state=GapState.OPEN) == told()
    assert told(state=GapState.ACCEPTED) == []
    room.shoot(200, 10)
    room.shoot(47 * 60, 5, wearer=room.second)
    assert told() == []


def unrecorded(room: StepRoom, **asked: Any) -> list[dict[str, Any]]:
    report = gap_report_out(Reports(room.site).gaps(OPERATOR, Asked(**asked)), OPERATOR)
    lines: list[dict[str, Any]] = report["unrecorded"]
    return lines


@pytest.mark.article("dazhe-2020:5", "dazhe-2020:9.1")
@pytest.mark.parametrize("pack", PACKS)
def test_a_red_step_is_explained_by_its_name_in_the_gap_report_and_stays_red(
    room: StepRoom, pack: str
) -> None:
    room.under(pack)
    desk = Explanations(room.site)
    room.enter("on-site-check", officers=["012345", "012346"])
    (line,) = unrecorded(room)
    assert (line["state"], line["gap_state"], line["explained_by"]) == ("red", "open", None)
    with room.refused("reason-needed", Invalid):
        desk.explain(room.officer, line["gap"], Said())
    with room.refused("no-interruption", Invalid):
        desk.explain(room.officer, line["gap"], Said("未带设备", "battery"))
    done = desk.explain(room.second, line["gap"], Said("张三未带设备"))
    with room.refused("gap-explained", Conflict):
        desk.explain(room.custodian, line["gap"], Said("另一说法"))
    assert [one["gap_state"] for one in unrecorded(room)] == ["explained"]
    assert (unrecorded(room, state=GapState.OPEN), len(unrecorded(room, state=GapState.EXPLAINED))) == ([], 1)
    desk.review(room.head, done.id, Outcome.ACCEPTED, "")
    (line,) = unrecorded(room)
    assert (line["state"], line["gap_state"], line["decided_by"]) == ("red", "accepted", room.head.id)
    assert [one.text for one in desk.history(room.officer, line["gap"]).explanations] == ["张三未带设备"]
    (entry,) = room.entries(Act.GAP_EXPLAIN)
    assert (entry["facts"]["cites"], "张三" in str(entry)) == (["dazhe-2020:5"], False)
    made = gap_document(
        Reports(room.site).gaps(OPERATOR), OPERATOR, "xlsx", Makers(TypstPress(), XlsxBinder())
    )
    leaves = openpyxl.load_workbook(io.BytesIO(made)).worksheets
    said = [str(cell.value) for leaf in leaves for row in leaf.iter_rows() for cell in row]
    assert f"{text(CHINESE, 'step-state.red')} · {text(CHINESE, 'gap-state.accepted')}" in said


@pytest.mark.article("dazhe-2020:5", "dazhe-2020:12")
def test_a_red_step_is_counted_wherever_what_must_be_explained_is(room: StepRoom) -> None:
    room.enter("on-site-check", officers=["012345", "012346"])
    room.enter("complaint-handling", start=47 * 60)  # still due: nothing is asked yet
    report = gap_report_out(Reports(room.site).gaps(OPERATOR), OPERATOR)
    assert {one["state"]: one["count"] for one in report["by_state"] if one["count"]} == {"open": 1}
    assert report["by_wearer"] == [{"wearer": "012345", "owed": 1}]
    (unit,) = report["by_unit"]
    assert (unit["unit"], unit["unrecorded"]) == (room.unit.id, report["totals"]["unrecorded"])
    assert unit["unrecorded"] == 2
    for by, key in (("unit", room.unit.id), ("wearer", "012345"), ("device", None)):
        (row,) = report["by"][by]
        assert (row[by], sum(one["count"] for one in row["states"])) == (key, 1)
    desk, (line,) = Explanations(room.site), [one for one in report["unrecorded"] if "gap" in one]
    for who in (room.officer, room.second):
        assert [one.standing.name for one in OwnShift(room.site).now(who).asked] == [line["gap"]]
    assert OwnShift(room.site).now(room.new(Role.FIELD_OFFICER)).asked == []
    desk.explain(room.second, line["gap"], Said("张三未带设备"))
    assert OwnShift(room.site).now(room.officer).asked == []
    report = gap_report_out(Reports(room.site).gaps(OPERATOR), OPERATOR)
    assert {one["state"]: one["count"] for one in report["by_state"] if one["count"]} == {"explained": 1}
    assert report["by_wearer"] == []


def test_nobody_who_took_part_decides_why_a_step_was_not_recorded(room: StepRoom) -> None:
    desk, there = Explanations(room.site), room.new(Role.UNIT_HEAD, number="0010")
    room.enter("on-site-check", officers=["012345", "0010"])
    (line,) = unrecorded(room)
    done = desk.explain(room.officer, line["gap"], Said("未带设备"))
    with room.refused("own-recording"):
        desk.review(there, done.id, Outcome.ACCEPTED, "")
    desk.review(room.head, done.id, Outcome.FAULT, "擅自不录", FaultKind.NOT_RECORDED)
    (file,) = FaultFiles(room.site).all(room.custodian)
    assert {one.person_id for one in file.people} == {room.officer.id, there.id}


def test_what_may_still_come_or_is_not_ones_own_is_no_red_step_to_explain(room: StepRoom) -> None:
    desk, soon = Explanations(room.site), room.enter("on-site-check", start=47 * 60)
    (line,) = unrecorded(room)
    assert (line["state"], "gap" in line) == ("due", False)
    red = room.enter("complaint-handling")
    stranger = room.new(Role.UNIT_HEAD, where=room.beside)
    other = room.new(Role.FIELD_OFFICER)
    for who, step in ((room.officer, soon), (stranger, red), (other, red)):
        with room.refused("gap-not-found", OutOfSight):
            desk.explain(who, step_subject(step.id).name, Said("未带设备"))
    room.steps.withdraw(room.head, room.case, red.id, "误登")
    with room.refused("gap-not-found", OutOfSight):
        desk.explain(room.officer, step_subject(red.id).name, Said("未带设备"))
    red = room.enter("evidence-taking")
    room.shoot()
    with room.refused("gap-not-found", OutOfSight):
        desk.explain(room.officer, step_subject(red.id).name, Said("未带设备"))


def test_a_fault_file_is_opened_about_a_red_step_and_names_who_took_part(room: StepRoom) -> None:
    red = room.enter("on-site-check", officers=["012345", "012346"])
    link = [Link(LinkKind.GAP, step_subject(red.id).name)]
    file = FaultFiles(room.site).open(room.custodian, FaultKind.NOT_RECORDED, "未录", link, {})
    assert {one.person_id for one in file.people} == {room.officer.id, room.second.id}
    assert [one.id for one in FaultFiles(room.site).all(room.head)] == [file.id]


@ANNEX
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("stage", ["程序启动", "调查取证", "文书送达"])
def test_a_matter_is_shown_by_a_recording_that_is_labelled_with_case_and_matter(
    room: StepRoom, pack: str, stage: str
) -> None:
    room.under(pack)
    matter = room.matter(stage)
    room.enter(matter)
    recording = room.shoot()
    assert room.state(matter) == "red", "a recording of the case shows no matter by itself"
    room.label(recording, **room.words(stage))
    (step,) = room.line(matter).steps
    assert (step.state, [one.recording_id for one in step.footage]) == (StepState.COVERED, [recording])
    assert step.cites == ("longquan:annex" if pack == "longquan" else "dazhe-2020:annex",) or pack == "strict"
    assert room.line(matter).rule == room.rule(stage)


@ANNEX
@pytest.mark.parametrize("pack", PACKS)
def test_a_hearing_entered_by_the_legal_unit_without_full_recording_is_missing_with_that_unit_as_owner(
    room: StepRoom, pack: str
) -> None:
    room.under(pack)
    hearing = room.matter("听证")
    with room.refused("no-legal-unit", Conflict):
        room.enter(hearing)
    with room.refused("case-not-found", OutOfSight):
        room.enter(hearing, by=room.legal)
    room.steps.name_legal_unit(OPERATOR, room.beside.id)
    room.enter(hearing, by=room.legal)
    room.shoot(0, 50, labels=room.words("听证"))
    (step,) = room.line(hearing, room.legal).steps
    assert (step.state, step.step.owner_id) == (StepState.RED, room.beside.id)
    assert len(step.footage) == 1, "a part is shown"
    (case,) = room.matrix.of_unit(room.legal, room.beside.id, red=True)
    assert [one.step for one in case.red] == [step.step], "the legal unit sees what it owes"
    room.shoot(50.01, 12, labels=room.words("听证"))
    assert room.state(hearing) == "covered"


@ANNEX
def test_a_hole_in_the_middle_of_a_hearing_is_no_full_recording(room: StepRoom) -> None:
    room.steps.name_legal_unit(OPERATOR, room.beside.id)
    hearing = room.matter("听证")
    room.enter(hearing)
    room.shoot(0, 20, labels=room.words("听证"))
    room.shoot(21, 39, labels=room.words("听证"))
    assert room.state(hearing) == "red"
    room.shoot(19, 5, labels=room.words("听证"), wearer=room.second)
    assert room.state(hearing) == "covered"


def test_the_legal_unit_sees_and_enters_nothing_else_of_the_case(room: StepRoom) -> None:
    room.steps.name_legal_unit(OPERATOR, room.beside.id)
    mine = room.enter(room.matter("听证"))
    other = room.enter("on-site-check")
    shown = [one.step.id for line in room.of_case(room.legal).lines for one in line.steps]
    assert shown == [mine.id]
    with room.refused("case-not-found", OutOfSight):
        room.enter("on-site-check", by=room.legal)
    with room.refused("step-not-found", OutOfSight):
        room.steps.withdraw(room.legal, room.case, other.id, "误登")
    room.steps.withdraw(room.legal, room.case, mine.id, "误登")
    with room.refused("case-not-found", OutOfSight):
        room.of_case(room.legal)
    room.steps.end_legal_unit(OPERATOR, room.beside.id)
    with room.refused("not-a-legal-unit", Conflict):
        room.steps.end_legal_unit(OPERATOR, room.beside.id)
    assert [one["act"] for one in room.entries() if "legal" in one["act"]] == ["legal.name", "legal.end"]


@pytest.mark.article("dazhe-2020:6")
def test_a_step_is_exempt_only_when_a_head_agreed_and_all_of_it_is_covered(room: StepRoom) -> None:
    room.enter("on-site-check")
    room.exempt(0, 59)
    room.exempt(agrees=False)
    assert room.state("on-site-check") == "red"
    statement = room.exempt(-1, 62)
    (step,) = room.line("on-site-check").steps
    assert step.exemption is not None
    assert (step.state, step.exemption.id, step.short) == (StepState.EXEMPT, statement, None)


@pytest.mark.article("dazhe-2020:6")
def test_an_exemption_that_ends_before_the_step_does_is_told_beside_it(room: StepRoom) -> None:
    room.enter("on-site-check")
    room.exempt(0, 60, agrees=False)
    room.exempt(60, 30)
    (step,) = room.line("on-site-check").steps
    assert (step.state, step.short) == (StepState.RED, None), "refused, or of another time"
    room.exempt(-10, 20)
    statement = room.exempt(0, 50)
    (step,) = room.line("on-site-check").steps
    assert step.short is not None
    assert (step.state, step.short.id) == (StepState.RED, statement), "the one that reaches furthest"
    (said,) = (one for line in matrix_out(room.of_case(), room.head)["lines"] for one in line["steps"])
    assert said["short_exemption"] == {
        "id": statement,
        "ground": "urgency",
        "from": to_text(room.at(0)),
        "to": to_text(room.at(50)),
    }
    room.shoot()
    (step,) = room.line("on-site-check").steps
    assert (step.state, step.short) == (StepState.COVERED, None)


@pytest.mark.article("dazhe-2020:6")
def test_a_head_who_took_part_exempts_nobody_with_whom_they_did(room: StepRoom) -> None:
    room.enter("on-site-check", officers=["012345", "0009"])
    room.exempt()
    assert room.state("on-site-check") == "red", "0009 agreed, and would have exempted themselves"


def test_an_exemption_of_somebody_who_was_not_there_covers_nothing(room: StepRoom) -> None:
    room.enter("on-site-check", officers=["012346"])
    room.exempt()
    assert room.state("on-site-check") == "red"


def test_what_was_recorded_at_another_time_or_for_another_case_shows_nothing(room: StepRoom) -> None:
    room.enter("on-site-check")
    room.shoot(60, 10)
    room.shoot(0, 60, number=None)
    room.shoot(0, 60, number=NUMBER_OF_ANOTHER)
    room.shoot(None)
    assert room.state("on-site-check") == "red"


NUMBER_OF_ANOTHER = "另案"


def test_a_labelled_recording_of_which_nobody_knows_the_time_is_believed(room: StepRoom) -> None:
    matter = room.matter("文书送达")
    room.enter(matter)
    room.shoot(None, labels=room.words("文书送达"))
    assert room.state(matter) == "covered"


def test_a_linked_recording_and_one_whose_number_was_said_later_belong_to_the_case(room: StepRoom) -> None:
    room.enter("on-site-check")
    linked = room.shoot(number=None)
    Cases(room.site).link(room.head, room.case, linked)
    said = room.shoot(number="旧号")
    room.label(said, case_number="大柘罚〔2026〕1号")
    off = room.shoot()
    room.label(off, case_number="另案")
    (step,) = room.line("on-site-check").steps
    assert {one.recording_id for one in step.footage} == {linked, said}


@pytest.mark.parametrize("typed", ["大柘罚（2026）1号", "大柘罚［２０２６］１号", "大柘罚\u3000[2026] 1 号"])
def test_a_case_number_is_the_same_in_other_brackets_digits_and_spaces(room: StepRoom, typed: str) -> None:
    room.enter("on-site-check")
    docked, said = room.shoot(number=typed), room.shoot(number="旧号")
    room.label(said, case_number=typed)
    (step,) = room.line("on-site-check").steps
    assert {one.recording_id for one in step.footage} == {docked, said}
    with room.small.database.reading() as unit:
        assert unit.recordings.some([docked])[docked].labels["case-number"].value == typed, "as it was typed"
        kept = unit.keepings.kept([docked, said], lambda _: ())
    assert [[case.id for case in one.numbered] for one in kept.values()] == [[room.case]] * 2
    with room.refused("case-number-taken", Conflict):
        Cases(room.site).open(room.head, typed.replace("\u3000", " "), room.unit.id)


def test_a_recording_that_the_reader_may_not_know_of_covers_and_is_not_named(room: StepRoom) -> None:
    room.enter("on-site-check")
    recording = room.shoot()
    Classes(room.site).classify(room.head, recording, "minors", "未成年人")
    found = room.of_case(room.custodian)
    (step,) = (one for line in found.lines for one in line.steps)
    assert step.state is StepState.COVERED
    assert recording not in found.seen


def test_labelled_footage_of_which_no_step_was_entered_is_listed(room: StepRoom) -> None:
    recording = room.shoot(labels=room.words("文书送达"))
    line = room.line(room.matter("文书送达"))
    assert (line.steps, [one.recording_id for one in line.unentered]) == ([], [recording])


def test_a_step_is_logged_with_its_officers_and_without_words_about_people(room: StepRoom) -> None:
    step = room.enter("on-site-check", place="张三家")
    (entry,) = room.entries(Act.STEP_ENTER)
    assert {one["k"]: one["id"] for one in entry["obj"]} == {
        "case": room.case,
        "step": step.id,
        "person": room.officer.id,
    }
    assert set(entry["pd"]) == {"place"}
    assert "张三" not in json.dumps(entry, ensure_ascii=False)
    room.steps.withdraw(room.head, room.case, step.id, "误登")
    assert room.line("on-site-check").steps == []
    (entry,) = room.entries(Act.STEP_WITHDRAW)
    assert set(entry["pd"]) == {"reason"}


def test_who_took_part_takes_no_step_back_and_a_reason_is_needed(room: StepRoom) -> None:
    there = room.new(Role.CUSTODIAN, number="0011")
    step = room.enter("on-site-check", officers=["0011"])
    with room.refused("own-step"):
        room.steps.withdraw(there, room.case, step.id, "误登")
    with room.refused("reason-needed", Invalid):
        room.steps.withdraw(room.head, room.case, step.id, " ")
    with room.refused("step-not-found", NotFound):
        room.steps.withdraw(room.head, room.case, new_id(), "误登")
    room.steps.withdraw(room.head, room.case, step.id, "误登")
    with room.refused("step-not-found", NotFound):
        room.steps.withdraw(room.head, room.case, step.id, "误登")


def test_what_cannot_be_entered_changes_nothing(room: StepRoom) -> None:
    aux = room.add(type_=PersonType.AUXILIARY, number="XG330001")
    assert aux
    with room.refused("not-an-officer", Invalid):
        room.enter("on-site-check", officers=["XG330001"])
    with room.refused("person-not-found", NotFound):
        room.enter("on-site-check", officers=["none"])
    with room.refused("officers-needed", Invalid):
        room.enter("on-site-check", officers=[])
    with room.refused("ends-before-start", Invalid):
        room.enter("on-site-check", minutes=0)
    with room.refused("invalid-text", Invalid):
        room.enter("on-site-check", place="a\nb")
    with room.refused("not-in-annex", Invalid):
        room.enter(type(room.matter("听证"))("行政检查", "听证", "x"))
    room.under("inner-mongolia")
    with room.refused("case-not-found", NotFound):
        room.steps.enter(room.head, new_id(), StepSaid("on-site-check", BEGAN, room.at(1), ["012345"]))


FAR = {
    "the end of the calendar": (BEGAN, datetime(9999, 12, 31, 23, 59, tzinfo=UTC)),
    "where only the time to store leads beyond it": (BEGAN, datetime(9999, 12, 31, 15, tzinfo=UTC)),
    "more than a year": (BEGAN - timedelta(days=400), BEGAN),
    "its beginning": (datetime(1, 1, 1, tzinfo=UTC), BEGAN),
    "next century": (datetime(2126, 3, 2, tzinfo=UTC), datetime(2126, 3, 2, 1, tzinfo=UTC)),
}


@pytest.mark.parametrize("what", FAR)
def test_a_slip_in_the_year_is_refused_and_stops_no_report(room: StepRoom, what: str) -> None:
    start, end = FAR[what]
    with room.refused("time-too-far", Invalid):
        room.steps.enter(room.custodian, room.case, StepSaid("on-site-check", start, end, ["012345"]))


def test_a_step_of_the_last_day_of_the_calendar_that_stands_already_stops_no_report(room: StepRoom) -> None:
    step = room.enter("on-site-check")
    far = replace(step, id=new_id(), span=Span(BEGAN, datetime(9999, 12, 31, 23, 59, tzinfo=UTC)))
    with room.small.database.writing() as unit:
        unit.steps.add(far)
    assert Reports(room.site).gaps(room.head).unrecorded
    assert {one.state.value for one in room.line("on-site-check").steps} == {"red", "due"}


def test_nothing_is_entered_into_an_archived_case(room: StepRoom) -> None:
    step, desk = room.enter("on-site-check"), CaseFiling(room.site)
    desk.end(room.custodian, room.case, BEGAN.date())
    desk.add_document(room.custodian, room.case, "决定书", 1, BEGAN.date())
    desk.archive(room.custodian, room.case, "档1", "0008", "0009", "后补")
    with room.refused("case-archived", Conflict):
        room.enter("on-site-check")
    with room.refused("case-archived", Conflict):
        room.steps.withdraw(room.head, room.case, step.id, "误登")
    assert room.state("on-site-check") == "red", "what is missing stays missing"


def test_another_unit_sees_no_case_and_an_auxiliary_is_barred(room: StepRoom) -> None:
    step = room.enter("on-site-check")
    other = room.new(Role.UNIT_HEAD, where=room.beside)
    for act in (
        lambda: room.enter("on-site-check", by=other),
        lambda: room.steps.withdraw(other, room.case, step.id, "误登"),
        lambda: room.of_case(other),
    ):
        with room.refused("case-not-found", OutOfSight):
            act()
    assert room.matrix.of_unit(other) == []
    with room.refused("unit-not-found", OutOfSight):
        room.matrix.of_unit(other, room.unit.id)
    with room.refused("unit-not-found", NotFound):
        room.matrix.of_unit(other, new_id())
    auditor, aux = room.new(Role.AUDITOR), room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    with room.refused("not-permitted", Refused):
        room.enter("on-site-check", by=auditor)
    with room.refused("barred-by-law", Refused):
        room.enter("on-site-check", by=aux)


def test_a_unit_is_asked_with_what_lies_below_it(room: StepRoom) -> None:
    below = room.add_unit("below", room.unit)
    room.enter("on-site-check")
    room.case = room.add_case(below)
    room.enter("on-site-check")
    far, chief = room.add_case(room.beside), room.new(Role.AGENCY_HEAD, where=room.agency)
    assert len(room.matrix.of_unit(room.head)) == 2
    assert [one.case.id for one in room.matrix.of_unit(room.head, below.id)] == [room.case]
    assert len(room.matrix.of_unit(chief)) == 3
    assert len(room.matrix.of_unit(chief, room.unit.id)) == 2
    assert [one.case.id for one in room.matrix.of_unit(OPERATOR, room.beside.id)] == [far]
    assert len(room.matrix.of_unit(OPERATOR, red=True)) == 2


def test_a_pack_without_an_annex_has_the_activities_of_the_union_alone(room: StepRoom) -> None:
    room.under("inner-mongolia")
    assert [one.what for one in room.of_case().lines] == list(ActivityKind)
