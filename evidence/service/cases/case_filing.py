"""Case files: from the end of the act to the archive, within the days of the pack (Longquan art. 8).

1. Whoever archives for the unit notes on which day the act ended; from then on the time runs.
2. The index is written documents, as somebody listed them, and the recordings that belong to the case:
   linked, or marked with its number (decision 50).
3. Handed over it has an archive number, and two people: who gives and who takes. What bears the number is
   linked by that. From then on nothing goes in or out; the log holds the digest of the index. What gets the
   number later is told beside it, and kept as long.
Titles of documents may name people: they are commitments in the log, and in no piece of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import date, datetime

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.case_files import (
    ActEnd,
    Archived,
    CaseDocument,
    FilingClock,
    FilingState,
    OpenMatters,
    filing_clock,
    index_digest,
)
from evidence.domain.ids import is_id, new_id
from evidence.domain.people import Person
from evidence.domain.rights import Action
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.policy.archiving import Archiving, archiving_of
from evidence.policy.rules import cite_ids
from evidence.service.cases.act_ends import Ended, with_later
from evidence.service.cases.case_access import about_case, paths_of
from evidence.service.cases.open_matters import open_matters
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import local_day
from evidence.service.oversight.refusals import person_on_roll, reason_of
from evidence.service.people.people_ports import StoredCase
from evidence.service.people.roll_scope import check_text
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A case with the time of its file, and the articles."""

    case: StoredCase
    ended_on: date | None
    clock: FilingClock
    archived: Archived | None
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileIndex:
    """The index of a case file. recordings: None in the place of one that the caller may not know of; beside:
    those that bear the number and are not in the archived file, for they got it later.
    """

    listed: ListedFile
    documents: Sequence[CaseDocument]
    recordings: Sequence[StoredRecording | None]
    beside: Sequence[StoredRecording | None] = ()
    open: OpenMatters = OpenMatters()


