"""Listening: detectors propose check-points in the first seconds after a restart. They never decide.

The job "listen" follows the judging of a device's files: it listens where recording began anew (restarts.py),
and, where the operator has set up a speech-to-text engine, at the beginning for the standard phrase. What was
heard stands with the examination, also that there was no sound, no speech, or no answer. What is proposed
names the detector, its version and its parameters. What was proposed once is not proposed again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from evidence.domain.audit import Act, Entry
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.hearing import Detector, find_phrase
from evidence.domain.ids import new_id
from evidence.domain.markers import Marker, Proposal, is_inside
from evidence.errors import NotFound
from evidence.policy.check_points import CheckPoint, MarkerKind, check_point_of
from evidence.policy.rules import Pack, cite_ids
from evidence.service.cases.marker_lists import heard_key
from evidence.service.cases.markers import entry_of, policy_of
from evidence.service.catalogue import Scope, StoredRecording
from evidence.service.examining.restarts import begins_ms, interruptions, restarts_of
from evidence.service.instruments import pack_at_capture
from evidence.service.jobs import JobName
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

SPEECH, NO_SPEECH, NO_SOUND = "speech", "no-speech", "no-sound"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a detector listens: milliseconds of a recording, and the rule of what it listens for."""

    at_ms: int
    rule: CheckPoint

    @property
    def key(self) -> str:
        """Its name in the facts."""
        return heard_key(self.rule.kind, self.at_ms)


@dataclass
class _Notes:
    """What one job heard: a word for each place, and what it proposes. The recording is length_ms long, and
    begins at begins_ms of its file's time line.
    """

    length_ms: int
    begins_ms: int
    heard: dict[str, str] = field(default_factory=dict)
    proposed: list[Marker] = field(default_factory=list)


@dataclass(frozen=True)
class Listening:
    """The use case behind the job "listen"."""

    site: Site

    def listen(self, recording_id: str) -> None:
        """Listen to one recording where that is due. Raises: NotFound, Unavailable, storage errors."""
        with self.site.database.reading() as unit:
            stored = unit.recordings.get(recording_id)
            if stored is None:
                raise NotFound("recording-not-found", recording=recording_id)
            places = places_of(self.site, unit, stored)
            text = unit.examinations.facts("recording", recording_id, "probe")
        if stored.gone_at is not None or not places or text is None:
            return  # destroyed since; explained away by a file that came late
        recording, facts = stored.recording, self.site.prober.read(text)
        notes = _Notes(round(1000 * (facts.duration_s or 0.0)), begins_ms(facts))
        if facts.of_kind("audio"):
            with self.site.originals.path(recording.data_key, recording.data_version) as path:
                for place in places:
                    self._hear(path, stored, place, notes)
        else:
            notes.heard = {place.key: NO_SOUND for place in places}
        self._note(stored, places, notes)

    def _hear(self, path: Path, stored: StoredRecording, place: Place, notes: _Notes) -> None:
        if place.rule.kind is MarkerKind.NOTICE_GIVEN:
            self._hear_phrase(path, stored, place, notes)
        else:
            self._hear_speech(path, stored, place, notes)

    def _hear_speech(self, path: Path, stored: StoredRecording, place: Place, notes: _Notes) -> None:
        listener, within = self.site.listener, place.rule.within
        speech = listener.first_speech(path, place.at_ms + notes.begins_ms, within)
        if speech.place is None:
            notes.heard[place.key] = speech.fault or (NO_SPEECH if speech.listened_ms else NO_SOUND)
            return
        notes.heard[place.key] = SPEECH
        words = None
        if listener.engine is not None:
            words = listener.understand(path, place.at_ms + notes.begins_ms, within).within(*speech.place)
        said = self._proposal(listener.voice, place, words=words)
        self._propose(stored, place.rule, speech.place, said, notes)

    def _hear_phrase(self, path: Path, stored: StoredRecording, place: Place, notes: _Notes) -> None:
        listener, rule = self.site.listener, place.rule
        if listener.engine is None or rule.phrase is None:
            return
        transcript = listener.understand(path, place.at_ms + notes.begins_ms, rule.within)
        like = find_phrase(rule.phrase, transcript.utterances)
        notes.heard[place.key] = transcript.fault or (NO_SPEECH if like is None else SPEECH)
        if like is not None:
            said = self._proposal(listener.engine, place, like.percent, like.words)
            self._propose(stored, rule, (like.from_ms, like.to_ms), said, notes)

    def _proposal(
        self, detector: Detector, place: Place, confidence: int | None = None, words: str | None = None
    ) -> Proposal:
        window = {"from_ms": place.at_ms, "within_s": round(place.rule.within.total_seconds())}
        parameters = {**detector.parameters, **window}
        if words is not None and (engine := self.site.listener.engine) is not None:
            parameters["engine"] = engine.name
        return Proposal(detector.name, parameters, self.site.clock.now(), confidence, words)

    def _propose(
        self, stored: StoredRecording, rule: CheckPoint, where: tuple[int, int], said: Proposal, notes: _Notes
    ) -> None:
        """Propose what lies within the recording, whatever an engine says of its seconds."""
        start, end = (one - notes.begins_ms for one in where)
        end = min(end, notes.length_ms)
        if is_inside(start, end, notes.length_ms):
            policy = policy_of(self.site, stored)
            new = Marker(new_id(), stored.recording.id, rule.kind, start, end, policy, said)
            notes.proposed.append(new)

    def _note(self, stored: StoredRecording, places: Sequence[Place], notes: _Notes) -> None:
        recording, now = stored.recording, self.site.clock.now()
        names = {recording.origin.name: recording.id}
        scope = Scope("recording", recording.id, recording.origin.device, names)
        facts = {"detector": self.site.listener.voice.name, "heard": notes.heard}
        if (engine := self.site.listener.engine) is not None:
            facts["engine"] = engine.name
        found = list(_findings(stored, places, notes))
        with self.site.database.writing() as unit:
            pack = _packs(self.site, stored)[0]
            text = json.dumps(facts, sort_keys=True)
            unit.examinations.record(scope, "listen", pack, text, found, now)
            there = unit.markers.of([recording.id])[recording.id]
            entries = []
            for one in notes.proposed:
                if not any(_is_known(one, other) for other in there):
                    unit.markers.add(one)
                    entries.append(entry_of(Act.MARKER_PROPOSE, "service", one))
            about = (("recording", recording.id),)
            done = Entry(Act.EXAMINE, "service", about, facts={"kind": "listen"})
            unit.log.append_all([*entries, done], now)


