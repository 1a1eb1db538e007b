"""Lists in SQL: a reach is of a moment, and what it covers one by one is what it lists."""

from __future__ import annotations

import pytest

from evidence.domain.access import Reach, reach
from evidence.domain.rights import ABOUT_RECORDINGS, Action
from evidence.domain.uploads import UploadState
from tests.manned_site import NOBODY, PEOPLE, MannedSite


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> MannedSite:
    """A manned site with recordings of several people and of nobody, one of them restricted."""
    site = MannedSite(tmp_path_factory.mktemp("site"))
    for who in ("officer", "second", "aux", "stranger", NOBODY):
        site.ids[f"of-{who}"] = site.seal(who, device=f"D-{who}")
    site.restrict(site.ids["of-second"], "head")
    site.case(site.ids["of-officer"], "stranger", {Action.LIST_RECORDINGS, Action.READ_FINDINGS})
    return site


def test_a_reach_without_its_moment_lists_nothing_but_an_error(site: MannedSite) -> None:
    for there in (Reach(Action.LIST_RECORDINGS), Reach(Action.LIST_RECORDINGS, everything=True)):
        with site.small.database.reading() as unit:
            for ask in (
                lambda it=unit, to=there: list(it.recordings.all(reach=to)),
                lambda it=unit, to=there: it.cards.outstanding(reach=to),
                lambda it=unit, to=there: it.uploads.in_state(UploadState.RECEIVING, reach=to),
            ):
                with pytest.raises(ValueError, match="moment"):
                    ask()


@pytest.mark.parametrize("action", sorted(ABOUT_RECORDINGS))
def test_a_list_is_the_filter_of_the_details_for_every_action_and_person(
    site: MannedSite, action: Action
) -> None:
    bars, now = site.small.site.bars(), site.small.clock.now()
    recordings = [recording for word, recording in site.ids.items() if word.startswith("of-")]
    for who in (*PEOPLE, "operator", "integration"):
        there = reach(site.caller(who), action, bars)
        with site.small.database.reading() as unit:
            standings = unit.standings.some(recordings, now)
            listed = {one.recording.id for one in unit.recordings.all(reach=there, at=now)}
            names = {one.recording.origin.name: one for one in unit.recordings.all()}
            for name, one in names.items():
                device = one.recording.origin.device
                found = unit.recordings.names_within(device, [name, "absent.mp4"], there, now)
                assert set(found) == ({name} if one.recording.id in listed else set())
        assert listed == {one for one in recordings if there.covers(standings[one])}, who
