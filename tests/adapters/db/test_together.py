"""Entries of many who look at once: one commit for all who wait, each durable before who asked goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import event

from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.audit import Act, Entry, Family
from evidence.ledger.entries import read_entry
from evidence.service.together import Together
from tests.builders import START

MANY = 20
Asked = list[Future[Any]]
Look = tuple[Entry, datetime]
Looks = Together[Look, Any]


def entry(number: int) -> Entry:
    return Entry(Act.PLAY, f"{number:032}", (("recording", "0" * 32),), facts={"start": number})


def crowd(pool: ThreadPoolExecutor, together: Looks, numbers: Sequence[int]) -> Asked:
    """Let everybody of these ask, one after another, and return when all wait."""
    waits = len(together._waiting)
    asked = []
    for place, number in enumerate(numbers, 1):
        asked.append(pool.submit(together.add, (entry(number), START + timedelta(seconds=number))))
        until(lambda: len(together._waiting) == waits + place)  # noqa: B023  (asked before the next)
    return asked


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


class Disc:
    """Writes when it is let; the first write waits, and those of `broken` fail."""

    def __init__(self, *broken: int) -> None:
        self.reached, self.may_go = Event(), Event()
        self.written: list[tuple[list[int], datetime]] = []
        self._broken = broken

    def write(self, looks: Sequence[Look]) -> Sequence[int]:
        self.reached.set()
        assert self.may_go.wait(20)
        numbers = [int(str(one.facts["start"])) for one, _ in looks]
        self.written.append((numbers, max(at for _, at in looks)))
        if len(self.written) in self._broken:
            raise OSError("no space")
        return numbers


def after_one(disc: Disc, pool: ThreadPoolExecutor) -> tuple[Looks, Asked]:
    """Let one begin to commit, and the others come meanwhile."""
    together = Together(disc.write)
    first = pool.submit(together.add, (entry(0), START))
    assert disc.reached.wait(20)
    return together, [first, *crowd(pool, together, range(1, MANY))]


def test_who_comes_during_a_commit_shares_the_next_one_in_the_order_of_coming() -> None:
    disc = Disc()
    with ThreadPoolExecutor(MANY) as pool:
        _, asked = after_one(disc, pool)
        assert not any(one.done() for one in asked), "nobody goes on whose entry is not written"
        disc.may_go.set()
        assert [one.result(20) for one in asked] == list(range(MANY)), "to each what came of their own"
    last = START + timedelta(seconds=MANY - 1)
    assert disc.written == [([0], START), (list(range(1, MANY)), last)]


def test_a_commit_that_fails_fails_for_all_of_it_and_for_nobody_else() -> None:
    disc = Disc(2)
    with ThreadPoolExecutor(MANY) as pool:
        together, asked = after_one(disc, pool)
        disc.may_go.set()
        asked[0].result(20)
        for one in asked[1:]:
            with pytest.raises(OSError, match="no space"):
                one.result(20)
        together.add((entry(99), START))
    assert disc.written[-1] == ([99], START), "who comes later is not told of it"


def test_one_after_another_each_has_a_commit_of_their_own() -> None:
    disc = Disc(1)
    disc.may_go.set()
    together = Together(disc.write)
    with pytest.raises(OSError, match="no space"):
        together.add((entry(1), START))
    together.add((entry(2), START))
    assert [numbers for numbers, _ in disc.written] == [[1], [2]]


def test_entries_that_share_a_transaction_are_chained_as_any_others(database: SqlDatabase) -> None:
    begun: list[bool] = []

    def note(connection: object) -> None:
        begun.append(True)

    with ThreadPoolExecutor(MANY) as pool:
        with database.writing() as unit:
            first = pool.submit(database.log, entry(0), START)
            until(lambda: database._looks._is_busy and not database._looks._waiting)
            asked = crowd(pool, database._looks, range(1, MANY))
            unit.log.append(Entry(Act.INIT, "operator"), START)
            event.listen(database.engine, "commit", note)
        for one in (first, *asked):
            one.result(20)
    event.remove(database.engine, "commit", note)
    with database.reading() as unit:
        about = list(unit.log.about(Family.ACCESS, "0" * 32))
    assert [index for _, index, _ in about] == list(range(MANY))
    assert [read_entry(body)["facts"]["start"] for _, _, body in about] == list(range(MANY))
    assert len(begun) <= 3, "of the other writer, of the first, of all the rest"
