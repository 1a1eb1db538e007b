"""The site: everything the use cases need from the machines, in one value that only bootstrap builds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from evidence.domain.access import Action, Caller, may
from evidence.domain.audit import Act, Entry
from evidence.errors import Refused
from evidence.service.catalogue import Terms
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
    prober: Prober
    originals: Originals
    bell: JobBell
    new_digests: Callable[[], RunningDigests]
    terms: Terms = field(default_factory=Terms)

    def admit(self, caller: Caller, action: Action) -> None:
        """Let the caller through or refuse; a refusal of a known account is logged before it is told.

        Raises: Refused("not-permitted").
        """
        if may(caller, action):
            return
        with self.database.writing() as unit:
            unit.log.append(
                Entry(Act.DENIED, caller.id, result="refused", facts={"action": action.value}),
                self.clock.now(),
            )
        raise Refused("not-permitted", action=action.value)
