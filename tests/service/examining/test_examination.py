"""Examination of real footage: facts are kept, a new look supersedes, bad footage is sealed all the same."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.domain.deadlines import DeadlineKind
from evidence.errors import NotFound
from evidence.service.catalogue import Scope, StoredFinding
from evidence.service.examining.examination import Examination
from evidence.service.gaps.deadlines import Deadlines
from tests import inside
from tests.builders import START, SmallSite, an_origin

ENDED = datetime(2026, 3, 2, 8, 0, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Ten seconds of picture and sound as MP4; its header says that it began at 08:00 UTC."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture, sound = "testsrc=s=64x48:r=10:d=10", "sine=d=10"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound),
            *("-c:v", "libx264", "-bf", "0", "-c:a", "aac"),
            *("-metadata", "creation_time=2026-03-02T08:00:00Z", str(path)),
        ],
        check=True,
        timeout=60,
    )
    return path.read_bytes()


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


def seal(small: SmallSite, body: bytes, name: str = "film.mp4", **origin: object) -> str:
    upload = small.send(an_origin(name, **{"size_bytes": len(body), "modified_at": ENDED, **origin}), body)
    small.do_jobs()
    return upload.id


def facts(small: SmallSite, recording_id: str, kind: str) -> dict[str, object]:
    with small.database.reading() as unit:
        text = unit.examinations.facts("recording", recording_id, kind)
    assert text is not None, f"no {kind}"
    read: dict[str, object] = json.loads(text)
    return read


def found(small: SmallSite, recording_id: str) -> list[StoredFinding]:
    with small.database.reading() as unit:
        return list(unit.examinations.current(recording_id))


def codes(small: SmallSite, recording_id: str) -> list[str]:
    return sorted(str(one.body["code"]) for one in found(small, recording_id))


def table(small: SmallSite, query: str) -> list[tuple[object, ...]]:
    return inside.rows(small.folder, query)


def test_the_facts_of_a_film_are_kept(small: SmallSite, film: bytes) -> None:
    recording_id = seal(small, film)
    kept = facts(small, recording_id, "probe")
    assert (kept["container"], kept["readable"], kept["size_bytes"]) == ("mp4", True, len(film))
    tracks = kept["tracks"]
    assert isinstance(tracks, list)
    assert [(one["kind"], one["codec"]) for one in tracks] == [("video", "avc1"), ("audio", "mp4a")]
    assert tracks[0]["packets"] == 100
    assert (tracks[0]["width"], tracks[0]["height"]) == (64, 48)
    assert "unreadable" not in codes(small, recording_id)


def test_the_end_of_recording_comes_from_the_film_with_the_offset_added_once(
    small: SmallSite, film: bytes
) -> None:
    recording_id = seal(small, film, clock_offset_ms=90_000)
    ended_at = small.recordings.get(small.administrator, recording_id).ended_at
    assert ended_at is not None
    assert abs(ended_at - ENDED - timedelta(seconds=90)) < timedelta(seconds=0.5)
    assert facts(small, recording_id, "sequence")["certain"] is True


def test_a_film_that_software_wrote_says_so_and_cites_the_article(small: SmallSite, film: bytes) -> None:
    recording_id = seal(small, film)
    (edited,) = [one for one in found(small, recording_id) if one.body["code"] == "edited-by-software"]
    assert edited.recording_id == recording_id
    assert edited.body["cites"]
    assert edited.policy == "dazhe-2020"


def test_a_second_examination_supersedes_the_first_and_deletes_nothing(small: SmallSite, film: bytes) -> None:
    recording_id = seal(small, film)
    before, found_before = codes(small, recording_id), table(small, "SELECT * FROM finding")
    with small.database.writing() as unit:  # as an older parser, which saw less, would have left it
        scope = Scope("recording", recording_id, "DSJX9A00123")
        unit.examinations.record(scope, "probe", small.site.policies.latest, "{}", [], small.clock.now())
    examined = table(small, "SELECT id, kind, facts FROM examination")
    original = small.files()
    small.clock.pass_by(timedelta(hours=1))
    Examination(small.site).examine(recording_id)
    small.do_jobs()
    assert codes(small, recording_id) == before, "the same film, the same findings, each of them once"
    after = table(small, "SELECT id, kind, facts FROM examination")
    assert set(examined) < set(after)
    assert set(found_before) <= set(table(small, "SELECT * FROM finding"))
    current = table(
        small, "SELECT kind, count(*) FROM examination WHERE current GROUP BY scope_kind, scope_id, kind"
    )
    assert {"probe", "sequence", "deadline"} <= {kind for kind, _ in current}
    assert {count for _, count in current} == {1}
    assert small.files() == original


def test_a_device_judged_again_with_nothing_new_writes_nothing(small: SmallSite, film: bytes) -> None:
    seal(small, film)
    examined, entries = table(small, "SELECT * FROM examination"), small.log()
    small.clock.pass_by(timedelta(hours=1))
    Examination(small.site).sequence("DSJX9A00123")
    assert table(small, "SELECT * FROM examination") == examined
    assert [b"examine" in entry for entry in small.log()[len(entries) :]] == []


def test_a_text_under_the_name_of_a_film_is_sealed_and_found_unreadable(small: SmallSite) -> None:
    body = "这不是录像\n".encode() * 50
    recording_id = seal(small, body)
    assert small.recordings.receipt(small.dock, recording_id)
    assert "unreadable" in codes(small, recording_id)
    _, original = small.recordings.open_original(small.administrator, recording_id)
    with original:
        assert original.read() == body
    assert table(small, "SELECT DISTINCT state FROM job") == [("done",)]


def test_half_a_film_is_sealed_and_found_damaged(small: SmallSite, film: bytes) -> None:
    recording_id = seal(small, film[: len(film) // 2])
    assert small.recordings.receipt(small.dock, recording_id)
    assert {"truncated", "unreadable"} & set(codes(small, recording_id))


def test_an_empty_file_is_found_empty(small: SmallSite) -> None:
    assert "empty-file" in codes(small, seal(small, b""))


@pytest.mark.article("dazhe-2020:12")
def test_a_late_film_has_its_finding(small: SmallSite, film: bytes) -> None:
    small.clock.time = ENDED + timedelta(hours=25)
    recording_id = seal(small, film)
    (late,) = [one for one in found(small, recording_id) if one.body["code"] == "late"]
    assert (late.body["severity"], late.body["cites"]) == ("breach", ["dazhe-2020:12"])
    detail = late.body["detail"]
    assert isinstance(detail, dict)
    assert detail["late_by_s"] == pytest.approx(3600, abs=1)


def test_a_film_in_time_has_no_late_finding(small: SmallSite, film: bytes) -> None:
    assert ENDED + timedelta(hours=24) > START
    assert not {"late", "end-unknown"} & set(codes(small, seal(small, film)))


def test_the_same_film_under_two_names_is_found_as_a_duplicate(small: SmallSite, film: bytes) -> None:
    first, second = seal(small, film, "first.mp4"), seal(small, film, "second.mp4")
    assert "duplicate-file" in codes(small, first) + codes(small, second)


def test_each_examination_is_logged(small: SmallSite, film: bytes) -> None:
    recording_id = seal(small, film)
    entries = [json.loads(body) for body in small.log()]
    kinds = [entry["facts"]["kind"] for entry in entries if entry["act"] == "evidence.examine"]
    assert sorted(kinds) == ["deep", "probe", "sequence"]
    objects = [entry["obj"] for entry in entries if entry["act"] == "evidence.examine"]
    assert [[(one["id"], one["k"]) for one in about] for about in objects] == [
        [(recording_id, "recording")]
    ] * 3


@pytest.mark.parametrize("step", ["examine", "deep"])
def test_what_is_not_there_cannot_be_examined(small: SmallSite, step: str) -> None:
    with pytest.raises(NotFound):
        getattr(Examination(small.site), step)("0" * 32)
    assert table(small, "SELECT id FROM examination") == []
    assert small.log() == []


def manners(small: SmallSite, recording_id: str) -> dict[str, tuple[str, object]]:
    return {
        f"{one.body['code']} {one.body['detail'].get('manner')}": (  # type: ignore[attr-defined]
            str(one.body["severity"]),
            one.body["measured"],
        )
        for one in found(small, recording_id)
    }


def test_a_name_that_tells_another_recorder_or_wearer_than_the_dock_is_told(
    small: SmallSite, film: bytes
) -> None:
    name = "DSJX9A00601_012345_20260302160000_0001.mp4"
    right = seal(small, film, name, device="DSJX9A00601", wearer="012345")
    short = seal(small, film + b"\0\0\0\x08free", name, device="a00601", wearer="12345")
    typo = seal(small, film + b"\0\0\0\x08skip", name, device="DSJX9A00610", wearer="999888")
    told = manners(small, typo)
    assert told["foreign-device dock-device"] == ("attention", "DSJX9A00601")
    assert told["foreign-device dock-wearer"] == ("info", "012345")
    for one in (right, short):
        assert not [key for key in manners(small, one) if key.startswith("foreign-device")]


def test_the_same_bytes_under_another_recorder_are_told_on_both_sides(small: SmallSite, film: bytes) -> None:
    first = seal(small, film, "a.mp4", device="TYPO")
    assert "duplicate-file another-device" not in manners(small, first)
    second = seal(small, film, "a.mp4", device="RIGHT")
    empty = [seal(small, b"", "empty.mp4", device=device) for device in ("TYPO", "RIGHT")]
    (one,) = [each for each in found(small, second) if each.body["code"] == "duplicate-file"]
    assert (one.body["severity"], one.body["detail"]["other_device"]) == ("attention", "TYPO")  # type: ignore[index]
    seal(small, film + b"\0\0\0\x08free", "b.mp4", device="TYPO")  # the device is judged anew
    assert "duplicate-file another-device" in manners(small, first)
    for recording_id in empty:
        assert "duplicate-file another-device" not in manners(small, recording_id), "nothing is nobody's"


@pytest.mark.parametrize("name", ["film.mp4", "VID_20260301_120000.mp4"])
def test_a_header_that_was_set_later_does_not_make_a_late_file_on_time(
    small: SmallSite, film: bytes, name: str
) -> None:
    """The header says an hour ago; the file system, and a name in the zone of the place, 29 hours."""
    written = START - timedelta(hours=29)
    recording_id = seal(small, film, name, modified_at=written)
    assert "end-unknown" in codes(small, recording_id)
    (row,) = Deadlines(small.site).list(small.administrator)
    assert (row.state.kind, row.counted_from) == (DeadlineKind.END_UNKNOWN, "announced")
    assert small.recordings.get(small.administrator, recording_id).ended_at is None


def test_clocks_that_agree_on_whether_it_was_in_time_may_differ(small: SmallSite, film: bytes) -> None:
    early = seal(small, film, "a.mp4", modified_at=ENDED - timedelta(hours=6))
    assert "end-unknown" not in codes(small, early)
    assert small.recordings.get(small.administrator, early).ended_at == ENDED


@pytest.mark.parametrize("part", ["whole", "index"])
def test_a_second_film_or_index_behind_the_first_is_told(small: SmallSite, film: bytes, part: str) -> None:
    behind = film if part == "whole" else film[film.rindex(b"moov") - 4 :]
    recording_id = seal(small, film + behind)
    (one,) = [each for each in found(small, recording_id) if each.body["code"] == "data-after-end"]
    assert (one.body["severity"], one.body["measured"]) == ("attention", float(len(behind)))
