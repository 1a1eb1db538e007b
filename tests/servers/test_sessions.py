"""A test session leaves no server behind, however it ends, and its workers share what can be shared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.processes import holders, living, wait_until

pytestmark = pytest.mark.grown

ROOT = Path(__file__).parents[2]
TESTS = """
import os, time
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(2))
def test_that_uses_servers(request, number):
    used = [request.getfixturevalue(name) for name in os.environ["SERVERS"].split()]
    words = " ".join(str(word) for word in (os.getpid(), *(server.port for server in used)))
    Path(os.environ["NOTES"], f"{number}.new").write_text(words)
    Path(os.environ["NOTES"], f"{number}.new").rename(Path(os.environ["NOTES"], f"{number}.txt"))
    deadline = time.monotonic() + 60
    while not Path(os.environ["NOTES"], "go-on").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert all(server.is_ready() for server in used)
"""


class Session:
    """A pytest session of two workers whose tests wait for a word."""

    def __init__(self, folder: Path, *servers: str) -> None:
        self.folder, self.notes = folder, folder / "notes"
        self.notes.mkdir()
        self.said = (folder / "said").open("w+", encoding="utf-8")
        (folder / "test_inner.py").write_text(TESTS, "utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "xdist.plugin"),
                *("-p", "tests.conftest"),
                *("-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder)),
                *("--basetemp", str(folder / "base"), str(folder / "test_inner.py")),
            ],
            cwd=ROOT,
            env={
                **environment,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "NOTES": str(self.notes),
                "SERVERS": " ".join(servers),
                "PYTHONPATH": str(ROOT),
            },
            stdout=self.said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def workers(self) -> list[list[str]]:
        """Wait until both tests run; return the process and the servers' ports of each."""
        wait_until(lambda: len(list(self.notes.glob("*.txt"))) == 2 or self.process.poll() is not None, 60)
        assert self.process.poll() is None, (self.folder / "said").read_text("utf-8")
        return [note.read_text("utf-8").split() for note in self.notes.glob("*.txt")]

    def servers(self) -> set[int]:
        """Return the processes of all servers of the session."""
        locks = (self.folder / "base").rglob("keeper.lock")
        return {process for lock in locks for process in holders(lock)}

    def go_on(self) -> str:
        """Let the tests end; return what pytest said."""
        (self.notes / "go-on").touch()
        self.process.wait(90)
        return (self.folder / "said").read_text("utf-8")


@pytest.fixture
def session(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Session]:
    session = Session(tmp_path, *request.param)
    yield session
    if session.process.poll() is None:
        os.killpg(session.process.pid, signal.SIGKILL)
    session.process.wait()
    session.said.close()


@pytest.mark.parametrize("session", [("postgres_server", "redis_server")], indirect=True, ids=["both"])
def test_workers_share_postgres_and_have_a_redis_each_and_nothing_is_left(session: Session) -> None:
    (_, postgres, redis), (_, other_postgres, other_redis) = session.workers()
    assert postgres == other_postgres
    assert redis != other_redis
    running = session.servers()
    assert len(running) > 6
    said = session.go_on()
    assert "2 passed" in said, said
    assert wait_until(lambda: not living(running), 5), living(running)
    assert not list((session.folder / "base").rglob("keeper.lock")), "the data are removed"


@pytest.mark.parametrize("session", [("redis_server",)], indirect=True, ids=["redis"])
def test_a_killed_worker_takes_nothing_from_the_other_and_leaves_nothing(session: Session) -> None:
    (worker, _), _ = session.workers()
    running = session.servers()
    os.kill(int(worker), signal.SIGKILL)
    said = session.go_on()
    assert "1 passed" in said, said
    assert "crashed while running" in said
    assert wait_until(lambda: not session.servers(), 30)
    assert wait_until(lambda: not living(running), 5), living(running)


@pytest.mark.parametrize("session", [("redis_server",)], indirect=True, ids=["redis"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_no_server_survives_a_session_that_is_broken_off(session: Session, how: signal.Signals) -> None:
    session.workers()
    running = session.servers()
    assert running
    os.killpg(session.process.pid, how)
    if not wait_until(lambda: session.process.poll() is not None, 60):
        os.killpg(session.process.pid, signal.SIGKILL)  # pytest-xdist may hang over a Ctrl-C
    assert wait_until(lambda: not living(running), 30), living(running)