@dataclass(frozen=True)
class CaseFiling:
    """The desk for case files."""

    site: Site

    @admits(Action.ARCHIVE_CASES)
    def end(self, caller: Caller, case_id: str, ended_on: date, reason: str | None = None) -> Ended:
        """Note the day on which the act of a case ended; another day than stands needs a reason, and a later
        one somebody else than who noted that: nobody sets their own clock back. Told is what of it is later.

        Raises: NotFound("case-not-found"), Invalid("day-to-come", "reason-needed"), Refused("own-request"),
        Conflict("case-archived").
        """
        reason, now = None if reason is None else reason_of(reason), self.site.clock.now()
        if ended_on > local_day(self.site.policies, now):
            raise Invalid("day-to-come", day=ended_on.isoformat())
        with self._writing(caller, case_id) as (unit, case):
            verify_not_archived(unit, case.id)
            stands = unit.case_files.ends(case.id).get(case.id)
            if stands is not None and reason is None:
                raise Invalid("reason-needed")
            if stands is not None and stands.by == caller.id and stands.ended_on < ended_on:
                raise Refused("own-request", action=Action.ARCHIVE_CASES.value)
            new = ActEnd(new_id(), case.id, ended_on, caller.id, now)
            unit.case_files.end(new)
            before = None if stands is None else stands.ended_on.isoformat()
            facts = {"ended_on": ended_on.isoformat(), "before": before}
            personal = {} if reason is None else {"reason": reason}
            unit.log.append(_entry(Act.CASE_END, caller, case, facts, personal), now)
            return with_later(self.site, unit, caller, case, _media(unit, case.id), new, now)

    @admits(Action.ARCHIVE_CASES)
    def add_document(self, caller: Caller, case_id: str, title: str, pages: int, dated: date) -> CaseDocument:
        """List a written document of a case file.

        Raises: NotFound, Invalid("invalid-text", "invalid-measure"), Conflict("case-archived").
        """
        check_text("title", title)
        if not 1 <= pages <= MOST_PAGES:
            raise Invalid("invalid-measure", field="pages")
        now = self.site.clock.now()
        with self._writing(caller, case_id) as (unit, case):
            verify_not_archived(unit, case.id)
            new = CaseDocument(new_id(), case.id, title, pages, dated, caller.id, now)
            unit.case_files.add_document(new)
            facts = {"document": new.id, "pages": pages, "dated": dated.isoformat()}
            unit.log.append(_entry(Act.CASE_DOCUMENT, caller, case, facts, {"title": title}), now)
        return new

    @admits(Action.ARCHIVE_CASES)
    def take_out(self, caller: Caller, case_id: str, document_id: str, reason: str) -> None:
        """Take a document out of the list again. Raises: NotFound("case-not-found", "document-not-found"),
        Conflict("case-archived"), Invalid("reason-needed").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with self._writing(caller, case_id) as (unit, case):
            verify_not_archived(unit, case.id)
            if not is_id(document_id) or not unit.case_files.take_out(case.id, document_id, now):
                raise NotFound("document-not-found", document=document_id)
            facts, personal = {"document": document_id}, {"reason": reason}
            unit.log.append(_entry(Act.CASE_STRIKE, caller, case, facts, personal), now)

    @admits(Action.ARCHIVE_CASES)
    def archive(
        self,
        caller: Caller,
        case_id: str,
        number: str,
        handed_by: str,
        received_by: str,
        reason: str | None = None,
    ) -> ListedFile:
        """Hand a case file over to the archive, under its number there; both people by their numbers. reason:
        why it goes while something about it is open.

        Raises: Conflict("case-file-open") with how much of what is open, where there is no such reason;
        NotFound("case-not-found", "person-not-found"), Refused("one-person", "not-on-roll"),
        Conflict("case-not-ended", "case-file-empty", "case-archived", "archive-number-taken"), Invalid.
        """
        check_text("number", number)
        reason, now = None if reason is None else reason_of(reason), self.site.clock.now()
        with self._writing(caller, case_id) as (unit, case):
            verify_not_archived(unit, case.id)
            end = unit.case_files.ends(case.id).get(case.id)
            if end is None:
                raise Conflict("case-not-ended", case=case.id)
            people = self._two_people(unit, handed_by, received_by, now)
            documents, media = unit.case_files.documents(case.id), _media(unit, case.id)
            if not documents and not media:
                raise Conflict("case-file-empty", case=case.id)
            still = open_matters(self.site, unit, case, media, now)
            if still.is_any and reason is None:
                raise Conflict("case-file-open", **asdict(still))
            _take_in(unit, caller, case, media, now)
            digest = index_digest(case.id, number, documents, [one.recording for one in media])
            gave, took = (one.id for one in people)
            hands, on = (gave, took, caller.id), local_day(self.site.policies, now)
            counts = (len(documents), len(media))
            new = Archived(new_id(), case.id, number, *hands, now, on, *counts, digest, still, reason)
            unit.case_files.archive(new)
            done = self._listed(case, end, new, now)
            unit.log.append(_archive_entry(caller, done, new), now)
        return done

    @admits(Action.READ_CASE_FILES)
    def all(self, caller: Caller, *, red: bool = False) -> Sequence[ListedFile]:
        """Return the case files of the caller's units, oldest case first; red: only those whose time is over.
        The look is logged.
        """
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "case-files"}), now)
        with self.site.database.reading() as unit:
            cases = unit.cases.within(paths_of(caller, Action.READ_CASE_FILES))
            ends, archived = unit.case_files.ends(), unit.case_files.archived()
        found = [self._listed(one, ends.get(one.id), archived.get(one.id), now) for one in cases]
        return [one for one in found if not red or one.clock.state is FilingState.OVERDUE]

    @admits(Action.READ_CASE_FILES)
    def index(self, caller: Caller, case_id: str) -> FileIndex:
        """Return the index of a case file; the look is logged. Raises: NotFound("case-not-found")."""
        now, there = self.site.clock.now(), reach(caller, Action.LIST_RECORDINGS, self.site.bars())
        with self._writing(caller, case_id, Action.READ_CASE_FILES) as (unit, case):
            entry = Entry(Act.READ_LIST, caller.id, (("case", case.id),), facts={"list": "case-files"})
            unit.log.append(entry, now)
            end, archived = unit.case_files.ends(case.id), unit.case_files.archived(case.id)
            listed = self._listed(case, end.get(case.id), archived.get(case.id), now)
            media, linked = _media(unit, case.id), set(unit.cases.linked(case.id))
            standings = unit.standings.some([one.recording.id for one in media], now)
            is_in = [listed.archived is None or one.recording.id in linked for one in media]
            seen = [one if there.covers(standings[one.recording.id]) else None for one in media]
            inside, beside = (
                [one for one, is_inside in zip(seen, is_in, strict=True) if is_inside is which]
                for which in (True, False)
            )
            still = open_matters(self.site, unit, case, media, now)
            return FileIndex(listed, unit.case_files.documents(case.id), inside, beside, still)

    def _listed(
        self, case: StoredCase, end: ActEnd | None, archived: Archived | None, now: datetime
    ) -> ListedFile:
        """Judge a case file by the pack that was in force when the act ended."""
        today, ended_on = local_day(self.site.policies, now), None if end is None else end.ended_on
        rule = self._rule(ended_on or today)
        days = None if rule is None else rule.within_days
        clock = filing_clock(ended_on, None if archived is None else archived.on, today, days)
        return ListedFile(case, ended_on, clock, archived, () if rule is None else cite_ids(rule.cites))

    def _rule(self, on: date) -> Archiving | None:
        return archiving_of(self.site.policies.at(on), self.site.strictest.at(on))

    def _two_people(
        self, unit: UnitOfWork, handed_by: str, received_by: str, now: datetime
    ) -> tuple[Person, Person]:
        gave, took = (_person(unit, number) for number in (handed_by, received_by))
        if gave.id == took.id:
            raise Refused("one-person")
        return person_on_roll(unit, self.site, gave.id, now), person_on_roll(unit, self.site, took.id, now)

    def _writing(
        self, caller: Caller, case_id: str, action: Action = Action.ARCHIVE_CASES
    ) -> AbstractContextManager[tuple[UnitOfWork, StoredCase]]:
        """Open a transaction about a case of the caller's units. Raises: NotFound("case-not-found")."""
        return about_case(self.site, caller, action, case_id)


