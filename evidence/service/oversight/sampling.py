"""Supervisors' samples: which recordings are looked at is drawn, and that somebody looked is shown.

1. A head commits to a seed that the service makes, for a unit and a time that has not begun: nobody knows yet
   what there will be to draw from. The log holds the commitment and the quota.
2. After that time a head draws. The log then holds the seed, and the digest of what it was drawn from: who
   has the ids draws again.
3. A head who did not wear the recorder reviews each; only what they were shown since the draw counts, as the
   log of access has it. Who wore one of the recordings draws no sample with it.
Nothing becomes a fault here: what is to be followed up is decided elsewhere, by a person.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, may_in, reach
from evidence.domain.audit import Act, Entry, Family
from evidence.domain.ids import is_id, new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.rights import Action
from evidence.domain.samples import (
    SEED_BYTES,
    Drawn,
    Look,
    Sample,
    SampleItem,
    SampleOutcome,
    commitment,
    draw,
    population_digest,
    quota,
)
from evidence.errors import Conflict, IntegrityFault, Invalid, NotFound, Refused
from evidence.ledger.entries import read_entry
from evidence.policy.rules import cite_ids
from evidence.policy.sampling import sampling_of
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.refusals import OutOfSight, reason_of, tries_logged
from evidence.service.people.roll_scope import admit_to_unit
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class ListedSample:
    """A sample, and how many of those drawn are reviewed."""

    sample: Sample
    reviewed: int

    @property
    def is_owed(self) -> bool:
        """Whether something was drawn that nobody has reviewed."""
        return self.sample.drawn is not None and self.reviewed < self.sample.drawn.quota


@dataclass(frozen=True, slots=True)
class DrawnRecording:
    """A recording that was drawn, with its looks since the draw. item None: the reader may not know of it."""

    item: SampleItem | None
    stored: StoredRecording | None
    looks: Sequence[Look]


@dataclass(frozen=True)
class Sampling:
    """The desk for samples."""

    site: Site

    @admits(Action.DRAW_SAMPLES)
    def commit(self, caller: Caller, unit_id: str, since: datetime, until: datetime) -> Sample:
        """Commit to a seed for a unit's recordings that will be sealed in [since, until), aware times.

        Raises: NotFound("unit-not-found"), Invalid("period-begun", "ends-before-start"),
        Conflict("no-sampling-rule").
        """
        home = admit_to_unit(self.site, caller, Action.DRAW_SAMPLES, unit_id)
        now = self.site.clock.now()
        rule = sampling_of(pack_at(self.site.policies, now), pack_at(self.site.strictest, now))
        if rule is None:
            raise Conflict("no-sampling-rule")
        if since < now:
            raise Invalid("period-begun", since=to_text(since))
        if until <= since:
            raise Invalid("ends-before-start")
        seed = secrets.token_bytes(SEED_BYTES)
        words = (commitment(seed), rule.share_percent, rule.least, caller.id, now)
        new = Sample(new_id(), home.id, since, until, *words)
        facts = {**_facts(new), "cites": list(cite_ids(rule.cites))}
        with self.site.database.writing() as unit:
            unit.samples.add(new, seed)
            objects = (("sample", new.id), ("unit", home.id))
            unit.log.append(Entry(Act.SAMPLE_COMMIT, caller.id, objects, facts=facts), now)
        return new

    @admits(Action.DRAW_SAMPLES)
    def draw(self, caller: Caller, sample_id: str) -> Sample:
        """Draw, and show the seed.

        Raises: NotFound("sample-not-found"), Refused("own-recording"), Conflict("period-runs",
        "sample-drawn", "seed-lost"), IntegrityFault("seed-wrong"): the log knows of no such commitment.
        """
        now = self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.DRAW_SAMPLES, ("sample", sample_id)),
            self.site.database.writing() as unit,
        ):
            one, path = self._within(unit, caller, sample_id)
            seed = _seed_of(unit, one, now)
            there = unit.samples.population(path, one.since, one.until)
            if caller.id in there.values():
                raise Refused("own-recording", action=Action.DRAW_SAMPLES.value)
            number = quota(len(there), one.share_percent, one.least)
            drawn = Drawn(caller.id, now, seed, len(there), population_digest(there), number)
            unit.samples.draw(one.id, drawn, draw(seed, there, number))
            facts = {
                "seed": seed.hex(),
                "commitment": one.commitment,
                "population": drawn.population,
                "population_sha256": drawn.population_sha256,
                "quota": number,
            }
            objects = (("sample", one.id), ("unit", one.unit_id))
            unit.log.append(Entry(Act.SAMPLE_DRAW, caller.id, objects, facts=facts), now)
            done = unit.samples.get(one.id)
        return done or one

    @admits(Action.REVIEW_SAMPLES)
    def review(
        self, caller: Caller, sample_id: str, recording_id: str, outcome: SampleOutcome, note: str
    ) -> None:
        """Note what a look at a drawn recording found; somebody else wore the recorder.

        Raises: NotFound("recording-not-found"), Refused("own-recording", …), Conflict("not-in-sample",
        "not-looked-at", "sample-reviewed"), Invalid("reason-needed").
        """
        admit_to_recording(self.site, caller, Action.REVIEW_SAMPLES, recording_id)
        note, now = reason_of(note), self.site.clock.now()
        with self.site.database.writing() as unit:
            one = unit.samples.get(sample_id) if is_id(sample_id) else None
            items = [] if one is None else unit.samples.items(one.id)
            if one is None or one.drawn is None or recording_id not in {it.recording_id for it in items}:
                raise Conflict("not-in-sample", recording=recording_id)
            looks = [it for it in _looks(unit, recording_id, one.drawn.at) if it.by == caller.id]
            if not looks:
                raise Conflict("not-looked-at", recording=recording_id)
            if not unit.samples.review(one.id, recording_id, caller.id, now, outcome, note):
                raise Conflict("sample-reviewed", recording=recording_id)
            shown = [[it.start, it.end] for it in looks][-_MOST_LOOKS:]
            objects = (("sample", one.id), ("recording", recording_id))
            facts, personal = {"outcome": outcome.value, "shown": shown}, {"note": note}
            entry = Entry(Act.SAMPLE_REVIEW, caller.id, objects, facts=facts, personal=personal)
            unit.log.append(entry, now)

    @admits(Action.DRAW_SAMPLES)
    def all(self, caller: Caller) -> Sequence[ListedSample]:
        """Return the samples of the caller's units, newest first; the look is logged."""
        with self.site.database.writing() as unit:
            entry = Entry(Act.READ_LIST, caller.id, facts={"list": "samples"})
            unit.log.append(entry, self.site.clock.now())
            return self.within(unit, caller)

    def within(self, unit: UnitOfWork, caller: Caller) -> Sequence[ListedSample]:
        """Return the same, to use cases that have admitted and logged."""
        paths, bars = {one.id: one.path for one in unit.units.all()}, self.site.bars()
        done = unit.samples.reviewed()
        return [
            ListedSample(one, done.get(one.id, 0))
            for one in unit.samples.all()
            if may_in(caller, Action.DRAW_SAMPLES, paths[one.unit_id], bars)
        ]

    @admits(Action.DRAW_SAMPLES)
    def drawn(self, caller: Caller, sample_id: str) -> tuple[Sample, Sequence[DrawnRecording]]:
        """Return what was drawn, in order, with the proof of review: who was shown which bytes, and when.

        Raises: NotFound("sample-not-found").
        """
        now, there = self.site.clock.now(), reach(caller, Action.READ_VIEWS, self.site.bars())
        with (
            tries_logged(self.site, caller, Action.DRAW_SAMPLES, ("sample", sample_id)),
            self.site.database.writing() as unit,
        ):
            one, _ = self._within(unit, caller, sample_id)
            items = unit.samples.items(one.id)
            ids = [it.recording_id for it in items]
            standings, known = unit.standings.some(ids, now), unit.recordings.some(ids)
            found = []
            for item in items:
                if one.drawn is None or not there.covers(standings[item.recording_id]):
                    found.append(DrawnRecording(None, None, ()))
                    continue
                looks = _looks(unit, item.recording_id, one.drawn.at)
                found.append(DrawnRecording(item, known.get(item.recording_id), looks))
            objects, facts = (("sample", one.id),), {"list": "samples"}
            unit.log.append(Entry(Act.READ_LIST, caller.id, objects, facts=facts), now)
        return one, found

    @admits(Action.DRAW_SAMPLES)
    def population(self, caller: Caller, sample_id: str) -> tuple[Sequence[str], int]:
        """Return the ids that a sample was drawn from, as far as the caller may know of them, and how many
        are withheld. Raises: NotFound("sample-not-found"), Conflict("sample-not-drawn").
        """
        now, there = self.site.clock.now(), reach(caller, Action.LIST_RECORDINGS, self.site.bars())
        with (
            tries_logged(self.site, caller, Action.DRAW_SAMPLES, ("sample", sample_id)),
            self.site.database.writing() as unit,
        ):
            one, path = self._within(unit, caller, sample_id)
            if one.drawn is None:
                raise Conflict("sample-not-drawn", sample=one.id)
            objects, facts = (("sample", one.id),), {"list": "samples"}
            unit.log.append(Entry(Act.READ_LIST, caller.id, objects, facts=facts), now)
        with self.site.database.reading() as unit:
            ids = _drawn_from(unit, one.id, one.drawn, path, (one.since, one.until))
            standings = unit.standings.some(ids, now)
            seen = [it for it in ids if there.covers(standings[it])]
        return seen, len(ids) - len(seen)

    def _within(self, unit: UnitOfWork, caller: Caller, sample_id: str) -> tuple[Sample, str]:
        """Return a sample of the caller's units, and the path. Raises: NotFound("sample-not-found")."""
        one = unit.samples.get(sample_id) if is_id(sample_id) else None
        home = None if one is None else unit.units.get(one.unit_id)
        if one is None or home is None:
            raise NotFound("sample-not-found", sample=sample_id)
        if not may_in(caller, Action.DRAW_SAMPLES, home.path, self.site.bars()):
            raise OutOfSight("sample-not-found", sample=sample_id)
        return one, home.path


