"""Reports at scale: a million recordings, 50,000 cases; gap report of a unit's month, what is due, a dry run.

Each beside a floor in the same run, on the same rows: the bare question to the database that no such report
could do without. The gap report is asked by the operator and by the head of the unit, whose reach is a
condition of its own. Of each several runs; the first one, with what is cold, is told too.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text

from evidence.adapters.books import XlsxBinder
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.adapters.printing import TypstPress
from evidence.documents.gaps import FORMS, gap_document
from evidence.domain.access import Caller, Grant
from evidence.domain.instants import to_text
from evidence.domain.people import PersonType
from evidence.domain.rights import Kind, Role
from evidence.domain.shifts import day_span
from evidence.policy.rules import Pack
from evidence.service.gaps.gap_parts import Asked
from evidence.service.gaps.reports import Reports
from evidence.service.keeping.disposals import Disposals
from evidence.service.keeping.pack_changes import PackChanges
from evidence.service.ports import Policies
from evidence.service.printing_ports import Makers
from evidence.service.site import Site
from tests.bench.made_catalogue import MadeCatalogue, id_of
from tests.builders import SITE, HandClock, SmallSite
from tests.log_room import OPERATOR

TARGET_GAPS_S, TARGET_DUE_S, TARGET_DRY_S = 1.0, 2.0, 60.0
NOW = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
UNIT, ZONE = 7, ZoneInfo("Asia/Shanghai")


def main(words: list[str]) -> int:
    """Run the bench; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="bench reports")
    parser.add_argument("--recordings", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, default=None, help="one for twenty recordings if not said")
    parser.add_argument(
        "--form", choices=("embedded", "grown"), default="embedded", help="SQLite or PostgreSQL"
    )
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="bench-reports-", dir=options.folder))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    try:
        with a_site(folder, grown=options.form == "grown") as site:
            return measure(site, options.recordings, options.cases or options.recordings // 20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def a_site(folder: Path, *, grown: bool) -> Iterator[Site]:
    """Open an empty site; grown: its catalogue in a PostgreSQL server of its own."""
    place = folder / "site"
    place.mkdir()
    small = SmallSite(place, clock=HandClock(NOW), embedded=True)
    try:
        if not grown:
            yield small.site
            return
        from tests.servers.postgres import PostgresServer  # it looks for its programs

        server = PostgresServer(folder / "postgres")
        server.start()
        try:
            database = SqlDatabase(server.new_database(), SITE)
            database.migrate()
            yield replace(small.site, database=database)
            database.close()
        finally:
            server.stop()
    finally:
        small.database.close()


def measure(site: Site, recordings: int, cases: int) -> int:
    """Fill the catalogue, and print what each report takes."""
    began = time.perf_counter()
    database = site.database
    assert isinstance(database, SqlDatabase)
    MadeCatalogue(database, NOW, recordings, cases).make()
    print(f"{recordings:,} recordings, {cases:,} cases on {database.engine.dialect.name}, made in "
          f"{time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
    missed = [
        gaps(site, database.engine, OPERATOR, "the operator"),
        gaps(site, database.engine, a_head(), "the unit's head"),
        due(site, database.engine),
        dry_run(site, database.engine, recordings),
    ]
    documents(site)
    whose = {"itself": resource.RUSAGE_SELF, "what it started": resource.RUSAGE_CHILDREN}
    peaks = (f"{name} {resource.getrusage(who).ru_maxrss >> 10} MiB" for name, who in whose.items())
    print(f"peak: {', '.join(peaks)}", flush=True)
    return int(any(missed))


def a_month() -> Asked:
    """Ask for a month of a unit."""
    since = NOW.date().replace(day=1) - timedelta(days=91)
    until = (since.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return Asked(unit_id=id_of("unit", UNIT), since=since.replace(day=1), until=until)


def a_head() -> Caller:
    """The head of the unit that is asked about."""
    path = f"/{id_of('agency', 0)}/{id_of('unit', UNIT)}/"
    grants = (Grant(Role.UNIT_HEAD, path),)
    return Caller(id_of("person", 0), Kind.PERSON, "000000", grants, PersonType.OFFICER, path)


def gaps(site: Site, engine: Engine, caller: Caller, whose: str) -> bool:
    """Measure the gap report of a month of a unit; return whether it is too slow."""
    asked = a_month()
    assert asked.since is not None
    assert asked.until is not None
    report = Reports(site).gaps(caller, asked)
    ours = Runs(lambda: Reports(site).gaps(caller, asked))
    question = text(
        "SELECT count(*) FROM standing JOIN recording ON recording.id = standing.recording_id "
        "WHERE standing.unit_id = :unit AND recording.ended_at >= :first AND recording.ended_at < :last"
    )
    days = {
        "first": to_text(day_span(asked.since, ZONE).start),
        "last": to_text(day_span(asked.until, ZONE).end),
    }
    floor = Runs(lambda: ask(engine, question, unit=asked.unit_id, **days))
    lines = len(report.owing)
    return row(f"gap report of a unit's month, {whose} ({lines} lines)", ours, floor, TARGET_GAPS_S)


def due(site: Site, engine: Engine) -> bool:
    """Measure the list of what is due; return whether it is too slow."""
    found = Disposals(site).due(OPERATOR)
    assert found
    ours = Runs(lambda: Disposals(site).due(OPERATOR))
    question = text("SELECT count(*) FROM recording WHERE retain_until <= :now AND gone_at IS NULL")
    floor = Runs(lambda: ask(engine, question, now=to_text(NOW)))
    return row(f"what is due ({len(found)} listed)", ours, floor, TARGET_DUE_S)


def dry_run(site: Site, engine: Engine, recordings: int) -> bool:
    """Measure the dry run of another pack over everything; return whether it is too slow."""
    other = Longer(site.policies)
    touched = 0

    def run() -> None:
        nonlocal touched
        touched = sum(1 for _ in PackChanges(site).try_dry(OPERATOR, other))

    def bare() -> None:
        with engine.connect() as connection:
            for _ in connection.execute(text("SELECT id, sealed_at, retain_until FROM recording")):
                pass

    ours, floor = Runs(run, 1), Runs(bare, 1)
    return row(f"dry run of another pack ({touched:,} touched)", ours, floor, TARGET_DRY_S * recordings / 1e6)


@dataclass(frozen=True)
class Longer:
    """Packs that keep everything for three years: nearly every recording is touched."""

    policies: Policies

    @property
    def packs(self) -> list[Pack]:
        """See service.ports.Policies."""
        return [self._longer(one) for one in self.policies.packs]

    @property
    def latest(self) -> Pack:
        """See service.ports.Policies."""
        return self._longer(self.policies.latest)

    def at(self, day: date) -> Pack:
        """See service.ports.Policies."""
        return self._longer(self.policies.at(day))

    @staticmethod
    def _longer(pack: Pack) -> Pack:
        return replace(pack, retention=replace(pack.retention, years=3))


def documents(site: Site) -> None:
    """Print what the documents of the same report take."""
    makers = Makers(TypstPress(), XlsxBinder())
    for form in FORMS:
        report = Reports(site).gaps(OPERATOR, a_month(), form)
        runs = Runs(lambda form=form, report=report: gap_document(report, OPERATOR, form, makers), 2)  # type: ignore[misc]
        size = len(gap_document(report, OPERATOR, form, makers)) >> 10
        print(f"the report as {form}: {runs.median:.2f} s, {size} KiB", flush=True)


def ask(engine: Engine, question: object, **values: object) -> object:
    """Ask the database a bare question."""
    with engine.connect() as connection:
        return connection.execute(question, values).all()  # type: ignore[call-overload]


@dataclass
class Runs:
    """Several runs of an act: the first one, and the median of those after it; worked: of the quickest, how
    long this process was on a processor."""

    act: Callable[[], object]
    runs: int = 5

    def __post_init__(self) -> None:
        took, worked = list[float](), list[float]()
        for _ in range(self.runs):
            began, busy = time.perf_counter(), time.process_time()
            self.act()
            took.append(time.perf_counter() - began)
            worked.append(time.process_time() - busy)
        self.first, self.median = took[0], statistics.median(took[1:] or took)
        self.worked = min(worked)


def row(what: str, ours: Runs, floor: Runs, target_s: float) -> bool:
    """Print a row; return whether its target was missed, by the slowest that counts."""
    took = max(ours.first, ours.median)
    print(f"{what}: {ours.median:.3f} s, first {ours.first:.3f} s, "
          f"{ours.worked:.3f} s on a processor; target {target_s:g} s; "
          f"floor {floor.median:.4f} s\nratio {floor.median / ours.median:.3f}", flush=True)  # fmt: skip
    return took > target_s


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
