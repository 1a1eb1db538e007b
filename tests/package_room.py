"""A made-up log with recordings in it, and packages that are built of them: no service, no database."""

from __future__ import annotations

import io
import os
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.adapters.packing import Packing
from evidence.adapters.packing.copying import digest
from evidence.bundle.media import MEDIA, Medium
from evidence.bundle.shipment import (
    Derivative,
    Item,
    LaidBag,
    Logged,
    Packed,
    Shipment,
    Source,
    Testimony,
)
from evidence.ledger import cosignatures, notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.encodings import write_base64
from evidence.ledger.entries import Head, commitment, read_entry, write_entry
from evidence.ledger.keys import COSIGNATURE_ED25519, VerifierKey
from evidence.ledger.merkle import SHA256, root_of
from evidence.ledger.proofs import inclusion
from evidence.ledger.tlog_proofs import TlogProof

SITE = "police.example"
CREATED = "2026-11-29T08:30:00.000000Z"
PDF = b"%PDF-1.7\n% made for a test\n%%EOF\n"


@dataclass
class MadeKey:
    """A key pair with its name."""

    name: str
    type: int = 1
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def vkey(self) -> VerifierKey:
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw(), self.type)


class MadeLog:
    """One log: entries, heads of its family, a key."""

    def __init__(self, log: str, heads: dict[str, Head], witness: MadeKey | None = None) -> None:
        self.log, self.origin = log, f"{SITE}/{log}"
        self.key, self.witness, self.heads = MadeKey(self.origin), witness, heads
        self.entries: list[bytes] = []
        self.values: dict[tuple[int, str], tuple[bytes, object]] = {}

    def append(self, act: str, about: Sequence[tuple[str, str]], **fields: Any) -> int:
        """Append an entry; about: kind and id. personal: values that it commits to."""
        index, personal = len(self.entries), fields.pop("personal", {})
        pd = {}
        for name, value in personal.items():
            salt = secrets.token_bytes(16)
            pd[name] = commitment(name, salt, value)
            self.values[index, name] = salt, value
        said = {
            "act": act,
            "id": secrets.token_hex(16),
            "obj": [{"id": one, "k": kind} for kind, one in about],
            "res": "ok",
            "t": f"2026-11-29T08:{index // 60 % 60:02d}:{index % 60:02d}.000000Z",
            **({"pd": pd} if pd else {}),
            **fields,
        }
        raw, heads = write_entry(said, self.origin, index, secrets.token_bytes(16), self.heads)
        self.heads.update(heads)
        self.entries.append(raw)
        return index

    def checkpoint(self) -> bytes:
        """Return the signed checkpoint of all entries, cosigned where there is a witness."""
        text = Checkpoint(self.origin, len(self.entries), root_of(map(SHA256.leaf, self.entries))).text()
        lines = [notes.sign(text, self.key.vkey, self.key.private.sign)]
        if self.witness is not None:
            vkey = self.witness.vkey
            lines.append(cosignatures.cosign(text, vkey, 1_790_000_000, self.witness.private.sign))
        return notes.write(text, lines)

    def prove(self, index: int, note: bytes) -> bytes:
        """Return the proof file of an entry."""
        leaves = [SHA256.leaf(one) for one in self.entries]

        def read(level: int, at: int) -> bytes:
            return root_of(leaves[at << level : (at + 1) << level])

        hashes_ = inclusion(index, len(leaves), read)
        return TlogProof(index, tuple(hashes_), note, self.entries[index]).write()

    def logged(self, ids: set[str], shown: set[str]) -> list[Logged]:
        """Return the entries about these objects, with proofs; `shown` fields disclosed."""
        note, found = self.checkpoint(), []
        for index, raw in enumerate(self.entries):
            entry = read_entry(raw)
            if not ids & {one["id"] for one in entry["obj"]}:
                continue
            fields: dict[str, dict[str, object]] = {}
            for name in entry.get("pd", {}):
                salt, value = self.values[index, name]
                told = {"state": "disclosed", "salt": write_base64(salt), "value": value}
                fields[name] = told if name in shown else {"state": "withheld"}
            found.append(Logged(self.log, index, raw, self.prove(index, note), fields))
        return found


def sm3_of(body: bytes) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(body)
    return digest.finalize().hex()


