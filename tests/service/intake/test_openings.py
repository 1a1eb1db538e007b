"""Uploads that are opened at once share a commit: each with its own entries, none by another's fault."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import IntegrityError

from evidence.domain.access import Caller
from evidence.domain.rights import Kind
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Unavailable
from tests.builders import SmallSite, an_origin

BODY = b"small " * 100
STRANGER = Caller("f" * 32, Kind.DOCK, "of no account")


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


def opened_at_once(small: SmallSite, callers: list[Caller]) -> list[Future[Upload]]:
    """Let these open an upload each while another writes: the first waits for the turn, the others for it."""
    with ThreadPoolExecutor(len(callers)) as pool, small.database.writing():
        found = []
        for place, caller in enumerate(callers):
            origin = an_origin(f"DCIM/{place:04}.mp4", size_bytes=len(BODY))
            found.append(pool.submit(small.uploads.create, caller, origin, None, BODY))
            waits = small.uploads._openings
            until(lambda: waits._is_busy and len(waits._waiting) == place)  # noqa: B023  (before the next)
    return found


def acts(small: SmallSite) -> list[str]:
    return [
        name for body in small.log() for name in ("upload.create", "upload.complete") if name.encode() in body
    ]


def test_uploads_that_are_opened_at_once_share_a_commit_each_with_its_own_entries(small: SmallSite) -> None:
    dock, commits = small.dock, list[object]()

    def note(connection: Connection) -> None:
        if connection.get_execution_options()["evidence_writes"]:
            commits.append(connection)

    event.listen(small.database.engine, "commit", note)
    found = [one.result(20) for one in opened_at_once(small, [dock] * 6)]
    event.remove(small.database.engine, "commit", note)
    assert [one.state for one in found] == [UploadState.COMPLETE] * 6
    assert acts(small) == ["upload.create", "upload.complete"] * 6
    assert len(commits) == 3, "of the writer that held them up, of the first, of all the rest"
    small.do_jobs()
    assert len({small.recordings.receipt(small.dock, one.id) for one in found}) == 6


def test_an_upload_that_cannot_be_written_takes_no_other_with_it(small: SmallSite) -> None:
    first, good, bad, last = opened_at_once(small, [small.dock, small.dock, STRANGER, small.dock])
    with pytest.raises(IntegrityError):
        bad.result(20)
    for one in (first, good, last):
        assert small.uploads.status(small.dock, one.result(20).id).state is UploadState.COMPLETE
    assert acts(small) == ["upload.create", "upload.complete"] * 3


def test_a_machine_that_cannot_write_is_told_to_each_and_nothing_is_opened(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def away(openings: list[object]) -> None:
        tries.append(len(openings))
        with small.database.writing():
            raise Unavailable("database-unavailable", outcome="unknown")

    monkeypatch.setattr(small.uploads._openings, "_write", away)
    for one in opened_at_once(small, [small.dock] * 3):
        with pytest.raises(Unavailable, match="database-unavailable"):
            one.result(20)
    assert sum(tries) == 3, "of a commit nobody knows yet what became: it is not written again"
    assert acts(small) == []
