"""Judging the files of a device together: each finding at its recording, by the rules of its own time."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from evidence.adapters.prober import SandboxedProber
from evidence.domain.recordings import Origin
from evidence.service.catalogue import StoredFinding
from evidence.service.work import Work
from tests.builders import SmallSite, an_origin
from tests.service.footage import a_wav, with_new_version

BODY = a_wav(2)


def segment(number: int, start: datetime, device: str = "DSJX9A00123") -> Origin:
    """A segment of two seconds as a recorder names it (its local time is Shanghai's)."""
    local = start + timedelta(hours=8)
    return an_origin(
        f"{device}_012345_{local:%Y%m%d%H%M%S}_{number:04d}.wav",
        device=device,
        size_bytes=len(BODY) + 4,
        modified_at=start + timedelta(seconds=2),
    )


def seal(small: SmallSite, *origins: Origin) -> list[str]:
    """Seal segments; each has its number after its sound, so that no two are the same."""
    sent = [small.send(origin, BODY + origin.name[-8:-4].encode()).id for origin in origins]
    small.do_jobs()
    return sent


def found(small: SmallSite, recording: str, code: str) -> list[StoredFinding]:
    return [
        one
        for one in small.recordings.findings(small.administrator, recording)
        if one.body["code"] == code and one.body["severity"] != "info"
    ]


START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
NEXT = START + timedelta(seconds=2)


def test_a_gap_between_two_files_stands_at_one_recording_with_its_length_and_article(
    small: SmallSite,
) -> None:
    first, second = seal(small, segment(1, START), segment(2, NEXT + timedelta(seconds=41)))
    gaps = found(small, first, "gap-between-files") + found(small, second, "gap-between-files")
    assert len(gaps) == 1
    assert gaps[0].body["measured"] == pytest.approx(41, abs=0.2)
    assert gaps[0].body["cites"] == ["dazhe-2020:9.1"]


def test_a_later_file_closes_the_gap_and_the_first_judgement_stays_on_record(small: SmallSite) -> None:
    first, third = seal(small, segment(1, START), segment(3, NEXT + timedelta(seconds=2)))
    assert found(small, first, "missing-sequence-number") + found(small, third, "missing-sequence-number")
    with small.database.engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM finding").scalar_one()
    seal(small, segment(2, NEXT))
    for recording in (first, third):
        assert not found(small, recording, "missing-sequence-number")
        assert not found(small, recording, "gap-between-files")
    with small.database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM finding").scalar_one() >= before
        old = connection.exec_driver_sql(
            "SELECT count(*) FROM finding JOIN examination e ON e.id = examination_id WHERE NOT e.current"
        ).scalar_one()
    assert old >= 1


def test_devices_are_judged_apart(small: SmallSite) -> None:
    ids = seal(small, segment(1, START), segment(2, NEXT + timedelta(seconds=41), device="DSJX9A00124"))
    for recording in ids:
        assert not found(small, recording, "gap-between-files")
        assert not found(small, recording, "foreign-device")


@pytest.mark.article("dazhe-2020:17")
def test_each_file_is_judged_by_the_rules_in_force_when_it_was_recorded(small: SmallSite) -> None:
    with_new_version(small, since=date(2026, 3, 2), within=timedelta(hours=12))
    old, new = seal(small, segment(1, START - timedelta(days=1)), segment(2, START))
    with small.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT scope_id, policy_version FROM examination"
            " WHERE current AND kind IN ('sequence', 'deadline')"
        ).all()
    versions = {recording: {row[1] for row in rows if row[0] == recording} for recording in (old, new)}
    assert versions[new] == {"next"}
    assert len(versions[old]) == 1
    assert versions[old] != versions[new]


@pytest.fixture
def deep(small: SmallSite) -> SmallSite:
    """The same site with the whole prober."""
    small.site = replace(small.site, prober=SandboxedProber())
    small.work = Work(small.site, small.uploads)
    return small


def test_deep_examination_adds_what_was_seen_at_the_recording(deep: SmallSite, tmp_path: Path) -> None:
    film = tmp_path / "covered.mp4"
    picture = "testsrc2=size=160x120:rate=10,noise=alls=6:allf=t,drawbox=t=fill:enable='between(t,3,7)'"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, "-t", "9"]
        + [
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-bf",
            "0",
            "-g",
            "10",
            "-pix_fmt",
            "yuv420p",
            str(film),
        ],
        check=True,
    )
    body = film.read_bytes()
    upload = deep.send(an_origin("a.mp4", size_bytes=len(body)), body)
    deep.do_jobs()
    (black,) = found(deep, upload.id, "black-picture")
    assert black.body["start_s"] == pytest.approx(3.0, abs=0.2)
    assert black.body["end_s"] == pytest.approx(7.1, abs=0.2)
    assert black.recording_id == upload.id


def test_deep_examination_of_what_cannot_be_read_does_not_fail(deep: SmallSite) -> None:
    upload = deep.send(an_origin("a.mp4", size_bytes=9), b"no media!")
    deep.do_jobs()
    with deep.database.reading() as unit:
        assert set(unit.jobs.counts()) == {"done"}
    assert found(deep, upload.id, "unreadable")
