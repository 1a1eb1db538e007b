"""A case on one page: file and archive, members, the steps of its matrix, its enforcement documents, and its
recordings on one time line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evidence.domain.access import Caller, Purpose, denial, may_in, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.instants import from_text, to_text
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.service.cases.act_documents import ActDocuments, SeenDocuments
from evidence.service.cases.case_access import paths_of
from evidence.service.cases.case_filing import CaseFiling, FileIndex
from evidence.service.cases.matrix import CaseMatrix, Matrix
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.listing import Listing
from evidence.service.people.people_ports import Membership, StoredCase
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST = 50
SORTS = ("number", "opened", "closed")
BY_NUMBER = Listing("number")


class Belongs(StrEnum):
    """How a recording belongs to a case (decision 50)."""

    LINKED = "linked"
    NUMBERED = "numbered"  # it bears the number
    BESIDE = "beside"  # it got the number after the file was archived, and is not in it


@dataclass(frozen=True, slots=True)
class Camera:
    """A recording of a case. span: when it was made, by the corrected clock; None where nobody knows."""

    stored: StoredRecording
    span: Span | None
    may_play: bool
    belongs: Belongs
    has_proxy: bool  # which plays, where no browser plays the original


@dataclass(frozen=True, slots=True)
class CasePage:
    """What the reader may know of a case. acts: its enforcement documents. hidden: how many recordings they
    may not know of. who: number and name of the people on the page, by id. may_export: whether they may ask
    that any of them leave.
    """

    index: FileIndex
    matrix: CaseMatrix
    acts: SeenDocuments
    members: Sequence[Membership]
    cameras: Sequence[Camera]
    hidden: int
    who: Mapping[str, str]
    may_export: bool


@dataclass(frozen=True)
class CasePages:
    """The desk for looking at cases."""

    site: Site

    @admits(Action.READ_CASE_FILES)
    def page(
        self, caller: Caller, begins: str = "", after: str = "", listing: Listing = BY_NUMBER
    ) -> tuple[Sequence[StoredCase], bool]:
        """Return cases of the caller's units in an order, after the number of one of them, and whether there
        are more; the look is logged."""
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "cases"}), self.site.clock.now())
        with self.site.database.reading() as unit:
            paths = paths_of(caller, Action.READ_CASE_FILES)
            found = unit.cases.page(paths, begins, after, MOST + 1, listing)
        return found[:MOST], len(found) > MOST

    @admits(Action.MANAGE_CASES)
    def units(self, caller: Caller) -> Mapping[str, str]:
        """Return the units in which the caller may open cases: full names, by id."""
        bars = self.site.bars()
        with self.site.database.reading() as unit:
            every = unit.units.all()
        there = {one.id for one in every if one.closed_at is None}
        mine = {one.id for one in every if may_in(caller, Action.MANAGE_CASES, one.path, bars)}
        return {id_: name for id_, name in full_names(every).items() if id_ in there & mine}

    @admits(Action.READ_CASE_FILES)
    def of(self, caller: Caller, case_id: str) -> CasePage:
        """Return all about a case; its look, that at its matrix and that at its documents are logged.

        Raises: NotFound("case-not-found").
        """
        index = CaseFiling(self.site).index(caller, case_id)
        matrix = Matrix(self.site).of_case(caller, case_id)
        acts = ActDocuments(self.site).of_case(caller, case_id)
        now, bars = self.site.clock.now(), self.site.bars()
        every = [*index.recordings, *index.beside]
        seen = [one for one in every if one is not None]
        beside = {one.recording.id for one in index.beside if one is not None}
        ids = [one.recording.id for one in seen]
        with self.site.database.reading() as unit:
            standings, linked = unit.standings.some(ids, now), frozenset(unit.cases.linked(case_id))
            spans = {id_: span_of(text) for id_, text in unit.examinations.facts_of(ids, "sequence").items()}
            members, with_proxy = unit.cases.members(case_id, now), unit.derivatives.with_proxy(ids)
            who = _who(unit, {*(one.person_id for one in members), *_named(index, acts)})

        def camera(one: StoredRecording) -> Camera:
            id_ = one.recording.id
            belongs = Belongs.LINKED if id_ in linked else Belongs.NUMBERED
            refused = denial(caller, Action.PLAY, standings[id_], bars, Purpose.CASE)
            may_play = one.gone_at is None and refused is None
            belongs = Belongs.BESIDE if id_ in beside else belongs
            return Camera(one, spans.get(id_), may_play, belongs, id_ in with_proxy)

        may_export = any(map(reach(caller, Action.EXPORT, bars).covers, standings.values()))
        hidden = len(every) - len(seen)
        return CasePage(
            index, matrix, acts, members, sorted(map(camera, seen), key=_began), hidden, who, may_export
        )


def _began(one: Camera) -> tuple[bool, str, str]:
    """Order by when it was made; what nobody knows of comes last."""
    began = "" if one.span is None else to_text(one.span.start)
    return one.span is None, began, one.stored.recording.origin.name


def _named(index: FileIndex, acts: SeenDocuments) -> Iterator[str]:
    """Yield who handed the file over and who took it, and who gave reasons."""
    archived = index.listed.archived
    yield from () if archived is None else (archived.handed_by, archived.received_by)
    lines = (line for one in acts.documents for line in one.found)
    yield from (line.reason.by for line in lines if line.reason is not None)


def _who(unit: UnitOfWork, ids: Iterable[str]) -> Mapping[str, str]:
    people = ((id_, unit.people.get(id_)) for id_ in ids)
    return {id_: f"{one.name or ''} {one.number}".strip() for id_, one in people if one is not None}


def span_of(text: str) -> Span | None:
    """Return when a recording was made, by the facts of its session; None where that is not known."""
    said = json.loads(text)
    start, end = said.get("start"), said.get("end")
    return Span(from_text(start), from_text(end)) if start and end and start <= end else None
