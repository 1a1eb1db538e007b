"""Uploads that are opened at once share a commit: each with its own entries, none by another's fault, and
taken or not by all that are open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import IntegrityError

from evidence.domain.access import Caller
from evidence.domain.rights import Kind
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Conflict, EvidenceError, NoSpace, Unavailable
from evidence.service.intake.opening import RESERVE_BYTES
from evidence.service.intake.uploads import Uploads
from storage.staging import Staging
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


def opened_at_once(
    small: SmallSite, callers: list[Caller], size: int = len(BODY), uploads: Uploads | None = None
) -> list[Future[Upload]]:
    """Let these open an upload each while another writes: the first waits for the turn, the others for it."""
    uploads = uploads or small.uploads
    with ThreadPoolExecutor(len(callers)) as pool, small.database.writing():
        found = []
        for place, caller in enumerate(callers):
            origin = an_origin(f"DCIM/{place:04}.mp4", size_bytes=size)
            found.append(pool.submit(uploads.create, caller, origin, None, BODY))
            waits = uploads._openings._together
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
    assert len(list(small.staging.census())) == 3, "of what was not written nothing is left"


@pytest.mark.parametrize(("said", "left"), [({}, 0), ({"outcome": "unknown"}, 3)])
def test_a_machine_that_cannot_write_is_told_to_each_and_nothing_is_opened(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], left: int
) -> None:
    tries: list[int] = []

    def away(openings: list[object]) -> None:
        tries.append(len(openings))
        with small.database.writing():
            raise Unavailable("database-unavailable", **said)

    monkeypatch.setattr(small.uploads._openings._together, "_write", away)
    for one in opened_at_once(small, [small.dock] * 3):
        with pytest.raises(Unavailable, match="database-unavailable"):
            one.result(20)
    assert sum(tries) == 3, "it is everybody's trouble, or nobody knows yet what became: not written again"
    assert acts(small) == []
    assert len(list(small.staging.census())) == left, "bytes stay only where a row may speak of them yet"


def test_the_bytes_of_what_was_written_stay_whatever_comes_after_it(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock, site = small.dock, replace(small.site, terms=replace(small.site.terms, open_uploads=1))
    uploads = replace(small.uploads, site=site)
    together = uploads._openings._together
    write = together._write

    def then_break(openings: Sequence[Any]) -> None:
        write(openings)
        raise OSError

    monkeypatch.setattr(together, "_write", then_break)
    with pytest.raises(Conflict, match="too-many-open-uploads"):  # it has the place itself
        uploads.create(dock, an_origin(size_bytes=10_000), None, BODY)
    (left,) = small.staging.census()
    assert left.upload_id is not None
    assert small.put(left.upload_id, len(BODY), b"x" * (10_000 - len(BODY))) == 10_000


def taken(small: SmallSite, made: list[Future[Upload]]) -> list[EvidenceError]:
    """One of these was taken, and of the others nothing is left; return why they were not."""
    problems = [one.exception(20) for one in made]
    (opened,) = [one.result() for one, problem in zip(made, problems, strict=True) if problem is None]
    assert opened.id in {one.upload_id for one in small.staging.census()}
    return [one for one in problems if isinstance(one, EvidenceError)]


def test_of_many_who_come_at_once_for_the_last_place_one_has_it(small: SmallSite) -> None:
    site = replace(small.site, terms=replace(small.site.terms, open_uploads=3))
    uploads = replace(small.uploads, site=site)
    for name in ("a.mp4", "b.mp4"):
        uploads.create(small.dock, an_origin(name, size_bytes=3), None)
    problems = taken(small, opened_at_once(small, [small.dock] * 6, 10_000, uploads))
    assert [(type(one), one.code) for one in problems] == [(Conflict, "too-many-open-uploads")] * 5
    assert len(list(small.staging.census())) == 3
    assert acts(small) == ["upload.create"] * 3


def test_of_many_who_come_at_once_for_the_last_bytes_of_the_disc_one_has_them(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock, size = small.dock, 10 << 20
    monkeypatch.setattr(type(small.staging), "free_bytes", lambda _: RESERVE_BYTES + size + size // 2)
    problems = taken(small, opened_at_once(small, [dock] * 6, size))
    assert [(type(one), one.fields["size"]) for one in problems] == [(NoSpace, size)] * 5
    assert len(list(small.staging.census())) == 1
    assert acts(small) == ["upload.create"]


def test_bytes_that_came_along_take_no_room_from_those_who_are_judged_before_them(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, owed = len(BODY), 10 * len(BODY)
    small.uploads.create(small.dock, an_origin("long.mp4", size_bytes=owed), None)

    def free_bytes(staging: Staging) -> int:  # two and a half of them beside what is owed
        return RESERVE_BYTES + owed + 2 * size + size // 2 - sum(one.size_bytes for one in staging.census())

    monkeypatch.setattr(type(small.staging), "free_bytes", free_bytes)
    problems = [one.exception(20) for one in opened_at_once(small, [small.dock] * 6)]
    refused = [type(one) for one in problems if one is not None]
    # The first is judged alone, while the others wait with their bytes, and may be in the way of one of them.
    assert refused in ([NoSpace] * 4, [NoSpace] * 5)
    assert len(list(small.staging.census())) == 7 - len(refused)
    assert acts(small) == ["upload.create"] + ["upload.create", "upload.complete"] * (6 - len(refused))


def test_a_whole_small_file_takes_no_place_among_the_open_ones(small: SmallSite) -> None:
    site = replace(small.site, terms=replace(small.site.terms, open_uploads=1))
    made = opened_at_once(small, [small.dock] * 6, uploads=replace(small.uploads, site=site))
    assert all(one.result(20).state is UploadState.COMPLETE for one in made)
