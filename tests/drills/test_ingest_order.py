"""F04: the order oracle over all system calls of one ingest."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.drills import ingest_order

# Where CI demands everything, a missing tool is a failure, not a skip.
MAY_SKIP = not os.environ.get("EVIDENCE_REQUIRE_MEDIA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(MAY_SKIP and not shutil.which("strace"), reason="strace is absent"),
]


def test_nothing_is_acknowledged_or_committed_before_it_is_durable() -> None:
    assert ingest_order.lean() == []


@pytest.mark.grown
def test_the_whole_service_acknowledges_nothing_before_it_is_durable() -> None:
    assert ingest_order.whole() == []


def test_what_a_killed_service_had_committed_is_synced_before_the_next_one_answers() -> None:
    assert ingest_order.recovered() == []
