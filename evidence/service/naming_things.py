"""What is meant by the ids of things in an answer: of a recording its device and file, of a case its number,
of a hold its ground. Each is named to whom a right of its own shows it; to others the id stands alone.

Not here: people, whom naming.py names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from evidence.domain.access import Caller, may_in, reach
from evidence.domain.ids import is_id
from evidence.domain.rights import Action
from evidence.domain.subjects import UNRECORDED
from evidence.domain.wording import is_plain
from evidence.service.cases.complaint_access import may_about
from evidence.service.gaps.gap_access import standing_of_gap, standing_of_person
from evidence.service.gate import admits
from evidence.service.naming import people_in
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

Named = Mapping[str, str]  # what a thing is called: field and value; `ground` and `kind` are codes


class Thing(StrEnum):
    """What an id may be of."""

    RECORDING = "recording"
    CASE = "case"
    HOLD = "hold"
    COMPLAINT = "complaint"
    FAULT = "fault-file"
    DEVICE = "device"
    GAP = "gap"
    EXPLANATION = "explanation"
    EXEMPTION = "exemption"


@dataclass(frozen=True)
class NamingThings:
    """The desk for what things are called."""

    site: Site

    @admits(Action.LIST_RECORDINGS)
    def named(self, caller: Caller, wanted: Iterable[tuple[Thing, str]]) -> Mapping[str, Named]:
        """Return what those of these things are called that the caller may know of, by id."""
        with self.site.database.reading() as unit:
            asking = _Asking(self.site, unit, caller)
            found = {id_: asking.of(thing, id_) for thing, id_ in dict.fromkeys(wanted)}
            return {id_: one for id_, one in found.items() if one}


@dataclass(frozen=True)
class _Asking:
    """Looks things up for somebody, at one moment."""

    site: Site
    unit: UnitOfWork
    caller: Caller

    def of(self, thing: Thing, id_: str) -> Named:
        """Return what a thing is called; nothing to whom it may not be shown."""
        ways: Mapping[Thing, Callable[[str], Named]] = {
            Thing.RECORDING: self._recording,
            Thing.CASE: self._case,
            Thing.HOLD: self._hold,
            Thing.COMPLAINT: self._complaint,
            Thing.FAULT: self._fault,
            Thing.DEVICE: self._device,
            Thing.GAP: self._gap,
            Thing.EXPLANATION: self._explanation,
            Thing.EXEMPTION: self._exemption,
        }
        return ways[thing](id_) if is_id(id_) or (thing is Thing.GAP and is_plain(id_)) else {}

    def _sees(self, recording_id: str, action: Action = Action.LIST_RECORDINGS) -> bool:
        there = reach(self.caller, action, self.site.bars())
        return there.covers(self.unit.standings.get(recording_id, self.site.clock.now()))

    def _recording(self, id_: str) -> Named:
        stored = self.unit.recordings.get(id_)
        if stored is None or not self._sees(id_):
            return {}
        return {"device": stored.recording.origin.device, "name": stored.recording.origin.name}

    def _case(self, id_: str) -> Named:
        case = self.unit.cases.get(id_)
        may = case is not None and self._may(Action.READ_CASE_FILES, case.path)
        return {"number": case.number} if case is not None and may else {}

    def _hold(self, id_: str) -> Named:
        hold = self.unit.holds.get(id_)
        if hold is None or not self._sees(hold.recording_id):
            return {}
        complaint = self.unit.complaints.of_hold(id_)
        return {"ground": hold.ground, **({} if complaint is None else self._complaint(complaint.id))}

    def _complaint(self, id_: str) -> Named:
        one = self.unit.complaints.get(id_)
        if one is None or not may_about(self.unit, self.site, self.caller, Action.READ_COMPLAINTS, one):
            return {}
        return {"number": one.number}

    def _fault(self, id_: str) -> Named:
        """Its kind and no more: whom it names, whoever may read the file is told there."""
        file = self.unit.fault_files.get(id_)
        return {} if file is None else {"kind": file.kind}

    def _device(self, id_: str) -> Named:
        device = self.unit.devices.find(id_)
        home = None if device is None else self.unit.units.get(device.unit_id)
        may = home is not None and self._may(Action.READ_DEVICES, home.path)
        return {"number": device.serial} if device is not None and may else {}

    def _gap(self, name: str) -> Named:
        gap = self.unit.explanations.gap(name)
        if gap is None or gap.part == UNRECORDED:
            return {}
        standing = standing_of_gap(self.unit, gap, self.site.clock.now())
        if not reach(self.caller, Action.READ_GAPS, self.site.bars()).covers(standing):
            return {}
        return {"device": gap.device, "name": gap.file}

    def _explanation(self, id_: str) -> Named:
        one = self.unit.explanations.get(id_)
        return {} if one is None else {**self._gap(one.gap), **self._person(one.author)}

    def _exemption(self, id_: str) -> Named:
        one = self.unit.exemptions.get(id_)
        stands = None if one is None else standing_of_person(self.unit, self.unit.people.get(one.person_id))
        there = reach(self.caller, Action.READ_GAPS, self.site.bars())
        if one is None or stands is None or not there.covers(stands):
            return {}
        return {**self._person(one.person_id), "exempting": one.ground}

    def _person(self, id_: str) -> Named:
        known = people_in(self.unit, self.site, self.caller, [id_])
        return {"wearer": f"{known[id_].number} {known[id_].name or ''}".strip()} if id_ in known else {}

    def _may(self, action: Action, path: str) -> bool:
        return may_in(self.caller, action, path, self.site.bars())