_MOST_LOOKS = 100  # in one entry; all of them stand in the log of access


def _seed_of(unit: UnitOfWork, one: Sample, now: datetime) -> bytes:
    """Return the seed of a sample that may be drawn now, as it was committed to."""
    if one.drawn is not None:
        raise Conflict("sample-drawn", sample=one.id)
    if now < one.until:
        raise Conflict("period-runs", until=to_text(one.until))
    seed = unit.samples.seed(one.id)
    if seed is None:
        raise Conflict("seed-lost", sample=one.id)
    if commitment(seed) != one.commitment or _commitments(unit, one) != [_facts(one)]:
        raise IntegrityFault("seed-wrong", sample=one.id)
    return seed


def _facts(one: Sample) -> dict[str, object]:
    said = {"commitment": one.commitment, "since": to_text(one.since), "until": to_text(one.until)}
    return {**said, "share_percent": one.share_percent, "least": one.least}


def _commitments(unit: UnitOfWork, one: Sample) -> list[dict[str, object]]:
    """Return what the log says was committed to: a row alone is no commitment."""
    said = (read_entry(body) for _, _, body in unit.log.about(Family.CUSTODY, one.id))
    return [
        {key: entry["facts"][key] for key in _facts(one)}
        for entry in said
        if entry["act"] == Act.SAMPLE_COMMIT.value and one.unit_id in {it["id"] for it in entry["obj"]}
    ]


