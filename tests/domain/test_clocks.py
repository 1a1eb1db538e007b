"""Choosing start and end of a recording from clocks that may mean different things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evidence.domain.clocks import RecordingTimes, best_times, is_implausible, zone_of_difference
from evidence.domain.media import ClockReading, MediaFacts
from evidence.domain.names import read_name

ZONE = "Asia/Shanghai"
START = datetime(2024, 5, 18, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
NAME = "DSJX9_012345_20240518093000_0001.mp4"
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def times(
    *clocks: ClockReading,
    name: str = NAME,
    length: float | None = 60.0,
    modified_at: datetime | None = None,
    offset: float = 0.0,
) -> RecordingTimes:
    facts = MediaFacts(name, 1, "mp4", True, duration_s=length, clocks=clocks)
    return best_times(facts, read_name(name), ZONE, modified_at, offset, NOW)


def mvhd(text: str) -> ClockReading:
    return ClockReading("mvhd", text)


@pytest.mark.parametrize(
    "header",
    ["2024-05-18T01:30:00Z", "2024-05-18T01:31:00Z", "2024-05-18T09:30:00Z", "2024-05-18T09:31:00Z"],
    ids=["UTC start", "UTC end", "local start called UTC", "local end called UTC"],
)
def test_whatever_the_header_means_start_and_end_are_the_same(header: str) -> None:
    found = times(mvhd(header))
    assert (found.start, found.end) == (START, START + timedelta(seconds=60))
    assert (found.start_origin, found.end_origin, found.certain) == ("name", "start+length", True)


def test_the_zone_is_told_by_the_difference_of_name_and_header() -> None:
    found = times(mvhd("2019-12-20T20:08:34Z"), name="VID_20191220_170832.mp4", length=1.6)
    assert found.start == datetime(2019, 12, 20, 20, 8, 32, tzinfo=UTC)
    assert found.zone_s == -3 * 3600


def test_a_name_alone_is_local_time_of_the_pack() -> None:
    found = times()
    assert (found.start, found.certain, found.device_start_text) == (START, True, "2024-05-18T09:30:00")


@pytest.mark.parametrize(
    ("written_s", "ends_s"), [(0, 0), (60, 60)], ids=["header is end", "header is start"]
)
def test_without_a_name_the_file_system_tells_what_the_header_is(written_s: int, ends_s: int) -> None:
    written = START + timedelta(seconds=written_s)
    found = times(mvhd("2024-05-18T01:30:00Z"), name="clip.mp4", modified_at=written)
    assert found.end == START + timedelta(seconds=ends_s)


def test_a_header_without_a_zone_is_local_time_of_the_pack() -> None:
    idit = ClockReading("idit", "Sat May 18 09:30:00 2024", meaning="start")
    found = times(idit, name="MVI_0001.AVI")
    assert (found.start, found.start_origin) == (START, "idit")


@pytest.mark.parametrize("lost", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:05Z", "2000-01-01T00:00:00Z"])
def test_a_clock_that_lost_its_time_is_not_chosen_where_another_is(lost: str) -> None:
    end = START + timedelta(seconds=60)
    found = times(mvhd(lost), name="DSJX9_012345_20000101000000_0001.mp4", modified_at=end)
    assert (found.start, found.end, found.start_origin) == (START, end, "end-length")
    assert times(mvhd(lost)).start == START


def test_a_time_in_the_future_is_not_chosen_where_another_is() -> None:
    found = times(mvhd("2024-05-18T01:30:00Z"), name="DSJX9_012345_20250518093000_0001.mp4")
    assert (found.start, found.start_origin) == (START, "mvhd")


def test_nothing_but_lost_clocks_is_uncertain() -> None:
    found = times(mvhd("2000-01-01T00:00:00Z"), name="clip.mp4")
    assert found.certain is False
    assert times(name="clip.mp4") == RecordingTimes(None, None, "", "", None, certain=False)


@pytest.mark.parametrize("name", ["DSJX9_012345_20000101000100_0004.mp4", "clip.mp4"])
def test_a_recorder_whose_clock_was_reset_is_not_saved_by_the_time_of_a_copy(name: str) -> None:
    copied = NOW - timedelta(hours=1)
    found = times(mvhd("1999-12-31T16:01:00Z"), name=name, modified_at=copied)
    assert (found.end, found.certain) == (copied, False)
    assert times(mvhd("1904-01-01T00:00:00Z"), name="clip.mp4", modified_at=copied).certain, "0: none was set"
    assert times(name="clip.mp4", modified_at=copied).certain, "the only clock there is"


def test_satellite_time_is_believed_before_the_name() -> None:
    gps = ClockReading("gps", "2024-05-18T01:29:47.500Z", at_s=2.5)
    assert times(gps).start == START - timedelta(seconds=15)
    assert times(ClockReading("gps-without-fix", "2021-01-01T00:00:00Z")).start == START


def test_a_creation_date_with_a_zone_is_taken_as_it_is() -> None:
    stated = ClockReading("creationdate", "2024-05-18T11:30:00+0300")
    assert times(stated, name="IMG_0001.MOV").start == datetime(2024, 5, 18, 8, 30, tzinfo=UTC)


def test_the_offset_measured_at_the_dock_is_added() -> None:
    assert times(offset=-90.0).start == START - timedelta(seconds=90)


def test_a_file_broken_off_ends_when_it_was_last_written() -> None:
    written = START + timedelta(seconds=31)
    found = times(length=None, modified_at=written)
    assert (found.start, found.end, found.end_origin, found.certain) == (START, written, "mtime", True)


def test_a_copied_broken_file_has_no_certain_end() -> None:
    found = times(length=None, modified_at=START + timedelta(days=3))
    assert (found.end, found.certain) == (None, False)


def test_clocks_of_the_device_that_contradict_each_other_leave_the_end_uncertain() -> None:
    assert times(mvhd("2023-02-03T04:05:06Z")).certain is False


def test_json_has_text_times() -> None:
    assert times().as_json()["end"] == "2024-05-18T01:31:00.000000Z"


def test_differences_that_no_zone_explains_are_not_explained() -> None:
    assert zone_of_difference(28800.0, None) == (28800.0, "start")
    assert zone_of_difference(28800.0 - 100, 100.0) == (28800.0, "end")
    assert zone_of_difference(57.0 + 100, 3.0) is None
    assert zone_of_difference(20 * 3600.0, None) is None


def test_the_limits_of_what_can_be() -> None:
    assert is_implausible(datetime(2001, 12, 31, tzinfo=UTC))
    assert not is_implausible(datetime(2002, 1, 1, tzinfo=UTC))
    assert is_implausible(datetime(2040, 2, 6, tzinfo=UTC))
    assert not is_implausible(NOW + timedelta(hours=23), NOW)
    assert is_implausible(NOW + timedelta(hours=25), NOW)


def test_a_length_that_no_file_has_is_not_used() -> None:
    for length in (9.2e15, float("inf"), float("nan"), -5.0):
        found = times(mvhd("2024-05-18T01:30:00Z"), length=length)
        assert (found.start, found.end, found.certain) == (START, None, False)


def test_the_measured_offset_makes_a_clock_that_runs_ahead_believable() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    ahead = now + timedelta(days=2) - timedelta(hours=30)
    facts = MediaFacts("a.mp4", 1, "mp4", True, duration_s=60.0, clocks=())
    times = best_times(
        facts,
        read_name("a.mp4"),
        "Asia/Shanghai",
        modified_at=ahead,
        clock_offset_s=-2 * 86400.0,
        now=now,
    )
    assert times.end == now - timedelta(hours=30)
    assert times.certain


def test_the_measured_offset_is_not_added_to_satellite_time() -> None:
    facts = MediaFacts(
        "a.mp4", 1, "mp4", True, duration_s=60.0, clocks=(ClockReading("gps", "2026-03-01T10:00:00Z"),)
    )
    times = best_times(facts, read_name("a.mp4"), "Asia/Shanghai", clock_offset_s=-10800.0)
    assert times.end == datetime(2026, 3, 1, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59"])
@pytest.mark.parametrize("origin", ["gps", "mvhd", "idit", "icrd", "exif", "creationdate", "udta"])
def test_a_year_that_leaves_the_calendar_is_no_clock_and_no_error(text: str, origin: str) -> None:
    facts = MediaFacts("a.mp4", 1, "mp4", True, duration_s=60.0, clocks=(ClockReading(origin, text, 1e15),))
    for name in ("a.mp4", "99991231_235959.mp4"):
        times = best_times(facts, read_name(name), "Asia/Shanghai", clock_offset_s=1e6)
        assert times.end is None
