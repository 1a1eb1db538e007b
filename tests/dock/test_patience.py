"""Patience: tries again while it may help, waits longer each time, and gives up on time."""

from __future__ import annotations

import time
from threading import Event, Timer

import pytest

from evidence.dock.patience import Patience, Trying, is_passing
from evidence.errors import Busy, Conflict, EvidenceError, IntegrityFault, NoSpace, Refused, Unavailable

QUICK = Patience(first_s=0.001, longest_s=0.01, total_s=0.1, contact_s=0.02)
LINE = Unavailable("no-answer")


def test_only_what_may_pass_is_tried_again() -> None:
    for passing in (
        LINE,
        NoSpace(),
        Busy("upload-busy"),
        Conflict("offset-differs"),
        Conflict("checksum-differs"),
    ):
        assert is_passing(passing)
    for lasting in (Refused(), Conflict("name-reused"), IntegrityFault(), Unavailable("stopped")):
        assert not is_passing(lasting)
        with pytest.raises(EvidenceError, match=lasting.code):
            Trying(QUICK, Event(), lambda *_: None).again(lasting)


def test_waits_double_up_to_the_longest_and_start_anew_after_progress() -> None:
    waits: list[float] = []
    trying = Trying(Patience(0.001, 0.004, 60), Event(), lambda _, s: waits.append(s))
    for _ in range(4):
        trying.again(LINE)
    trying.progress()
    trying.again(LINE)
    assert waits == [0.001, 0.002, 0.004, 0.004, 0.001]


def test_the_wait_the_service_asks_for_is_kept_within_bounds() -> None:
    waits: list[float] = []
    trying = Trying(Patience(0.001, 0.02, 60), Event(), lambda _, s: waits.append(s))
    trying.again(NoSpace("no-space", retry_after_s=10**9))
    assert waits == [0.02]


def test_patience_ends_with_the_problem_itself_and_is_short_until_something_moves() -> None:
    def tries(trying: Trying) -> float:
        start = time.monotonic()
        with pytest.raises(Unavailable, match="no-answer"):
            while True:
                trying.again(LINE)
        return time.monotonic() - start

    trying = Trying(QUICK, Event(), lambda *_: None)
    assert tries(trying) >= QUICK.total_s
    assert tries(trying) < QUICK.total_s
    trying.progress()
    assert tries(trying) >= QUICK.total_s


def test_a_wish_to_stop_ends_the_longest_wait() -> None:
    stop = Event()
    Timer(0.05, stop.set).start()
    with pytest.raises(Unavailable, match="stopped"):
        Trying(Patience(60, 60, 600), stop, lambda *_: None).again(LINE)
