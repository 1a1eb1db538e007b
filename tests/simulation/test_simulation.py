"""The simulation: the rules say what was done, whatever is done; and what they say otherwise is a failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.domain.deadlines import judge_deadline
from evidence.domain.retention import Kept, Law, Rule, keep_until
from tests.simulation import __main__ as command
from tests.simulation import leavings
from tests.simulation.expected import expect
from tests.simulation.leavings import Leavings
from tests.simulation.population import DAY, HOUR, CameraDay, Dock, Harm, draw, files_of, plan_of
from tests.simulation.queues import Arrivals, Capacity, backlog
from tests.simulation.rules import Rules
from tests.simulation.running import Wanted, run
from tests.simulation.seen import Seen

RATE, LINE = 1_000_000, 3_125_000
LEFT = Leavings({"recording": 1.0, "audit_entry": 7.0}, 7.0, 2.0)
SMALL = Wanted(20, 3)


def told(what: str, done: int, of: int) -> None:
    """Say nothing."""


def both(one: CameraDay, days: int = 30, **names: str) -> tuple[Seen, Seen]:
    """Return what the rules say of a camera-day, and what they must say."""
    files = files_of(one, plan_of(1, one.day, one.shift, one.plan), RATE, LINE)
    sealed = [file.comes for file in files]
    return Rules(days).see(one, files, sealed, **names), expect(one, files, sealed, days)


def a_day(harm: Harm = Harm.NONE, *, after: int = 60, **changes: int) -> CameraDay:
    """Return a day shift, docked so many seconds after its end."""
    day = changes.get("day", 0)
    return CameraDay(day, 0, changes.get("plan", 3), day * DAY + 16 * HOUR + after, Dock.IN_TIME, harm)


FOUND: Mapping[Harm, tuple[set[str], set[str]]] = {
    Harm.NONE: (set(), set()),
    Harm.LOST_FILE: ({"gap-between-files", "missing-sequence-number"}, set()),
    Harm.PAUSE: ({"gap-between-files"}, set()),
    Harm.UNSENT: (set(), set()),
    Harm.CLOCK_SLOW: (set(), set()),
    Harm.CLOCK_FAR_OFF: (set(), {"clock-offset"}),
    Harm.CLOCK_RESET: (set(), {"clock-implausible", "end-unknown"}),
    Harm.CLOCK_AHEAD: (set(), set()),
    Harm.UNLABELLED: (set(), set()),
    Harm.HELD: (set(), set()),
}


@pytest.mark.parametrize("plan", [0, 1, 3])
@pytest.mark.parametrize("harm", Harm)
def test_what_is_done_to_a_shift_is_what_the_rules_say(harm: Harm, plan: int) -> None:
    seen, must = both(a_day(harm, plan=plan))
    assert seen == must
    interruptions, others = FOUND[harm]
    assert {code for code, _, _ in seen.interruptions} == interruptions
    assert {code for code, _ in seen.to_explain} - {"clock-jump", "end-unknown"} == others - {"end-unknown"}
    late = {number for number, kind, _ in seen.states if kind == "late"}
    assert bool(late) == (harm is Harm.UNSENT)
    kinds = {kind for _, _, kind in seen.notices}
    assert (kinds >= {"due-soon", "overdue"}) == (harm is Harm.UNSENT)


@pytest.mark.parametrize("harm", Harm)
def test_names_of_recorder_and_wearer_change_nothing(harm: Harm) -> None:
    """So camera-days that are alike in all else are judged once."""
    assert both(a_day(harm))[0] == both(a_day(harm), device="XW77B0042", wearer="990817")[0]


@pytest.mark.parametrize("pause_s", [298, 299, 301, 302, 599, 601, 899, 901, 1199, 1201])
def test_a_pause_of_nearly_whole_files_is_measured_as_finely_as_clocks_of_seconds_allow(
    pause_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(1, 0, 0, 3)._replace(pause_s=pause_s)
    monkeypatch.setattr("tests.simulation.test_simulation.plan_of", lambda *_: plan)
    seen, must = both(a_day(Harm.PAUSE))
    assert seen == must
    ((code, _, measured),) = seen.interruptions
    assert code == "gap-between-files"
    assert abs(measured - pause_s) <= 1


@pytest.mark.article("dazhe-2020:12")
def test_a_card_docked_at_the_next_shift_s_end_is_late_by_what_passed_beyond_a_day() -> None:
    seen, must = both(a_day(after=DAY))
    assert seen == must
    file = files_of(a_day(after=DAY), plan_of(1, 0, 0, 3), RATE, LINE)[0]
    assert seen.states[0] == (1, "late", file.comes - file.begins - file.length - DAY)


@pytest.mark.article("dazhe-2020:11")
@pytest.mark.parametrize(("day", "years_days"), [(0, 365), (364, 366), (729, 366), (730, 365)])
def test_nothing_is_due_before_a_calendar_year_is_over_and_all_is_then(day: int, years_days: int) -> None:
    """Day 729 is 29 February 2028."""
    seen, must = both(a_day(day=day), days=day + 370)
    assert seen == must
    assert {one for _, one in seen.due} == {day + years_days + 1}
    assert both(a_day(day=day), days=day + years_days)[0].due == ()
    assert both(a_day(Harm.HELD, day=day), days=day + 370)[0].due == ()


def test_a_seed_gives_the_same_on_one_process_and_on_two_and_another_seed_another() -> None:
    one, two, other = run(SMALL, 1, told), run(SMALL, 2, told), run(replace(SMALL, seed=2), 1, told)
    assert one == two
    assert one.tally.wrong == other.tally.wrong == 0
    assert one.tally.by_hour != other.tally.by_hour
    assert sum(one.tally.camera_days[dock.value] for dock in Dock) == 60


def test_more_cameras_make_no_more_kinds_of_days_than_there_are() -> None:
    assert draw(1, 0, 0, 50) + draw(1, 0, 50, 100) == draw(1, 0, 0, 100)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a recording leaves is counted elsewhere."""
    monkeypatch.setattr(leavings, "count", lambda: LEFT)


