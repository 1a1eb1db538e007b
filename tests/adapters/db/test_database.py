"""The database keeps what it committed, and lets nobody change the log. Each test runs on both engines.

What only one engine can do wrong: test_sqlite.py, test_postgres.py.
"""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from evidence.adapters.db import schema
from evidence.adapters.db.tables import metadata
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.audit import Act, Entry
from evidence.errors import Unavailable
from evidence.service.jobs import JobName
from tests.adapters.db.engines import BROKEN, Fresh, dump, open_migrated
from tests.builders import SITE, START

THREADS, COMMITS = 8, 30


OBJECT = "a" * 32


def append(database: SqlDatabase) -> int:
    with database.writing() as unit:
        return unit.log.append(Entry(Act.INIT, "operator", (("account", OBJECT),)), START).index


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET act = 'x'",
        "UPDATE audit_entry SET at = '2000' WHERE id = 1",
        "UPDATE audit_entry SET id = 2 WHERE id = 1",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE id = 1",
        "INSERT INTO audit_entry (id, log, idx, at, act, body) VALUES (1, 'custody', 9, '', '', '')",
        "INSERT INTO audit_entry (id, log, idx, at, act, body) VALUES (9, 'custody', 0, '', '', '')",
        "UPDATE audit_about SET n = 7",
        f"UPDATE audit_about SET idx = 1 WHERE object_id = '{OBJECT}'",
        "DELETE FROM audit_about",
        f"INSERT INTO audit_about (family, object_id, n, log, idx) VALUES ('custody', '{OBJECT}', 1, 'x', 9)",
    ],
)
def test_an_entry_can_be_neither_changed_nor_deleted_even_from_outside(
    database: SqlDatabase, fresh: Fresh, statement: str
) -> None:
    append(database)
    before = dump(fresh)
    with pytest.raises(BROKEN):
        fresh.raw(statement)
    assert dump(fresh) == before


def test_a_place_is_never_given_twice(database: SqlDatabase) -> None:
    assert [append(database) for _ in range(3)] == [0, 1, 2]


def test_many_threads_commit_and_none_is_told_that_the_database_is_locked(database: SqlDatabase) -> None:
    problems: list[Exception] = []

    def commit_often(number: int) -> None:
        try:
            for i in range(COMMITS):
                with database.reading() as unit:
                    unit.jobs.counts()
                with database.writing() as unit:
                    unit.jobs.add(JobName.SEAL, f"{number}-{i}", START)
        except Exception as problem:  # noqa: BLE001 (shown by the assertion below)
            problems.append(problem)

    threads = [Thread(target=commit_often, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with database.reading() as unit:
        assert unit.jobs.counts() == {"queued": THREADS * COMMITS}


def test_an_exception_rolls_everything_back(database: SqlDatabase, fresh: Fresh) -> None:
    before = dump(fresh)
    with pytest.raises(RuntimeError), database.writing() as unit:
        unit.jobs.add(JobName.SEAL, "a", START)
        unit.log.append(Entry(Act.INIT, "operator"), START)
        raise RuntimeError
    assert dump(fresh) == before


def test_nothing_is_seen_before_it_is_committed(database: SqlDatabase) -> None:
    with database.writing() as unit:
        unit.jobs.add(JobName.SEAL, "a", START)
        with database.reading() as other:
            assert other.jobs.counts() == {}
    with database.reading() as other:
        assert other.jobs.counts() == {"queued": 1}


def test_migrating_again_changes_nothing(database: SqlDatabase, fresh: Fresh) -> None:
    append(database)
    before = dump(fresh)
    database.migrate()
    open_migrated(fresh).close()
    assert dump(fresh) == before


def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(
    database: SqlDatabase, fresh: Fresh
) -> None:
    append(database)
    fresh.raw("UPDATE alembic_version SET version_num = '9999'")
    before = dump(fresh)
    newer = SqlDatabase(fresh.url, SITE)
    with pytest.raises(Unavailable) as refusal:
        newer.migrate()
    newer.close()
    assert (refusal.value.code, refusal.value.fields) == ("database-too-new", {"revision": "9999"})
    assert dump(fresh) == before


SPOILT = {
    "two rows, ours first": ["INSERT INTO alembic_version VALUES ('9999')"],
    "two rows, ours last": [
        "DELETE FROM alembic_version",
        "INSERT INTO alembic_version VALUES ('9999')",
        f"INSERT INTO alembic_version VALUES ('{schema.HEAD}')",
    ],
    "no row": ["DELETE FROM alembic_version"],
    "no table of versions": ["DROP TABLE alembic_version"],
    "a table of ours is gone": ["DROP TABLE notice"],
}


@pytest.mark.parametrize("may_begin", [False, True])
@pytest.mark.parametrize("how", SPOILT)
def test_a_database_that_is_not_ours_or_not_whole_is_refused_and_left_as_it_is(
    database: SqlDatabase, fresh: Fresh, how: str, may_begin: bool
) -> None:
    append(database)
    for statement in SPOILT[how]:
        fresh.raw(statement)
    before = dump(fresh)
    spoilt = SqlDatabase(fresh.url, SITE)
    with pytest.raises(Unavailable, match="database-not-whole"):
        spoilt.migrate(may_begin=may_begin)
    spoilt.close()
    assert dump(fresh) == before


def test_somebody_elses_database_is_refused_and_left_as_it_is(fresh: Fresh) -> None:
    fresh.raw("CREATE TABLE theirs (a int)")
    before = dump(fresh)
    foreign = SqlDatabase(fresh.url, SITE)
    with pytest.raises(Unavailable, match="database-not-whole"):
        foreign.migrate()
    foreign.close()
    assert dump(fresh) == before


def test_the_head_that_is_compared_at_each_start_is_the_last_step_there_is(database: SqlDatabase) -> None:
    folder = Path(schema.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [schema.HEAD]


BY_EXPRESSION = {"case_by_number", "label_by_number", "recording_by_docked_number"}
"""Indexes over a number's normal form: the step that makes them spells it for each engine, no table does."""


def differences(database: SqlDatabase) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = list(compare_metadata(context, metadata))
    return [one for one in found if one[0] != "remove_index" or one[1].name not in BY_EXPRESSION]


def test_the_migrations_make_the_tables_that_the_program_uses(database: SqlDatabase, fresh: Fresh) -> None:
    assert differences(database) == []
    fresh.raw("DROP INDEX job_to_do")
    fresh.raw("ALTER TABLE job ADD COLUMN stray TEXT")
    assert len(differences(database)) == 2, "a difference would be seen"
