"""Labels: one form for each text, judged by the pack; what stands and what is missing follows the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.adapters.packs import load_pack
from evidence.domain.labels import (
    DOCK,
    LONGEST,
    Given,
    history,
    read_value,
    shortage,
    standing_of,
    values_of,
    verify_by_pack,
)
from evidence.errors import Invalid, Known
from evidence.policy.rules import Label, Pack

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
DAZHE, LONGQUAN, MONGOLIA = (load_pack(name).latest for name in ("dazhe-2020", "longquan", "inner-mongolia"))
REQUIRED = DAZHE.labels.labels


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("case-number", "  杭综执罚〔2026〕12号\u3000", "杭综执罚〔2026〕12号"),
        ("inspected-party", "某某餐饮有限公司", "某某餐饮有限公司"),
        ("officer", "010001、010002，010001 010003", "010001 010002 010003"),
        (
            "time",
            "2026-03-02T09:00:00+08:00/2026-03-02T10:30:00+08:00",
            "2026-03-02T01:00:00.000000Z/2026-03-02T02:30:00.000000Z",
        ),
    ],
)
def test_a_text_has_one_form_and_reading_it_again_changes_nothing(name: str, text: str, form: str) -> None:
    assert read_value(Label(name), text) == form
    assert read_value(Label(name), form) == form


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("case-number", "   "),
        ("case-number", "x" * (LONGEST + 1)),
        ("place", "a\nb"),
        ("place", "a\x1b[2J"),
        ("inspected-party", "a\u202eb"),
        ("officer", "、"),
        ("officer", "1,,2,"),
        ("officer", " ".join(map(str, range(21)))),
        ("time", "2026-03-02T09:00:00Z"),
        ("time", "2026-03-02T09:00:00/2026-03-02T10:00:00"),  # in which zone?
        ("time", "2026-03-02T09:00:00Z/2026-03-02T09:00:00Z"),
        ("time", "2026-03-02T10:00:00Z/2026-03-02T09:00:00Z"),
        ("time", "0001-01-01T00:00:00+14:00/2026-03-02T09:00:00Z"),
    ],
)
def test_a_text_that_is_none_is_refused_by_the_name_of_its_label(name: str, text: str) -> None:
    with pytest.raises(Invalid, match="invalid-label") as told:
        read_value(Label(name), text)
    assert told.value.fields == {"label": name}


def judged(pack: Pack, new: dict[str, str], beside: dict[str, str] | None = None) -> None:
    verify_by_pack(new, {**(beside or {}), **new}, pack)


@pytest.mark.article("dazhe-2020:annex", "longquan:annex")
@pytest.mark.parametrize("pack", [DAZHE, LONGQUAN], ids=lambda pack: pack.id)
def test_kind_stage_and_matter_come_from_one_line_of_the_annex(pack: Pack) -> None:
    for line in pack.must_record:
        words = {"category": line.category, "stage": line.stage, "matter": line.matter}
        judged(pack, words)
        for name, text in words.items():
            judged(pack, {name: text})
    hearing = next(line for line in pack.must_record if line.stage == "听证")
    for new, beside in (
        ({"category": "行政许可"}, {}),
        ({"matter": hearing.matter[:-1]}, {}),
        ({"matter": hearing.matter, "category": "行政检查"}, {}),
        ({"category": "行政检查"}, {"stage": "听证"}),
    ):
        with pytest.raises(Invalid, match="not-in-annex"):
            judged(pack, new, beside)
    judged(pack, {"place": "x"}, {"category": "what a dock said"})


@pytest.mark.parametrize(
    ("new", "beside", "wrong"),
    [
        ({"category": "行政处罚", "stage": "听证", "matter": "开会"}, {}, "matter"),
        ({"category": "行政许可", "stage": "听证"}, {}, "category"),
        ({"category": "行政处罚", "stage": "庆祝"}, {}, "stage"),
        ({"category": "行政检查", "stage": "听证"}, {}, "stage"),
        ({"category": "行政检查"}, {"stage": "听证"}, "category"),
    ],
)
def test_the_word_that_does_not_fit_is_the_one_that_is_named(
    new: dict[str, str], beside: dict[str, str], wrong: str
) -> None:
    with pytest.raises(Invalid, match="not-in-annex") as told:
        judged(DAZHE, new, beside)
    fields = dict(told.value.fields)
    known = fields.pop("known")
    assert fields == {"label": wrong, "found": new[wrong]}
    assert isinstance(known, Known)
    others = {key: word for key, word in {**beside, **new}.items() if key != wrong}
    for word in known.taken:
        judged(DAZHE, {wrong: word}, others)


def test_the_words_that_the_annex_has_beside_the_others_are_told() -> None:
    with pytest.raises(Invalid, match="not-in-annex") as told:
        judged(DAZHE, {"category": "行政检查", "stage": "听证"})
    known = told.value.known
    assert known is not None
    assert set(known.taken) == {one.stage for one in DAZHE.must_record if one.category == "行政检查"}


def test_a_pack_without_an_annex_has_no_words_for_these_labels() -> None:
    with pytest.raises(Invalid, match="not-in-annex"):
        judged(MONGOLIA, {"category": "行政检查"})


def test_a_case_number_has_the_form_of_the_pack_where_it_gives_one() -> None:
    strict = replace(DAZHE, labels=replace(DAZHE.labels, case_number=r"杭\d{4}-\d+"))
    judged(strict, {"case-number": "杭2026-7"})
    for wrong in ("杭2026-", "杭2026-7 ", "杭２０２６-7", "x杭2026-7"):
        with pytest.raises(Invalid, match="case-number-form"):
            judged(strict, {"case-number": wrong})
        judged(DAZHE, {"case-number": wrong})


def said(serial: int, name: str, value: str | None, **how: object) -> Given:
    at = START + timedelta(seconds=serial)
    given = Given(f"{serial:032}", serial, name, value, None, "somebody", at)
    return replace(given, **how)  # type: ignore[arg-type]


def test_what_came_with_the_recording_is_the_first_of_the_history_and_stands_until_more_is_said() -> None:
    docked = {"case-number": "A", "commander": "7", "empty": ""}
    told = history(docked, START, [])
    assert [(one.name, one.value, one.given_by, one.serial) for one in told] == [
        ("case-number", "A", DOCK, 0),
        ("commander", "7", DOCK, 0),
    ]
    rows = [
        said(1, "case-number", None, given_by=DOCK, ended_at=START),
        said(2, "case-number", "B"),
    ]
    told = history(docked, START, rows)
    assert [(one.name, one.value) for one in told] == [
        ("commander", "7"),
        ("case-number", "A"),  # its words stand in the recording
        ("case-number", "B"),
    ]
    assert values_of(standing_of(told)) == {"commander": "7", "case-number": "B"}


@pytest.mark.article("dazhe-2020:12")
def test_a_case_number_that_is_to_follow_is_missing_when_its_day_is_over() -> None:
    party = said(1, "inspected-party", "某公司")
    for days, missing, overdue in ((0, (), False), (3, (), False), (-1, ("case-number",), True)):
        number = said(2, "case-number", None, due=TODAY + timedelta(days=days))
        lacks = shortage(REQUIRED, standing_of([party, number]), TODAY)
        assert (lacks.missing, lacks.due, lacks.is_overdue) == (missing, number.due, overdue)
    nothing = shortage(REQUIRED, {}, TODAY)
    assert nothing.missing == ("case-number", "inspected-party"), "officer and time come with the recorder"
    assert not nothing.is_overdue
    assert shortage(("place",), standing_of([said(1, "case-number", None, due=TODAY)]), TODAY).due is None


def test_words_that_a_rebuild_could_not_bring_back_count_as_missing() -> None:
    lost = said(1, "inspected-party", None)
    assert "inspected-party" in shortage(REQUIRED, standing_of([lost]), TODAY).missing


NAMES = st.sampled_from(("case-number", "inspected-party", "place"))
TOLD = st.lists(st.tuples(NAMES, st.sampled_from(("say", "not-yet", "end")), st.integers(-3, 3)), max_size=30)


@given(TOLD, st.sets(NAMES))
def test_what_is_missing_is_what_a_look_through_the_whole_history_says(
    acts: list[tuple[str, str, int]], docked: set[str]
) -> None:
    rows: list[Given] = []

    def end(name: str) -> None:
        stands = [row for row in rows if row.name == name and row.ended_at is None]
        if not stands and name in docked and not any(row.name == name for row in rows):
            stands = [said(len(rows) + 1, name, None, given_by=DOCK)]
            rows.append(stands[0])
        for row in stands:
            rows[rows.index(row)] = replace(row, ended_at=START)

    last: dict[str, tuple[str, int]] = dict.fromkeys(docked, ("say", 0))
    for name, act, days in acts:
        if act == "not-yet":
            name = "case-number"
        end(name)
        last[name] = (act, days)
        if act != "end":
            due = TODAY + timedelta(days=days) if act == "not-yet" else None
            rows.append(said(len(rows) + 1, name, None if due else "x", due=due))
    stands = standing_of(history(dict.fromkeys(docked, "d"), START, rows))
    here = {name for name, (act, days) in last.items() if act == "say" or (act == "not-yet" and days >= 0)}
    wanted = tuple(name for name in ("case-number", "inspected-party", "place") if name not in here)
    assert shortage(("case-number", "inspected-party", "place"), stands, TODAY).missing == wanted
    assert set(values_of(stands)) == {name for name, (act, _) in last.items() if act == "say"}
