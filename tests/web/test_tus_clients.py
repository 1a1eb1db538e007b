"""The clients that others use, as they are: tuspy and tus-js-client, killed services included."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from tests import forms
from tests.npm import node_for
from tests.service_process import ServiceProcess
from tests.simulators.card import content
from tests.web.talk import OCTETS, UPLOADS, Dock, raw

SCRIPTS = Path(__file__).parents[1] / "tusjs"
NAME = "DCIM/100MEDIA/现场 0001.mp4"


@pytest.fixture(scope="package")
def node() -> str:
    """Node.js with tus-js-client beside the script."""
    return node_for(SCRIPTS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of a bit more than three chunks of a megabyte."""
    path = tmp_path / "a.mp4"
    path.write_bytes(content(3_500_001, 7))
    return path


def told(dock: Dock) -> dict[str, str]:
    """Return the metadata of a file as a client sends them."""
    return {"filename": NAME, "device": dock.device, "wearer": "012345"}


def check_receipt(dock: Dock, url: str, file: Path) -> None:
    """Check that the receipt is about these bytes."""
    assert url.startswith(f"{dock.service.url}{UPLOADS}/")
    receipt, data = dock.receipt(url.removeprefix(dock.service.url)), file.read_bytes()
    assert receipt["sha256"] == hashlib.sha256(data).hexdigest()
    assert receipt["sm3"] == hashlib.new("sm3", data).hexdigest()
    assert (receipt["size"], receipt["name"], receipt["device"]) == (len(data), NAME, dock.device)


def tuspy(dock: Dock, file: Path, **options: Any) -> Any:
    """Return an uploader of tuspy for a file."""
    client = TusClient(f"{dock.service.url}{UPLOADS}", {"Authorization": f"Bearer {dock.token}"})
    return client.uploader(
        str(file), metadata=told(dock), chunk_size=1_000_000, upload_checksum=True, **options
    )


def tusjs(node: str, dock: Dock, file: Path, **options: Any) -> subprocess.Popen[str]:
    """Start tus-js-client on a file."""
    order = {
        "file": str(file),
        "endpoint": f"{dock.service.url}{UPLOADS}",
        "token": dock.token,
        "metadata": told(dock),
        "chunkSize": 1_000_000,
        **options,
    }
    return subprocess.Popen(
        [node, "send.mjs", json.dumps(order)],
        cwd=SCRIPTS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outcome(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for tus-js-client and return what it printed."""
    out, err = process.communicate(timeout=60 * forms.PATIENCE)
    assert out, err
    result: dict[str, Any] = json.loads(out)
    return result


def test_tuspy_sends_a_file_with_checksums(dock: Dock, file: Path) -> None:
    uploader = tuspy(dock, file)
    uploader.upload()
    assert uploader.offset == file.stat().st_size
    check_receipt(dock, uploader.url, file)


def test_tuspy_sends_an_empty_file(dock: Dock, file: Path) -> None:
    file.write_bytes(b"")
    uploader = tuspy(dock, file)
    uploader.upload()
    check_receipt(dock, uploader.url, file)


def test_tuspy_with_a_wrong_token_stores_nothing(dock: Dock, file: Path, site: Path) -> None:
    before = sorted((site / "staging").iterdir())
    dock.token = "x" * 43
    with pytest.raises(TusCommunicationError, match="401"):
        tuspy(dock, file).upload()
    assert sorted((site / "staging").iterdir()) == before


def test_tus_js_client_sends_a_file(node: str, dock: Dock, file: Path) -> None:
    result = outcome(tusjs(node, dock, file))
    assert result["ok"]
    assert result["progress"] == [1_000_000, 2_000_000, 3_000_000, 3_500_001]
    check_receipt(dock, result["url"], file)


def test_tus_js_client_with_a_wrong_token_is_told_401(node: str, dock: Dock, file: Path) -> None:
    dock.token = "x" * 43
    result = outcome(tusjs(node, dock, file))
    assert (result["ok"], result["status"], result["url"]) == (False, 401, None)


@contextmanager
def killed_in_the_midst(
    service: ServiceProcess, dock: Dock, path: str, offset: int, body: bytes
) -> Iterator[None]:
    """Send half a request, kill the service while it is being taken, and start it again."""
    head = (
        f"PATCH {path} HTTP/1.1\nHost: x\nAuthorization: Bearer {dock.token}\nTus-Resumable: 1.0.0\n"
        f"Content-Type: {OCTETS}\nUpload-Offset: {offset}\nContent-Length: {len(body)}\n\n"
    )
    staged = service.data / "staging" / f"{path.rsplit('/', 1)[1]}.part"
    half = len(body) * 2 // 3
    with raw(service.port, head) as line:
        line.sendall(body[:half])
        wait_until(lambda: staged.stat().st_size >= offset + (1 << 20))
        service.stop(signal.SIGKILL)
    assert staged.stat().st_size > offset, "bytes beyond the durable offset were left behind"
    service.start()
    yield


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.grown
def test_tuspy_resumes_at_the_durable_offset_after_a_kill_in_mid_request(
    service: ServiceProcess, dock: Dock, file: Path
) -> None:
    file.write_bytes(content(6_000_000, 3))
    uploader = tuspy(dock, file)
    uploader.upload_chunk()
    path = uploader.url.removeprefix(service.url)
    with killed_in_the_midst(service, dock, path, 1_000_000, file.read_bytes()[1_000_000:]):
        again = tuspy(dock, file, url=uploader.url)
        assert again.offset == 1_000_000
        again.upload()
        check_receipt(dock, uploader.url, file)


def test_tus_js_client_goes_on_by_itself_while_the_service_is_killed_and_started(
    service: ServiceProcess, node: str, dock: Dock, file: Path
) -> None:
    file.write_bytes(content(40_000_000, 4))
    process = tusjs(node, dock, file, retryDelays=[200] * 200)
    assert process.stderr is not None
    while not process.stderr.readline().startswith("accepted 3000000"):
        assert process.poll() is None
    service.stop(signal.SIGKILL)
    assert process.poll() is None
    service.start()
    result = outcome(process)
    assert result["ok"], result
    assert result["progress"][-1] == 40_000_000
    check_receipt(dock, result["url"], file)


def test_two_clients_on_one_upload_leave_one_whole_file(dock: Dock, file: Path) -> None:
    first = tuspy(dock, file)
    first.upload_chunk()
    failures: list[Exception] = []

    def go_on() -> None:
        try:
            tuspy(dock, file, url=first.url, retries=20, retry_delay=0).upload()
        except (TusUploadFailed, TusCommunicationError) as problem:
            failures.append(problem)

    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) < 2
    check_receipt(dock, first.url, file)
