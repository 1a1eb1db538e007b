"""A PostgreSQL server for tests: as durable as a real one, databases made while you wait.

`fsync` and all that belongs to it stay on, so what is tested here about a crash holds elsewhere. The data lie
in `folder/data`; a folder on tmpfs would make the durability a pretence. Databases are UTF8 with the locale
C.UTF-8. The program's user `evidence` owns its databases and is no superuser; this module acts as `postgres`,
through psql.

PostgreSQL refuses to run as root. Root's tests run it as the package's user `postgres`. That user need not be
able to walk to the folder: it reaches the data through a file descriptor that root opened.

Not there: Unix sockets, TLS, replication.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from tests.servers.kept import KeptServer, die_with_keeper, secret
from tests.servers.processes import program

_BINARIES = "/usr/lib/postgresql/*/bin"
_MODES = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "kill": signal.SIGUSR1}
_SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
dynamic_shared_memory_type = mmap   # a killed server leaves nothing outside its folder
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
"""


class PostgresServer(KeptServer):
    """PostgreSQL on 127.0.0.1, with `fsync` on."""

    kind = "postgres"
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        super().__init__(folder, shared=shared)
        self.password = str(self._facts["password"])
        self.url = self._url("evidence")

    def facts(self) -> dict[str, Any]:
        """Return the passwords, made once."""
        return {"password": secret(), "superuser_password": secret()}

    # What a test asks for.

    def new_database(self, like: str | None = None) -> str:
        """Make a database of the user `evidence` and return its URL: an empty one, or a copy of the database
        of a URL, to which nobody may be connected.
        """
        name = f"t{secrets.token_hex(8)}"
        template = like.rpartition("/")[2] if like else "template0"
        self.ask(
            f"CREATE DATABASE {name} OWNER evidence TEMPLATE {template} ENCODING 'UTF8' LOCALE 'C.UTF-8'"
        )
        return self._url(name)

    def ask(self, sql: str, url: str | None = None) -> str:
        """Run SQL with psql: as superuser, or as the user of a URL in its database; return the bare answer.

        Raises:
            AssertionError: the server refused; its words are in the text.
        """
        done = self._psql(sql, url)
        assert done.returncode == 0, f"{sql}\n{done.stderr}"
        return done.stdout.strip()

    def kill_backends(self, url: str | None = None) -> int:
        """End the connections of all clients, or of those to one database; return how many there were.

        Each client finds its connection closed (SQLSTATE 57P01). On a shared server name your own database.
        """
        if url is None:
            self.refuse_if_shared()
        where = f"AND datname = '{urlsplit(url).path[1:]}'" if url else ""
        return int(
            self.ask(
                "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
                f"WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() {where}"
            )
        )

    def set(self, name: str, value: str | None) -> None:
        """Set a server setting, or take it back to its default (None); restart where only that does it."""
        self.refuse_if_shared()
        assert re.fullmatch(r"[a-z_.]+", name), name
        quoted = None if value is None else value.replace("'", "''")
        self.ask(f"ALTER SYSTEM RESET {name}" if quoted is None else f"ALTER SYSTEM SET {name} = '{quoted}'")
        if self.ask(f"SELECT context FROM pg_settings WHERE name = '{name}'") == "postmaster":
            self.stop()
            self.start()
            return
        before = self.ask("SELECT pg_conf_load_time()")
        self.ask("SELECT pg_reload_conf()")
        for _ in range(200):
            if self.ask("SELECT pg_conf_load_time()") != before:
                return
        raise AssertionError(f"the server did not take {name} = {value}:\n{self.output()}")

    def stop(self, mode: Literal["fast", "immediate", "kill"] = "fast") -> None:
        """Stop the server: in order, without a checkpoint (recovery follows), or with `kill -9`."""
        self._end(_MODES[mode])

    # How it is run.

    def prepare(self) -> None:
        """Make the cluster, once."""
        data, passwords = self.folder / "data", self.folder / "superuser"
        if (self.folder / "made").exists():
            # No process of this server lives (`keeper.lock`), whatever its number means by now.
            (data / "postmaster.pid").unlink(missing_ok=True)
            return
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        passwords.touch(mode=0o600)
        passwords.write_text(self._facts["superuser_password"] + "\n", "ascii")
        for path in (data, passwords):
            if os.geteuid() == 0:
                shutil.chown(path, "postgres", "postgres")
        made = subprocess.run(
            self._with_data(
                *(self._binary("initdb"), "--username=postgres", "--pwfile=/proc/self/fd/4"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
            ),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd="/",
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        assert made.returncode == 0, f"initdb: exit {made.returncode}\n{made.stdout}{made.stderr}"
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(_SETTINGS.format(port=self.port))
        (self.folder / "made").touch()

    def command(self) -> list[str]:
        """Return the command that runs the server."""
        return self._with_data(self._binary("postgres"))

    def is_ready(self) -> bool:
        """Tell whether the server takes connections; the user `evidence` is made at the first yes."""
        if self._psql("SELECT 1").returncode != 0:
            return False
        if self.ask("SELECT count(*) FROM pg_roles WHERE rolname = 'evidence'") == "0":
            self.ask(f"CREATE ROLE evidence LOGIN PASSWORD '{self.password}'")
            self.ask("CREATE DATABASE evidence OWNER evidence TEMPLATE template0")
        return True

    def _with_data(self, *command: str) -> list[str]:
        """Return a command that finds the data in descriptor 3 and the superuser's password in 4."""
        user = "postgres" if os.geteuid() == 0 else None
        return [
            *("/bin/sh", "-c", 'exec 3<"$1" 4<"$2"; shift 2; exec "$@"', "sh"),
            *(str(self.folder / "data"), str(self.folder / "superuser")),
            *die_with_keeper(*command, "-D", "/proc/self/fd/3", user=user),
        ]

    def _psql(self, sql: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
        target = urlsplit(url or self._url("postgres"))
        password = target.password if url else self._facts["superuser_password"]
        return subprocess.run(
            [
                *(self._binary("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"),
                *("--set=ON_ERROR_STOP=1", "--host=127.0.0.1", f"--port={self.port}", "--no-password"),
                *(f"--username={target.username if url else 'postgres'}", f"--dbname={target.path[1:]}"),
            ],
            input=sql,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "PGPASSWORD": str(password), "PGCONNECT_TIMEOUT": "5", "LC_ALL": "C.UTF-8"},
        )

    def _url(self, database: str) -> str:
        return f"postgresql://evidence:{self.password}@127.0.0.1:{self.port}/{database}"

    @staticmethod
    def _binary(name: str) -> str:
        return program(name, "postgresql", _BINARIES)
