"""The stable name of what must be explained: kept by the same thing, not inherited by another."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.subjects import (
    Place,
    Subject,
    finding_subject,
    is_name,
    late_subject,
    missing_subject,
    recognise,
)
from tests.domain.lots import Lots, a_seed

SECOND = timedelta(seconds=1)
GAP = Finding(
    Code.GAP_BETWEEN_FILES,
    Severity.ATTENTION,
    "a.mp4",
    start_s=60.0,
    end_s=101.0,
    measured=41.0,
    limit=1.0,
    detail={"before": "a.mp4", "after": "b.mp4", "gap_s": 41.0, "least_s": 40.0},
)


def subject(one: Finding = GAP, device: str = "D") -> Subject:
    return finding_subject(device, one.as_json())


def moved(**changes: float) -> Finding:
    """The same gap with other numbers."""
    return replace(GAP, **changes)


def test_the_name_is_the_same_for_what_is_found_again_however_it_is_judged() -> None:
    assert is_name(subject().name)
    for again in (
        replace(GAP, severity=Severity.BREACH),
        replace(GAP, limit=0.5, cites=("longquan:1",)),
        replace(GAP, detail={**GAP.detail, "least_s": 39.0, "from": "2026-03-02T09:00:00.000000Z"}),
    ):
        assert subject(again) == subject()


OTHERS: Mapping[str, Finding] = {
    "another code": replace(GAP, code=Code.OVERLAP),
    "another file": replace(GAP, file="c.mp4"),
    "another file behind": replace(GAP, detail={**GAP.detail, "after": "c.mp4"}),
    "other numbers": replace(GAP, detail={**GAP.detail, "missing": [3]}),
    "other words": replace(GAP, measured="moov"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_whatever_differs_but_the_place_is_another_kind(what: str) -> None:
    assert subject(OTHERS[what]).kind != subject().kind
    assert recognise([subject(OTHERS[what])], [subject()], timedelta(days=1)) == {}


def test_another_recorder_is_another_kind() -> None:
    assert subject(device="E").kind != subject().kind


@pytest.mark.article("dazhe-2020:9.1")
@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({"start_s": 61.0, "end_s": 102.0}, True),
        ({"start_s": 61.001, "end_s": 102.0}, False),
        ({"end_s": 102.0, "measured": 42.0}, True),
        ({"end_s": 102.001, "measured": 42.001}, False),
        ({"measured": 3600.0, "end_s": 3660.0}, False),
    ],
)
def test_a_place_may_differ_by_the_tolerance_of_the_pack_and_no_more(
    changes: Mapping[str, float], is_same: bool
) -> None:
    found = subject(moved(**changes))
    same = recognise([found], [subject()], SECOND)
    assert same == ({found.name: subject()} if is_same else {})


def test_a_place_that_is_known_is_not_one_that_is_unknown() -> None:
    unknown = subject(replace(GAP, start_s=None, end_s=None))
    assert recognise([unknown], [subject()], timedelta(days=1)) == {}
    assert recognise([unknown], [unknown], timedelta(0)) == {unknown.name: unknown}


def test_measured_in_another_unit_is_no_length() -> None:
    counted = replace(GAP, measured=3.0, detail={"unit": "files"})
    assert subject(counted).place.length_ms is None
    assert subject(replace(counted, measured=4.0)) == subject(counted)


def test_a_late_file_is_another_thing_when_it_is_later_and_a_missing_one_stays_the_same() -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert late_subject("D", "a", hour).kind == late_subject("D", "a", day).kind
    assert recognise([late_subject("D", "a", day)], [late_subject("D", "a", hour)], SECOND) == {}
    assert missing_subject("D", "a") == missing_subject("D", "a")
    assert missing_subject("D", "a").kind not in (
        late_subject("D", "a", hour).kind,
        missing_subject("D", "b").kind,
    )


def test_small_steps_do_not_carry_an_explanation_on() -> None:
    first = subject()
    steps = [subject(moved(start_s=60.0 + n * 0.8, end_s=101.0 + n * 0.8)) for n in range(4)]
    assert [bool(recognise([one], [first], SECOND)) for one in steps] == [True, True, False, False]


def test_of_several_the_nearest_is_the_same_and_each_only_once() -> None:
    """Held against all assignments: one to one, within tolerance, none nearer left over."""
    lots = Lots(a_seed())
    for _ in range(300):
        places = [Place(lots.one(range(0, 4000, 100)), None, 500) for _ in range(7)]
        found = {one.name: one for one in map(_at, places[:4])}
        known = {one.name: one for one in map(_at, places[4:])}
        same = recognise(found.values(), known.values(), SECOND)
        assert len({other.name for other in same.values()}) == len(same), "each only once"
        for name, other in same.items():
            assert (found[name].place.distance(other.place) or 0) <= 1000
        assert all(same[name].name == name for name in found.keys() & known.keys())
        free = known.keys() - {one.name for one in same.values()}
        for name, other_name in itertools.product(found, free):
            distance = found[name].place.distance(known[other_name].place)
            assert distance is not None
            mine = same.get(name)
            nearest = None if mine is None else found[name].place.distance(mine.place)
            assert distance > 1000 or (nearest is not None and nearest <= distance)


def _at(place: Place) -> Subject:
    length = (place.length_ms or 0) / 1000
    return subject(replace(GAP, start_s=(place.start_ms or 0) / 1000, end_s=None, measured=length))
