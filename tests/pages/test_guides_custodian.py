"""The guide of the custodian shows pages as they are: each picture that it names is taken here."""

from __future__ import annotations

import re
from pathlib import Path

from tests.pages.custody_room import OPERATOR, CustodyRoom
from tests.pages.room import Desks

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
WINDOW = {"width": 1000, "height": 720}
MOST_BYTES = 60_000


def named(language: str) -> set[str]:
    """Return the pictures that a guide names."""
    text = (GUIDES / f"custodian.{language}.md").read_text(encoding="utf-8")
    return set(re.findall(r"\]\(pictures/([a-z-]+\.png)\)", text))


def test_both_guides_name_the_same_pictures_which_are_there_and_small() -> None:
    assert named("zh") == named("en") != set()
    for one in named("zh"):
        assert 0 < (GUIDES / "pictures" / one).stat().st_size <= MOST_BYTES, one


def test_each_picture_of_the_guide_is_taken_of_its_page(desks: Desks, media: Path) -> None:
    custody = CustodyRoom(desks)
    made = custody.session(media)
    case = desks.application.cases.open(OPERATOR, "杭综执〔2024〕12号", desks.agency.id)
    for one in made:
        desks.application.cases.link(OPERATOR, case.id, one)
    taken = set()
    with desks.window("custodian", size=WINDOW) as page:
        for name, path in (("search", "/custody/search"), ("recording", f"/recordings/{made[2]}"),
                           ("case", f"/cases/{case.id}"), ("proof", "")):  # fmt: skip
            if path:
                page.goto(desks.url(path))
            else:
                page.goto(desks.url(f"/recordings/{made[2]}"))
                page.locator("tr", has_text="封存").get_by_role("link", name="证明", exact=True).click()
            desks.pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=desks.pictures / f"guide-custodian-{name}.png")
            taken.add(f"custodian-{name}.png")
    assert taken == named("zh")
