"""The trust file (docs/formats/trust-file.md) that a site gives to courts, supervisors and defenders: the
keys of all its logs, and its witnesses.

A key that was given up as lost or stolen stands there as a comment: whoever has it signs what they like,
under any date. What it signed before is still verified by who takes the line in, for what they were given
before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evidence.ledger.keys import VerifierKey
from evidence.ledger.trust import LOG_TYPES, Trust
from evidence.service.log.log_keys import given_up
from evidence.service.ports import UnitOfWork


def trust_text(unit: UnitOfWork, own: bytes | None) -> bytes:
    """Return the trust file of a site. own: the file with its witnesses, where it has one.

    To one's own file is added what came since it was written: the key of each log that it does not name (each
    year has a new log of access), and the newest key of each that it names. Older keys that it leaves out
    stay out: somebody may have taken a stolen one from it.
    """
    all_keys, gone = [vkey for log in unit.tree.logs() for vkey in unit.tree.keys(log)], given_up(unit)
    if own is None:
        lines = [f"{_mark(vkey, gone)}log {vkey}\n" for vkey in all_keys]
        return ("".join(lines) + "quorum none\n").encode()
    keys = [vkey for vkey in all_keys if vkey not in gone]
    listed = {key.text() for key in Trust.parse(own).logs}
    named = {VerifierKey.parse(vkey, LOG_TYPES).name for vkey in listed}
    newest = {VerifierKey.parse(vkey, LOG_TYPES).name: vkey for vkey in keys}
    added = [
        f"log {vkey}\n"
        for vkey in keys
        if vkey not in listed
        and ((name := VerifierKey.parse(vkey, LOG_TYPES).name) not in named or newest[name] == vkey)
    ]
    lines = own.decode("utf-8", "surrogateescape").split("\n")  # as Trust.parse takes them
    marked = "\n".join(_mark(_key_in(line), gone) + line for line in lines)
    return marked.encode("utf-8", "surrogateescape") + "".join(added).encode()


def told_keys(unit: UnitOfWork) -> Sequence[str]:
    """Return the verifier keys of all logs, one a line; those that were given up are comments."""
    gone = given_up(unit)
    return [_mark(vkey, gone) + vkey for log in unit.tree.logs() for vkey in unit.tree.keys(log)]


def _mark(vkey: str, gone: Mapping[str, str]) -> str:
    return f"# {gone[vkey]}, only for what was handed over before: " if vkey in gone else ""


def _key_in(line: str) -> str:
    """Return the key that a line of a trust file names as a log's, "" in any other."""
    words = line.split()
    return words[1] if len(words) > 1 and words[0] == "log" else ""
