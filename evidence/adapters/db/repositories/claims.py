"""Claims on a device's file names in SQL.

A claim is asked for by device and name, which are its key; by its upload only where one is given up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from evidence.adapters.db.repositories.pairs import among
from evidence.adapters.db.repositories.rows import name_digest, portions
from evidence.adapters.db.tables import claim
from evidence.domain.recordings import Origin

_NAMED = among(claim.c.device, claim.c.name_sha256)
_HELD = select(claim.c.device, claim.c.name_sha256, claim.c.upload_id).where(_NAMED)
_KEPT = select(claim.c.upload_id, claim.c.manifest).where(_NAMED)
_MINE = (
    (claim.c.device == bindparam("of"))
    & (claim.c.name_sha256 == bindparam("called"))
    & (claim.c.upload_id == bindparam("upload"))
)
_TAKE = insert(claim)
_KEEP = update(claim).where(_MINE, claim.c.manifest.is_(None))


class SqlClaims:
    """See service.ports.Claims."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def take(self, device: str, name: str, upload_id: str) -> str:
        """Claim the name for an upload; return the upload that holds it."""
        return self.take_all({upload_id: (device, name)})[upload_id]

    def take_all(self, wanted: Mapping[str, tuple[str, str]]) -> Mapping[str, str]:
        """Claim a device's name for each of some uploads; return the upload that holds each."""
        keys = {upload_id: (device, name_digest(name)) for upload_id, (device, name) in wanted.items()}
        held = {(row.device, row.name_sha256): str(row.upload_id) for row in self._ask(_HELD, keys.values())}
        new = []
        for upload_id, (device, name) in wanted.items():
            holder = held.get(keys[upload_id])
            if holder is not None:
                continue
            held[keys[upload_id]] = upload_id
            new.append({
                "device": device, "name_sha256": name_digest(name), "name": name, "upload_id": upload_id,
            })  # fmt: skip
        if new:
            self._db.execute(_TAKE, new)
        return {upload_id: held[key] for upload_id, key in keys.items()}

    def release(self, upload_id: str) -> None:
        """Give up an upload's claim: nothing was sealed under it."""
        self._db.execute(delete(claim).where(claim.c.upload_id == upload_id))

    def keep_manifests(self, made: Mapping[str, tuple[Origin, bytes]]) -> Mapping[str, bytes]:
        """Keep the manifests of uploads that hold the claims of their origins; return the first kept of
        each.
        """
        keys = {id_: (origin.device, name_digest(origin.name)) for id_, (origin, _) in made.items()}
        rows = [
            {"of": keys[id_][0], "called": keys[id_][1], "upload": id_, "manifest": manifest}
            for id_, (_, manifest) in made.items()
        ]
        if rows:
            self._db.execute(_KEEP, rows)
        kept = {row.upload_id: bytes(row.manifest) for row in self._ask(_KEPT, keys.values())}
        return {id_: kept[id_] for id_ in made}

    def _ask(self, question: Any, keys: Collection[tuple[str, str]]) -> Iterator[Row[Any]]:
        for some in portions(sorted(set(keys))):
            yield from self._db.execute(question, {"pairs": some})
