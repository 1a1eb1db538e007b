"""What the log says in a package: files below `audit/`, and a look at whether they will stand.

The look is at the arithmetic only, so that nothing is published that the verifier must refuse: each
proof leads to its checkpoint, the export's own entry names these bags, and no history has a hole before
it but where an entry is withheld (decision 51). Whose signatures count is for whoever opens the package.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, NoReturn

from evidence.bundle import layout
from evidence.bundle.set_list import wanted
from evidence.bundle.shipment import LaidBag, Logged, Shipment, Testimony, Withheld
from evidence.errors import IntegrityFault
from evidence.ledger import notes
from evidence.ledger.canonical import canonical
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.encodings import write_base64
from evidence.ledger.entries import Head, follow, read_entry
from evidence.ledger.merkle import SHA256
from evidence.ledger.proofs import verify_inclusion
from evidence.ledger.tlog_proofs import TlogProof

CREATE, ASK, TRANSFER = "export.create", "export.ask", "transfer"
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

    @property
    def place(self) -> tuple[str, int]:
        """Origin of its log, and its leaf."""
        return self.entry["log"], self.proof.index

    @property
    def line(self) -> bytes:
        """Its line among the entries."""
        return self.logged.entry

    @property
    def leaf(self) -> bytes:
        """Its leaf hash."""
        return SHA256.leaf(self.logged.entry)


@dataclass(frozen=True, slots=True)
class Gone:
    """A withheld entry, its proof, and the origin of its log."""

    logged: Withheld
    proof: TlogProof
    origin: str

    @property
    def place(self) -> tuple[str, int]:
        """Origin of its log, and its leaf."""
        return self.origin, self.proof.index

    @property
    def line(self) -> bytes:
        """Its line among the entries: where it stands, and that is all."""
        leaf = write_base64(self.logged.leaf)
        return canonical({"index": self.proof.index, "leaf": leaf, "log": self.origin, "withheld": True})

    @property
    def leaf(self) -> bytes:
        """Its leaf hash."""
        return self.logged.leaf


@dataclass(frozen=True, slots=True)
class Audit:
    """The entries in the order of the package, those that are withheld likewise, and each log's checkpoint:
    by name of the log, note and content.
    """

    entries: tuple[Read, ...]
    withheld: tuple[Gone, ...]
    checkpoints: Mapping[str, tuple[bytes, Checkpoint]]

    @property
    def all(self) -> list[Read | Gone]:
        """Both, in the order of the package."""
        both: list[Read | Gone] = [*self.entries, *self.withheld]
        return sorted(both, key=lambda one: one.place)


def read_testimony(
    testimony: Testimony, shipment: Shipment, bags: Sequence[LaidBag], set_sha256: str
) -> Audit:
    """Return what a testimony says, in order. set_sha256: of the set list, as the export's entry names it.

    Raises: IntegrityFault `package-audit-wrong` with a reason; `proof-wrong`, `history-broken` and what
    reading of entries, proofs and notes raises.
    """
    entries = sorted(map(_read, testimony.entries), key=lambda one: one.place)
    withheld = sorted(map(_gone, testimony.withheld), key=lambda one: one.place)
    checkpoints: dict[str, tuple[bytes, Checkpoint]] = {}
    both: list[Read | Gone] = [*entries, *withheld]
    for one in both:
        note = one.proof.checkpoint
        if one.logged.log not in checkpoints:
            checkpoints[one.logged.log] = note, Checkpoint.parse(notes.parse(note).text)
        known, at = checkpoints[one.logged.log]
        if known != note:
            _wrong("checkpoints", log=one.logged.log)
        if at.origin != one.place[0] or not at.origin.endswith("/" + one.logged.log):
            _wrong("log", log=one.logged.log)
        verify_inclusion(one.proof.index, at.size, one.leaf, one.proof.hashes, at.root)
    made = _made(entries, shipment)
    _verify_listed(made, set_sha256)
    _verify_complete(entries, made, {one.place for one in withheld}, shipment, bags)
    return Audit(tuple(entries), tuple(withheld), checkpoints)


def files(audit: Audit, testimony: Testimony) -> dict[str, bytes]:
    """Return the files below `audit/`, by path."""
    found = {
        layout.ENTRIES: b"".join(one.line + b"\n" for one in audit.all),
        layout.DISCLOSED: b"".join(canonical(line) + b"\n" for line in _disclosed(audit.entries)),
        layout.POLICY: testimony.policy,
    }
    for one in audit.all:
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


def _gone(withheld: Withheld) -> Gone:
    proof = TlogProof.parse(withheld.proof)
    if proof.extra is not None or proof.index != withheld.index:
        _wrong("proof", log=withheld.log, index=withheld.index)
    return Gone(withheld, proof, Checkpoint.parse(notes.parse(proof.checkpoint).text).origin)


def _disclosed(entries: Sequence[Read]) -> list[dict[str, object]]:
    return [
        {"log": one.entry["log"], "index": one.proof.index, "field": name, **one.logged.fields[name]}
        for one in entries
        for name in sorted(one.logged.fields)
    ]


def _made(entries: Sequence[Read], shipment: Shipment) -> Read:
    """Return the export's own entry, the newest: there are others where an earlier build broke off."""
    made = [one for one in entries if one.entry["act"] == CREATE and shipment.id in _about(one)]
    if not made:
        _wrong("no entry of this export")
    return made[-1]


