"""The workers of a service alone: what was acknowledged is sealed, also when the service was killed."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.service.jobs import JobName
from tests import forms, inside
from tests.service_process import ServiceProcess
from tests.web.talk import Dock

BODY = bytes(range(256)) * 8000


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    service = ServiceProcess(tmp_path / "data")
    yield service
    service.stop(signal.SIGKILL)


def test_a_service_killed_right_after_the_last_byte_seals_it_when_it_is_back(service: ServiceProcess) -> None:
    dock = Dock(service, service.add_dock())
    service.start()
    path = dock.open(len(BODY))
    assert dock.patch(path, 0, BODY[:100_000]).status == 204
    assert dock.patch(path, 100_000, BODY[100_000:]).status == 204
    service.stop(signal.SIGKILL)
    service.start()
    receipt = dock.receipt(path, patience_s=20)
    assert receipt["sha256"] == hashlib.sha256(BODY).hexdigest()
    recording = receipt["recording"]
    status, original = service.get(f"/api/v1/recordings/{recording}/original", service.admin_token)
    assert (status, original) == (200, BODY)
    _, body = service.get("/api/v1/recordings", service.admin_token)
    assert json.dumps(json.loads(body)).count(f'"{recording}"') == 1, "it was sealed once"


def test_every_kind_of_work_is_begun_by_the_service_alone(service: ServiceProcess) -> None:
    row = (
        "INSERT INTO job (id, name, subject, state, weight, attempts, not_before, created_at)"
        " VALUES (:id, :name, :subject, 'queued', 0, 0, :at, :at)"
    )
    for number, kind in enumerate(JobName):
        values = {"id": f"{number:032x}", "name": kind.value, "subject": "f" * 32}
        inside.change(service.data, row, **values, at="2026-01-01T00:00:00.000000Z")
    service.start()
    untouched = "SELECT name FROM job WHERE attempts = 0"
    deadline = time.monotonic() + 30 * forms.PATIENCE
    while (left := inside.rows(service.data, untouched)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left == []
