"""The site: everything the use cases need from the machines, in one value that only bootstrap builds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from evidence.domain.access import Bars, Caller, barring, may
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Action
from evidence.errors import Refused
from evidence.policy.bars import bars_of
from evidence.service.cases.marker_ports import Listener
from evidence.service.catalogue import Terms
from evidence.service.court.derivative_ports import Maker, Tracker
from evidence.service.instruments import pack_at
from evidence.service.ports import (
    Clock,
    Database,
    JobBell,
    Originals,
    Policies,
    Prober,
    RunningDigests,
    Signer,
)
from evidence.service.sign_in.sign_in_ports import Passwords, TimeCodes
from storage.staging import Staging
from storage.vault import Vault


@dataclass(frozen=True)
class Site:
    """One installation."""

    database: Database
    vault: Vault
    staging: Staging
    clock: Clock
    signer: Signer
    policies: Policies
    strictest: Policies  # the union of all bars: what no auxiliary may do, whatever the pack says
    prober: Prober
    listener: Listener
    originals: Originals
    maker: Maker
    bell: JobBell
    new_digests: Callable[[], RunningDigests]
    passwords: Passwords
    codes: TimeCodes
    terms: Terms = field(default_factory=Terms)
    tracker: Tracker | None = None  # of what is to be hidden; None where the operator has set up none

    def bars(self) -> Bars:
        """Return what the law bars auxiliary personnel from now."""
        now = self.clock.now()
        return bars_of(pack_at(self.policies, now), pack_at(self.strictest, now))

    def admit(self, caller: Caller, action: Action) -> None:
        """Let the caller through or refuse; a refusal of a known account is logged before it is told.

        Raises: Refused("not-permitted", "barred-by-law" with the articles).
        """
        bars = self.bars()
        if may(caller, action, bars):
            return
        cites = [cite.id for cite in barring(caller, action, bars)]
        facts = {"action": action.value, **({"why": "barred-by-law", "cites": cites} if cites else {})}
        with self.database.writing() as unit:
            unit.log.append(Entry(Act.DENIED, caller.id, result="refused", facts=facts), self.clock.now())
        if cites:
            raise Refused("barred-by-law", action=action.value, cites=" ".join(cites))
        raise Refused("not-permitted", action=action.value)
