"""Engines: MB/s sealed on the grown form (PostgreSQL, S3, Redis, own workers), beside minio-py alone.

The floor: the SDK uploads the same files to the same server over the same TLS, as many at once, and nothing
else: no staging, no lock, no reading back. The service receives over HTTP, stages, seals with two processes,
and the clock stops at the last receipt. Each client sends a card of several files one after the other, as
docks do. Last row: one original of 5 GiB; what counts there is the peak memory of the process that seals it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from tests.bench import ingest
from tests.grown_site import GrownSite
from tests.servers.object_store import ObjectStoreServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

MIB = 1 << 20
TARGET_RATIO, TARGET_MEMORY_MIB = 0.5, 200

Servers = tuple[ObjectStoreServer, PostgresServer, RedisServer]


def main(words: list[str]) -> int:
    """Run the bench; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="bench engines")
    parser.add_argument("--total-mib", type=int, default=4096, help="sealed per row")
    parser.add_argument("--file-mib", type=int, default=256, help="a segment of four minutes at 8 Mbit/s")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--long-mib", type=int, default=5 * 1024, help="the memory row; 0 = skip")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="bench-engines-", dir=options.folder))
    missed = False
    try:
        print(f"{'digests':<12}{'clients':>8}{'MB/s':>9}{'floor':>9}{'ratio':>8}{'peak MiB':>10}", flush=True)
        for clients in options.clients:
            with servers(folder, 3 * options.total_mib) as started:
                files = max(1, options.total_mib // options.file_mib // clients)
                missed |= rows(folder, started, clients, files, options.file_mib * MIB)
        if options.long_mib:
            with servers(folder, options.long_mib) as started:
                missed |= long_row(folder, started, options.long_mib * MIB)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return int(missed)


@contextmanager
def servers(folder: Path, mib: int) -> Iterator[Servers]:
    """Start servers whose store has room for so much: what is locked in it can only go with all of it."""
    place = folder / "servers"
    store = ObjectStoreServer(place / "store", size=f"{mib // 1024 + 8}G")
    started = (store, PostgresServer(place / "postgres"), RedisServer(place / "redis"))
    try:
        for server in started:
            server.start()
        yield started
    finally:
        for server in started:
            server.stop()
        shutil.rmtree(place, ignore_errors=True)


def rows(folder: Path, started: Servers, clients: int, files: int, size: int) -> bool:
    """Measure so many clients with one digest and with both; return whether a target was missed."""
    floor, missed = measure_floor(folder, started[0], clients, files, size), False
    for sm3 in (False, True):
        speed, peak = measure_service(folder, started, clients, size, files, sm3)
        ratio = speed / floor
        text = f"{_digests(sm3)}{clients:>8}{speed / 1e6:>9.0f}{floor / 1e6:>9.0f}{ratio:>8.2f}{peak:>10.0f}"
        print(f"{text}   {clients} × {files} × {size / MIB:.0f} MiB\nratio {ratio:.2f}", flush=True)
        missed |= ratio < TARGET_RATIO or peak > TARGET_MEMORY_MIB
    return missed


def long_row(folder: Path, started: Servers, size: int) -> bool:
    """Seal one long original; return whether the sealing process grew too large."""
    speed, peak = measure_service(folder, started, 1, size, 1, sm3=True)
    text = f"{_digests(True)}{1:>8}{speed / 1e6:>9.0f}{'-':>9}{'-':>8}{peak:>10.0f}"
    print(f"{text}   1 × {size / MIB:.0f} MiB", flush=True)
    return peak > TARGET_MEMORY_MIB


def _digests(sm3: bool) -> str:
    return f"{'SHA-256+SM3' if sm3 else 'SHA-256':<12}"


def measure_floor(folder: Path, store: ObjectStoreServer, clients: int, files: int, size: int) -> float:
    """Return bytes per second of minio-py's own upload, `clients` processes' worth at once."""
    file = folder / "floor"
    with file.open("wb") as out:
        for _ in range(-(-size // ingest.REQUEST)):
            out.write(os.urandom(min(ingest.REQUEST, size)))
        out.truncate(size)
        out.flush()
        os.fsync(out.fileno())
    bucket = store.new_bucket(lock=False)
    facts = (store.endpoint, str(store.ca_file), store.access_key, store.secret_key, bucket, str(file))
    with ProcessPoolExecutor(min(clients, 4), mp_context=get_context("spawn")) as pool:
        list(pool.map(time.sleep, [0.5] * min(clients, 4)))  # the processes have started
        ingest.fill_memory(folder)
        started = time.monotonic()
        shares = [list(range(clients))[n::4] for n in range(min(clients, 4))]
        for job in [pool.submit(_upload_share, facts, share, files) for share in shares]:
            job.result()
        took = time.monotonic() - started
    file.unlink()
    return clients * files * size / took


def _upload_share(facts: tuple[str, ...], share: list[int], files: int) -> None:
    import urllib3
    from minio import Minio

    endpoint, ca_file, access_key, secret_key, bucket, file = facts
    client = Minio(
        endpoint=endpoint, access_key=access_key, secret_key=secret_key, secure=True, region="us-east-1",
        http_client=urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs=ca_file, maxsize=32),
    )  # fmt: skip

    def card(number: int) -> None:
        for one in range(files):
            client.fput_object(bucket_name=bucket, object_name=f"{number}/{one}", file_path=file)

    with ThreadPoolExecutor(len(share)) as pool:
        list(pool.map(card, share))


def measure_service(
    folder: Path, started: Servers, clients: int, size: int, files: int, sm3: bool
) -> tuple[float, float]:
    """Return bytes per second sealed, and the peak memory in MiB of the largest sealing process."""
    processes = min(clients, 4)
    with GrownSite(folder / "site", *started, sm3=sm3) as site:
        tokens = [site.add_dock(f"dock-{n}") for n in range(clients)]
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            list(pool.map(ingest.prefix_digests, [size] * processes))
            ingest.fill_memory(folder)
            begun = time.monotonic()
            jobs = [
                pool.submit(ingest.share, site.port, tokens[n::4], size, files, clients)
                for n in range(processes)
            ]
            for job in jobs:
                job.result()
            took = time.monotonic() - begun
        peak = site.peak_mib("seal")
    return clients * files * size / took, peak


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
