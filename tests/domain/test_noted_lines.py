"""What is noted beside a recording: its lines by kind and place; and that there is something to read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.noted_lines import LONGEST, UNTOLD, lines_noted, note_of
from evidence.domain.subjects import finding_subject, late_subject, place_of_late, subject_of

GAP = Finding(Code.GAP_IN_FILE, Severity.ATTENTION, "a.mp4", start_s=1.5, end_s=3.0, measured=1.5, limit=1.0)
LATE = Finding(Code.LATE, Severity.BREACH, "a.mp4", detail={"unit": "s", "late_by_s": 60.0})


def body(code: Code = Code.GAP_IN_FILE, severity: Severity = Severity.ATTENTION) -> Mapping[str, object]:
    return Finding(code, severity, "a.mp4").as_json()


def test_a_note_names_each_line_as_its_finding_does() -> None:
    gap, late = lines_noted(note_of("D", "a.mp4", [LATE.as_json(), GAP.as_json()])) or ()
    assert subject_of(gap.kind, gap.place) == finding_subject("D", GAP.as_json())
    assert (gap.code, late.code) == (GAP.code, LATE.code)
    for late_by in (timedelta(minutes=1), timedelta(hours=2)):  # how late is for the pack in force
        assert subject_of(late.kind, place_of_late(late_by)) == late_subject("D", "a.mp4", late_by)


def test_what_nobody_must_explain_is_in_no_note() -> None:
    assert note_of("D", "a.mp4", [body(severity=Severity.INFO), body(Code.FIXITY_FAULT)]) == ""
    assert lines_noted("") == ()


@pytest.mark.parametrize("code", [Code.TRUNCATED, Code.UNREADABLE])
def test_a_note_says_that_findings_must_be_read_where_one_closes_another(code: Code) -> None:
    assert note_of("D", "a.mp4", [body(), body(code)]) == UNTOLD
    assert lines_noted(UNTOLD) is None


def test_a_note_says_so_of_a_finding_about_another_file_and_of_more_than_an_index_holds() -> None:
    assert note_of("D", "b.mp4", [body()]) == UNTOLD
    every = [GAP.as_json() | {"start_s": float(n)} for n in range(20)]
    assert note_of("D", "a.mp4", every) == UNTOLD
    assert len(note_of("D", "a.mp4", every[:5])) <= LONGEST
    with pytest.raises(KeyError):
        note_of("D", "a.mp4", [{}])


@pytest.mark.parametrize("note", ["[", "[[1]]", "[1]", '[["a","b",1,2,3,4]]'])
def test_a_note_that_cannot_be_read_tells_nothing(note: str) -> None:
    assert lines_noted(note) is None
