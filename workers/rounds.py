"""Steps that are taken again and again in a thread; and those about the logs, of which a site needs one.

A failed step is logged and tried again. Two processes that take the same step do no harm.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial

from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.rights import Kind
from evidence.errors import EvidenceError
from evidence.service.watching import LOOK_EVERY_S
from storage.errors import StorageError

log = logging.getLogger("evidence.workers")
STAMP_EVERY_S = 60.0  # how often it is looked whether a time stamp is due
TIDY_EVERY_S = 600.0  # how long a package lies on that nobody is to have any more
_SERVICE = Caller("service", Kind.OPERATOR, "service")


def every(
    seconds: float,
    step: Callable[[], object],
    stopping: threading.Event,
    name: str,
    first_after: float = 0.0,
) -> threading.Thread:
    """Make a thread that takes a step again and again; a failed one is logged, tried again, never fatal."""

    def run() -> None:
        stopping.wait(first_after)
        while not stopping.is_set():
            try:
                step()
            except (EvidenceError, StorageError, OSError) as problem:  # passes, or a person must act
                log.error("%s failed; it will be tried again: %s", name, problem)  # noqa: TRY400
            except Exception:  # a thread that died would not be missed until a deadline was
                log.exception("%s failed; it will be tried again", name)
            stopping.wait(seconds)

    return threading.Thread(target=run, name=name, daemon=True)


def about_logs(application: Application, stopping: threading.Event) -> list[threading.Thread]:
    """Make the threads that publish the logs, that hold them against what they speak of, that take away
    packages nobody is to have any more, and that watch what this process works by.
    """
    publish_s, audit_s = application.settings.publish_s, application.settings.audit_minutes * 60.0
    auditing, watching, witnessing = application.auditing, application.watching, application.witnessing
    return [
        *(  # a thread for each: one that is away delays neither the others nor the publishing
            every(publish_s, partial(witnessing.ask, one), stopping, f"witness {one.key.name}", publish_s)
            for one in witnessing.witnesses
        ),
        every(publish_s, application.publishing.publish_all, stopping, "publishing", publish_s),
        every(STAMP_EVERY_S, application.timestamping.stamp, stopping, "time stamps", publish_s),
        every(audit_s, lambda: auditing.fsck(_SERVICE), stopping, "auditing", audit_s),
        every(TIDY_EVERY_S, application.court.building.tidy, stopping, "packages", TIDY_EVERY_S),
        every(LOOK_EVERY_S, watching.look, stopping, "watching", LOOK_EVERY_S),
    ]
