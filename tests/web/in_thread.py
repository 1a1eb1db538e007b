"""An application served over HTTP on a free port, in a thread of the test."""

from __future__ import annotations

import threading
import time

import uvicorn
from fastapi import FastAPI

from evidence.web.serving import BoundedHeads
from tests import forms
from tests.service_process import free_port


class InThread:
    """The server; its port is known before it starts."""

    def __init__(self, app: FastAPI) -> None:
        self.port = free_port()
        config = uvicorn.Config(
            app, "127.0.0.1", self.port, http=BoundedHeads, log_config=None, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._thread.start()
        deadline = time.monotonic() + 30 * forms.PATIENCE
        while not self._server.started:
            assert time.monotonic() < deadline, "the service did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """End."""
        self._server.should_exit = True
        self._thread.join(30)
