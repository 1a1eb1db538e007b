"""What fits where: whole files, in order of time, items together; cut only what is larger than a disc."""

from __future__ import annotations

import random

import pytest

from evidence.bundle.media import MEDIA, Form, Medium, Piece, plan
from evidence.errors import Invalid

GB = 10**9
DVD, BD = MEDIA["dvd"], MEDIA["bd-25"]


def used(disc: list[Piece]) -> int:
    return sum(-(-one.size_bytes // 2048) * 2048 + 16384 for one in disc)


def files_of(discs: list[list[Piece]]) -> list[list[int]]:
    return [[one.file for one in disc] for disc in discs]


def test_the_codes_of_the_format_page_are_the_media_with_their_sizes(tmp_path: object) -> None:
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs/formats/package.md").read_text("utf-8")
    for medium in MEDIA.values():
        (line,) = [one for one in page.splitlines() if one.startswith(f"| `{medium.code}` |")]
        for size in (medium.holds_bytes, medium.plan_bytes):
            assert ("no limit" if size is None else f"{size:,}") in line
        assert (medium.form is Form.IMAGE) == (medium.holds_bytes is not None)


def test_a_drive_takes_everything_whole() -> None:
    assert plan([[60 * GB], [5]], MEDIA["folder"]) == [[Piece(0, 0, 60 * GB), Piece(1, 0, 5)]]


def test_items_stay_together_and_an_earlier_disc_with_room_is_filled_first() -> None:
    discs = plan([[3 * GB], [2 * GB, GB], [GB]], DVD)
    assert files_of(discs) == [[0, 3], [1, 2]]


def test_an_item_that_is_more_than_a_disc_is_placed_file_by_file() -> None:
    assert files_of(plan([[3 * GB, 3 * GB]], DVD)) == [[0], [1]]


def test_a_file_that_is_more_than_a_disc_is_refused_with_the_media_that_hold_it_whole() -> None:
    with pytest.raises(Invalid) as caught:
        plan([[5 * GB]], DVD)
    assert caught.value.code == "package-file-larger"
    assert caught.value.fields["media"] == ["dvd-dl", "bd-25", "bd-50", "bd-100", "folder", "zip"]


def test_it_is_cut_byte_for_byte_where_whoever_asks_says_so() -> None:
    size = 5 * GB + 1
    pieces = [one for disc in plan([[7], [size], [9]], DVD, may_cut=True) for one in disc if one.file == 1]
    assert [one.number for one in pieces] == [1, 2]
    assert [one.offset for one in pieces] == [0, pieces[0].size_bytes]
    assert sum(one.size_bytes for one in pieces) == size
    assert pieces[0].size_bytes == (1 << 32) - 2048, "no part of a DVD needs UDF"


@pytest.mark.parametrize("medium", [DVD, BD, MEDIA["cd"]], ids=lambda one: one.code)
def test_sixty_gigabytes_are_split_so_that_every_disc_holds_its_share_and_nothing_is_lost(
    medium: Medium,
) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    chance, items, total = random.Random(seed), [], 0
    while total < 60 * GB:
        item = [chance.randrange(1, 2 * GB) for _ in range(chance.randrange(1, 4))]
        items.append(item)
        total += sum(item)
    discs = plan(items, medium, may_cut=medium.code == "cd")
    assert medium.plan_bytes is not None
    assert all(used(disc) <= medium.plan_bytes for disc in discs)
    found: dict[int, list[Piece]] = {}
    for disc in discs:
        for piece in disc:
            found.setdefault(piece.file, []).append(piece)
    sizes = [size for item in items for size in item]
    assert sorted(found) == list(range(len(sizes)))
    for file, pieces in found.items():
        at = 0
        for piece in sorted(pieces, key=lambda one: one.offset):
            assert piece.offset == at
            at += piece.size_bytes
        assert at == sizes[file]
        assert len(pieces) == 1 or used([Piece(file, 0, sizes[file])]) > medium.plan_bytes
    assert len(discs) < 2 * total / medium.plan_bytes + 2
