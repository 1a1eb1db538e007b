"""An export as somebody is told of it: with the articles, what they may know of its files, and the words of
its documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Family
from evidence.domain.exports import Export, State, Way, is_withheld
from evidence.domain.rights import Action
from evidence.domain.standing import Classification
from evidence.ledger.entries import read_entry
from evidence.policy.bars import secrecy_of
from evidence.policy.rules import cite_ids
from evidence.service.court.custody_report import cover_of, title_at
from evidence.service.court.export_access import is_with_transfer_unit, may_about, rule_of, transfer_unit_of
from evidence.service.court.package_names import person_of
from evidence.service.instruments import local_day, pack_at
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class ListedExport:
    """An export, with the articles. titles: of the recordings of which the caller may know, by id. cover:
    what its documents are of. office: name of the agency; desk: of the unit that is named to hand over.
    people: who asked, decided, wrote media and handed over, by id. answer_by: the day by which somebody
    decides. secrecy_cites: by which secrets are refused. withheld: of what nobody has decided yet, those of
    which the caller may know and that cannot go out as they are asked for, whole. alike: of what nobody has
    decided yet, other exports that are on their way with the same files to the same recipient. carried: names
    of what they are handing over, by id, whether they know of it otherwise or not: the package names it.
    seals: SHA-256 of the tag manifest on each medium, by its file; for papers only."""

    export: Export
    cites: tuple[str, ...]
    titles: Mapping[str, str]
    cover: Mapping[str, object]
    office: str
    desk: str | None
    people: Mapping[str, Mapping[str, object]]
    zone: str
    answer_by: date
    secrecy_cites: tuple[str, ...]
    withheld: frozenset[str]
    alike: Sequence[Export]
    carried: Mapping[str, str] = field(default_factory=dict)
    seals: Mapping[str, str] = field(default_factory=dict)

    def is_owed(self, today: date) -> bool:
        """Tell whether an answer is owed and its time is over."""
        return self.export.state is State.ASKED and today > self.answer_by


def listed_of(unit: UnitOfWork, site: Site, caller: Caller, one: Export) -> ListedExport:
    """Return an export as the caller is told of it."""
    ids, now = [item.recording_id for item in one.items], site.clock.now()
    there = reach(caller, Action.LIST_RECORDINGS, site.bars())
    standings = {id_: it for id_, it in unit.standings.some(ids, now).items() if there.covers(it)}
    titles = {id_: title_at(stored, now) for id_, stored in unit.recordings.some(list(standings)).items()}
    decided, gave = one.decision, one.hand_over
    who = {one.asked_by, *one.writers, *(() if decided is None else (decided.by,))}
    who |= set() if gave is None else {gave.gave, gave.beside, gave.by}
    desk = transfer_unit_of(unit, one) if one.way is Way.TRANSFER else None
    people = {id_: person_of(unit, id_) for id_ in sorted(who)}
    rule = rule_of(site, one.way, one.asked_at)
    answer_by = local_day(site.policies, one.asked_at) + timedelta(days=rule.answer_days)
    secret = secrecy_of(pack_at(site.policies, now), pack_at(site.strictest, now))
    return ListedExport(
        export=one,
        cites=cite_ids(rule.cites),
        titles=titles,
        cover=cover_of(site, unit, one, now),
        office=_office_of(unit, one),
        desk=None if desk is None else full_names(unit.units.all())[desk.id],
        people=people,
        zone=site.policies.latest.time_zone,
        answer_by=answer_by,
        secrecy_cites=cite_ids(secret),
        alike=_alike(unit, site, caller, one),
        carried=_carried(unit, site, caller, one),
        withheld=_withheld(one, {id_: it.classification for id_, it in standings.items()}),
    )


def _carried(unit: UnitOfWork, site: Site, caller: Caller, one: Export) -> Mapping[str, str]:
    """Return what is in a package that is in somebody's hands, as long as its documents are, too."""
    is_open = one.state in (State.BUILT, State.HANDED_OVER)
    may = may_about(unit, site, caller, Action.EXPORT, one) and is_with_transfer_unit(unit, caller, one)
    if not (is_open and may):
        return {}
    found, now = unit.recordings.some([item.recording_id for item in one.granted]), site.clock.now()
    return {id_: title_at(stored, now) for id_, stored in found.items()}


def _withheld(one: Export, classes: Mapping[str, Classification]) -> frozenset[str]:
    if one.state is not State.ASKED:
        return frozenset()
    items = {item.recording_id: item for item in one.items}
    return frozenset(id_ for id_, class_ in classes.items() if is_withheld(one.way, items[id_], class_))


def _alike(unit: UnitOfWork, site: Site, caller: Caller, one: Export) -> Sequence[Export]:
    if one.state is not State.ASKED:
        return []
    return [
        other
        for other in unit.exports.of(one.items[0].recording_id)
        if other.id != one.id
        and one.is_like(other)
        and (other.asked_by == caller.id or may_about(unit, site, caller, Action.READ_EXPORTS, other))
    ]


def seals_of(unit: UnitOfWork, one: Export) -> Mapping[str, str]:
    """Return what the log says of the media: SHA-256 of the tag manifest of each, by its file. What it says
    of an earlier build stands no more."""
    found: dict[str, str] = {}
    for _, _, body in unit.log.about(Family.CUSTODY, one.id):
        entry = read_entry(body)
        if entry["act"] == Act.EXPORT_SEAL.value:
            found = {bag["file"]: bag["tagmanifest_sha256"] for bag in entry["facts"]["bags"]}
    return found


def _office_of(unit: UnitOfWork, one: Export) -> str:
    """Return the name of the agency: of the unit above all others, whose head decides."""
    home = unit.units.get(one.unit_id)
    top = None if home is None else unit.units.get(home.path.strip("/").partition("/")[0])
    return one.unit_id if top is None else top.name
