"""The table at the end of a simulation: what a site, or many, must be able to do."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.ledger.tiles import tiles_between
from tests.simulation.leavings import Leavings
from tests.simulation.population import DAY, HOUR
from tests.simulation.queues import MIB, Capacity, backlog
from tests.simulation.running import Result

TB, PUBLISH_S = 10**12, 5
PARTITION_ROWS = 100_000_000  # of one table: what PostgreSQL vacuums and indexes in hours, not days
READ_MIB_S, NEXT_CHECK_DAYS = 50, 30  # settings check_mib_per_s, next_check_days
LOOKS_S = 5.0  # L10: files looked into in the sandbox


def lines(result: Result, left: Leavings) -> Iterator[str]:
    """Yield the whole table."""
    yield from _population(result)
    yield from _hours(result, left)
    yield from _duties(result)
    yield from _disposal(result)
    yield from _stores(result, left)


def _population(result: Result) -> Iterator[str]:
    wanted, tally = result.wanted, result.tally
    files, size, seconds = (_sum(result, what) for what in ("files", "bytes", "seconds"))
    yield f"population: {wanted.cameras:,} cameras, {wanted.days} days, seed {wanted.seed}"
    yield _row("camera-days", wanted.cameras * wanted.days)
    yield _row("  of which no dock ever saw: nobody can tell", tally.camera_days["never"])
    yield _row("kinds judged one by one / again under other names", f"{tally.groups:,} / {tally.whole:,}")
    yield _row("files", files)
    yield _row("hours of recording", seconds // HOUR)
    yield _row("terabytes", f"{size / TB:,.1f}")
    yield _row("files for each day, mean", files // wanted.days)
    yield _row("terabytes for each day, mean", f"{size / TB / wanted.days:,.2f}")


def _hours(result: Result, left: Leavings) -> Iterator[str]:
    arrivals, capacity, each = result.arrivals, result.capacity, result.wanted.entries_each
    hours = result.wanted.days * 24
    busiest = max(range(len(arrivals.bytes)), key=lambda hour: arrivals.bytes[hour], default=0)
    peak, mean = max(arrivals.bytes, default=0), sum(arrivals.bytes) / hours
    yield "\ningest"
    yield _row("Gbit/s in the busiest hour / mean", f"{_gbit(peak):,.2f} / {_gbit(mean):,.2f}")
    rates = max(arrivals.files, default=0) / HOUR, sum(arrivals.files) / hours / HOUR
    yield _row("receipts/s in the busiest hour / mean", f"{rates[0]:,.2f} / {rates[1]:,.2f}")
    yield _row("entries of the log/s in the busiest hour", f"{rates[0] * each:,.1f}")
    yield _row("one node takes, MiB/s", f"{capacity.node_mib_s:,.0f}")
    yield _row("one log takes, files/s (receipts, or entries)", f"{capacity.files_s(each):,.1f}")
    needs = Capacity(0, 0, capacity.node_mib_s, capacity.receipts_s, capacity.entries_s).sized(arrivals, each)
    yield _row("nodes / logs that the busiest hour needs", f"{needs.nodes:,} / {needs.logs:,}")
    for share in (1, 2, 4):
        nodes, logs = -(-capacity.nodes // share), -(-capacity.logs // share)
        some = Capacity(nodes, logs, capacity.node_mib_s, capacity.receipts_s, capacity.entries_s)
        waiting = backlog(arrivals, some, each)
        worst = max(waiting.bytes, default=0) / TB
        yield _row(
            f"{nodes:,} nodes, {logs:,} logs: most that waits, TB / longest wait",
            f"{worst:,.2f} / {_time(max(waiting.waits, default=0))}",
        )
    yield from _busiest_day(result, busiest // 24 * 24)


def _busiest_day(result: Result, first: int) -> Iterator[str]:
    arrivals, waiting = result.arrivals, result.waiting
    capacity = f"{result.capacity.nodes:,} nodes, {result.capacity.logs:,} logs"
    yield f"  the busiest day, day {first // 24 + 1}, with {capacity}"
    yield "    hour        Gbit/s  receipts/s  TB waiting   longest wait"
    for hour in range(first, min(first + 24, len(arrivals.files))):
        size, files = arrivals.bytes[hour], arrivals.files[hour]
        if files or waiting.bytes[hour] or waiting.files[hour]:
            came = f"{_gbit(size):13,.2f} {files / HOUR:11,.2f}"
            waits = f"{waiting.bytes[hour] / TB:11,.2f} {_time(waiting.waits[hour]):>14}"
            yield f"    {hour % 24:02d}:00 {came} {waits}"


def _duties(result: Result) -> Iterator[str]:
    days, files = result.wanted.days, max(_sum(result, "files"), 1)
    yield "\nduties, as the rules found them"
    late = _sum(result, "late")
    yield _row("late, of all files", f"{late:,} ({late / files:.2%})")
    for cause, number in result.tally.late.most_common():
        yield _row(f"  {cause}", number)
    yield _row("notices due-soon and overdue", _sum(result, "notices"))
    yield _row("interruptions for each day, mean", f"{_sum(result, 'interruptions') / days:,.1f}")
    yield _row("lines to be explained for each day, mean", f"{_sum(result, 'to explain') / days:,.1f}")
    for code, number in result.tally.explain.most_common():
        yield _row(f"  {code}", number)


def _disposal(result: Result) -> Iterator[str]:
    due = {day: number for (what, day), number in result.tally.by_day.items() if what == "due"}
    yield "\nkeeping"
    for word, number in result.tally.keeps.most_common():
        yield _row(f"files kept by {word}", number)
    yield _row("files due for disposal within these days", sum(due.values()))
    if not due:
        yield "  none: nothing is kept for less than a year (the pack's floor); `--days 400` shows the first"
        return
    yield _row("  the first on day", min(due))
    for day in sorted(due)[:10]:
        yield _row(f"  day {day}", due[day])


def _stores(result: Result, left: Leavings) -> Iterator[str]:
    days, files, logs = result.wanted.days, _sum(result, "files"), result.capacity.logs
    entries, rows, month = round(files * left.entries), sum(left.rows.values()), files * 30 / days
    widest, most = max(left.rows.items(), key=lambda one: one[1])
    hourly = [number * left.entries / logs for number in result.arrivals.files]
    notes = logs * sum(min(HOUR / PUBLISH_S, number) for number in hourly)
    tiles = logs * sum(1 for _ in tiles_between(0, entries // logs))
    objects = f"{left.objects:.0f} / {round(files * left.objects / days):,}"
    partitions = month * most / PARTITION_ROWS
    yield "\nlog and database (for each recording: counted on a small real site of this program)"
    yield _row("entries of the log for each recording", f"{left.entries:.2f}")
    yield _row("entries a day, mean", entries // days)
    yield _row(f"tiles and bundles after {days} days, in {logs:,} logs", tiles)
    yield _row("checkpoints a day, mean, one each 5 s while there are entries", round(notes / days))
    yield _row("rows for each recording / a month of 30 days", f"{rows:.1f} / {round(month * rows):,}")
    yield _row(f"  the longest table, {widest}, a month", round(month * most))
    yield _row("  partitions of 100,000,000 rows that fills in a month", f"{partitions:,.2f}")
    sites = max(result.capacity.nodes, logs)
    yield _row(f"recordings a year on each of {sites:,} sites", round(month * 365 / 30 / sites))
    yield "\nobject store"
    yield _row("objects for each recording / a day", objects)
    yield from _bytes(result)


def _bytes(result: Result) -> Iterator[str]:
    days, size, files = result.wanted.days, _sum(result, "bytes"), _sum(result, "files")
    yield _row("terabytes of a year, all of which the floor keeps", f"{size / TB / days * 365:,.0f}")
    back = size / days * (1 + 365 / NEXT_CHECK_DAYS) / DAY
    yield _row("reading back with a year kept, Gbit/s", f"{back * 8 / 1e9:,.2f}")
    yield _row("  processes of 50 MiB/s for that", -(-int(back) // (READ_MIB_S * MIB)))
    yield _row("workers that look into files, five a second each", -(-files // int(days * DAY * LOOKS_S)))


def _row(what: str, value: int | str) -> str:
    return f"  {what:<62} {value if isinstance(value, str) else f'{value:,}':>24}"


def _sum(result: Result, what: str) -> int:
    return sum(number for (name, _), number in result.tally.by_day.items() if name == what)


def _gbit(size: float) -> float:
    return size * 8 / HOUR / 1e9


def _time(seconds: int) -> str:
    return f"{seconds // HOUR} h {seconds % HOUR // 60:02d} min"
