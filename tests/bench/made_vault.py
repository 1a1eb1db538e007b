"""A vault of many recordings, written straight into its folder: what years have sealed and published.

Each recording has what a real one has: original (of a few bytes), signed manifest, locks; the entries of its
upload, seal, examinations and reading back; its rows. Nothing is synced, so it takes minutes less.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.adapters.keys import FileSigner, make_key
from evidence.domain.audit import Place
from evidence.domain.digests import Digests
from evidence.domain.instants import to_text
from evidence.domain.recordings import Origin, Recording
from evidence.domain.uploads import Upload, UploadState
from evidence.ledger import notes
from evidence.ledger.canonical import canonical
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.encodings import write_base64
from evidence.ledger.entries import Head, write_entry
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256, Frontier
from evidence.ledger.rows import MOST_ROWS, Line, key_of, write_line
from evidence.ledger.segments import MOST_ENTRIES, Kind, Piece, write_segment
from evidence.service.intake.documents import manifest_body, receipt_body
from evidence.service.log.journaling import rows_entry
from storage import locks
from storage.vault import Lock, Promise
from tests.builders import SITE, START

LOG = f"{SITE}/custody"
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
BODY = b"a recording"
DIGESTS = Digests(hashlib.sha256(BODY).hexdigest(), "a" * 64)


class MadeVault:
    """Writes the site into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("keys", "vault", "staging", "scratch"):
            (folder / name).mkdir(parents=True)
        (folder / "site.toml").write_text(f'name = "{SITE}"\npolicy = "dazhe-2020"\n', "utf-8")
        (folder / "service.lock").touch()
        make_key(folder / "keys", SITE)
        self._signer = FileSigner(folder / "keys")
        self._key = Ed25519PrivateKey.generate()
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._verifier = VerifierKey(LOG, public)
        self._tree, self._entries = Frontier(), list[bytes]()
        self._lines, self._serial = list[bytes](), 0
        self._ids, self._moments = itertools.count(1), itertools.count()

    def make(self, recordings: int) -> None:
        """Make so many recordings."""
        from evidence.adapters.packs import load_pack
        from evidence.policy.rules import Pack  # noqa: F401

        self._pack = load_pack("dazhe-2020").latest
        self._enter("log.key", [], facts={"keys": [self._verifier.text()], "log": "custody"})
        self._dock = self._id("dock")
        self._row(
            "account", id=self._dock, role="dock", name="dock", created_at=self._time(), revoked_at=None
        )
        for number in range(recordings):
            self._record(number)
        self._close_piece()
        self._close_segment()

    def _id(self, what: str) -> str:
        return hashlib.sha256(f"{what} {next(self._ids)}".encode()).hexdigest()[:32]

    def _now(self) -> datetime:
        return START + timedelta(milliseconds=next(self._moments))

    def _time(self) -> str:
        return to_text(self._now())

    def _record(self, number: int) -> None:
        id_, name, now = self._id("recording"), f"DCIM/{number:07d}.mp4", self._now()
        origin = Origin(f"DSJ{number % 500:08d}", "012345", name, len(BODY), now - timedelta(hours=1))
        upload = Upload(
            id_, self._dock, origin, UploadState.COMPLETE, len(BODY), now, now, None, DIGESTS, now
        )
        lock = Lock(UNTIL)
        document = self._signer.sign(canonical(manifest_body(upload, DIGESTS, self._pack, lock, now, None)))
        sha256 = hashlib.sha256(document).hexdigest()
        keys = (f"recordings/{id_}/data", f"recordings/{id_}/manifest.json")
        self._seal(keys[0], BODY)
        self._seal(keys[1], document)
        policy = (self._pack.id, self._pack.version)
        recording = Recording(id_, origin, DIGESTS, now, UNTIL, *policy, keys[0], "1", keys[1], "1", sha256)
        heads: dict[str, Head] = {}
        self._enter("upload.create", [("upload", id_)], heads)
        self._enter("upload.complete", [("upload", id_)], heads)
        ref = {"sha256": DIGESTS.sha256, "size": len(BODY), "sm3": DIGESTS.sm3}
        facts = {"manifest_sha256": sha256, "policy": "@".join(policy)}
        index = self._enter("evidence.seal", [("recording", id_)], heads, facts=facts, ref=ref)
        for _ in range(2):
            self._enter("evidence.examine", [("recording", id_)], heads)
        self._enter("evidence.verify", [("recording", id_)], heads, facts={"faults": []})
        receipt = self._signer.sign(canonical(receipt_body(recording, Place(LOG, index))))
        self._rows(upload, recording, document, receipt)

    def _rows(self, upload: Upload, recording: Recording, document: bytes, receipt: bytes) -> None:
        origin, now, id_ = upload.origin, to_text(recording.sealed_at), recording.id
        name_sha256 = hashlib.sha256(origin.name.encode()).hexdigest()
        assert origin.modified_at is not None
        same = {
            "card_id": None, "clock_offset_ms": 0, "device": origin.device, "labels": "{}",
            "modified_at": to_text(origin.modified_at), "name": origin.name, "name_sha256": name_sha256,
            "sha256": DIGESTS.sha256, "size": len(BODY), "sm3": DIGESTS.sm3, "wearer": origin.wearer,
        }  # fmt: skip
        self._row(
            "upload", **same, id=id_, account_id=self._dock, declared_sha256=None, offset=len(BODY),
            problem=None, state="sealed", recording_id=id_, created_at=now, expires_at=now, completed_at=now,
        )  # fmt: skip
        manifest = write_base64(document)
        name = {"device": origin.device, "name": origin.name, "name_sha256": name_sha256}
        self._row("claim", **name, upload_id=id_, manifest=manifest)
        self._row(
            "recording", **same, id=id_, upload_id=id_, sealed_at=now, retain_until=to_text(UNTIL),
            policy_id=recording.policy_id, policy_version=recording.policy_version,
            data_key=recording.data_key, data_version="1",
            manifest_key=recording.manifest_key, manifest_version="1",
            manifest_sha256=recording.manifest_sha256, receipt=write_base64(receipt), ended_at=now,
            checked_at=now, check_result="ok",
        )  # fmt: skip
        self._row(
            "standing", recording_id=id_, unit_id=None, person_id=None, commander_id=None,
            classification="ordinary", under_transfer=False, on_hold=False,
        )  # fmt: skip
        for kind in ("probe", "deep", "deadline"):
            examination = self._id(kind)
            self._row(
                "examination", id=examination, scope_kind="recording", scope_id=id_, kind=kind, at=now,
                policy_id=recording.policy_id, policy_version=recording.policy_version, current=True,
                facts=json.dumps({"codec": "h264", "frames": 25, "duration": 60.0, "tracks": ["v", "a"]}),
            )  # fmt: skip
            if kind == "deadline":
                self._row(
                    "finding", id=self._id("finding"), examination_id=examination, recording_id=id_,
                    device=origin.device, code="on-time", severity="note", body="{}",
                )  # fmt: skip

    def _row(self, table: str, **values: object) -> None:
        self._lines.append(write_line(Line(table, values, is_gone=False)))
        if len(self._lines) == MOST_ROWS:
            self._close_piece()

    def _close_piece(self) -> None:
        self._serial += 1
        body = b"".join(self._lines)
        self._seal(key_of(self._serial), body)
        entry = rows_entry(self._serial, hashlib.sha256(body).hexdigest(), len(self._lines))
        self._enter(entry.act.value, [], facts=dict(entry.facts))
        self._lines = []

    def _enter(
        self, act: str, about: list[tuple[str, str]], heads: dict[str, Head] | None = None, **more: object
    ) -> int:
        fields = {
            "act": act, "by": "service", "id": self._id("entry"),
            "obj": [{"id": id_, "k": kind} for kind, id_ in about],
            "res": "ok", "t": self._time(), **more,
        }  # fmt: skip
        index = self._tree.size + len(self._entries)
        body, new = write_entry(fields, LOG, index, bytes(16), heads or {})
        if heads is not None:
            heads.update(new)
        self._entries.append(body)
        if len(self._entries) == MOST_ENTRIES:
            self._close_segment()
        return index

    def _close_segment(self) -> None:
        self._tree.extend(SHA256.leaf(body) for body in self._entries)
        size = self._tree.size
        self._seal(Piece("custody", size, Kind.ENTRIES).key(), write_segment(self._entries))
        text = Checkpoint(LOG, size, self._tree.root()).text()
        note = notes.write(text, [notes.sign(text, self._verifier, self._key.sign)])
        self._seal(Piece("custody", size, Kind.CHECKPOINT).key(), note)
        self._entries = []

    def _seal(self, key: str, body: bytes) -> None:
        """Put an object and its lock into the folder, as LocalVault would, without syncing."""
        path = self.folder / "vault" / key
        os.makedirs(path.parent, exist_ok=True)
        promise = Promise(len(body), hashlib.sha256(body).hexdigest())
        record = locks.seal(key, promise, Lock(UNTIL))
        path.with_name(f"{path.name}~lock.000001.json").write_bytes(locks.encode(record))
        path.write_bytes(body)
