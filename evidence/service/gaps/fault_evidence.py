"""What a fault file rests on: found, followed to what belongs to it, and its entries collected.

A line of the gap report brings its recording, its explanations and its device along, an explanation what was
spoken, a complaint all that is held for it. Entries are where the logs say something of recordings,
explanations, devices and exemption statements; those of a complaint are not among them: whom it is about sees
the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, denial, may_in
from evidence.domain.audit import Act, Entry, Family
from evidence.domain.fault_files import FaultFile, Link, LinkKind
from evidence.domain.ids import is_id
from evidence.domain.people import WHOLE
from evidence.domain.rights import Action
from evidence.domain.standing import Standing
from evidence.domain.subjects import is_name
from evidence.errors import EvidenceError, NotFound
from evidence.service.cases.complaint_access import may_about
from evidence.service.gaps.gap_access import standing_of_gap, standing_of_person, step_of
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_NAMED_AT_ONCE = 100  # recordings, in one entry
_LOGGED = (LinkKind.RECORDING, LinkKind.EXPLANATION, LinkKind.DEVICE, LinkKind.EXEMPTION)
_MISSING = {
    LinkKind.RECORDING: "recording-not-found",
    LinkKind.GAP: "gap-not-found",
    LinkKind.EXPLANATION: "explanation-not-found",
    LinkKind.DEVICE: "device-not-found",
    LinkKind.COMPLAINT: "complaint-not-found",
    LinkKind.EXEMPTION: "exemption-not-found",
}


@dataclass(frozen=True)
class Evidence:
    """What there is to find, for one caller in one transaction."""

    unit: UnitOfWork
    site: Site
    caller: Caller

    def gathered(self, links: Sequence[Link]) -> tuple[Link, ...]:
        """Return these links and what belongs to them, each once.

        Raises: NotFound("recording-not-found", "gap-not-found", "explanation-not-found", "device-not-found",
        "complaint-not-found", "exemption-not-found").
        """
        return tuple(dict.fromkeys(one for link in links for one in self._with_belonging(link)))

    def wearers(self, links: Sequence[Link]) -> tuple[str, ...]:
        """Return who wore what the links name, or whom a complaint is about; by id."""
        people: dict[str, None] = {}
        for link in links:
            if link.kind is LinkKind.COMPLAINT and (about := self.unit.complaints.get(link.object_id)):
                people |= dict.fromkeys(one.person_id for one in about.subjects)
            standing = self._standing(link)
            if standing is not None and standing.person_id is not None:
                people[standing.person_id] = None
            if link.kind is LinkKind.GAP and (gap := self.unit.explanations.gap(link.object_id)):
                step = step_of(self.unit, gap)
                people |= dict.fromkeys(() if step is None else step.officers)
        return tuple(people)

    def _with_belonging(self, link: Link) -> Iterator[Link]:
        match link.kind:
            case LinkKind.DEVICE:
                yield self._device(link)
            case LinkKind.COMPLAINT:
                yield link
                yield from self._held_for(link)
            case _:
                self._verify(link)
                yield link
                if link.kind is LinkKind.GAP:
                    yield from self._of_gap(link.object_id)
                elif link.kind is LinkKind.EXPLANATION:
                    one = self.unit.explanations.get(link.object_id)
                    if one is not None:
                        yield Link(LinkKind.GAP, one.gap)
                        yield from self._of_gap(one.gap)

    def _device(self, link: Link) -> Link:
        found = self.unit.devices.find(link.object_id)
        home = None if found is None else self.unit.units.get(found.unit_id)
        if found is None or home is None:
            raise _missing(link, is_there=False)
        if not may_in(self.caller, Action.READ_DEVICES, home.path, self.site.bars()):
            raise _missing(link, is_there=True)
        return Link(LinkKind.DEVICE, found.id)

    def _held_for(self, link: Link) -> Iterator[Link]:
        about = self.unit.complaints.get(link.object_id) if is_id(link.object_id) else None
        if about is None:
            raise _missing(link, is_there=False)
        if not may_about(self.unit, self.site, self.caller, Action.READ_COMPLAINTS, about):
            raise _missing(link, is_there=True)
        held = (Link(LinkKind.RECORDING, one) for one in self.unit.complaints.held(about.id))
        yield from (one for one in held if self._may(one))

    def _of_gap(self, name: str) -> Iterator[Link]:
        gap = self.unit.explanations.gap(name)
        if gap is None:
            return
        standing = standing_of_gap(self.unit, gap, self.site.clock.now())
        if standing.recording_id:
            yield Link(LinkKind.RECORDING, standing.recording_id)
        device = self.unit.devices.find(gap.device)
        if device is not None:
            yield Link(LinkKind.DEVICE, device.id)
        for one in self.unit.explanations.of([name])[name]:
            yield Link(LinkKind.EXPLANATION, one.id)
            if one.spoken is not None:
                yield Link(LinkKind.RECORDING, one.spoken.recording_id)

    def _standing(self, link: Link) -> Standing | None:
        return standing_of_link(self.unit, link, self.site.clock.now())

    def _may(self, link: Link) -> bool:
        standing, bars = self._standing(link), self.site.bars()
        return standing is not None and denial(self.caller, Action.OPEN_FAULTS, standing, bars) is None

    def _verify(self, link: Link) -> None:
        if self._standing(link) is None:
            raise _missing(link, is_there=False)
        if not self._may(link):
            raise _missing(link, is_there=True)


def standing_of_link(unit: UnitOfWork, link: Link, now: datetime) -> Standing | None:
    """Return what the policy of access asks about what a file rests on; None where it asks nothing."""
    if link.kind is LinkKind.RECORDING:
        stored = unit.recordings.get(link.object_id) if is_id(link.object_id) else None
        return None if stored is None else unit.standings.get(link.object_id, now)
    name = link.object_id
    if link.kind is LinkKind.EXEMPTION:
        stated = unit.exemptions.get(name) if is_id(name) else None
        return None if stated is None else standing_of_person(unit, unit.people.get(stated.person_id))
    if link.kind is LinkKind.EXPLANATION:
        one = unit.explanations.get(name) if is_id(name) else None
        name = "" if one is None else one.gap
    gap = unit.explanations.gap(name) if is_name(name) else None
    return None if gap is None else standing_of_gap(unit, gap, now)


def standings_of(unit: UnitOfWork, file: FaultFile, now: datetime) -> list[Standing]:
    """Return the standings of all that a file is about, never none: whoever may know of it may know of each.
    Where it is about nothing but devices, those of whoever answers for them.
    """
    found = {one: standing_of_link(unit, one, now) for one in file.links}
    paths = {one.id: one.path for one in unit.units.all()}
    people = [Standing("", paths.get(one.unit_id, WHOLE), one.person_id) for one in file.people]
    there = [*(one for one in found.values() if one is not None), *people]
    return there or [Standing("", paths.get(one, WHOLE)) for one in _homes(unit, file)] or [Standing("")]


def _homes(unit: UnitOfWork, file: FaultFile) -> list[str]:
    found = (unit.devices.find(one) for one in file.of(LinkKind.DEVICE))
    return [one.unit_id for one in found if one is not None]


def collect(unit: UnitOfWork, links: Sequence[Link]) -> tuple[tuple[str, int], ...]:
    """Return where the logs say something of these, custody and access, in order, each entry once."""
    places = {
        (log, index)
        for link in links
        if link.kind in _LOGGED
        for family in Family
        for log, index, _ in unit.log.about(family, link.object_id)
    }
    return tuple(sorted(places))


def counts_of(links: Sequence[Link]) -> dict[str, int]:
    """Return how many there are of each kind."""
    return {kind.value: sum(one.kind is kind for one in links) for kind in LinkKind}


def log_file(
    unit: UnitOfWork,
    act: Act,
    by: str,
    file: FaultFile,
    facts: Mapping[str, object],
    personal: Mapping[str, object],
    now: datetime,
) -> None:
    """Log an act about a file with the recordings and people that it has: as many entries as it takes for
    each to name no more than a reader holds at once. The later ones say which act they belong to.
    """
    shown, people = file.of(LinkKind.RECORDING), [("person", one.person_id) for one in file.people]
    for first in range(0, max(len(shown), 1), _NAMED_AT_ONCE):
        some = (("recording", one) for one in shown[first : first + _NAMED_AT_ONCE])
        if first == 0:
            objects = (("fault", file.id), *some, *people)
            unit.log.append(Entry(act, by, objects, facts=facts, personal=personal), now)
        else:
            rest = Entry(Act.FAULT_ADD, by, (("fault", file.id), *some), facts={"of": act.value})
            unit.log.append(rest, now)


def _missing(link: Link, *, is_there: bool) -> EvidenceError:
    family = OutOfSight if is_there else NotFound
    return family(_MISSING[link.kind], **{link.kind.value: link.object_id})
