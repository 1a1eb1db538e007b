"""The lines that a recording makes in the gap report, as they are noted beside it. Pure.

A note says of each finding above "info" what must be explained, by kind and place (domain/subjects.py), so
that who only counts lines reads no finding. It says no state: that is for what people said since. How late an
upload was is for the pack in force: of that line the note has the kind alone. What no note can tell, because
one line closes another, a finding cannot be read or there are too many, says so, and whoever asks reads the
findings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from evidence.domain.findings import FAULTS, Code, Severity
from evidence.domain.subjects import LATE, Place, finding_subject, late_subject

UNTOLD = "?"  # the findings must be read
LONGEST = 1_000  # an index holds notes, and its entries have an end
_ENTANGLED = frozenset({Code.TRUNCATED, Code.UNREADABLE})  # what one says, the other need not say again
_NOWHERE = Place()


class NotedLine(NamedTuple):
    """A line. place: of one about lateness, nothing."""

    code: str
    kind: str
    place: Place


def note_of(device: str, name: str, bodies: Iterable[Mapping[str, object]]) -> str:
    """Return the note of a recording of a device under a name. bodies: of its current findings
    (Finding.as_json()).

    Raises: KeyError, TypeError, ValueError for bodies that this program never writes.
    """
    told = [one for one in bodies if one["severity"] != Severity.INFO and one["code"] not in FAULTS]
    if any(one["code"] in _ENTANGLED or one["file"] != name for one in told):
        return UNTOLD
    lines = [_line(device, one) for one in told if one["code"] != LATE]
    if len(lines) < len(told):
        lines.append(NotedLine(LATE, late_subject(device, name, timedelta()).kind, _NOWHERE))
    note = json.dumps([[one.code, one.kind, *one.place.parts()] for one in sorted(lines, key=repr)])
    return "" if not lines else note if len(note) <= LONGEST else UNTOLD


def lines_noted(note: str) -> Sequence[NotedLine] | None:
    """Return the lines of a note; None where it does not tell them."""
    if not note:
        return ()
    try:
        return [NotedLine(code, kind, Place(*parts)) for code, kind, *parts in json.loads(note)]
    except (ValueError, TypeError):
        return None


def _line(device: str, body: Mapping[str, object]) -> NotedLine:
    found = finding_subject(device, body)
    return NotedLine(str(body["code"]), found.kind, found.place)
