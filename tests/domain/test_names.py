"""File names of recorders: every family of the makers' manuals, and names that are none."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.domain.names import PATTERNS, NamePattern, read_name

SHOT = datetime(2021, 3, 18, 15, 39, 33)  # noqa: DTZ001 - names say no zone

FAMILIES = [
    ("DSJX9A00123_012345_20210318153933_0001.mp4", "station", SHOT, 1, None, None),
    ("DSJ-A1_张三_20210318_153933_0012.MP4", "station", SHOT, 12, None, None),
    ("2021_0318_153933_001PF.MP4", "viofo", SHOT, 1, "F", "P"),
    ("2021_0318_153933_001R.MP4", "viofo", SHOT, 1, "R", None),
    ("2021_0318_153933_001A.MP4", "viofo", SHOT, 1, "A", None),
    ("20210318153933_000188.TS", "novatek", SHOT, 188, None, None),
    ("20210318_153933_0188_N_A.mp4", "vantrue", SHOT, 188, "A", "N"),
    ("20210318_153933_NF.mp4", "blackvue", SHOT, None, "F", "N"),
    ("NO20210318-153933-000123F.MP4", "70mai", SHOT, 123, "F", "NO"),
    ("EV20210318-153933-000124B.MP4", "70mai", SHOT, 124, "B", "EV"),
    ("210318_153933_012_FH.MP4", "nextbase", SHOT, 12, "FH", None),
    ("REC_2021_03_18_15_39_33_F.MP4", "thinkware", SHOT, None, "F", "REC"),
    ("EVT_20210318_153933_R.mp4", "thinkware", SHOT, None, "R", "EVT"),
    ("G_20210318153933_0060.mp4", "ddpai", SHOT, 60, None, "G"),
    ("2021-03-18_15-39-33-left_repeater.mp4", "tesla", SHOT, None, "left_repeater", None),
    ("REC20210318-153933-12-A.mp4", "sigmastar", SHOT, 12, "A", None),
    ("CH1-20210318-153933.ts", "sigmastar", SHOT, None, "1", None),
    ("MDR1_20210318_153933.avi", "urive", SHOT, None, "1", "MDR"),
    ("18032021-1539_CAM1_0012.MP4", "innovv", SHOT.replace(second=0), 12, "1", None),
    ("Car12_Mar.18.2021_15.39.33+.avi", "havis", SHOT, None, None, "+"),
    ("20210318153933-20210318150000-A00_3.mov", "canon", SHOT, 3, None, "A"),
    ("VID_20210318_153933.mp4", "android", SHOT, None, None, None),
    ("VID_20210318_153933_00_012.mp4", "android", SHOT, 12, "00", None),
    ("PXL_20210318_153933123.mp4", "pixel", SHOT, None, None, None),
    ("GH010123.MP4", "gopro", None, 1, None, None),
    ("GP020123.MP4", "gopro", None, 2, None, None),
    ("GOPR0123.MP4", "gopro", None, None, None, None),
    ("GHAA0007.MP4", "gopro", None, 7, None, None),
    ("MVI_4823.AVI", "camera-counter", None, 4823, None, None),
    ("现场 20210318153933_0002.mp4", "date-time", SHOT, 2, None, None),
]


@pytest.mark.parametrize(("name", "pattern", "taken", "sequence", "channel", "mode"), FAMILIES)
def test_a_family_gives_its_fields(
    name: str,
    pattern: str,
    taken: datetime | None,
    sequence: int | None,
    channel: str | None,
    mode: str | None,
) -> None:
    read = read_name(name)
    assert (read.pattern, read.taken_at, read.sequence, read.channel, read.mode) == (
        pattern,
        taken,
        sequence,
        channel,
        mode,
    )
    assert ("taken_at" in read.fields) == (taken is not None)


def test_a_police_name_gives_device_and_officer() -> None:
    read = read_name("DSJX9A00123_012345_20210318153933_0001.mp4")
    assert (read.device, read.officer, read.sequence_digits) == ("DSJX9A00123", "012345", 4)
    assert read.fields == ("device", "officer", "sequence", "taken_at")


def test_names_in_utc_say_so() -> None:
    assert read_name("20210318153933-20210318150000-A00_3.mov").is_utc
    assert not read_name("VID_20210318_153933.mp4").is_utc


def test_a_name_without_seconds_has_the_resolution_of_a_minute() -> None:
    assert read_name("18032021-1539_CAM1_0012.MP4").resolution_s == 60.0


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "hello.mp4",
        "bipbop_seg0.ts",
        "DSJ_1_20211318153933_0001.mp4",
        "20210230101010_0001.mp4",
        "..",
        "\x00",
    ],
)
def test_unknown_names_and_impossible_dates_are_unknown(name: str) -> None:
    read = read_name(name)
    assert (read.pattern, read.taken_at, read.fields) == ("unknown", None, ())


def test_folders_in_a_name_are_not_part_of_it() -> None:
    assert read_name("../RO/20210318153933_000188.TS") == read_name("20210318153933_000188.TS")
    assert read_name("D:\\x\\20210318153933_000188.TS") == read_name("20210318153933_000188.TS")


def test_a_place_may_add_its_own_pattern() -> None:
    own = NamePattern("ours", re.compile(r"X(?P<sequence>\d+)-(?P<officer>.+)"))
    read = read_name("X17-李四.mp4", (own, *PATTERNS))
    assert (read.pattern, read.sequence, read.officer) == ("ours", 17, "李四")
    assert read_name("X17-李四.mp4").pattern == "unknown"


@given(st.text(max_size=300))
def test_no_text_makes_reading_fail(text: str) -> None:
    assert read_name(text).pattern


@given(st.datetimes(datetime(2002, 1, 1), datetime(2035, 1, 1)), st.integers(0, 9999))  # noqa: DTZ001
def test_every_date_and_number_comes_back(taken: datetime, number: int) -> None:
    read = read_name(f"DSJ1_0007_{taken:%Y%m%d%H%M%S}_{number:04d}.mp4")
    assert (read.taken_at, read.sequence) == (taken.replace(microsecond=0), number)
