"""A case on one page: file and archive, members, the steps of its matrix, recordings on one time line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.domain.access import Caller, Purpose, denial, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.instants import from_text
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.service.case_access import paths_of
from evidence.service.case_filing import CaseFiling, FileIndex
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.listing import Listing
from evidence.service.matrix import CaseMatrix, Matrix
from evidence.service.people_ports import Membership, StoredCase
from evidence.service.site import Site
from evidence.service.units import full_names

MOST = 50
SORTS = ("number", "opened", "closed")
BY_NUMBER = Listing("number")


@dataclass(frozen=True, slots=True)
class Camera:
    """A recording of a case. span: when it was made, by the corrected clock; None where nobody knows."""

    stored: StoredRecording
    span: Span | None
    may_play: bool


@dataclass(frozen=True, slots=True)
class CasePage:
    """What the reader may know of a case. hidden: how many recordings they may not know of."""

    index: FileIndex
    matrix: CaseMatrix
    members: Sequence[Membership]
    cameras: Sequence[Camera]
    hidden: int
    names: Mapping[str, str]


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

    @admits(Action.MANAGE_CASES)
    def called(self, caller: Caller, said: str) -> str:
        """Return the id of the case that somebody names by its number, of those they manage; what is no such
        number is returned as it is: an id perhaps.
        """
        with self.site.database.reading() as unit:
            found = unit.cases.page(paths_of(caller, Action.MANAGE_CASES), said, "", 1)
        return found[0].id if found and found[0].number == said else said

    @admits(Action.READ_CASE_FILES)
    def of(self, caller: Caller, case_id: str) -> CasePage:
        """Return all about a case; its look and that at its matrix are logged.

        Raises: NotFound("case-not-found").
        """
        index = CaseFiling(self.site).index(caller, case_id)
        matrix = Matrix(self.site).of_case(caller, case_id)
        now, bars = self.site.clock.now(), self.site.bars()
        seen = [one for one in index.recordings if one is not None]
        ids = [one.recording.id for one in seen]
        with self.site.database.reading() as unit:
            standings = unit.standings.some(ids, now)
            spans = {id_: _span(text) for id_, text in unit.examinations.facts_of(ids, "sequence").items()}
            members = unit.cases.members(case_id, now)
            people = {one.person_id: unit.people.get(one.person_id) for one in members}
        cameras = [
            Camera(
                one,
                spans.get(one.recording.id),
                one.gone_at is None
                and denial(caller, Action.PLAY, standings[one.recording.id], bars, Purpose.CASE) is None,
            )
            for one in seen
        ]
        names = {id_: one.name for id_, one in people.items() if one is not None and one.name}
        return CasePage(index, matrix, members, cameras, len(index.recordings) - len(seen), names)


def _span(text: str) -> Span | None:
    said = json.loads(text)
    start, end = said.get("start"), said.get("end")
    return Span(from_text(start), from_text(end)) if start and end and start <= end else None
