"""Statements that nothing was recorded, and on which ground; and a head's receipt (Dazhe 2020 art. 6).

Only the grounds of the law, as the pack lists them. What touches secrets may go unrecorded for that reason:
the statement says so, and the secret itself stands nowhere here. A head who is neither author nor wearer
receives it and says whether they agree; only then does it close interruptions of that time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidence.domain.access import Caller, denial
from evidence.domain.audit import Act, Entry
from evidence.domain.explanations import Exemption
from evidence.domain.ids import is_id, new_id
from evidence.domain.instants import to_text
from evidence.domain.notices import Notice, NoticeKind
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.policy.conduct import exemptions_of
from evidence.policy.rules import cite_ids
from evidence.service.gap_access import standing_of_person, verify_may
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.placing import unit_id_of
from evidence.service.refusals import reason_of, tries_logged
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class Stated:
    """What somebody states. number: of the wearer. basis: in law. device_state: of the recorder."""

    number: str
    ground: str
    basis: str
    span: Span
    device_state: str


@dataclass(frozen=True)
class Exemptions:
    """The desk for exemption statements."""

    site: Site

    @admits(Action.EXPLAIN)
    def state(self, caller: Caller, said: Stated) -> Exemption:
        """State why somebody did not record, after the enforcement has ended; their unit head is told.

        Raises: Invalid("unknown-ground", "reason-needed", "end-ahead"), NotFound("person-not-found").
        """
        now = self.site.clock.now()
        rule = exemptions_of(pack_at(self.site.policies, now), pack_at(self.site.strictest, now))
        if said.ground not in rule.words:
            raise Invalid("unknown-ground", ground=said.ground, known=" ".join(rule.words))
        basis, device_state = reason_of(said.basis), reason_of(said.device_state)
        if said.span.end > now:
            raise Invalid("end-ahead", until=said.span.end.isoformat())
        with (
            tries_logged(self.site, caller, Action.EXPLAIN),
            self.site.database.writing() as unit,
        ):
            person = unit.people.by_number(said.number) if is_plain(said.number) else None
            stands = standing_of_person(unit, person)
            verify_may(self.site, caller, Action.EXPLAIN, stands, "person-not-found")
            if person is None:
                raise NotFound("person-not-found", number=said.number)
            new = Exemption(new_id(), person.id, said.ground, basis, said.span, device_state, caller.id, now)
            unit.exemptions.add(new)
            where = unit_id_of(stands.unit_path)
            unit.notices.add(Notice(new_id(), now, NoticeKind.EXEMPTION, None, where, person.id, new.id))
            facts = {
                "ground": new.ground,
                "since": to_text(new.span.start),
                "until": to_text(new.span.end),
                "cites": list(cite_ids(rule.cites)),
            }
            personal = {"basis": basis, "device_state": device_state}
            objects = (("exemption", new.id), ("person", person.id))
            unit.log.append(
                Entry(Act.EXEMPTION_STATE, caller.id, objects, facts=facts, personal=personal), now
            )
        return new

    @admits(Action.REVIEW_GAPS)
    def receive(self, caller: Caller, exemption_id: str, *, agrees: bool, view: str) -> Exemption:
        """Receive a statement, as a head who neither wrote it nor wore the recorder, with a view of it.

        Raises: NotFound("exemption-not-found"), Refused("own-request", "own-recording"),
        Conflict("exemption-received"), Invalid("reason-needed").
        """
        view, now = reason_of(view), self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.REVIEW_GAPS, ("exemption", exemption_id)),
            self.site.database.writing() as unit,
        ):
            found = unit.exemptions.get(exemption_id) if is_id(exemption_id) else None
            if found is None:
                raise NotFound("exemption-not-found")
            stands = standing_of_person(unit, unit.people.get(found.person_id))
            verify_may(self.site, caller, Action.REVIEW_GAPS, stands, "exemption-not-found")
            if found.author == caller.id:
                raise Refused("own-request", action=Action.REVIEW_GAPS.value)
            if not unit.exemptions.receive(exemption_id, caller.id, now, agrees=agrees, view=view):
                raise Conflict("exemption-received", exemption=exemption_id)
            objects = (("exemption", found.id), ("person", found.person_id))
            facts, personal = {"agrees": agrees}, {"view": view}
            unit.log.append(
                Entry(Act.EXEMPTION_RECEIVE, caller.id, objects, facts=facts, personal=personal), now
            )
        return replace(found, agrees=agrees, view=view, received_by=caller.id, received_at=now)

    @admits(Action.READ_GAPS)
    def stated(self, caller: Caller) -> Sequence[Exemption]:
        """Return the statements within reach, newest first; the look is logged."""
        now, bars = self.site.clock.now(), self.site.bars()
        with self.site.database.writing() as unit:
            seen = [
                one
                for one in unit.exemptions.all()
                if denial(
                    caller,
                    Action.READ_GAPS,
                    standing_of_person(unit, unit.people.get(one.person_id)),
                    bars,
                )
                is None
            ]
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "exemptions"}), now)
        return seen