def _verify_listed(made: Read, set_sha256: str) -> None:
    if made.entry.get("facts", {}).get("set_sha256") != set_sha256:
        _wrong("set list")


def _verify_complete(
    entries: Sequence[Read],
    newest: Read,
    withheld: Set[tuple[str, int]],
    shipment: Shipment,
    bags: Sequence[LaidBag],
) -> None:
    """See that the export's own entry is about these bags and objects, and ends each history."""
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
    if withheld and not _may_withhold(entries, newest):
        _wrong("withheld from whom all is told")
    _verify_histories(entries, withheld, shipment, named, families)


def _may_withhold(entries: Sequence[Read], made: Read) -> bool:
    """Tell whether the request of an export says that it is no transfer: to a court all is told."""
    exports = {about["id"] for about in made.entry["obj"] if about["k"] == "export"}
    asked = [one.entry for one in entries if one.entry["act"] == ASK and exports & _about(one)]
    return bool(asked) and all(one.get("facts", {}).get("way") not in (None, TRANSFER) for one in asked)


def _verify_histories(
    entries: Sequence[Read],
    withheld: Set[tuple[str, int]],
    shipment: Shipment,
    named: Set[str],
    families: Sequence[str],
) -> None:
    about: dict[tuple[str, str], list[Read]] = defaultdict(list)
    for one in entries:
        for object_id in _about(one):
            about[one.family, object_id].append(one)
    needed = set[tuple[str, int]]()
    for family in families:
        for object_id in named:
            own = sorted(about[family, object_id], key=lambda one: _link(one, object_id)["n"])
            needed |= _verify_history(object_id, own, withheld)
            if not any(shipment.id in _about(one) for one in own):
                _wrong("history without the export", object=object_id, family=family)
    if withheld - needed:
        _wrong("withheld without need")


def _verify_history(
    object_id: str, own: Sequence[Read], withheld: Set[tuple[str, int]]
) -> set[tuple[str, int]]:
    """Verify that these are all entries about an object but for withheld ones; return where those may be."""
    head: Head | None = None
    gaps = set[tuple[str, int]]()
    for one in own:
        link = _link(one, object_id)
        missing = 0 if head is None else link["n"] - head.n - 1
        if head is not None and missing > 0:
            before = head.log, link.get("prev", -1)
            between = {gone for gone in withheld if gone[0] == head.log and head.index < gone[1] <= before[1]}
            if before in between and len(between) >= missing:
                head = Head(link["n"] - 1, before[1], head.log)
                gaps |= between
        head = follow(one.entry, one.proof.index, object_id, head)
    return gaps


def _link(one: Read, object_id: str) -> Mapping[str, Any]:
    return next(about for about in one.entry["obj"] if about["id"] == object_id)


def _about(one: Read) -> set[str]:
    return {about["id"] for about in one.entry["obj"]}


def _wrong(reason: str, **fields: object) -> NoReturn:
    raise IntegrityFault("package-audit-wrong", reason=reason, **fields)
