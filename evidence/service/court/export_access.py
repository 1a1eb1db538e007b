"""What every desk over exports asks first: is there such an export for the caller, does its approval stand,
who decides about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.export_names import file_name
from evidence.domain.exports import Export, State, Way, set_digest
from evidence.domain.ids import is_id
from evidence.domain.people import Unit, is_below
from evidence.domain.rights import Action, Kind
from evidence.errors import Conflict, NotFound, Refused
from evidence.policy.rules import cite_ids
from evidence.policy.ways_out import WayOut, ways_out_of
from evidence.service.instruments import local_day, pack_at
from evidence.service.oversight.refusals import OutOfSight, tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class Handout:
    """A file about an export, to be handed out. name: which no other export's bears."""

    name: str
    body: bytes


def handout_of(unit: UnitOfWork, one: Export, kind: str, body: bytes) -> Handout:
    """Return a file about an export under its name."""
    case = None if one.case_id is None else unit.cases.get(one.case_id)
    return Handout(file_name(one.number, None if case is None else case.number, kind), body)


@contextmanager
def about_export(
    site: Site, caller: Caller, action: Action, export_id: str
) -> Iterator[tuple[UnitOfWork, Export]]:
    """Open a writing transaction about an export of the caller's units, or one that they asked for.

    Raises: NotFound("export-not-found").
    """
    with tries_logged(site, caller, action, ("export", export_id)), site.database.writing() as unit:
        found = unit.exports.get(export_id) if is_id(export_id) else None
        if found is None:
            raise NotFound("export-not-found", export=export_id)
        if not may_about(unit, site, caller, action, found):
            raise OutOfSight("export-not-found", export=export_id)
        yield unit, found


def may_about(unit: UnitOfWork, site: Site, caller: Caller, action: Action, one: Export) -> bool:
    """Tell whether an export exists for somebody: of their units, asked for by them, or a transfer that is
    in the hands of their unit."""
    home, bars = unit.units.get(one.unit_id), site.bars()
    if home is None:
        return False
    if (one.asked_by == caller.id and action is Action.EXPORT) or may_in(caller, action, home.path, bars):
        return True
    named_id = unit.transfer_units.serving(home.path) if one.way is Way.TRANSFER else None
    named = None if named_id is None else unit.units.get(named_id)
    handles = action in (Action.EXPORT, Action.READ_EXPORTS)
    return named is not None and handles and may_in(caller, action, named.path, bars)


def rule_of(site: Site, way: Way, now: datetime) -> WayOut:
    """Return the rule of a way out. Raises: Conflict("no-rule")."""
    rules = ways_out_of(pack_at(site.policies, now), pack_at(site.strictest, now))
    found = {
        Way.TRANSFER: rules.transfer,
        Way.PARTY_COPY: rules.party_copy,
        Way.SUPPLY: rules.outside_supply,
    }[way]
    if found is None:
        raise Conflict("no-rule", way=way.value)
    return found


def verify_is_person(caller: Caller, action: Action) -> None:
    """Verify that somebody of the agency acts who has signed in. The command line on the server has no unit
    (Dazhe 2020 art. 14), and is nobody's name beside a second person's.

    Raises: Refused("persons-only").
    """
    if caller.kind is not Kind.PERSON:
        raise Refused("persons-only", action=action.value)


def verify_undecided(one: Export) -> None:
    """Verify that a request stands and nobody has decided about it.

    Raises: Conflict("export-withdrawn", "export-decided").
    """
    if one.state is not State.ASKED:
        code = "export-withdrawn" if one.state is State.WITHDRAWN else "export-decided"
        raise Conflict(code, export=one.id)


def is_decider(caller: Caller, rule: WayOut, path: str) -> bool:
    """Tell whether somebody has a role that decides, over a unit."""
    return any(one.role.value in rule.decided_by and is_below(path, one.path) for one in caller.grants)


def decidable(unit: UnitOfWork, site: Site, caller: Caller) -> Mapping[Way, Collection[str]]:
    """Return the units, by way, about whose exports somebody decides; none where the pack has no such way."""
    bars, found, now = site.bars(), {}, site.clock.now()
    for way in Way:
        try:
            rule = rule_of(site, way, now)
        except Conflict:
            continue
        found[way] = {
            one.id
            for one in unit.units.all()
            if may_in(caller, Action.DECIDE_EXPORTS, one.path, bars) and is_decider(caller, rule, one.path)
        }
    return found


