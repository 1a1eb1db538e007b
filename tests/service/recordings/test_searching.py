"""Searching: what is found is what may be known of, by what stands now; one's own searches are one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from evidence.domain.access import Caller, reach
from evidence.domain.rights import Action
from evidence.domain.standing import Classification
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.keeping.holds import Holds
from evidence.service.recordings import searching
from evidence.service.recordings.labelling import Labelling
from evidence.service.recordings.search_ports import Place, Sought, State
from evidence.service.recordings.searching import Found, Searching
from tests.manned_site import PEOPLE, A, B, MannedSite

LABELS = {"case-number": "杭1号", "inspected-party": "甲公司"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> MannedSite:
    """Recordings of everybody, some restricted, some in cases, some opened by an emergency."""
    made = MannedSite(tmp_path_factory.mktemp("site"))
    made.mine = [made.seal(word) for word in ("officer", "second", "aux", "head", "stranger", "999999")]  # type: ignore[attr-defined]
    restricted = made.seal("officer")
    made.restrict(restricted, "custodian", "officer")
    hidden = made.seal("second")
    made.restrict(hidden, "officer")
    made.case(made.seal("stranger"), "custodian", {Action.LIST_RECORDINGS, Action.READ_MANIFEST})
    made.case(made.seal("stranger"), "officer", {Action.READ_MANIFEST})
    made.open_emergency(made.seal("stranger"), "second")
    return made


@pytest.fixture
def desk(site: MannedSite) -> Iterator[Searching]:
    return Searching(site.small.site)


def found(desk: Searching, caller: Caller, **asked: object) -> list[str]:
    return [one.recording_id for one in search(desk, caller, **asked).hits]


def search(desk: Searching, caller: Caller, **asked: object) -> Found:
    unit, after = asked.pop("unit", None), asked.pop("after", None)
    return desk.search(caller, Sought(**asked), unit, after)  # type: ignore[arg-type]


@pytest.mark.parametrize("word", [*PEOPLE, "operator", "integration"])
@pytest.mark.parametrize("action", [Action.READ_MANIFEST, Action.LIST_RECORDINGS])
def test_a_search_reaches_what_the_policy_lets_through_and_nothing_else(
    site: MannedSite, word: str, action: Action
) -> None:
    caller, now = site.caller(word), site.small.clock.now()
    there = reach(caller, action, site.small.site.bars())
    with site.small.database.reading() as unit:
        wanted = {one.recording.id for one in unit.recordings.all(reach=there, at=now)}
        hits = unit.searches.hits(Sought(), there, now, now.date(), None, 100)
        for unit_word in (A, B):
            sought = Sought(unit_ids=frozenset({site.ids[unit_word]}))
            some = unit.searches.hits(sought, there, now, now.date(), None, 100)
            assert {one.recording_id for one in some} == {
                one.recording_id for one in hits if one.unit_id == site.ids[unit_word]
            }
    ids = [one.recording_id for one in hits]
    assert set(ids) == wanted
    assert len(ids) == len(wanted)
    assert ids == [one.recording_id for one in sorted(hits, key=lambda hit: hit.key, reverse=True)]


def test_an_auxiliary_searches_nothing_by_law(desk: Searching, site: MannedSite) -> None:
    with pytest.raises(Refused) as refused:
        search(desk, site.caller("aux"))
    assert refused.value.code == "barred-by-law"


def test_what_is_labelled_is_found_by_how_the_label_begins_and_no_more_by_what_stood_before(
    desk: Searching, site: MannedSite
) -> None:
    custodian, labelling = site.caller("custodian"), Labelling(site.small.site)
    recording = site.seal("officer", labels={"inspected-party": "乙商店"})
    assert found(desk, custodian, party="乙商") == [recording]
    assert recording in found(desk, custodian, state=State.UNLABELLED)
    labelling.give(custodian, [recording], LABELS)
    assert found(desk, custodian, party="乙商") == []
    assert found(desk, custodian, party="甲公", case="杭1") == [recording]
    assert recording not in found(desk, custodian, state=State.UNLABELLED)
    labelling.end(custodian, [recording], "inspected-party", "写错")
    assert found(desk, custodian, party="甲公") == []
    assert recording in found(desk, custodian, state=State.UNLABELLED)
    assert found(desk, custodian, party="%") == found(desk, custodian, case="_") == []


def test_a_number_that_is_to_follow_is_not_missing_until_its_day_is_over(
    desk: Searching, site: MannedSite
) -> None:
    custodian = site.caller("custodian")
    recording = site.seal("officer", labels={"inspected-party": "丙"})
    today = site.small.clock.now().date()
    Labelling(site.small.site).say_not_yet(custodian, [recording], today.replace(day=today.day))
    assert recording not in found(desk, custodian, state=State.UNLABELLED)


def test_holds_classes_and_codes_are_searched_as_they_stand(desk: Searching, site: MannedSite) -> None:
    custodian = site.caller("custodian")
    recording = site.seal("officer")
    assert recording not in found(desk, custodian, state=State.HELD)
    Holds(site.small.site).place(custodian, recording, "objection", "投诉")
    assert recording in found(desk, custodian, state=State.HELD)
    site.restrict(recording, "custodian")
    assert recording in found(desk, custodian, classification=Classification.PRIVACY)
    assert recording not in found(desk, custodian, classification=Classification.ORDINARY)
    assert recording not in found(desk, site.caller("head"))  # nobody named them


def test_pages_follow_on_each_other_without_a_gap_or_a_repeat(
    desk: Searching, site: MannedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST", 2)
    chief, after, seen = site.caller("chief"), None, list[str]()
    while True:
        page = search(desk, chief, after=after)
        seen += [one.recording_id for one in page.hits]
        if (after := page.after) is None:
            break
    monkeypatch.setattr(searching, "MOST", 100)
    assert seen == found(desk, chief)
    assert found(desk, chief, oldest_first=True) == seen[::-1]
    nowhere = Place(datetime(1, 1, 1, tzinfo=UTC), "0" * 32)
    assert found(desk, chief, after=nowhere) == []


def test_counts_are_bounded_and_say_so(
    desk: Searching, site: MannedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    chief = site.caller("chief")
    whole = search(desk, chief).counted
    assert not whole.has_more
    assert sum(count for _, count in whole.units) == whole.total
    monkeypatch.setattr(searching, "MOST_COUNTED", 3)
    some = search(desk, chief).counted
    assert (some.total, some.has_more) == (3, True)


def test_a_look_is_logged_and_the_name_of_a_party_is_no_fact(desk: Searching, site: MannedSite) -> None:
    search(desk, site.caller("custodian"), party="甲公司", wearer="010001")
    entry = json.loads(site.small.log()[-1])
    assert (entry["act"], entry["facts"]) == (
        "evidence.list", {"list": "search", "asked": {"wearer": "010001"}},
    )  # fmt: skip
    assert list(entry["pd"]) == ["party"]
    assert "甲公司" not in json.dumps(entry, ensure_ascii=False)


def test_a_unit_that_is_not_there_is_not_found(desk: Searching, site: MannedSite) -> None:
    with pytest.raises(NotFound):
        search(desk, site.caller("custodian"), unit="0" * 32)


def test_a_saved_search_is_nobody_elses_and_is_gone_when_it_is_taken_away(
    desk: Searching, site: MannedSite
) -> None:
    custodian, head = site.caller("custodian"), site.caller("head")
    theirs, before = desk.saved(head), desk.saved(custodian)
    desk.save(custodian, "我的", "party=%E7%94%B2&state=held")
    (mine,) = (one for one in desk.saved(custodian) if one not in before)
    assert (mine.name, mine.asked, desk.saved(head)) == ("我的", "party=%E7%94%B2&state=held", theirs)
    for caller, id_ in ((head, mine.id), (custodian, "0" * 32), (custodian, "x")):
        with pytest.raises(NotFound):
            desk.forget(caller, id_)
    assert mine in desk.saved(custodian)
    desk.forget(custodian, mine.id)
    assert desk.saved(custodian) == before
    assert "%E7%94%B2" not in site.small.dump()


@pytest.mark.parametrize(
    ("name", "asked"), [("", "a=b"), ("x" * 61, "a=b"), ("=1", "a=b"), ("好", "甲"), ("好", "a" * 1001)]
)
def test_what_cannot_be_a_name_or_an_address_is_not_saved(
    desk: Searching, site: MannedSite, name: str, asked: str
) -> None:
    before: Sequence[object] = desk.saved(site.caller("head"))
    with pytest.raises(Invalid):
        desk.save(site.caller("head"), name, asked)
    assert desk.saved(site.caller("head")) == before


def test_a_name_is_taken_once_and_there_is_an_end_to_them(
    desk: Searching, site: MannedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = site.caller("head")
    desk.save(head, "一", "state=held")
    with pytest.raises(Conflict, match="name-taken"):
        desk.save(head, "一", "state=held")
    monkeypatch.setattr(searching, "MOST_SAVED", 1)
    with pytest.raises(Conflict, match="too-many-saved"):
        desk.save(head, "二", "state=held")


def test_the_rows_of_search_are_those_that_would_be_made_anew(site: MannedSite) -> None:
    from evidence.adapters.db import replay

    def rows() -> list[str]:
        return sorted(line for line in site.small.dump().splitlines() if line.startswith("search_"))

    before = rows()
    with site.small.database.writing() as unit:
        replay.make_searchable(unit)
    assert rows() == before