@dataclass
class PackageRoom:
    """Recordings that were sealed, and a place where packages of them appear."""

    place: Path
    seed: int = 1
    sizes: Sequence[int] = (40_000, 3, 70_001)
    with_derivative: bool = True
    witness: MadeKey | None = None
    stamps: dict[str, bytes] = field(default_factory=dict)
    number: str = "EXP-2026-000123"
    names: Sequence[str] = ()
    films: Sequence[Path] = ()  # files that are recordings, in the place of bytes in memory
    opened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        custody: dict[str, Head] = {}
        access: dict[str, Head] = {}
        self.custody = MadeLog("custody", custody, self.witness)
        self.access = MadeLog("access/2026", access, self.witness)
        self.export_id = secrets.token_hex(16)
        self.bodies: dict[str, bytes] = {}
        if self.films:
            items = [self._film(number, film, chance) for number, film in enumerate(self.films)]
        else:
            items = [self._made(number, size, chance) for number, size in enumerate(self.sizes)]
        self.shipment = Shipment(
            self.export_id,
            self.number,
            CREATED,
            "某市公安局交通警察支队",
            tuple(items),
            "移送检察院",
            ("A3301-2026-0007",),
        )

    def _made(self, number: int, size: int, chance: random.Random) -> Item:
        body = chance.randbytes(size)
        name = self.names[number] if number < len(self.names) else f"DCIM/执法记录 {number:04d}_现场.mp4"
        source = Source(name, size, _sha256(body), sm3_of(body), self._opener(name, body))
        item = self._recording(number, source, chance)
        self.bodies[item.id] = body
        if not self.with_derivative or number:
            return item
        return replace(item, derivatives=(self._derivative(item.id, body[: len(body) // 2], chance),))

    def _film(self, number: int, film: Path, chance: random.Random) -> Item:
        of = digest(film)
        source = Source(film.name, of.size_bytes, of.sha256, of.sm3, lambda: film.open("rb", buffering=0))
        return self._recording(number, source, chance)

    def _recording(self, number: int, source: Source, chance: random.Random) -> Item:
        id_ = chance.randbytes(16).hex()
        self._noise(chance)
        ref = {"sha256": source.sha256, "size": source.size_bytes, "sm3": source.sm3}
        mine, personal = [("recording", id_)], {"actor": "012345"}
        self.custody.append("upload.create", mine, by="a" * 32)
        self._noise(chance)
        self.custody.append("evidence.seal", mine, ref=ref, facts={"device": "DSJ1"}, personal=personal)
        looked = {"network": "10.1.2.3", "actor": "054321"}
        self.access.append("evidence.play", mine, by="b" * 32, personal=looked)
        self._noise(chance)
        self.custody.append("evidence.examine", mine, by="service", facts={"findings": 2})
        self.access.append("evidence.read", mine, by="c" * 32, personal={"reason": "办案需要"})
        facts = {"title": f"现场 {number}", "duration_ms": 1234}
        began = f"2026-03-{number % 28 + 1:02d}T09:30:00.000000Z"
        return Item(id_, began, source, (), facts, b"{}\n")

    def _derivative(self, parent: str, body: bytes, chance: random.Random) -> Derivative:
        id_ = chance.randbytes(16).hex()
        ref = {"sha256": _sha256(body), "size": len(body), "sm3": sm3_of(body)}
        about = [("derivative", id_), ("recording", parent)]
        self.custody.append("derivative.make", about, ref=ref, facts={"operation": "redact"})
        self.access.append("evidence.play", [("derivative", id_)])
        self.bodies[id_] = body
        return Derivative(
            id_, Source("遮挡.mp4", len(body), ref["sha256"], ref["sm3"], self._opener("d", body))
        )

    def _opener(self, name: str, body: bytes) -> Callable[[], BinaryIO]:
        def open_() -> BinaryIO:
            self.opened.append(name)
            return io.BytesIO(body)

        return open_

    def _noise(self, chance: random.Random) -> None:
        for _ in range(chance.randrange(3)):
            self.custody.append("card.announce", [("card", chance.randbytes(16).hex())])
            self.access.append("evidence.list", [])

    @property
    def ids(self) -> dict[str, str]:
        """The ids of all files in the shipment, with their kind."""
        found = {}
        for item in self.shipment.items:
            found[item.id] = "recording"
            found.update({one.id: "derivative" for one in item.derivatives})
        return found

    def policy(self) -> bytes:
        lines = [f"log {self.custody.key.vkey.text()}", f"log {self.access.key.vkey.text()}"]
        if self.witness is not None:
            lines += [f"witness court {self.witness.vkey.text()}", "quorum court"]
        return "".join(f"{line}\n" for line in (*lines, *([] if self.witness else ["quorum none"]))).encode()

    def attest(self, bags: Sequence[LaidBag], set_sha256: str) -> Testimony:
        """Write the export's entries and say what the log says."""
        about = [("export", self.export_id), *((kind, id_) for id_, kind in self.ids.items())]
        facts = {
            "bags": [{"sha256": one.manifest_sha256, "sm3": one.manifest_sm3} for one in bags],
            "families": ["access", "custody"],
            "set_sha256": set_sha256,
        }
        self.custody.append(
            "export.create", about, facts=facts, by="d" * 32, personal={"recipient": "某检察院"}
        )
        self.access.append("log.read", about, by="d" * 32)
        return self.testimony()

    def testimony(self) -> Testimony:
        wanted = set(self.ids)
        entries = [*self.custody.logged(wanted, {"actor"}), *self.access.logged(wanted, {"actor"})]
        return Testimony(entries, self.policy(), {"purpose": "移送起诉"}, lambda _: PDF, self.stamps)

    def pack(self, medium: str | Medium = "folder", **options: Any) -> Packed:
        chosen = MEDIA[medium] if isinstance(medium, str) else medium
        return Packing(self.place).pack(self.shipment, chosen, self.attest, **options)

    def bag(self, number: int = 1, of: int = 1) -> Path:
        return self.place / self.number / f"{self.number}_{number}of{of}"

    def seal(self, packed: Packed) -> bytes:
        """Write the entry of the seal; return its proof file."""
        facts = {"bags": [{"tagmanifest_sha256": one.tagmanifest_sha256} for one in packed.bags]}
        index = self.custody.append("export.seal", [("export", self.export_id)], facts=facts)
        return self.custody.prove(index, self.custody.checkpoint())


def _sha256(body: bytes) -> str:
    return SHA256.new(body).digest().hex()


def a_witness() -> MadeKey:
    return MadeKey("court.example/w1", COSIGNATURE_ED25519)


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def holes(size: int, folder: Path, name: str = "film") -> Path:
    """Return a file of so many bytes that takes no room."""
    file = folder / name
    with file.open("wb") as made:
        os.truncate(made.fileno(), size)
    return file
