"""A Redis server for tests: one database with a password, nothing kept on disc."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis

from tests.servers.kept import KeptServer, die_with_keeper, secret
from tests.servers.processes import program


class RedisServer(KeptServer):
    """Redis on 127.0.0.1; it comes back empty after each stop."""

    kind = "redis"
    seconds_to_start = 20.0
    seconds_to_stop = 10.0
    one_for_each_worker = True  # it has one room only: `empty` would take a neighbour's keys

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        super().__init__(folder, shared=shared)
        self.password = str(self._facts["password"])
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def facts(self) -> dict[str, Any]:
        """Return the password, made once."""
        return {"password": secret()}

    def prepare(self) -> None:
        """Write the settings; the password stands in no command line."""
        file = self.folder / "redis.conf"
        file.touch(mode=0o600)
        file.write_text(
            f'bind 127.0.0.1\nport {self.port}\ndir "{self.folder}"\nrequirepass {self.password}\n'
            'save ""\nappendonly no\ndaemonize no\ntcp-backlog 128\n',
            "utf-8",
        )

    def command(self) -> list[str]:
        """Return the command that runs the server."""
        return die_with_keeper(program("redis-server", "redis-server"), str(self.folder / "redis.conf"))

    def client(self) -> redis.Redis:
        """Return a new client; the caller closes it."""
        return redis.Redis.from_url(self.url, socket_timeout=5, socket_connect_timeout=5)

    def is_ready(self) -> bool:
        """Tell whether the server answers to the password."""
        with self.client() as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                return False

    def empty(self) -> None:
        """Remove all keys."""
        with self.client() as client:
            client.flushall()
