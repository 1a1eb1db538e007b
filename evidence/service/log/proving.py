"""Proofs: what the log holds about a recording, each entry with the proof that a signed checkpoint covers it.

A proof file carries the entry itself (`extra`, docs/formats/log-proof.md), so it needs nothing beside it but
the keys that somebody pinned. Only what is under a checkpoint can be proven; that is a matter of seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry, Family, log_of
from evidence.domain.rights import Action, Kind
from evidence.errors import Conflict, IntegrityFault, Invalid, NotFound, Refused
from evidence.ledger.canonical import canonical
from evidence.ledger.encodings import write_base64
from evidence.ledger.entries import read_entry
from evidence.ledger.keys import VerifierKey
from evidence.ledger.notes import NoteCheck
from evidence.ledger.proofs import consistency, inclusion
from evidence.ledger.tiles import TileHashes
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import LOG_TYPES, NONE, Trust
from evidence.service.court.export_access import Handout, about_export, handout_of
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.gate import admits
from evidence.service.intake.documents import RECEIPT
from evidence.service.log.disclosing import Disclosed, fields_of
from evidence.service.log.trust_files import told_keys, trust_text
from evidence.service.log.witnessing import cosigned, newest_cosigned
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.recordings import Recordings
from evidence.service.site import Site

KEYS = "evidence.log-keys/1"


class NotYetPublished(Conflict):
    """The entry stands in the log; a checkpoint over it follows in some seconds."""

    code = "not-yet-published"


@dataclass(frozen=True, slots=True)
class Proven:
    """One entry about a recording: its place (log: "access/2026"), its stored bytes, its proof file, and what
    its commitments stand for, by field.
    """

    log: str
    index: int
    entry: bytes
    proof: bytes
    fields: Mapping[str, Disclosed] = field(default_factory=dict)


@dataclass(frozen=True)
class Proving:
    """The desk for proofs. publish(log): has a log published as far as it goes, and cosigned.

    trust: the site's witnesses and their quorum; a proof carries a checkpoint with it, if there is one.
    """

    site: Site
    publish: Callable[[str], object]
    trust: Trust | None = None
    checks: Mapping[int, NoteCheck] = field(default_factory=dict)  # of signatures, for one's own
    trust_file: bytes | None = None  # the same, as it stands in the site's own file

    @admits(Action.READ_RECEIPT)
    def of_receipt(self, caller: Caller, upload_id: str) -> bytes:
        """Return the proof file of the entry that an upload's receipt names.

        Raises: NotYetPublished; as `Recordings.sealed_as`.
        """
        return self._of_recordings_seal(Recordings(self.site).sealed_as(caller, upload_id).recording.id)

    @admits(Action.READ_RECEIPT)
    def of_shown(self, caller: Caller, receipt: bytes) -> bytes:
        """Return the same to a dock that shows the receipt, whichever account sent the bytes: a dock that was
        revoked and added anew keeps its receipts. Beside what the receipt says, the entry names that account
        and the pack. To all others a receipt opens nothing: what they may know goes by their reach.

        Raises: Invalid("receipt-not-ours"), NotFound("recording-not-found"), NotYetPublished.
        """
        try:
            recording = str(self.site.signer.read(receipt, RECEIPT)["recording"])
        except IntegrityFault as problem:
            raise Invalid("receipt-not-ours", reason=problem.code) from problem
        if caller.kind is not Kind.DOCK:
            raise NotFound("recording-not-found", recording=recording)
        return self._of_recordings_seal(recording)

    @admits(Action.READ_LOG)
    def of_recording(
        self, caller: Caller, recording_id: str, shown: Collection[str] = ()
    ) -> Sequence[Proven]:
        """Return all entries about a recording, those of custody first, then those of access. shown: fields
        whose values go with them; the others are withheld.

        Asking is an entry itself, in both, and at or near the end of each history: whoever gets the proofs
        sees that none was left out before it (ledger/entries.py, `verify_history`). The entries say what the
        manifest says: who may not read that gets none. Raises: NotFound; what publishing raises.
        """
        admit_to_recording(self.site, caller, Action.READ_MANIFEST, recording_id)
        now = self.site.clock.now()
        about = (("recording", recording_id),)
        facts = {"shown": sorted(shown)} if shown else {}
        with self.site.database.writing() as unit:
            for act in (Act.PROVE, Act.READ_LOG):
                unit.log.append(Entry(act, caller.id, about, facts=facts), now)
        with self.site.database.reading() as unit:
            logs = {log for family in Family for log, _, _ in unit.log.about(family, recording_id)}
        for log in sorted(logs | {log_of(family, now) for family in Family}):
            self.publish(log)
        with self.site.database.reading() as unit:
            return [
                Proven(
                    log,
                    index,
                    entry,
                    self._proof(unit, log, index, entry),
                    fields_of(unit, log, index, read_entry(entry), shown),
                )
                for family in Family
                for log, index, entry in unit.log.about(family, recording_id)
                if index
                < unit.tree.published(log)[0]  # what came after the asking is under no checkpoint yet
            ]

    @admits(Action.READ_MANIFEST)
    def of_entry(self, caller: Caller, recording_id: str, index: int) -> tuple[Proven, bool]:
        """Return one entry of the log of custody about a recording, with its proof; all personal values are
        withheld. Then whether the proof was found in order just now, by the keys of this site: who must
        believe nobody checks it with keys of their own.

        Raises: NotFound("recording-not-found", "log-entry-not-found"); what publishing raises.
        """
        admit_to_recording(self.site, caller, Action.READ_MANIFEST, recording_id)
        entry = Entry(Act.PROVE, caller.id, (("recording", recording_id),), facts={"index": index})
        with self.site.database.writing() as unit:
            unit.log.append(entry, self.site.clock.now())
        self.publish(Family.CUSTODY.value)
        with self.site.database.reading() as unit:
            for log, at, body in unit.log.about(Family.CUSTODY, recording_id):
                if at == index:
                    proof = self._proof(unit, log, at, body)
                    fields = fields_of(unit, log, at, read_entry(body), ())
                    return Proven(log, at, body, proof, fields), self._is_in_order(unit, log, proof)
        raise NotFound("log-entry-not-found", entry=f"custody/{index}")

    def _is_in_order(self, unit: UnitOfWork, log: str, raw: bytes) -> bool:
        """Check a proof file as a stranger would, with the keys that this site tells."""
        keys = tuple(VerifierKey.parse(vkey, LOG_TYPES) for vkey in unit.tree.keys(log))
        proof = TlogProof.parse(raw)
        try:
            proof.verify(proof.extra or b"", Trust(keys, {}, {}, NONE, {}), self.checks)
        except IntegrityFault:
            return False
        return True

    @admits(Action.OPEN_FAULTS)
    def of_fault(self, caller: Caller, file_id: str) -> Sequence[Proven]:
        """Return the log extract of a fault file: the entries that were collected, then those about the file
        itself, each with its proof up to the present checkpoint; all personal values are withheld.

        Raises: NotFound("fault-not-found"), Refused("own-fault"); what publishing raises.
        """
        file, now = FaultFiles(self.site).get(caller, file_id), self.site.clock.now()
        if file.names(caller.id):  # the entries say what was found of the others
            raise Refused("own-fault", action=Action.OPEN_FAULTS.value)
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.PROVE, caller.id, (("fault", file.id),)), now)
            own = [(log, index) for log, index, _ in unit.log.about(Family.CUSTODY, file.id)]
        places = list(dict.fromkeys([*file.entries, *own]))
        for log in sorted({log for log, _ in places}):
            self.publish(log)
        with self.site.database.reading() as unit:
            return [
                Proven(
                    log,
                    index,
                    entry,
                    self._proof(unit, log, index, entry),
                    fields_of(unit, log, index, read_entry(entry), ()),
                )
                for log, index in places
                for _, entry in unit.tree.numbered(log, index, index + 1)
            ]

    @admits(Action.READ_EXPORTS)
    def of_seal(self, caller: Caller, export_id: str) -> Handout:
        """Return the proof file of an export's last seal, which goes beside its media; the look is logged.

        Raises: NotFound("export-not-found"), Conflict("not-built"); what publishing raises.
        """
        with about_export(self.site, caller, Action.READ_EXPORTS, export_id) as (unit, found):
            seals = [
                (log, index, entry)
                for log, index, entry in unit.log.about(Family.CUSTODY, found.id)
                if read_entry(entry)["act"] == Act.EXPORT_SEAL.value
            ]
            if not seals:
                raise Conflict("not-built", export=found.id, state=found.state)
            unit.log.append(Entry(Act.PROVE, caller.id, (("export", found.id),)), self.site.clock.now())
        log, index, entry = seals[-1]
        self.publish(log)
        with self.site.database.reading() as unit:
            return handout_of(unit, found, "seal.tlog-proof", self._proof(unit, log, index, entry))

    @admits(Action.READ_LOG)
    def of_place(self, caller: Caller, log: str, index: int) -> bytes:
        """Return the proof file of one entry, by its place; it holds the entry, and no personal value. The
        look is logged. Raises: NotFound("log-not-found"); what publishing raises.
        """
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LOG, caller.id, facts={"log": log[:20], "index": index}), now)
        with self.site.database.reading() as unit:
            found = [entry for _, entry in unit.tree.numbered(log, index, index + 1)]
        if not found:
            raise NotFound("log-not-found", log=log)
        self.publish(log)
        with self.site.database.reading() as unit:
            return self._proof(unit, log, index, found[0])

    def checkpoint(self, log: str) -> bytes:
        """Return the newest checkpoint of a log, with the cosignatures there are: nobody's secret.

        Raises: NotFound("log-not-found").
        """
        with self.site.database.reading() as unit:
            size, note = unit.tree.published(log)
            if not size:
                raise NotFound("log-not-found", log=log)
            return cosigned(unit, log, size, note)

    def consistency(self, log: str, old: int, new: int) -> bytes:
        """Return the proof that a log only grew between two sizes, a hash in base64 on each line; `new` has a
        checkpoint. It shows roots, and nothing of any entry.

        Raises: NotFound("log-not-found"), Invalid("proof-impossible").
        """
        with self.site.database.reading() as unit:
            if unit.tree.noted_at(log, new) is None:
                raise NotFound("log-not-found", log=log, size=new)
            proof = consistency(old, new, TileHashes(new, unit.tree.tile(log)))
        return "".join(f"{write_base64(one)}\n" for one in proof).encode()

    def told_keys(self) -> Sequence[str]:
        """Return the verifier keys of all logs as lines for people, to hand on: those that were given up as
        lost or stolen are comments.
        """
        with self.site.database.reading() as unit:
            return told_keys(unit)

    def keys(self) -> Sequence[str]:
        """Return the verifier keys of all logs, in force now or once, which are nobody's secret either."""
        with self.site.database.reading() as unit:
            return [vkey for log in unit.tree.logs() for vkey in unit.tree.keys(log)]

    def trusted(self) -> bytes:
        """Return the trust file for whoever is to check what leaves the site; nobody's secret. The key of
        manifests and receipts stands in it as a comment.
        """
        said = f"# manifests, receipts: {self.site.signer.verifier_key()}\n"
        with self.site.database.reading() as unit:
            return said.encode() + trust_text(unit, self.trust_file)

    def signed_keys(self) -> bytes:
        """Return the verifier keys of the logs in a document that the site's own key has signed."""
        return self.site.signer.sign(canonical({"keys": list(self.keys()), "type": KEYS}))

    def _of_recordings_seal(self, recording_id: str) -> bytes:
        with self.site.database.reading() as unit:
            for log, index, entry in unit.log.about(Family.CUSTODY, recording_id):
                if read_entry(entry)["act"] == Act.SEAL.value:
                    return self._proof(unit, log, index, entry)
        raise NotFound("recording-not-found", recording=recording_id)

    def _proof(self, unit: UnitOfWork, log: str, index: int, entry: bytes) -> bytes:
        """Write the proof file. Raises: NotYetPublished, IntegrityFault("tile-wrong")."""
        size, note = newest_cosigned(unit, log, index, self.trust)
        if index >= size:
            raise NotYetPublished(log=log, index=index, published=size)
        hashes = inclusion(index, size, TileHashes(size, unit.tree.tile(log)))
        return TlogProof(index, tuple(hashes), note, entry).write()
