"""The rules in force, for who answers for them. They are law and say nothing about anybody: a look at them is
not logged.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.policy.rules import Pack
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.site import Site


@dataclass(frozen=True)
class RulesInForce:
    """The desk for the rules."""

    site: Site

    @admits(Action.READ_RULES)
    def pack(self, _caller: Caller) -> Pack:
        """Return the version of the site's policy pack that is in force now."""
        return pack_at(self.site.policies, self.site.clock.now())
