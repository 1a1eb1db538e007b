"""Exploring the logs: entries by place, by act, by what they are about, as they were written.

What an entry commits to and does not say stays withheld. Every look is an entry itself. A page looks through
so many entries and no more: whoever looks for a rare act goes on where the last page ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry, Family
from evidence.domain.ids import is_id
from evidence.domain.rights import Action
from evidence.errors import Invalid, NotFound
from evidence.service.gate import admits
from evidence.service.oversight.watch_ports import LoggedEntry
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

ROWS = 50
LOOKED_THROUGH = 20_000  # entries for one page


@dataclass(frozen=True, slots=True)
class LogHead:
    """How far a log is, and how far it is published; at: when that was. cosigned: by how many witnesses."""

    log: str
    size: int
    published: int
    at: datetime | None
    cosigned: int


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries of a log, the newest first. before: where the next page begins; None at the beginning."""

    log: str
    entries: Sequence[LoggedEntry]
    before: int | None


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One entry, and whether a checkpoint covers it yet. number: of whoever acted."""

    one: LoggedEntry
    head: LogHead
    number: str | None

    @property
    def is_published(self) -> bool:
        """Whether a signed checkpoint covers it."""
        return self.one.index < self.head.published


@dataclass(frozen=True)
class LogExploring:
    """The desk for looking at the logs."""

    site: Site

    @admits(Action.READ_LOG)
    def heads(self, caller: Caller) -> Sequence[LogHead]:
        """Return how far each log is; the look is logged."""
        with self._looking(caller) as unit:
            return [_head(unit, log) for log in unit.tree.logs()]

    @admits(Action.READ_LOG)
    def page(self, caller: Caller, log: str, before: int | None = None, act: str | None = None) -> LogPage:
        """Return the entries before an index (the newest, without one), of an act if one is said; the look is
        logged. Raises: NotFound("log-not-found"), Invalid("invalid-text").
        """
        if act is not None and act not in tuple(Act):
            raise Invalid("invalid-text", field="act")
        with self._looking(caller, log) as unit:
            if log not in unit.tree.logs():
                raise NotFound("log-not-found", log=log)
            end = unit.tree.size(log)
            end = end if before is None else min(before, end)
            start = max(0, end - (ROWS if act is None else LOOKED_THROUGH))
            found = unit.overseen.entries(log, start, end, act, ROWS)
        if len(found) == ROWS:
            start = found[-1].index
        return LogPage(log, found, start or None)

    @admits(Action.READ_LOG)
    def about(self, caller: Caller, object_id: str) -> Sequence[LoggedEntry]:
        """Return the newest entries about something, by its id, in all logs; the look is logged."""
        if not is_id(object_id):
            raise NotFound("not-found")
        with self._looking(caller) as unit:
            found = [one for family in Family for one in unit.overseen.about(family.value, object_id, ROWS)]
        return sorted(found, key=lambda one: one.at, reverse=True)

    @admits(Action.READ_LOG)
    def entry(self, caller: Caller, log: str, index: int) -> ShownEntry:
        """Return one entry; the look is logged. Raises: NotFound("log-not-found")."""
        with self._looking(caller, log) as unit:
            found = unit.overseen.entries(log, index, index + 1, None, 1)
            if not found:
                raise NotFound("log-not-found", log=log)
            person = unit.people.get(found[0].by) if is_id(found[0].by) else None
            return ShownEntry(found[0], _head(unit, log), None if person is None else person.number)

    @contextmanager
    def _looking(self, caller: Caller, log: str | None = None) -> Iterator[UnitOfWork]:
        facts = {} if log is None else {"log": log[:20]}
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LOG, caller.id, facts=facts), self.site.clock.now())
        with self.site.database.reading() as unit:
            yield unit


def _head(unit: UnitOfWork, log: str) -> LogHead:
    published, _ = unit.tree.published(log)
    cosigned = len(unit.cosignatures.of(log, published)) if published else 0
    return LogHead(log, unit.tree.size(log), published, unit.tree.published_at(log), cosigned)
