"""The application as a whole: what it tells of requests, and to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from opentelemetry import _logs, metrics, trace
from starlette.testclient import TestClient

from tests.web.browser import WebRoom


def test_a_collector_that_the_machine_names_is_told_nothing_of_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Told(trace.NoOpTracerProvider):
        def get_tracer(self, *given: Any, **named: Any) -> trace.Tracer:
            asked.append("trace")
            return super().get_tracer(*given, **named)

    monkeypatch.setattr(trace, "get_tracer_provider", Told)
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: asked.append("metrics"))
    monkeypatch.setattr(_logs, "get_logger_provider", lambda: asked.append("logs"))
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    room = WebRoom(tmp_path / "data")
    try:
        with TestClient(room.app) as client:
            assert client.get("/health").status_code == 200
            assert client.get("/api/v1/status?q=1").status_code == 401
    finally:
        room.site.database.close()
    assert asked == []
