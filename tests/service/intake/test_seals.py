"""Small files are sealed together: one commit a step for all, and each sealed for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event

from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from evidence.domain.uploads import Upload, UploadState
from evidence.service.examining.fixity import Fixity
from evidence.service.intake.seals import Seals
from evidence.service.jobs import SMALL_BYTES, JobName
from storage.vault import Debris
from tests import forms, inside
from tests.builders import SmallSite, an_origin

BODY = b"small " * 100


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


def send(small: SmallSite, count: int, body: bytes = BODY) -> list[Upload]:
    return [
        small.send(an_origin(f"DCIM/{number:04}.mp4", size_bytes=len(body)), body) for number in range(count)
    ]


def seal(small: SmallSite) -> int:
    """Do the seals that a worker takes at once; return how many these were."""
    jobs = small.work.claim_some("worker", [JobName.SEAL])
    small.work.do_all(jobs)
    return len(jobs)


def states(small: SmallSite, uploads: list[Upload]) -> list[UploadState]:
    with small.database.reading() as unit:
        return [found.state for one in uploads if (found := unit.uploads.get(one.id)) is not None]


def sealings(small: SmallSite) -> int:
    return len([body for body in small.log() if b"evidence.seal" in body])


@contextmanager
def asked(small: SmallSite) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements that are put to the database, with their values."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, words: str, values: Any, _context: Any, many: bool) -> None:
        found.append((words, values[0] if many else values))

    event.listen(small.database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(small.database.engine, "before_cursor_execute", note)


@forms.embedded_only("the plan is read in the words of SQLite")
def test_many_small_files_ask_as_few_statements_as_two_and_none_looks_through_all_claims(
    small: SmallSite,
) -> None:
    counts = []
    for count in (2, 9):
        for number in range(count):
            name = f"DCIM/{count}-{number}.mp4"
            small.send(an_origin(name, size_bytes=len(BODY)), BODY)
        with asked(small) as statements:
            assert seal(small) == count
        counts.append(len(statements))
    assert counts[0] == counts[1]
    about_claims = [one for one in statements if "claim" in one[0] and not one[0].startswith("INSERT")]
    assert about_claims
    with small.database.engine.connect() as connection:
        for words, values in about_claims:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)]
            assert not [step for step in plan if step.startswith("SCAN claim")], (words, plan)


def test_small_files_are_sealed_together_each_with_its_own_entry_and_receipt(small: SmallSite) -> None:
    uploads = send(small, 5)
    assert seal(small) == 5
    assert states(small, uploads) == [UploadState.SEALED] * 5
    assert sealings(small) == 5
    assert len({small.recordings.receipt(small.dock, one.id) for one in uploads}) == 5
    assert [one.faults for one in Fixity(small.site).verify_all(small.administrator)] == [()] * 5
    assert list(small.staging.census()) == []
    rows = inside.records(small.folder, "SELECT state FROM job WHERE name = 'seal'")
    assert [one["state"] for one in rows] == ["done"] * 5


def test_they_share_the_commits_of_each_step(small: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    send(small, 8)
    commits, writing = list[int](), SqlDatabase.writing

    @contextmanager
    def counted(database: SqlDatabase) -> Iterator[SqlUnitOfWork]:
        with writing(database) as unit:
            yield unit
        commits.append(1)

    monkeypatch.setattr(SqlDatabase, "writing", counted)
    assert seal(small) == 8
    assert len(commits) == 5, "claim, names, manifests, recordings, end"


def test_as_many_are_in_the_vault_side_by_side_as_it_is_made_for(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(small, 6)
    side_by_side, store = Barrier(3, timeout=10), Seals._store

    def together(*given: Any) -> Any:
        side_by_side.wait()
        return store(*given)

    monkeypatch.setattr(type(small.vault), "at_once", 3)
    monkeypatch.setattr(Seals, "_store", together)
    assert seal(small) == 6
    assert sealings(small) == 6


def test_what_one_of_them_meets_ends_no_other(small: SmallSite) -> None:
    uploads = send(small, 3)
    small.staging.remove(uploads[1].id)  # as where this host lacks its mount
    assert seal(small) == 3
    assert states(small, uploads) == [UploadState.SEALED, UploadState.COMPLETE, UploadState.SEALED]
    rows = inside.records(small.folder, "SELECT problem FROM job WHERE name = 'seal' AND state = 'queued'")
    assert [one["problem"].split()[0] for one in rows] == ["staged-file-missing"]
    assert sealings(small) == 2


def test_two_uploads_of_one_name_at_once_are_one_recording_or_a_refusal(small: SmallSite) -> None:
    first = send(small, 1)
    again = send(small, 1)
    other = send(small, 1, b"other " * 100)
    assert seal(small) == 3
    assert states(small, first + again + other) == [
        UploadState.SEALED, UploadState.SEALED, UploadState.REFUSED,
    ]  # fmt: skip
    assert sealings(small) == 1


def test_a_long_file_is_a_job_by_itself(small: SmallSite) -> None:
    send(small, 2)
    long = small.send(an_origin("DCIM/long.mp4", size_bytes=SMALL_BYTES + 1), b"0" * (SMALL_BYTES + 1))
    taken = [seal(small), seal(small)]
    assert sorted(taken) == [1, 2]
    assert states(small, [long]) == [UploadState.SEALED]


def test_after_a_death_between_two_steps_all_are_sealed_once(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = send(small, 4)

    def dies(*_: object) -> None:
        raise ConnectionError("killed here")

    monkeypatch.setattr(Seals, "_record", dies)
    assert seal(small) == 4
    assert states(small, uploads) == [UploadState.COMPLETE] * 4
    assert sealings(small) == 0
    monkeypatch.undo()
    before = {name: body for name, body in small.files().items() if name.startswith("vault")}
    small.clock.pass_by(timedelta(days=1))
    assert seal(small) == 4
    assert states(small, uploads) == [UploadState.SEALED] * 4
    assert sealings(small) == 4
    assert {name: body for name, body in small.files().items() if name.startswith("vault")} == before
    assert [one for one in small.vault.census() if isinstance(one, Debris)] == []
