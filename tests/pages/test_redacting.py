"""Hiding parts of a recording on its page: drawn, typed, proposed; made by a worker, played and listed."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from evidence.domain.derivatives import Derivative, Operation, State
from evidence.domain.rights import Role
from evidence.locale import CHINESE, catalogue
from tests.clips import HEIGHT, WIDTH, clip
from tests.pages.custody_room import OPERATOR, CustodyRoom
from tests.pages.room import NARROW, WIDE, Desks
from tests.web.browser import Browser

WORDS = catalogue(CHINESE)
PROPOSED = {"boxes": [{"at_s": 0, "x": 8, "y": 8, "width": 40, "height": 40}], "until_s": 1.0}


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Desks]:
    """A site whose operator has set up a detector."""
    answer = json.dumps({"regions": [PROPOSED]})
    told = {"NAME": "bright 1.0", "COMMAND": f"/bin/echo '{answer}'", "FOLDER": str(Path(__file__).parent)}
    for name, value in told.items():
        monkeypatch.setenv(f"EVIDENCE_DETECTOR_{name}", value)
    yield request.getfixturevalue("desks")


def redactions(room: Desks, film: str) -> list[Derivative]:
    with room.site.database.reading() as unit:
        return [one for one in unit.derivatives.of(film) if one.operation is Operation.REDACTION]


def say(key: str, **fields: object) -> str:
    return WORDS[f"redaction.{key}"].format(**fields)


def drag(page: Page, one: tuple[int, int], other: tuple[int, int], wide: int = 1) -> None:
    """Draw from one point of the picture to another. wide: how much wider than high a point is shown."""
    page.locator("video").scroll_into_view_if_needed()
    place = page.locator("video").bounding_box()
    assert place is not None
    each = min(place["width"] / WIDTH / wide, place["height"] / HEIGHT)
    left = place["x"] + (place["width"] - WIDTH * wide * each) / 2
    top = place["y"] + (place["height"] - HEIGHT * each) / 2
    page.mouse.move(left + one[0] * wide * each, top + one[1] * each)
    page.mouse.down()
    page.mouse.move(left + other[0] * wide * each, top + other[1] * each)
    page.mouse.up()


def opened(page: Page, room: Desks, film: str) -> None:
    page.goto(room.url(f"/recordings/{film}/redaction?purpose=case"))
    page.wait_for_function("document.querySelector('video').readyState >= 2")


@pytest.mark.article("longquan:8", "dazhe-2020:15")
def test_what_is_drawn_typed_and_taken_over_is_hidden_and_shown_with_its_reasons(room: Desks) -> None:
    custody = CustodyRoom(room)
    film = custody.seal(clip("mp4"), "film.mp4")
    custody.work()
    with room.window("custodian") as page:
        opened(page, room, film)
        drag(page, (40, 60), (120, 140))
        first = page.locator("[data-region]").first
        drawn = [
            int(first.locator(f"[data-field={name}]").input_value()) for name in ("x", "y", "width", "height")
        ]
        assert drawn == pytest.approx([40, 60, 80, 80], abs=2)
        expect(page.locator(".veil")).to_have_count(1)
        first.locator("[data-field=reason]").fill("路人面部")
        first.get_by_role("button", name=say("add-box")).press("Enter")  # typed: no mouse
        typed = {"at_s": "2", "x": "60", "y": "60", "width": "80", "height": "80"}
        for name, value in typed.items():
            first.locator("[data-box]").last.locator(f"[data-field={name}]").fill(value)
        page.get_by_role("button", name=say("add-span")).press("Enter")
        expect(first.locator("[data-box]")).to_have_count(2)
        span = page.locator("[data-span]")
        for name, value in {"from_s": "0.5", "to_s": "1", "reason": "电话号码"}.items():
            span.locator(f"[data-field={name}]").fill(value)
        span.locator("[data-field=hush]").select_option("bleep")
        page.locator("#title").fill("遮蔽件一")
        page.locator("#reason").fill("当事人申请")
        page.get_by_role("button", name=say("propose")).click()
        proposed = page.locator("[data-region].proposed")
        expect(proposed).to_contain_text("bright 1.0")
        proposed.locator("[data-field=reason]").fill("车牌")
        room.look(page, "custodian-redaction")
        page.get_by_role("button", name=say("make")).click()
        expect(page.locator("form [role=alert]")).to_have_text(say("not-taken"))
        assert redactions(room, film) == [], "nothing is made of a proposal"
        proposed.get_by_role("button", name=say("take")).click()
        page.get_by_role("button", name=say("make")).click()
        expect(page.locator("[data-making] progress")).to_have_count(1)
        custody.work()  # the page asks by itself how far it is, and comes anew
        page.get_by_role("link", name=say("show")).click()
        expect(page.locator("aside .places li")).to_have_count(3)
        for words in ("路人面部", "车牌", "电话号码", say("cover-black"), say("hush-bleep")):
            expect(page.locator("aside")).to_contain_text(words)
        page.wait_for_function("document.querySelector('video').readyState >= 1")
        assert "/derivatives/" in str(page.locator("video").get_attribute("src"))
        expect(page.locator("form.redacting")).to_have_count(0)
        room.look(page, "custodian-redaction-made")
    (made,) = redactions(room, film)
    assert (made.state, made.problem) == (State.MADE, None)
    assert made.words["regions"] == ["路人面部", "车牌"]
    moving, proposed_one = made.parameters["regions"]  # type: ignore[misc]
    assert [box[0] for box in moving["boxes"]] == [0, 2000]
    assert proposed_one["boxes"] == [[0, 8, 8, 40, 40]]
    with room.window("custodian", "en", NARROW, dark=True) as page:
        opened(page, room, film)
        drag(page, (40, 60), (120, 140))
        room.look(page, "custodian-redaction-narrow")
    case = room.application.cases.open(OPERATOR, "杭综执〔2026〕3号", room.agency.id).id
    room.application.cases.link(OPERATOR, case, film)
    for language, size in (("zh-CN", WIDE), ("en", NARROW)):
        with room.window("custodian", language, size) as page:
            page.goto(room.url(f"/custody/exports/new/{case}"))
            chosen = page.get_by_role("radiogroup").locator("label", has=page.locator("input:checked"))
            expect(chosen).to_contain_text(made.id[:8])
            room.look(page, f"export-new-redaction-{language}")


def test_who_may_not_have_copies_made_finds_no_such_page(room: Desks) -> None:
    film = CustodyRoom(room).seal(clip("mp4"), "film.mp4")
    room.add_person("012388", Role.FIELD_OFFICER)
    other, before = Browser(room), room.dump().count("derivative.ask")
    other.take(room, "012388")
    assert other.get(f"/recordings/{film}/redaction", accept="text/html").status_code in (403, 404)
    custodian = Browser(room)
    custodian.take(room, room.staff["custodian"].number)
    told = custodian.get(f"/recordings/{film}/redaction").text
    assert "<video" not in told, "without a purpose nothing of another's recording is shown"
    assert room.dump().count("derivative.ask") == before


def test_what_is_drawn_on_points_that_are_not_square_lies_where_it_was_drawn(
    room: Desks, tmp_path: Path
) -> None:
    custody = CustodyRoom(room)
    (tmp_path / "square.mp4").write_bytes(clip("mp4"))
    told = f"-c copy -an -aspect {2 * WIDTH}:{HEIGHT} -bsf:v h264_metadata=sample_aspect_ratio=2/1"
    call = f"ffmpeg -v error -i {tmp_path}/square.mp4 {told} {tmp_path}/wide.mp4"
    subprocess.run(shlex.split(call), check=True)
    film = custody.seal((tmp_path / "wide.mp4").read_bytes(), "wide.mp4")
    custody.work()
    with room.window("custodian") as page:
        opened(page, room, film)
        assert page.evaluate("document.querySelector('video').videoWidth") == 2 * WIDTH
        drag(page, (40, 60), (120, 140), wide=2)
        first = page.locator("[data-region]").first
        names = ("x", "y", "width", "height")
        drawn = [int(first.locator(f"[data-field={name}]").input_value()) for name in names]
        assert drawn == pytest.approx([40, 60, 80, 80], abs=2)