SLOW = ["--cameras", "10", "--days", "2", "--processes", "1", "--nodes", "1", "--node-mib", "0.25"]


@pytest.mark.usefixtures("counted")
def test_the_table_tells_what_came_and_why_it_was_late(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(SLOW) == 0
    printed = capsys.readouterr().out
    for words in (
        "camera-days ",
        " 20\n",
        "backlog of ingest",
        "partitions",
        "none: nothing is kept for less",
    ):
        assert words in printed
    assert "0 differences" in printed


@pytest.mark.usefixtures("counted")
def test_a_rule_that_gives_an_hour_more_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lenient(ended_at, stored_at, now, rule, **more):  # type: ignore[no-untyped-def]
        return judge_deadline(
            ended_at, stored_at, now, replace(rule, within=rule.within + timedelta(hours=1)), **more
        )

    monkeypatch.setattr("evidence.service.gaps.deadlines.judge_deadline", lenient)
    assert command.main(SLOW) == 1
    assert "states differ" in capsys.readouterr().out


@pytest.mark.usefixtures("counted")
def test_a_rule_that_keeps_a_second_less_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(one: Kept, law: Law) -> Rule:
        rule = keep_until(one, law)
        return rule if rule.until is None else replace(rule, until=rule.until - timedelta(seconds=1))

    monkeypatch.setattr("tests.simulation.rules.keep_until", short)
    assert command.main(["--cameras", "3", "--days", "1", "--processes", "1"]) == 1


@pytest.mark.parametrize("words", [["--cameras", "0"], ["--days", "-1"], ["--cameras", "many"], ["--what"]])
def test_what_cannot_be_simulated_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        command.main(words)
    assert refused.value.code == 2
    assert not capsys.readouterr().out


def test_what_waits_is_what_came_and_was_not_taken() -> None:
    node = Capacity(nodes=1, logs=1, node_mib_s=1.0)
    hour = HOUR << 20
    waiting = backlog(Arrivals([3 * hour, 0, 0, hour], [1, 0, 0, 1]), node, 7.0)
    assert waiting.bytes == (2 * hour, hour, 0, 0)
    assert waiting.waits == (2 * HOUR, HOUR, 0, 0)
    by_log = backlog(Arrivals([1], [20 * HOUR]), replace(node, receipts_s=10.0), 7.0)
    assert by_log.files == (10 * HOUR,)
    assert by_log.waits == (HOUR,)


def test_as_many_nodes_and_logs_as_the_busiest_hour_needs_leave_nothing_waiting() -> None:
    arrivals = Arrivals([10**13, 10**12], [10**6, 10**5])
    sized = Capacity().sized(arrivals, 7.0)
    assert set(backlog(arrivals, sized, 7.0).waits) == {0}
    assert max(backlog(arrivals, replace(sized, nodes=sized.nodes - 1), 7.0).waits) > 0
    assert max(backlog(arrivals, replace(sized, logs=sized.logs - 1), 7.0).waits) > 0


def test_a_recording_leaves_two_objects_and_an_entry_for_each_act() -> None:
    left = leavings.count(files=1)
    assert left.objects == 2
    assert left.rows["recording"] == left.rows["upload"] == 1
    assert left.entries == left.rows["audit_entry"] > 4