def verify_not_archived(unit: UnitOfWork, case_id: str) -> None:
    """Refuse changes of a case file that was handed over. Raises: Conflict("case-archived")."""
    if case_id in unit.case_files.archived(case_id):
        raise Conflict("case-archived", case=case_id)


def _media(unit: UnitOfWork, case_id: str) -> Sequence[StoredRecording]:
    """Return the recordings that belong to a case: in the order in which they were linked, then what bears
    its number and has not gone.
    """
    linked, ids = set(unit.cases.linked(case_id)), unit.cases.belonging(case_id)
    known = unit.recordings.some(ids)
    return [known[one] for one in ids if one in linked or known[one].gone_at is None]


def _take_in(
    unit: UnitOfWork, caller: Caller, case: StoredCase, media: Sequence[StoredRecording], now: datetime
) -> None:
    """Link what bears the number, so that it stays in the file whatever is said of it later. This opens it to
    nobody: an archived file gives its members nothing.
    """
    for one in media:
        if unit.cases.link(case.id, one.recording.id, caller.id, now):
            about = (("case", case.id), ("recording", one.recording.id))
            unit.log.append(Entry(Act.CASE_LINK, caller.id, about), now)


def _person(unit: UnitOfWork, number: str) -> Person:
    found = unit.people.by_number(number) if is_plain(number) else None
    if found is None:
        raise NotFound("person-not-found", number=number)
    return found


def _archive_entry(caller: Caller, done: ListedFile, new: Archived) -> Entry:
    facts = {
        "documents": new.documents,
        "recordings": new.recordings,
        "index_sha256": new.index_sha256,
        "handed_by": new.handed_by,
        "days_over": done.clock.days_over,
        "cites": list(done.cites),
        "open": None if new.open is None else asdict(new.open),
    }
    people = (("person", new.handed_by), ("person", new.received_by))
    objects, personal = (("case", done.case.id), *people), {"number": new.number}
    personal |= {} if new.reason is None else {"reason": new.reason}
    return Entry(Act.CASE_ARCHIVE, caller.id, objects, facts=facts, personal=personal)


def _entry(
    act: Act, caller: Caller, case: StoredCase, facts: Mapping[str, object], personal: Mapping[str, object]
) -> Entry:
    return Entry(act, caller.id, (("case", case.id),), facts=facts, personal=personal)
