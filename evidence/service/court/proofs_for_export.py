"""What the logs say of exported files, each entry with its proof up to one checkpoint of its log.

Which personal values go along: to procuratorate and court who did it, and the reasons of exports; to all the
words in which this very export was asked for, which are the recipient's own (decision 51); else none. What
belongs to a complaint goes to nobody. Of other exports of the same files all is told to procuratorate and
court, to others only that there is an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from evidence.bundle.shipment import Logged, Withheld
from evidence.domain.audit import Act, Family
from evidence.domain.exports import Export, Way
from evidence.ledger.entries import read_entry
from evidence.ledger.merkle import SHA256
from evidence.ledger.proofs import inclusion
from evidence.ledger.tiles import TileHashes
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import Trust
from evidence.service.court.package_names import is_withheld
from evidence.service.log.disclosing import COMPLAINTS, fields_of
from evidence.service.log.proving import NotYetPublished
from evidence.service.log.trust_files import trust_text
from evidence.service.log.witnessing import newest_cosigned
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

EXPORTS = "export."
OWN_WORDS = frozenset({"recipient", "purpose", "basis"})


@dataclass(frozen=True)
class Testified:
    """A transaction, what the logs say as it sees them, and the time stamps by log."""

    unit: UnitOfWork
    entries: Sequence[Logged]
    withheld: Sequence[Withheld]
    stamps: Mapping[str, bytes]


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
        """Publish what the logs say of the objects of an export; yield it with its proofs. Raises: what
        publishing raises; NotYetPublished.
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
            ends = _ends(found, export)
            heads = {log: self._head(unit, log, end) for log, end in sorted(ends.items())}
            entries, withheld = list[Logged](), list[Withheld]()
            for (log, index), entry in sorted(found.items()):
                if index > ends[log]:
                    continue  # what came after the export's own is another story
                read, proof = read_entry(entry), self._proof(unit, log, index, heads[log])
                if is_withheld(unit, read, export):
                    withheld.append(Withheld(log, index, SHA256.leaf(entry), proof.write()))
                else:
                    fields = fields_of(unit, log, index, read, _shown(read, export))
                    told = {name: one.plain() for name, one in fields.items()}
                    entries.append(Logged(log, index, entry, replace(proof, extra=entry).write(), told))
            stamps = {log: unit.timestamps.token(log, size) for log, (size, _) in heads.items()}
            yield Testified(unit, entries, withheld, {log: one for log, one in stamps.items() if one})

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

    def _head(self, unit: UnitOfWork, log: str, end: int) -> tuple[int, bytes]:
        """Return a checkpoint over the last entry that goes along. Raises: NotYetPublished."""
        size, note = newest_cosigned(unit, log, end, self.trust)
        if size <= end:
            raise NotYetPublished(log=log, index=end, published=size)
        return size, note

    def _proof(self, unit: UnitOfWork, log: str, index: int, head: tuple[int, bytes]) -> TlogProof:
        size, note = head
        return TlogProof(index, tuple(inclusion(index, size, TileHashes(size, unit.tree.tile(log)))), note)


def _shown(entry: Mapping[str, Any], export: Export) -> Set[str]:
    """Return which personal values of an entry go along."""
    act = str(entry["act"])
    is_own = act == Act.EXPORT_ASK and any(one["id"] == export.id for one in entry["obj"])
    own = OWN_WORDS if is_own else frozenset()
    if export.way is not Way.TRANSFER or act.startswith(COMPLAINTS):
        return own
    return own | ({"actor", "reason"} if act.startswith(EXPORTS) else {"actor"})


def _ends(found: Mapping[tuple[str, int], bytes], export: Export) -> dict[str, int]:
    """Return up to where each log goes along: to the export's newest own entry; all of the log of an earlier
    year, which has none."""
    last = dict(sorted(found))  # by log: of many, the highest index counts
    return last | {log: index for (log, index), entry in sorted(found.items()) if _is_own(entry, export)}


def _is_own(entry: bytes, export: Export) -> bool:
    read = read_entry(entry)
    is_end = read["act"] in (Act.EXPORT_CREATE.value, Act.READ_LOG.value)
    return is_end and any(one["id"] == export.id for one in read["obj"])
