"""What the signer does when it is asked. Order of a signature:

1. Nothing is signed while it is halted.
2. Whoever asks says where the log stood when he last looked; that must be what was signed last.
3. Each new segment is read from the vault: there, whole, alone under its key, its entries of this log.
4. Their leaves are put behind the tree that was signed last: that is what makes the new one consistent.
5. The state moves (compare and swap, synced), and only then the checkpoint is given out.
A question asked again after a crash is answered with the checkpoint that was signed then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from evidence.domain.instants import to_text
from evidence.errors import IntegrityFault, Invalid, Unavailable
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.entries import read_entry
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256, Frontier
from evidence.ledger.segments import Kind, Piece, read_segment
from evidence.signer.keys import KeyFolder
from evidence.signer.store import Signed, Store, StoredKey
from storage.errors import StorageError, StoreUnavailable
from storage.vault import Vault

OVERLAP = timedelta(days=30)  # after a change of keys both sign: readers have time to learn the new one
BEHIND = "signer-behind-log"  # the alarm of a check that finds more published than this signer knows of
_LOG = re.compile(r"custody|access/[0-9]{4}")


@dataclass(frozen=True)
class Desk:
    """Signs the logs of one site. site_name: the origins of its logs begin with it."""

    site_name: str
    store: Store
    keys: KeyFolder
    vault: Vault
    now: Callable[[], datetime]
    _turn: Lock

    def sign(self, log: str, after: int, ends: Sequence[int]) -> bytes:
        """Return the signed checkpoint of the size with which the last of the new segments ends.

        after: the size that was signed last, as far as the caller knows. ends: sizes of the segments since,
        in order. Raises: Unavailable("signer-halted", "signer-state-missing"), IntegrityFault
        ("log-not-continued", "segment-wrong", "segment-missing", "segment-altered"), StoreUnavailable.
        """
        _verify_asked(log, after, ends)
        with self._turn:
            self._verify_not_halted()
            last = self._begun(log)
            if ends[-1] == last.frontier.size:
                return last.note
            if after != last.frontier.size:
                raise IntegrityFault("log-not-continued", log=log, signed=last.frontier.size, asked=after)
            tree = last.frontier.copy()
            for size in ends:
                self._take(log, size, tree)
            note = self._note(log, tree)
            self.store.move(log, after, Signed(tree, note))
            return note

    def key_lines(self, log: str) -> list[str]:
        """Return the verifier keys of a log that sign now; the log is begun if it was not."""
        _verify_asked(log, 0, (1,))
        with self._turn:
            self._begun(log)
            return [key.text() for key in self._signing(log)]

    def last(self, log: str) -> bytes:
        """Return the checkpoint that was signed last, nothing where none was."""
        _verify_asked(log, 0, (1,))
        with self._turn:
            signed = self.store.signed(log)
            return signed.note if signed else b""

    def logs(self) -> list[str]:
        """Return the logs of which anything was signed."""
        with self._turn:
            signed = {log: self.store.signed(log) for log in self.store.logs()}
            return [log for log, last in signed.items() if last is not None and last.note]

    def halt(self, reason: str) -> None:
        """Sign nothing from now on."""
        with self._turn:
            self.store.halt(reason[:200], to_text(self.now()))

    def rotate(self, log: str, *, retire: bool = False) -> str:
        """Give a log a new key and return its verifier key; the one before signs beside it for 30 days.

        retire: it signs no more, because it is lost or in wrong hands.
        """
        _verify_asked(log, 0, (1,))
        with self._turn:
            self._verify_not_halted()
            self._begun(log)
            now = self.now()
            key = self.keys.make(self._origin(log))
            self.store.rotate(self._stored(key, log, now), to_text(now if retire else now + OVERLAP))
            return key.text()

    def adopt(self, log: str) -> int:
        """Begin a log that others have signed, where this signer's state was lost; return its size.

        Everything is read back from the vault, and the newest checkpoint there must have the root over it,
        signed by a key whose private half is here, if there is any. Whoever asks answers for it that nobody
        has shortened the vault.
        Raises: IntegrityFault as `sign`, ("root-differs", "signer-unknown"), ("signed-already") where there
        is a state.
        """
        _verify_asked(log, 0, (1,))
        with self._turn:
            pieces = [piece for piece in all_pieces(self.vault, log) if piece.log == log]
            ends = [piece.size for piece in pieces if piece.kind is Kind.ENTRIES]
            signed = [piece for piece in pieces if piece.kind is Kind.CHECKPOINT]
            tree, note = Frontier(), b""
            for size in ends:
                if signed and size <= signed[-1].size:
                    self._take(log, size, tree)
            if signed:
                with self.vault.open(signed[-1].key()) as stored:
                    note = stored.read()
                read = notes.parse(note)
                self._verify_ours(log, read)
                checkpoint = Checkpoint.parse(read.text)
                if (checkpoint.size, checkpoint.root) != (tree.size, tree.root()):
                    raise IntegrityFault("root-differs", log=log, size=checkpoint.size)
            key = self.keys.make(self._origin(log))
            self.store.begin(log, Signed(tree, note), self._stored(key, log, self.now()))
            return tree.size

    def end_halt_of_lost_state(self) -> None:
        """Sign again where a check stopped the signer because its state was lost, and all was adopted since.

        Any other halt stays. What else that check found stands as alarms; nothing is signed while one does.
        """
        with self._turn:
            halted = self.store.halted()
            if halted is not None and halted[0].startswith(f"{BEHIND} "):
                self.store.resume()

    def _verify_ours(self, log: str, note: notes.Note) -> None:
        """A signature that we would make again, bit for bit, is ours: Ed25519 takes no chance (RFC 8032)."""
        ours = self.keys.of(self._origin(log))
        if ours and not any(self.keys.sign(key, note.text) in note.signatures for key in ours):
            raise IntegrityFault("signer-unknown", signers=[f"{s.name}+{s.key_id}" for s in note.signatures])

    def _origin(self, log: str) -> str:
        return f"{self.site_name}/{log}"

    def _verify_not_halted(self) -> None:
        halted = self.store.halted()
        if halted is not None:
            raise Unavailable("signer-halted", reason=halted[0], since=halted[1])

    def _begun(self, log: str) -> Signed:
        """Return what was signed last; begin a log of which the vault holds nothing signed.

        A state that was lost must not look like a log that begins: its past would be signed a second time.
        """
        signed = self.store.signed(log)
        if signed is not None:
            return signed
        for one in self.vault.census(f"log/{log}/"):
            if one.key.endswith(f"/{Kind.CHECKPOINT}"):
                raise Unavailable("signer-state-missing", log=log, found=one.key)
        signed = Signed(Frontier(), b"")
        key = self.keys.make(self._origin(log))
        self.store.begin(log, signed, self._stored(key, log, self.now()))
        return signed

    def _stored(self, key: VerifierKey, log: str, now: datetime) -> StoredKey:
        return StoredKey(key.label, log, key.text(), to_text(now), None)

    def _signing(self, log: str) -> list[VerifierKey]:
        now = to_text(self.now())
        return [
            VerifierKey.parse(key.vkey)
            for key in self.store.keys(log)
            if key.until is None or key.until > now
        ]

    def _take(self, log: str, size: int, tree: Frontier) -> None:
        """Read a segment back and put its entries behind the tree."""
        key = Piece(log, size, Kind.ENTRIES).key()
        try:
            sealed = self.vault.stat(key)
            with self.vault.open(key, sealed.version) as stored:
                raw = stored.read()
        except StoreUnavailable:
            raise
        except StorageError as problem:
            raise IntegrityFault("segment-missing", key=key, reason=problem.code) from problem
        if sealed.alarms:
            raise IntegrityFault("segment-altered", key=key, reason=" ".join(sealed.alarms))
        for index, entry in enumerate(read_segment(raw, tree.size, size), start=tree.size):
            if read_entry(entry)["log"] != self._origin(log):
                raise IntegrityFault("segment-altered", key=key, reason="log", index=index)
            tree.append(SHA256.leaf(entry))

    def _note(self, log: str, tree: Frontier) -> bytes:
        text = Checkpoint(self._origin(log), tree.size, tree.root()).text()
        return notes.write(text, [self.keys.sign(key, text) for key in self._signing(log)])


def open_desk(
    site_name: str, store: Store, keys: KeyFolder, vault: Vault, now: Callable[[], datetime]
) -> Desk:
    """Make the desk over its parts."""
    return Desk(site_name, store, keys, vault, now, Lock())


def all_pieces(vault: Vault, log: str = "") -> list[Piece]:
    """Return the pieces of a log, or of all logs, in the vault, in order; what is none is left out."""
    pieces = []
    for one in vault.list(f"log/{log}"):
        with suppress(Invalid):
            pieces.append(Piece.parse(one.key))
    return pieces


def _verify_asked(log: str, after: int, ends: Sequence[int]) -> None:
    if not _LOG.fullmatch(log):
        raise Invalid("signer-question-malformed", reason="log")
    if after < 0 or not ends or list(ends) != sorted(set(ends)) or ends[0] < 1:
        raise Invalid("signer-question-malformed", reason="sizes")
