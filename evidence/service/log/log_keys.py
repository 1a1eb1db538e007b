"""The keys of the logs: changed by an act that stands in the log, never without a word.

Readers learn a new key from the log that the old one signed. Where the old key is lost or was stolen it signs
no more from now on; then the new verifier key must reach those who hold the old one on another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Action
from evidence.service.gate import admits
from evidence.service.log.log_ports import LogSigner
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


class Reason(StrEnum):
    """Why a key is changed."""

    PLANNED = "planned"
    LOST = "lost"
    STOLEN = "stolen"


def given_up(unit: UnitOfWork) -> Mapping[str, str]:
    """Return the verifier keys of all logs that were given up as lost or stolen, and what was said of each:
    "stolen 2026-11-01".

    Such an act gives up all keys that the log had; of several that it brings the last one is good.
    """
    found: dict[str, str] = {}
    for entry in unit.log.of_act(Act.LOG_ROTATE):
        facts = entry["facts"]
        if facts.get("reason") == Reason.PLANNED.value:
            continue
        keys, brought = list(unit.tree.keys(str(facts.get("log")))), list(facts["keys"])
        first = min((keys.index(vkey) for vkey in brought if vkey in keys), default=0)
        said = f"{facts.get('reason')} {facts.get('since', '')}".strip()
        for vkey in (*keys[:first], *brought[:-1]):
            found.setdefault(vkey, said if said.isprintable() else "given up")  # one line, whoever wrote it
    return found


@dataclass(frozen=True)
class LogKeys:
    """The desk for the keys of the logs."""

    site: Site
    signer: LogSigner

    @admits(Action.MANAGE_LOG)
    def rotate(self, caller: Caller, which: str, reason: Reason, since: str | None = None) -> str:
        """Give a log a new key; return its verifier key. since: the day of a loss or theft, as text.

        A key that the signer made before a crash, and that no act speaks of, is taken over; not where a key
        is lost or stolen and still signs beside it: then all before the new one are retired.
        Raises: Unavailable("signer-unreachable", "signer-halted").
        """
        with self.site.database.reading() as unit:
            known = set(unit.tree.keys(which))
        signing = self.signer.keys(which)
        new = [vkey for vkey in signing if vkey not in known]
        if not new or (reason is not Reason.PLANNED and len(new) < len(signing)):
            new.append(self.signer.rotate(which, retire=reason is not Reason.PLANNED))
        now = self.site.clock.now()
        facts: dict[str, object] = {"keys": new, "log": which, "reason": reason.value}
        if since is not None:
            facts["since"] = since
        with self.site.database.writing() as unit:
            for vkey in new:
                unit.tree.add_key(which, vkey, now)
            unit.log.append(Entry(Act.LOG_ROTATE, caller.id, facts=facts), now)
        return new[-1]
