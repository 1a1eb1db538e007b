"""All that is known of one recording, as far as its reader may know each part: one look, one entry.

Each part is asked of the policy by itself, as its own use case would ask it. What is not granted is None,
and the page says nothing of it. Who has looked is a look of its own (views.py), and so is each proof
(proving.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from evidence.domain.access import Caller, Purpose, denial, may_in, reach
from evidence.domain.audit import Act, Entry, Family
from evidence.domain.derivatives import Derivative, Operation
from evidence.domain.holds import Hold
from evidence.domain.instants import from_text
from evidence.domain.labels import values_of
from evidence.domain.markers import Marker
from evidence.domain.media import MediaFacts
from evidence.domain.retention import keep_until, rules_of
from evidence.domain.rights import ABOUT_RECORDINGS, Action, Kind
from evidence.domain.spans import Span
from evidence.domain.standing import Standing
from evidence.ledger.entries import read_entry
from evidence.policy.rules import Label
from evidence.service.cases.markers import without_words
from evidence.service.catalogue import StoredFinding, StoredRecording
from evidence.service.court.derivatives import proxy_of
from evidence.service.examining.faults import findings_in_force
from evidence.service.examining.neighbours import without_strangers
from evidence.service.gate import admits
from evidence.service.instruments import local_day
from evidence.service.keeping.keeping import WhyKept, law_now, required_by
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.views import Seer, seers_of
from evidence.service.people.people_ports import StoredCase
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.search_ports import Sought
from evidence.service.site import Site

BESIDE = timedelta(hours=6)  # of the same recorder, before and after
MOST_BESIDE, MOST_ENTRIES = 60, 500


@dataclass(frozen=True, slots=True)
class Beside:
    """A recording of the same recorder around the same time; span: when it recorded, as examination found."""

    stored: StoredRecording
    span: Span | None


@dataclass(frozen=True, slots=True)
class Handled:
    """An entry of the log of custody about a recording. entry: as it was read."""

    index: int
    by: Seer
    entry: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dossier:
    """What the reader may know. may: what they may do about this recording now, with a purpose where one is
    asked for. cases: those it is linked to; numbered: the one whose number it bears, linked or
    not. watermark: their number, to be drawn over the picture, where they may only look. made: what
    was made from it, but for the player, newest first; its words are for those who may have more made.
    """

    stored: StoredRecording
    standing: Standing
    may: Set[Action]
    is_own: bool
    wearer: str | None
    unit_name: str | None
    span: Span | None
    facts: MediaFacts | None
    findings: Sequence[StoredFinding] | None
    markers: Sequence[Marker]
    beside: Sequence[Beside]
    handled: Sequence[Handled] | None
    why: WhyKept | None
    holds: Sequence[Hold] | None
    cases: Sequence[StoredCase]
    numbered: StoredCase | None
    people: Mapping[str, Seer]
    proxy: Derivative | None
    watermark: str | None
    made: Sequence[Derivative]


@dataclass(frozen=True)
class Dossiers:
    """The desk for dossiers."""

    site: Site

    @admits(Action.LIST_RECORDINGS)
    def of(self, caller: Caller, recording_id: str) -> Dossier:
        """Return all about a recording that the caller may know; the look is logged.

        Raises: NotFound("recording-not-found").
        """
        stored = admit_to_recording(self.site, caller, Action.LIST_RECORDINGS, recording_id)
        now = self.site.clock.now()
        entry = Entry(Act.READ_LIST, caller.id, (("recording", recording_id),), facts={"list": "dossier"})
        with self.site.database.writing() as unit:
            unit.log.append(entry, now)
        with self.site.database.reading() as unit:
            return _Reading(self.site, unit, caller, stored, now).dossier()


@dataclass(frozen=True)
class _Reading:
    site: Site
    unit: UnitOfWork
    caller: Caller
    stored: StoredRecording
    now: datetime

    def dossier(self) -> Dossier:
        id_, unit = self.stored.recording.id, self.unit
        standing = unit.standings.get(id_, self.now)
        may = self._may(standing)
        worn = None if standing.person_id is None else unit.people.get(standing.person_id)
        probe = unit.examinations.facts("recording", id_, "probe")
        handled = self._handled() if Action.READ_MANIFEST in may else None
        holds = unit.holds.of(id_) if Action.HOLD in may else None
        markers = unit.markers.of([id_])[id_]
        whole_path = standing.unit_path.strip("/").rpartition("/")[2]
        made = self._made(Action.DERIVE in may)
        only_looks = Action.PLAY in may and Action.READ_ORIGINAL not in may
        return Dossier(
            self.stored,
            standing,
            may,
            self.caller.id == standing.person_id,
            None if worn is None else worn.name,
            full_names(unit.units.all()).get(whole_path),
            self._spans([id_]).get(id_),
            None if probe is None or Action.READ_FINDINGS not in may else self.site.prober.read(probe),
            self._findings() if Action.READ_FINDINGS in may else None,
            markers if Action.LABEL in may else [without_words(one) for one in markers],
            self._beside(),
            handled,
            self._why() if Action.HOLD in may else None,
            holds,
            [one for one in unit.cases.of_recording(id_) if self._may_read(one)],
            self._numbered(),
            self._people(markers, holds or (), made if Action.DERIVE in may else ()),
            proxy_of(unit, id_) if Action.PLAY in may else None,
            self.caller.name if only_looks and self.caller.kind is Kind.PERSON else None,
            made,
        )

    def _may(self, standing: Standing) -> Set[Action]:
        bars = self.site.bars()
        return {
            one for one in ABOUT_RECORDINGS if denial(self.caller, one, standing, bars, Purpose.CASE) is None
        }

    def _findings(self) -> Sequence[StoredFinding]:
        there = reach(self.caller, Action.READ_FINDINGS, self.site.bars())
        found = findings_in_force(self.unit, self.stored.recording.id)
        return without_strangers(self.unit, found, there, self.now)

    def _beside(self) -> Sequence[Beside]:
        """Return what the same recorder made around this, as far as the caller may know of it, in order."""
        at = self.stored.ended_at or self.stored.recording.sealed_at
        device = self.stored.recording.origin.device
        sought = Sought(device=device, since=at - BESIDE, until=at + BESIDE, oldest_first=True)
        there = reach(self.caller, Action.LIST_RECORDINGS, self.site.bars())
        today = local_day(self.site.policies, self.now)
        hits = self.unit.searches.hits(sought, there, self.now, today, None, MOST_BESIDE)
        ids = [one.recording_id for one in hits]
        known, spans = self.unit.recordings.some(ids), self._spans(ids)
        standings = self.unit.standings.some(ids, self.now)
        return [Beside(known[one], spans.get(one)) for one in ids if there.covers(standings[one])]

    def _spans(self, ids: Sequence[str]) -> Mapping[str, Span]:
        found = {}
        for id_, text in self.unit.examinations.facts_of(ids, "sequence").items():
            said = json.loads(text)
            start, end = said.get("start"), said.get("end")
            if start and end and start <= end:
                found[id_] = Span(from_text(start), from_text(end))
        return found

    def _handled(self) -> Sequence[Handled]:
        """Return the entries of custody about the recording, oldest first."""
        entries = []
        for _, index, body in self.unit.log.about(Family.CUSTODY, self.stored.recording.id):
            entries.append((index, read_entry(body)))
            if len(entries) == MOST_ENTRIES:
                break
        seers = seers_of(self.unit, {str(one.get("by", "anyone")) for _, one in entries})
        return [Handled(index, seers[str(one.get("by", "anyone"))], one) for index, one in entries]

    def _why(self) -> WhyKept | None:
        if self.stored.gone_at is not None:
            return None
        id_, law = self.stored.recording.id, law_now(self.site)
        kept = self.unit.keepings.kept([id_], required_by(self.site))[id_]
        return WhyKept(kept, keep_until(kept, law), rules_of(kept, law), self.unit.keepings.terms(id_))

    def _may_read(self, case: StoredCase) -> bool:
        return may_in(self.caller, Action.READ_CASE_FILES, case.path, self.site.bars())

    def _numbered(self) -> StoredCase | None:
        number = values_of(self.stored.labels).get(Label.CASE_NUMBER)
        case_id = None if number is None else self.unit.cases.numbered(number)
        found = None if case_id is None else self.unit.cases.get(case_id)
        return found if found is not None and self._may_read(found) else None

    def _made(self, with_words: bool) -> Sequence[Derivative]:
        found = self.unit.derivatives.of(self.stored.recording.id)
        made = [one for one in reversed(found) if one.operation is not Operation.PROXY]
        return made if with_words else [replace(one, words={}) for one in made]

    def _people(
        self, markers: Sequence[Marker], holds: Sequence[Hold], made: Sequence[Derivative]
    ) -> Mapping[str, Seer]:
        told: set[str | None] = {one.given_by for one in self.stored.told}
        told |= {one.pinned_by for one in markers} | {one.asked_by for one in made}
        for one in holds:
            told |= {one.placed_by, one.asked_by, one.released_by}
        return seers_of(self.unit, {one for one in told if one is not None})
