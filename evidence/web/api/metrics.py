"""`GET /metrics`: what a site's operator watches, as Prometheus reads it (text format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.responses import Response

from evidence import __version__
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.intake.opening import RESERVE_BYTES
from evidence.service.jobs import QUEUES
from evidence.service.measuring import Measures, Need
from evidence.web.deps import App, admitted
from evidence.web.metering import Meter

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response)
def metrics(request: Request, app: App, caller: Caller = admitted(Action.READ_STATUS)) -> Response:
    """Return the measures of the site, and what this process counts of itself."""
    meter: Meter = request.app.state.meter
    of_site = CollectorRegistry()
    of_site.register(_Collected(app.measuring.now(caller)))
    body = generate_latest(of_site) + generate_latest(meter.registry)
    return Response(body, headers={"content-type": CONTENT_TYPE_LATEST})


class _Collected:
    """Measures in the shape that the library writes."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures

    def collect(self) -> Iterator[Metric]:
        """Yield each family once."""
        found = self._measures
        yield _gauge("evidence_build_info", "Version of the program", {(__version__,): 1}, "version")
        wanted = set(found.needs())
        needs = {(need.value,): int(need in wanted) for need in Need}
        yield _gauge("evidence_need", "1: somebody must see to it", needs, "need")
        yield _gauge("evidence_alarms", "Integrity alarms that stand", {(): found.alarms})
        damaged = {(): found.damaged}
        yield _gauge("evidence_recordings_damaged", "Not as sealed when last read back", damaged)
        yield _gauge("evidence_standstills", "Logs unsigned or unchecked", {(): found.standstills})
        yield _gauge("evidence_staging_free_bytes", "Free where uploads wait", {(): found.staging_free})
        yield _gauge("evidence_staging_reserve_bytes", "Uploads end below it", {(): RESERVE_BYTES})
        uploads = {(state.value,): count for state, count in found.uploads.items()}
        yield _gauge("evidence_uploads", "Uploads without a recording", uploads, "state")
        missing = {(kind.value,): count for kind, count in found.missing.items()}
        yield _gauge("evidence_files_missing", "Announced files without a recording", missing, "deadline")
        ages = {(one.done.value,): (found.at - one.since).total_seconds() for one in found.backups}
        yield _gauge("evidence_backup_age_seconds", "Of what was noted last, else the site's", ages, "done")
        yield from self._of_jobs()
        yield from self._of_logs()

    def _of_jobs(self) -> Iterator[Metric]:
        counts = {
            (one.name.value, QUEUES[one.name].value, state): getattr(one, state)
            for one in self._measures.jobs
            for state in ("queued", "running", "failed")
        }
        yield _gauge("evidence_jobs", "Jobs that are not done", counts, "kind", "queue", "state")
        waits = {(queue.value,): waited.total_seconds() for queue, waited in self._measures.waits().items()}
        yield _gauge("evidence_queue_wait_seconds", "Of the job that waits longest", waits, "queue")

    def _of_logs(self) -> Iterator[Metric]:
        logs, at = self._measures.logs, self._measures.at
        yield _gauge("evidence_log_entries", "Entries", {(one.name,): one.entries for one in logs}, "log")
        signed = {(one.name,): one.signed for one in logs}
        yield _gauge("evidence_log_signed_entries", "Entries under a signed checkpoint", signed, "log")
        ages = {
            (one.name,): (at - one.unsigned_since).total_seconds() if one.unsigned_since else 0.0
            for one in logs
        }
        yield _gauge("evidence_log_unsigned_seconds", "Age of the oldest unsigned entry", ages, "log")


def _gauge(name: str, text: str, samples: Mapping[Any, float], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples.items():
        family.add_metric(values, value)
    return family
