"""The mark of an integrity alarm on every answer, as long as one stands (docs/operations.md).

Asked for every two seconds beside the requests: an answer must not wait for it, and least of all while the
database is away.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from evidence.bootstrap import Application
from evidence.errors import EvidenceError

log = logging.getLogger("evidence.web")
LOOK_EVERY_S = 2.0
HEADER = b"evidence-integrity-alarm"


@contextlib.asynccontextmanager
async def watched(app: FastAPI, application: Application) -> AsyncIterator[None]:
    """Keep `app.state.alarms`, the number of alarms that stand, while the context is open."""
    await _look(app, application)
    task = asyncio.create_task(_keep_looking(app, application))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep_looking(app: FastAPI, application: Application) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await _look(app, application)


async def _look(app: FastAPI, application: Application) -> None:
    try:
        app.state.alarms = len(await run_in_threadpool(application.auditing.standing))
    except EvidenceError as problem:  # what was known last stays
        log.warning("alarms cannot be looked up now: %s", problem)
    except Exception:  # whatever stands in the table: the looking must not end
        log.exception("alarms cannot be looked up now")