def _drawn_from(
    unit: UnitOfWork, sample_id: str, drawn: Drawn, path: str, period: tuple[datetime, datetime]
) -> Sequence[str]:
    """Return what was there at the draw, in order: without what was still being sealed then, or came to the
    unit since (evidence.place)."""
    ids = sorted(unit.samples.population(path, *period))
    place = unit.log.place(Family.CUSTODY, sample_id, 2)  # the first entry about it is the commitment
    if place is None or population_digest(ids) == drawn.population_sha256:
        return ids
    late = {Act.SEAL.value, Act.PLACE.value}

    def was_there(one: str) -> bool:
        return not any(
            index > place[1] and read_entry(body)["act"] in late
            for _, index, body in unit.log.about(Family.CUSTODY, one)
        )

    return [one for one in ids if was_there(one)]


def _looks(unit: UnitOfWork, recording_id: str, since: datetime) -> Sequence[Look]:
    """Return what was shown of a recording since a moment, oldest first."""
    found = []
    for _, _, body in unit.log.about(Family.ACCESS, recording_id):
        entry = read_entry(body)
        if entry["act"] == Act.PLAY.value and entry["res"] == "ok" and from_text(entry["t"]) >= since:
            facts = entry["facts"]
            found.append(Look(entry["by"], from_text(entry["t"]), facts["start"], facts["end"]))
    return found
