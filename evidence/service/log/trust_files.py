"""The trust file (docs/formats/trust-file.md) that a site gives to courts, supervisors and defenders: the
keys of all its logs, and its witnesses.
"""

from __future__ import annotations

from evidence.ledger.keys import VerifierKey
from evidence.ledger.trust import LOG_TYPES, Trust
from evidence.service.ports import UnitOfWork


def trust_text(unit: UnitOfWork, own: bytes | None) -> bytes:
    """Return the trust file of a site. own: the file with its witnesses, where it has one.

    To one's own file is added what came since it was written: the key of each log that it does not name (each
    year has a new log of access), and the newest key of each that it names. Older keys that it leaves out
    stay out: somebody may have taken a stolen one from it.
    """
    keys = [vkey for log in unit.tree.logs() for vkey in unit.tree.keys(log)]
    if own is None:
        return ("".join(f"log {vkey}\n" for vkey in keys) + "quorum none\n").encode()
    listed = {key.text() for key in Trust.parse(own).logs}
    named = {VerifierKey.parse(vkey, LOG_TYPES).name for vkey in listed}
    newest = {VerifierKey.parse(vkey, LOG_TYPES).name: vkey for vkey in keys}
    added = [
        f"log {vkey}\n"
        for vkey in keys
        if vkey not in listed
        and ((name := VerifierKey.parse(vkey, LOG_TYPES).name) not in named or newest[name] == vkey)
    ]
    return own + "".join(added).encode()
