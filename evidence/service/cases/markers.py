"""Check-points on the time line: people pin them, confirm or dismiss what a detector proposed, take back.

1. Who may label a recording may do all this: its wearer, custodians, members of a case who were given it. An
   auxiliary never: a check-point is part of the record (domain/access.py).
2. A check-point lies within its recording. Where nobody knows how long that is, nothing is pinned.
3. A proposal is decided once, as it was proposed: who hears it elsewhere dismisses it and pins.
Nothing is deleted, and each act has its entry. What asks for check-points: marker_lists.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidence.domain.access import Caller, denial
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.markers import Marker, is_inside
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid
from evidence.policy.check_points import MarkerKind, check_point_of
from evidence.policy.rules import cite_ids
from evidence.service.cases.marker_access import admit_to_marker, length_ms
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import pack_at_capture
from evidence.service.keeping.gone import verify_there
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.refusals import reason_of
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class MarkerList:
    """All check-points of a recording, also those that are none any more; words only for who decides."""

    stored: StoredRecording
    markers: Sequence[Marker]


@dataclass(frozen=True)
class Markers:
    """The desk for check-points."""

    site: Site

    @admits(Action.LABEL)
    def pin(self, caller: Caller, recording_id: str, kind: MarkerKind, from_ms: int, to_ms: int) -> Marker:
        """Pin a check-point to seconds of a recording.

        Raises: NotFound("recording-not-found"), Refused, Conflict("under-transfer", "length-not-known",
        "marker-stands", "recording-destroyed"), Invalid("marker-place").
        """
        stored = admit_to_recording(self.site, caller, Action.LABEL, recording_id)
        length, now = length_ms(self.site, recording_id), self.site.clock.now()
        if length is None:
            raise Conflict("length-not-known", recording=recording_id)
        if not is_inside(from_ms, to_ms, length):
            raise Invalid("marker-place", recording=recording_id, length_s=length / 1000)
        new = Marker(new_id(), recording_id, kind, from_ms, to_ms, policy_of(self.site, stored))
        new = replace(new, pinned_by=caller.id, pinned_at=now)
        with self.site.database.writing() as unit:
            verify_there(unit, recording_id)
            there = unit.markers.of([recording_id])[recording_id]
            if any(_is_same(one, new) for one in there):
                raise Conflict("marker-stands", recording=recording_id, kind=kind.value)
            unit.markers.add(new)
            unit.log.append(entry_of(Act.MARKER_PIN, caller.id, new, cites_of(self.site, stored, kind)), now)
        return new

    @admits(Action.LABEL)
    def confirm(self, caller: Caller, marker_id: str) -> Marker:
        """Confirm what a detector proposed: from now on it is a check-point.

        Raises: NotFound("marker-not-found"), Refused, Conflict("under-transfer", "marker-decided").
        """
        found, now = admit_to_marker(self.site, caller, Action.LABEL, marker_id), self.site.clock.now()
        done = replace(found, pinned_by=caller.id, pinned_at=now)
        with self.site.database.writing() as unit:
            if not unit.markers.confirm(marker_id, caller.id, now):
                raise Conflict("marker-decided", marker=marker_id)
            unit.log.append(entry_of(Act.MARKER_CONFIRM, caller.id, done), now)
        return done

    @admits(Action.LABEL)
    def dismiss(self, caller: Caller, marker_id: str, reason: str) -> Marker:
        """Dismiss what a detector proposed, with the reason.

        Raises: NotFound("marker-not-found"), Refused, Conflict("under-transfer", "marker-decided"),
        Invalid("reason-needed").
        """
        return self._end(caller, marker_id, reason, Act.MARKER_DISMISS)

    @admits(Action.LABEL)
    def withdraw(self, caller: Caller, marker_id: str, reason: str) -> Marker:
        """Take a check-point back, with the reason. It stays in the history.

        Raises: NotFound("marker-not-found"), Refused, Conflict("under-transfer", "marker-not-pinned"),
        Invalid("reason-needed").
        """
        return self._end(caller, marker_id, reason, Act.MARKER_WITHDRAW)

    def _end(self, caller: Caller, marker_id: str, reason: str, act: Act) -> Marker:
        reason, is_pinned = reason_of(reason), act is Act.MARKER_WITHDRAW
        found, now = admit_to_marker(self.site, caller, Action.LABEL, marker_id), self.site.clock.now()
        done = replace(found, ended_by=caller.id, ended_at=now, reason=reason)
        with self.site.database.writing() as unit:
            if not unit.markers.end(marker_id, caller.id, now, reason, is_pinned=is_pinned):
                raise Conflict("marker-not-pinned" if is_pinned else "marker-decided", marker=marker_id)
            unit.log.append(entry_of(act, caller.id, done), now)
        return done

    @admits(Action.LIST_RECORDINGS)
    def of(self, caller: Caller, recording_id: str) -> MarkerList:
        """Return all check-points and proposals of a recording, also what was dismissed and taken back; the
        look is logged. Words that an engine understood are for those who decide about them.

        Raises: NotFound("recording-not-found").
        """
        stored, now = (
            admit_to_recording(self.site, caller, Action.LIST_RECORDINGS, recording_id),
            self.site.clock.now(),
        )
        bars = self.site.bars()
        entry = Entry(Act.READ_LIST, caller.id, (("recording", recording_id),), facts={"list": "markers"})
        with self.site.database.writing() as unit:
            unit.log.append(entry, now)
            found = unit.markers.of([recording_id])[recording_id]
            standing = unit.standings.get(recording_id, now)
        if denial(caller, Action.LABEL, standing, bars) is not None:
            found = [without_words(one) for one in found]
        return MarkerList(stored, found)


def without_words(one: Marker) -> Marker:
    """Return it without what an engine understood."""
    return one if one.proposal is None else replace(one, proposal=replace(one.proposal, words=None))


def policy_of(site: Site, stored: StoredRecording) -> str:
    """Return pack and version in force at a recording's capture."""
    pack = pack_at_capture(site.policies, stored.ended_at, stored.first_seen_at)
    return f"{pack.id}@{pack.version}"


def cites_of(site: Site, stored: StoredRecording, kind: MarkerKind) -> tuple[str, ...]:
    """Return the articles that ask for a kind of check-point of a recording."""
    pack, strict = (
        pack_at_capture(one, stored.ended_at, stored.first_seen_at) for one in (site.policies, site.strictest)
    )
    rule = check_point_of(kind, pack, strict)
    return () if rule is None else cite_ids(rule.cites)


def entry_of(act: Act, who: str, one: Marker, cites: Sequence[str] = ()) -> Entry:
    """Return the entry of an act. What was understood and why it ended may be about somebody: erasable."""
    facts: dict[str, object] = {"kind": one.kind.value, "from_ms": one.from_ms, "to_ms": one.to_ms}
    if one.proposal is not None:
        facts |= {"detector": one.proposal.detector, "confidence": one.proposal.confidence}
    if cites:
        facts |= {"cites": list(cites), "policy": one.policy}
    words = one.proposal.words if one.proposal is not None and act is Act.MARKER_PROPOSE else None
    personal = {name: text for name, text in (("reason", one.reason), ("words", words)) if text is not None}
    objects = (("marker", one.id), ("recording", one.recording_id))
    return Entry(act, who, objects, facts=facts, personal=personal)


def _is_same(one: Marker, new: Marker) -> bool:
    place = (one.kind, one.from_ms, one.to_ms) == (new.kind, new.from_ms, new.to_ms)
    return place and one.pinned_at is not None and one.ended_at is None
