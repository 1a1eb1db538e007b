"""`evidence move`: on other engines, whole and verified; refused, as it was; killed, done by the next."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from evidence import bootstrap, founding
from evidence.adapters import qualification
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.adapters.keys import FileSigner
from evidence.cli import app
from evidence.domain.access import Caller
from evidence.domain.rights import Kind
from evidence.domain.uploads import UploadState
from evidence.errors import Busy, Conflict, EvidenceError, IntegrityFault, Invalid, Unavailable
from evidence.ledger.merkle import SHA256, root_of
from evidence.locale import say
from evidence.service.jobs import JobName
from evidence.service.moving import Moving
from storage.bucket import Bucket
from storage.copying import Copier
from storage.errors import StoreUnavailable
from storage.local import LocalVault
from storage.opening import bucket_address
from storage.qualify import qualify
from storage.vault import Debris, Lock, Sealed
from tests.chains import leaves_of, verify_logs
from tests.movable import REST, Grown, Movable, make_site, rows
from tests.servers.object_store import ObjectStoreServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

EMBEDDED = {"EVIDENCE_DATABASE": "", "EVIDENCE_VAULT": "", "EVIDENCE_BROKER": ""}
ALL = ("database", "vault", "broker")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, object_store_server: ObjectStoreServer) -> Path:
    """A site like no other, made once; its store has passed the probes."""
    folder = tmp_path_factory.mktemp("template")
    data = make_site(folder).data
    server = object_store_server
    address = bucket_address(f"s3://{server.access_key}:{server.secret_key}@{server.endpoint}/any"
                             f"?ca_file={server.ca_file}")  # fmt: skip
    probes = list(qualify(address, lambda: datetime.now(UTC)))
    qualification.keep(data, FileSigner(data / "keys"), address, probes, datetime.now(UTC))
    return folder


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Movable:
    shutil.copytree(template, tmp_path / "of", dirs_exist_ok=True)
    return Movable(tmp_path / "of" / "site")


@pytest.fixture
def grown(
    tmp_path: Path,
    postgres_server: PostgresServer,
    object_store_server: ObjectStoreServer,
    redis_server: RedisServer,
) -> Grown:
    return Grown(tmp_path, postgres_server, object_store_server, redis_server)


def move(site: Movable, *words: str) -> Result:
    """Move inside this process; an error is in the result."""
    return CliRunner().invoke(app, ["move", "--json", *words, "--data", str(site.data)])


def moved(site: Movable, *words: str) -> dict[str, Any]:
    """Move, and return what it says."""
    result = move(site, *words)
    assert result.exit_code == 0, result.exception or result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def refusal(result: Result) -> EvidenceError:
    assert isinstance(result.exception, EvidenceError), result.exception or result.output
    return result.exception


def log_of(site: Movable) -> list[tuple[int, bytes]]:
    database = site.application().site.database
    with database.reading() as unit:
        found = list(unit.log.entries())
    database.close()  # type: ignore[attr-defined]
    return found


def acts(entries: list[tuple[int, bytes]], act: str) -> list[dict[str, Any]]:
    return [said for _, body in entries if (said := json.loads(body))["act"] == act]


def objects(vault: Any) -> dict[str, Sealed]:
    return {one.key: one for one in vault.census() if isinstance(one, Sealed)}


def verify_same_rows(old: dict[str, list[Any]], new: dict[str, list[Any]]) -> None:
    """Nothing differs but versions, what verifying has noted, and jobs that nobody has in hand any more."""
    assert old.keys() == new.keys()
    changing = {"audit_about", "audit_entry", "recording", "job", "examination", "finding"}
    assert {name: old[name] for name in old.keys() - changing} == {
        name: new[name] for name in new.keys() - changing
    }
    assert new["audit_entry"][: len(old["audit_entry"])] == old["audit_entry"]
    assert [row[0] for row in new["audit_entry"]] == list(range(1, len(new["audit_entry"]) + 1))
    assert set(old["audit_about"]) <= set(new["audit_about"])
    assert [row[0] for row in old["recording"]] == [row[0] for row in new["recording"]]
    states = {row[0]: row[3] for row in new["job"]}
    assert states == {row[0]: "queued" if row[3] == "running" else row[3] for row in old["job"]}
    assert old["finding"] == [row for row in new["finding"] if row in old["finding"]]


def verify_same_vault(old: Any, new: Any, later: bool) -> None:
    """Every object with the same bytes and a lock that is not weaker; nothing beside, nothing twice."""
    before, after = objects(old), objects(new)
    assert before.keys() == after.keys()
    tomorrow = datetime.now(UTC) + timedelta(hours=23)
    for key, one in before.items():
        other = after[key]
        assert other.promise == one.promise
        assert other.lock.holds == one.lock.holds
        assert one.lock.retain_until <= other.lock.retain_until
        if later and one.lock.retain_until < tomorrow:
            assert other.lock.retain_until > tomorrow
        else:
            assert other.lock.retain_until - one.lock.retain_until < timedelta(seconds=1)
        assert other.alarms == ()
    assert [one for one in new.census() if isinstance(one, Debris)] == []


def finish_upload(site: Movable) -> None:
    """Send what is missing of the upload in progress, seal it, and read it back in the form in force."""
    application = site.application()
    with application.site.database.reading() as unit:
        upload = unit.uploads.get(site.unfinished)
    assert upload is not None
    dock = Caller(upload.account_id, Kind.DOCK)
    with application.uploads.receive(dock, upload.id, upload.offset, len(REST), None) as reception:
        reception.take(REST)
        assert reception.commit().offset == upload.origin.size_bytes
    while application.work.do_next("tester"):
        pass
    assert application.uploads.status(dock, upload.id).state is UploadState.SEALED
    operator = Caller("operator", Kind.OPERATOR)
    _, original = application.recordings.open_original(operator, upload.id)
    with original:
        assert original.read() == b"\7" * 30_000 + REST
    application.site.database.close()  # type: ignore[attr-defined]


def trees_of(site: Movable) -> dict[str, tuple[int, bytes]]:
    """Return size and root of each log of the form in force, verified."""
    database = site.application().site.database
    assert isinstance(database, SqlDatabase)
    try:
        return verify_logs(database)
    finally:
        database.close()


def verify_logs_go_on(site: Movable, before: dict[str, tuple[int, bytes]]) -> None:
    """Each log begins with the very leaves it had, and its places and histories are whole."""
    after = trees_of(site)
    assert before.keys() <= after.keys()
    assert any(after[log][0] > size for log, (size, _) in before.items()), "the move itself at least"
    database = site.application().site.database
    assert isinstance(database, SqlDatabase)
    leaves = leaves_of(database)
    database.close()
    for log, (size, root) in before.items():
        assert root_of(map(SHA256.leaf, leaves[log][:size])) == root


@pytest.mark.grown
def test_all_three_engines_at_once_and_the_old_form_stays_readable(site: Movable, grown: Grown) -> None:
    trees = trees_of(site)
    old, before = site.old_bytes(), rows(f"sqlite:///{site.data / 'evidence.db'}")
    text = site.form().decode()
    done = site.run("move", *grown.options(*ALL))
    assert done.returncode == 0, done.stderr
    assert site.old_bytes() == old

    verify_same_rows(before, rows(grown.database_secret))
    verify_logs_go_on(site, trees)
    verify_same_vault(LocalVault(site.vault), grown.open_vault(), later=True)
    (entry,) = acts(log_of(site), "site.move")
    assert entry["by"] == "operator"
    assert entry["facts"]["from"]["vault"] == "embedded:vault"
    assert entry["facts"]["to"]["vault"] == f"s3://{grown.store.endpoint}/{grown.bucket}"
    assert (entry["facts"]["files"], entry["facts"]["kept_later"]) == (6, 2)
    assert site.form().decode().startswith(text)  # the operator's lines and remarks stay
    (older,) = site.data.glob("site.toml.before-*")
    assert older.read_text() == text

    command = done.stdout.strip().splitlines()[-1].strip()
    assert command.startswith("EVIDENCE_DATABASE='' EVIDENCE_VAULT='' EVIDENCE_BROKER='' evidence verify")
    assert site.verify(EMBEDDED)["faulty"] == 0
    answer = site.verify()
    assert (answer["checked"], answer["faulty"]) == (3, 0)
    finish_upload(site)
    assert site.verify()["checked"] == 5  # the one that waited was sealed too
    assert set(objects(grown.open_vault())) >= {f"recordings/{site.unfinished}/data"}


@pytest.mark.grown
def test_no_password_is_printed_or_written_anywhere(site: Movable, grown: Grown) -> None:
    done = site.run("move", *grown.options(*ALL))
    assert done.returncode == 0, done.stderr
    everything = [done.stdout.encode(), done.stderr.encode(), *(body for _, body in log_of(site))]
    everything += [path.read_bytes() for path in site.data.rglob("*") if path.is_file()]
    for secret in grown.secrets:
        assert not any(secret.encode() in text for text in everything)


@pytest.mark.parametrize("engine", ["database", "vault", "broker"])
def test_an_address_that_holds_its_password_is_refused_and_not_repeated(
    site: Movable, grown: Grown, engine: str
) -> None:
    old, form = site.old_bytes(), site.form()
    secret = {"database": grown.database_secret, "vault": grown.vault_secret, "broker": grown.redis.url}
    done = site.run("move", f"--{engine}", secret[engine])
    assert done.returncode == 2
    assert not any(word in done.stdout + done.stderr for word in grown.secrets)
    assert (site.old_bytes(), site.form()) == (old, form)


@pytest.mark.grown
def test_the_database_alone(site: Movable, grown: Grown) -> None:
    before, vault = rows(f"sqlite:///{site.data / 'evidence.db'}"), objects(LocalVault(site.vault))
    answer = moved(site, *grown.options("database"))
    assert (answer["files"], answer["checked"], list(answer["changed"])) == (0, 3, ["database"])
    after = rows(grown.database_secret)
    verify_same_rows(before, after)
    assert objects(LocalVault(site.vault)) == vault
    finish_upload(site)
    assert site.verify()["faulty"] == 0


@pytest.mark.grown
def test_the_vault_alone_brings_a_catalogue_of_its_own_and_leaves_the_old_one(
    site: Movable, grown: Grown
) -> None:
    old, before = site.old_bytes(), rows(f"sqlite:///{site.data / 'evidence.db'}")
    answer = moved(site, *grown.options("vault"))
    assert answer["changed"].keys() == {"vault", "database"}
    assert site.old_bytes() == old
    verify_same_rows(before, rows(f"sqlite:///{site.data / 'evidence-2.db'}"))
    verify_same_vault(LocalVault(site.vault), grown.open_vault(), later=True)
    finish_upload(site)
    assert site.verify()["faulty"] == 0
    assert site.verify(EMBEDDED)["faulty"] == 0


@pytest.mark.grown
def test_the_database_in_use_named_again_is_no_way_to_leave_the_vault_behind(
    site: Movable, tmp_path: Path
) -> None:
    before = objects(LocalVault(site.vault))
    answer = moved(site, "--database", "embedded", "--vault", (tmp_path / "elsewhere").as_uri())
    assert answer["files"] == len(before)
    assert objects(LocalVault(tmp_path / "elsewhere")).keys() == before.keys()
    assert site.verify()["faulty"] == 0
    assert (site.data / "evidence-2.db").exists()


@pytest.mark.grown
def test_moving_back_onto_the_form_that_was_left_says_what_to_put_aside(
    site: Movable, tmp_path: Path
) -> None:
    moved(site, "--vault", (tmp_path / "elsewhere").as_uri())
    back = ("--database", "embedded", "--vault", "embedded")
    settings = (site.data / "site.toml").read_bytes()
    problem = refusal(move(site, *back))
    assert (problem.code, problem.fields["engine"]) == ("target-was-left", "database")
    assert (site.data / "site.toml").read_bytes() == settings
    for file in site.data.glob("evidence.db*"):
        file.rename(tmp_path / file.name)
    moved(site, *back)
    assert site.verify()["faulty"] == 0


@pytest.mark.grown
def test_the_queue_alone_is_one_entry_and_one_setting(site: Movable, grown: Grown) -> None:
    before = log_of(site)
    answer = moved(site, *grown.options("broker"))
    assert list(answer["changed"]) == ["broker"]
    after = log_of(site)
    assert after[:-1] == before
    assert acts(after[-1:], "site.move")[0]["facts"]["to"]["broker"].startswith("redis://127.0.0.1")
    assert site.application().settings.broker == grown.broker
    assert not (site.data / "left.json").exists()


@pytest.mark.grown
def test_there_and_back_again(site: Movable, grown: Grown) -> None:
    trees = trees_of(site)
    moved(site, *grown.options(*ALL))
    finish_upload(site)
    verify_logs_go_on(site, trees)
    trees = trees_of(site)
    back = site.data / "back.db"
    answer = moved(site, "--database", f"sqlite:///{back}", "--vault", "embedded", "--broker", "embedded")
    assert answer["adopted"] == 6  # they stood there all the time, and were read
    assert answer["files"] == 10
    verify_same_vault(grown.open_vault(), LocalVault(site.vault), later=False)
    assert len(acts(log_of(site), "site.move")) == 2
    verify_logs_go_on(site, trees)
    assert site.verify()["faulty"] == 0
    left = json.loads((site.data / "left.json").read_text())["left"]
    assert "embedded:vault" not in left
    assert "embedded:database" in left


@pytest.mark.grown
def test_damaged_bytes_that_were_kept_apart_stay_apart_on_the_way_back(site: Movable, grown: Grown) -> None:
    key = f"recordings/{site.held}/data"
    flip(site.vault / key)
    moved(site, "--with-damaged", *grown.options(*ALL))
    back = ("--database", f"sqlite:///{site.data}/back.db", "--vault", (site.data / "vault-2").as_uri())
    assert refusal(move(site, *back)).fields["objects"] == [f"{key} (object-missing)"]
    answer = moved(site, "--with-damaged", *back)
    assert [(one["reason"], one["kept_as"]) for one in answer["damaged"]] == [("object-missing", None)]
    vault = LocalVault(site.data / "vault-2")
    assert objects(vault).keys() == objects(grown.open_vault()).keys()
    assert f"damaged/{key}" in objects(vault)


def test_a_text_that_postgresql_cannot_hold_is_named_by_its_table(site: Movable, grown: Grown) -> None:
    with sqlite3.connect(site.data / "evidence.db") as connection:
        connection.execute("UPDATE card SET wearer = 'a' || char(0) || 'b'")
    connection.close()
    form = site.form()
    problem = refusal(move(site, *grown.options(*ALL)))
    assert (problem.code, problem.fields["table"]) == ("row-not-storable", "card")
    assert site.form() == form
    assert all(not found for found in rows(grown.database_secret).values())


@pytest.mark.grown
def test_a_terminal_shows_a_bar_for_each_part(site: Movable, grown: Grown) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "evidence", "move", "--data", str(site.data), *grown.options(*ALL)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "COLUMNS": "160"}
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # a terminal whose last writer has gone
        while piece := os.read(ours, 1 << 16):
            shown += piece
    os.close(ours)
    out = process.communicate()[0].decode()
    assert process.returncode == 0
    for part in ("survey", "vault", "catalogue", "verify"):
        assert say(f"moving.{part}").split(" / ")[0] in shown.decode()
    assert "6/6" in shown.decode()
    assert say("cli.move-done", file="…").split("…")[0] in out


@pytest.mark.grown
def test_a_second_time_there_is_nothing_to_move(site: Movable, grown: Grown) -> None:
    moved(site, *grown.options(*ALL))
    form, entries = site.form(), log_of(site)
    done = site.run("move", *grown.options(*ALL))
    assert done.returncode == 0
    assert "nothing to move" in done.stdout
    assert (site.form(), log_of(site)) == (form, entries)


@pytest.mark.grown
def test_the_form_that_was_left_takes_no_evidence_in(site: Movable, grown: Grown) -> None:
    moved(site, *grown.options(*ALL))
    assert site.run("serve", env=EMBEDDED).returncode == 1
    (older,) = site.data.glob("site.toml.before-*")
    new = site.form()
    (site.data / "site.toml").write_bytes(older.read_bytes())  # restored by mistake
    done = site.run("serve")
    assert done.returncode == 1
    assert "moved away" in done.stderr
    (site.data / "site.toml").write_bytes(new)
    bootstrap.verify_may_ingest(site.data)
    bootstrap.open_doorbell(site.data)


@pytest.mark.grown
def test_what_was_left_is_known_even_where_the_crash_came_before_the_list(
    site: Movable, grown: Grown
) -> None:
    assert site.run("move", *grown.options(*ALL), at="after-switch").returncode == -9
    assert not (site.data / "left.json").exists()
    bootstrap.verify_may_ingest(site.data)  # the new form serves
    assert site.run("serve", env=EMBEDDED).returncode == 1


# What is refused leaves both forms as they were.


@pytest.fixture
def unchanged(site: Movable) -> Iterator[Callable[[], None]]:
    old, form = site.old_bytes(), site.form()

    def verify() -> None:
        assert site.old_bytes() == old
        assert site.form() == form
        assert not list(site.data.glob("site.toml.*"))
        assert not (site.data / "left.json").exists()

    yield verify
    verify()


def flip(file: Path, at: int = 100) -> None:
    file.chmod(0o644)
    with file.open("r+b") as opened:
        opened.seek(at)
        (byte,) = opened.read(1)
        opened.seek(at)
        opened.write(bytes([byte ^ 1]))
    file.chmod(0o444)


def test_a_flipped_bit_in_the_old_vault_stops_the_move_by_name(site: Movable, grown: Grown) -> None:
    flip(site.vault / "recordings" / site.held / "data")
    old, form = site.old_bytes(), site.form()
    problem = refusal(move(site, *grown.options(*ALL)))
    assert isinstance(problem, IntegrityFault)
    assert (problem.code, problem.fields["objects"]) == (
        "vault-damaged", [f"recordings/{site.held}/data (bytes-differ)"]
    )  # fmt: skip
    assert (site.old_bytes(), site.form()) == (old, form)
    assert rows_or_none(grown) is None
    assert f"recordings/{site.held}/data" not in objects(grown.open_vault())


@pytest.mark.grown
def test_with_damaged_the_bytes_are_kept_apart_and_never_pass_for_the_original(
    site: Movable, grown: Grown
) -> None:
    key = f"recordings/{site.held}/data"
    flip(site.vault / key)
    damaged = (site.vault / key).read_bytes()
    answer = moved(site, "--with-damaged", *grown.options(*ALL))
    assert [(one["key"], one["kept_as"]) for one in answer["damaged"]] == [(key, f"damaged/{key}")]
    vault = grown.open_vault()
    assert key not in objects(vault)  # the place is free for a sound copy
    kept = vault.stat(f"damaged/{key}")
    with vault.open(kept.key) as file:
        assert file.read() == damaged
    assert kept.lock.holds == LocalVault(site.vault).stat(key).lock.holds
    assert [one["res"] for one in acts(log_of(site), "site.move")] == ["ok", "bytes-differ"]
    verdicts = {one["recording"]: one["result"] for one in site.verify()["recordings"]}
    assert verdicts[site.held] == "object-missing"
    assert list(verdicts.values()).count("ok") == 2


def test_an_object_that_is_gone_or_has_lost_its_lock_stops_the_move_before_anything_is_copied(
    site: Movable, grown: Grown
) -> None:
    lock = next((site.vault / "recordings" / site.past).glob("data~lock*"))
    lock.unlink()
    (site.vault / "recordings" / site.held / "manifest.json").unlink()
    problem = refusal(move(site, *grown.options(*ALL)))
    assert sorted(problem.fields["objects"]) == sorted([  # type: ignore[call-overload]
        f"recordings/{site.past}/data (object-without-lock)",
        f"recordings/{site.held}/manifest.json (object-missing)",
    ])  # fmt: skip
    assert list(grown.open_vault().census()) == []
    answer = moved(site, "--with-damaged", *grown.options(*ALL))
    kept = grown.open_vault().stat(f"damaged/recordings/{site.past}/data")
    assert kept.lock.holds == {"lock-unreadable"}
    assert {one["kept_as"] for one in answer["damaged"]} == {kept.key, None}
    assert [one["kind"] for one in answer["left_behind"]] == ["lock-without-object"]


def rows_or_none(grown: Grown) -> str | None:
    found = grown.postgres.ask(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", grown.database_secret
    )
    return None if found == "0" else found


def test_a_database_that_is_not_empty_is_refused_and_untouched(
    site: Movable, grown: Grown, unchanged: Callable[[], None]
) -> None:
    grown.postgres.ask("CREATE TABLE theirs (a int); INSERT INTO theirs VALUES (7)", grown.database_secret)
    problem = refusal(move(site, *grown.options(*ALL)))
    assert (problem.code, problem.fields["engine"]) == ("target-not-empty", "database")
    assert rows_or_none(grown) == "1"
    assert grown.postgres.ask("SELECT a FROM theirs", grown.database_secret) == "7"


def test_another_site_s_database_is_refused_and_untouched(
    site: Movable, grown: Grown, unchanged: Callable[[], None], tmp_path: Path
) -> None:
    founding.initialise(tmp_path / "other", "dazhe-2020", "other", sm3=False)
    theirs = tmp_path / "other" / "evidence.db"
    before = rows(f"sqlite:///{theirs}")
    problem = refusal(move(site, "--database", f"sqlite:///{theirs}"))
    assert problem.code == "target-not-empty"
    assert rows(f"sqlite:///{theirs}") == before


def test_a_file_that_is_no_database_of_ours_is_not_even_opened_for_writing(
    site: Movable, unchanged: Callable[[], None], tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs.db"
    with sqlite3.connect(theirs) as connection:
        connection.execute("CREATE TABLE theirs (a int)")
    connection.close()
    (tmp_path / "text.db").write_text("no database at all, but long enough to be taken for one " * 20)
    for file in (theirs, tmp_path / "text.db"):
        before = file.read_bytes()
        assert refusal(move(site, "--database", f"sqlite:///{file}")).code == "target-not-empty"
        assert file.read_bytes() == before


def test_a_bucket_that_holds_anything_else_is_refused_and_untouched(
    site: Movable, grown: Grown, unchanged: Callable[[], None]
) -> None:
    bucket: Bucket = grown.make_bucket()
    bucket.put("theirs/object", b"theirs", None, False, {})
    before = [one.key for one in bucket.versions("")]
    problem = refusal(move(site, *grown.options(*ALL)))
    assert (problem.code, problem.fields["engine"]) == ("target-not-empty", "vault")
    assert [one.key for one in bucket.versions("")] == before
    assert rows_or_none(grown) is None


@pytest.mark.grown
def test_an_object_of_ours_with_other_bytes_is_refused_and_untouched(
    site: Movable, grown: Grown, unchanged: Callable[[], None]
) -> None:
    grown.make_bucket()
    key = f"recordings/{site.held}/data"
    other = grown.open_vault().seal_bytes(key, b"other", Lock(datetime.now(UTC) + timedelta(days=2)))
    problem = refusal(move(site, *grown.options(*ALL)))
    assert (problem.code, problem.fields["key"]) == ("target-not-empty", key)
    assert grown.open_vault().stat(key) == other


def test_a_form_in_which_somebody_works_is_refused(
    site: Movable, grown: Grown, unchanged: Callable[[], None]
) -> None:
    with bootstrap.lock_service(site.data):
        problem = refusal(move(site, *grown.options(*ALL)))
    assert isinstance(problem, Busy)
    assert problem.code == "service-running"


@pytest.mark.grown
def test_a_sqlite_file_that_another_process_has_open_is_in_use(
    site: Movable, grown: Grown, unchanged: Callable[[], None]
) -> None:
    holding = (
        "import sys; from pathlib import Path; from evidence.bootstrap import build\n"
        "held = build(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", holding, str(site.data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        problem = refusal(move(site, *grown.options(*ALL)))
    finally:
        other.communicate()
    assert (problem.code, problem.fields["process"]) == ("site-in-use", other.pid)


@pytest.mark.grown
def test_a_grown_form_with_a_session_or_a_live_job_is_in_use(
    site: Movable, grown: Grown, postgres_server: PostgresServer
) -> None:
    moved(site, *grown.options("database", "broker"))
    form = site.form()
    service = site.application()
    with service.site.database.reading() as unit:
        unit.jobs.counts()
    wanted = ("--database", f"sqlite:///{site.data / 'back.db'}")
    assert refusal(move(site, *wanted)).code == "site-in-use"
    service.site.database.close()  # type: ignore[attr-defined]
    with service.site.database.writing() as unit:
        assert unit.jobs.claim("worker", service.site.clock.now(), tuple(JobName)) is not None
    service.site.database.close()  # type: ignore[attr-defined]
    problem = refusal(move(site, *wanted))
    assert (problem.code, problem.fields["jobs"]) == ("site-in-use", 1)
    assert site.form() == form
    assert not (site.data / "back.db").exists()


def test_engines_named_by_the_environment_would_win_over_the_switch_and_are_refused(
    site: Movable, grown: Grown, unchanged: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in ("", f"sqlite:///{site.data / 'evidence.db'}"):
        monkeypatch.setenv("EVIDENCE_DATABASE", value)
        problem = refusal(move(site, *grown.options(*ALL)))
        assert isinstance(problem, Invalid)
        assert problem.code == "engines-in-environment"


@pytest.mark.grown
def test_what_only_the_environment_names_is_where_the_site_goes(
    site: Movable, grown: Grown, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ALL:
        monkeypatch.setenv(f"EVIDENCE_{name.upper()}", getattr(grown, name))
    assert moved(site)["changed"].keys() == set(ALL)
    for name in ALL:
        monkeypatch.delenv(f"EVIDENCE_{name.upper()}")
    assert site.application().settings.vault == grown.vault
    assert site.verify()["faulty"] == 0


@pytest.mark.grown
def test_faults_that_the_old_form_has_too_stop_the_move_unless_the_operator_says_otherwise(
    site: Movable, grown: Grown
) -> None:
    stray = f"recordings/{'a' * 32}/data"
    LocalVault(site.vault).seal_bytes(stray, b"stray", Lock(datetime.now(UTC) + timedelta(days=9)))
    problem = refusal(move(site, *grown.options(*ALL)))
    assert problem.fields["objects"] == [f"{stray} (row-missing)"]
    with sqlite3.connect(site.data / "evidence.db") as connection:
        connection.execute("UPDATE recording SET wearer = 'somebody else' WHERE id = ?", (site.past,))
    connection.close()
    faults = {one["recording"]: one["faults"] for one in site.verify()["recordings"] if one["faults"]}
    assert set(faults) == {"a" * 32, site.past}
    form = site.form()
    problem = refusal(move(site, *grown.options("database")))
    assert problem.code == "move-not-verified"
    assert site.form() == form
    answer = moved(site, "--with-damaged", *grown.options(*ALL))
    assert [one["kept_as"] for one in answer["damaged"]] == [stray]
    assert faults == {one["recording"]: one["faults"] for one in site.verify()["recordings"] if one["faults"]}


@pytest.mark.grown
def test_from_one_store_to_another_the_old_one_stays_qualified_until_the_switch(
    site: Movable, grown: Grown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved(site, *grown.options("database", "vault"))
    signed = (site.data / qualification.FILE).read_bytes()
    other = Grown(tmp_path, grown.postgres, grown.store, grown.redis)
    store = f"s3://{grown.store.endpoint}"
    monkeypatch.setattr("storage.qualify.PROBES", [("clock-agrees", True, lambda room: "probed anew")])

    def never(*_: object) -> None:
        raise Unavailable("store-not-qualified", store=store, reason="other-store")

    with monkeypatch.context() as patch:
        patch.setattr(qualification, "verify", never)
        patch.setattr("evidence.adapters.site_file.switch", lambda *_: (_ for _ in ()).throw(Busy("busy")))
        assert refusal(move(site, *other.options("database", "vault"))).code == "busy"
        assert (site.data / qualification.FILE).read_bytes() == signed
    with monkeypatch.context() as patch:
        patch.setattr(qualification, "verify", never)
        assert moved(site, *other.options("database", "vault"))["adopted"] == 6
    assert b"probed anew" in (site.data / qualification.FILE).read_bytes()
    assert site.verify()["faulty"] == 0


def test_a_store_that_fails_the_probes_is_refused(
    site: Movable, grown: Grown, unchanged: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.data / qualification.FILE).unlink()

    def weak(room: object) -> str:
        from storage.probes import Broken

        raise Broken("deleted it")

    monkeypatch.setattr("storage.qualify.PROBES", [("locked-version-cannot-be-deleted", True, weak)])
    problem = refusal(move(site, *grown.options(*ALL)))
    assert isinstance(problem, Unavailable)
    assert (problem.code, problem.fields["reason"]) == ("store-not-qualified", "failed")
    assert not (site.data / qualification.FILE).exists()
    assert rows_or_none(grown) is None


def test_a_queue_that_does_not_answer_is_refused(
    site: Movable, grown: Grown, unchanged: Callable[[], None]
) -> None:
    problem = refusal(move(site, "--broker", "redis://127.0.0.1:9/0"))
    assert problem.code == "queue-unavailable"


@pytest.mark.grown
def test_another_vault_for_a_grown_catalogue_needs_another_database(site: Movable, grown: Grown) -> None:
    moved(site, *grown.options("database"))
    form, before = site.form(), rows(grown.database_secret)
    assert refusal(move(site, *grown.options("vault"))).code == "move-needs-database"
    assert (site.form(), rows(grown.database_secret)) == (form, before)


@pytest.mark.grown
def test_a_catalogue_that_was_written_during_the_move_is_not_left(
    site: Movable, grown: Grown, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evidence.service.moving import Moving

    verify, form = Moving.verify, site.form()

    def meanwhile(self: Moving, caller: Caller) -> int:
        application = site.application()
        application.recordings.list(caller)
        application.site.database.close()  # type: ignore[attr-defined]
        return verify(self, caller)

    with monkeypatch.context() as patch:
        patch.setattr(Moving, "verify", meanwhile)
        problem = refusal(move(site, *grown.options(*ALL)))
    assert isinstance(problem, Conflict)
    assert problem.code == "site-changed"
    assert site.form() == form
    before = rows(f"sqlite:///{site.data / 'evidence.db'}")
    moved(site, *grown.options(*ALL))  # the stale copy is ours: it is made anew
    verify_same_rows(before, rows(grown.database_secret))
    assert len(acts(log_of(site), "site.move")) == 1


# Killed anywhere, the next attempt ends well.


@pytest.mark.grown
@pytest.mark.parametrize("used_between", [False, True], ids=["at once", "used between"])
@pytest.mark.parametrize(
    "point",
    ["after-lock", "after-copy:3", "after-vault", "after-rows", "after-rows-commit", "after-verify",
     "before-switch", "after-switch"],
)  # fmt: skip
def test_killed_at_any_moment_the_old_form_serves_until_the_switch_and_the_next_attempt_ends_well(
    site: Movable, grown: Grown, point: str, used_between: bool
) -> None:
    form = site.form()
    done = site.run("move", *grown.options(*ALL), at=point)
    assert done.returncode == -9, done.stderr
    assert (site.form() == form) == (point != "after-switch")
    if used_between and point != "after-switch":
        assert site.verify()["faulty"] == 0  # its entries must come along
        bootstrap.verify_may_ingest(site.data)
    before = rows(f"sqlite:///{site.data / 'evidence.db'}")
    answer = moved(site, *grown.options(*ALL))
    if point == "after-switch":
        assert answer["changed"] == {}
    assert len(acts(log_of(site), "site.move")) == 1
    verify_same_rows(before, rows(grown.database_secret))
    verify_same_vault(LocalVault(site.vault), grown.open_vault(), later=True)
    bucket = Bucket(bucket_address(grown.vault_secret))
    versions = [one.key for one in bucket.versions("")]
    assert len(versions) == len(set(versions))
    assert len(list(site.data.glob("site.toml.before-*"))) == 1
    assert list((site.data / "scratch").iterdir()) == []
    finish_upload(site)
    assert site.verify()["faulty"] == 0
    assert site.verify(EMBEDDED)["faulty"] == 0


@pytest.mark.grown
@pytest.mark.parametrize(
    "point", ["after-lock-record:2", "after-data-link:2", "after-copy:2", "after-rows-commit"]
)
def test_killed_on_the_way_back_into_a_folder_the_next_attempt_ends_well(
    site: Movable, grown: Grown, point: str
) -> None:
    moved(site, *grown.options(*ALL))
    form = site.form()
    back = ("--database", f"sqlite:///{site.data}/back.db", "--vault", (site.data / "vault-2").as_uri())
    done = site.run("move", *back, at=point)
    assert done.returncode == -9, done.stderr
    assert site.form() == form
    answer = moved(site, *back)
    assert answer["left_behind"] == answer["damaged"] == []
    verify_same_vault(grown.open_vault(), LocalVault(site.data / "vault-2"), later=False)
    assert list((site.data / "scratch").iterdir()) == []
    assert len(acts(log_of(site), "site.move")) == 2
    finish_upload(site)
    assert site.verify()["faulty"] == 0


@pytest.mark.grown
def test_a_hold_released_between_two_attempts_does_not_come_back(site: Movable, grown: Grown) -> None:
    assert site.run("move", *grown.options("vault"), at="after-vault").returncode == -9
    old, key = LocalVault(site.vault), f"recordings/{site.held}/data"
    old.release(key, "诉讼")
    assert grown.open_vault().stat(key).lock.holds == {"complaint 12", "诉讼"}
    answer = moved(site, *grown.options("vault"))
    assert answer["adopted"] > 0
    verify_same_vault(old, grown.open_vault(), later=True)
    assert grown.open_vault().stat(key).lock.holds == {"complaint 12"}
    assert site.verify()["faulty"] == 0


def test_a_lock_that_is_not_the_old_ones_stops_the_move_by_name(
    site: Movable, grown: Grown, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, key = site.form(), f"recordings/{site.held}/data"
    monkeypatch.setattr(Copier, "_locked_as", lambda self, there, wanted: self.target.hold(there.key, "odd"))
    fault = refusal(move(site, *grown.options("vault")))
    assert isinstance(fault, IntegrityFault)
    assert fault.code == "move-not-verified"
    assert f"{key} (holds)" in fault.fields["recordings"]
    assert site.form() == form


@pytest.mark.parametrize("met", [KeyboardInterrupt(), StoreUnavailable(reason="MaxRetryError")])
def test_a_move_that_is_stopped_or_loses_a_store_says_what_is_safe_and_how_to_go_on(
    site: Movable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, met: BaseException
) -> None:
    def away(_: Moving) -> None:
        raise met

    form = site.form()
    words = ("--vault", (tmp_path / "new").as_uri())
    with monkeypatch.context() as patch:
        patch.setattr(Moving, "carry_vault", away)
        result = move(site, *words)
    assert result.exit_code != 0
    assert "原形式仍是本站点" in result.stderr
    assert "run the same command again" in result.stderr
    assert site.form() == form
    assert moved(site, *words)["changed"].keys() == {"vault", "database"}
