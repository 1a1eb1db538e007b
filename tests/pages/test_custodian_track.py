"""The way of a recorder on the page of its recording: to scale, broken where no place was known, no map."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from evidence.domain.media import Place
from evidence.locale import CHINESE, catalogue
from evidence.web.pages.custody.track import EDGE, HEIGHT, WIDTH, track_of
from tests.pages.custody_room import CustodyRoom
from tests.pages.room import NARROW, Desks

WORDS = catalogue(CHINESE)
DEGREE_M = 111_320.0
A4 = {"width": 794, "height": 1123}  # at 96 dots to the inch


def north(*metres: float) -> list[Place]:
    return [Place(float(second), 30 + one / DEGREE_M, 120.0) for second, one in enumerate(metres)]


def points(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (one.split(",") for one in line.split())]


def test_north_is_above_and_the_bar_is_to_the_same_scale() -> None:
    track = track_of(north(0, 100, 200))
    assert track is not None
    (x, low), (same, high) = track.first, track.last
    assert x == same == WIDTH / 2
    assert (low, high) == (HEIGHT - EDGE, EDGE)
    assert track.length_m == pytest.approx(200)
    assert track.bar_m in (1, 2, 5, 10, 20, 50, 100)
    assert track.bar / track.bar_m == pytest.approx((low - high) / 200, rel=0.01)


def test_east_is_right_and_degrees_are_shorter_there() -> None:
    track = track_of([Place(0, 60, 10), Place(1, 60, 10.001)])
    assert track is not None
    assert track.last[0] > track.first[0]
    assert track.length_m == pytest.approx(DEGREE_M * 0.001 / 2, rel=0.001)


def test_the_line_of_the_date_is_crossed_the_short_way() -> None:
    track = track_of([Place(0, 0, 179.9995), Place(1, 0, -179.9995)])
    assert track is not None
    assert track.length_m == pytest.approx(DEGREE_M * 0.001, rel=0.001)


def test_where_no_place_was_known_the_line_is_broken_and_no_way_is_counted() -> None:
    places = [
        *north(0, 10, 20),
        Place(60.0, 30 + 500 / DEGREE_M, 120.0),
        Place(61.0, 30 + 510 / DEGREE_M, 120.0),
    ]
    track = track_of(places)
    assert track is not None
    assert [len(points(line)) for line in track.lines] == [3, 2]
    assert track.length_m == pytest.approx(30)


def test_who_stood_still_is_drawn_in_the_middle_and_not_as_a_way() -> None:
    track = track_of(north(0, 0.5, 0, 0.5))
    assert track is not None
    (line,) = track.lines
    assert all(abs(y - HEIGHT / 2) < 10 for _, y in points(line)), "the error of a receiver is no walk"


@pytest.mark.parametrize("places", [[], north(0)])
def test_one_place_is_no_track(places: list[Place]) -> None:
    assert track_of(places) is None


def test_a_recording_with_telemetry_shows_its_track_and_another_none(desks: Desks, media: Path) -> None:
    custody = CustodyRoom(desks)
    filmed = custody.seal((media / "real/gopro_max_heromode.mp4").read_bytes(), "GH010001.MP4")
    other = custody.seal((media / "real/cup_iphone_export.mp4").read_bytes(), "cup.mp4")
    custody.work()
    with desks.window("custodian") as page:
        page.goto(desks.url(f"/recordings/{filmed}"))
        expect(page.locator("svg.track polyline")).to_have_count(1)
        expect(page.get_by_text(WORDS["track.first"], exact=False).first).to_be_visible()
        page.locator("svg.track").scroll_into_view_if_needed()
        desks.look(page, "custodian-track")
        page.goto(desks.url(f"/recordings/{other}"))
        expect(page.locator("svg.track")).to_have_count(0)
        expect(page.get_by_text(WORDS["recording.no-gps"])).to_have_count(1)
    with desks.window("custodian", size=NARROW) as page:
        page.goto(desks.url(f"/recordings/{filmed}"))
        desks.look(page, "custodian-track-narrow")
