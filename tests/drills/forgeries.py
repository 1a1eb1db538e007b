"""What root of the machine can do to a stopped or running site when he takes some trouble over it."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from evidence.adapters.digesting import TwoDigests
from evidence.adapters.keys import FileSigner
from evidence.ledger.canonical import canonical
from evidence.ledger.merkle import SHA256, Frontier
from evidence.ledger.tiles import grow
from evidence.service.intake.documents import MANIFEST, RECEIPT
from storage import locks
from storage.opening import open_vault
from storage.vault import Promise
from tests import forms, inside, tampering
from tests.drills.scene import Scene

_LOCK = "~lock.000001.json"


def flip(body: bytes) -> bytes:
    """Change the last byte."""
    return body[:-1] + bytes([body[-1] ^ 1])


def replace_sealed(data: Path, key: str, body: bytes) -> str:
    """Put other bytes under a key and forge the lock record beside it; return their SHA-256."""
    sealed = open_vault(forms.vault_url(data)).stat(key)
    sha256 = hashlib.sha256(body).hexdigest()
    record = locks.seal(key, Promise(len(body), sha256), sealed.lock)
    tampering.overwrite(data, key, body)
    tampering.overwrite(data, key + _LOCK, locks.encode(record))
    return sha256


def forge_recording(scene: Scene, recording: str) -> None:
    """Swap original, lock records, manifest, receipt and row, all consistent, with the site's own key."""
    data, signer = scene.data, FileSigner(scene.data / "keys")
    (row,) = inside.records(data, "SELECT * FROM recording WHERE id = :id", id=recording)
    body = flip(inside.sealed(data, row["data_key"]))
    running = TwoDigests()
    running.update(body)
    digests = running.digests()
    replace_sealed(data, row["data_key"], body)
    manifest: dict[str, Any] = dict(signer.read(inside.sealed(data, row["manifest_key"]), MANIFEST))
    manifest["original"] = {**manifest["original"], "sha256": digests.sha256, "sm3": digests.sm3}
    manifest_sha256 = replace_sealed(data, row["manifest_key"], signer.sign(canonical(manifest)))
    receipt: dict[str, Any] = dict(signer.read(bytes(row["receipt"]), RECEIPT))
    receipt |= {"sha256": digests.sha256, "sm3": digests.sm3, "manifest_sha256": manifest_sha256}
    scene.administer(
        "UPDATE recording SET sha256 = :sha256, sm3 = :sm3, manifest_sha256 = :manifest, receipt = :receipt "
        "WHERE id = :id",
        sha256=digests.sha256,
        sm3=digests.sm3,
        manifest=manifest_sha256,
        receipt=signer.sign(canonical(receipt)),
        id=recording,
    )


def cut(scene: Scene, size: int) -> None:
    """Take the entries of custody from `size` on out of the database, and all that speaks of them there."""
    leaves = [SHA256.leaf(body) for body in entries(scene.data)[:size]]
    for table, column in (("audit_entry", "idx >="), ("audit_about", "idx >="), ("log_segment", "size >")):
        scene.administer(f"DELETE FROM {table} WHERE log = 'custody' AND {column} :size", size=size)
    scene.administer("DELETE FROM log_checkpoint WHERE log = 'custody' AND size > :size", size=size)
    scene.administer("DELETE FROM log_tile WHERE log = 'custody'")
    for tile, hashes in grow(0, leaves, lambda _: b"").items():
        scene.administer(
            "INSERT INTO log_tile (log, level, idx, hashes) VALUES ('custody', :level, :idx, :hashes)",
            level=tile.level,
            idx=tile.index,
            hashes=hashes,
        )


def entries(data: Path, log: str = "custody") -> list[bytes]:
    """Return the entries of a log as the database has them."""
    asked = inside.rows(data, "SELECT body FROM audit_entry WHERE log = :log ORDER BY idx", log=log)
    return [bytes(body) for (body,) in asked]


def rewrite(scene: Scene) -> None:
    """Rewrite the log of custody from its first entry on, with the signer's stolen key and state: another
    account gets the first upload, and everything is published anew. The service stands still.
    """
    ((index, body),) = inside.rows(
        scene.data, "SELECT idx, body FROM audit_entry WHERE act = 'upload.create' ORDER BY id LIMIT 1"
    )
    entry = json.loads(bytes(body)) | {"by": "f" * 32}
    scene.administer(
        "UPDATE audit_entry SET body = :body WHERE log = 'custody' AND idx = :index",
        body=canonical(entry),
        index=index,
    )
    for table in ("log_tile", "log_checkpoint", "log_segment"):
        scene.administer(f"DELETE FROM {table} WHERE log = 'custody'")
    shutil.rmtree(scene.data / "vault/log/custody")
    with closing(sqlite3.connect(scene.data / "signer/state.db")) as state:
        empty = (Frontier().to_bytes(), b"")
        state.execute("UPDATE signed SET size = 0, frontier = ?, note = ? WHERE log = 'custody'", empty)
        state.commit()
    scene.service.command("log", "publish")
