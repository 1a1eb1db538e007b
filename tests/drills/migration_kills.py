"""F31: killed at any system call while the schema is made, or brought up from an earlier step.

The database is the old one or the new one, never between; and the next start makes it whole, the same as if
nothing had happened.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from alembic import command

from evidence.adapters.db import schema
from evidence.adapters.db.unit_of_work import SqlDatabase
from tests.drills.ground import settle
from tests.drills.lines import LeanServer, Party
from tests.drills.sites import Verdict
from tests.drills.tracer import Point, Tracer
from tests.drills.workload import Lost, Said, Violation

STARTS = ("nothing", "0007")  # the step that a database has seen; 0007 is before rows were kept twice


@dataclass
class Builder:
    """A place to migrate in. patterns: a folder for each start."""

    server: LeanServer
    folder: Path
    patterns: dict[str, Path]

    def survey(self, start: str) -> list[Point]:
        """Return all points of one undisturbed migration; its schema is what the others are held to."""
        with self._copied(start) as site:
            return self._migrate(site, 0, keep_all=True).points

    def kill(self, start: str, number: int) -> Verdict:
        """Kill at one point, judge, start again, judge."""
        verdict, old = Verdict(number, None), _dump(self.patterns[start])
        with self._copied(start) as site:
            self._migrate(site, 0)
            new = _dump(site)
        with self._copied(start) as site:
            try:
                verdict.point = self._migrate(site, number).killed
                if _dump(site) not in (old, new):
                    verdict.violations.append("the database is neither the old one nor the new one")
                self._migrate(site, 0)
                if _dump(site) != new:
                    verdict.violations.append("the next start does not make it whole")
            except (Violation, Said, Lost, sqlite3.Error) as broken:
                verdict.violations.append(repr(broken))
        return verdict

    def _migrate(self, site: Path, number: int, keep_all: bool = False) -> Tracer:
        party = Party(self.server, "migrate", site)
        tracer = Tracer(party.pid, number, keep_all)
        tracer.attach()
        try:
            party.go()
        except Lost:
            if not number:
                raise
        finally:
            party.kill()
            tracer.join()
        return tracer

    @contextmanager
    def _copied(self, start: str) -> Iterator[Path]:
        site = self.folder / "site"
        shutil.copytree(self.patterns[start], site)
        try:
            yield site
        finally:
            shutil.rmtree(site)


@contextmanager
def builder() -> Iterator[Builder]:
    """Open one, in memory where there is any: kills need no disc."""
    where = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="drill-", dir=where) as name, LeanServer(Path(name)) as server:
        folder, patterns = Path(name), dict[str, Path]()
        for start in STARTS:
            patterns[start] = folder / f"from-{start}"
            patterns[start].mkdir()
            if start != "nothing":
                _make(patterns[start], start)
        yield Builder(server, folder, patterns)


def _make(folder: Path, step: str) -> None:
    """Make a database as a program of that step left it."""
    upgrade = command.upgrade
    with (
        patch.object(command, "upgrade", lambda config, _: upgrade(config, step)),
        patch.object(schema, "fill", lambda _: None),  # its tables come with a later step
        closing(SqlDatabase(f"sqlite:///{folder}/evidence.db", "drill.example/site")) as database,
    ):
        database.migrate()
    settle(folder / "evidence.db")


def _dump(site: Path) -> list[tuple[object, ...]]:
    """Read what the schema is, from a copy: opening the original would repair what is to be judged."""
    if not (site / "evidence.db").exists():
        return []
    with tempfile.TemporaryDirectory(prefix="drill-dump-") as room:
        for file in site.glob("evidence.db*"):
            if not file.name.endswith("-shm"):
                shutil.copyfile(file, Path(room) / file.name)
        with closing(sqlite3.connect(Path(room) / "evidence.db")) as reader:
            made = reader.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
            steps = [row for row in made if row[1] == "alembic_version"]
            return made + (
                reader.execute("SELECT version_num FROM alembic_version").fetchall() if steps else []
            )
