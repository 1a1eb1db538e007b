"""A made-up package that is no transfer: what the log says of other exports of its files is withheld."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidence.bundle.shipment import LaidBag, Logged, Testimony, Withheld
from evidence.ledger.entries import read_entry
from evidence.ledger.merkle import SHA256
from evidence.ledger.tlog_proofs import TlogProof
from tests.package_room import PDF, PackageRoom


@dataclass
class WithholdingRoom(PackageRoom):
    """The room. Its export was asked for by a `way`."""

    way: str = "party-copy"

    def say(self, act: str, *numbers: int, other: bool = True) -> int:
        """Write an entry about another export, or this one, and some of the recordings; return its leaf."""
        export = secrets.token_hex(16) if other else self.export_id
        items = [("recording", self.shipment.items[one].id) for one in numbers]
        return self.custody.append(act, [("export", export), *items], facts={"way": self.way})

    def attest(self, bags: Sequence[LaidBag], set_sha256: str) -> Testimony:
        about = [("export", self.export_id), *((kind, id_) for id_, kind in self.ids.items())]
        listed = [{"sha256": one.manifest_sha256, "sm3": one.manifest_sm3} for one in bags]
        facts = {"bags": listed, "families": ["custody"], "set_sha256": set_sha256}
        self.custody.append("export.create", about, facts=facts)
        entries = self.custody.logged(set(self.ids), set())
        gone = [one for one in entries if self._is_anothers(one)]
        kept = [one for one in entries if one not in gone]
        return Testimony(kept, self.policy(), {}, lambda _: PDF, self.stamps, [*map(withhold, gone)])

    def _is_anothers(self, one: Logged) -> bool:
        return {about["id"] for about in read_entry(one.entry)["obj"] if about["k"] == "export"} not in (
            set(),
            {self.export_id},
        )


def withhold(one: Logged) -> Withheld:
    """Return an entry as it is withheld."""
    proof = replace(TlogProof.parse(one.proof), extra=None).write()
    return Withheld(one.log, one.index, SHA256.leaf(one.entry), proof)
