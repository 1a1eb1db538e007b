"""Files that lie: the reader ends in time, in bounded memory, and says what it could not do."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest

from evidence.adapters.probing import probe, wire
from evidence.adapters.probing.draft import Draft, TrackDraft, to_json
from evidence.adapters.probing.reading import draft_of, read_facts
from evidence.domain.media import MediaFacts
from tests.mutating import mutant, small_media

SOON_S = 20.0


def box(kind: bytes, body: bytes = b"", size: int | None = None) -> bytes:
    return struct.pack(">I4s", len(body) + 8 if size is None else size, kind) + body


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Small sound files of several containers."""
    return small_media(tmp_path_factory.mktemp("small"))


def test_two_hundred_mutations_are_read_to_an_end_and_give_facts(small: list[Path], tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    for i in range(200):
        origin = dice.choice(small)
        body = mutant(origin.read_bytes(), dice)
        path = tmp_path / "mutant"
        path.write_bytes(body)
        started = time.monotonic()
        facts = read_facts(path, origin.name)
        assert time.monotonic() - started < SOON_S, (seed, i)
        assert facts.size_bytes == len(body), (seed, i)
        assert wire.facts_from_json(draft_of(str(path)).as_json(), origin.name).tracks == facts.tracks, (
            seed,
            i,
        )


def test_every_corrupt_file_is_read_to_an_end(media: Path) -> None:
    files = sorted(path for path in (media / "corrupt").rglob("*") if path.is_file())
    assert files
    for path in files:
        started = time.monotonic()
        facts = probe(path, path.name)
        assert time.monotonic() - started < SOON_S, path.name
        assert facts.size_bytes == path.stat().st_size


def sparse(path: Path, head: bytes, size: int) -> Path:
    with path.open("wb") as out:
        out.write(head)
        out.truncate(size)
    return path


@pytest.mark.parametrize(
    "head",
    [
        box(b"ftyp", b"isom\0\0\2\0") + box(b"mdat", size=1) + struct.pack(">Q", 2**63),
        box(b"ftyp", b"isom\0\0\2\0") + box(b"moov", size=1) + struct.pack(">Q", 9 << 30),
        b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"AVI " + b"LIST" + struct.pack("<I", 0xFFFFFFF0) + b"movi",
        b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVEdata" + struct.pack("<I", 0xFFFFFFFF),
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff",
        b"\xff\xd8\xff\xda\x00\x02",
        b"\x89PNG\r\n\x1a\n\x7f\xff\xff\xffIDAT",
        (b"\x47\x1f\xff\x10" + b"\xff" * 184) * 6,
        b"",
    ],
)
def test_ten_sparse_gigabytes_with_a_lying_length_are_judged_in_time_and_memory(
    tmp_path: Path, head: bytes
) -> None:
    path = sparse(tmp_path / "huge.mp4", head, 10 << 30)
    started = time.monotonic()
    facts = probe(path, path.name)
    assert time.monotonic() - started < SOON_S
    assert facts.size_bytes == 10 << 30
    assert facts.damage or facts.notes, facts


def test_a_lying_table_costs_no_memory_that_is_not_there(tmp_path: Path) -> None:
    stsz = box(b"stsz", struct.pack(">III", 0, 0, 0xFFFFFFFF))
    stts = box(b"stts", struct.pack(">IIII", 0, 0xFFFFFFFF, 0xFFFFFFFF, 1))
    ctts = box(b"ctts", struct.pack(">IIIi", 0, 1, 0xFFFFFFFF, 1))
    stbl = box(b"stbl", stsz + stts + ctts + box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 0xFFFFFFFF, 1)))
    mdhd = box(b"mdhd", struct.pack(">IIIII", 0, 0, 0, 0, 0))
    hdlr = box(b"hdlr", bytes(8) + b"vide" + bytes(12))
    moov = box(b"moov", box(b"trak", box(b"mdia", mdhd + hdlr + box(b"minf", stbl))))
    (tmp_path / "lie.mp4").write_bytes(box(b"ftyp", b"isom\0\0\2\0") + moov)
    facts = probe(tmp_path / "lie.mp4", "lie.mp4")
    assert not facts.readable
    assert {damage.kind for damage in facts.damage} >= {"sample-table"}


def test_boxes_nested_a_thousand_deep_end(tmp_path: Path) -> None:
    inner = b""
    for _ in range(1000):
        inner = box(b"moov", inner)
    (tmp_path / "deep.mp4").write_bytes(box(b"ftyp", b"isom\0\0\2\0") + inner)
    assert not probe(tmp_path / "deep.mp4", "deep.mp4").readable


@pytest.mark.parametrize(
    "answer",
    [{"tracks": [{"number": 1}]}, {"size_bytes": object()}, {"tracks": 7}, {}, {"clocks": [{"x": 1}]}],
)
def test_an_answer_of_another_shape_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        wire.facts_from_json(answer, "a.mp4")


def test_an_unreadable_file_says_why() -> None:
    facts = wire.unreadable("a.mp4", 5, "not-examined: out-of-time")
    assert facts == MediaFacts("a.mp4", 5, "unknown", False, notes=("not-examined: out-of-time",))


def test_the_childs_own_json_is_json() -> None:
    import json

    draft = Draft(7)
    draft.tracks.append(TrackDraft(1, "video", '片\n"\x00'))
    draft.declared_s = float("nan")
    assert json.loads(to_json(draft.as_json()))["tracks"][0]["codec"] == '片\n"\x00'
    assert json.loads(to_json([1.5, float("inf"), True, None])) == [1.5, None, True, None]
