"""Enforcement documents: registered with their times and signers, and held against footage (Dazhe 2020
art. 8).

1. Custodians and heads of the unit that conducts the case register its documents.
2. Where begin or end differ from the footage by more than the margin of the pack, where nothing was recorded
   meanwhile, or where no trace says that a signer was there (Xinping art. 18(1)), somebody says why, in
   writing.
3. Nothing is a fault by that: what does not agree is listed until there is a reason.
Numbers of documents and reasons are commitments in the log; reasons are in no piece of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, reach
from evidence.domain.act_documents import ActDocument, DocumentReason, MismatchKind
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.rights import Action
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, Invalid, Known, NotFound, Refused
from evidence.service.cases.case_access import about_case, paths_of
from evidence.service.cases.case_filing import verify_not_archived
from evidence.service.cases.compared_documents import ComparedDocument, compared, rules_at
from evidence.service.cases.matrix import paths_below
from evidence.service.cases.step_ports import Scope
from evidence.service.cases.steps import officers_said, people_of, span_said
from evidence.service.gate import admits
from evidence.service.oversight.refusals import reason_of, tries_logged
from evidence.service.people.people_ports import StoredCase
from evidence.service.people.roll_scope import check_text
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class DocumentSaid:
    """What somebody registers. signers: their numbers."""

    number: str
    type: str
    start: datetime
    end: datetime
    signers: Sequence[str]


@dataclass(frozen=True, slots=True)
class SeenDocuments:
    """Documents, and the ids of the recordings among those they name that the reader may know of."""

    documents: Sequence[ComparedDocument]
    seen: frozenset[str]


@dataclass(frozen=True)
class ActDocuments:
    """The desk for enforcement documents."""

    site: Site

    @admits(Action.REGISTER_ACTS)
    def register(self, caller: Caller, case_id: str, said: DocumentSaid) -> ActDocument:
        """Register a document of a case.

        Raises: NotFound("case-not-found", "person-not-found"), Invalid("unknown-document-type", "end-ahead",
        "ends-before-start", "time-too-far", "officers-needed", "not-an-officer", "invalid-text"),
        Conflict("case-archived", "document-number-taken").
        """
        with about_case(self.site, caller, Action.REGISTER_ACTS, case_id) as (unit, case):
            return register_document(unit, self.site, caller, case, said)

    @admits(Action.REGISTER_ACTS)
    def strike(self, caller: Caller, case_id: str, document_id: str, reason: str) -> None:
        """Take a document out that was registered by mistake; not by one of its signers.

        Raises: NotFound("case-not-found", "document-not-found"), Refused("own-document"),
        Conflict("case-archived"), Invalid("reason-needed").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with about_case(self.site, caller, Action.REGISTER_ACTS, case_id) as (unit, case):
            verify_not_archived(unit, case.id)
            one = self._one(unit, case, document_id, now).document
            if caller.id in one.signers:
                raise Refused("own-document", action=Action.REGISTER_ACTS.value)
            unit.act_documents.end(case.id, one.id, caller.id, now)
            objects, personal = (("case", case.id), ("document", one.id)), {"reason": reason}
            unit.log.append(Entry(Act.ACT_DOCUMENT_STRIKE, caller.id, objects, personal=personal), now)

    @admits(Action.REGISTER_ACTS)
    def explain(
        self,
        caller: Caller,
        case_id: str,
        document_id: str,
        kind: MismatchKind,
        reason: str,
        signer: str | None = None,
    ) -> DocumentReason:
        """Say why something does not agree; not about what one has signed. signer: the number, where that is
        what it is about.

        Raises: NotFound("case-not-found", "document-not-found"), Refused("own-document"),
        Conflict("nothing-to-explain"), Invalid("reason-needed").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with about_case(self.site, caller, Action.REGISTER_ACTS, case_id) as (unit, case):
            one = self._one(unit, case, document_id, now)
            if caller.id in one.document.signers:  # what somebody says here closes it: no second person looks
                raise Refused("own-document", action=Action.REGISTER_ACTS.value)
            person = unit.people.by_number(signer) if signer is not None and is_plain(signer) else None
            about = kind, None if person is None else person.id
            same = [line for line in one.open if (line.mismatch.kind, line.mismatch.person_id) == about]
            if not same:
                raise Conflict("nothing-to-explain", document=document_id)
            start, end = same[0].mismatch.measured_ms or (None, None)
            new = DocumentReason(new_id(), one.document.id, *about, start, end, reason, caller.id, now)
            unit.act_documents.explain(new)
            people = () if new.person_id is None else (("person", new.person_id),)
            facts = {"kind": kind.value, "start_ms": start, "end_ms": end, "cites": list(same[0].cites)}
            objects = (("case", case.id), ("document", one.document.id), *people)
            entry = Entry(
                Act.ACT_DOCUMENT_EXPLAIN, caller.id, objects, facts=facts, personal={"reason": reason}
            )
            unit.log.append(entry, now)
        return new

    @admits(Action.READ_CASE_FILES)
    def of_case(self, caller: Caller, case_id: str) -> SeenDocuments:
        """Return the documents of a case, compared; the look is logged. Raises:
        NotFound("case-not-found").
        """
        now = self.site.clock.now()
        with about_case(self.site, caller, Action.READ_CASE_FILES, case_id) as (unit, case):
            about = (("case", case.id),)
            entry = Entry(Act.READ_LIST, caller.id, about, facts={"list": "act-documents"})
            unit.log.append(entry, now)
            scope = Scope(frozenset({case.path}), case.id)
            return self._seen(unit, caller, list(compared(self.site, unit, scope, now)), now)

    @admits(Action.READ_CASE_FILES)
    def mismatches(self, caller: Caller, unit_id: str | None = None) -> SeenDocuments:
        """Return the documents of a unit's cases and below about which something needs a reason; without
        a unit, of all that the caller may know of. The look is logged. Raises: NotFound("unit-not-found").
        """
        now, paths = self.site.clock.now(), paths_of(caller, Action.READ_CASE_FILES)
        about = () if unit_id is None else (("unit", unit_id),)
        with (
            tries_logged(self.site, caller, Action.READ_CASE_FILES, *about),
            self.site.database.writing() as unit,
        ):
            paths = paths if unit_id is None else paths_below(unit, unit_id, paths)
            facts = {"list": "document-mismatches"}
            unit.log.append(Entry(Act.READ_LIST, caller.id, about, facts=facts), now)
        with self.site.database.reading() as unit:
            every = compared(self.site, unit, Scope(paths), now)
            return self._seen(unit, caller, [one for one in every if one.open], now)

    def _one(self, unit: UnitOfWork, case: StoredCase, document_id: str, now: datetime) -> ComparedDocument:
        every = compared(self.site, unit, Scope(frozenset({case.path}), case.id), now)
        found = [one for one in every if document_id in (one.document.id, one.document.number)]
        if not found:
            raise NotFound("document-not-found", document=document_id)
        return found[0]

    def _seen(
        self, unit: UnitOfWork, caller: Caller, documents: Sequence[ComparedDocument], now: datetime
    ) -> SeenDocuments:
        media = [one.media for one in documents if one.media is not None]
        named = {shot.recording_id for one in media for shot in (one.first, one.last)}
        there = reach(caller, Action.LIST_RECORDINGS, self.site.bars())
        standings = unit.standings.some(named, now)
        return SeenDocuments(documents, frozenset(id_ for id_, one in standings.items() if there.covers(one)))


def register_document(
    unit: UnitOfWork, site: Site, caller: Caller, case: StoredCase, said: DocumentSaid
) -> ActDocument:
    """Register a document in a transaction of a use case that has admitted. Raises: as
    `ActDocuments.register`.
    """
    now = site.clock.now()
    span = span_said(said.start, said.end, now)
    check_text("number", said.number)
    rule = rules_at(site, span.start).documents
    if rule is None or said.type not in rule.types:
        known = () if rule is None else rule.types
        raise Invalid("unknown-document-type", type=said.type, known=Known(known, "document-type"))
    if span.end > now:
        raise Invalid("end-ahead", until=span.end.isoformat())
    verify_not_archived(unit, case.id)
    signers = people_of(unit, officers_said(said.signers))
    new = ActDocument(new_id(), case.id, said.number, said.type, span, signers, caller.id, now)
    unit.act_documents.add(new)
    facts = {"type": new.type, "since": to_text(span.start), "until": to_text(span.end)}
    objects = (("case", case.id), ("document", new.id), *(("person", one) for one in signers))
    personal = {"number": new.number}
    unit.log.append(Entry(Act.ACT_DOCUMENT, caller.id, objects, facts=facts, personal=personal), now)
    return new
