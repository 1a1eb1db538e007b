"""Docks bound to recorders: a dock that knows its recorders sends for no other. A stolen token is worth less.

Most docks are bound to none, and take whatever recorder is put in. Not here: who owns an upload
(service/intake/uploads.py).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Action, Kind
from evidence.errors import Invalid, NotFound, Refused
from evidence.service.gate import admits
from evidence.service.site import Site

MOST_DEVICES = 2000
LONGEST_DEVICE = 200


@dataclass(frozen=True)
class Binding:
    """The desk for what docks are bound to."""

    site: Site

    @admits(Action.MANAGE_DOCKS)
    def bind(self, caller: Caller, dock: str, devices: Collection[str] | None) -> None:
        """Let a dock (by id or name) send for these recorders only, by serial number; None: for any.

        What it began to send before goes on. Raises: NotFound, Invalid("invalid-devices").
        """
        if devices is not None and not _are_devices(devices):
            raise Invalid("invalid-devices", most=MOST_DEVICES)
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            docks = [one for one in unit.accounts.all() if one.kind is Kind.DOCK]
            named = {**{one.name: one.id for one in docks}, **{one.id: one.id for one in docks}}
            dock_id = named.get(dock)
            if dock_id is None:
                raise NotFound("dock-not-found", dock=dock)
            unit.accounts.bind(dock_id, devices)
            facts = {"devices": None if devices is None else len(set(devices))}
            unit.log.append(Entry(Act.DOCK_BIND, caller.id, (("account", dock_id),), facts=facts), now)


def verify_bound(site: Site, caller: Caller, action: Action, device: str) -> None:
    """Refuse a recorder that a dock is not bound to, and log the try. Raises: Refused."""
    if caller.devices is None or device in caller.devices:
        return
    facts = {"action": action.value, "why": "device-not-of-dock"}
    entry = Entry(
        Act.DENIED, caller.id, (("account", caller.id),), "refused", facts, None, {"device": device}
    )
    with site.database.writing() as unit:
        unit.log.append(entry, site.clock.now())
    raise Refused("device-not-of-dock", device=device)


def _are_devices(devices: Collection[str]) -> bool:
    legible = all(0 < len(one) <= LONGEST_DEVICE and one.isprintable() and one.strip() for one in devices)
    return legible and 0 < len(devices) <= MOST_DEVICES
