"""Lists in SQL show exactly what the policy admits one by one (drill A05), on both engines.

The crowd is drawn by lot and known as plain facts: the callers and standings that SQL tells are held against
these first, the lists against the policy after that.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evidence.adapters.db.unit_of_work import SqlDatabase
from tests.adapters.db import crowd_checks
from tests.adapters.db.crowd import Crowd
from tests.domain.lots import Lots, a_seed


class _Undone(Exception):
    """Nothing of a crowd is kept."""


@pytest.fixture
def crowd(database: SqlDatabase) -> Iterator[Crowd]:
    with pytest.raises(_Undone), database.writing() as unit:
        yield Crowd(unit.standings._db, Lots(a_seed()))
        raise _Undone


def test_a_person_is_the_caller_that_their_grants_make_of_them(crowd: Crowd) -> None:
    crowd_checks.check_callers(crowd)


def test_a_recording_stands_as_cases_readers_and_events_make_it(crowd: Crowd) -> None:
    crowd_checks.check_standings(crowd)


def test_a_list_is_what_the_single_question_admits_one_by_one(crowd: Crowd) -> None:
    assert crowd_checks.check_lists(crowd) > 10_000