def present_set(unit: UnitOfWork, one: Export, now: datetime) -> str:
    """Return the digest of what is granted, as it is at this moment; "" where some of it has gone, or left
    the case."""
    ids = [item.recording_id for item in one.granted]
    standings, stored = unit.standings.some(ids, now), unit.recordings.some(ids)
    belonging = ids if one.case_id is None else unit.cases.belonging(one.case_id)
    if any(stored[id_].gone_at is not None or id_ not in belonging for id_ in ids):
        return ""
    return set_digest(one.items, {id_: standings[id_].classification for id_ in ids})


def stands(unit: UnitOfWork, site: Site, one: Export, states: Collection[State]) -> bool:
    """Tell whether an export is in one of these states and its approval stands, about the very set that was
    approved."""
    now, decided = site.clock.now(), one.decision
    if one.state not in states or decided is None or decided.valid_to is None:
        return False
    is_over = local_day(site.policies, now) > decided.valid_to
    return not is_over and present_set(unit, one, now) == decided.set_sha256


def verify_transfer_unit(unit: UnitOfWork, site: Site, caller: Caller, one: Export) -> None:
    """Verify that a transfer is in the hands of the unit that is named for it (Dazhe 2020 art. 14).

    Raises: Conflict("no-transfer-unit"), Refused("not-the-transfer-unit").
    """
    if one.way is not Way.TRANSFER:
        return
    named = transfer_unit_of(unit, one)
    if named is None:
        raise Conflict("no-transfer-unit", export=one.id)
    if not is_with_transfer_unit(unit, caller, one):
        cites = " ".join(cite_ids(rule_of(site, one.way, one.asked_at).cites))
        raise Refused("not-the-transfer-unit", action=Action.EXPORT.value, unit=named.name, cites=cites)


def is_with_transfer_unit(unit: UnitOfWork, caller: Caller, one: Export) -> bool:
    """Tell whether somebody is of the unit that hands this transfer over. Media may be written for it from
    the command line on the server, too."""
    named = transfer_unit_of(unit, one) if one.way is Way.TRANSFER else None
    return named is not None and (caller.kind is Kind.OPERATOR or is_below(caller.path, named.path))


def transfer_unit_of(unit: UnitOfWork, one: Export) -> Unit | None:
    """Return the unit that is named to hand over what is an export of this unit, if there is one."""
    home = unit.units.get(one.unit_id)
    named_id = None if home is None else unit.transfer_units.serving(home.path)
    return None if named_id is None else unit.units.get(named_id)


def lapse_if_changed(site: Site, one: Export) -> None:
    """End an approval that is over, or whose set is another one by now.

    Raises: Conflict("approval-lapsed"), after that was noted.
    """
    now = site.clock.now()
    with site.database.writing() as unit:
        fresh = unit.exports.get(one.id) or one
        decided = fresh.decision
        if decided is None or fresh.state not in (State.APPROVED, State.BUILT):
            return
        is_over = decided.valid_to is not None and local_day(site.policies, now) > decided.valid_to
        if not is_over and present_set(unit, fresh, now) == decided.set_sha256:
            return
        why = "over" if is_over else "set-changed"
        lapsed = replace(fresh, decision=replace(decided, lapsed_at=now))
        unit.exports.put(lapsed)
        mark_transfer(unit, lapsed)
        unit.log.append(entry_of(Act.EXPORT_LAPSE, "service", lapsed, {"why": why}), now)
    raise Conflict("approval-lapsed", export=one.id, why=why)


def mark_transfer(unit: UnitOfWork, one: Export) -> None:
    """Have the recordings of a transfer stand under it for as long as one of their transfers is open."""
    if one.way is not Way.TRANSFER:
        return
    for item in one.granted:
        others = unit.exports.of(item.recording_id)
        is_open = any(
            other.is_open and other.way is Way.TRANSFER and _grants(other, item.recording_id)
            for other in others
        )
        unit.standings.mark(item.recording_id, under_transfer=is_open)


def _grants(one: Export, recording_id: str) -> bool:
    return any(item.recording_id == recording_id for item in one.granted)


def over(state: State) -> str | None:
    """Return the code that says why nothing more is done with a package: one that is built and gone on, or
    whose approval is over; None where that is not so."""
    return {
        State.HANDED_OVER: "already-handed-over",
        State.RECEIPTED: "already-received",
        State.LAPSED: "approval-lapsed",
    }.get(state)


def entry_of(
    act: Act,
    by: str,
    one: Export,
    facts: Mapping[str, object],
    personal: Mapping[str, object] | None = None,
) -> Entry:
    """Return an entry about an export, what is asked for in it, and its case."""
    case = () if one.case_id is None else (("case", one.case_id),)
    items = tuple(("recording", item.recording_id) for item in one.items)
    said = {key: value for key, value in (personal or {}).items() if value is not None}
    whole = {**facts, "number": one.number, "way": one.way.value}
    return Entry(act, by, (("export", one.id), *case, *items), facts=whole, personal=said)
