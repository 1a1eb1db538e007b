"""Fault files (Dazhe 2020 art. 16): opened by a person about what was found, decided by another one.

1. Opened in one step, from a decision about an explanation (explanations.py) or by hand: kind of the pack,
   reason, people, what it rests on (never nothing), and where the logs speak of that.
2. Whom it names says what they have to say, sees their own part, and does nothing else, whatever their role.
3. About each of them somebody decides who is not named, and neither opened it nor named them; what follows
   is a word of the pack for people of their type. No program opens or decides one.
Reasons, views and decisions are commitments in the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from evidence.domain.access import Caller, denial, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.fault_files import FaultFile, Link, LinkKind, Named, Part, Verdict, View
from evidence.domain.ids import is_id, new_id
from evidence.domain.people import Person
from evidence.domain.rights import Action
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, Invalid, Known, NotFound, Refused
from evidence.policy.conduct import Choice, faults_of, outcomes_of
from evidence.policy.rules import cite_ids
from evidence.service.gaps.fault_evidence import Evidence, collect, counts_of, log_file, standings_of
from evidence.service.gaps.gap_access import verify_may
from evidence.service.gaps.gap_words import find_gap
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.oversight.refusals import OutOfSight, reason_of, tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST = 100  # people or links that somebody brings in one act
MOST_BELONGING = 2000  # links with all that belongs to them: a complaint may hold much


@dataclass(frozen=True)
class FaultFiles:
    """The desk for fault files."""

    site: Site

    @admits(Action.OPEN_FAULTS)
    def open(
        self,
        caller: Caller,
        kind: str,
        reason: str,
        links: Sequence[Link],
        people: Mapping[str, Part],
        basis: str | None = None,
    ) -> FaultFile:
        """Open a fault file. people: by number; without any, whoever wore what the links name. basis: a
        written ground that it rests on.

        Raises: Invalid("unknown-fault", "rests-on-nothing", "subject-needed"), as `_gathering`; NotFound.
        """
        rule = kinds_now(self.site)
        if kind not in rule.words:
            raise Invalid("unknown-fault", found=kind, known=Known(rule.words, "fault-kind"))
        now = self.site.clock.now()
        if not (links or basis and people):
            raise Invalid("subject-needed" if basis else "rests-on-nothing")
        written = reason_of(basis) if basis else None
        new = FaultFile(new_id(), kind, reason_of(reason), caller.id, now, basis=written)
        with self._gathering(caller, links, people) as (unit, evidence):
            found = _not_too_many(evidence.gathered(links))
            named = self._named(unit, caller, people) or self._worn_by(unit, evidence, found)
            return open_in(unit, self.site, replace(new, people=named, links=found), rule)

    @admits(Action.OPEN_FAULTS)
    def add(
        self, caller: Caller, file_id: str, links: Sequence[Link], people: Mapping[str, Part]
    ) -> FaultFile:
        """Add people, by number, and what a file rests on, with its entries until now.

        Raises: NotFound("fault-not-found"), Refused("own-fault"), Invalid("nothing-linked"), as `open`.
        """
        with self._gathering(caller, links, people) as (unit, evidence):
            file = self._found(unit, caller, Action.OPEN_FAULTS, file_id)
            fresh = tuple(one for one in _not_too_many(evidence.gathered(links)) if one not in file.links)
            named = tuple(one for one in self._named(unit, caller, people) if not file.names(one.person_id))
            entries = tuple(one for one in collect(unit, file.links + fresh) if one not in file.entries)
            unit.fault_files.extend(file.id, named, fresh, entries)
            done = file.with_more(named, fresh, entries)
            facts = {"entries": len(entries), "links": counts_of(fresh)}
            new = replace(file, people=named, links=fresh)
            log_file(unit, Act.FAULT_ADD, caller.id, new, facts, {}, self.site.clock.now())
        return done

    @admits(Action.DECIDE_FAULTS)
    def decide(
        self,
        caller: Caller,
        file_id: str,
        number: str,
        verdict: Verdict,
        reason: str,
        outcome: str | None = None,
    ) -> FaultFile:
        """Decide about somebody whom a file names. outcome: what follows on a fault, a word of the pack.

        Raises: NotFound("fault-not-found", "person-not-found"), Refused("own-recording",
        "own-request"), Conflict("fault-decided"), Invalid("reason-needed", "unknown-outcome").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.DECIDE_FAULTS, ("fault", file_id)),
            self.site.database.writing() as unit,
        ):
            file = self._found(unit, caller, Action.DECIDE_FAULTS, file_id)
            person, named = _whom(unit, file, number)
            if caller.id in (file.opened_by, named.named_by):
                raise Refused("own-request", action=Action.DECIDE_FAULTS.value)
            rule = self._outcomes(person, verdict, outcome)
            decided = replace(
                named,
                verdict=verdict,
                outcome=outcome,
                reason=reason,
                decided_by=caller.id,
                decided_at=now,
            )
            if not unit.fault_files.decide(file.id, decided):
                raise Conflict("fault-decided", fault=file.id, person=person.id)
            facts = {"cites": list(cite_ids(rule.cites)), "outcome": outcome, "verdict": verdict.value}
            objects = (("fault", file.id), ("person", person.id))
            personal = {"reason": reason}
            unit.log.append(Entry(Act.FAULT_DECIDE, caller.id, objects, facts=facts, personal=personal), now)
            others = tuple(one for one in file.people if one.person_id != person.id)
        return replace(file, people=(*others, decided))

    @admits(Action.OWN_CONDUCT)
    def state_view(self, caller: Caller, file_id: str, text: str) -> FaultFile:
        """Say what one has to say about a file that names oneself, before the decision.

        Raises: NotFound("fault-not-found"), Conflict("fault-decided"), Invalid("reason-needed").
        """
        new = View(caller.id, reason_of(text), self.site.clock.now())
        with (
            tries_logged(self.site, caller, Action.OWN_CONDUCT, ("fault", file_id)),
            self.site.database.writing() as unit,
        ):
            file = unit.fault_files.get(file_id) if is_id(file_id) else None
            if file is None or not file.names(caller.id):
                raise (NotFound if file is None else OutOfSight)("fault-not-found", fault=file_id)
            if any(one.person_id == caller.id and one.verdict is not None for one in file.people):
                raise Conflict("fault-decided", fault=file.id, person=caller.id)
            unit.fault_files.add_view(file.id, new)
            objects = (("fault", file.id), ("person", caller.id))
            entry = Entry(Act.FAULT_VIEW, caller.id, objects, personal={"view": new.text})
            unit.log.append(entry, new.at)
        return replace(file, views=(*file.views, new)).as_told_to(caller.id)

    @admits(Action.OWN_CONDUCT)
    def about_me(self, caller: Caller) -> Sequence[FaultFile]:
        """Return the files that name the caller, newest first, without what others said or was found of
        them."""
        with self.site.database.reading() as unit:
            return [one.as_told_to(caller.id) for one in unit.fault_files.all() if one.names(caller.id)]

    @admits(Action.READ_GAPS)
    def all(self, caller: Caller, *, waiting: bool = False) -> Sequence[FaultFile]:
        """Return the files within reach, newest first; waiting: only those that wait for a decision. Of one
        that names the caller, their own part. The look is logged."""
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "faults"}), now)
            return self.within(unit, caller, waiting=waiting)

    def within(self, unit: UnitOfWork, caller: Caller, *, waiting: bool) -> Sequence[FaultFile]:
        """Return the same, to use cases that have admitted and logged."""
        found = unit.fault_files.all(is_open=waiting)
        return [one.as_told_to(caller.id) for one in found if self._may(unit, caller, Action.READ_GAPS, one)]

    @admits(Action.READ_GAPS)
    def get(self, caller: Caller, file_id: str) -> FaultFile:
        """Return a file, their own part to whom it names; the look is logged. Raises:
        NotFound("fault-not-found").
        """
        with (
            tries_logged(self.site, caller, Action.READ_GAPS, ("fault", file_id)),
            self.site.database.writing() as unit,
        ):
            file = self._found(unit, caller, Action.READ_GAPS, file_id)
            entry = Entry(Act.READ_LIST, caller.id, (("fault", file.id),), facts={"list": "faults"})
            unit.log.append(entry, self.site.clock.now())
        return file.as_told_to(caller.id)

    @contextmanager
    def _gathering(
        self, caller: Caller, links: Sequence[Link], people: Mapping[str, Part]
    ) -> Iterator[tuple[UnitOfWork, Evidence]]:
        """Open a transaction for what somebody brings. A line of the gap report that nobody explained is kept
        with its name first. Raises: Invalid("nothing-linked"), NotFound("gap-not-found").
        """
        if max(len(links), len(people)) > MOST or not (links or people):
            raise Invalid("nothing-linked", most=MOST)
        with tries_logged(self.site, caller, Action.OPEN_FAULTS):
            lines = [
                find_gap(self.site, caller, one.object_id, Action.OPEN_FAULTS).gap
                for one in links
                if one.kind is LinkKind.GAP and not self._is_known(one.object_id)
            ]
            with self.site.database.writing() as unit:
                for gap in lines:
                    unit.explanations.keep(gap)
                yield unit, Evidence(unit, self.site, caller)

    def _is_known(self, gap: str) -> bool:
        with self.site.database.reading() as unit:
            return unit.explanations.gap(gap) is not None

    def _named(self, unit: UnitOfWork, caller: Caller, people: Mapping[str, Part]) -> tuple[Named, ...]:
        return tuple(self._person(unit, caller, number, part) for number, part in people.items())

    def _person(self, unit: UnitOfWork, caller: Caller, number: str, part: Part) -> Named:
        found = unit.people.by_number(number) if is_plain(number) else None
        home = None if found is None else unit.units.get(found.unit_id)
        if found is None or home is None:
            raise NotFound("person-not-found", number=number)
        if not may_in(caller, Action.OPEN_FAULTS, home.path, self.site.bars()):
            raise OutOfSight("person-not-found", number=number)
        return Named(found.id, home.id, part, named_by=caller.id)

    def _worn_by(self, unit: UnitOfWork, evidence: Evidence, links: Sequence[Link]) -> tuple[Named, ...]:
        found = [unit.people.get(one) for one in evidence.wearers(links)]
        by = evidence.caller.id
        return tuple(
            Named(one.id, one.unit_id, Part.SUBJECT, named_by=by) for one in found if one is not None
        )

    def _outcomes(self, person: Person, verdict: Verdict, outcome: str | None) -> Choice:
        """Return the rule of what follows. Raises: Invalid("unknown-outcome")."""
        now = self.site.clock.now()
        packs = pack_at(self.site.policies, now), pack_at(self.site.strictest, now)
        rule = outcomes_of(*packs, person.type)
        is_in_order = outcome in rule.words if verdict is Verdict.FAULT else outcome is None
        if not is_in_order:
            raise Invalid("unknown-outcome", found=outcome, known=Known(rule.words, "fault-outcome"))
        return rule if verdict is Verdict.FAULT else kinds_now(self.site)

    def _may(self, unit: UnitOfWork, caller: Caller, action: Action, file: FaultFile) -> bool:
        bars = self.site.bars()
        there = standings_of(unit, file, self.site.clock.now())
        return all(denial(caller, action, one, bars) is None for one in there)

    def _found(self, unit: UnitOfWork, caller: Caller, action: Action, file_id: str) -> FaultFile:
        """Return a file about all of which the caller may do this; whom it names reads it, and no more.

        Raises: NotFound, Refused.
        """
        file = unit.fault_files.get(file_id) if is_id(file_id) else None
        if file is None:
            raise NotFound("fault-not-found", fault=file_id)
        for standing in standings_of(unit, file, self.site.clock.now()):
            verify_may(self.site, caller, action, standing, "fault-not-found")
        if action is Action.OPEN_FAULTS and file.names(caller.id):
            raise Refused("own-fault", action=action.value)
        return file


