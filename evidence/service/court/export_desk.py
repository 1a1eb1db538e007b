"""Exports for a desk: a page of the list, what waits for a decider, one with what may be done to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from evidence.domain.access import Caller, may_in, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.derivatives import Derivative
from evidence.domain.exports import Export, State, Way
from evidence.domain.rights import Action, Role
from evidence.domain.shares import Share
from evidence.domain.spans import Span
from evidence.service.cases.case_pages import span_of
from evidence.service.court.export_access import (
    about_export,
    decidable,
    is_decider,
    is_with_transfer_unit,
    may_about,
    rule_of,
    transfer_unit_of,
)
from evidence.service.court.export_lists import ListedExport, listed_of
from evidence.service.court.export_ports import Derivatives
from evidence.service.court.sharing import SHARED
from evidence.service.gate import admits
from evidence.service.instruments import local_day
from evidence.service.listing import Listing
from evidence.service.oversight.views import Seer, seers_of
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST = 50
SORTS = ("number", "way", "recipient")
NEWEST_FIRST = Listing("number", is_down=True)


@dataclass(frozen=True, slots=True)
class ExportLine:
    """A line of the list. answer_by: the day by which somebody decides. is_late: that day is over."""

    export: Export
    unit: str
    answer_by: date
    is_late: bool


@dataclass(frozen=True, slots=True)
class ExportPage:
    """A page of exports, newest first. after: where the next begins, None at the end."""

    lines: Sequence[ExportLine]
    people: Mapping[str, Seer]
    after: str | None


@dataclass(frozen=True, slots=True)
class ExportSheet:
    """One export. decides, acts, hands_over, shares: what the caller may do to it now; the act itself asks
    again. transfer_unit: who alone hands a transfer over, None where nobody is named. deciders: roles.
    made: what goes out in the place of originals that the caller may know of, by id. plays: the recordings
    that they may play. spans: when those of which they are told were made. unhidden: of what nobody has
    decided yet, those that are asked for whole though a redaction is there; a court gets the whole.
    """

    listed: ListedExport
    unit: str
    people: Mapping[str, Seer]
    links: Sequence[Share]
    decides: bool
    acts: bool
    hands_over: bool
    transfer_unit: str | None
    deciders: Sequence[str]
    shares: bool
    made: Mapping[str, Derivative]
    plays: Collection[str]
    spans: Mapping[str, Span | None]
    unhidden: Collection[str]


@dataclass(frozen=True, slots=True)
class Redactions:
    """Redactions by recording, and who asked for them, by id. restricted: of the recordings, those that go
    out whole only as evidence."""

    made: Mapping[str, Sequence[Derivative]]
    people: Mapping[str, Seer]
    restricted: Collection[str]


@dataclass(frozen=True)
class ExportDesk:
    """The desk where exports are looked over. derivatives: what was made from recordings."""

    site: Site
    derivatives: Derivatives

    @admits(Action.READ_EXPORTS)
    def page(
        self, caller: Caller, state: State | None = None, after: str = "", listing: Listing = NEWEST_FIRST
    ) -> ExportPage:
        """Return exports of the caller's units, those in a state or all; the look is logged."""
        with self.site.database.writing() as unit:
            return self._page(unit, caller, self._readable(unit, caller), (state, None, after), listing)

    @admits(Action.DECIDE_EXPORTS)
    def waiting(self, caller: Caller, after: str = "", listing: Listing = NEWEST_FIRST) -> ExportPage:
        """Return what the caller may decide now: nobody's own; the look is logged."""
        with self.site.database.writing() as unit:
            asked = State.ASKED, caller.id, after
            return self._page(unit, caller, decidable(unit, self.site, caller), asked, listing)

    @admits(Action.READ_EXPORTS)
    def one(self, caller: Caller, export_id: str) -> ExportSheet:
        """Return an export; the look is logged. Raises: NotFound("export-not-found")."""
        with about_export(self.site, caller, Action.READ_EXPORTS, export_id) as (unit, found):
            entry = Entry(Act.READ_LIST, caller.id, (("export", found.id),), facts={"list": "exports"})
            unit.log.append(entry, self.site.clock.now())
            acts, shares = (
                may_about(unit, self.site, caller, one, found) for one in (Action.EXPORT, Action.SHARE)
            )
            links = unit.shares.of(found.id) if shares else ()
            decided, gave = found.decision, found.hand_over
            rule = rule_of(self.site, found.way, found.asked_at)
            who = {found.asked_by, *found.writers, *(one.made_by for one in links)}
            who |= set() if decided is None else {decided.by}
            made = self._goes_out(unit, caller, found)
            who |= {one.asked_by for one in made.values()}
            who |= set() if gave is None else {gave.gave, gave.beside}
            listed = listed_of(unit, self.site, caller, found)
            told = unit.examinations.facts_of([*{**listed.titles, **listed.carried}], "sequence")
            return ExportSheet(
                listed=listed,
                unit=full_names(unit.units.all()).get(found.unit_id, ""),
                people=seers_of(unit, who),
                links=links,
                decides=self._decides(unit, caller, found),
                acts=acts,
                hands_over=acts
                and (found.way is not Way.TRANSFER or is_with_transfer_unit(unit, caller, found)),
                transfer_unit=None if (named := transfer_unit_of(unit, found)) is None else named.name,
                deciders=[one.value for one in Role if one.value in rule.decided_by],
                shares=shares and found.way is not Way.TRANSFER and found.state in SHARED,
                made=made,
                plays=self._within(unit, caller, Action.PLAY, [one.recording_id for one in found.items]),
                spans={id_: span_of(text) for id_, text in told.items()},
                unhidden=self._unhidden(unit, found, listed.titles),
            )

    @admits(Action.EXPORT)
    def redacted(self, caller: Caller, recordings: Sequence[str]) -> Redactions:
        """Return the redactions that could go out in the place of originals: of those only of which the
        caller may ask."""
        found, now = dict[str, Sequence[Derivative]](), self.site.clock.now()
        with self.site.database.reading() as unit:
            for id_ in self._within(unit, caller, Action.EXPORT, recordings):
                every = (one for one in unit.derivatives.of(id_) if self._hides(unit, one))
                found[id_] = self._told(unit, caller, every)
            people = seers_of(unit, {one.asked_by for each in found.values() for one in each})
            standings = unit.standings.some(list(found), now).items()
        return Redactions(found, people, [id_ for id_, one in standings if one.classification.is_restricted])

    def _hides(self, unit: UnitOfWork, one: Derivative) -> bool:
        made = self.derivatives.get(unit, one.id)
        return made is not None and made.is_redacted

    def _unhidden(self, unit: UnitOfWork, one: Export, known: Collection[str]) -> Collection[str]:
        if one.state is not State.ASKED or one.way is Way.TRANSFER:
            return ()
        whole = [item.recording_id for item in one.items if item.derivative_id is None]
        return [
            id_
            for id_ in whole
            if id_ in known and any(self._hides(unit, it) for it in unit.derivatives.of(id_))
        ]

    def _told(self, unit: UnitOfWork, caller: Caller, found: Iterable[Derivative]) -> Sequence[Derivative]:
        """Return derivatives as somebody is told of them: title and reasons are for who may have them
        made."""
        every = list(found)
        whole = self._within(unit, caller, Action.DERIVE, [one.recording_id for one in every])
        return [one if one.recording_id in whole else replace(one, words={}) for one in every]

    def _within(
        self, unit: UnitOfWork, caller: Caller, action: Action, recordings: Sequence[str]
    ) -> Collection[str]:
        """Return the recordings to which somebody may do something."""
        there, now = reach(caller, action, self.site.bars()), self.site.clock.now()
        return [id_ for id_, one in unit.standings.some(recordings, now).items() if there.covers(one)]

    def _goes_out(self, unit: UnitOfWork, caller: Caller, one: Export) -> Mapping[str, Derivative]:
        seen = self._within(unit, caller, Action.LIST_RECORDINGS, [item.recording_id for item in one.items])
        ids = [item.derivative_id for item in one.items if item.derivative_id and item.recording_id in seen]
        found = (unit.derivatives.get(id_) for id_ in ids)
        return {one.id: one for one in self._told(unit, caller, (one for one in found if one))}

    def _page(
        self,
        unit: UnitOfWork,
        caller: Caller,
        of: Mapping[Way, Collection[str]],
        asked: tuple[State | None, str | None, str],
        listing: Listing,
    ) -> ExportPage:
        entry = Entry(Act.READ_LIST, caller.id, facts={"list": "exports"})
        unit.log.append(entry, self.site.clock.now())
        found = unit.exports.page(of, *asked, MOST + 1, listing)
        shown, names = found[:MOST], full_names(unit.units.all())
        lines = [self._line(one, names.get(one.unit_id, "")) for one in shown]
        people = seers_of(unit, {one.asked_by for one in shown})
        return ExportPage(lines, people, shown[-1].number if len(found) > MOST else None)

    def _line(self, one: Export, unit: str) -> ExportLine:
        rule, today = (
            rule_of(self.site, one.way, one.asked_at),
            local_day(self.site.policies, self.site.clock.now()),
        )
        answer_by = local_day(self.site.policies, one.asked_at) + timedelta(days=rule.answer_days)
        return ExportLine(one, unit, answer_by, one.state is State.ASKED and today > answer_by)

    def _readable(self, unit: UnitOfWork, caller: Caller) -> Mapping[Way, Collection[str]]:
        """Return the units whose exports are there for somebody, as `may_about` has it."""
        paths = {one.id: one.path for one in unit.units.all()}
        bars = self.site.bars()
        mine = {id_ for id_, path in paths.items() if may_in(caller, Action.READ_EXPORTS, path, bars)}
        served = {id_ for id_, path in paths.items() if unit.transfer_units.serving(path) in mine}
        return {way: mine | served if way is Way.TRANSFER else mine for way in Way}

    def _decides(self, unit: UnitOfWork, caller: Caller, one: Export) -> bool:
        home, rule = unit.units.get(one.unit_id), rule_of(self.site, one.way, one.asked_at)
        if one.state is not State.ASKED or one.asked_by == caller.id or home is None:
            return False
        may = may_about(unit, self.site, caller, Action.DECIDE_EXPORTS, one)
        return may and is_decider(caller, rule, home.path)
