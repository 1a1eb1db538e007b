"""An export as somebody is told of it: with the articles, what they may know of its files, and the words of
its documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evidence.domain.access import Caller, reach
from evidence.domain.exports import Export
from evidence.domain.rights import Action
from evidence.policy.rules import cite_ids
from evidence.service.custody_report import cover_of, person_of, title_at
from evidence.service.export_access import rule_of
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class ListedExport:
    """An export, with the articles. titles: of the recordings of which the caller may know, by id. cover:
    what its documents are of. people: of the hand-over, by id."""

    export: Export
    cites: tuple[str, ...]
    titles: Mapping[str, str]
    cover: Mapping[str, object]
    people: Mapping[str, Mapping[str, object]]
    zone: str


def listed_of(unit: UnitOfWork, site: Site, caller: Caller, one: Export) -> ListedExport:
    """Return an export as the caller is told of it."""
    ids, now = [item.recording_id for item in one.items], site.clock.now()
    there = reach(caller, Action.LIST_RECORDINGS, site.bars())
    seen = [id_ for id_, it in unit.standings.some(ids, now).items() if there.covers(it)]
    titles = {id_: title_at(stored, now) for id_, stored in unit.recordings.some(seen).items()}
    gave = one.hand_over
    people = {} if gave is None else {id_: person_of(unit, id_) for id_ in (gave.gave, gave.beside)}
    cites = cite_ids(rule_of(site, one.way, one.asked_at).cites)
    cover = cover_of(site, unit, one, now)
    return ListedExport(one, cites, titles, cover, people, site.policies.latest.time_zone)
