"""A part of the gap report is that part of the whole one, though less is read for it."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from evidence.adapters.db.tables import finding
from evidence.answers.recordings import GAP_PARTS
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.rights import Role
from evidence.service.catalogue import Scope, Section
from evidence.service.gaps import gap_words
from evidence.service.gaps.deadlines import Deadlines
from evidence.service.gaps.gap_lines import Lines, lines_within
from evidence.service.gaps.gap_words import find_gap
from evidence.service.instruments import pack_at
from tests.builders import START, SmallSite, an_origin
from tests.gap_room import REASON, REPORT, GapRoom, a_gap

Row = dict[str, Any]


@pytest.fixture
def room(small: SmallSite) -> GapRoom:
    """Wearers of two units, files of three days on two recorders, and of each something to report."""
    room = GapRoom(small)
    room.other = room.new(Role.FIELD_OFFICER, where=room.beside)  # type: ignore[attr-defined]
    wearers = (room.wearer, room.other)  # type: ignore[attr-defined]
    made = {}
    for number, (wearer, days) in enumerate((one, days) for one in wearers for days in (1, 2, 3)):
        ended = START - timedelta(days=days)
        name, device = f"{number}.wav", f"DSJ{number % 2}"
        made[name] = room.record(wearer.id, name, modified_at=ended, device=device), device
        with small.database.writing() as unit:
            unit.recordings.note_end(made[name][0], ended)
    for name, (recording, device) in made.items():
        room.find(a_gap(file=name), recording=recording, device=device)
    room.miss(wearers[0], "gone.wav")
    room.miss(wearers[1], "gone-too.wav")
    _find_of_recorder(room, "DSJ1", "5.wav")
    return room


def _find_of_recorder(room: GapRoom, device: str, file: str) -> None:
    """Find something of a recorder, which names a file of another day and belongs to none."""
    found = Finding(Code.MISSING_SEQUENCE_NUMBER, Severity.ATTENTION, file, measured=1.0)
    now = room.small.clock.now()
    with room.small.database.writing() as unit:
        scope = Scope("device", device, device)
        unit.examinations.record(scope, "sequence", pack_at(room.site.policies, now), "{}", [found], now)


def parts(report: Row) -> dict[str, list[Row]]:
    """The lines of a report."""
    return {part: report[part] for part in GAP_PARTS}


def test_the_scene_has_lines_of_several_days_units_and_recorders(room: GapRoom) -> None:
    whole = room.report()
    lines = [row for part in GAP_PARTS for row in whole[part]]
    assert len({row["day"] for row in lines}) > 2
    assert len({row["device"] for row in lines}) > 2
    assert len(whole["interruptions"]) > 6


@pytest.mark.parametrize("days", [0, 1, 2, 3, 4])
def test_a_day_is_that_day_of_the_whole(room: GapRoom, days: int) -> None:
    whole, day = parts(room.report()), (START - timedelta(days=days)).date()
    assert parts(room.report(since=day, until=day)) == {
        part: [row for row in rows if row["day"] == day.isoformat()] for part, rows in whole.items()
    }


def test_before_and_after_a_day_make_the_whole(room: GapRoom) -> None:
    day = (START - timedelta(days=2)).date()
    whole = room.report()["totals"]
    before, after = room.report(until=day)["totals"], room.report(since=day + timedelta(days=1))["totals"]
    assert {part: before[part] + after[part] for part in whole} == whole


@pytest.mark.parametrize("edge", [date(1, 1, 1), date(9999, 12, 31)])
def test_the_ends_of_the_calendar_can_be_asked_for(room: GapRoom, edge: date) -> None:
    assert sum(room.report(since=edge, until=edge)["totals"].values()) == 0
    assert room.report(since=date(1, 1, 1), until=date(9999, 12, 31))["totals"] == room.report()["totals"]


def test_a_recorder_and_a_wearer_are_those_of_the_whole(room: GapRoom) -> None:
    whole = parts(room.report())
    for device in ("DSJ0", "DSJ1"):
        mine = {part: [row for row in rows if row["device"] == device] for part, rows in whole.items()}
        assert parts(room.report(device=device)) == mine
    told = parts(room.report(wearer=room.wearer.name))
    assert {row["wearer"] for rows in told.values() for row in rows} == {room.wearer.name}
    for part in ("missing", "late", "unlabelled"):
        assert told[part] == [row for row in whole[part] if row["wearer"] == room.wearer.name]


def test_units_make_the_whole_but_for_what_nobody_answers_for(room: GapRoom) -> None:
    whole = room.report()
    told = [room.report(unit_id=one.id) for one in (room.unit, room.beside)]
    bare = next(one for one in whole["by_unit"] if one["unit"] is None)
    for part in GAP_PARTS:
        assert sum(one["totals"][part] for one in told) + bare[part] == whole["totals"][part], part
    assert room.report(unit_id=room.agency.id)["totals"] == {
        part: whole["totals"][part] - bare[part] for part in GAP_PARTS
    }


def test_counts_by_each_add_up_to_the_counts_by_state(room: GapRoom) -> None:
    whole = room.report()
    for by, rows in whole["by"].items():
        for place, state in enumerate(whole["by_state"]):
            mine = [row["states"][place] for row in rows]
            for key in ("count", "lost_s", "unknown"):
                assert sum(one[key] for one in mine) == pytest.approx(state[key]), (by, key)


def looked_at(room: GapRoom, monkeypatch: pytest.MonkeyPatch, name: str) -> list[Section]:
    """Look a line up by its name; return of which parts of the catalogue lines were read for it."""
    read: list[Section] = []

    def spy(*given: Any, section: Section = Section(), **how: Any) -> Lines:  # noqa: B008 (frozen)
        read.append(section)
        return lines_within(*given, section=section, **how)

    monkeypatch.setattr(gap_words, "lines_within", spy)
    assert find_gap(room.site, room.wearer, name).standing.name == name
    return read


def test_a_line_is_found_by_its_name_in_what_is_known_of_its_file(
    room: GapRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = ("missing", "late", "interruptions", "to_explain")
    lines = [(part, row) for part in parts for row in room.report(room.wearer)[part] if "gap" in row]
    assert {part for part, _ in lines} == set(parts)
    for _, row in lines:
        assert looked_at(room, monkeypatch, row["gap"]) == [
            Section(device=row["device"], file=row.get("name") or row["file"])
        ]
    for part, row in lines:
        room.desk.explain(room.custodian, row["gap"], REPORT if part == "interruptions" else REASON)
    _, cut = next(pair for pair in lines if pair[0] == "interruptions")
    room.find(a_gap(41.3, file=cut["file"]), recording=cut["recording"], device=cut["device"])
    for _, row in lines:
        assert [one.file for one in looked_at(room, monkeypatch, row["gap"])] == [
            row.get("name") or row["file"]
        ], "one that has drifted, too"


def test_a_finding_from_before_they_had_names_is_found_among_all(
    room: GapRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row, *_) = room.lines()
    with room.small.database.engine.begin() as connection:
        connection.execute(update(finding).values(subject=None))
    assert looked_at(room, monkeypatch, row["gap"])[-1] == Section()


def test_files_that_never_came_are_read_by_part_and_none_of_a_part_is_left_out(room: GapRoom) -> None:
    day, mine = timedelta(days=1), room.wearer.name
    ends = (START - 9 * day, START - 2 * day, START - timedelta(hours=1), START + timedelta(minutes=4), None)
    offsets = (0, 300_000, -300_000)
    files = [
        an_origin(f"{place}-{turn}.mp4", size_bytes=9, wearer=mine, modified_at=end, clock_offset_ms=offset)
        for place, end in enumerate(ends)
        for turn, offset in enumerate(offsets)
    ]
    for file in files:
        room.small.cards.announce(room.small.dock, file, [file])
    now, slip = room.small.clock.now(), timedelta(minutes=2)
    edges = [None, START + day, *(START - days * day + by for days in (9, 2, 0) for by in (-slip, slip))]
    with room.small.database.reading() as unit:
        every = unit.cards.outstanding()
        rows = {row.name: row for row in Deadlines(room.site).rows_of(every, (), now)}
        for first, last in itertools.product(edges, repeat=2):
            section = Section(first=first, last=last)
            read = {one.origin.name for one in unit.cards.outstanding(section=section)}
            held = {
                name for name, row in rows.items()
                if section.holds(row.device, row.wearer, name, row.state.counted_from)
            }  # fmt: skip
            assert held <= read, (first, last)
        assert len(unit.cards.outstanding(section=Section(first=START + day))) < len(every)
        for section, names in (
            (Section(frozenset({room.beside.id})), {"gone-too.wav"}),
            (Section(wearer=mine), {"gone.wav", *(one.name for one in files)}),
            (Section(file="gone.wav"), {"gone.wav"}),
            (Section(device="DSJ0"), set()),
        ):
            assert {one.origin.name for one in unit.cards.outstanding(section=section)} == names
