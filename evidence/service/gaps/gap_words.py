"""What somebody says about a gap, held against the line, the pack and the recordings.

An interruption needs a cause of the pack, and the seconds in which it was spoken when recording began anew,
or a report in writing (Dazhe 2020 art. 9); all else needs a reason, steps that nothing shows too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from evidence.domain.access import Caller, Reach, reach
from evidence.domain.explanations import Gap, Heard, Spoken, spoken_fault
from evidence.domain.findings import Code
from evidence.domain.markers import MarkerState
from evidence.domain.rights import Action
from evidence.domain.subjects import LATE, MISSING, Place, is_name, missing_subject, step_named
from evidence.errors import Invalid, Known
from evidence.policy.check_points import MarkerKind
from evidence.policy.rules import Pack, cite_ids
from evidence.service.cases.marker_access import admit_to_marker, length_ms
from evidence.service.catalogue import Section, StoredFinding, StoredRecording
from evidence.service.examining.restarts import begins_of
from evidence.service.gaps.gap_lines import Ledger, Line, Standing, ledger_of, lines_within
from evidence.service.gaps.step_gaps import gap_of_step, red_step, standing_of_step
from evidence.service.instruments import pack_at, pack_at_capture
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.refusals import OutOfSight, reason_of
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_INTERRUPTED = "interruptions"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says about a gap. text: the report, or the reason. marker: the check-point at which the
    cause was spoken, in the place of its seconds.
    """

    text: str | None = None
    cause: str | None = None
    spoken: Spoken | None = None
    marker: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A line that is to be explained. after: the file with which recording began anew, where it is known."""

    gap: Gap
    standing: Standing
    pack: Pack
    cites: tuple[str, ...]
    stored: StoredRecording | None
    finding_id: str | None = None
    after: str | None = None


def find_gap(site: Site, caller: Caller, name: str, action: Action = Action.EXPLAIN) -> Found:
    """Return the line of a name about which the caller may do this. Raises: OutOfSight("gap-not-found")."""
    there, now = reach(caller, action, site.bars()), site.clock.now()
    if not is_name(name):
        raise OutOfSight("gap-not-found", gap=name[:64])
    with site.database.reading() as unit:
        if step_named(name) is not None:
            return _found_step(site, unit, caller, name, action)
        for section in _sections(unit, there, name, now):
            ledger = ledger_of(site, unit, lines_within(site, unit, there, now, section=section), now)
            for part, lines in ledger.lines.parts()._asdict().items():
                for one in lines:
                    standing = ledger.of(one)
                    if standing is not None and standing.name == name:
                        gap = unit.explanations.gap(name) or _new_gap(ledger, one, part, standing)
                        return _found(site, unit, one, gap, standing, now)
    raise OutOfSight("gap-not-found", gap=name)


def _found_step(site: Site, unit: UnitOfWork, caller: Caller, name: str, action: Action) -> Found:
    line = red_step(site, unit, caller, action, name)
    if line is None:
        raise OutOfSight("gap-not-found", gap=name)
    first = unit.people.get(line.step.officers[0])
    number = None if first is None else first.number
    gap = unit.explanations.gap(name) or gap_of_step(line.step, number)
    standing = standing_of_step(line.step, unit.explanations.of([name])[name], number)
    return Found(gap, standing, pack_at(site.policies, line.step.span.end), line.cites, None)


def _sections(unit: UnitOfWork, there: Reach, name: str, now: datetime) -> Iterator[Section]:
    """Yield where the line of a name may be, least first: one file has all that its lines are known by. At
    last everything: a finding of before bears no name, and a rule may have changed what is late."""
    known = unit.explanations.gap(name)
    places = {(known.device, known.file)} if known is not None else {*unit.examinations.named(name)}
    missing = (one.origin for one in unit.cards.outstanding(reach=there, at=now))
    places |= {
        (one.device, one.name) for one in missing if missing_subject(one.device, one.name).name == name
    }
    for device, file in sorted(places):
        yield Section(device=device, file=file)
    yield Section()


def _new_gap(ledger: Ledger, one: Line, part: str, standing: Standing) -> Gap:
    subject = ledger.lines.subject(one)
    if isinstance(one, StoredFinding):
        code, file = str(one.body["code"]), str(one.body["file"])
    else:
        code, file = (MISSING if part == "missing" else LATE), one.name
    return Gap(subject, part, code, one.device, file, one.recording_id, standing.wearer)


def _found(site: Site, unit: UnitOfWork, one: Line, gap: Gap, standing: Standing, now: datetime) -> Found:
    stored = None if one.recording_id is None else unit.recordings.get(one.recording_id)
    pack = pack_at(site.policies, now)
    if stored is not None:
        pack = pack_at_capture(site.policies, stored.ended_at, stored.first_seen_at)
    if not isinstance(one, StoredFinding):
        return Found(gap, standing, pack, cite_ids(pack.upload_deadline.cites), stored)
    told, detail = one.body["cites"], one.body["detail"]
    cites = tuple(map(str, told)) if isinstance(told, list) else ()
    if gap.part == _INTERRUPTED:
        cites = cite_ids(pack.continuity.cites)
    after = detail.get("after") if isinstance(detail, Mapping) else None
    return Found(gap, standing, pack, cites, stored, one.id, after)


def causes_of(found: Found) -> tuple[str, ...]:
    """Return the causes of the pack from which one is chosen; none where no cause is asked."""
    if found.gap.part != _INTERRUPTED:
        return ()
    rule = found.pack.continuity
    more = rule.number_causes if found.gap.code == Code.MISSING_SEQUENCE_NUMBER else ()
    return (*rule.accepted_causes, *more)


def verify_said(site: Site, caller: Caller, found: Found, said: Said) -> Said:
    """Return what was said as it is kept.

    Raises: Invalid("reason-needed", "unknown-cause", "cause-of-numbers", "words-needed", "no-interruption",
    "spoken-place", "spoken-elsewhere", "spoken-not-after", "spoken-twice", "not-spoken-explanation"),
    NotFound("recording-not-found", "marker-not-found").
    """
    text = None if said.text is None else reason_of(said.text)
    if found.gap.part != _INTERRUPTED:
        if said.cause is not None or said.spoken is not None or said.marker is not None:
            raise Invalid("no-interruption", part=found.gap.part)
        if text is None:
            raise Invalid("reason-needed")
        return Said(text)
    if said.spoken is not None and said.marker is not None:
        raise Invalid("spoken-twice")
    causes = causes_of(found)
    if said.cause in found.pack.continuity.number_causes and said.cause not in causes:
        raise Invalid("cause-of-numbers", found=said.cause, known=Known(causes, "cause"))
    if said.cause not in causes:
        raise Invalid("unknown-cause", found=said.cause, known=Known(causes, "cause"))
    spoken = said.spoken if said.marker is None else _spoken_at(site, caller, said.marker)
    if spoken is not None:
        _verify_spoken(site, caller, found, spoken)
    elif text is None:
        raise Invalid("words-needed")
    return Said(text, said.cause, spoken)


def _spoken_at(site: Site, caller: Caller, marker_id: str) -> Spoken:
    """Return the seconds of a check-point that a person has pinned or confirmed."""
    found = admit_to_marker(site, caller, Action.EXPLAIN, marker_id)
    if found.state is not MarkerState.PINNED or found.kind is not MarkerKind.SPOKEN_EXPLANATION:
        raise Invalid("not-spoken-explanation", marker=marker_id)
    return Spoken(found.recording_id, found.from_ms, found.to_ms, found.id)


def _verify_spoken(site: Site, caller: Caller, found: Found, spoken: Spoken) -> None:
    gap = found.gap
    heard = _heard(site, admit_to_recording(site, caller, Action.EXPLAIN, spoken.recording_id))
    if found.stored is None:  # found of a recorder, not of one of its files: whose it was, nobody knows
        before = Heard("", gap.device, "", gap.file, None, None)
    else:
        before = _heard(site, found.stored)
    if fault := spoken_fault(spoken, heard, gap.code, _place_played(site, found), before, found.after):
        raise Invalid(fault, recording=spoken.recording_id)


def _place_played(site: Site, found: Found) -> Place:
    """Return where a gap is by the seconds of the recording, in which people say where they heard something;
    found was its place on the file's own time line, which in a stream rarely begins at 0."""
    place = found.gap.subject.place
    if found.stored is None or place.end_ms is None:
        return place
    recording_id = found.stored.recording.id
    with site.database.reading() as unit:
        begins = begins_of(site, unit, [recording_id]).get(recording_id, 0)
    return replace(place, end_ms=place.end_ms - begins)


def _heard(site: Site, stored: StoredRecording) -> Heard:
    recording, origin = stored.recording, stored.recording.origin
    length = length_ms(site, recording.id)
    return Heard(recording.id, origin.device, origin.wearer, origin.name, stored.ended_at, length)
