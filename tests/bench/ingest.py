"""Ingest: MB/s sealed through the whole service, beside a floor on the same disc in the same run.

The floor writes the same bytes to files, fsyncs them and runs `openssl dgst` over each (SHA-256, and SM3 too
where the service computes it), the same number in parallel. The service receives over HTTP with a checksum on
every request (as docks send), seals, and the clock stops at the last verified receipt. Peak memory is that of
the service process (VmHWM).

Both begin with all free memory in use as cache, as on any machine that has run for a day. A virtual machine
may have given free memory back to its host (free page reporting): writing into such memory was measured to be
twelve times slower than into memory in use, so without this whoever comes first after a deletion wins.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from evidence.dock.sending import LARGEST_CHUNK
from tests.service_process import ServiceProcess

MIB = 1 << 20
REQUEST = LARGEST_CHUNK  # as docks send
TARGET_RATIO, TARGET_MEMORY_MIB = 0.6, 300


def main(words: list[str]) -> int:
    """Run the bench; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="bench ingest")
    parser.add_argument("--total-mib", type=int, default=8192, help="at most so much sealed per row")
    parser.add_argument("--file-mib", type=int, default=2048, help="at most so much per client")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument(
        "--memory-gib", type=int, default=32, help="bytes of the memory row (16 clients); 0 = skip"
    )
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="bench-ingest-", dir=options.folder))
    missed = False
    try:
        print(f"{'digests':<12}{'clients':>8}{'MB/s':>9}{'floor':>9}{'ratio':>8}{'peak MiB':>10}")
        for sm3 in (False, True):
            for clients in options.clients:
                size = min(options.file_mib, options.total_mib // clients) * MIB
                missed |= row(folder, clients, size, sm3)
        if options.memory_gib:
            missed |= row(folder, 16, options.memory_gib * 1024 * MIB // 16, True, floor_needed=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return int(missed)


def row(folder: Path, clients: int, size: int, sm3: bool, floor_needed: bool = True) -> bool:
    """Measure one row; return whether it missed its target."""
    floor = measure_floor(folder, clients, size, sm3) if floor_needed else None
    speed, peak = measure_service(folder, clients, size, sm3)
    digests = "SHA-256+SM3" if sm3 else "SHA-256"
    ratio = None if floor is None else speed / floor
    text = f"{digests:<12}{clients:>8}{speed / 1e6:>9.0f}"
    text += f"{'-':>9}{'-':>8}" if floor is None else f"{floor / 1e6:>9.0f}{ratio:>8.2f}"
    print(f"{text}{peak:>10.0f}   {clients} × {size / MIB:.0f} MiB", flush=True)
    if ratio is not None:
        print(f"ratio {ratio:.2f}", flush=True)
    return peak > TARGET_MEMORY_MIB or (ratio is not None and ratio < TARGET_RATIO)


def _block() -> bytes:
    """Return random bytes that do not compress and do not repeat inside."""
    return os.urandom(REQUEST)


def fill_memory(folder: Path) -> None:
    """Read holes of a file until all free memory is cache: clean pages that any write may take over."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    file, buffer = folder / "holes", bytearray(16 * MIB)
    with file.open("a+b", buffering=0) as holes:
        end = holes.seek(0, os.SEEK_END)
        holes.truncate(end + free)  # new holes each time: those read before are still in memory
        holes.seek(end)
        while holes.readinto(buffer):
            pass


def measure_floor(folder: Path, clients: int, size: int, sm3: bool) -> float:
    """Return bytes per second of write + fsync + openssl dgst, `clients` at once."""
    block = _block()
    place = folder / "floor"
    place.mkdir()
    fill_memory(folder)
    started = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda n: _floor_one(place / str(n), block, size, sm3), range(clients)))
    took = time.monotonic() - started
    shutil.rmtree(place)
    return clients * size / took


def _floor_one(file: Path, block: bytes, size: int, sm3: bool) -> None:
    with file.open("wb", buffering=0) as out:
        left = size
        while left:
            left -= out.write(memoryview(block)[: min(left, len(block))])
        os.fsync(out.fileno())
    for name in ("-sha256", "-sm3") if sm3 else ("-sha256",):
        subprocess.run(["openssl", "dgst", name, str(file)], check=True, stdout=subprocess.DEVNULL)


def measure_service(folder: Path, clients: int, size: int, sm3: bool) -> tuple[float, float]:
    """Return bytes per second sealed, and the service's peak memory in MiB."""
    data = folder / "site"
    service = ServiceProcess(data, sm3=sm3, EVIDENCE_DEEP="false")
    tokens = [service.add_dock(f"dock-{n}") for n in range(clients)]
    with service:
        assert service.process is not None
        # Client processes, not threads: their own Python must not be what is measured.
        with ProcessPoolExecutor(min(clients, 4), mp_context=get_context("spawn")) as pool:
            # The digests that docks send along are computed before the clock starts: the floor reads no card.
            list(pool.map(prefix_digests, [size] * min(clients, 4)))
            fill_memory(folder)
            started = time.monotonic()
            jobs = [
                pool.submit(share, service.port, tokens[n::4], size, 1, clients)
                for n in range(min(clients, 4))
            ]
            for job in jobs:
                job.result()
            took = time.monotonic() - started
        peak = peak_mib(service.process.pid)
    shutil.rmtree(data)
    return clients * size / took, peak


_known: dict[
    int, tuple[bytes, list[str]]
] = {}  # per client process: the block sent again and again, and digests


def prefix_digests(size: int) -> None:
    """Prepare this process: one block, and the digest of the file up to the end of each request."""
    block, running, digests = _block(), hashlib.sha256(), []
    for offset in range(0, size, len(block)):
        running.update(memoryview(block)[: min(len(block), size - offset)])
        digests.append("sha256-prefix " + base64.b64encode(running.digest()).decode())
    _known[size] = (block, digests)
    time.sleep(0.2)  # so that every process of the pool takes one


def share(port: int, tokens: list[str], size: int, files: int = 1, clients: int = 1) -> None:
    """Send this process's share of the clients, one thread each, each so many files one after the other.

    clients: in all processes. A dock asks for a receipt once a second; where one file is all, that second
    would be measured too. All clients together ask twenty times a second, however many they are.
    """
    pause_s = 1.0 if files > 1 else min(1.0, 0.05 * clients)
    if size not in _known:
        prefix_digests(size)
    block, digests = _known[size]
    with ThreadPoolExecutor(len(tokens)) as pool:
        list(pool.map(lambda token: _client(port, token, size, block, digests, files, pause_s), tokens))


def _client(
    port: int, token: str, size: int, block: bytes, digests: list[str], files: int, pause_s: float
) -> None:
    """Send files as a dock does and wait for their receipts at the end."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=600, blocksize=MIB)
    identity = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    for place in [_send(link, identity, f"{token[:12]}-{n}", size, block, digests) for n in range(files)]:
        _await_receipt(link, identity, place, size, pause_s)


def _send(
    link: http.client.HTTPConnection,
    identity: dict[str, str],
    name: str,
    size: int,
    block: bytes,
    digests: list[str],
) -> str:
    """Send one file; return where its upload is."""

    def b64(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    metadata = f"filename {b64(name)},device {b64('BENCH')},wearer {b64('1')}"
    link.request(
        "POST",
        "/api/v1/uploads",
        headers={**identity, "Upload-Length": str(size), "Upload-Metadata": metadata},
    )
    answer = link.getresponse()
    answer.read()
    assert answer.status == 201, answer.status
    place, offset = answer.headers["Location"], 0
    while offset < size:
        piece = memoryview(block)[: min(len(block), size - offset)]
        headers = {
            **identity,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Checksum": digests[offset // len(block)],
        }
        link.request("PATCH", place, body=piece, headers=headers)
        answer = link.getresponse()
        answer.read()
        assert answer.status == 204, answer.status
        offset = int(answer.headers["Upload-Offset"])
    return str(place)


def _await_receipt(
    link: http.client.HTTPConnection, identity: dict[str, str], place: str, size: int, wait_s: float
) -> None:
    """Ask until the receipt is there, and look whether it is about the whole file."""
    while True:
        link.request("GET", f"{place}/receipt", headers=identity)
        answer = link.getresponse()
        body = answer.read()
        if answer.status == 200:
            break
        assert answer.status == 202, (answer.status, body)
        time.sleep(wait_s)
    assert json.loads(body)["signed"]["size"] == size


def peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
