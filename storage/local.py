"""A vault in a folder: write once by link(2), locks as records beside each object.

    <root>/<key>, <root>/<key>~lock.000001.json …       see storage/place.py
    <root>/~vault                                       see storage/presence.py

Rules: those of storage/vault.py. An object is linked, not copied, where staging lies on the same mount and no
immutable flag is asked for (the flag would bind the staging name too). A folder is tamper-evident, not
tamper-proof:
whoever owns the disc can undo it, and the ledger shows it. Sealing never makes the root: where the sign of a
vault is not in it, its disc is away.
Give each object a folder of its own (`<id>/original`): reading a lock scans the folder it lies in.
Not here: naming keys, when to hold or dispose (evidence/service), object stores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Self

from storage import locks
from storage.bodies import staged_body
from storage.crashpoints import crashpoint
from storage.durable import TEMPORARY, Folder, Tree, finish, new_file, storing, write_all
from storage.errors import BadKey, Damaged, Missing, StoreUnavailable, VaultAbsent
from storage.immutable import holds_against_us
from storage.locks import Act, LockRecord
from storage.place import Place, Records, records_among
from storage.presence import SIGN, is_signed, sign
from storage.reading import reading
from storage.vault import Debris, Lock, Promise, Sealed, Strength, verify_key


class LocalVault:
    """A `Vault` below one folder of a local file system, for any number of threads and processes at once."""

    at_once = 4  # more make no disc faster, and each takes the interpreter from the others at every call

    def __init__(self, root: Path, immutable: bool = False) -> None:
        """Open the vault in this folder; one that holds objects and no sign yet, of an older version, gets
        it. immutable: set the flag of `chattr +i` on all that is sealed from now on.

        Raises: VaultAbsent; StoreUnavailable, also where the flag is asked for and does not hold here.
        """
        self._tree = Tree(root.resolve())  # the folder itself may be a link to a disc
        self._immutable = immutable
        with self._root() as folder:
            if not is_signed(folder):
                self._verify_holds_objects()
                # An account that may only read leaves it to the others: sealing asks for the sign itself.
                if os.access(self._tree.root, os.W_OK):
                    sign(folder)
        if immutable and not holds_against_us(self._tree.root):
            raise StoreUnavailable(reason="immutable-flag-not-available")

    @classmethod
    def make(cls, root: Path, immutable: bool = False) -> Self:
        """Make the folder where it is missing and sign it, for a new site or a move; then open it.

        Raises: Exists where a file stands, StoreFull, StoreUnavailable.
        """
        with Folder(Tree(root.resolve()).make_root()) as folder:
            sign(folder)
        return cls(root, immutable)

    def seal_file(self, key: str, staged: Path, promise: Promise, lock: Lock) -> Sealed:
        """See Vault. Raises: Exists, Missing, Mismatch, StagingBusy, Damaged, StoreFull, StoreUnavailable."""
        with self._making(key) as place:
            last = place.verify_free(promise)
            with staged_body(staged, promise, place.folder, not self._immutable) as body:
                return place.seal(body, promise, lock, last).sealed

    def seal_bytes(self, key: str, body: bytes, lock: Lock) -> Sealed:
        """See Vault. Raises: Exists, Damaged, StoreFull, StoreUnavailable."""
        promise = Promise(len(body), sha256(body).hexdigest())
        with self._making(key) as place:
            last = place.verify_free(promise)
            with new_file(place.folder) as fd:
                with storing(key=key):
                    write_all(fd, body)
                finish(fd, len(body), 0o444)
                return place.seal(fd, promise, lock, last).sealed

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """See Vault. Raises: Missing, Damaged, StoreUnavailable."""
        with self._finding(key) as place:
            if version not in (None, "1"):
                raise Missing(key=key, version=version)
            fd = place.open()
            try:
                _verify_readable(place, os.fstat(fd).st_size)
            except BaseException:
                os.close(fd)
                raise
        return reading(fd, key)

    def read(self, found: Sealed) -> bytes:
        """See Vault. Raises: Missing, Damaged, StoreUnavailable."""
        with self._root() as root:
            try:
                body = root.read(found.key)
            except Missing as fault:
                self._verify_there()
                raise Missing(key=found.key) from fault
        if len(body) != found.size_bytes:
            raise Damaged(key=found.key, sealed_bytes=found.size_bytes, found_bytes=len(body))
        return body

    def stat(self, key: str) -> Sealed:
        """See Vault. Raises: Missing, Damaged, StoreUnavailable."""
        with self._finding(key) as place:
            return place.current().sealed

    def extend(self, key: str, until: datetime) -> Sealed:
        """See Vault. Raises: Locked, Missing, Damaged, StoreUnavailable."""
        return self._act(key, lambda last: locks.extend(last, until))

    def hold(self, key: str, ground: str) -> Sealed:
        """See Vault. Raises: Missing, Damaged, StoreUnavailable."""
        return self._act(key, lambda last: locks.hold(last, ground))

    def release(self, key: str, ground: str) -> Sealed:
        """See Vault. Raises: Missing, Damaged, StoreUnavailable."""
        return self._act(key, lambda last: locks.release(last, ground))

    def dispose(self, key: str, now: datetime) -> None:
        """See Vault. Raises: Locked, Missing, Damaged, StoreUnavailable."""
        with self._finding(key) as place:
            place.folder.lock()
            last = place.last()
            if last is None or last.act is not Act.DISPOSE:
                place.append(locks.dispose(place.current(), now))
                crashpoint("after-disposal-record")
            place.remove()  # Missing where an earlier disposal was finished
            crashpoint("after-disposal")

    def list(self, prefix: str = "") -> Iterator[Sealed]:
        """See Vault. Raises: Damaged, StoreUnavailable."""
        for found in self.census(prefix):
            if isinstance(found, Sealed):
                yield found
            elif found.kind in ("damaged", "object-without-lock"):
                raise Damaged(key=found.key, reason=found.kind)

    def census(self, prefix: str = "") -> Iterator[Sealed | Debris]:
        """See Vault. Raises: VaultAbsent, StoreUnavailable."""
        self._verify_there()
        path, (*above, _) = self._tree.root, prefix.split("/")
        for part in above:  # what lies beside them is not gone through
            path /= part
            with storing(folder=part):
                if part in ("", ".", "..") or path.is_symlink() or not path.is_dir():
                    return
        yield from self._walk(path, "".join(f"{part}/" for part in above), prefix)

    def strength(self) -> Strength:
        """See Vault; measured anew at each call on a nameless probe file."""
        if self._immutable and holds_against_us(self._tree.root):
            return Strength("folder-immutable", "ordinary-accounts")
        return Strength("folder", "mistakes")

    @contextmanager
    def _making(self, key: str) -> Iterator[Place]:
        verify_key(key)
        with self._root() as root:  # held open, a disc stays mounted until the object is in it
            if not is_signed(root):
                raise VaultAbsent(folder=str(self._tree.root))
            with Folder(self._tree.reach(*key.split("/")[:-1])) as folder:
                folder.lock()
                yield Place(folder, key, self._immutable)

    @contextmanager
    def _finding(self, key: str) -> Iterator[Place]:
        verify_key(key)
        try:
            folder = Folder(self._tree.root.joinpath(*key.split("/")[:-1]))
        except Missing as fault:
            self._verify_there()
            raise Missing(key=key) from fault
        with folder:
            yield Place(folder, key, self._immutable)

    def _root(self) -> Folder:
        """Open the root. Raises: VaultAbsent, StoreUnavailable."""
        try:
            return Folder(self._tree.root)
        except Missing as fault:
            raise VaultAbsent(folder=str(self._tree.root)) from fault

    def _verify_there(self) -> None:
        """See that what is missing is missing from a vault. Raises: VaultAbsent, StoreUnavailable."""
        with self._root() as root:
            if not is_signed(root):
                self._verify_holds_objects()

    def _verify_holds_objects(self) -> None:
        if not any(isinstance(found, Sealed) for found in self._walk(self._tree.root, "", "")):
            raise VaultAbsent(folder=str(self._tree.root))

    def _act(self, key: str, step: Callable[[LockRecord], LockRecord]) -> Sealed:
        with self._finding(key) as place:
            place.folder.lock()
            last = place.current()
            record = step(last)
            if record is last:
                place.folder.sync()  # it stands already, perhaps by one who died before syncing it
            else:
                place.append(record)
                crashpoint(f"after-{record.act}")
            return record.sealed

    def _walk(self, path: Path, above: str, prefix: str) -> Iterator[Sealed | Debris]:
        """Go through one folder in key order; above: its key with a closing "/", or ""; what of the prefix is
        not in it begins the names.
        """
        with Folder(path) as folder:
            first = prefix[len(above) :]
            with storing(folder=path.name), os.scandir(folder.fd) as entries:
                there = (entry for entry in entries if entry.name.startswith(first))
                kinds = {entry.name: entry.is_dir(follow_symlinks=False) for entry in there}
            if not above:
                kinds.pop(SIGN, None)
            records = records_among(kinds)
            told = {name for chain in records.values() for name in chain.values()}
            objects = kinds.keys() - told | records.keys()
            # "a/b" comes after "a-b": a folder sorts by its name with the stroke.
            for name in sorted(objects, key=lambda name: name + "/" if kinds.get(name) else name):
                key = above + name
                if kinds.get(name):
                    yield from self._walk(path / name, key + "/", prefix)
                elif key.startswith(prefix):
                    yield from self._inspect(folder, key, records)

    def _inspect(self, folder: Folder, key: str, records: Records) -> Sequence[Sealed | Debris]:
        if key.rpartition("/")[2].startswith(TEMPORARY):
            return [Debris(key, "temporary")]
        try:
            verify_key(key)
        except BadKey:
            return [Debris(key, "alien")]
        place = Place(folder, key, self._immutable)
        found = place.inspect(records)
        # The names were read a while ago; what looks wrong is looked at again, in case it was just being
        # made.
        return found if found and isinstance(found[0], Sealed) else place.inspect()


def _verify_readable(place: Place, size_bytes: int) -> None:
    """Refuse disposed bytes and a wrong length; let bytes be read whose lock is damaged (rule 3 of the
    contract)."""
    try:
        last = place.last()
    except Damaged:
        return
    if last is not None and last.act is Act.DISPOSE:
        raise Missing(key=place.key, reason="disposed")
    if last is not None and last.promise.size_bytes != size_bytes:
        raise Damaged(key=place.key, sealed_bytes=last.promise.size_bytes, found_bytes=size_bytes)
