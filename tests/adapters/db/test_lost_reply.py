"""A commit whose reply is lost: all of it stands or nothing, the caller is told so, and can look."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from select import select
from threading import Thread
from urllib.parse import urlsplit

import pytest

from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.audit import Act, Entry
from evidence.errors import Unavailable
from evidence.service.jobs import JobName
from tests.adapters.db.engines import FreshDatabase, dump, open_migrated
from tests.builders import SITE, START
from tests.servers.postgres import PostgresServer

COMMIT = b"COMMIT\0"


class Line:
    """A line to a server that can break at a commit: before the server hears it, or after."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.breaks = ""  # "before" or "after"
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server, suppress(OSError):
            while True:
                for ready in select([client, server], [], [])[0]:
                    data = ready.recv(65_536)
                    if ready is client and COMMIT in data and self.breaks:
                        if self.breaks == "after":
                            server.sendall(data)
                            server.recv(65_536)  # the server has answered: it is done
                        return
                    if not data:
                        return
                    (server if ready is client else client).sendall(data)

    def close(self) -> None:
        """Take no more connections."""
        self._door.close()


@pytest.fixture
def fresh(postgres_server: PostgresServer, migrated: str) -> FreshDatabase:
    return FreshDatabase(postgres_server.new_database(migrated))


@pytest.fixture
def line(fresh: FreshDatabase) -> Iterator[Line]:
    url = urlsplit(fresh.url)
    line = Line((str(url.hostname), int(url.port or 0)))
    yield line
    line.close()


def through(line: Line, fresh: FreshDatabase) -> SqlDatabase:
    url = urlsplit(fresh.url)
    netloc = url.netloc.replace(f":{url.port}", f":{line.port}")
    return SqlDatabase(url._replace(netloc=netloc, query="sslmode=disable&gssencmode=disable").geturl(), SITE)


@pytest.mark.parametrize(("breaks", "stands"), [("before", []), ("after", [(1, {"queued": 1})])])
def test_a_lost_reply_is_told_as_open_and_another_look_tells(
    line: Line, fresh: FreshDatabase, breaks: str, stands: list[object]
) -> None:
    database = through(line, fresh)
    before = dump(fresh)

    def act() -> None:
        with database.writing() as unit:
            unit.log.append(Entry(Act.INIT, "operator"), START)
            unit.jobs.add(JobName.SEAL, "a", START)
            line.breaks = breaks

    with pytest.raises(Unavailable) as told:
        act()
    line.breaks = ""
    assert (told.value.code, told.value.fields["outcome"]) == ("database-unavailable", "unknown")
    with database.reading() as unit:  # the same program looks again, over a new connection
        found = [(number, dict(unit.jobs.counts())) for number, _ in unit.log.entries()]
    database.close()
    assert found == stands
    assert (dump(fresh) == before) is (stands == [])


@pytest.mark.grown
def test_after_a_crash_of_the_server_each_acknowledged_commit_stands_and_none_by_half(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    tried: list[str] = []
    with PostgresServer(tmp_path / "server") as server:
        fresh = FreshDatabase(server.new_database())
        database = open_migrated(fresh)

        def write_on(writer: int) -> None:
            for i in range(10_000):
                name = f"{writer}-{i}"
                tried.append(name)
                try:
                    with database.writing() as unit:
                        unit.log.append(Entry(Act.INIT, "operator"), START)
                        unit.jobs.add(JobName.SEAL, name, START)
                except Unavailable:
                    return
                acknowledged.append(name)

        threads = [Thread(target=write_on, args=(writer,)) for writer in range(4)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 200:
            threads[0].join(0.01)
        server.stop("kill")
        for thread in threads:
            thread.join()
        server.start()
        with closing(database), database.reading() as unit:
            numbers = [number for number, _ in unit.log.entries()]
        jobs = {str(subject) for (subject,) in fresh.raw("SELECT subject FROM job")}
    assert set(acknowledged) <= jobs <= set(tried)
    assert numbers == list(range(1, len(jobs) + 1)), "log and job of one act stand together, without a hole"
