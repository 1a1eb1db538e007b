"""What the log says in a package: files below `audit/`, and a look at whether they will stand.

The look is at the arithmetic only, so that nothing is published that the verifier must refuse: each
proof leads to its checkpoint, the export's own entry names these bags, and no history has a hole before
it. Whose signatures count is for whoever opens the package.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from evidence.bundle import layout
from evidence.bundle.set_list import wanted
from evidence.bundle.shipment import LaidBag, Logged, Shipment, Testimony
from evidence.errors import IntegrityFault
from evidence.ledger import notes
from evidence.ledger.canonical import canonical
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.entries import read_entry, verify_history
from evidence.ledger.merkle import SHA256
from evidence.ledger.proofs import verify_inclusion
from evidence.ledger.tlog_proofs import TlogProof

CREATE = "export.create"
FAMILIES = frozenset({"access", "custody"})


@dataclass(frozen=True, slots=True)
class Read:
    """An entry as it is read, and its proof."""

    logged: Logged
    entry: Mapping[str, Any]
    proof: TlogProof

    @property
    def family(self) -> str:
        """The kind of log it stands in."""
        return self.logged.log.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Audit:
    """The entries in the order of the package, and each log's checkpoint: by name of the log, note and
    content.
    """

    entries: tuple[Read, ...]
    checkpoints: Mapping[str, tuple[bytes, Checkpoint]]


def read_testimony(testimony: Testimony, shipment: Shipment, bags: Sequence[LaidBag]) -> Audit:
    """Return what a testimony says, in order.

    Raises: IntegrityFault `package-audit-wrong` with a reason; `proof-wrong`, `history-broken` and what
    reading of entries, proofs and notes raises.
    """
    entries = sorted(map(_read, testimony.entries), key=lambda one: (one.entry["log"], one.proof.index))
    checkpoints: dict[str, tuple[bytes, Checkpoint]] = {}
    for one in entries:
        note = one.proof.checkpoint
        if one.logged.log not in checkpoints:
            checkpoints[one.logged.log] = note, Checkpoint.parse(notes.parse(note).text)
        known, at = checkpoints[one.logged.log]
        if known != note:
            _wrong("checkpoints", log=one.logged.log)
        if at.origin != one.entry["log"] or not at.origin.endswith("/" + one.logged.log):
            _wrong("log", log=one.logged.log)
        leaf = SHA256.leaf(one.logged.entry)
        verify_inclusion(one.proof.index, at.size, leaf, one.proof.hashes, at.root)
    _verify_complete(entries, shipment, bags)
    return Audit(tuple(entries), checkpoints)


def files(audit: Audit, testimony: Testimony) -> dict[str, bytes]:
    """Return the files below `audit/`, by path."""
    found = {
        layout.ENTRIES: b"".join(one.logged.entry + b"\n" for one in audit.entries),
        layout.DISCLOSED: b"".join(canonical(line) + b"\n" for line in _disclosed(audit.entries)),
        layout.POLICY: testimony.policy,
    }
    for one in audit.entries:
        found[layout.proof(one.logged.log, one.proof.index)] = one.logged.proof
    for log, (note, _) in audit.checkpoints.items():
        found[layout.checkpoint(log)] = note
        if log in testimony.stamps:
            found[f"{layout.checkpoint(log)}.tsr"] = testimony.stamps[log]
    return found


def _read(logged: Logged) -> Read:
    entry, proof = read_entry(logged.entry), TlogProof.parse(logged.proof)
    if proof.extra != logged.entry or proof.index != logged.index:
        _wrong("proof", log=logged.log, index=logged.index)
    if set(logged.fields) != set(entry.get("pd", {})):
        _wrong("fields", log=logged.log, index=logged.index)
    return Read(logged, entry, proof)


def _disclosed(entries: Sequence[Read]) -> list[dict[str, object]]:
    return [
        {"log": one.entry["log"], "index": one.proof.index, "field": name, **one.logged.fields[name]}
        for one in entries
        for name in sorted(one.logged.fields)
    ]


def _verify_complete(entries: Sequence[Read], shipment: Shipment, bags: Sequence[LaidBag]) -> None:
    """See that the export's own entry is there, about these bags and objects, and ends each history."""
    made = [one for one in entries if one.entry["act"] == CREATE and shipment.id in _about(one)]
    if not made:
        _wrong("no entry of this export")
    newest = made[-1]  # there are others where an earlier build broke off
    facts = newest.entry.get("facts", {})
    if facts.get("bags") != [{"sha256": one.manifest_sha256, "sm3": one.manifest_sm3} for one in bags]:
        _wrong("bags")
    families = facts.get("families")
    if not isinstance(families, list) or "custody" not in families or not set(families) <= FAMILIES:
        _wrong("families")
    objects = {one.id for item in wanted(shipment) for one in item}
    parents = {one.id for one in shipment.items}
    named = {about["id"] for about in newest.entry["obj"] if about["k"] in ("recording", "derivative")}
    if not objects <= named <= objects | parents:
        _wrong("objects")
    about: dict[tuple[str, str], list[Read]] = defaultdict(list)
    for one in entries:
        for object_id in _about(one):
            about[one.family, object_id].append(one)
    for family in families:
        for object_id in objects:
            own = sorted(about[family, object_id], key=lambda one: _number(one, object_id))
            verify_history(object_id, map(_placed, own))
            if not any(shipment.id in _about(one) for one in own):
                _wrong("history without the export", object=object_id, family=family)


def _placed(one: Read) -> tuple[str, int, bytes]:
    return one.entry["log"], one.proof.index, one.logged.entry


def _about(one: Read) -> set[str]:
    return {about["id"] for about in one.entry["obj"]}


def _number(one: Read, object_id: str) -> int:
    return next(int(about["n"]) for about in one.entry["obj"] if about["id"] == object_id)


def _wrong(reason: str, **fields: object) -> NoReturn:
    raise IntegrityFault("package-audit-wrong", reason=reason, **fields)