def kinds_now(site: Site) -> Choice:
    """Return the kinds of fault."""
    now = site.clock.now()
    return faults_of(pack_at(site.policies, now), pack_at(site.strictest, now))


def open_in(unit: UnitOfWork, site: Site, new: FaultFile, rule: Choice) -> FaultFile:
    """Open a file in the transaction of the act that calls for it, with all entries until then."""
    done = replace(new, entries=collect(unit, new.links))
    unit.fault_files.add(done)
    facts = {
        "cites": list(cite_ids(rule.cites)),
        "entries": len(done.entries),
        "fault": done.kind,
        "links": counts_of(done.links),
    }
    said = {"reason": done.reason} | ({} if done.basis is None else {"basis": done.basis})
    log_file(unit, Act.FAULT_OPEN, done.opened_by, done, facts, said, site.clock.now())
    return done


def _whom(unit: UnitOfWork, file: FaultFile, number: str) -> tuple[Person, Named]:
    """Return somebody whom a file names, by number. Raises: NotFound("person-not-found")."""
    person = unit.people.by_number(number) if is_plain(number) else None
    named = [one for one in file.people if person is not None and one.person_id == person.id]
    if person is None or not named:
        raise NotFound("person-not-found", number=number)
    return person, named[0]


def _not_too_many(links: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return them. Raises: Invalid("nothing-linked")."""
    if len(links) > MOST_BELONGING:
        raise Invalid("nothing-linked", most=MOST_BELONGING)
    return links
