"""One key's place in a folder: the object under its own name, its lock records beside it.

    <folder>/original                          the object, 0444
    <folder>/original~lock.000001.json         the first lock record, durable before the object appears
    <folder>/original~lock.000002.json …       later acts; after a disposal they stay as its proof

Rules: whoever changes something holds the folder's lock; readers look at the object first and at its records
after, so that an object just being sealed is never seen without its lock.
Not here: what the records say (storage/locks.py), making folders and files durable (storage/durable.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from storage import locks
from storage.crashpoints import crashpoint
from storage.durable import Folder, put, storing
from storage.errors import Damaged, Exists, Missing
from storage.immutable import is_immutable, set_immutable
from storage.locks import Act, LockRecord
from storage.vault import Debris, Lock, Promise, Sealed

RECORD = re.compile(r"(?P<name>[^~]+)~lock\.(?P<serial>[0-9]{6})\.json")
Records = Mapping[str, Mapping[int, str]]
"""Of the objects of a folder by name: the names of their lock records by serial."""


def records_among(names: Iterable[str]) -> Records:
    """Tell which of the names of a folder are lock records, and of what."""
    found: dict[str, dict[int, str]] = {}
    for name in names:
        if "~" in name and (m := RECORD.fullmatch(name)):
            found.setdefault(m["name"], {})[int(m["serial"])] = name
    return found


class Place:
    """A key in its open folder. immutable: whether the operator asks for the flag of storage/immutable.py."""

    def __init__(self, folder: Folder, key: str, immutable: bool = False) -> None:
        self.folder, self.key, self.immutable = folder, key, immutable
        self.name = key.rpartition("/")[2]

    def last(self, records: Records | None = None) -> LockRecord | None:
        """Return the last lock record, or None. records: of this folder, if the names have just been read.

        Raises: Damaged, StoreUnavailable.
        """
        if records is None:
            with storing(key=self.key):
                records = records_among(os.listdir(self.folder.fd))
        found = records.get(self.name, {})
        try:
            return locks.read_chain(self.key, {n: self.folder.read(name) for n, name in found.items()})
        except Missing as fault:
            raise Damaged(key=self.key, reason="lock-record-missing") from fault

    def open(self) -> int:
        """Open the object. Raises: Missing."""
        try:
            return self.folder.open(self.name)
        except Missing as fault:
            raise Missing(key=self.key) from fault

    def current(self, records: Records | None = None) -> LockRecord:
        """Return what is in force for the object. Raises: Missing, Damaged, StoreUnavailable."""
        fd = self.open()
        try:
            size = os.fstat(fd).st_size
        finally:
            os.close(fd)
        last = self.last(records)
        if last is None:
            raise Damaged(key=self.key, reason="lock-missing")
        if last.act is Act.DISPOSE:
            raise Missing(key=self.key, reason="disposed")
        if size != last.promise.size_bytes:
            raise Damaged(key=self.key, sealed_bytes=last.promise.size_bytes, found_bytes=size)
        return last

    def verify_free(self, promise: Promise) -> LockRecord | None:
        """Return the lock of the same promise that waits there for its data; None: there is none.

        Raises: Exists, where the key is not free.
        """
        last = self.last()
        claimed = last is not None and (last.act is Act.DISPOSE or last.promise != promise)
        if claimed or self.folder.is_taken(self.name):
            self.folder.sync()  # who died before syncing it has left it to us: what Exists must be durable
            raise Exists(key=self.key)
        return last

    def seal(self, body: int, promise: Promise, lock: Lock, last: LockRecord | None) -> LockRecord:
        """Write the lock, then link the body. last: of `verify_free`, under the same lock of the folder."""
        record = locks.adopt(last, lock) if last else locks.seal(self.key, promise, lock)
        self.append(record)
        crashpoint("after-lock-record")
        self.folder.publish(body, self.name, stop="after-data-link")
        self._protect(self.name)
        crashpoint("after-seal")
        return record

    def append(self, record: LockRecord) -> None:
        """Put one more lock record durably."""
        name = f"{self.name}~lock.{record.serial:06d}.json"
        put(self.folder, name, locks.encode(record))
        self._protect(name)

    def remove(self) -> None:
        """Remove the object's bytes after their disposal was recorded."""
        if self.immutable:
            self._flag(self.name, False)
        self.folder.remove(self.name)

    def inspect(self, records: Records | None = None) -> list[Sealed | Debris]:
        """Return what is found here, never raising for what the store holds; [] after a finished disposal."""
        try:
            found = self.current(records).sealed
        except Missing:
            return self._leftovers()
        except Damaged as fault:
            kind = "object-without-lock" if fault.fields.get("reason") == "lock-missing" else "damaged"
            return [Debris(self.key, kind)]
        weak = self.immutable and not self._is_flagged()
        return [found, Debris(self.key, "not-immutable")] if weak else [found]

    def _leftovers(self) -> list[Sealed | Debris]:
        """Why there is no object: disposed (whole or half), never finished, or gone."""
        try:
            last = self.last()
        except Damaged:
            return [Debris(self.key, "damaged")]
        if last is None:
            return [Debris(self.key, "alien")] if self.folder.is_taken(self.name) else []
        if last.act is not Act.DISPOSE:
            return [Debris(self.key, "lock-without-object")]
        return [Debris(self.key, "disposal-unfinished")] if self.folder.is_taken(self.name) else []

    def _protect(self, name: str) -> None:
        if self.immutable:
            self._flag(name, True)

    def _flag(self, name: str, on: bool) -> None:
        fd = self.folder.open(name)
        try:
            with storing(key=self.key):
                set_immutable(fd, on)
        finally:
            os.close(fd)

    def _is_flagged(self) -> bool:
        fd = self.open()
        try:
            return is_immutable(fd)
        finally:
            os.close(fd)
