"""Searches in SQL, on both engines: what comes in one row is what stands in the rows, in order and once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from evidence.adapters.db.people_tables import unit as unit_table
from evidence.adapters.db.repositories import searches
from evidence.adapters.db.repositories.one_row import OneRow
from evidence.domain.access import reach
from evidence.domain.people import Unit
from evidence.domain.rights import Action
from evidence.domain.standing import Classification
from evidence.service.keeping.holds import Holds
from evidence.service.recordings.search_ports import Hit, Sought, State
from evidence.service.recordings.searching import Searching
from tests.builders import START, SmallSite
from tests.manned_site import A, B, MannedSite

ODD = 'a "b" \\ \t\x1f 案 \U0001f4f9 {}'


@pytest.fixture
def site(small: SmallSite) -> MannedSite:
    """A manned site on each engine."""
    return MannedSite(small.folder, small)


def hits(site: MannedSite, word: str, sought: Sought, most: int = 100) -> Sequence[Hit]:
    caller, now = site.caller(word), site.small.clock.now()
    there = reach(caller, Action.READ_MANIFEST, site.small.site.bars())
    with site.small.database.reading() as unit:
        return unit.searches.hits(sought, there, now, now.date(), None, most)


def test_rows_in_one_are_the_rows_whatever_stands_in_them(small: SmallSite) -> None:
    with small.database.reading() as unit:
        assert OneRow(select(unit_table).where(unit_table.c.id == "nobody")).of(unit.connection) == []
    named = [Unit("0" * 31 + str(n), f"{ODD}{n}", f"/{n}/") for n in range(3)]
    with small.database.writing() as unit:
        for one in named:
            unit.units.add(one, START)
        unit.units.close(named[1].id, START)
    with small.database.reading() as unit:
        rows = [tuple(row) for row in unit.connection.execute(select(unit_table))]
        told = [tuple(row) for row in OneRow(select(unit_table)).of(unit.connection)]
        assert sorted(told) == sorted(rows)
        assert [one for one in unit.units.all() if one.id == named[0].id] == named[:1]
        assert [one.path for one in unit.units.all()] == sorted(one.path for one in unit.units.all())


def test_a_recording_that_is_reached_on_several_ways_is_found_once_and_in_order(site: MannedSite) -> None:
    mine = [site.seal(word) for word in ("officer", "stranger", "second")]
    for one in mine[:2]:
        site.case(one, "head", {Action.READ_MANIFEST})
    site.open_emergency(mine[0], "head")
    first = hits(site, "head", Sought())
    newest = [one.recording_id for one in sorted(first, key=lambda one: (one.at, one.recording_id))[::-1]]
    assert sorted(newest) == sorted(mine)
    assert [one.recording_id for one in first] == newest
    assert [one.recording_id for one in hits(site, "head", Sought(oldest_first=True))] == newest[::-1]
    assert [one.recording_id for one in hits(site, "head", Sought(), 2)] == newest[:2]


def test_a_hit_tells_what_stands_of_it(site: MannedSite) -> None:
    plain, other = site.seal("officer"), site.seal("second")
    Holds(site.small.site).place(site.caller("custodian"), other, "objection", "投诉")
    site.restrict(other, "custodian")
    told = {one.recording_id: one for one in hits(site, "custodian", Sought())}
    assert told[plain].states == {State.UNLABELLED}
    assert told[other].states == {State.UNLABELLED, State.HELD}
    assert told[other].classification is Classification.PRIVACY
    assert told[plain].unit_id == site.ids[A]
    assert told[plain].codes == tuple(told[plain].finds.split())


def test_of_many_units_the_same_is_found_as_of_few(site: MannedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    for word in ("officer", "stranger", "second"):
        site.seal(word)
    in_both = Sought(unit_ids=frozenset({site.ids[A], site.ids[B]}))
    few = [hits(site, word, sought) for word in ("head", "chief") for sought in (Sought(), in_both)]
    assert all(few)
    monkeypatch.setattr(searches, "MANY_UNITS", 0)
    assert [hits(site, word, sought) for word in ("head", "chief") for sought in (Sought(), in_both)] == few


def test_what_is_counted_is_what_was_found(site: MannedSite) -> None:
    for word in ("officer", "stranger", "officer"):
        site.seal(word)
    found = Searching(site.small.site).search(site.caller("chief"), Sought(), None, None)
    assert found.counted.total == len(found.hits) == 3
    assert dict(found.counted.units) == {site.ids[A]: 2, site.ids[B]: 1}
    assert dict(found.counted.states) == {"unlabelled": 3}
    codes = [code for one in found.hits for code in one.codes]
    assert dict(found.counted.codes) == {code: codes.count(code) for code in codes}
