"""Playing: each range is in the log before its bytes, and nothing is told that a browser could run."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.adapters.db.repositories.log import SqlLog
from evidence.domain.access import Purpose
from evidence.errors import Invalid
from evidence.service.recordings.playing import MEDIA_TYPES, UNKNOWN, Played, Playing
from tests import inside
from tests.builders import SmallSite
from tests.manned_site import MannedSite
from tests.service.footage import a_wav

BODY = b"0123456789" * 100


@pytest.fixture
def site(tmp_path: Path) -> MannedSite:
    return MannedSite(tmp_path)


def play(
    site: MannedSite, who: str, recording: str, part: tuple[int, int] = (0, 10), why: Purpose | None = None
) -> Played:
    return Playing(site.small.site).play(site.caller(who), recording, lambda size: part, why)


def entries(small: SmallSite, act: str = "evidence.play") -> list[dict[str, object]]:
    return [entry for entry in map(json.loads, small.log()) if entry["act"] == act]


def test_each_range_is_one_entry_with_its_bounds_and_purpose(site: MannedSite) -> None:
    recording = site.seal("officer", BODY)
    with play(site, "head", recording, (10, 20), Purpose.SUPERVISION).file:
        pass
    with play(site, "officer", recording, (0, 1000)).file:
        pass
    said = [(entry["by"], entry["facts"], entry["log"]) for entry in entries(site.small)]
    log = "test.example/site/access/2026"
    assert said == [
        (site.ids["head"], {"start": 10, "end": 20, "purpose": "supervision"}, log),
        (site.ids["officer"], {"start": 0, "end": 1000, "purpose": None}, log),
    ]


def test_a_range_whose_entry_cannot_be_written_hands_out_no_byte(
    site: MannedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = site.seal("officer", BODY)
    opened: list[str] = []
    monkeypatch.setattr(type(site.small.vault), "open", lambda _, key, __: opened.append(key))
    before = inside.tables(site.small.folder)

    def broken(*_: object) -> object:
        raise OSError("the log cannot be written")

    monkeypatch.setattr(SqlLog, "append_all", broken)
    with pytest.raises(OSError, match="log"):
        play(site, "officer", recording)
    assert opened == []
    monkeypatch.undo()
    assert inside.tables(site.small.folder) == before


def test_a_range_that_cannot_be_is_no_look(site: MannedSite) -> None:
    recording = site.seal("officer", BODY)

    def impossible(size: int) -> tuple[int, int]:
        raise Invalid("range-not-satisfiable", size=size)

    with pytest.raises(Invalid):
        Playing(site.small.site).play(site.caller("officer"), recording, impossible)
    assert entries(site.small) == []


def test_the_media_type_is_what_examination_saw_or_bytes(site: MannedSite) -> None:
    sound = site.seal("officer", a_wav(1), name="film.mp4")
    text = site.seal("officer", b"<script>alert(1)</script>", name="page.html")
    with play(site, "officer", sound).file:
        pass
    assert play(site, "officer", sound).media_type == UNKNOWN, "nothing was examined yet"
    site.small.do_jobs()
    assert play(site, "officer", sound).media_type == "audio/wav", "whatever its name says"
    assert play(site, "officer", text).media_type == UNKNOWN
    assert all(kind.split("/")[0] in ("video", "audio", "image") for kind in MEDIA_TYPES.values())
    assert "image/svg+xml" not in MEDIA_TYPES.values()


@pytest.mark.article("inner-mongolia-aux:13(3)")
def test_who_may_only_look_is_named_in_a_watermark_and_who_may_copy_is_not(site: MannedSite) -> None:
    mine, others = site.seal("aux", BODY), site.seal("officer", BODY + b"x")
    marked = play(site, "aux", mine).watermark
    assert marked is not None
    assert marked[0] == "XG330001"
    assert abs(marked[1] - site.small.clock.now()) < timedelta(seconds=1)
    head = play(site, "head", others, why=Purpose.SUPERVISION).watermark
    assert head is not None
    assert head[0] == "010009"
    assert play(site, "custodian", others, why=Purpose.CASE).watermark is None
