"""Names of other files in findings. What was found between two files of a recorder names both; a name that is
out of the reader's reach is left out, and the finding stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from evidence.domain.access import Reach
from evidence.service.catalogue import StoredFinding
from evidence.service.ports import UnitOfWork

NAMING = ("before", "after", "same_as", "place_of", "other_device")
"""The parts of a finding's detail that may hold the name of another file, or of another device."""


def without_strangers(
    unit: UnitOfWork, found: Iterable[StoredFinding], reach: Reach, at: datetime
) -> Sequence[StoredFinding]:
    """Return findings without the names of other files that are out of reach."""
    findings = list(found)
    if reach.everything:
        return findings
    named: dict[str, set[str]] = defaultdict(set)
    for one in findings:
        named[one.device].update(_names(one).values())
    seen = {
        (device, name)
        for device, names in named.items()
        for name in unit.recordings.names_within(device, names, reach, at)
    }
    return [_without(one, seen) for one in findings]


def _without(one: StoredFinding, seen: set[tuple[str, str]]) -> StoredFinding:
    strange = {key for key, name in _names(one).items() if (one.device, name) not in seen}
    if not strange:
        return one
    detail = {key: value for key, value in _detail(one).items() if key not in strange}
    return replace(one, body={**one.body, "detail": detail})


def _names(one: StoredFinding) -> dict[str, str]:
    own = one.body["file"]
    return {
        key: value
        for key, value in _detail(one).items()
        if key in NAMING and isinstance(value, str) and value != own
    }


def _detail(one: StoredFinding) -> Mapping[str, object]:
    detail = one.body["detail"]
    return detail if isinstance(detail, Mapping) else {}
