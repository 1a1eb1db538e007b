"""What a crash left in staging before its commit goes after a while; what a row names stays, and all else."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.ledger.entries import read_entry
from evidence.service.jobs import SMALL_BYTES
from storage.errors import Missing
from tests.builders import SmallSite, an_origin

REST = timedelta(days=7)


def cleared(small: SmallSite) -> list[dict[str, object]]:
    entries = (read_entry(body) for body in small.log())
    return [one for one in entries if one["act"] == Act.UPLOAD_CLEAR.value]


def leave(small: SmallSite, name: str, body: bytes = b"left by a crash") -> Path:
    """Leave a file of now in staging, by the site's clock."""
    path = small.folder / "staging" / name
    path.write_bytes(body)
    touched(path, small.clock.now())
    return path


def touched(path: Path, at: datetime) -> None:
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_a_short_file_that_no_row_names_goes_after_the_time_an_upload_may_rest(small: SmallSite) -> None:
    id_ = new_id()
    left = leave(small, f"{id_}.part")
    small.clock.pass_by(REST - timedelta(seconds=1))
    small.work.sweep()
    assert (left.exists(), cleared(small)) == (True, [])
    small.clock.pass_by(timedelta(seconds=2))
    small.work.sweep()
    (entry,) = cleared(small)
    assert (left.exists(), entry["facts"], entry["by"]) == (False, {"size": 15}, "service")
    small.work.sweep()
    assert len(cleared(small)) == 1


@pytest.mark.parametrize("done", ["receiving", "complete", "refused"])
def test_what_a_row_names_stays_however_old(small: SmallSite, done: str) -> None:
    first = b"" if done == "receiving" else b"bytes"
    upload = small.uploads.create(small.dock, an_origin("a.mp4", size_bytes=5), None, first)
    if done == "refused":
        small.do_jobs()
        upload = small.send(an_origin("a.mp4", size_bytes=5), b"other")
        small.do_jobs()
    path = small.folder / "staging" / f"{upload.id}.part"
    touched(path, small.clock.now() - timedelta(days=400))
    small.clock.pass_by(REST * 2)
    small.work.sweep()
    assert (path.exists(), cleared(small)) == (True, [])


def test_what_no_crash_of_ours_leaves_stays_for_a_person(small: SmallSite) -> None:
    kept = [
        leave(small, "f" * 32),
        leave(small, "notes.part"),
        leave(small, f"{new_id()}.part", bytes(SMALL_BYTES + 1)),
    ]
    linked = leave(small, f"{new_id()}.part")
    os.link(linked, small.folder / "elsewhere")
    small.clock.pass_by(REST * 2)
    small.work.sweep()
    assert ([one.exists() for one in (*kept, linked)], cleared(small)) == ([True] * 4, [])


def test_one_that_somebody_has_open_waits_for_the_next_sweep(small: SmallSite) -> None:
    id_ = new_id()
    left = leave(small, f"{id_}.part")
    small.clock.pass_by(REST * 2)
    with small.staging.writer(id_):
        small.work.sweep()
        assert (left.exists(), cleared(small)) == (True, [])
    small.work.sweep()
    assert not left.exists()


def test_an_upload_whose_bytes_were_cleared_before_its_commit_is_not_opened(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock leaps a month between the sync of the bytes and the commit, and the sweep comes first."""
    create = type(small.staging).create

    def then_leap(self: object, upload_id: str, first: bytes = b"") -> None:
        create(small.staging, upload_id, first)
        touched(small.folder / "staging" / f"{upload_id}.part", small.clock.now())
        small.clock.pass_by(timedelta(days=30))
        small.work.sweep()

    monkeypatch.setattr(type(small.staging), "create", then_leap)
    dock, before = small.dock, len(small.log())
    with pytest.raises(Missing):
        small.uploads.create(dock, an_origin("a.mp4", size_bytes=5), None, b"bytes")
    acts = [read_entry(body)["act"] for body in small.log()[before:]]
    assert acts == [Act.UPLOAD_CLEAR.value], "nothing was opened"
