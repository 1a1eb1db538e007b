"""The probes of what this machine can inject: what it can is never taken for something it can not."""

from __future__ import annotations

import pytest

from tests.drills import capabilities, tracer


@pytest.mark.skipif(not tracer.NAMES, reason="no table of system calls for this kind of machine")
def test_that_a_process_can_be_traced_and_killed_is_found_each_time() -> None:
    assert [capabilities.ptrace() for _ in range(25)] == [None] * 25
