"""The child's JSON to MediaFacts and back. The child has read hostile bytes: its answer is data to be
checked.

A value of the wrong kind is a ValueError, which makes the file "not-examined"; nothing is coerced in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from math import isfinite
from typing import Any

from evidence.domain.media import ClockReading, Damage, Edit, MediaFacts, Place, Step, TrackFacts

MOST_ITEMS = 100_000  # of any list in an answer


def facts_from_json(value: Mapping[str, Any], name: str) -> MediaFacts:
    """Return the facts in a child's answer, under the file's name. Raises: ValueError if it is none."""
    try:
        known = {field.name for field in fields(MediaFacts)} - {"name"}
        body = {key: _plain(item) for key, item in value.items() if key in known}
        body["tracks"] = tuple(_track(track) for track in value.get("tracks", ()))
        body["clocks"] = tuple(ClockReading(**_plain_map(clock)) for clock in value.get("clocks", ()))
        body["damage"] = tuple(Damage(**_plain_map(damage)) for damage in value.get("damage", ()))
        body["places"] = tuple(_place(place) for place in value.get("places", ()))
        return MediaFacts(name=name, **body)
    except (TypeError, KeyError, AttributeError) as fault:
        raise ValueError(f"not the facts of a file: {fault}") from fault


def facts_to_json(facts: MediaFacts) -> dict[str, Any]:
    """Return the facts as JSON values (for storing beside the recording); the way back is facts_from_json."""
    return asdict(facts)


def unreadable(name: str, size_bytes: int, note: str) -> MediaFacts:
    """Return facts that say only that the file could not be examined, and why."""
    return MediaFacts(name=name, size_bytes=size_bytes, container="unknown", readable=False, notes=(note,))


def with_clock(facts: MediaFacts, origin: str, text: str) -> MediaFacts:
    """Return the facts with one more clock reading from beside the file."""
    return replace(facts, clocks=(*facts.clocks, ClockReading(origin, text)))


def _track(value: Mapping[str, Any]) -> TrackFacts:
    body = {key: _plain(item) for key, item in value.items()}
    for key, kind in (("steps", Step), ("backsteps", Step), ("corrupt", Step), ("edits", Edit)):
        body[key] = tuple(
            kind(**item) if isinstance(item, Mapping) else kind(*item) for item in value.get(key, ())
        )
    return TrackFacts(**body)


def _place(value: Any) -> Place:
    """Read a place on Earth. Raises: ValueError for any other, TypeError."""
    place = Place(**value) if isinstance(value, Mapping) else Place(*value)
    said = (place.at_s, place.latitude, place.longitude)
    if not all(isinstance(one, int | float) and isfinite(one) for one in said):
        raise ValueError("a place that is no numbers")
    if not (abs(place.latitude) <= 90 and abs(place.longitude) <= 180):
        raise ValueError("a place outside the Earth")
    return place


def _plain_map(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(item) for key, item in value.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        if len(value) > MOST_ITEMS:
            raise ValueError("an answer longer than any file needs")
        return tuple(value)
    if isinstance(value, Mapping):
        return dict(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise ValueError(type(value).__name__)
