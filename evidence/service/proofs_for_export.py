"""What the logs say of exported files, each entry with its proof up to one checkpoint of its log.

Which personal values go along: to procuratorate and court who did it, and the reasons of exports; to all the
words in which this very export was asked for, which are the recipient's own (decision 51); else none. What
belongs to a complaint goes to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from evidence.bundle.shipment import Logged
from evidence.domain.audit import Act, Family
from evidence.domain.exports import Export, Way
from evidence.ledger.entries import read_entry
from evidence.ledger.proofs import inclusion
from evidence.ledger.tiles import TileHashes
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import Trust
from evidence.service.disclosing import COMPLAINTS, fields_of
from evidence.service.ports import UnitOfWork
from evidence.service.proving import NotYetPublished
from evidence.service.site import Site
from evidence.service.trust_files import trust_text
from evidence.service.witnessing import newest_cosigned

EXPORTS = "export."
OWN_WORDS = frozenset({"recipient", "purpose", "basis"})
Testified = tuple[UnitOfWork, Sequence[Logged], Mapping[str, bytes]]


@dataclass(frozen=True)
class ExportProofs:
    """publish(log): has a log published as far as it goes, and cosigned. trust_file: of a site that has
    witnesses; trust: the same, read."""

    site: Site
    publish: Callable[[str], object]
    trust_file: bytes | None = None
    trust: Trust | None = None

    @contextmanager
    def of(self, export: Export, ids: Sequence[str], families: Sequence[str]) -> Iterator[Testified]:
        """Publish what the logs say of the objects of an export; yield a transaction that sees it, the
        entries with their proofs, and the time stamps by log. Raises: what publishing raises;
        NotYetPublished.
        """
        kinds = [family for family in Family if family.value in families]
        with self.site.database.reading() as unit:
            logs = {log for kind in kinds for id_ in ids for log, _, _ in unit.log.about(kind, id_)}
        for log in sorted(logs):
            self.publish(log)
        with self.site.database.reading() as unit:
            found = {
                (log, index): entry
                for kind in kinds
                for id_ in ids
                for log, index, entry in unit.log.about(kind, id_)
            }
            heads = {log: self._head(unit, log, found) for log in sorted({log for log, _ in found})}
            entries = [
                self._logged(unit, log, index, entry, heads[log], export)
                for (log, index), entry in sorted(found.items())
                if index < heads[log][0]  # what came after the export's own is another story
            ]
            stamps = {log: unit.timestamps.token(log, size) for log, (size, _) in heads.items()}
            yield unit, entries, {log: token for log, token in stamps.items() if token}

    def manifests(self, unit: UnitOfWork, export_id: str) -> Set[tuple[str, ...]]:
        """Return of which manifests the log has heard for an export, build by build."""
        entries = (read_entry(entry) for _, _, entry in unit.log.about(Family.CUSTODY, export_id))
        return {
            tuple(str(bag["sha256"]) for bag in one["facts"]["bags"])
            for one in entries
            if one["act"] == Act.EXPORT_CREATE.value
        }

    def policy(self, unit: UnitOfWork) -> bytes:
        """Return the trust file, as it is handed out beside the package too."""
        return trust_text(unit, self.trust_file)

    def _head(self, unit: UnitOfWork, log: str, found: Mapping[tuple[str, int], bytes]) -> tuple[int, bytes]:
        """Return a checkpoint over the export's own entry and all before it; of the log of an earlier year,
        which has none, over all. Raises: NotYetPublished.
        """
        here = {index: entry for (which, index), entry in found.items() if which == log}
        own = max((index for index, entry in here.items() if _is_own(entry)), default=max(here))
        size, note = newest_cosigned(unit, log, own, self.trust)
        if size <= own:
            raise NotYetPublished(log=log, index=own, published=size)
        return size, note

    def _logged(
        self, unit: UnitOfWork, log: str, index: int, entry: bytes, head: tuple[int, bytes], export: Export
    ) -> Logged:
        size, note = head
        hashes = inclusion(index, size, TileHashes(size, unit.tree.tile(log)))
        proof = TlogProof(index, tuple(hashes), note, entry).write()
        read = read_entry(entry)
        fields = fields_of(unit, log, index, read, _shown(read, export))
        return Logged(log, index, entry, proof, {name: one.plain() for name, one in fields.items()})


def _shown(entry: Mapping[str, Any], export: Export) -> Set[str]:
    """Return which personal values of an entry go along."""
    act = str(entry["act"])
    is_own = act == Act.EXPORT_ASK and any(one["id"] == export.id for one in entry["obj"])
    own = OWN_WORDS if is_own else frozenset()
    if export.way is not Way.TRANSFER or act.startswith(COMPLAINTS):
        return own
    return own | ({"actor", "reason"} if act.startswith(EXPORTS) else {"actor"})


def _is_own(entry: bytes) -> bool:
    read = read_entry(entry)
    return read["act"] in (Act.EXPORT_CREATE.value, Act.READ_LOG.value)
