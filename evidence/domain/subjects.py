"""What must be explained, and its stable name. Pure.

Each examination makes its findings anew, so their ids do not last. What lasts is what was found: code,
recorder, files, missing numbers (the kind, as SHA-256), and the place on the time line with the length. Its
name is the SHA-256 of all of it, as first explained. What a later examination finds is the same where kind
is the same and no part of the place differs by more than the pack's tolerance; of several, the nearest, and
each only once. Always against the place as first explained: many small steps do not carry an explanation on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from evidence.domain.findings import Code, Severity
from evidence.ledger.canonical import canonical

_NAMING = ("before", "after", "same_as", "place_of", "other_device")  # of a detail: other files, recorders
LATE, MISSING = Code.LATE.value, "missing"
UNRECORDED = "unrecorded"  # a step of a case
_NAME = re.compile(r"[0-9a-f]{64}")


def is_name(text: str) -> bool:
    """Tell whether a text has the form of a subject's name."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the time line of its file, and how long, in milliseconds; None where that is not known."""

    start_ms: int | None = None
    end_ms: int | None = None
    length_ms: int | None = None

    def distance(self, other: Place) -> int | None:
        """Return by how many milliseconds two differ at most; None where one knows what the other does
        not."""
        most = 0
        for mine, theirs in zip(self.parts(), other.parts(), strict=True):
            if mine is None or theirs is None:
                if mine is not theirs:
                    return None
                continue
            most = max(most, abs(mine - theirs))
        return most

    def parts(self) -> tuple[int | None, int | None, int | None]:
        """Return start, end and length."""
        return self.start_ms, self.end_ms, self.length_ms


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to be explained. kind: the same for whatever differs by its place only."""

    name: str
    kind: str
    place: Place


def finding_subject(device: str, body: Mapping[str, object]) -> Subject:
    """Return what a finding (Finding.as_json()) says must be explained."""
    told = body["detail"]
    detail: Mapping[str, object] = told if isinstance(told, Mapping) else {}
    measured, numbers = body["measured"], detail.get("missing")
    is_length = isinstance(measured, int | float) and "unit" not in detail  # seconds, where nothing is said
    start, end = _ms(body["start_s"]), _ms(body["end_s"])
    return _subject(
        str(body["code"]),
        device,
        [str(body["file"]), *(str(detail[key]) for key in _NAMING if detail.get(key))],
        measured if isinstance(measured, str) else "",
        numbers if isinstance(numbers, list) else [],
        Place(start, end, _ms(measured) if is_length else None),
    )


def name_told(device: str, body: Mapping[str, object]) -> str | None:
    """Return the name of the line that a finding (Finding.as_json()) makes in the gap report; None of one of
    which no explanation is asked."""
    told = body["detail"]
    late_by_s = told.get("late_by_s") if isinstance(told, Mapping) else None
    if body["severity"] == Severity.INFO:
        return None
    if body["code"] == LATE and isinstance(late_by_s, int | float):
        return late_subject(device, str(body["file"]), timedelta(seconds=late_by_s)).name
    return finding_subject(device, body).name


def late_subject(device: str, name: str, late_by: timedelta) -> Subject:
    """Return what a late upload is: this file, so late."""
    return _subject(LATE, device, [name], "", [], place_of_late(late_by))


def place_of_late(late_by: timedelta) -> Place:
    """Return what tells two late uploads of one file apart."""
    return Place(length_ms=round(late_by / timedelta(milliseconds=1)))


def missing_subject(device: str, name: str) -> Subject:
    """Return what an announced file is that was never sealed."""
    return _subject(MISSING, device, [name], "", [], Place())


def step_subject(step_id: str) -> Subject:
    """Return what a step of a case is that nothing shows. Its name begins with its id."""
    kind = _digest([UNRECORDED, step_id])
    return Subject(step_id + kind[: len(step_id)], kind, Place())


def step_named(name: str) -> str | None:
    """Return the id of the step that a name is of; None for any other name."""
    step_id = name[: len(name) // 2]
    return step_id if name == step_subject(step_id).name else None


def recognise(
    found: Iterable[Subject], known: Iterable[Subject], tolerance: timedelta
) -> Mapping[str, Subject]:
    """Return by name which of what was found is which of what is known: the nearest, each only once."""
    by_kind: dict[str, dict[str, Subject]] = {}
    for one in known:
        by_kind.setdefault(one.kind, {})[one.name] = one
    most = tolerance / timedelta(milliseconds=1)
    pairs = []
    for one in {one.name: one for one in found}.values():
        for other in by_kind.get(one.kind, {}).values():
            distance = one.place.distance(other.place)
            if distance is not None and distance <= most:
                pairs.append((distance, one.name != other.name, one.name, other.name, other))
    same: dict[str, Subject] = {}
    taken = set[str]()
    for *_, name, theirs, other in sorted(pairs, key=lambda pair: pair[:4]):
        if name not in same and theirs not in taken:
            same[name] = other
            taken.add(theirs)
    return same


def _subject(
    code: str, device: str, files: list[str], said: str, numbers: list[int], place: Place
) -> Subject:
    return subject_of(_digest([code, device, files, said, numbers]), place)


def subject_of(kind: str, place: Place) -> Subject:
    """Return what is of a kind, at its place."""
    return Subject(_digest([kind, *place.parts()]), kind, place)


def _digest(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def _ms(seconds: object) -> int | None:
    return round(seconds * 1000) if isinstance(seconds, int | float) else None
