"""Which log an act goes to: looks and denials to that of their year, everything else to custody for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from evidence.domain.audit import Act, Family, family_of, log_of

LOOKS = {
    *(
        Act.READ_ORIGINAL,
        Act.PLAY,
        Act.READ_LIST,
        Act.READ_MANIFEST,
        Act.READ_LOG,
        Act.DENIED,
        Act.PERSON_READ,
    ),
    *(Act.SIGN_IN, Act.SESSION_END, Act.SIGN_IN_FAIL, Act.LOCK, Act.EMERGENCY_USE),
    *(Act.READ_GRANTS, Act.READ_VIEWS, Act.READ_DENIALS, Act.READ_NOTICES),
    *(Act.SHARE_READ, Act.SHARE_FAIL),
}


def test_looks_and_denials_go_to_access_and_every_other_act_to_custody() -> None:
    assert {act for act in Act if family_of(act) is Family.ACCESS} == LOOKS
    assert {act for act in Act if family_of(act) is Family.CUSTODY} == set(Act) - LOOKS


@pytest.mark.parametrize(
    ("at", "year"),
    [
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "2026"),
        (datetime(2027, 1, 1, tzinfo=UTC), "2027"),
        (datetime(2027, 1, 1, 7, 59, tzinfo=timezone(timedelta(hours=8))), "2026"),
        (datetime(2026, 12, 31, 20, 0, tzinfo=timezone(timedelta(hours=-8))), "2027"),
        (datetime(999, 1, 1, tzinfo=UTC), "0999"),
    ],
)
def test_the_year_of_an_access_log_is_that_of_utc_and_custody_has_none(at: datetime, year: str) -> None:
    assert log_of(Family.ACCESS, at) == f"access/{year}"
    assert log_of(Family.CUSTODY, at) == "custody"
