"""L1 to L6: what docks send, and how soon it is durable and sealed."""

from __future__ import annotations

from tests.bench.load.room import MIB, Options, Room, Row, Traffic, at, floor, floor_of_small, room, used

PIECE = 4 * MIB
_MBIT = 1_000_000 / 8


def sustained(options: Options) -> list[Row]:
    """L1: 32 docks, as fast as it goes."""
    return _rate(options, "L1 durable ingest, 32 clients", 200.0, sm3=False)


def with_sm3(options: Options) -> list[Row]:
    """L4: the same with SHA-256 and SM3."""
    return _rate(options, "L4 the same with SM3 and SHA-256", 110.0, sm3=True)


def _rate(options: Options, what: str, target: float, *, sm3: bool) -> list[Row]:
    size = 64 * MIB
    beside = floor(options, 32, size // (4 if options.short else 1), PIECE, sm3=sm3)
    with room(options, 32, sm3=sm3) as it:
        seconds = 8.0 if options.short else (60.0 if not sm3 else 30.0)
        traffic = it.send(files=10_000, size=size, piece=PIECE, lasts_s=seconds)
        told = used(it, traffic)
    rate, wanted = traffic.sum_of("sent") / MIB / traffic.seconds, min(target, 0.6 * beside)
    slow = at(0.99, traffic.all_of("pieces"))
    return [
        Row(what, f"{rate:.0f} MiB/s sealed; floor {beside:.0f}; ratio {rate / beside:.2f}",
            f">= {wanted:.0f} MiB/s", rate >= wanted),
        Row("  a piece of 4 MiB, p99", f"{slow:.2f} s", "<= 1.0 s", slow <= 1.0),
        *told,
    ]  # fmt: skip


def paced(options: Options) -> list[Row]:
    """L2: 64 cameras, each at the rate of its line, put in one after the other: all at once is L3. Pieces are
    as long as our dock sends them at this rate. What a line loses while it waits for an answer is lost: no
    line is faster afterwards. So each answer may take a part of the 4 % that are left, and what they took is
    told.
    """
    seconds = 8 if options.short else 40
    pace, size, piece = 25 * _MBIT, 32 * MIB, 16 * MIB
    with room(options, 64) as it:
        apart = size / pace / 32  # in each of two processes
        traffic = it.send(files=10_000, size=size, piece=piece, bytes_per_s=pace, lasts_s=float(seconds),
                          apart_s=apart)  # fmt: skip
        told = used(it, traffic)
    rates = sorted(one["sent"] / (one["sent_at"] - one["began"]) / _MBIT for one in traffic.clients)
    enough = len(rates) == 64 and rates[0] >= 24
    return [
        Row("L2 64 cameras paced at 25 Mbit/s", f"slowest {rates[0]:.1f}, median {at(0.5, rates):.1f} Mbit/s",
            "each >= 24 Mbit/s", enough),
        *(Row(f"  {what}", f"median {at(0.5, took):.3f}, p99 {at(0.99, took):.3f} s")
          for what, took in (("to open an upload", traffic.all_of("opens")),
                             ("last byte of 16 MiB to its answer", traffic.all_of("answers")))),
        *told,
    ]  # fmt: skip


def shift_change(options: Options) -> list[Row]:
    """L3: 200 connections at once, a card each."""
    size = (8 if options.short else 100) * MIB
    with room(options, 200) as it:
        traffic = it.send(files=1, size=size, piece=PIECE)
        told = used(it, traffic)
    times = sorted(one["sent_at"] - one["began"] for one in traffic.clients if one["sealed"])
    whole = len(times) == 200
    allowed = 150 * size / (100 * MIB)
    return [
        Row(f"L3 200 at once, {200 * size / MIB / 1024:.1f} GiB", f"done in {traffic.seconds:.0f} s",
            f"<= {allowed:.0f} s", whole and traffic.seconds <= allowed),
        Row("  slowest to fastest", f"{times[-1] / times[0]:.2f}", "<= 3",
            whole and times[-1] <= 3 * times[0]),
        *told,
    ]  # fmt: skip


def long_file(options: Options) -> list[Row]:
    """L5: from the last byte of a long file to its receipt."""
    size = (256 if options.short else 1024) * MIB
    with room(options, 1) as it:
        waited: list[float] = []
        for n in range(2 if options.short else 4):
            traffic = it.send(files=1, size=size, piece=16 * PIECE, name=f"L{n}", ask_every_s=0.05)
            waited += traffic.all_of("receipts")
        told = used(it, traffic)
    slowest = max(waited, default=float("inf"))
    return [Row(f"L5 last byte to receipt, {size // MIB} MiB", f"at most {slowest:.2f} s of {len(waited)}",
                "<= 2 s", slowest <= 2.0), *told]  # fmt: skip


def small_files(options: Options) -> list[Row]:
    """L6: files of 10 kB, 32 docks; a recorder has a hundred of them."""
    beside = floor_of_small(options, 32, options.files, 10_000)
    with room(options, 32) as it:
        it.send(files=2, size=10_000, piece=10_000, name="W", ask_every_s=0.2)  # what the first ones load
        it.await_examined(64)
        before = it.watch.look().worked
        traffic = it.send(files=options.files // 32, size=10_000, piece=10_000)
        worked = it.watch.look().worked - before
        told = used(it, traffic)
    count = traffic.sum_of("sealed")
    rate, each = count / traffic.seconds, worked / max(count, 1) * 1000
    text = f"{rate:.0f} receipts/s of {count}; service {each:.1f} ms of processor for each"
    return [
        Row("L6 files of 10 kB", text, ">= 150 /s", rate >= 150),
        Row("  a file and a row, synced", f"floor {beside:.0f} /s; ratio {rate / beside:.2f}"),
        *told,
    ]


def soak(options: Options) -> list[Row]:
    """L12: half of everything for a while: nothing grows."""
    with room(options, 8) as it:
        traffic = it.send(files=100_000, size=8 * MIB, piece=PIECE, bytes_per_s=12.5 * MIB / 2,
                          lasts_s=options.minutes * 60)  # fmt: skip
        told = used(it, traffic)
        grown = _grown(it, traffic)
    return [*grown, *told]


def _grown(it: Room, traffic: Traffic) -> list[Row]:
    """Compare the last third with the second: by then caches and pools are what they will be."""
    during = [one for one in it.watch.samples if traffic.start <= one.at <= traffic.start + traffic.seconds]
    third = len(during) // 3
    rows = []
    for of, name, spare in (("pss_mib", "PSS, MiB", 2.0), ("descriptors", "descriptors", 5.0),
                            ("wal_mib", "database's log, MiB", 1.0)):  # fmt: skip
        earlier, later = (
            sum(float(getattr(one, of)) for one in part) / max(len(part), 1)
            for part in (during[third : 2 * third], during[2 * third :])
        )
        growth = later - earlier
        share = growth / earlier if earlier else 0.0
        per_hour = growth / (traffic.seconds / 3) * 3600
        rows.append(
            Row(
                f"L12 {name}",
                f"{earlier:.1f} to {later:.1f} ({share:+.1%}; {per_hour:+.0f} an hour)",
                "growth < 5 %",
                share < 0.05 or growth < spare,
            )  # fmt: skip
        )
    return rows
