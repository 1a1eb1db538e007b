"""Whole sessions of real footage with known truth: what was done to them is found, and controls stay
quiet.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.probing import probe
from evidence.domain.continuity import examine_file
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.sequence import SequenceFile, examine_sequence
from tests.conftest import shared_media
from tests.domain.packs import a_pack

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WITHIN_S = 0.2
PACK = a_pack()


def sessions() -> list[Any]:
    """The sessions of the truth file; one empty entry where the media are absent, so that the skip has
    a name.
    """
    folder = shared_media()
    if folder is None:
        return [pytest.param(None, id="media absent")]
    truth = json.loads((folder / "sessions" / "TRUTH.json").read_text())
    return [pytest.param(one, id=one["session"]) for one in truth]


@cache
def examine(folder: Path, names: tuple[str, ...]) -> tuple[Finding, ...]:
    """Examine files of a folder as one device's sequence, given in reverse order."""
    files = []
    for name in reversed(names):
        facts = probe(folder / name, name)
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        files.append(SequenceFile(facts, digest, findings=examine_file(facts, PACK)))
    return examine_sequence(files, PACK, NOW)


def found_in(media: Path, session: dict[str, Any]) -> tuple[Finding, ...]:
    return examine(media / session["dir"], tuple(one["name"] for one in session["files"]))


def by_number(session: dict[str, Any], number: int) -> str:
    return next(one["name"] for one in session["files"] if one["name"].endswith(f"_{number:04d}.mp4"))


def expected(session: dict[str, Any], truth: dict[str, Any]) -> list[tuple[Code, str | None, float | None]]:
    """Translate one truth into (code, file, measured seconds)."""
    kind, size = truth["kind"], truth.get("gap_s")
    match kind:
        case "missing_segment":
            before = by_number(session, truth["seq"] - 1)
            return [(Code.MISSING_SEQUENCE_NUMBER, before, None), (Code.GAP_BETWEEN_FILES, before, size)]
        case "gap":
            return [(Code.GAP_BETWEEN_FILES, truth["after"], size)]
        case "missing_content":
            return [(Code.GAP_BETWEEN_FILES, by_number(session, truth["seq"] - 1), size)]
        case "overlap":
            return [(Code.OVERLAP, one["name"], truth["overlap_s"]) for one in session["files"][:-1]]
        case "truncated":
            return [(Code.TRUNCATED, truth["file"], None)]
        case "clock_reset":
            return [
                (Code.CLOCK_JUMP, by_number(session, truth["from_seq"]), None),
                (Code.CLOCK_IMPLAUSIBLE, None, None),
            ]
        case "reordered":
            return [(Code.ORDER_DIFFERS, by_number(session, number), None) for number in truth["seqs"]]
        case "cut":
            return [(Code.EDITED_BY_SOFTWARE, truth["file"], None)]
        case "duplicate":
            return [(Code.DUPLICATE_FILE, truth["files"][1], None)]
    raise AssertionError(f"a kind of truth without a translation: {kind}")


@pytest.mark.parametrize("session", sessions())
def test_what_was_done_to_a_session_is_found(media: Path, session: dict[str, Any]) -> None:
    findings = found_in(media, session)
    for truth in session["findings"]:
        for code, file, size in expected(session, truth):
            hits = [one for one in findings if one.code is code and file in (None, one.file)]
            assert hits, (code, file)
            if size is not None:
                (hit,) = hits
                assert hit.measured == pytest.approx(size, abs=WITHIN_S)
                assert hit.end_s == pytest.approx((hit.start_s or 0) + size, abs=WITHIN_S)
                length = next(one["duration_s"] for one in session["files"] if one["name"] == file)
                ends = hit.start_s if code is Code.GAP_BETWEEN_FILES else hit.end_s
                assert ends == pytest.approx(length, abs=WITHIN_S)


@pytest.mark.parametrize("session", sessions())
def test_nothing_else_is_told_between_files(media: Path, session: dict[str, Any]) -> None:
    """No gap, overlap, number or stranger above info that the truth does not know."""
    between = {Code.GAP_BETWEEN_FILES, Code.OVERLAP, Code.MISSING_SEQUENCE_NUMBER, Code.COUNTER_RESET}
    between |= {Code.CLOCK_JUMP, Code.ORDER_DIFFERS, Code.FOREIGN_DEVICE, Code.DUPLICATE_FILE}
    between |= {Code.REPEATED_CONTENT}
    known = {(code, file) for truth in session["findings"] for code, file, _ in expected(session, truth)}
    loud = {(one.code, one.file) for one in found_in(media, session)
            if one.severity is not Severity.INFO and one.code in between}  # fmt: skip
    assert loud <= known


def test_controls_have_nothing_above_info(media: Path) -> None:
    truth = json.loads((media / "sessions" / "TRUTH.json").read_text())
    controls = [one for one in truth if one["clean"]]
    loud = [
        found for one in controls for found in found_in(media, one) if found.severity is not Severity.INFO
    ]
    assert controls
    assert loud == []


def test_two_segments_of_one_stream_are_a_clean_pair(media: Path) -> None:
    names = ("bipbop_400x300_seg0.ts", "bipbop_400x300_seg1.ts")
    assert [one for one in examine(media / "odd", names) if one.severity is not Severity.INFO] == []
