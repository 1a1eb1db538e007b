"""Cases: which recordings belong together, and who may do what about them though no role gives it.

1. The heads of the unit that conducts a case open and close it, link its recordings, and name its members.
2. A member gets an explicit list of actions, none of which the law bars them from, with an end if it has one.
3. Nobody names themselves, nor one of the three administrators. Who took part in a serious event hands what
   shows it to nobody: they neither link it nor name members of its case.
4. Linked is only what the unit of whoever links it answers for: a case must not open others' recordings.
Membership opens no restricted class and no serious event (domain/access.py). A closed case gives nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, Why, may_in, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id, new_id
from evidence.domain.people import WHOLE, Person, PersonType, is_on_roll
from evidence.domain.rights import ADMINISTRATORS, ALLOWED, BARRED_AS, CASE_RIGHTS, Action, Kind
from evidence.domain.standing import Standing
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.policy.rules import Citation
from evidence.service.cases.case_filing import verify_not_archived
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.keeping.gone import verify_there
from evidence.service.keeping.keeping import owe_terms, settle_terms
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.refusals import reason_of
from evidence.service.people.people_ports import Membership, StoredCase
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

LONGEST_NUMBER = 100


@dataclass(frozen=True)
class CaseFile:
    """A case with its recordings, as far as the caller may know of them, and its members."""

    case: StoredCase
    recordings: Sequence[StoredRecording]
    members: Sequence[Membership]


@dataclass(frozen=True)
class Cases:
    """The desk for cases."""

    site: Site

    @admits(Action.MANAGE_CASES)
    def open(self, caller: Caller, number: str, unit_id: str) -> StoredCase:
        """Open a case of a unit. Raises: NotFound("unit-not-found"), Invalid, Conflict("case-number-taken",
        "unit-closed").
        """
        if not number.strip() or len(number) > LONGEST_NUMBER or not number.isprintable():
            raise Invalid("invalid-name", name=number)
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            conducting = unit.units.get(unit_id) if is_id(unit_id) else None
        path = None if conducting is None else conducting.path
        if conducting is None or path is None or not self._may(caller, path):
            self._deny(caller, ())
            raise NotFound("unit-not-found", unit=unit_id)
        if conducting.closed_at is not None:
            raise Conflict("unit-closed", unit=unit_id)
        case = StoredCase(new_id(), number, unit_id, path, now)
        with self.site.database.writing() as unit:
            unit.cases.add(case)
            self._log(unit, Act.CASE_OPEN, caller, case, now, facts={"unit": unit_id})
        return case

    @admits(Action.MANAGE_CASES)
    def list(self, caller: Caller) -> Sequence[StoredCase]:
        """Return the cases of the caller's units, oldest first; the look is logged."""
        self._log_look(caller, None)
        paths = {one.path for one in caller.grants if Action.MANAGE_CASES in ALLOWED[one.role]}
        with self.site.database.reading() as unit:
            return unit.cases.within({WHOLE} if caller.kind is Kind.OPERATOR else paths)

    @admits(Action.MANAGE_CASES)
    def get(self, caller: Caller, case_id: str) -> CaseFile:
        """Return a case; the look is logged. Raises: NotFound("case-not-found")."""
        case = self._case(caller, case_id)
        self._log_look(caller, case)
        now = self.site.clock.now()
        there = reach(caller, Action.LIST_RECORDINGS, self.site.bars())
        with self.site.database.reading() as unit:
            ids = unit.cases.belonging(case_id)
            standings = unit.standings.some(ids, now)
            known = unit.recordings.some([one for one in ids if there.covers(standings[one])])
            recordings = [known[one] for one in ids if one in known]
            return CaseFile(case, recordings, unit.cases.members(case_id, now))

    @admits(Action.MANAGE_CASES)
    def close(self, caller: Caller, case_id: str) -> None:
        """Close a case: its members' rights end at once, and the term of its file begins.

        Raises: NotFound, Conflict("case-closed"); storage errors: it is closed, the vault is told later.
        """
        case = self._case(caller, case_id)
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            if not unit.cases.close(case_id, now):
                raise Conflict("case-closed", case=case_id)
            self._log(unit, Act.CASE_CLOSE, caller, case, now)
            owed = owe_terms(unit, self.site, unit.cases.belonging(case_id), caller.id)
        settle_terms(self.site, owed)

    @admits(Action.MANAGE_CASES)
    def link(self, caller: Caller, case_id: str, recording_id: str) -> None:
        """Link a recording for which the caller's unit answers; one that is linked stays so. Its lock moves
        to the term of the case file.

        Raises: NotFound, Conflict("case-closed", "case-archived", "recording-destroyed"),
        Refused("serious-event"), "not-permitted" for another unit's; storage errors: it is linked, the vault
        is told later.
        """
        case = self._case(caller, case_id)
        admit_to_recording(self.site, caller, Action.LIST_RECORDINGS, recording_id)
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            standing = unit.standings.get(recording_id, now)
        about = (("recording", recording_id),)
        if not self._may(caller, standing.unit_path):
            self._deny(caller, about)
            raise Refused("not-permitted", action=Action.MANAGE_CASES.value)
        self._verify_no_part(caller, [standing])
        with self.site.database.writing() as unit:
            _verify_open(unit, case_id)
            verify_not_archived(unit, case_id)
            verify_there(unit, recording_id)
            if not unit.cases.link(case_id, recording_id, caller.id, now):
                return
            self._log(unit, Act.CASE_LINK, caller, case, now, about)
            owed = owe_terms(unit, self.site, [recording_id], caller.id)
        settle_terms(self.site, owed)

    @admits(Action.MANAGE_CASES)
    def unlink(self, caller: Caller, case_id: str, recording_id: str, reason: str) -> None:
        """End a recording's link, and say why: what it gave to members ends at once, its lock stays. Not for
        who recorded it: it is the evidence of the case no more, and that is not theirs to say.

        Raises: NotFound("case-not-found", "recording-not-linked"), Conflict("case-archived"),
        Invalid("reason-needed"), Refused("own-recording", "serious-event").
        """
        case = self._case(caller, case_id)
        reason, now = reason_of(reason), self.site.clock.now()
        self._verify_of_others(caller, recording_id, now)
        with self.site.database.writing() as unit:
            verify_not_archived(unit, case_id)
            if not is_id(recording_id) or not unit.cases.unlink(case_id, recording_id, now):
                raise NotFound("recording-not-linked", recording=recording_id)
            about = (("recording", recording_id),)
            self._log(unit, Act.CASE_UNLINK, caller, case, now, about, reason=reason)

    @admits(Action.MANAGE_CASES)
    def name(
        self,
        caller: Caller,
        case_id: str,
        person_id: str,
        actions: Collection[Action],
        until: datetime | None = None,
    ) -> None:
        """Give a person these actions in a case, in the place of what they had there; until: an aware time.

        Raises: NotFound("case-not-found", "person-not-found"), Conflict("case-closed", "not-on-roll"),
        Invalid("not-a-case-right", "end-not-ahead"), Refused("own-request", "roles-kept-apart",
        "barred-by-law", "serious-event").
        """
        case = self._case(caller, case_id)
        now = self.site.clock.now()
        given = frozenset(actions)
        if not given or given - CASE_RIGHTS:
            wrong = sorted(action.value for action in given - CASE_RIGHTS)
            raise Invalid("not-a-case-right", actions=" ".join(wrong))
        if until is not None and until <= now:
            raise Invalid("end-not-ahead", until=until.isoformat())
        with self.site.database.reading() as unit:
            found = unit.people.get(person_id) if is_id(person_id) else None
            held = unit.grants.in_force(now, person_id) if found else ()
            standings = unit.standings.some(unit.cases.linked(case_id), now)
        if found is None:
            raise NotFound("person-not-found", person=person_id)
        self._verify_no_part(caller, standings.values())
        if apart := ADMINISTRATORS & {one.role for one in held}:
            self._deny(caller, (("person", found.id),), why="roles-kept-apart")
            raise Refused("roles-kept-apart", held=min(apart).value)
        self._verify_may_be_named(caller, found, given, now)
        with self.site.database.writing() as unit:
            _verify_open(unit, case_id)
            unit.cases.name(case_id, Membership(found.id, found.number, given, until), caller.id, now)
            facts: dict[str, object] = {"actions": sorted(action.value for action in given)}
            facts["until"] = None if until is None else until.isoformat()
            self._log(unit, Act.CASE_NAME, caller, case, now, (("person", person_id),), facts)

    @admits(Action.MANAGE_CASES)
    def dismiss(self, caller: Caller, case_id: str, person_id: str) -> None:
        """End all that a person has in a case. Raises: NotFound("case-not-found", "not-a-member")."""
        case = self._case(caller, case_id)
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            if not is_id(person_id) or not unit.cases.dismiss(case_id, person_id, now):
                raise NotFound("not-a-member", person=person_id)
            self._log(unit, Act.CASE_DISMISS, caller, case, now, (("person", person_id),))

    def _verify_may_be_named(
        self, caller: Caller, found: Person, given: frozenset[Action], now: datetime
    ) -> None:
        about = (("person", found.id),)
        if found.id == caller.id:
            self._deny(caller, about, why="own-request")
            raise Refused("own-request", action=Action.MANAGE_CASES.value)
        today = now.astimezone(ZoneInfo(self.site.policies.latest.time_zone)).date()
        if not is_on_roll(found, today, now):
            raise Conflict("not-on-roll", person=found.id)
        barred = self._barred(found, given)
        if barred:
            cites = [cite.id for found_cites in barred.values() for cite in found_cites]
            self._deny(caller, about, Why.BARRED_BY_LAW.value, cites)
            actions = " ".join(sorted(action.value for action in barred))
            raise Refused("barred-by-law", action=actions, cites=" ".join(dict.fromkeys(cites)))

    def _verify_no_part(self, caller: Caller, shown: Iterable[Standing]) -> None:
        for one in shown:
            if caller.id in one.involved:
                self._deny(caller, (("recording", one.recording_id),), Why.SERIOUS_EVENT.value)
                raise Refused(Why.SERIOUS_EVENT.value, action=Action.MANAGE_CASES.value)

    def _verify_of_others(self, caller: Caller, recording_id: str, now: datetime) -> None:
        if not is_id(recording_id):
            return
        with self.site.database.reading() as unit:
            standing = unit.standings.get(recording_id, now)
        self._verify_no_part(caller, [standing])
        if standing.is_by(caller.id):
            self._deny(caller, (("recording", recording_id),), Why.OWN_RECORDING.value)
            raise Refused(Why.OWN_RECORDING.value, action=Action.MANAGE_CASES.value)

    def _barred(self, found: Person, given: frozenset[Action]) -> dict[Action, tuple[Citation, ...]]:
        """Return which of these actions the law bars a person from, with the articles."""
        if found.type is not PersonType.AUXILIARY:
            return {}
        bars = self.site.bars()
        acts = {action: BARRED_AS[action] for action in given if action in BARRED_AS}
        return {action: bars[act] for action, act in acts.items() if bars.get(act)}

    def _may(self, caller: Caller, path: str) -> bool:
        return may_in(caller, Action.MANAGE_CASES, path, self.site.bars())

    def _case(self, caller: Caller, case_id: str) -> StoredCase:
        with self.site.database.reading() as unit:
            case = unit.cases.get(case_id) if is_id(case_id) else None
        if case is None or not self._may(caller, case.path):
            self._deny(caller, () if case is None else (("case", case.id),))
            raise NotFound("case-not-found", case=case_id)
        return case

    def _deny(
        self,
        caller: Caller,
        about: tuple[tuple[str, str], ...],
        why: str = Why.NOT_GRANTED.value,
        cites: Sequence[str] = (),
    ) -> None:
        facts = {"action": Action.MANAGE_CASES.value, "why": why, "cites": [*dict.fromkeys(cites)]}
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.DENIED, caller.id, about, "refused", facts), self.site.clock.now())

    def _log(
        self,
        unit: UnitOfWork,
        act: Act,
        caller: Caller,
        case: StoredCase,
        now: datetime,
        about: tuple[tuple[str, str], ...] = (),
        facts: dict[str, object] | None = None,
        reason: str | None = None,
    ) -> None:
        objects, personal = (("case", case.id), *about), {} if reason is None else {"reason": reason}
        unit.log.append(Entry(act, caller.id, objects, facts=facts or {}, personal=personal), now)

    def _log_look(self, caller: Caller, case: StoredCase | None) -> None:
        about = () if case is None else (("case", case.id),)
        with self.site.database.writing() as unit:
            entry = Entry(Act.READ_LIST, caller.id, about, facts={"list": "cases"})
            unit.log.append(entry, self.site.clock.now())


def _verify_open(unit: UnitOfWork, case_id: str) -> None:
    case = unit.cases.get(case_id)
    if case is None or case.closed_at is not None:
        raise Conflict("case-closed", case=case_id)
