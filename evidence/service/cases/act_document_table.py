"""Enforcement documents from a table of another system: all rows or none, and a dry run unless told
otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller
from evidence.domain.activities import read_times
from evidence.domain.audit import Act, Entry
from evidence.domain.case_numbers import normal_form
from evidence.domain.labels import officers_of
from evidence.domain.people import is_below
from evidence.domain.rights import Action
from evidence.domain.sheets import Fault, Holds, Reason, Value, read_headings, read_rows
from evidence.errors import Conflict, EvidenceError, Invalid, NotFound
from evidence.policy.enforcement import DocumentType
from evidence.service.cases.act_documents import DocumentSaid, register_document
from evidence.service.cases.case_access import paths_of
from evidence.service.cases.step_ports import Scope
from evidence.service.cases.steps import officers_said, people_of
from evidence.service.gate import admits
from evidence.service.people.people_ports import StoredCase
from evidence.service.people.sheet_ports import SheetFiles
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

DOCUMENTS: Mapping[str, Holds] = {
    "case_number": Holds.TEXT,
    "document_number": Holds.TEXT,
    "document_type": Holds.WORD,
    "from": Holds.TEXT,
    "to": Holds.TEXT,
    "signers": Holds.TEXT,
}
MOST_DOCUMENTS = 2000  # of one import: it is one transaction
_COLUMNS = {
    "unknown-document-type": "document_type",
    "end-ahead": "to",
    "time-too-far": "to",
    "document-number-taken": "document_number",
    "invalid-text": "document_number",
    "case-archived": "case_number",
}


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What a row says."""

    case_number: str
    document: DocumentSaid


@dataclass(frozen=True, slots=True)
class DocumentOutcome:
    """What an import did, or would do."""

    rows: Sequence[tuple[int, DocumentRow]]
    faults: Sequence[Fault]
    applied: bool


class _DryRun(Exception):  # noqa: N818 (no error: it takes a transaction back)
    """Nothing is to stay."""


@dataclass(frozen=True)
class ActDocumentTable:
    """The desk for tables of enforcement documents."""

    site: Site
    files: SheetFiles

    @admits(Action.REGISTER_ACTS)
    def import_table(self, caller: Caller, content: bytes, *, apply: bool = False) -> DocumentOutcome:
        """Take a table of documents (docs/formats/documents-table.md); a dry run unless told otherwise.
        The look is logged, and each document that is registered.

        Raises: Invalid for no table at all, or "sheet-too-large".
        """
        rows, faults = self._read(content)
        if len(rows) > MOST_DOCUMENTS:
            raise Invalid("sheet-too-large", limit=MOST_DOCUMENTS)
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "act-documents"}), now)
        try:
            with self.site.database.writing() as unit:
                faults = sorted([*faults, *self._register(unit, caller, rows)], key=lambda one: one.row)
                if faults or not apply:
                    raise _DryRun
        except _DryRun:
            return DocumentOutcome(rows, faults, applied=False)
        return DocumentOutcome(rows, faults, applied=True)

    def _read(self, content: bytes) -> tuple[Sequence[tuple[int, DocumentRow]], Sequence[Fault]]:
        sheet = self.files.read(content)
        columns, faults = read_headings(sheet, self.files.headings(DOCUMENTS), "case_number")
        if faults:
            return [], faults
        words = {"document_type": self.files.words("document-type", [one.value for one in DocumentType])}
        said, bad = read_rows(sheet, columns, DOCUMENTS, words)
        zone, broken = ZoneInfo(self.site.policies.latest.time_zone), {(one.row, one.column) for one in bad}
        rows, wrong = list[tuple[int, DocumentRow]](), list[Fault]()
        for number, values in said:
            missing = [one for one in DOCUMENTS if one not in values and (number, one) not in broken]
            wrong += [Fault(number, column, Reason.MISSING) for column in missing]
            if all(column in values for column in DOCUMENTS):
                one = _row(number, values, zone)
                if isinstance(one, Fault):
                    wrong.append(one)
                else:
                    rows.append((number, one))
        return rows, [*bad, *wrong]

    def _register(
        self, unit: UnitOfWork, caller: Caller, rows: Sequence[tuple[int, DocumentRow]]
    ) -> Sequence[Fault]:
        """Register what can be; return what cannot."""
        cases, faults = self._cases(unit, caller), []
        for number, row in rows:
            case = cases.get(normal_form(row.case_number))
            if case is None:
                faults.append(Fault(number, "case_number", Reason.NO_CASE, row.case_number[:100]))
                faults += _unknown_signers(unit, number, row)
                continue
            try:
                register_document(unit, self.site, caller, case, row.document)
            except (Invalid, NotFound, Conflict) as problem:
                fault = _fault(number, row, problem)
                others = () if fault.column == "signers" else _unknown_signers(unit, number, row)
                faults += [fault, *others]
        return faults

    def _cases(self, unit: UnitOfWork, caller: Caller) -> Mapping[str, StoredCase]:
        paths = paths_of(caller, Action.REGISTER_ACTS)
        every = unit.steps.cases(Scope(paths))
        return {
            normal_form(one.number): one for one in every if any(is_below(one.path, path) for path in paths)
        }


def _row(number: int, said: Mapping[str, Value], zone: ZoneInfo) -> DocumentRow | Fault:
    span = read_times(number, said, zone)
    if isinstance(span, Fault):
        return span
    texts = {column: str(said[column]) for column in DOCUMENTS}
    signers = officers_of(texts["signers"])
    document = DocumentSaid(texts["document_number"], texts["document_type"], span.start, span.end, signers)
    return DocumentRow(texts["case_number"], document)


def _unknown_signers(unit: UnitOfWork, number: int, row: DocumentRow) -> Sequence[Fault]:
    """Return the fault of the signers of a row in which something else was wrong first."""
    try:
        people_of(unit, officers_said(row.document.signers))
    except (Invalid, NotFound) as problem:
        return [_fault(number, row, problem)]
    return []


def _fault(number: int, row: DocumentRow, problem: EvidenceError) -> Fault:
    """Return the fault of a document that cannot be registered, with the column that it stands in."""
    column = _COLUMNS.get(problem.code, "signers")
    found = {"document_number": row.document.number, "case_number": row.case_number}
    told = found.get(column, str(problem.fields.get("number", problem.fields.get("type", ""))))
    reason = Reason.NAME_TAKEN if problem.code == "document-number-taken" else Reason.NO_DOCUMENT
    taken = problem.known.taken if problem.known else ()
    return Fault(number, column, reason, told[:100], known=taken)
