"""The shared camera files against their ground truth: by what a case is, never by what its file is called."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.packs import load_pack
from evidence.adapters.probing import probe, scan_payload
from evidence.domain.continuity import examine_file
from evidence.domain.damage import corrupt_payload
from evidence.domain.findings import Code, Finding, Severity
from evidence.policy.rules import Pack
from tests.conftest import shared_media

NEAR_S = 0.2
# kind of case -> the codes of which one must be found; cases seen only by decoding stand elsewhere
WANTED = {
    "missing_frames": {Code.GAP_IN_FILE},
    "audio_missing": {Code.AUDIO_GAP},
    "truncated": {Code.TRUNCATED},
    "time_changed": {Code.CLOCK_DISAGREES},
    "remux": {Code.EDITED_BY_SOFTWARE, Code.METADATA_CONTRADICTS},
    "cut": {Code.EDITED_BY_SOFTWARE, Code.CLOCK_DISAGREES},
    "edited": {Code.EDITED_BY_SOFTWARE},
    "exported": {Code.EDITED_BY_SOFTWARE},
    "av_length_mismatch": {Code.AUDIO_VIDEO_LENGTH_DIFFERS},
}
# words of the expectation -> the code it means
WORDS = {
    "audio starts": Code.AUDIO_STARTS_LATE,
    "audio 1.10 s longer": Code.AUDIO_VIDEO_LENGTH_DIFFERS,
    "edit list hides": Code.EDIT_LIST,
    "extension does not match": Code.TYPE_DIFFERS,
    "header duration nonsense": Code.METADATA_CONTRADICTS,
    "frame count mismatch": Code.METADATA_CONTRADICTS,
    "creation dates differ": Code.CLOCK_DISAGREES,
    "handlers GoPro vs container": Code.METADATA_CONTRADICTS,
    "rewritten by": Code.EDITED_BY_SOFTWARE,
    "runs past EOF": Code.TRUNCATED,
    "samples past EOF": Code.TRUNCATED,
    "moov atom not found": Code.TRUNCATED,
    "truncated": Code.TRUNCATED,
    "points outside file": Code.CORRUPT_DATA,
}


def cases(group: str, *kinds: str) -> list[Any]:
    """The rows of a group, of these kinds or of all; one row of nothing where the media are absent."""
    folder = shared_media()
    if folder is None:
        return [pytest.param(None, id="absent")]
    rows = json.loads((folder / "TRUTH.json").read_text("utf-8"))[group]
    return [pytest.param(row, id=row["file"]) for row in rows if not kinds or row["kind"] in kinds]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack("dazhe-2020").at(datetime(2026, 3, 2, tzinfo=UTC).date())


def examined(media: Path, row: dict[str, Any], pack: Pack) -> tuple[Finding, ...]:
    path = media / row["file"]
    return examine_file(probe(path, path.name), pack)


@pytest.mark.parametrize("row", [*cases("originals"), *cases("derived")])
def test_every_case_is_found_with_its_code_and_place_and_no_control_is_accused(
    media: Path, pack: Pack, row: dict[str, Any]
) -> None:
    found = examined(media, row, pack)
    shown = [finding.as_json() for finding in found]
    if row["kind"] == "none":
        assert {finding.severity for finding in found} <= {Severity.INFO}, shown
    wanted = WANTED.get(row["kind"], set())
    matching = [finding for finding in found if finding.code in wanted]
    if wanted:
        assert matching, shown
    if row["kind"] in ("missing_frames", "audio_missing", "av_length_mismatch"):
        assert any(
            abs((one.start_s or 0) - row["start_s"]) <= NEAR_S
            and abs((one.end_s or 0) - row["end_s"]) <= NEAR_S
            for one in matching
        ), shown
    elif row["kind"] == "truncated" and row["start_s"] is not None:
        assert abs((matching[0].start_s or 0) - row["start_s"]) <= NEAR_S, shown
    expected = row["expect"] if isinstance(row["expect"], str) else ""
    for words, code in WORDS.items():
        if words in expected:
            assert code in {finding.code for finding in found}, (words, shown)


@pytest.mark.parametrize("row", cases("derived", "cut"))
def test_a_cut_that_closed_its_time_stamps_shows_in_the_satellite_clock(
    media: Path, pack: Pack, row: dict[str, Any]
) -> None:
    if row["expect"].get("writer_changed") is not False:
        return  # this cut shows by its writer, above
    jumps = [
        one
        for one in examined(media, row, pack)
        if one.code is Code.CLOCK_DISAGREES and one.start_s is not None
    ]
    assert [one.severity for one in jumps] == [Severity.ATTENTION]
    assert abs((jumps[0].start_s or 0) - row["start_s"]) <= NEAR_S
    assert isinstance(jumps[0].measured, float)
    assert abs(jumps[0].measured - row["expect"]["removed_s"]) <= NEAR_S


@pytest.mark.parametrize(
    "row", [*cases("derived", "none", "zero_hole", "missing_frames"), *cases("originals", "none", "exported")]
)
def test_holes_of_zeros_are_found_by_the_deep_scan_and_only_there(
    media: Path, pack: Pack, row: dict[str, Any]
) -> None:
    path = media / row["file"]
    facts = probe(path, path.name)
    found = [
        one
        for one in corrupt_payload(facts, scan_payload(path, facts), pack)
        if one.code is Code.CORRUPT_DATA
    ]
    if row["kind"] != "zero_hole":
        assert found == []
        return
    assert min(one.start_s or 0 for one in found) == pytest.approx(row["start_s"], abs=NEAR_S)
    assert max(one.end_s or 0 for one in found) == pytest.approx(row["end_s"], abs=NEAR_S)


@pytest.mark.parametrize("row", cases("originals", "corrupt"))
def test_damaged_files_are_read_to_an_end_and_never_look_sound_when_ffprobe_cannot_read_them(
    media: Path, pack: Pack, row: dict[str, Any]
) -> None:
    codes = {finding.code for finding in examined(media, row, pack) if finding.severity is not Severity.INFO}
    unreadable = row["measured"].get("ffprobe_duration") is None and not row["measured"].get("video")
    if unreadable:
        assert codes, row["expect"]


def test_packet_facts_agree_with_ffprobe_on_every_readable_file(media: Path) -> None:
    differing = []
    for row in json.loads((media / "TRUTH.json").read_text("utf-8"))["originals"]:
        truth = (row.get("measured") or {}).get("video") or {}
        if row["kind"] in ("corrupt",) or not truth.get("packets"):
            continue
        facts = probe(media / row["file"], Path(row["file"]).name)
        track = facts.of_kind("video")[0]
        if (
            track.packets != truth["packets"]
            or abs((track.first_s or 0) - truth["first_pts"]) > 0.05 + (facts.container == "mpegts") * 1e9
            or abs((track.usual_step_s or 0) - truth["median_delta"]) > 0.002
        ):
            differing.append(
                (
                    row["file"],
                    track.packets,
                    truth["packets"],
                    track.first_s,
                    truth["first_pts"],
                    track.usual_step_s,
                )
            )
    assert differing == []
