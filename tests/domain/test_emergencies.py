"""How far an emergency has come: asked, refused, open, and over by itself or by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evidence.domain.emergencies import LONGEST, Emergency, EmergencyState

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, EmergencyState.ASKED),
        ({"is_granted": False}, EmergencyState.REFUSED),
        ({"is_granted": True, "until": NOON + HOUR}, EmergencyState.OPEN),
        ({"is_granted": True, "until": NOON}, EmergencyState.OVER),
        ({"is_granted": True, "until": NOON + HOUR, "ended_at": NOON}, EmergencyState.OVER),
        ({"is_granted": True}, EmergencyState.OVER),
    ],
)
def test_the_state_follows_from_decision_and_time(changes: dict[str, object], state: EmergencyState) -> None:
    one = Emergency("e", "p", "r", "x", NOON - HOUR, **changes)  # type: ignore[arg-type]
    assert one.state(NOON) is state


def test_what_was_asked_long_ago_and_not_decided_opens_nothing() -> None:
    assert Emergency("e", "p", "r", "x", NOON).state(NOON + 100 * LONGEST) is EmergencyState.ASKED
