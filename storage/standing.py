"""What stands under one key of a bucket, as its list and the HEAD of the version tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from storage import marks
from storage.asking import asking
from storage.bucket import DEFAULT_LOCK_DAYS, Bucket, Head, give_back, whole_second
from storage.errors import Damaged, Missing
from storage.vault import Lock, Promise


@dataclass(frozen=True, slots=True)
class Standing:
    """Versions, newest first; delete markers; the names of the key's marks; whether keys lie below it.

    A delete marker is no mark: it holds nothing, can be removed at once, and is left by a bare DELETE of a
    name that was never there. disturbed: what somebody else must have done to the marks.
    """

    key: str
    versions: tuple[str, ...]
    markers: int
    marks: frozenset[str]
    disturbed: frozenset[str] = frozenset()
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
        own = {"second-version": len(self.versions) > 1, "delete-marker": self.markers > 0}
        return tuple(word for word, is_so in own.items() if is_so or word in self.disturbed)


def look(bucket: Bucket, key: str) -> Standing:
    """Ask the bucket's list what stands under a key. Raises: StoreUnavailable."""
    versions, markers, has_below = [], 0, False
    found, disturbed = dict[str, str](), set[str]()
    for one in bucket.versions(key):
        if one.key == key:
            markers += one.is_marker
            versions += [] if one.is_marker else [one.id]
        elif one.key.startswith(key + "!"):
            if one.is_marker:
                disturbed.add("delete-marker")
            elif found.setdefault(one.key, one.tag) != one.tag:
                disturbed.add("second-version")  # a full store does one PUT twice: then both say the same
        elif one.key.startswith(key + "/"):
            has_below = True
    return Standing(key, tuple(versions), markers, frozenset(found), frozenset(disturbed), has_below)


def sealed_as(standing: Standing, head: Head) -> tuple[Promise, Lock]:
    """Return what a version was sealed with, once its own length and lock bear it out. Raises: Damaged."""
    key = standing.key
    promise, lock = marks.read_notes(key, head.notes)
    if head.size_bytes != promise.size_bytes:
        raise Damaged(key=key, sealed_bytes=promise.size_bytes, found_bytes=head.size_bytes)
    if not head.is_kept_until(lock.retain_until):
        raise Damaged(key=key, reason="lock-weaker")
    return promise, lock


def alarms(standing: Standing, head: Head, sealed_with: Lock) -> tuple[str, ...]:
    """Name what somebody else must have done, a date moved past us too: an object nobody can remove in time.

    The bucket's default lock may reach further than a date that is near.
    """
    most = whole_second(marks.last_date(sealed_with, standing.marks))
    until = head.retain_until
    is_longer = until is not None and until - most > timedelta(days=DEFAULT_LOCK_DAYS)
    return (*standing.alarms, *(("locked-longer",) if is_longer else ()))


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
