"""The schema: made whole by migrations or not at all, on both engines. Newer programs: test_database.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Connection, select, update

from evidence.adapters.db import schema
from evidence.adapters.db.people_tables import notice
from evidence.adapters.db.repositories.search_rows import fill
from evidence.adapters.db.search_tables import search_row
from evidence.adapters.db.tables import (
    account,
    examination,
    finding,
    metadata,
    recording,
    row_pending,
    upload,
)
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.instants import to_text
from evidence.domain.noted_lines import lines_noted
from evidence.errors import Unavailable
from tests.adapters.db.crowd import START, Crowd
from tests.adapters.db.engines import Fresh, dump, objects, tables
from tests.builders import SITE


@pytest.fixture
def database(fresh: Fresh) -> Iterator[SqlDatabase]:
    database = SqlDatabase(fresh.url, SITE)
    yield database
    database.close()


def test_an_empty_database_becomes_the_schema_and_a_second_time_changes_nothing(
    database: SqlDatabase, fresh: Fresh
) -> None:
    database.migrate()
    first = dump(fresh)
    assert {*metadata.tables, "alembic_version"} == set(tables(fresh))
    database.migrate()
    assert dump(fresh) == first


def test_an_empty_database_where_a_site_must_be_is_refused_and_stays_empty(
    database: SqlDatabase, fresh: Fresh
) -> None:
    with pytest.raises(Unavailable, match="database-missing"):
        database.migrate(may_begin=False)
    assert tables(fresh) == []
    database.migrate()
    database.migrate(may_begin=False)


def test_a_migration_that_dies_leaves_nothing_and_the_next_start_makes_it_whole(
    database: SqlDatabase, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade

    def dies_at_the_end(*args: object) -> None:
        upgrade(*args)  # type: ignore[arg-type]
        raise ConnectionError("killed here")

    monkeypatch.setattr(command, "upgrade", dies_at_the_end)
    with pytest.raises(ConnectionError):
        database.migrate()
    assert objects(fresh) == []
    monkeypatch.undo()
    database.migrate()
    assert set(metadata.tables) < set(tables(fresh))


def test_the_log_has_its_triggers(database: SqlDatabase, fresh: Fresh) -> None:
    database.migrate()
    triggers = " ".join(made.upper() for kind, _, made in objects(fresh) if kind == "trigger")
    wanted = {"sqlite": ["UPDATE", "DELETE", "INSERT"], "postgres": ["DELETE OR UPDATE", "TRUNCATE"]}
    for act in wanted[fresh.name]:
        assert f"BEFORE {act} ON " in triggers


class _Rows(Crowd):
    """Inserts rows without drawing a crowd."""

    def __init__(self, db: Connection) -> None:
        self.db = db


def test_notices_of_before_are_kept_and_noted_when_one_may_have_no_recording(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", lambda config, _: upgrade(config, "0007"))
    monkeypatch.setattr(schema, "fill", lambda _: None)  # its tables come with a later step
    database.migrate()
    with database.writing() as unit:
        rows = _Rows(unit.notices._db)
        sent = rows.add(upload, account_id=rows.add(account))
        shown = rows.add(recording, upload_id=sent, labels="{}")
        before = rows.add(notice, kind="serious-event", recording_id=shown)
    monkeypatch.undo()
    database.migrate()
    with database.writing() as unit:
        after = _Rows(unit.notices._db).add(notice, kind="exemption")
    with database.reading() as unit:
        found = {one.id: one.recording_id is None for one in unit.notices.all(START)}
        noted = unit.notices._db.execute(select(row_pending.c.row_key).where(row_pending.c.kind == "notice"))
        assert set(noted.scalars()) == {before, after}
    assert found == {before: False, after: True}


def test_rows_of_searches_of_before_say_how_long_each_recording_took_and_its_lines(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", lambda config, _: upgrade(config, "0024"))
    monkeypatch.setattr(schema, "fill", lambda _: None)  # its columns come with a later step
    database.migrate()
    with database.writing() as unit:
        rows = _Rows(unit.notices._db)
        sent = rows.add(upload, account_id=rows.add(account))
        ended = to_text(START - timedelta(hours=30))
        told = {"device": "D", "name": "a.mp4", "ended_at": ended, "sealed_at": to_text(START)}
        mine = rows.add(recording, upload_id=sent, labels="{}", **told)
        seen = rows.add(examination, current=True)
        body = json.dumps(Finding(Code.SILENCE, Severity.BREACH, "a.mp4").as_json())
        rows.add(finding, examination_id=seen, recording_id=mine, code=Code.SILENCE.value, body=body)
    monkeypatch.undo()
    database.migrate()
    with database.reading() as unit:
        (row,) = unit.notices._db.execute(select(search_row)).all()
    assert (row.recording_id, row.counted_from, row.took_us) == (mine, ended, 30 * 3600 * 1_000_000)
    assert (row.seen_at, row.sealed_at, row.is_bare) == (to_text(START), to_text(START), True)
    assert [one.code for one in lines_noted(row.lines) or ()] == [Code.SILENCE]


def test_a_row_of_before_notes_gets_its_note(database: SqlDatabase) -> None:
    database.migrate()
    with database.writing() as unit:
        rows = _Rows(unit.notices._db)
        sent = rows.add(upload, account_id=rows.add(account))
        mine = rows.add(recording, upload_id=sent, labels="{}", device="D", name="a.mp4")
        body = json.dumps(Finding(Code.SILENCE, Severity.BREACH, "a.mp4").as_json())
        seen = rows.add(examination, current=True)
        rows.add(finding, examination_id=seen, recording_id=mine, code=Code.SILENCE.value, body=body)
        fill(unit.notices._db)
    with database.writing() as unit:
        before = unit.notices._db.execute(select(search_row)).one()
        unit.notices._db.execute(update(search_row).values(lines=""))
        fill(unit.notices._db)
        assert unit.notices._db.execute(select(search_row)).one() == before
    assert before.lines
