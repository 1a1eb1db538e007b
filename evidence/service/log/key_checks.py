"""Holding the verifier keys of a log in the catalogue against the entries that name them.

Docks pin what the catalogue says, and the check of a checkpoint believes it: a key that no act has named is
somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.domain.audit import Act
from evidence.ledger.keys import VerifierKey
from evidence.service.log.log_faults import Fault
from evidence.service.ports import UnitOfWork


def named_keys(log: str, unit: UnitOfWork) -> Sequence[VerifierKey]:
    """Return the keys of a log that entries name, oldest first."""
    return [
        VerifierKey.parse(vkey)
        for act in (Act.LOG_KEY, Act.LOG_ROTATE)
        for entry in unit.log.of_act(act)
        if entry["facts"]["log"] == log
        for vkey in entry["facts"]["keys"]
    ]


def key_faults(log: str, unit: UnitOfWork) -> Iterator[Fault]:
    """Yield the keys that only the catalogue has, or only the log."""
    named, held = {key.text() for key in named_keys(log, unit)}, set(unit.tree.keys(log))
    for kind, vkeys in (("key-unknown", held - named), ("key-missing", named - held)):
        for vkey in sorted(vkeys):
            yield Fault(kind, f"log_key {log} {'+'.join(vkey.split('+')[:2])}", {"vkey": vkey})
