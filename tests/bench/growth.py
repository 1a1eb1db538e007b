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
ROUNDS, SEALED, REPORTED = 5, 40, 1_000
_AGENCY = f"/{id_of('agency', 0)}/"


def main(words: list[str]) -> int:
    """Run the bench; exit code 1 when a cost grows by more than is allowed."""
    parser = argparse.ArgumentParser(prog="bench growth")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="bench-growth-", dir=options.folder))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    try:
        costs = {size: measure(folder / str(size), size) for size in options.sizes}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    missed = [what for what in costs[options.sizes[0]] if told(what, costs)]
    return int(bool(missed))


def told(what: str, costs: Mapping[int, Mapping[str, float]]) -> bool:
    """Print one line; return whether the cost grows too much."""
    each = {size: found[what] for size, found in costs.items()}
    ratio = max(each.values()) / min(each.values())
    each_said = ", ".join(f"{size:,}: {cost * 1e3:.3f} ms" for size, cost in each.items())
    is_missed = ratio > MOST_RATIO
    verdict = "MISSED" if is_missed else "ok"
    print(f"{what:8} {each_said}; ratio {ratio:.2f} [<= {MOST_RATIO}] {verdict}", flush=True)
    return is_missed


def measure(folder: Path, size: int) -> Mapping[str, float]:
    """Make a site of so many recordings; return processor seconds for each recording, by what is done."""
    folder.mkdir()
    small = SmallSite(folder, embedded=True)
    small._dock, _ = small.accounts.add_dock(small.administrator, "bench")  # the catalogue has a "dock"
    began = time.monotonic()
    MadeCatalogue(small.database, small.clock.now(), size, size // 20, size // 500).make()
    print(f"{size:,} recordings, made in {time.monotonic() - began:.0f} s", flush=True)
    found = {"seal": seal(small), "label": label(small), "list": listed(small), "report": report(small, size)}
    small.database.close()
    shutil.rmtree(folder)
    return found


def quickest(act: Callable[[], int], rounds: int = ROUNDS) -> float:
    """Return processor seconds of an act for each of what it says that it did, the first time left out."""
    costs = []
    for _ in range(rounds + 1):
        began = time.process_time()
        count = act()
        costs.append((time.process_time() - began) / count)
    return min(costs[1:])


def seal(small: SmallSite) -> float:
    """Send and seal small files, each of another recorder's."""
    numbers, body = iter(range(10_000)), b"0" * 10_000

    def some() -> int:
        for number in (next(numbers) for _ in range(SEALED)):
            origin = an_origin(f"DCIM/{number:06}.mp4", size_bytes=len(body), device=f"NEW{number % 8:05}")
            small.send(origin, body)
            assert small.work.do_next("bench", [JobName.SEAL])
        return SEALED

    return quickest(some)


def label(small: SmallSite) -> float:
    """Label recordings that have just been sealed."""
    with small.database.reading() as unit:
        ids = [one.recording.id for n in range(8) for one in unit.recordings.all(f"NEW{n:05}")]
    labelling, rounds = Labelling(small.site), iter(range(1_000))

    def some() -> int:
        labelling.give(OPERATOR, ids[:SEALED], {"case-number": f"杭{next(rounds)}"})
        return SEALED

    return quickest(some)


def listed(small: SmallSite) -> float:
    """Ask for the newest recordings, and for those of a case number, a page at a time."""
    grants = (Grant(Role.CUSTODIAN, _AGENCY),)
    caller = Caller(id_of("person", 0), Kind.PERSON, "000000", grants, PersonType.OFFICER, _AGENCY)
    searching = Searching(small.site)

    def some() -> int:
        return sum(len(searching.search(caller, Sought(), None, None).hits) for _ in range(10))

    return quickest(some)


def report(small: SmallSite, size: int) -> float:
    """Report on the last days, as many as about a thousand recordings take."""
    until = small.clock.now().date()
    days = max(1, round(YEARS.days * min(1.0, REPORTED / size)))
    asked = Asked(since=until - timedelta(days=days), until=until)

    zone = ZoneInfo("Asia/Shanghai")
    span = {
        "since": to_text(day_span(until - timedelta(days=days), zone).start),
        "until": to_text(day_span(until, zone).end),
    }
    question = text("SELECT count(*) FROM recording WHERE ended_at >= :since AND ended_at < :until")
    with small.database.engine.connect() as connection:
        count = int(connection.execute(question, span).scalar_one())

    def some() -> int:
        Reports(small.site).gaps(OPERATOR, asked)
        return count

    return quickest(some, 2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
