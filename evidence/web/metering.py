"""How long each request took to its first byte, by route; in memory, of this process, since its start."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.process_collector import ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Seconds. 0.25 and 0.3 are what playback and pages are held to (docs/operations.md).
BOUNDS = (0.025, 0.05, 0.1, 0.25, 0.3, 1, 3, 10, 30)


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Meter:
    """What one process counts of itself: requests, memory, processor, open files.

    workers: tells the process of its own workers, of which the same is told; None where it has none.
    """

    def __init__(self, workers: Callable[[], int] | None = None) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        if workers is not None:
            ProcessCollector("evidence_workers", workers, registry=self.registry)
        self.first_byte = Histogram(
            "evidence_http_first_byte_seconds",
            "Time from the request to the first byte of its answer",
            ("method", "route", "status"),
            buckets=BOUNDS,
            registry=self.registry,
        )


class Metered:
    """Measures each request. Labels are routes as declared, never paths, and methods that HTTP has: what a
    stranger may choose at will would fill the memory, and a path names recordings and links.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; note when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        meter: Meter = scope["app"].state.meter
        began = perf_counter()

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                method = scope["method"] if scope["method"] in METHODS else "other"
                status = f"{message['status'] // 100}xx"
                meter.first_byte.labels(method, route, status).observe(perf_counter() - began)
            await send(message)

        await self._app(scope, receive, note)
