"""Moving locks to later dates, and telling what keeps a recording. No lock is ever made shorter.

The act that asks for a later date (a link to a case, a label with its number, its closing, the class of its
file, another pack) notes it in its own transaction; the vault is told in the same call. If it is away then,
the call says so, the row stays, and the sweep tells the vault later: what is owed counts as the recording's
date meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id, new_id
from evidence.domain.instants import to_text
from evidence.domain.recordings import Recording
from evidence.domain.retention import Kept, Law, Rule, keep_until, lock_until, rules_of
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid, Known, NotFound
from evidence.policy.conduct import faults_of
from evidence.policy.keeping import case_terms_of, length_of
from evidence.policy.rules import Label, Pack, cite_ids
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.keeping.copies import copies_locked_with
from evidence.service.keeping.keeping_ports import LockTerm, Required
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.refusals import OutOfSight, tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import StorageError

log = logging.getLogger("evidence.keeping")


@dataclass(frozen=True, slots=True)
class WhyKept:
    """What keeps a recording: the rule that decides, all that apply, what its lock was moved for."""

    kept: Kept
    decides: Rule
    rules: tuple[Rule, ...]
    moved: Sequence[LockTerm]


def law_of(site: Site, pack: Pack) -> Law:
    """Return what a pack says about keeping, with the union's classes of case files where it has none."""
    strictest = pack_at(site.strictest, site.clock.now())
    return Law.of(pack, case_terms_of(pack, strictest), faults_of(pack, strictest).cites)


def law_now(site: Site) -> Law:
    """Return what the pack in force now says about keeping."""
    return law_of(site, pack_at(site.policies, site.clock.now()))


def required_by(site: Site) -> Required:
    """Return which labels a recording must carry: those of the pack in force at its seal, which another pack
    takes back no more than it does a date (Dazhe 2020 art. 17), and those of the pack in force now.
    """
    now = pack_at(site.policies, site.clock.now()).labels.labels

    def required(sealed_at: datetime) -> Sequence[str]:
        return tuple(dict.fromkeys((*pack_at(site.policies, sealed_at).labels.labels, *now)))

    return required


def owe_terms(unit: UnitOfWork, site: Site, recording_ids: Collection[str], by: str) -> list[LockTerm]:
    """Note, in the transaction of the act, which locks move to a later date; destroyed ones have none."""
    law, now = law_now(site), site.clock.now()
    known = unit.recordings.some(recording_ids)
    there = [one for one in recording_ids if one in known and known[one].gone_at is None]
    owed = []
    for kept in unit.keepings.kept(there, required_by(site)).values():
        until, rule = lock_until(kept, law, now)
        if until > kept.locked_until:
            owed.append(_owe(unit, site, kept, rule, until, by))
    return owed


def owe_for_number(unit: UnitOfWork, site: Site, recording: Recording, by: str) -> None:
    """Note the same of a recording that comes with the number of a registered case; the sweep tells the
    vault.
    """
    number = recording.origin.labels.get(Label.CASE_NUMBER, "").strip()
    if number and unit.labels.is_case(number):
        owe_terms(unit, site, [recording.id], by)


def _owe(unit: UnitOfWork, site: Site, kept: Kept, rule: Rule, until: datetime, by: str) -> LockTerm:
    now, cites = site.clock.now(), cite_ids(rule.cites)
    term = LockTerm(new_id(), kept.recording_id, until, rule.keeps.value, cites, rule.about, by, now)
    unit.keepings.owe(term)
    facts = {
        "before": to_text(kept.locked_until),
        "cites": list(cites),
        "keeps": rule.keeps.value,
        "until": to_text(until),
    }
    about = () if rule.about is None else (("case", rule.about),)
    unit.log.append(Entry(Act.RETAIN, by, (("recording", kept.recording_id), *about), facts=facts), now)
    return term


def settle_terms(site: Site, terms: Collection[LockTerm]) -> None:
    """Tell the vault of later dates. Raises: storage errors: they are owed, and the sweep goes on."""
    for term in terms:
        crashpoint("after-lock-term")
        with site.database.reading() as unit:
            stored = unit.recordings.get(term.recording_id)
            copies = copies_locked_with(unit, term.recording_id)
        if stored is None:
            raise NotFound("recording-not-found", recording=term.recording_id)
        for key in (stored.recording.data_key, stored.recording.manifest_key, *copies):
            if site.vault.stat(key).lock.retain_until < term.until:
                site.vault.extend(key, term.until)
        crashpoint("after-extension")
        with site.database.writing() as unit:
            unit.keepings.settle(term)


def settle_as_far(site: Site, terms: Collection[LockTerm]) -> None:
    """Tell the vault as far as it listens; what fails is tried again by the next sweep."""
    for term in terms:
        try:
            settle_terms(site, [term])
        except StorageError as problem:
            log.warning("the lock of %s could not be moved: %s", term.recording_id, problem)


@dataclass(frozen=True)
class Keeping:
    """The desk for what keeps recordings."""

    site: Site

    @admits(Action.HOLD)
    def why(self, caller: Caller, recording_id: str) -> WhyKept:
        """Tell what keeps a recording, and until when; the look is logged. Raises: NotFound, Refused."""
        admit_to_recording(self.site, caller, Action.HOLD, recording_id)
        law = law_now(self.site)
        with self.site.database.writing() as unit:
            entry = Entry(Act.READ_LIST, caller.id, (("recording", recording_id),), facts={"list": "keeping"})
            unit.log.append(entry, self.site.clock.now())
            kept = unit.keepings.kept([recording_id], required_by(self.site))[recording_id]
            moved = unit.keepings.terms(recording_id)
        return WhyKept(kept, keep_until(kept, law), rules_of(kept, law), moved)

    @admits(Action.MANAGE_CASES)
    def give_term(self, caller: Caller, case_id: str, term: str) -> None:
        """Give a case file its class; the locks of what belongs to it move with it. A class is only given in
        the place of a shorter one.

        Raises: NotFound("case-not-found"), Invalid("unknown-term"), Conflict("term-not-longer"); storage
        errors: the class stands, and the vault is told later.
        """
        terms = law_now(self.site).case_terms
        if term not in terms.classes:
            raise Invalid("unknown-term", term=term, known=Known(terms.classes, "case-term"))
        now = self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.MANAGE_CASES, ("case", case_id)),
            self.site.database.writing() as unit,
        ):
            case = unit.cases.get(case_id) if is_id(case_id) else None
            if case is None or not may_in(caller, Action.MANAGE_CASES, case.path, self.site.bars()):
                raise OutOfSight("case-not-found", case=case_id)
            before = unit.keepings.term(case_id)
            if before is not None and length_of(term) <= length_of(before):
                raise Conflict("term-not-longer", term=term, before=before)
            unit.keepings.give_term(case_id, term, caller.id, now)
            facts = {"before": before, "cites": list(cite_ids(terms.cites)), "term": term}
            unit.log.append(Entry(Act.CASE_TERM, caller.id, (("case", case_id),), facts=facts), now)
            owed = owe_terms(unit, self.site, unit.cases.belonging(case_id), caller.id)
        settle_terms(self.site, owed)

    def settle_all(self) -> None:
        """Tell the vault of what it has not been told yet."""
        with self.site.database.reading() as unit:
            owed = unit.keepings.owed()
        settle_as_far(self.site, owed)
