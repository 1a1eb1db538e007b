"""Who may do what about a check-point: what they may do about its recording; and how long that is."""

from __future__ import annotations

from evidence.domain.access import Caller
from evidence.domain.ids import is_id
from evidence.domain.markers import Marker
from evidence.domain.rights import Action
from evidence.errors import NotFound
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.site import Site


def admit_to_marker(site: Site, caller: Caller, action: Action, marker_id: str) -> Marker:
    """Return a check-point of a recording to which the caller may do this; log the try otherwise.

    Raises: NotFound("marker-not-found"), Refused, Conflict("under-transfer").
    """
    if not is_id(marker_id):
        raise NotFound("marker-not-found", marker=marker_id)
    with site.database.reading() as unit:
        found = unit.markers.get(marker_id)
    try:  # one that is not there leaves the same traces as one out of reach
        admit_to_recording(site, caller, action, marker_id if found is None else found.recording_id)
    except NotFound:
        raise NotFound("marker-not-found", marker=marker_id) from None
    if found is None:
        raise NotFound("marker-not-found", marker=marker_id)
    return found


def length_ms(site: Site, recording_id: str) -> int | None:
    """Return the length of a recording in milliseconds, as its index says; None where nobody knows."""
    with site.database.reading() as unit:
        facts = unit.examinations.facts("recording", recording_id, "probe")
    length = None if facts is None else site.prober.read(facts).duration_s
    return None if length is None else round(length * 1000)
