"""Holding holds against each other: of each recording, log, rows and the locks in the vault say the same.

The entries of the log say which holds stand, and nobody takes one back unseen; so the rows, the mark beside
the recording and the locks of original and manifest are held against them. A hold of which the vault was not
told yet (holds.py) is not looked for there. Lock records can be taken away without a trace in the vault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

from evidence.domain.audit import Act, Family
from evidence.domain.holds import Hold
from evidence.domain.told import says_enough
from evidence.errors import IntegrityFault
from evidence.ledger.entries import read_entry
from evidence.service.log.log_faults import Fault, raise_if_away
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.errors import StorageError
from storage.vault import Sealed

PARTS = ("data", "manifest.json")
_LOOKS = 3  # at a recording whose holds change while it is looked at; the next check looks again
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Said:
    """What log and catalogue say of one recording. owed: what the vault has not been told as it is now."""

    by_log: frozenset[str] = _NONE
    by_rows: frozenset[str] = _NONE
    owed: frozenset[str] = _NONE
    is_marked: bool = False

    def agrees(self, locks: Iterable[Set[str]]) -> bool:
        """Tell whether all say the same. locks: the holds on the objects that are there."""
        if self.by_rows != self.by_log or self.is_marked != bool(self.by_log):
            return False
        settled = self.by_log - self.owed
        return all(held - self.owed == settled for held in locks)


@dataclass(frozen=True)
class HoldCheck:
    """The check of one site. there: the objects of each recording as the vault listed them before."""

    site: Site
    there: Mapping[str, Mapping[str, Sealed]]

    def faults(self) -> Iterator[Fault]:
        """Yield the recordings whose holds differ. Raises: StoreUnavailable."""
        with self.site.database.reading() as unit:
            entries = chain(unit.log.of_act(Act.HOLD_PLACE), unit.log.of_act(Act.HOLD_RELEASE))
            said = _folded(entries, unit.holds.all(), unit.standings.held())
        held = {id_ for id_, parts in self.there.items() if any(one.lock.holds for one in parts.values())}
        for recording_id in sorted(held | said.keys()):
            locks = [one.lock.holds for one in self.there.get(recording_id, {}).values()]
            if not said.get(recording_id, _Said()).agrees(locks):
                yield from self._look_again(recording_id)

    def _look_again(self, recording_id: str) -> Iterator[Fault]:
        """Tell what differs while log and rows stand still: a hold may have been placed since the list."""
        for _ in range(_LOOKS):
            said, locks = self._said(recording_id), self._locks(recording_id)
            if said.agrees(locks.values()):
                return
            if self._said(recording_id) == said:
                told = {"log": said.by_log, "rows": said.by_rows, **locks}
                detail = {name: " ".join(sorted(held)) for name, held in told.items()}
                yield Fault("hold-differs", f"recording {recording_id}", {**detail, "marked": said.is_marked})
                return

    def _said(self, recording_id: str) -> _Said:
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            marked = {recording_id} if unit.standings.get(recording_id, now).on_hold else set[str]()
            said = _folded(_about(unit, recording_id), unit.holds.of(recording_id), marked)
        return said.get(recording_id, _Said())

    def _locks(self, recording_id: str) -> Mapping[str, Set[str]]:
        """Return the holds on what is there of a recording; what is not is told elsewhere."""
        found: dict[str, Set[str]] = {}
        for part in PARTS:
            try:
                found[part] = self.site.vault.stat(f"recordings/{recording_id}/{part}").lock.holds
            except StorageError as problem:
                raise_if_away(problem)
        return found


def _about(unit: UnitOfWork, recording_id: str) -> Iterator[Mapping[str, Any]]:
    for _, _, body in unit.log.about(Family.CUSTODY, recording_id):
        with suppress(IntegrityFault):  # a fault of its own
            if says_enough(entry := read_entry(body)):  # so is the other
                yield entry


def _folded(
    entries: Iterable[Mapping[str, Any]], holds: Iterable[Hold], marked: Iterable[str]
) -> Mapping[str, _Said]:
    """Put together what is said of each recording. entries: a hold's placing before its lifting."""
    by_log, by_rows, owed = dict[str, set[str]](), dict[str, set[str]](), dict[str, set[str]]()
    for entry in entries:
        about = {str(one["k"]): str(one["id"]) for one in entry["obj"]}
        if entry["act"] == Act.HOLD_PLACE.value:
            by_log.setdefault(about["recording"], set()).add(about["hold"])
        elif entry["act"] == Act.HOLD_RELEASE.value:
            by_log.setdefault(about["recording"], set()).discard(about["hold"])
    for hold in holds:
        if hold.stands:
            by_rows.setdefault(hold.recording_id, set()).add(hold.id)
        if not hold.settled:
            owed.setdefault(hold.recording_id, set()).add(hold.id)
    marks = set(marked)

    def of(said: Mapping[str, set[str]], recording_id: str) -> frozenset[str]:
        return frozenset(said.get(recording_id, ()))

    return {
        one: _Said(of(by_log, one), of(by_rows, one), of(owed, one), one in marks)
        for one in marks.union(by_log, by_rows, owed)
    }
