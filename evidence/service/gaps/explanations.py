"""Explaining what is missing, interrupted or late, and deciding about that (Dazhe 2020 art. 9, 12, 16).

What may be said is held against the line (gap_words.py). The unit head is told at once. What an auxiliary
wore is explained by a custodian or head: an auxiliary alone accounts for no evidence (BARRED_AS), and helps
by what is spoken. Nobody decides about their own, neither wearer nor author, of an earlier one of the same
gap too. Who says that it was a fault opens a fault file (fault_files.py), which somebody else decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.explanations import (
    TO_DO,
    Explanation,
    Gap,
    GapState,
    Outcome,
    state_of,
)
from evidence.domain.fault_files import FaultFile, Link, LinkKind, Named, Part
from evidence.domain.ids import is_id, new_id
from evidence.domain.notices import Notice, NoticeKind
from evidence.domain.rights import Action
from evidence.domain.standing import Standing
from evidence.domain.subjects import is_name
from evidence.errors import Conflict, Invalid, Known, NotFound, Refused
from evidence.policy.conduct import Choice, faults_of
from evidence.policy.rules import cite_ids
from evidence.service.gaps.fault_evidence import Evidence
from evidence.service.gaps.fault_files import open_in
from evidence.service.gaps.gap_access import standing_of_gap, standings_of_gap, verify_may_about
from evidence.service.gaps.gap_words import Found, Said, find_gap, verify_said
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.intake.placing import unit_id_of
from evidence.service.oversight.refusals import reason_of, tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST_ALIKE = 50  # lines that are explained by the same words at once


@dataclass(frozen=True, slots=True)
class History:
    """All that was said and decided about a gap, oldest first."""

    gap: Gap
    explanations: Sequence[Explanation]


@dataclass(frozen=True)
class Explanations:
    """The desk for explanations."""

    site: Site

    @admits(Action.EXPLAIN)
    def explain(self, caller: Caller, gap: str, said: Said, also: Sequence[str] = ()) -> Explanation:
        """Explain a line of the gap report, by its name. also: others for which the same holds; all or none.

        Raises: NotFound("gap-not-found"), Conflict("gap-explained", "gap-decided"),
        Invalid("too-many-alike"), as `verify_said`.
        """
        names = list(dict.fromkeys([gap, *also]))
        if len(names) > MOST_ALIKE:
            raise Invalid("too-many-alike", most=MOST_ALIKE)
        with tries_logged(self.site, caller, Action.EXPLAIN):
            found = [find_gap(self.site, caller, name) for name in names]
        words = [verify_said(self.site, caller, one, said) for one in found]
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            made = [_explain(unit, caller, *pair, now) for pair in zip(found, words, strict=True)]
        return made[0]

    @admits(Action.REVIEW_GAPS)
    def review(
        self, caller: Caller, explanation_id: str, outcome: Outcome, reason: str, kind: str | None = None
    ) -> Explanation:
        """Accept an explanation, send it back, or open a fault file, of a kind.

        Raises: NotFound("explanation-not-found"), Refused("own-request", "own-recording"),
        Conflict("explanation-reviewed"), Invalid("reason-needed", "unknown-fault").
        """
        reason = "" if outcome is Outcome.ACCEPTED and not reason.strip() else reason_of(reason)
        now = self.site.clock.now()
        rule = faults_of(pack_at(self.site.policies, now), pack_at(self.site.strictest, now))
        is_in_order = kind in rule.words if outcome is Outcome.FAULT else kind is None
        if not is_in_order:
            raise Invalid("unknown-fault", found=kind, known=Known(rule.words, "fault-kind"))
        with (
            tries_logged(self.site, caller, Action.REVIEW_GAPS, ("explanation", explanation_id)),
            self.site.database.writing() as unit,
        ):
            found = unit.explanations.get(explanation_id) if is_id(explanation_id) else None
            gap = None if found is None else unit.explanations.gap(found.gap)
            if found is None or gap is None:
                raise NotFound("explanation-not-found")
            may, missing = Action.REVIEW_GAPS, "explanation-not-found"
            stands = verify_may_about(self.site, unit, caller, may, gap, missing)
            if caller.id in {one.author for one in unit.explanations.of([found.gap])[found.gap]}:
                raise Refused("own-request", action=Action.REVIEW_GAPS.value)
            if not unit.explanations.review(explanation_id, caller.id, now, outcome, reason):
                raise Conflict("explanation-reviewed", explanation=explanation_id)
            done = replace(found, outcome=outcome, reason=reason, reviewed_by=caller.id, reviewed_at=now)
            file = None if kind is None else _file(done, kind)
            unit.log.append(_decided(caller, done, stands, file, rule), now)
            if file is not None:
                links = Evidence(unit, self.site, caller).gathered([Link(LinkKind.EXPLANATION, done.id)])
                open_in(unit, self.site, replace(file, links=links, people=_people(unit, gap, now)), rule)
        return done

    @admits(Action.READ_GAPS)
    def history(self, caller: Caller, gap: str) -> History:
        """Return what was said and decided about a gap; the look is logged. Raises: NotFound."""
        now = self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.READ_GAPS),
            self.site.database.writing() as unit,
        ):
            found = unit.explanations.gap(gap) if is_name(gap) else None
            if found is None:
                raise NotFound("explanation-not-found")
            verify_may_about(self.site, unit, caller, Action.READ_GAPS, found, "explanation-not-found")
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "explanations", "gap": gap}), now)
            return History(found, unit.explanations.of([gap])[gap])


def _explain(unit: UnitOfWork, caller: Caller, found: Found, said: Said, now: datetime) -> Explanation:
    gap, standing = found.standing.name, found.standing
    history = unit.explanations.of([gap])[gap]
    state = state_of(history, standing.exemption is not None, standing.wearer)
    if state not in TO_DO:
        code = "gap-explained" if state is GapState.EXPLAINED else "gap-decided"
        raise Conflict(code, gap=gap, state=state)
    new = Explanation(new_id(), gap, found.finding_id, said.cause, said.text, said.spoken, caller.id, now)
    unit.explanations.add(found.gap, new)
    stands = standing_of_gap(unit, found.gap, now)
    _tell(unit, stands, new)
    unit.log.append(_explained(caller, found, stands, new), now)
    return new


def _tell(unit: UnitOfWork, stands: Standing, new: Explanation) -> None:
    """Tell the unit head at once (art. 9)."""
    recording_id, where = stands.recording_id or None, unit_id_of(stands.unit_path)
    kind = NoticeKind.EXPLANATION
    unit.notices.add(Notice(new_id(), new.at, kind, recording_id, where, stands.person_id, new.id))


def _explained(caller: Caller, found: Found, stands: Standing, new: Explanation) -> Entry:
    spoken = new.spoken
    facts = {
        "gap": new.gap,
        "code": found.gap.code,
        "cause": new.cause,
        "spoken": spoken and asdict(spoken),
        "cites": list(found.cites),
    }
    personal = {} if new.text is None else {"text": new.text}
    objects = _objects(new, stands)
    return Entry(Act.GAP_EXPLAIN, caller.id, objects, facts=facts, personal=personal)


def _file(done: Explanation, kind: str) -> FaultFile:
    """Return the fault file that a decision opens; somebody else decides about whom it names."""
    by, at = str(done.reviewed_by), done.reviewed_at or done.at
    about = (done.gap, done.id, done.finding_id)
    return FaultFile(new_id(), kind, str(done.reason), by, at, *about)


def _people(unit: UnitOfWork, gap: Gap, now: datetime) -> tuple[Named, ...]:
    ids = (one.person_id for one in standings_of_gap(unit, gap, now) if one.person_id is not None)
    people = (unit.people.get(one) for one in ids)
    return tuple(Named(one.id, one.unit_id, Part.SUBJECT) for one in people if one is not None)


def _decided(
    caller: Caller, done: Explanation, stands: Standing, fault: FaultFile | None, rule: Choice
) -> Entry:
    facts: dict[str, object] = {"gap": done.gap, "outcome": str(done.outcome)}
    objects = _objects(done, stands)
    if fault is not None:
        facts |= {"fault": fault.kind, "cites": list(cite_ids(rule.cites))}
        objects += (("fault", fault.id),)
    personal = {"reason": done.reason} if done.reason else {}
    return Entry(Act.GAP_REVIEW, caller.id, objects, facts=facts, personal=personal)


def _objects(one: Explanation, stands: Standing) -> tuple[tuple[str, str], ...]:
    """Return what an entry is about, each once. The wearer: so that what was said of them can be erased."""
    heard = () if one.spoken is None else (one.spoken.recording_id,)
    recordings = dict.fromkeys(id_ for id_ in (stands.recording_id, *heard) if id_)
    people = () if stands.person_id is None else (("person", stands.person_id),)
    return (("explanation", one.id), *(("recording", id_) for id_ in recordings), *people)
