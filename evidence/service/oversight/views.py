"""Watching the watchers: who saw, played, took along or was refused a recording, when, and what for.

Read from the log of access, where everybody's looks stand: officers', administrators', tokens', and those of
the command line on the server. Reading it is a look itself. No list can be kept beside it that forgets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry, Family
from evidence.domain.rights import Action
from evidence.errors import Invalid
from evidence.ledger.entries import read_entry
from evidence.service.gate import admits
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST = 500


@dataclass(frozen=True, slots=True)
class Seer:
    """Who looked: an account id or "operator", "service"; as far as it is known what that is."""

    id: str
    kind: str  # "person", "account", or the id itself
    number: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """One look at a recording. n: number of the entry about it in the logs of access, from 1."""

    n: int
    at: str
    act: str
    result: str
    seer: Seer
    purpose: str | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Views:
    """The desk where looks are looked at."""

    site: Site

    @admits(Action.READ_VIEWS)
    def of(
        self, caller: Caller, recording_id: str, most: int = 100, before: int | None = None
    ) -> Sequence[View]:
        """Return looks at a recording, newest first, those before number `before`; 1 ≤ most ≤ MOST.

        Raises: NotFound("recording-not-found"), Invalid("invalid-page").
        """
        if not 1 <= most <= MOST or (before is not None and before < 1):
            raise Invalid("invalid-page", most=MOST)
        admit_to_recording(self.site, caller, Action.READ_VIEWS, recording_id)
        with self.site.database.writing() as unit:
            page = _page(unit, recording_id, most, before)
            seers = seers_of(unit, {str(entry.get("by", "anyone")) for _, entry in page})
            entry = Entry(Act.READ_VIEWS, caller.id, (("recording", recording_id),))
            unit.log.append(entry, self.site.clock.now())
        return [_view(n, entry, seers) for n, entry in page]


def _page(
    unit: UnitOfWork, recording_id: str, most: int, before: int | None
) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the last entries before one, newest first; however many there are, only a page is kept."""
    last: deque[tuple[int, bytes]] = deque(maxlen=most)
    for n, (_, _, body) in enumerate(unit.log.about(Family.ACCESS, recording_id), 1):
        if before is not None and n >= before:
            break
        last.append((n, body))
    return [(n, read_entry(body)) for n, body in reversed(last)]


def seers_of(unit: UnitOfWork, ids: set[str]) -> dict[str, Seer]:
    """Return who stands behind the ids in entries."""
    accounts = {one.id: one for one in unit.accounts.all()}
    found = {}
    for id_ in ids:
        person = unit.people.get(id_)
        if person is not None:
            found[id_] = Seer(id_, "person", person.number, person.name)
        elif id_ in accounts:
            found[id_] = Seer(id_, accounts[id_].kind.value, name=accounts[id_].name)
        else:
            found[id_] = Seer(id_, id_ if not id_.isalnum() or len(id_) < 32 else "account")
    return found


def _view(n: int, entry: Mapping[str, Any], seers: Mapping[str, Seer]) -> View:
    facts = entry.get("facts", {})
    by = str(entry.get("by", "anyone"))
    return View(n, entry["t"], entry["act"], entry["res"], seers[by], facts.get("purpose"), facts)
