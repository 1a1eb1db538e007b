"""Denied tries, as supervisors see them: those of auxiliary personnel first, then by how often.

A try belongs to the unit of whoever tried, and to the unit of the recording. Which recording it was is told
only to whom that recording belongs. What must be heard of besides: notices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id
from evidence.domain.instants import from_text
from evidence.domain.notices import Notice
from evidence.domain.people import WHOLE, Person, PersonType
from evidence.domain.rights import Action
from evidence.service.gate import admits
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

USUAL = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Try:
    """One denied try. why: "" in entries of older versions. recording_id None: not about one, or not told."""

    at: datetime
    action: str
    why: str
    cites: tuple[str, ...]
    recording_id: str | None


@dataclass(frozen=True, slots=True)
class Denied:
    """What was denied to one account, newest first. person: None where it is no person's."""

    account_id: str
    person: Person | None
    tries: tuple[Try, ...]

    @property
    def is_auxiliary(self) -> bool:
        """Tell whether the person is auxiliary personnel."""
        return self.person is not None and self.person.type is PersonType.AUXILIARY


@dataclass(frozen=True)
class Denials:
    """The desk of denied tries and of notices."""

    site: Site

    @admits(Action.READ_DENIALS)
    def tries(self, caller: Caller, since: datetime | None = None) -> Sequence[Denied]:
        """Return the denied tries in the caller's units since a moment, by default 30 days; logged."""
        now = self.site.clock.now()
        start = now - USUAL if since is None else since
        with self.site.database.writing() as unit:
            found = list(self._seen(unit, caller, list(unit.log.of_act(Act.DENIED, start)), now))
            people = {one.id: one for one in unit.people.all()}
            unit.log.append(Entry(Act.READ_DENIALS, caller.id), now)
        by_account: dict[str, list[Try]] = {}
        for account_id, one in found:
            by_account.setdefault(account_id, []).insert(0, one)
        lines = [Denied(id_, people.get(id_), tuple(tries)) for id_, tries in by_account.items()]
        return sorted(lines, key=lambda one: (not one.is_auxiliary, -len(one.tries), one.account_id))

    @admits(Action.READ_NOTICES)
    def notices(self, caller: Caller, since: datetime | None = None) -> Sequence[Notice]:
        """Return the notices about the caller's units, newest first; the look is logged."""
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_NOTICES, caller.id), now)
            return self.told(unit, caller, now - USUAL if since is None else since)

    def told(
        self, unit: UnitOfWork, caller: Caller, since: datetime, most: int | None = None
    ) -> Sequence[Notice]:
        """Return the same, `most` of them at most, to use cases that have admitted and logged."""
        paths, bars = {one.id: one.path for one in unit.units.all()}, self.site.bars()
        return [
            one
            for one in unit.notices.all(since, most)
            if may_in(caller, Action.READ_NOTICES, paths.get(one.unit_id or "", WHOLE), bars)
        ]

    @admits(Action.READ_DENIALS)
    def newest(self, caller: Caller, since: datetime, most: int) -> Sequence[tuple[Person | None, Try]]:
        """Return single tries, of the newest `most` of all units those of the caller's, oldest first; the
        look is logged."""
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_DENIALS, caller.id), now)
            return self.tried(unit, caller, since, now, most)

    def tried(
        self, unit: UnitOfWork, caller: Caller, since: datetime, now: datetime, most: int
    ) -> Sequence[tuple[Person | None, Try]]:
        """Return the same, to use cases that have admitted and logged."""
        found = list(self._seen(unit, caller, unit.overseen.denied(since, most), now))
        people = {id_: unit.people.get(id_) for id_ in {account_id for account_id, _ in found} if is_id(id_)}
        return [(people.get(account_id), one) for account_id, one in found]

    def _seen(
        self, unit: UnitOfWork, caller: Caller, entries: Sequence[Mapping[str, Any]], now: datetime
    ) -> Iterator[tuple[str, Try]]:
        """Yield what belongs to the caller's units, oldest first."""
        units = {one.id: one.path for one in unit.units.all()}
        who = {str(one.get("by", "anyone")) for one in entries}
        people = [unit.people.get(id_) for id_ in sorted(who) if is_id(id_)]
        homes = {one.id: units[one.unit_id] for one in people if one is not None}
        about = {_recording(one) for one in entries} - {None}
        places = {
            id_: one.unit_path for id_, one in unit.standings.some([str(id_) for id_ in about], now).items()
        }
        bars = self.site.bars()

        def mine(path: str) -> bool:
            return may_in(caller, Action.READ_DENIALS, path, bars)

        for entry in entries:
            by, recording_id = str(entry.get("by", "anyone")), _recording(entry)
            is_ours = recording_id is not None and mine(places[recording_id])
            if is_ours or mine(homes.get(by, WHOLE)):
                yield by, _try(entry, recording_id if is_ours else None)


def _recording(entry: Mapping[str, Any]) -> str | None:
    return next((str(one["id"]) for one in entry["obj"] if one["k"] == "recording"), None)


def _try(entry: Mapping[str, Any], recording_id: str | None) -> Try:
    facts = entry.get("facts", {})
    cites = tuple(facts.get("cites", ()))
    return Try(from_text(entry["t"]), facts.get("action", ""), facts.get("why", ""), cites, recording_id)
