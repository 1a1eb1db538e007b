"""What Object Lock cannot say about an object is said by small locked objects beside it.

    <key>                          the object; its notes: promise, date and grounds it was sealed with
    <key>!hold.<id>.json           a hold on one ground, placed later
    <key>!release.<id>.json        the end of the hold of this id ("seal-0", "seal-1" … for those of the seal)
    <key>!until.<date>.json        the date was moved to this one; a later one that no mark and no seal
                                   asked for is somebody else's work
    <key>!disposed.json            the object was disposed of: its key stays taken

Rules: marks are only ever added, each under an id of its own, so two hosts at once never write one mark, and
what stands is what was placed and not released, in whatever order they came. A ground's text stands in its
mark's body. "!" is in no key and sorts before all that is: in the bucket's list marks follow their object.
Not here: the legal hold of S3 itself, which is set while any ground stands (storage/s3.py).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from storage.errors import Damaged
from storage.vault import Lock, Promise

MARK = re.compile(r"[^!]+!(?:(?P<kind>hold|release|until)\.(?P<id>[a-z0-9-]{1,64})|disposed)\.json")
SIZE = "evidence-size"
_SHA256, _UNTIL, _GROUNDS = "evidence-sha256", "evidence-retain-until", "evidence-grounds"
_DATE = "%Y%m%dt%H%M%Sz"
MOST_GROUNDS_BYTES = 1200  # of a seal; S3 keeps 2 KiB of notes with an object


def notes(promise: Promise, lock: Lock) -> dict[str, str]:
    """Return the notes an object is sealed with, ASCII as S3 demands.

    Raises: ValueError where the grounds are longer than the notes can be.
    """
    grounds = json.dumps(sorted(lock.holds), ensure_ascii=False).encode()
    if len(grounds) > MOST_GROUNDS_BYTES:
        raise ValueError(
            f"{len(grounds)} bytes of grounds cannot be sealed with an object; hold it afterwards"
        )
    return {
        _SHA256: promise.sha256,
        SIZE: str(promise.size_bytes),
        _UNTIL: lock.retain_until.isoformat(),
        _GROUNDS: base64.b64encode(grounds).decode("ascii"),
    }


def read_notes(key: str, found: Mapping[str, str]) -> tuple[Promise, Lock]:
    """Return what an object was sealed with. Raises: Damaged for an object that `notes` did not describe."""
    try:
        grounds = json.loads(base64.b64decode(found[_GROUNDS], validate=True))
        promise = Promise(int(found[SIZE]), found[_SHA256])
        return promise, Lock(datetime.fromisoformat(found[_UNTIL]), frozenset(grounds))
    except (KeyError, ValueError, TypeError, binascii.Error) as fault:
        raise Damaged(key=key, reason="not-sealed-by-us") from fault


def hold_name(key: str, hold: str) -> str:
    """Return the name of a hold's mark."""
    return f"{key}!hold.{hold}.json"


def release_name(key: str, hold: str) -> str:
    """Return the name of the mark that ends a hold."""
    return f"{key}!release.{hold}.json"


def until_name(key: str, until: datetime) -> str:
    """Return the name of the mark that says to which date, in whole seconds, a lock was extended."""
    return f"{key}!until.{until.astimezone(UTC):{_DATE}}.json"


def disposal_name(key: str) -> str:
    """Return the name of the mark that says an object was disposed of."""
    return f"{key}!disposed.json"


def body(ground: str) -> bytes:
    """Return a hold's body."""
    return json.dumps({"ground": ground}, ensure_ascii=False).encode()


def read_body(name: str, document: bytes) -> str:
    """Return a hold's ground. Raises: Damaged."""
    try:
        return str(json.loads(document)["ground"])
    except (ValueError, KeyError, TypeError) as fault:
        raise Damaged(key=name, reason="hold-unreadable") from fault


def last_date(sealed_with: Lock, names: Iterable[str]) -> datetime:
    """Return the latest date that was ever asked for."""
    dates = [sealed_with.retain_until]
    for name in names:
        if (found := MARK.fullmatch(name)) and found["kind"] == "until":
            with suppress(ValueError):  # not a date: nobody here wrote it
                dates.append(datetime.strptime(found["id"], _DATE).replace(tzinfo=UTC))
    return max(dates)


def standing(sealed_with: Lock, names: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return the holds that stand: those of the seal as id → ground, and the ids of later ones to be read."""
    matches = [found for name in names if (found := MARK.fullmatch(name)) and found["kind"]]
    released = {found["id"] for found in matches if found["kind"] == "release"}
    first = {f"seal-{n}": ground for n, ground in enumerate(sorted(sealed_with.holds))}
    later = sorted(found["id"] for found in matches if found["kind"] == "hold")
    return (
        {one: ground for one, ground in first.items() if one not in released},
        [one for one in later if one not in released],
    )
