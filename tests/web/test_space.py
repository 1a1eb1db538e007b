"""A full disc is 507 with an honest offset; memory is flat for files larger than it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forms
from tests.service_process import ServiceProcess
from tests.simulators.card import content
from tests.web.talk import Dock, ask, checksum

MIB = 1 << 20


@pytest.fixture
def small_disc(tmp_path: Path) -> Iterator[Path]:
    """A disc of 300 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disc")
    place = tmp_path / "disc"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path, leave: int) -> Path:
    """Fill the disc until so many bytes are left."""
    facts, filler = os.statvfs(place), place / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, facts.f_bavail * facts.f_frsize - leave)
    return filler


def test_a_disc_that_fills_up_is_507_with_an_honest_offset_and_the_upload_goes_on_later(
    small_disc: Path,
) -> None:
    body = content(24 * MIB, 9)
    first, rest = body[: 8 * MIB], body[8 * MIB :]
    service = ServiceProcess(small_disc / "data")
    try:
        service.start()
        dock = Dock(service, service.add_dock())
        answer = dock.create(200 * MIB)
        assert (answer.status, answer.code) == (507, "no-space"), "it would eat the reserve"
        path = dock.open(len(body))
        assert dock.patch(path, 0, first, Upload_Checksum=checksum(first)).status == 204
        filler = fill(small_disc, 6 * MIB)
        for _ in range(2):
            answer = dock.patch(path, len(first), rest, Upload_Checksum=checksum(rest))
            assert (answer.status, answer.code) == (507, "store-full"), answer
            assert "retry-after" in answer.headers
            assert dock.offset(path) == len(first)
        assert ask(service.port, "GET", "/ready").status == 507
        assert ask(service.port, "GET", "/health").status == 200
        filler.unlink()
        assert dock.patch(path, len(first), rest, Upload_Checksum=checksum(rest)).status == 204
        assert dock.receipt(path)["sha256"] == hashlib.sha256(body).hexdigest()
        verified = json.loads(service.command("verify", "--json"))
        assert (verified["checked"], verified["faulty"]) == (1, 0)
    finally:
        service.stop()


def processes(service: ServiceProcess) -> list[int]:
    """Return the numbers of the web door and of all that work for it."""
    return [*(one.pid for one in service.processes), *service.forked()]


def peak_mib(service: ServiceProcess) -> list[float]:
    """Return the largest memory that each of its processes held since the mark was put back."""
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in processes(service)]
    return [int(status.split("VmHWM:")[1].split()[0]) / 1024 for status in statuses]


def put_back(service: ServiceProcess) -> None:
    """Put the mark of the largest memory back to what is held now."""
    for pid in processes(service):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


@pytest.mark.grown  # and `./dev.sh bench ingest` measures it with 32 GiB
def test_memory_stays_flat_while_600_megabytes_go_through_one_request(
    dock: Dock, service: ServiceProcess
) -> None:
    dock.seal(content(8 * MIB))  # buffers and threads are there
    size, block, digest = 600 * MIB, bytes(MIB), hashlib.sha256()
    path = dock.open(size, "long.mp4")
    put_back(service)
    before = peak_mib(service)

    def blocks() -> Iterator[bytes]:
        for number in range(size // MIB):
            piece = number.to_bytes(8, "big") + block[8:]
            digest.update(piece)
            yield piece

    answer = dock.patch(path, 0, blocks(), Content_Length=str(size))
    assert answer.status == 204
    assert dock.receipt(path)["sha256"] == digest.hexdigest()
    time.sleep(0.5)  # the examination begins
    grown = [peak - was for peak, was in zip(peak_mib(service), before, strict=True)]
    # Long originals go to a bucket in parts, five at once in the memory of who seals (storage/parts.py).
    assert max(grown) < (100 if forms.GROWN else 60), grown
