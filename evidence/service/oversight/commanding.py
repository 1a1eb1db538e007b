"""Commanding: recordings worn by auxiliary personnel judged with those of the officers of their unit.

Part of the job "sequence" (examination.py). What an officer recorded can clear what an auxiliary of the same
unit recorded before or after on another device, so these are judged again with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from evidence.domain.command import Worn, examine_command
from evidence.domain.instants import from_text
from evidence.domain.people import Person, PersonType
from evidence.domain.spans import Span
from evidence.service.catalogue import Scope, StoredRecording
from evidence.service.instruments import pack_at_capture
from evidence.service.intake.placing import COMMANDER, unit_id_of
from evidence.service.jobs import JobName
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

LONGEST = timedelta(hours=24)  # of one recording: how far from an end its beginning is looked for


def judge_command(site: Site, unit: UnitOfWork, judged: Sequence[StoredRecording], now: datetime) -> None:
    """Judge who commanded recordings, and those that they can clear; their ends are noted already."""
    recordings = {one.recording.id: one for one in judged}
    standings = unit.standings.some(recordings, now)
    wearers = {id_: _person(unit, one.person_id) for id_, one in standings.items()}
    to_judge = {id_ for id_, wearer in wearers.items() if _is(wearer, PersonType.AUXILIARY)}
    for id_, wearer in wearers.items():
        span = span_of(unit, id_)
        home = unit_id_of(standings[id_].unit_path)
        if home is not None and span is not None and _is(wearer, PersonType.OFFICER):
            until = span.end + LONGEST
            to_judge |= set(unit.companions.near(home, PersonType.AUXILIARY, span.start, until))
    for stored in unit.recordings.some(to_judge).values():
        _judge(site, unit, stored, now)


def judge_again(unit: UnitOfWork, recording_ids: Iterable[str], now: datetime) -> None:
    """Have recordings judged again with all of their devices: somebody was added to the roll, or changed."""
    found = unit.recordings.some(list(recording_ids)).values()
    for device in sorted({one.recording.origin.device for one in found}):
        unit.jobs.add(JobName.SEQUENCE, device, now)


def _judge(site: Site, unit: UnitOfWork, stored: StoredRecording, now: datetime) -> None:
    recording, origin = stored.recording, stored.recording.origin
    standing = unit.standings.get(recording.id, now)
    commander = _person(unit, standing.commander_id)
    span, officers = span_of(unit, recording.id), list[Span]()
    home = unit_id_of(standing.unit_path)
    if home is not None and span is not None:
        near = unit.companions.near(home, PersonType.OFFICER, span.start, span.end + LONGEST)
        officers = [found for id_ in near if (found := span_of(unit, id_)) is not None]
    pack = pack_at_capture(site.policies, stored.ended_at, stored.first_seen_at)
    type_ = None if commander is None else commander.type
    worn = Worn(origin.name, origin.labels.get(COMMANDER), type_, span)
    scope = Scope("recording", recording.id, origin.device, {origin.name: recording.id})
    unit.examinations.record(scope, "command", pack, "{}", examine_command(worn, officers, pack), now)


def _person(unit: UnitOfWork, person_id: str | None) -> Person | None:
    return None if person_id is None else unit.people.get(person_id)


def _is(person: Person | None, type_: PersonType) -> bool:
    return person is not None and person.type is type_


def span_of(unit: UnitOfWork, recording_id: str) -> Span | None:
    """Return when a recording was made, as the last judgement of its device says; None where it cannot."""
    text = unit.examinations.facts("recording", recording_id, "sequence")
    return None if text is None else span_told(text)


def span_told(facts: str) -> Span | None:
    """Return the same as those facts tell it."""
    times = json.loads(facts)
    start, end = times.get("start"), times.get("end")
    if not times.get("certain") or start is None or end is None or end < start:
        return None
    return Span(from_text(start), from_text(end))
