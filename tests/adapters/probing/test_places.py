"""Where a recorder says that it was: read from its telemetry, bounded, and only what can be a place."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from evidence.adapters.probing import facts_from_text, facts_to_text, probe
from evidence.adapters.probing.draft import Draft
from evidence.adapters.probing.gopro import MOST_PLACES, _read_record
from evidence.domain.media import Place

SCALE = (10_000_000, 10_000_000, 1000, 1000, 100)


def leaf(key: bytes, kind: bytes, size: int, *rows: bytes) -> bytes:
    body = b"".join(rows)
    return key + kind + bytes([size]) + struct.pack(">H", len(rows)) + body + b"\0" * (-len(body) % 4)


def record(
    latitude: float = 30.2741, longitude: float = 120.1551, fix: int = 3, scale: tuple[int, ...] = SCALE
) -> bytes:
    """Return a telemetry record with two readings of the receiver."""
    first = struct.pack(">5i", round(latitude * 1e7), round(longitude * 1e7), 0, 0, 0)
    stream = (
        leaf(b"GPSF", b"L", 4, struct.pack(">I", fix))
        + leaf(b"SCAL", b"l", 4, *(struct.pack(">i", one) for one in scale))
        + leaf(b"GPS5", b"l", 20, first, struct.pack(">5i", 1, 1, 1, 1, 1))
    )
    return b"DEVC\0\x01" + struct.pack(">H", len(stream) + 8) + b"STRM\0\x01" + struct.pack(
        ">H", len(stream)
    ) + stream  # fmt: skip


def places(*records: bytes) -> list[tuple[float, float, float]]:
    draft = Draft(0)
    for second, one in enumerate(records):
        _read_record(draft, one, float(second))
    return draft.places


def test_the_first_reading_of_each_record_is_its_place() -> None:
    assert places(record(), record(-33.5, -117.25, fix=2)) == [
        (0.0, 30.2741, 120.1551),
        (1.0, -33.5, -117.25),
    ]


@pytest.mark.parametrize(
    "no_place",
    [
        record(fix=0),
        record(latitude=90.1),
        record(longitude=-180.1),
        record(scale=(0, 0, 1, 1, 1)),
        record(scale=(-(10**7), 10**7, 1, 1, 1)),
        record(scale=(10**7,)),
        record()[:-44],
        b"",
    ],
    ids=[
        "no fix",
        "beyond the pole",
        "beyond the date line",
        "scale 0",
        "scale below 0",
        "short",
        "cut",
        "-",
    ],
)
def test_what_can_be_no_place_is_none(no_place: bytes) -> None:
    assert places(no_place) == []


def test_a_real_recorder_tells_its_way_and_it_is_stored_with_the_facts(media: Path) -> None:
    facts = probe(media / "real/gopro_max_heromode.mp4", "GH010001.MP4")
    assert len(facts.places) == 11
    assert facts.places[0] == Place(0.0, 33.12677, -117.3273436)
    assert [one.at_s for one in facts.places] == sorted(one.at_s for one in facts.places)
    assert facts_from_text(facts_to_text(facts)).places == facts.places
    assert len(facts.places) <= MOST_PLACES
    assert probe(media / "real/street.mp4", "street.mp4").places == ()


@pytest.mark.parametrize(
    "wrong", ["[[0,91,0]]", "[[0,0,-181]]", "[[0,0]]", '[["0",0,0]]', "[[0,null,0]]", "[7]"]
)
def test_an_answer_with_a_place_that_is_none_is_no_answer(wrong: str) -> None:
    whole = '{"name":"a","size_bytes":1,"container":"mp4","readable":true,"places":'
    assert facts_from_text(f"{whole}[[1.5,30,120]]}}").places == (Place(1.5, 30, 120),)
    with pytest.raises(ValueError, match="place|facts"):
        facts_from_text(f"{whole}{wrong}}}")
