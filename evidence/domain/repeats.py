"""The same stretch twice inside one file: footage copied in to fill a hole.

Coded key frames are compared by digest. Sensor noise makes two pictures of a camera differ always; equal ones
are
copies, or pictures without noise (black, a test card), which are coded alike again and again. So a repetition
is
told only where at least three different key frames in a row come again, later, in the same order. The quick
examination marks the first and last key frames of a long file only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.media import MediaFacts
from evidence.policy.rules import Pack, cite_ids

LEAST_RUN = 3  # different key frames in a row
_TOO_COMMON = 4  # a picture that comes more often than this is no copy of one stretch


def repeated_stretches(facts: MediaFacts, pack: Pack) -> Iterator[Finding]:
    """Return stretches that come twice; start_s and end_s are of the later one."""
    times, length = facts.mark_times, len(facts.content_marks)
    if len(times) != length:
        return
    for first, again, run in _runs(facts.content_marks):
        end = times[again + run] if again + run < length else facts.duration_s
        yield Finding(
            Code.REPEATED_CONTENT,
            Severity.ATTENTION,
            facts.name,
            times[again],
            end,
            run,
            LEAST_RUN,
            cite_ids(pack.no_editing.cites),
            {"same_as_s": times[first], "unit": "key frames"},
        )


def _runs(marks: tuple[str, ...]) -> Iterator[tuple[int, int, int]]:
    """Yield (first, again, length) of the runs of equal marks, the longest possible ones, without overlap."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, mark in enumerate(marks):
        places[mark].append(place)
    pairs = {
        (first, again)
        for where in places.values()
        if len(where) <= _TOO_COMMON
        for number, first in enumerate(where)
        for again in where[number + 1 :]
    }
    for first, again in sorted(pairs):
        if (first - 1, again - 1) in pairs:
            continue
        run = 1
        while (first + run, again + run) in pairs and first + run < again:
            run += 1
        if run >= LEAST_RUN and len(set(marks[first : first + run])) == run:
            yield first, again, run