def places_of(site: Site, unit: UnitOfWork, stored: StoredRecording) -> Sequence[Place]:
    """Return where in a recording a detector is to listen."""
    beside = [one.recording.id for one in unit.recordings.all(stored.recording.origin.device)]
    return _places(site, unit, [stored], beside)[stored.recording.id]


def ask_to_listen(site: Site, unit: UnitOfWork, recordings: Sequence[StoredRecording], now: datetime) -> None:
    """Add the job for those of a device's recordings in which a place is new. Called with what was just
    judged."""
    places = _places(site, unit, recordings, [one.recording.id for one in recordings])
    known = unit.examinations.facts_of(list(places), "listen")
    for recording_id, row in places.items():
        facts = known.get(recording_id)
        heard: Collection[str] = json.loads(facts)["heard"] if facts is not None else ()
        if {place.key for place in row} - set(heard):
            unit.jobs.add(JobName.LISTEN, recording_id, now)


def _places(
    site: Site, unit: UnitOfWork, recordings: Sequence[StoredRecording], beside: Collection[str]
) -> dict[str, Sequence[Place]]:
    """beside: the recordings behind whose end one of these may have begun anew."""
    restarts = restarts_of(site, unit, interruptions(unit, beside))
    places: dict[str, Sequence[Place]] = {}
    for stored in recordings:
        packs, row = _packs(site, stored), list[Place]()
        notice = check_point_of(MarkerKind.NOTICE_GIVEN, *packs)
        if site.listener.engine is not None and notice is not None and notice.phrase is not None:
            row.append(Place(0, notice))
        spoken = check_point_of(MarkerKind.SPOKEN_EXPLANATION, *packs)
        if spoken is not None:
            row += [Place(one.at_ms, spoken) for one in restarts.get(stored.recording.id, ())]
        places[stored.recording.id] = row
    return places


def _packs(site: Site, stored: StoredRecording) -> tuple[Pack, Pack]:
    ended, seen = stored.ended_at, stored.first_seen_at
    return pack_at_capture(site.policies, ended, seen), pack_at_capture(site.strictest, ended, seen)


def _findings(stored: StoredRecording, places: Sequence[Place], notes: _Notes) -> Iterator[Finding]:
    """Tell where recording began anew and nothing was spoken. What must be explained is the interruption:
    this is a fact beside it."""
    for place in places:
        heard = notes.heard[place.key]
        if place.rule.kind is MarkerKind.SPOKEN_EXPLANATION and heard != SPEECH:
            start = (place.at_ms + notes.begins_ms) / 1000
            yield Finding(
                Code.NO_SPEECH_AFTER_RESTART,
                Severity.INFO,
                stored.recording.origin.name,
                start,
                start + place.rule.within.total_seconds(),
                measured=heard,
                cites=cite_ids(place.rule.cites),
            )


def _is_known(one: Marker, other: Marker) -> bool:
    """Tell whether a detector has said this already, whatever became of it."""
    meets = other.from_ms < one.to_ms and one.from_ms < other.to_ms
    return other.proposal is not None and other.kind is one.kind and meets
