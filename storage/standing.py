"""What stands under one key of a bucket, as its list and the HEAD of the version tell."""

from __future__ import annotations

from dataclasses import dataclass

from storage import marks
from storage.asking import asking
from storage.bucket import Bucket, Head, give_back
from storage.errors import Damaged, Missing
from storage.vault import Lock, Promise


@dataclass(frozen=True, slots=True)
class Standing:
    """Versions, newest first; delete markers; the names of the key's marks; whether keys lie below it."""

    key: str
    versions: tuple[str, ...]
    markers: int
    marks: frozenset[str]
    has_below: bool = False

    @property
    def version(self) -> str:
        """The version that counts: the first that was stored. Raises: Missing."""
        if not self.versions:
            raise Missing(key=self.key)
        return self.versions[-1]

    @property
    def is_disposed(self) -> bool:
        """Whether the key was disposed of, and so stays taken."""
        return marks.disposal_name(self.key) in self.marks

    @property
    def alarms(self) -> tuple[str, ...]:
        """What somebody else must have done: each key has one version, and nobody here hides one."""
        second = ("second-version",) if len(self.versions) > 1 else ()
        return (*second, *(("delete-marker",) if self.markers else ()))


def look(bucket: Bucket, key: str) -> Standing:
    """Ask the bucket's list what stands under a key. Raises: StoreUnavailable."""
    versions, found, markers, has_below = [], set(), 0, False
    for one in bucket.versions(key):
        if one.key == key:
            markers += one.is_marker
            versions += [] if one.is_marker else [one.id]
        elif one.key.startswith(key + "!"):
            found.add(one.key)
        elif one.key.startswith(key + "/"):
            has_below = True
    return Standing(key, tuple(versions), markers, frozenset(found), has_below)


def sealed_as(standing: Standing, head: Head) -> tuple[Promise, Lock]:
    """Return what a version was sealed with, once its own length and lock bear it out. Raises: Damaged."""
    key = standing.key
    promise, lock = marks.read_notes(key, head.notes)
    if head.size_bytes != promise.size_bytes:
        raise Damaged(key=key, sealed_bytes=promise.size_bytes, found_bytes=head.size_bytes)
    if not head.is_kept_until(lock.retain_until):
        raise Damaged(key=key, reason="lock-weaker")
    return promise, lock


def grounds(bucket: Bucket, standing: Standing, sealed_with: Lock) -> dict[str, str]:
    """Return the holds that stand, id → ground. Raises: Damaged, StoreUnavailable."""
    first, later = marks.standing(sealed_with, standing.marks)
    return {**first, **{one: _ground(bucket, marks.hold_name(standing.key, one)) for one in later}}


def _ground(bucket: Bucket, name: str) -> str:
    """Read a hold's mark: the first version of it, whatever was put over it later."""
    versions = [one.id for one in bucket.versions(name) if one.key == name and not one.is_marker]
    if not versions:
        raise Damaged(key=name, reason="hold-unreadable")
    answer = bucket.get(name, versions[-1])
    try:
        with asking(key=name):
            text = answer.read(1 << 16)
        return marks.read_body(name, text)
    finally:
        give_back(answer)
