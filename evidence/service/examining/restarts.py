"""Where recording began anew after an interruption, as examination found it.

Between files it is the beginning of the later one; in a file, and where its sound broke off, the place at
which it goes on. Habits of a device (severity "info") are no interruptions. Seconds of a recording count from
its beginning, as players show them; findings speak of the file's own time line, which in a stream rarely
begins at 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from evidence.domain.findings import Code, Severity
from evidence.domain.markers import Restart
from evidence.domain.media import MediaFacts
from evidence.service.catalogue import StoredFinding
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_IN_FILE = frozenset({Code.GAP_IN_FILE, Code.AUDIO_GAP})
_CODES = frozenset({Code.GAP_BETWEEN_FILES, *_IN_FILE})


def interruptions(unit: UnitOfWork, recording_ids: Collection[str]) -> Sequence[StoredFinding]:
    """Return the findings about these recordings behind which recording began anew. Behind the end of one
    it did so in another.
    """
    found = unit.examinations.of_codes(recording_ids, _CODES)
    return [one for one in found if one.body["severity"] != Severity.INFO.value]


def begins_ms(facts: MediaFacts) -> int:
    """Return the place on a file's own time line at which its recording begins, in milliseconds."""
    tracks = (*facts.of_kind("video"), *facts.of_kind("audio"))
    first_s = min((one.first_s for one in tracks if one.first_s is not None), default=0.0)
    return max(0, round(1000 * first_s))


def begins_of(site: Site, unit: UnitOfWork, recording_ids: Collection[str]) -> Mapping[str, int]:
    """Return the same, by id, of these recordings, as far as they were read."""
    found = unit.examinations.facts_of(recording_ids, "probe")
    return {one: begins_ms(site.prober.read(facts)) for one, facts in found.items()}


def restarts_of(
    site: Site, unit: UnitOfWork, found: Collection[StoredFinding]
) -> Mapping[str, Sequence[Restart]]:
    """Return by recording where it began anew, in the order of time. found: interruptions."""
    rows: dict[str, dict[int, Restart]] = {}
    for one in found:
        restart = _restart(site, unit, one)
        if restart is not None:  # picture and sound may break off together
            rows.setdefault(restart.recording_id, {}).setdefault(restart.at_ms, restart)
    return {recording: [row[at] for at in sorted(row)] for recording, row in rows.items()}


def _restart(site: Site, unit: UnitOfWork, one: StoredFinding) -> Restart | None:
    if one.body["code"] in _IN_FILE:
        end = one.body["end_s"]
        if one.recording_id is None or not isinstance(end, int | float):
            return None
        begins = begins_of(site, unit, [one.recording_id])
        return Restart(one.recording_id, round(1000 * end) - begins.get(one.recording_id, 0), one.id)
    detail = one.body["detail"]
    after = detail.get("after") if isinstance(detail, Mapping) else None
    stored = unit.recordings.by_name(one.device, str(after)) if after else None
    return None if stored is None else Restart(stored.recording.id, 0, one.id)
