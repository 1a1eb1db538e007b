"""Check-points as values: their states, what belongs to one activity, what is like a phrase."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.domain.hearing import LEAST_LIKE_PERCENT, Transcript, Utterance, find_phrase
from evidence.domain.markers import (
    Marker,
    MarkerState,
    Need,
    Proposal,
    Shown,
    activities,
    is_inside,
    need_of,
)
from evidence.domain.spans import Span
from evidence.policy.check_points import MarkerKind

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PROPOSED = Marker(
    "a",
    "r",
    MarkerKind.NOTICE_GIVEN,
    1000,
    2000,
    "here@1",
    Proposal("webrtcvad-wheels 2", {"rate": 16000}, NOW),
)
PINNED = replace(PROPOSED, proposal=None, pinned_by="p", pinned_at=NOW)
PHRASE = "为保护您的合法权益，监督我们的执法行为，本次执法全程录音录像。"


def test_the_state_is_read_from_who_did_what() -> None:
    confirmed = replace(PROPOSED, pinned_by="p", pinned_at=NOW)
    states = [one.state for one in (PROPOSED, confirmed, PINNED)]
    assert states == [MarkerState.PROPOSED, MarkerState.PINNED, MarkerState.PINNED]
    ended = [replace(one, ended_by="p", ended_at=NOW) for one in (PROPOSED, confirmed)]
    assert [one.state for one in ended] == [MarkerState.DISMISSED, MarkerState.WITHDRAWN]


def test_a_proposal_is_no_check_point_and_what_was_taken_back_is_none_any_more() -> None:
    kind = MarkerKind.NOTICE_GIVEN
    assert need_of(kind, []) is Need.MISSING
    assert need_of(kind, [PROPOSED]) is Need.PROPOSED
    assert need_of(kind, [PROPOSED, PINNED]) is Need.PINNED
    assert need_of(kind, [replace(PINNED, ended_at=NOW)]) is Need.MISSING
    assert need_of(MarkerKind.CREDENTIALS_SHOWN, [PINNED]) is Need.MISSING


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "is_in"),
    [
        (0, 10_000, True),
        (9_999, 10_000, True),
        (0, 10_001, False),
        (-1, 5, False),
        (5, 5, False),
        (6, 5, False),
    ],
)
def test_a_check_point_lies_within_its_recording(from_ms: int, to_ms: int, is_in: bool) -> None:
    assert is_inside(from_ms, to_ms, 10_000) is is_in


def shown(id_: str, start: int, length: int = 10, **changes: str) -> Shown:
    began = NOW + timedelta(minutes=start)
    who = {"device": "D", "wearer": "W", **changes}
    return Shown(id_, who["device"], who["wearer"], Span(began, began + timedelta(minutes=length)))


def test_files_of_one_recorder_and_wearer_close_together_are_one_activity() -> None:
    rows = [
        shown("a", 0),
        shown("b", 20),
        shown("c", 60),  # half an hour behind the end of b
        shown("d", 25, device="E"),
        shown("e", 30, wearer="V"),
        Shown("f", "D", "W", None),
    ]
    found = {one.ids for one in activities(rows, timedelta(minutes=30))}
    assert found == {("a", "b"), ("c",), ("d",), ("e",), ("f",)}


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=12))
def test_every_recording_is_in_one_activity_whatever_overlaps(times: list[tuple[int, int]]) -> None:
    rows = [shown(str(n), start, length) for n, (start, length) in enumerate(times)]
    found = activities(rows, timedelta(minutes=30))
    assert sorted(id_ for one in found for id_ in one.ids) == sorted(one.recording_id for one in rows)


def said(*texts: str) -> list[Utterance]:
    return [Utterance(1000 * n, 1000 * n + 900, text) for n, text in enumerate(texts)]


def test_a_phrase_is_found_over_several_utterances_whatever_signs_the_engine_writes() -> None:
    like = find_phrase(
        PHRASE, said("你好", "为保护您的合法权益 监督我们的执法行为", "本次执法全程录音录像", "开始检查")
    )
    assert like is not None
    assert (like.from_ms, like.to_ms, like.percent) == (1000, 2900, 100)


def test_a_phrase_misheard_in_part_is_proposed_with_how_much_is_alike() -> None:
    like = find_phrase(PHRASE, said("为保护你的合法权利监督我们的执法行为本次执法全城录音录像"))
    assert like is not None
    assert LEAST_LIKE_PERCENT <= like.percent < 100


@pytest.mark.parametrize("texts", [(), ("今天天气很好",), ("录音录像",), ("",)])
def test_other_words_are_not_taken_for_the_phrase(texts: tuple[str, ...]) -> None:
    assert find_phrase(PHRASE, said(*texts)) is None


def test_words_are_those_said_in_a_time() -> None:
    heard = Transcript(tuple(said("一", "二", "三")))
    assert heard.within(900, 1500) == "二"
    assert heard.within(0, 2500) == "一 二 三"
    assert heard.within(5000, 6000) is None
