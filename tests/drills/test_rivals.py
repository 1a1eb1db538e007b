"""F26 and F27, short: rivals at one upload, and finished uploads sent again (whole: 10,000 tries each)."""

from __future__ import annotations

import os
import random

import pytest

from tests.drills import rivals

SEED = int(os.environ.get("EVIDENCE_DRILL_SEED", random.randrange(10**6)))


@pytest.mark.grown
def test_of_two_clients_at_one_offset_one_wins_and_no_bytes_are_mixed() -> None:
    assert rivals.rivals(80, SEED)


@pytest.mark.grown
def test_of_two_clients_over_http_one_wins_and_no_bytes_are_mixed() -> None:
    assert rivals.rivals_over_http(8, SEED)


def test_a_finished_upload_sent_again_is_the_same_recording_with_the_same_receipt() -> None:
    assert rivals.repeats(60, SEED)
