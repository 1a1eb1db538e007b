"""Growth: what a recording costs on a site of a thousand, a hundred thousand and a million recordings.

To seal, to label, to list and to report, in processor seconds for each recording: a cost that grows with the
site shows here as a ratio, whatever else the machine does. The catalogue is made up (made_catalogue.py); what
is sealed and labelled here goes through the product. The reports span so many days that about as many
recordings fall into each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import text

from evidence.domain.access import Caller, Grant
from evidence.domain.instants import to_text
from evidence.domain.people import PersonType
from evidence.domain.rights import Kind, Role
from evidence.domain.shifts import day_span
from evidence.service.gaps.gap_parts import Asked
from evidence.service.gaps.reports import Reports
from evidence.service.jobs import JobName
from evidence.service.recordings.labelling import Labelling
from evidence.service.recordings.search_ports import Sought
from evidence.service.recordings.searching import Searching
from tests.bench.made_catalogue import YEARS, MadeCatalogue, id_of
from tests.builders import SmallSite, an_origin
from tests.log_room import OPERATOR

SIZES, MOST_RATIO = (1_000, 100_000, 1_000_000), 1.2
ROUNDS, LASTS_S, SEALED, REPORTED = 12, 8.0, 40, 1_000
_DOCK = "bench"
_AGENCY = f"/{id_of('agency', 0)}/"


def main(words: list[str]) -> int:
    """Run the bench; exit code 1 when a cost grows by more than is allowed."""
    parser = argparse.ArgumentParser(prog="bench growth")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument(
        "--kept", type=Path, default=None, help="copy the sites in here; make them if need be"
    )
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="bench-growth-", dir=options.folder))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    try:
        sites = {size: opened(folder / str(size), size, options.kept) for size in options.sizes}
        missed = [what for what, cost in ACTS.items() if told(what, quickest(cost, sites))]
        for small in sites.values():
            small.database.close()
        return int(bool(missed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def told(what: str, each: Mapping[int, float]) -> bool:
    """Print one line; return whether the cost grows too much."""
    ratio = max(each.values()) / min(each.values())
    each_said = ", ".join(f"{size:,}: {cost * 1e3:.3f} ms" for size, cost in each.items())
    is_missed = ratio > MOST_RATIO
    verdict = "MISSED" if is_missed else "ok"
    print(f"{what:8} {each_said}; ratio {ratio:.2f} [<= {MOST_RATIO}] {verdict}", flush=True)
    return is_missed


def opened(folder: Path, size: int, kept: Path | None) -> SmallSite:
    """Open a site of so many recordings. kept: where the sites of earlier runs lie, or None."""
    if kept is None:
        return made(folder, size)
    whole = kept / f"{size}.whole"
    if not whole.exists():
        shutil.rmtree(kept / str(size), ignore_errors=True)  # of a run that did not come to its end
        kept.mkdir(parents=True, exist_ok=True)
        made(kept / str(size), size).database.close()
        whole.touch()
    shutil.copytree(kept / str(size), folder)
    small = SmallSite(folder, embedded=True)
    small._dock = next(one for one in small.accounts.docks(small.administrator) if one.name == _DOCK)
    return small


def made(folder: Path, size: int) -> SmallSite:
    """Make a site of so many recordings."""
    folder.mkdir()
    small = SmallSite(folder, embedded=True)
    small._dock, _ = small.accounts.add_dock(small.administrator, _DOCK)  # the catalogue has a "dock"
    began = time.monotonic()
    MadeCatalogue(small.database, small.clock.now(), size, size // 20, size // 500).make()
    print(f"{size:,} recordings, made in {time.monotonic() - began:.0f} s", flush=True)
    return small


def quickest(cost: Cost, sites: Mapping[int, SmallSite]) -> Mapping[int, float]:
    """Return processor seconds of an act for each of what it says that it did, by site. The sites take turns,
    since a machine is not as fast at all times: for a while, since a burst of its own work (a checkpoint of
    the database, another's writes) outlasts a few turns of a short act. The first turn is left out.
    """
    acts = {size: cost(small, size) for size, small in sites.items()}
    costs: dict[int, list[float]] = {size: [] for size in sites}
    until = time.monotonic() + LASTS_S
    while len(next(iter(costs.values()))) <= ROUNDS or time.monotonic() < until:
        for size, act in acts.items():
            began = time.process_time()
            count = act()
            costs[size].append((time.process_time() - began) / count)
    return {size: min(found[1:]) for size, found in costs.items()}


def seal(small: SmallSite, _: int) -> Act:
    """Send and seal small files, each of another recorder's."""
    numbers, body = iter(range(10_000)), b"0" * 10_000

    def some() -> int:
        for number in (next(numbers) for _ in range(SEALED)):
            origin = an_origin(f"DCIM/{number:06}.mp4", size_bytes=len(body), device=f"NEW{number % 8:05}")
            small.send(origin, body)
            assert small.work.do_next("bench", [JobName.SEAL])
        return SEALED

    return some


def label(small: SmallSite, _: int) -> Act:
    """Label recordings that have just been sealed."""
    with small.database.reading() as unit:
        ids = [one.recording.id for n in range(8) for one in unit.recordings.all(f"NEW{n:05}")]
    labelling, rounds = Labelling(small.site), iter(range(1_000))

    def some() -> int:
        labelling.give(OPERATOR, ids[:SEALED], {"case-number": f"杭{next(rounds)}"})
        return SEALED

    return some


def listed(small: SmallSite, _: int) -> Act:
    """Ask for the newest recordings, and for those of a case number, a page at a time."""
    grants = (Grant(Role.CUSTODIAN, _AGENCY),)
    caller = Caller(id_of("person", 0), Kind.PERSON, "000000", grants, PersonType.OFFICER, _AGENCY)
    searching = Searching(small.site)

    def some() -> int:
        return sum(len(searching.search(caller, Sought(), None, None).hits) for _ in range(10))

    return some


def report(small: SmallSite, size: int) -> Act:
    """Report on the last whole days, as many as about a thousand recordings take: of more of them each would
    bear less of what a report costs by itself.
    """
    until = small.clock.now().date() - timedelta(days=1)
    since = until - timedelta(days=max(1, round(YEARS.days * min(1.0, REPORTED / size))) - 1)
    asked = Asked(since=since, until=until)

    zone = ZoneInfo("Asia/Shanghai")
    span = {
        "since": to_text(day_span(since, zone).start),
        "until": to_text(day_span(until, zone).end),
    }
    question = text("SELECT count(*) FROM recording WHERE ended_at >= :since AND ended_at < :until")
    with small.database.engine.connect() as connection:
        count = int(connection.execute(question, span).scalar_one())

    def some() -> int:
        Reports(small.site).gaps(OPERATOR, asked)
        return count

    return some


Act = Callable[[], int]
"""Does something, and returns for how many recordings."""
Cost = Callable[[SmallSite, int], Act]
ACTS: Mapping[str, Cost] = {"seal": seal, "label": label, "list": listed, "report": report}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
