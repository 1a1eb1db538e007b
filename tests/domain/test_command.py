"""Command: an auxiliary's recording names an officer or stands beside an officer's, and some packs bar it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.adapters.packs import load_pack
from evidence.domain.command import Worn, examine_command
from evidence.domain.findings import Code, Severity
from evidence.domain.people import PersonType
from evidence.domain.spans import Span
from evidence.policy.bars import may_assist_evidence
from evidence.policy.rules import Act, cite_ids

DAZHE, LONGQUAN, STRICT = (load_pack(name).latest for name in ("dazhe-2020", "longquan", "strict"))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def span(start_min: float, end_min: float) -> Span:
    return Span(NOON + timedelta(minutes=start_min), NOON + timedelta(minutes=end_min))


def worn(**changes: object) -> Worn:
    values: dict[str, object] = {"file": "a.mp4", "named": None, "commander": None, "span": span(0, 10)}
    return Worn(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.article("dazhe-2020-aux:3", "longquan-aux:3", "xinping-2022-aux:7")
@pytest.mark.parametrize(
    ("named", "type_", "said"),
    [
        (None, None, "none"),
        ("", None, "none"),
        ("0001", None, "not-on-roll"),
        ("0001", PersonType.AUXILIARY, "auxiliary"),
        ("0001", PersonType.CIVILIAN, "civilian"),
    ],
)
def test_without_an_officer_an_auxiliary_acts_alone_and_the_article_is_named(
    named: str | None, type_: PersonType | None, said: str
) -> None:
    (found,) = examine_command(worn(named=named, commander=type_), [], DAZHE)
    assert (found.code, found.severity) == (Code.ACTING_ALONE, Severity.ATTENTION)
    assert (found.measured, found.limit, found.detail["commander"]) == (0, 1, said)
    assert "dazhe-2020-aux:3" in found.cites
    assert found.cites == cite_ids(DAZHE.barred(Act.TAKE_EVIDENCE_ALONE))


def test_an_officer_of_the_roll_who_was_named_commands() -> None:
    assert examine_command(worn(named="0001", commander=PersonType.OFFICER), [], DAZHE) == ()


@pytest.mark.parametrize(
    ("other", "is_there"),
    [
        (span(0, 10), True),
        (span(9.9, 20), True),
        (span(-5, 0.1), True),
        (span(3, 4), True),
        (span(-5, 30), True),
        (span(10, 20), False),
        (span(-5, 0), False),
        (span(60, 70), False),
    ],
)
def test_an_officers_recording_clears_it_only_where_the_times_overlap(other: Span, is_there: bool) -> None:
    assert (examine_command(worn(), [other], LONGQUAN) == ()) is is_there


def test_where_nobody_knows_when_it_was_only_a_name_clears_it() -> None:
    (found,) = examine_command(worn(span=None), [span(0, 10)], DAZHE)
    assert found.detail["time_known"] is False
    assert examine_command(worn(span=None, named="1", commander=PersonType.OFFICER), [], DAZHE) == ()


@pytest.mark.article("lanzhou-new-area-aux:4", "lanzhou-new-area-aux:9(3)")
def test_where_a_document_bars_evidence_taking_no_officer_clears_it() -> None:
    assert not may_assist_evidence(STRICT)
    commanded = worn(named="0001", commander=PersonType.OFFICER)
    (found,) = examine_command(commanded, [span(0, 10)], STRICT)
    assert (found.code, found.severity) == (Code.AUXILIARY_TOOK_EVIDENCE, Severity.BREACH)
    assert set(found.cites) == {"lanzhou-new-area-aux:4", "lanzhou-new-area-aux:9(3)"}
    assert {one.code for one in examine_command(worn(), [], STRICT)} == {
        Code.AUXILIARY_TOOK_EVIDENCE,
        Code.ACTING_ALONE,
    }


@pytest.mark.article("dazhe-2020-aux:9(2)(3)", "longquan-aux:9(2)(3)")
def test_the_others_allow_it_with_an_officer() -> None:
    assert may_assist_evidence(DAZHE)
    assert may_assist_evidence(LONGQUAN)


@given(st.integers(0, 60), st.integers(1, 60), st.lists(st.tuples(st.integers(-90, 90), st.integers(1, 60))))
def test_whether_somebody_was_there_is_what_every_minute_says(
    start: int, length: int, others: list[tuple[int, int]]
) -> None:
    officers = [span(first, first + long) for first, long in others]
    mine = set(range(start, start + length))
    shared = any(mine & set(range(first, first + long)) for first, long in others)
    assert (examine_command(worn(span=span(start, start + length)), officers, DAZHE) == ()) is shared
