"""Who comes while a site moves: nothing is taken in by the form that is being left, and no move begins where
somebody serves.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

import evidence.moving as moving
from evidence import bootstrap
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.cli import app
from evidence.cli.site import OPERATOR
from evidence.errors import Busy, Conflict, EvidenceError
from tests.movable import Movable, make_site
from tests.servers.redis import RedisServer
from tests.service_process import free_port
from workers import grown as workers_grown

pytestmark = pytest.mark.grown


@pytest.fixture
def site(tmp_path: Path, redis_server: RedisServer) -> Movable:
    """A site with a broker: its services and workers may be several."""
    site = make_site(tmp_path)
    password = tmp_path / "broker.password"
    password.write_text(redis_server.password)
    with (site.data / "site.toml").open("a") as file:
        file.write(f'broker = "redis://127.0.0.1:{redis_server.port}/0?password_file={password}"\n')
    application = site.application()
    application.work.take_over()  # nobody has a job in hand
    application.site.database.close()  # type: ignore[attr-defined]
    return site


def move(site: Movable) -> EvidenceError | None:
    """Move the database inside this process; return the refusal."""
    words = ["move", "--json", "--database", f"sqlite:///{site.data / 'new.db'}", "--data", str(site.data)]
    problem = CliRunner().invoke(app, words).exception
    assert problem is None or isinstance(problem, EvidenceError), problem
    return problem


def docks(site: Movable, database: str) -> set[str]:
    with closing(SqlDatabase(f"sqlite:///{site.data / database}", "evidence")) as opened:
        return {
            row[0]
            for row in opened.engine.connect()
            .execution_options(evidence_writes=False)
            .exec_driver_sql("SELECT name FROM account")
        }


@contextmanager
def held_in_the_switch(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> Iterator[None]:
    """Do something while the old catalogue is digested under its writer lock, just before the switch."""
    whole, switch = moving.whole.contents, moving._switch
    done: list[bool] = []

    def slow(*words: object, **named: object) -> object:
        if not done:
            meanwhile()
            done.append(True)
        return whole(*words, **named)  # type: ignore[arg-type]

    def switching(*words: object) -> Path:
        with monkeypatch.context() as patch:
            patch.setattr(moving.whole, "contents", slow)
            return switch(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(moving, "_switch", switching)
    yield
    assert done


def test_what_is_opened_during_the_switch_never_writes_into_the_form_that_was_left(
    site: Movable, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate, begun, refused = SqlDatabase.migrate, threading.Event(), []

    def migrating(self: SqlDatabase, may_begin: bool = True) -> None:
        begun.set()
        migrate(self, may_begin)

    def add_dock() -> None:
        with pytest.raises(Conflict, match="form-left") as problem:
            bootstrap.build(site.data).accounts.add_dock(OPERATOR, "late")
        refused.append(problem.value)

    other = threading.Thread(target=add_dock)

    def begin() -> None:
        monkeypatch.setattr(SqlDatabase, "migrate", migrating)
        other.start()
        assert begun.wait(30)
        time.sleep(0.5)  # now it waits for the writer

    with held_in_the_switch(monkeypatch, begin):
        assert move(site) is None
    other.join()
    assert len(refused) == 1
    assert "late" not in docks(site, "evidence.db") | docks(site, "new.db")
    bootstrap.build(site.data).accounts.add_dock(OPERATOR, "later")
    assert "later" in docks(site, "new.db") - docks(site, "evidence.db")


def test_a_service_or_a_worker_that_starts_during_a_move_is_refused(
    site: Movable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVIDENCE_DATA", str(site.data))
    monkeypatch.setattr(workers_grown, "_opened", None)
    said: list[str] = []

    def start() -> None:
        for begin in (
            bootstrap.lock_to_serve,
            bootstrap.open_doorbell,
            lambda _: workers_grown.application(),
        ):
            with pytest.raises(Busy, match="service-running"):
                begin(site.data)
        done = site.run("serve", "--port", str(free_port()))
        celery = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-Q", "fixity"]
        worker = subprocess.run(celery, capture_output=True, text=True, timeout=60, check=False)
        said.extend((done.stderr, worker.stderr))

    with held_in_the_switch(monkeypatch, start):
        assert move(site) is None
    assert all("being moved" in text for text in said), said


@pytest.mark.parametrize("who", ["service", "worker"])
def test_a_site_with_workers_of_its_own_is_not_moved_while_one_process_serves_it(
    site: Movable, who: str
) -> None:
    command = {
        "service": ["evidence", "serve", "--data", str(site.data), "--port", str(free_port())],
        "worker": ["celery", "-A", "workers.app", "worker", "-Q", "fixity", "-c", "1", "-l", "INFO"],
    }[who]
    ready = {"service": "startup complete", "worker": " ready."}[who]
    process = subprocess.Popen(
        [sys.executable, "-m", *command], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env={**os.environ, "EVIDENCE_DATA": str(site.data)},
    )  # fmt: skip
    try:
        assert process.stderr is not None
        assert any(ready in line for line in process.stderr)
        form = site.form()
        problem = move(site)
        assert problem is not None
        assert problem.code == "service-running"
        assert site.form() == form
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert move(site) is None


def test_services_with_workers_of_their_own_share_the_site_and_keep_others_from_having_it_alone(
    site: Movable,
) -> None:
    one, other = bootstrap.lock_to_serve(site.data), bootstrap.lock_to_serve(site.data)
    one.close()
    with other, pytest.raises(Busy, match="service-running"):
        bootstrap.lock_service(site.data)
    bootstrap.lock_service(site.data).close()


def test_a_folder_that_only_others_may_write_is_locked_all_the_same(site: Movable) -> None:
    """In compose services and workers see the site's folder read-only."""
    bootstrap.lock_service(site.data).close()
    script = (
        "import sys; from pathlib import Path; from evidence.bootstrap import lock_to_serve\n"
        "lock_to_serve(Path(sys.argv[1])); print('held')"
    )
    bwrap = ["bwrap", "--ro-bind", "/", "/", sys.executable, "-c", script, str(site.data)]
    done = subprocess.run(bwrap, capture_output=True, text=True, timeout=60)
    assert done.stdout == "held\n", done.stderr
    (site.data / "service.lock").unlink()
    done = subprocess.run(bwrap, capture_output=True, text=True, timeout=60)
    assert "service-lock-missing" in done.stderr


@pytest.mark.parametrize("is_listed", [True, False], ids=["list", "settings"])
def test_a_form_that_was_left_while_it_was_opened_is_refused(
    site: Movable, monkeypatch: pytest.MonkeyPatch, is_listed: bool
) -> None:
    """By the settings where they changed, by the list where the environment names what was left."""
    migrate = SqlDatabase.migrate

    def meanwhile(self: SqlDatabase, may_begin: bool = True) -> None:
        migrate(self, may_begin)
        if is_listed:
            (site.data / "left.json").write_text('{"left": ["embedded:database"]}')
        else:
            with (site.data / "site.toml").open("a") as file:
                file.write(f'database = "sqlite:///{site.data / "new.db"}"\n')

    with monkeypatch.context() as patch:
        patch.setattr(SqlDatabase, "migrate", meanwhile)
        with pytest.raises(Conflict, match="form-left"):
            bootstrap.build(site.data)
    if is_listed:  # who only reads may open it, knowing that
        assert bootstrap.build(site.data).accounts.docks(OPERATOR)
