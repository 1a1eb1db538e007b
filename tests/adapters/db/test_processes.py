"""Several processes on one database, on both engines: they start at once, and share the jobs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from evidence.adapters.db.tables import metadata
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.service.jobs import JobName
from tests.adapters.db.engines import Fresh, dump, objects, open_migrated, tables
from tests.builders import SITE, START
from tests.chains import verify_logs

ROOT = Path(__file__).parents[3]
POSTGRES = pytest.param("postgres", marks=pytest.mark.grown)
MANY = pytest.mark.parametrize("fresh", ["sqlite", POSTGRES], indirect=True)  # ten seconds of a processor
PROCESSES, JOBS = 2, 200


def together(act: str, fresh: Fresh, processes: int = PROCESSES) -> list[list[object]]:
    """Let several processes do one act of `rival.py` at the same moment; return what each said."""
    rivals = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.db.rival", act],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for rival in rivals:
        assert rival.stdin is not None and rival.stdout is not None  # noqa: PT018
        rival.stdin.write(fresh.url + "\n")
        rival.stdin.flush()
        assert rival.stdout.readline() == "ready\n", rival.communicate()[1]
    said = []
    for rival in rivals:
        assert rival.stdin is not None  # noqa: PT018
        rival.stdin.write("go\n")
        rival.stdin.flush()
    for rival in rivals:
        output, problem = rival.communicate(timeout=120)
        assert rival.returncode == 0, problem
        said.append(json.loads(output))
    return said


@MANY
def test_processes_that_start_at_once_make_one_schema(fresh: Fresh) -> None:
    together("migrate", fresh, processes=4)
    assert set(tables(fresh)) == {*metadata.tables, "alembic_version"}
    assert fresh.raw("SELECT count(*) FROM alembic_version") == [(1,)]
    made = objects(fresh)
    before = dump(fresh)
    together("migrate", fresh, processes=2)
    assert (objects(fresh), dump(fresh)) == (made, before)


@MANY
def test_each_job_is_claimed_by_one_thread_of_all_processes_and_done_once(
    database: SqlDatabase, fresh: Fresh
) -> None:
    with database.writing() as unit:
        for i in range(JOBS):
            unit.jobs.add(JobName.DEEP, f"{i}", START)
    said = together("work", fresh)
    done = Counter(str(subject) for process in said for subject in process)
    assert done == Counter(f"{i}" for i in range(JOBS)), "each once"
    assert len(said) == PROCESSES
    assert fresh.raw("SELECT state, attempts, count(*) FROM job GROUP BY 1, 2") == [("done", 1, JOBS)]
    assert {log: size for log, (size, _) in verify_logs(database).items()} == {f"{SITE}/custody": JOBS}
    assert fresh.raw("SELECT count(*), count(DISTINCT n), max(n) FROM audit_about") == [(JOBS, JOBS, JOBS)]


def test_who_lost_a_job_can_neither_close_nor_keep_it(database: SqlDatabase, fresh: Fresh) -> None:
    with database.writing() as unit:
        unit.jobs.add(JobName.SEAL, "a", START)
        late = unit.jobs.claim("late", START, [JobName.SEAL])
    assert late is not None
    with database.writing() as unit:
        assert unit.jobs.put_back(START, everything=True) == 1
        now_mine = unit.jobs.claim("next", START, [JobName.SEAL])
    assert now_mine is not None
    before = dump(fresh)
    with database.writing() as unit:
        assert not unit.jobs.finish(late, START)
        assert not unit.jobs.fail(late, "late", None, START)
        assert not unit.jobs.renew(late, START)
    assert dump(fresh) == before
    with database.writing() as unit:
        assert unit.jobs.finish(now_mine, START)


def test_a_process_that_is_killed_while_it_writes_leaves_nothing_and_stops_nobody(fresh: Fresh) -> None:
    open_migrated(fresh).close()
    before = dump(fresh)
    rival = subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.db.rival", "hold"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert rival.stdin is not None and rival.stdout is not None  # noqa: PT018
    rival.stdin.write(fresh.url + "\ngo\n")
    rival.stdin.flush()
    assert [rival.stdout.readline() for _ in range(2)] == ["ready\n", "holding\n"]
    rival.kill()
    rival.communicate()
    database = SqlDatabase(fresh.url, SITE)
    with pytest.raises(KeyError), database.writing() as unit:  # gets in at once
        assert unit.jobs.counts() == {}
        raise KeyError
    database.close()
    assert dump(fresh) == before
