"""Asking that footage leave, and deciding about it (Dazhe 2020 art. 14, 15; Longquan art. 8 and 9).

1. Somebody asks, about named files, for a recipient and a purpose. A party's copy names applicant, relation
   to the case and how the identity was seen; a transfer and a party's copy are about the files of one case.
2. Another person decides, whose role the pack names: file by file, with a ground for each that is refused.
   What the law keeps secret is granted whole only as evidence to procuratorate or court.
3. An approval is about the set as it stands then, and holds for the days of the pack.
What people say are commitments in the log, and in no piece of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from evidence.domain.access import Caller, Purpose, denial, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.exports import (
    Decision,
    Export,
    Form,
    Ground,
    Item,
    Medium,
    Said,
    Way,
    is_withheld,
    number_of,
    set_digest,
)
from evidence.domain.ids import is_id, new_id
from evidence.domain.people import Unit
from evidence.domain.rights import Action
from evidence.domain.standing import Classification
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.policy.bars import secrecy_of
from evidence.policy.rules import cite_ids
from evidence.policy.ways_out import WayOut
from evidence.service.catalogue import StoredRecording
from evidence.service.court.export_access import (
    about_export,
    entry_of,
    is_decider,
    mark_transfer,
    may_about,
    rule_of,
    verify_is_person,
    verify_undecided,
)
from evidence.service.court.export_lists import ListedExport, listed_of
from evidence.service.court.export_ports import Derivatives
from evidence.service.gate import admits
from evidence.service.instruments import local_day, pack_at
from evidence.service.jobs import JobName
from evidence.service.keeping.gone import verify_not_gone, verify_there
from evidence.service.oversight.admission import admit_or_tell
from evidence.service.oversight.refusals import OutOfSight, reason_of, tries_logged
from evidence.service.people.roll_scope import check_text
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST_ITEMS = 200  # of one export: all of them stand in one entry


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for. redacted: which of the recordings go out only as a derivative, and which one.
    unit_id: whose export it is, where it is about no case."""

    way: Way
    recordings: tuple[str, ...]
    said: Said
    medium: Medium = Medium.FOLDER
    case_id: str | None = None
    unit_id: str | None = None
    redacted: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Exports:
    """The desk for requests. derivatives: what was made from recordings."""

    site: Site
    derivatives: Derivatives

    @admits(Action.EXPORT)
    def ask(self, caller: Caller, wish: Wish) -> ListedExport:
        """Ask for an export.

        Raises: as `admit_or_tell`; NotFound("case-not-found", "unit-not-found"), Invalid("too-many",
        "invalid-text", "case-needed", "unit-needed", "party-needed"), Conflict("not-in-case",
        "recording-destroyed", "no-redacted-derivative", "no-rule").
        """
        self._verify(wish)
        now, ids = self.site.clock.now(), list(dict.fromkeys(wish.recordings))
        rule = rule_of(self.site, wish.way, now)
        stored = [admit_or_tell(self.site, caller, Action.EXPORT, one, Purpose.EXPORT) for one in ids]
        with (
            tries_logged(self.site, caller, Action.EXPORT),
            self.site.database.writing() as unit,
        ):
            for one in ids:
                verify_there(unit, one)
            home = self._home(unit, caller, wish)
            items = tuple(self._item(unit, one, wish.redacted or {}) for one in stored)
            number = number_of(now.year, unit.exports.count(now.year) + 1)
            told = (wish.case_id, wish.medium, wish.said, caller.id, now, items)
            new = Export(new_id(), number, wish.way, home.id, *told)
            unit.exports.add(new)
            facts = {"cites": list(cite_ids(rule.cites)), "medium": new.medium.value, "set": _set_of(new)}
            unit.log.append(entry_of(Act.EXPORT_ASK, caller.id, new, facts, asdict(new.said)), now)
            return listed_of(unit, self.site, caller, new)

    @admits(Action.DECIDE_EXPORTS)
    def decide(
        self,
        caller: Caller,
        export_id: str,
        *,
        is_approved: bool,
        reason: str,
        secrecy: str | None = None,
        refused: Mapping[str, Ground] | None = None,
    ) -> ListedExport:
        """Decide about what somebody else asked for. refused: the files that do not go out, each with its
        ground; secrecy: how it was checked, for all but transfers.

        Raises: NotFound("export-not-found"), Refused("persons-only", "own-request", "not-the-decider",
        "secret-not-whole" and those of `denial`), Conflict("export-decided",
        "export-withdrawn", "recording-destroyed"),
        Invalid("reason-needed", "secrecy-needed", "not-asked-for", "nothing-granted").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with about_export(self.site, caller, Action.DECIDE_EXPORTS, export_id) as (unit, found):
            rule = self._verify_decider(unit, caller, found)
            judged = _judged(found, refused or {}, is_approved=is_approved)
            made = Decision(is_approved, caller.id, now, reason)
            if is_approved:
                classes = self._verify_grants(unit, caller, judged)
                made = replace(
                    made,
                    secrecy=_checked(found, secrecy),
                    set_sha256=set_digest(judged.items, classes),
                    valid_to=local_day(self.site.policies, now) + timedelta(days=rule.valid_days),
                )
            done = replace(judged, decision=made)
            unit.exports.put(done)
            mark_transfer(unit, done)
            unit.log.append(_decision_entry(done, made, rule), now)
            if is_approved:
                unit.jobs.add(JobName.EXPORT, done.id, now)
            listed = listed_of(unit, self.site, caller, done)
        self.site.bell.ring(JobName.EXPORT)
        return listed

    @admits(Action.READ_EXPORTS)
    def all(self, caller: Caller, *, red: bool = False) -> Sequence[ListedExport]:
        """Return the exports of the caller's units, newest first; red: only those that nobody has decided in
        time. The look is logged.
        """
        today = local_day(self.site.policies, self.site.clock.now())
        with self.site.database.writing() as unit:
            entry = Entry(Act.READ_LIST, caller.id, facts={"list": "exports"})
            unit.log.append(entry, self.site.clock.now())
            action = Action.READ_EXPORTS
            mine = [one for one in unit.exports.all() if may_about(unit, self.site, caller, action, one)]
            listed = [listed_of(unit, self.site, caller, one) for one in mine]
        return [one for one in listed if not red or one.is_owed(today)]

    @admits(Action.READ_EXPORTS)
    def get(self, caller: Caller, export_id: str) -> ListedExport:
        """Return an export; the look is logged. Raises: NotFound("export-not-found")."""
        with about_export(self.site, caller, Action.READ_EXPORTS, export_id) as (unit, found):
            entry = Entry(Act.READ_LIST, caller.id, (("export", found.id),), facts={"list": "exports"})
            unit.log.append(entry, self.site.clock.now())
            return listed_of(unit, self.site, caller, found)

    def _verify(self, wish: Wish) -> None:
        if not 0 < len(set(wish.recordings)) <= MOST_ITEMS:
            raise Invalid("too-many", found=len(set(wish.recordings)), most=MOST_ITEMS)
        for name, text in asdict(wish.said).items():
            if text is not None:
                check_text(name, text)
        if not wish.said.recipient or not wish.said.purpose or not wish.said.basis:
            raise Invalid("export-words-needed", fields="recipient purpose basis")
        party = (wish.said.applicant, wish.said.relation, wish.said.identity)
        if wish.way is Way.PARTY_COPY and not all(party):
            raise Invalid("party-needed")
        if wish.way is not Way.SUPPLY and wish.case_id is None:
            raise Invalid("case-needed")
        if wish.case_id is None and wish.unit_id is None:
            raise Invalid("unit-needed")

    def _home(self, unit: UnitOfWork, caller: Caller, wish: Wish) -> Unit:
        """Return whose export it is. Raises: NotFound, Conflict("not-in-case")."""
        bars, now = self.site.bars(), self.site.clock.now()
        if wish.case_id is None:
            home = unit.units.get(wish.unit_id) if is_id(wish.unit_id or "") and wish.unit_id else None
            if home is None or home.closed_at is not None:
                raise NotFound("unit-not-found", unit=wish.unit_id)
            if not may_in(caller, Action.EXPORT, home.path, bars):
                raise OutOfSight("unit-not-found", unit=wish.unit_id)
            return home
        case = unit.cases.get(wish.case_id) if is_id(wish.case_id) else None
        home = None if case is None else unit.units.get(case.unit_id)
        if case is None or home is None:
            raise NotFound("case-not-found", case=wish.case_id)
        is_member = case.id in unit.cases.of_member(caller.id, now)
        if not is_member and not may_in(caller, Action.EXPORT, case.path, bars):
            raise OutOfSight("case-not-found", case=wish.case_id)
        if apart := set(wish.recordings) - set(unit.cases.belonging(case.id)):
            raise Conflict("not-in-case", case=case.id, recordings=" ".join(sorted(apart)))
        return home

    def _item(self, unit: UnitOfWork, one: StoredRecording, redacted: Mapping[str, str]) -> Item:
        recording = one.recording
        if recording.id not in redacted:
            return Item(new_id(), recording.id, Form.ORIGINAL, recording.digests.sha256)
        made = self.derivatives.get(unit, redacted[recording.id])
        if made is None or made.recording_id != recording.id or not made.is_redacted:
            raise Conflict("no-redacted-derivative", recording=recording.id)
        return Item(new_id(), recording.id, Form.REDACTED, made.sha256, made.id)

    def _verify_decider(self, unit: UnitOfWork, caller: Caller, one: Export) -> WayOut:
        """Return the rule.

        Raises: Refused("persons-only", "own-request", "not-the-decider"), Conflict("export-decided",
        "export-withdrawn").
        """
        verify_is_person(caller, Action.DECIDE_EXPORTS)
        verify_undecided(one)
        rule, home = rule_of(self.site, one.way, one.asked_at), unit.units.get(one.unit_id)
        if one.asked_by == caller.id:
            raise Refused("own-request", action=Action.DECIDE_EXPORTS.value)
        if home is None or not is_decider(caller, rule, home.path):
            cites = " ".join(cite_ids(rule.cites))
            told = {"deciders": " ".join(rule.decided_by), "cites": cites}
            raise Refused("not-the-decider", action=Action.DECIDE_EXPORTS.value, **told)
        return rule

    def _verify_grants(self, unit: UnitOfWork, caller: Caller, one: Export) -> Mapping[str, Classification]:
        """Return the class of each file that goes out. Raises: Refused, Conflict("recording-destroyed")."""
        now, ids = self.site.clock.now(), [item.recording_id for item in one.granted]
        standings, stored = unit.standings.some(ids, now), unit.recordings.some(ids)
        for item in one.granted:
            standing = standings[item.recording_id]
            verify_not_gone(stored[item.recording_id])
            if denied := denial(caller, Action.DECIDE_EXPORTS, standing, self.site.bars()):
                raise Refused(denied.why.value, action=Action.DECIDE_EXPORTS.value)
            if is_withheld(one.way, item, standing.classification):
                packs = pack_at(self.site.policies, now), pack_at(self.site.strictest, now)
                cites = (*secrecy_of(*packs), *rule_of(self.site, one.way, now).cites)
                raise Refused(
                    "secret-not-whole",
                    action=Action.DECIDE_EXPORTS.value,
                    recording=item.recording_id,
                    cites=" ".join(dict.fromkeys(cite_ids(cites))),
                )
        return {id_: standings[id_].classification for id_ in ids}


def _judged(one: Export, refused: Mapping[str, Ground], *, is_approved: bool) -> Export:
    """Return it with what becomes of each file. Raises: Invalid("not-asked-for", "nothing-granted")."""
    if strange := set(refused) - {item.recording_id for item in one.items}:
        raise Invalid("not-asked-for", recordings=" ".join(sorted(strange)))
    judged = one.judged(refused, is_approved=is_approved)
    if is_approved and not judged.granted:
        raise Invalid("nothing-granted")
    return judged


def _checked(one: Export, secrecy: str | None) -> str | None:
    """Return how secrecy was checked. Raises: Invalid("secrecy-needed")."""
    if secrecy is None or not secrecy.strip():
        if one.way is Way.TRANSFER:
            return None
        raise Invalid("secrecy-needed")
    return reason_of(secrecy)


def _decision_entry(one: Export, made: Decision, rule: WayOut) -> Entry:
    facts = {
        "approved": made.is_approved,
        "asked_by": one.asked_by,
        "cites": list(cite_ids(rule.cites)),
        "refused": {item.recording_id: item.ground and item.ground.value for item in one.refused},
        "set_sha256": made.set_sha256,
    }
    said = {"reason": made.reason, "secrecy": made.secrecy}
    return entry_of(Act.EXPORT_DECIDE, made.by, one, facts, said)


def _set_of(one: Export) -> list[dict[str, str]]:
    return [
        {"form": item.form.value, "recording": item.recording_id, "sha256": item.sha256} for item in one.items
    ]
