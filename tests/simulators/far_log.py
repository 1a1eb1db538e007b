"""The log of custody of a simulated service: real entries, tree and checkpoints, or what a test forges."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.encodings import write_base64
from evidence.ledger.entries import write_entry
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256, root_of
from evidence.ledger.notes import parse, sign, write
from evidence.ledger.proofs import consistency, inclusion
from evidence.ledger.tiles import TileHashes, grow
from evidence.ledger.tlog_proofs import TlogProof


class SealedUpload(Protocol):
    """What the log must know of an upload that was sealed."""

    recording: str
    data: bytearray


class FarLog:
    """published: the size of the newest checkpoint; it covers everything unless a test holds it back."""

    def __init__(self, site: str) -> None:
        self.origin = f"{site}/custody"
        self.private, self.key = self.new_key()
        self.listed = [self.key]
        self.entries = [self.entry({"act": "site.init", "obj": []}, 0)]
        self.held_at: int | None = None
        self.forge: Callable[[FarLog, int], bytes] = FarLog.proof
        self.manifest_sha256 = "0" * 64
        self._places: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def published(self) -> int:
        """The size of the newest checkpoint."""
        return len(self.entries) if self.held_at is None else self.held_at

    def new_key(self) -> tuple[Ed25519PrivateKey, VerifierKey]:
        """Make a key for this log."""
        private = Ed25519PrivateKey.generate()
        return private, VerifierKey(self.origin, private.public_key().public_bytes_raw())

    def keys_body(self) -> dict[str, object]:
        """Return the honest body of the list of keys."""
        return {"type": "evidence.log-keys/1", "keys": [key.text() for key in self.listed]}

    def entry(self, fields: dict[str, Any], index: int, origin: str = "") -> bytes:
        """Write an entry for an index."""
        given = {"id": f"{index:032x}", "res": "ok", "t": "2026-11-21T05:00:00.667178Z", **fields}
        return write_entry(given, origin or self.origin, index, index.to_bytes(16, "big"), {})[0]

    def seal_fields(self, upload: SealedUpload) -> dict[str, Any]:
        """Return what an honest entry says of an upload."""
        return {
            "act": "evidence.seal",
            "obj": [{"id": upload.recording, "k": "recording"}],
            "facts": {"manifest_sha256": self.manifest_sha256},
            "ref": {"sha256": hashlib.sha256(upload.data).hexdigest(), "size": len(upload.data)},
        }

    def place_of(self, upload: SealedUpload) -> dict[str, Any]:
        """Return what a receipt says of the entry; the first time, write it."""
        with self._lock:
            index = self._places.setdefault(upload.recording, len(self.entries))
            if index == len(self.entries):
                self.entries.append(self.entry(self.seal_fields(upload), index))
        return {"log": self.origin, "log_index": index}

    def proof(self, index: int) -> bytes:
        """Return the honest proof of an entry."""
        return self.proof_of(index, self.entries[index])

    def proof_of(self, index: int, entry: bytes, entries: list[bytes] | None = None) -> bytes:
        """Return a proof file with this entry, over these entries or those that are published."""
        leaves = self._leaves(entries)
        hashes = inclusion(index, len(leaves), _hashes_of(leaves))
        return TlogProof(index, tuple(hashes), self.checkpoint(entries), entry).write()

    def checkpoint(self, entries: list[bytes] | None = None) -> bytes:
        """Return a signed checkpoint over these entries or those that are published."""
        leaves = self._leaves(entries)
        text = Checkpoint(self.origin, len(leaves), root_of(leaves)).text()
        return write(text, [sign(text, self.key, self.private.sign)])

    def goes_on(self, note: bytes) -> bool:
        """Tell whether this log goes on from a checkpoint of it."""
        seen = Checkpoint.parse(parse(note).text)
        leaves = SHA256.leaves(self.entries[: seen.size])
        return len(leaves) == seen.size <= self.published and root_of(leaves) == seen.root

    def consistency(self, old: int, new: int) -> bytes:
        """Return the proof that the tree only grew, as far as it did."""
        hashes = consistency(old, new, _hashes_of(self._leaves(self.entries[:new])))
        return "".join(f"{write_base64(one)}\n" for one in hashes).encode()

    def _leaves(self, entries: list[bytes] | None) -> list[bytes]:
        return [SHA256.leaf(one) for one in entries or self.entries[: self.published]]


def _hashes_of(leaves: list[bytes]) -> TileHashes:
    return TileHashes(len(leaves), grow(0, leaves, lambda tile: b"").__getitem__)
