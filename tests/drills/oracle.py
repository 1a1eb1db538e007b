"""The oracle: does a site on a disc keep everything that an acknowledgement log says was promised?

It reads the files of vault and staging, the database (a copy, with SQLite alone), and checks signatures with
OpenSSL's Ed25519, all by the written formats and never through the product's own modules, so that a fault
of the product cannot hide itself. What it holds a site to (numbers of the design's invariants):
I1 every acknowledged offset is durable with its bytes; every receipt has object, lock, manifest, row, entry
I2 no row without its object; no object that nobody owns
I3 same device, name and bytes: one recording, one object, one receipt; other bytes: refused, both kept
I4 the log has each act exactly once, its numbers and leaves without a hole, each object's history whole
I5 nothing was said before it was durable: I1, asked right after the fault
I6 at rest (after a restart): nothing waits, what is complete is sealed, what is left over lies in staging
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.drills.acknowledgements import Acknowledgement, Offset, Receipt, Refusal
from tests.drills.formats import Malformed, read_lock, read_signed, verifier
from tests.drills.ground import Ground, Rows

WITH_A_CREATION = 1 << 20  # docs/formats/dock-protocol.md, 2
# A piece of a log in the vault, and the lock records beside it (docs/formats/log-segment.md).
_OF_A_LOG = re.compile(
    r"log/(custody|access/[0-9]{4}|rows)/[0-9]{15}/(entries|checkpoint|rows)(~lock\.[0-9]{6}\.json)?"
)


def examine(ground: Ground, said: Iterable[Acknowledgement], at_rest: bool) -> list[str]:
    """Return every violation as a sentence. at_rest: after a restart, when the work should be done (I6)."""
    try:
        rows = Rows.read(ground.database)
    except sqlite3.Error as fault:
        return [f"I1 the database cannot be read: {fault}"]
    look = _Look(ground, rows)
    found = [*look.database(), *look.uploads(), *look.recordings(), *look.owners(at_rest), *look.entries()]
    for one in said:
        found += look.acknowledged(one)
    if at_rest:
        found += look.rest()
    return found


@dataclass
class _Look:
    ground: Ground
    rows: Rows
    _digests: dict[tuple[Path, int | None], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.upload = {row["id"]: row for row in self.rows.tables["upload"]}
        self.recording = {row["id"]: row for row in self.rows.tables["recording"]}
        self.keys = verifier((self.ground.data / "keys" / "verifiers").read_text("ascii"))
        self.acts: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows.tables["audit_entry"]:
            self.acts.setdefault(row["act"], []).append({"idx": row["idx"], **json.loads(row["body"])})

    def database(self) -> Iterator[str]:
        if self.rows.complaint != "ok":
            yield f"I1 the database is damaged: {self.rows.complaint}"

    def acknowledged(self, one: Acknowledgement) -> Iterator[str]:
        row = self.upload.get(one.upload)
        if row is None:
            yield f"I1 upload {one.upload} was acknowledged and has no row"
        elif isinstance(one, Offset):
            yield from self._offset(one, row)
        elif isinstance(one, Receipt):
            yield from self._receipt(one, row)
        else:
            yield from self._refusal(one, row)

    def _offset(self, one: Offset, row: dict[str, Any]) -> Iterator[str]:
        if row["offset"] < one.offset:
            yield f"I1 {one.offset} bytes of {one.upload} were acknowledged, the database has {row['offset']}"
        bytes_ = self._bytes_of(row)
        if bytes_ is None:
            yield f"I1 offset {one.offset} of {one.upload} was acknowledged and its bytes are nowhere"
        elif self._sha256(bytes_, one.offset) != one.sha256:
            there = f"the file has {bytes_.stat().st_size}"
            yield f"I1 the first {one.offset} bytes of {one.upload} are not those acknowledged ({there})"

    def _receipt(self, one: Receipt, row: dict[str, Any]) -> Iterator[str]:
        recording = self.recording.get(row["recording_id"] or "")
        if row["state"] != "sealed" or recording is None:
            yield f"I1 {one.upload} has a receipt and is {row['state']} without a recording"
            return
        if bytes(recording["receipt"]) != one.document.encode():
            yield f"I3 the receipt of {one.upload} is not the one that was given"
        facts = (one.device, one.name, one.size, one.sha256)
        if tuple(recording[key] for key in ("device", "name", "size", "sha256")) != facts:
            yield f"I1 the recording of {one.upload} is about other bytes than its receipt"
        same = [
            r["id"] for r in self.recording.values() if (r["device"], r["name"]) == (one.device, one.name)
        ]
        if same != [recording["id"]]:
            yield f"I3 {one.name} has {len(same)} recordings"

    def _refusal(self, one: Refusal, row: dict[str, Any]) -> Iterator[str]:
        if (row["state"], row["problem"]) != ("refused", one.code) or row["recording_id"]:
            yield f"I3 the refused upload {one.upload} is {row['state']} ({row['problem']})"
        staged = self.ground.staged(one.upload)
        if not staged.exists() or self._sha256(staged) != one.sha256:
            yield f"I3 the bytes of the refused upload {one.upload} were not kept"

    def uploads(self) -> Iterator[str]:
        """Rule of the staging area: what the database says is received lies on the disc."""
        for row in self.upload.values():
            if row["state"] in ("receiving", "complete", "refused"):
                path = self._bytes_of(row)
                size = path.stat().st_size if path else -1
                if size < row["offset"]:
                    yield f"I1 the database says {row['offset']} bytes of {row['id']}; the disc has {size}"
            complete = row["completed_at"] is not None
            if complete != (row["offset"] == row["size"]):
                yield f"I1 upload {row['id']}: complete {complete} at {row['offset']} of {row['size']} bytes"

    def recordings(self) -> Iterator[str]:
        for row in self.recording.values():
            yield from (f"{fault} (recording {row['id']})" for fault in self._recording(row))

    def _recording(self, row: dict[str, Any]) -> Iterator[str]:
        data, manifest = self.ground.object(row["data_key"]), self.ground.object(row["manifest_key"])
        for path, size, digest in (
            (data, row["size"], row["sha256"]),
            (manifest, None, row["manifest_sha256"]),
        ):
            if not path.is_file():
                yield f"I2 a row without its object {path.name}"
                return
            if size not in (None, path.stat().st_size) or self._sha256(path) != digest:
                yield f"I1 the object {path.name} has not the bytes of its row"
            yield from self._locked(path, digest, row["retain_until"])
        try:
            body = read_signed(manifest.read_bytes(), self.keys)
            receipt = read_signed(bytes(row["receipt"]), self.keys)
        except Malformed as fault:
            yield f"I1 manifest or receipt: {fault}"
            return
        yield from self._agree(row, body, receipt)

    def _agree(self, row: dict[str, Any], manifest: dict[str, Any], receipt: dict[str, Any]) -> Iterator[str]:
        original = {"name": row["name"], "size": row["size"], "sha256": row["sha256"], "sm3": row["sm3"]}
        if (manifest["recording"], manifest["device"], manifest["original"]) != (
            row["id"],
            row["device"],
            original,
        ):
            yield "I1 the manifest speaks of something else than its row"
        if {key: receipt[key] for key in original} != original or receipt["recording"] != row["id"]:
            yield "I1 the receipt speaks of something else than its row"
        if receipt["manifest_sha256"] != row["manifest_sha256"]:
            yield "I1 the receipt names another manifest"
        entries = [
            entry
            for entry in self.acts.get("evidence.seal", [])
            if [(one["k"], one["id"]) for one in entry["obj"]] == [("recording", row["id"])]
        ]
        named = (receipt["log"], receipt["log_index"])
        if [(entry["log"], entry["idx"]) for entry in entries] != [named]:
            yield f"I4 {len(entries)} entries of the seal, the receipt names {named}"
        ref = {key: original[key] for key in ("sha256", "size", "sm3") if original[key] is not None}
        if any(entry["ref"] != ref for entry in entries):
            yield "I1 the entry of the seal speaks of other bytes than its row"

    def _locked(self, path: Path, digest: str, until: str) -> Iterator[str]:
        try:
            lock = read_lock(path)
        except Malformed as fault:
            yield f"I1 {path.name} is not locked: {fault}"
            return
        if (lock["size_bytes"], lock["sha256"]) != (path.stat().st_size, digest):
            yield f"I1 the lock of {path.name} is about other bytes"
        if lock["retain_until"][:19] < until[:19]:
            yield f"I1 the lock of {path.name} ends before its row says"
        if path.stat().st_mode & 0o222:
            yield f"I1 {path.name} can be written"

    def owners(self, at_rest: bool) -> Iterator[str]:
        """Every object belongs to a recording, or to an upload whose seal is still to be finished."""
        root = self.ground.data / "vault"
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            if path == root / "~vault" or _OF_A_LOG.fullmatch(str(path.relative_to(root))):
                continue  # the sign of a vault; the logs are the site's own, and have judges of their own
            owner = path.relative_to(root).parts[1] if path.is_relative_to(root / "recordings") else ""
            row = self.upload.get(owner)
            unfinished = row is not None and row["state"] == "complete" and not at_rest
            if owner not in self.recording and not unfinished:
                yield f"I2 an object that nobody owns: {path.relative_to(root)}"
        twins = Counter((row["device"], row["name"]) for row in self.recording.values())
        yield from (f"I3 {name} has {count} recordings" for (_, name), count in twins.items() if count > 1)

    def entries(self) -> Iterator[str]:
        numbers = sorted(row["id"] for row in self.rows.tables["audit_entry"])
        if numbers != list(range(1, len(numbers) + 1)):
            yield "I4 the log's numbers have a hole"
        yield from self._logs()
        want = {
            "upload.create": Counter(list(self.upload)),
            "upload.complete": Counter(id_ for id_, row in self.upload.items() if row["completed_at"]),
            "upload.refuse": Counter(id_ for id_, row in self.upload.items() if row["state"] == "refused"),
            "upload.repeat": Counter(
                id_ for id_, row in self.upload.items() if row["recording_id"] not in (None, id_)
            ),
            "evidence.seal": Counter(list(self.recording)),
        }
        for act, expected in want.items():
            found = Counter(entry["obj"][0]["id"] for entry in self.acts.get(act, []))
            if found != expected:
                more, less = dict(found - expected), dict(expected - found)
                yield f"I4 entries of {act}: {more} too many, {less} missing"

    def _logs(self) -> Iterator[str]:
        """Each log's leaves without a hole, and each object's entries counted, each naming the one before."""
        leaves: dict[str, int] = {}
        last: dict[tuple[str, str], tuple[int, str, int]] = {}
        rows = sorted(self.rows.tables["audit_entry"], key=lambda row: int(row["id"]))
        for row in rows:
            log, idx, entry = row["log"], row["idx"], json.loads(row["body"])
            if idx != leaves.get(log, 0) or not entry["log"].endswith(f"/{log}"):
                yield f"I4 leaf {idx} of {log} has not its place"
            leaves[log] = idx + 1
            for one in entry["obj"]:
                n, before, index = last.get(which := (log.split("/")[0], one["id"]), (0, entry["log"], None))
                said = (one["n"], one.get("prev_log", entry["log"]), one.get("prev"))
                if said != (n + 1, before, index):
                    yield f"I4 the history of {one['id']} is broken at leaf {idx} of {log}"
                last[which] = (one["n"], entry["log"], idx)
        counted = {(row["family"], row["object_id"], row["n"]) for row in self.rows.tables["audit_about"]}
        if counted != {(*which, n) for which, (most, _, _) in last.items() for n in range(1, most + 1)}:
            yield "I4 the counters of the log do not say what its entries say"

    def rest(self) -> Iterator[str]:
        """I6, and that nothing lies about but in staging, where the listing shows it."""
        for row in self.rows.tables["job"]:
            if row["name"] == "seal" and row["state"] != "done":
                yield f"I6 the seal of {row['subject']} is {row['state']}: {row['problem']}"
        for row in self.upload.values():
            if row["state"] == "complete":
                yield f"I6 upload {row['id']} is complete and has no end"
        for path in self.ground.staging.iterdir():
            owner = self.upload.get(path.stem)
            if owner is not None and owner["state"] == "sealed":
                yield f"I6 {path.name} still lies in staging though it is sealed"
            # A small file that came with a creation which was cut off before its commit: never acknowledged.
            if owner is None and path.stat().st_size > WITH_A_CREATION:
                yield f"I6 {path.name} in staging has bytes and no row speaks of it"
            if path.suffix != ".part":
                yield f"I6 {path.name} in staging is no upload"

    def _bytes_of(self, row: dict[str, Any]) -> Path | None:
        """Where the bytes of an upload lie: in staging, or in the vault once sealed (or half sealed)."""
        recording = self.recording.get(row["recording_id"] or row["id"])
        if row["state"] == "sealed" and recording is not None:
            path = self.ground.object(recording["data_key"])
        else:
            path = self.ground.staged(row["id"])
        return path if path.exists() else None

    def _sha256(self, path: Path, length: int | None = None) -> str:
        """Digest of the first bytes; "" where the file is shorter."""
        if (path, length) not in self._digests:
            body = path.read_bytes()
            short = length is not None and len(body) < length
            self._digests[path, length] = "" if short else sha256(body[:length]).hexdigest()
        return self._digests[path, length]


def tail(ground: Ground, upload: str, acknowledged: int) -> list[str]:
    """After a resumed request: the staged file ends where the acknowledged offset ends."""
    size = ground.staged(upload).stat().st_size
    return (
        []
        if size == acknowledged
        else [f"I1 {size - acknowledged} stale bytes behind the offset of {upload}"]
    )
