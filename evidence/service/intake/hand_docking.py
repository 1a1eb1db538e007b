"""Docking by a person, in a browser: for which recorder, and who wore it.

1. The recorder is on the register, and in the caller's own hands; or of a unit where their role lets them.
2. Who wore it is nobody's word here. It is who had it in hands when the file was last written, as issue and
   return say; where no issue covers that moment, who has it now, else who had it last.
3. Nothing is sent that was not announced. Neither labels nor a clock offset are taken: labels come later, and
   nobody has held the recorder's clock against anything. The manifest says so, by a label.
4. All else is as with a dock: a file is owed from its announcement, resumed, sealed, and has its receipt.
What a person sent belongs to an account that opens no door: no token fits it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.devices import Device, Issue
from evidence.domain.recordings import NOT_MEASURED, Origin
from evidence.domain.rights import Action, Kind
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, IntegrityFault
from evidence.service.gate import admits
from evidence.service.oversight.refusals import OutOfSight, tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True)
class HandDocking:
    """The desk where people dock without a dock."""

    site: Site

    @admits(Action.ANNOUNCE_CARD)
    def devices(self, caller: Caller) -> Sequence[Device]:
        """Return the recorders in the caller's hands; what else they may dock they name."""
        with self.site.database.reading() as unit:
            found = (unit.devices.find(one) for one in unit.devices.open_issues(caller.id))
            return sorted((one for one in found if one is not None), key=lambda one: one.serial)


def listed_by_hand(
    site: Site, caller: Caller, card: Origin, files: Sequence[Origin]
) -> tuple[Origin, list[Origin]]:
    """Return a person's list of a card as it is taken.

    Raises: NotFound("device-not-registered"), Conflict("device-not-issued").
    """
    with tries_logged(site, caller, Action.ANNOUNCE_CARD), site.database.reading() as unit:
        issues = _issues_within(unit, site, caller, Action.ANNOUNCE_CARD, card.device)
        numbers = {one.person_id: _number(unit, one) for one in issues}

    def taken(one: Origin) -> Origin:
        wearer = numbers[_wearing(issues, one.modified_at).person_id]
        return replace(one, wearer=wearer, clock_offset_ms=0, labels=NOT_MEASURED)

    return taken(replace(card, modified_at=None)), [taken(one) for one in files]


def sent_by_hand(site: Site, caller: Caller, origin: Origin) -> Origin:
    """Return what a person sends as its list announced it.

    Raises: NotFound("device-not-registered"), Conflict("device-not-issued", "file-not-announced").
    """
    with tries_logged(site, caller, Action.SEND_RECORDING), site.database.reading() as unit:
        _issues_within(unit, site, caller, Action.SEND_RECORDING, origin.device)
        listed = unit.cards.match(origin)
    if listed is None:
        raise Conflict("file-not-announced", name=origin.name)
    told = listed.origin
    return replace(
        origin,
        wearer=told.wearer,
        clock_offset_ms=told.clock_offset_ms,
        card_id=told.card_id,
        labels=told.labels,
    )


def keep_sender(unit: UnitOfWork, caller: Caller, now: datetime) -> None:
    """Keep an account for what a person sends, where there is none: revoked, under a token that none fits."""
    if caller.kind is Kind.PERSON and not unit.accounts.knows(caller.id):
        unit.accounts.add(Caller(caller.id, Kind.PERSON, f"person {caller.id}"), f"-{caller.id}", now)
        unit.accounts.revoke(caller.id, now)


def _issues_within(
    unit: UnitOfWork, site: Site, caller: Caller, action: Action, serial: str
) -> Sequence[Issue]:
    """Return in whose hands a recorder was, newest first, where the caller may send for it."""
    found = unit.devices.find(serial) if is_plain(serial) else None
    if found is None or found.serial != serial:
        raise OutOfSight("device-not-registered", device=serial)
    issues, home = unit.devices.issues(found.id), unit.units.get(found.unit_id)
    in_hands = any(one.person_id == caller.id and one.returned_at is None for one in issues)
    if not in_hands and (home is None or not may_in(caller, action, home.path, site.bars())):
        raise OutOfSight("device-not-registered", device=serial)
    if not issues:
        raise Conflict("device-not-issued", device=serial)
    return issues


def _wearing(issues: Sequence[Issue], at: datetime | None) -> Issue:
    """Return the issue during which a file was written; the newest, where none says so. issues: newest
    first."""
    during = (
        one
        for one in issues
        if at is not None and one.issued_at <= at and (one.returned_at is None or at < one.returned_at)
    )
    return next(during, issues[0])


def _number(unit: UnitOfWork, one: Issue) -> str:
    person = unit.people.get(one.person_id)
    if person is None:
        raise IntegrityFault("person-not-found", person=one.person_id)
    return person.number
