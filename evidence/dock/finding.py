"""What is on a card: every regular file, under the name it is announced by. Nothing is opened.

Everything that is a regular file is listed, whatever its name or type: what a recorder never wrote may be
evidence too, and deciding what counts is not the dock's business. Links, devices and the like are named with
the reason why they are not sent. Links are never followed, so that a card cannot make the dock send files of
the station.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence.errors import IntegrityFault, Invalid

LONGEST_NAME_BYTES = 4096
MOST_FILES = 20_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = (
    (stat.S_ISLNK, "symbolic-link"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISBLK, "device"),
    (stat.S_ISCHR, "device"),
)


class CardFault(IntegrityFault):
    """The card or a file on it cannot be read, or changed while it was read. Fields: name, reason."""

    code = "card-unreadable"


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file on the card. path is for opening it and is never sent; mtime_ns as on the card."""

    name: str
    path: str
    size_bytes: int
    mtime_ns: int

    @property
    def modified(self) -> datetime | None:
        """The modification time, cut to microseconds; None when no calendar holds it."""
        try:
            return _EPOCH + timedelta(microseconds=self.mtime_ns // 1000)
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something on the card that is not sent. is_loss tells that a file may be missed because of it."""

    name: str
    reason: str
    is_loss: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A card's content, ordered by name."""

    files: tuple[Found, ...]
    skipped: tuple[Skipped, ...]


def list_card(folder: Path) -> Listing:
    """List a card. Raises: Invalid `folder-not-found` for what is no folder, `too-many-files`; CardFault when
    the folder cannot be listed."""
    files: dict[str, Found] = {}
    skipped: list[Skipped] = []
    try:
        os.scandir(folder).close()
    except (FileNotFoundError, NotADirectoryError):
        raise Invalid("folder-not-found", name=str(folder)) from None
    except OSError as problem:
        raise CardFault("card-unreadable", name=str(folder), reason=reason_of(problem)) from problem
    for item in _walk(str(folder), b""):
        if isinstance(item, Found) and item.name in files:
            # Two names that are one in the list: a byte that is not UTF-8, and its written form.
            item = Skipped(item.name, "name-ambiguous", is_loss=True)
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            files[item.name] = item
    if len(files) > MOST_FILES:
        raise Invalid("too-many-files", files=len(files), limit=MOST_FILES)
    return Listing(
        tuple(sorted(files.values(), key=lambda f: f.name)), tuple(sorted(skipped, key=lambda s: s.name))
    )


def changed_since(listing: Listing, folder: Path) -> tuple[str, ...]:
    """Return what has come to a card or changed on it since it was listed, by name; the folder itself where
    it cannot be listed any more. What is gone from it is not told: it was read before."""
    try:
        now = list_card(folder)
    except (CardFault, Invalid):
        return (str(folder),)
    before = {(one.name, one.size_bytes, one.mtime_ns) for one in listing.files}
    new = [one.name for one in now.files if (one.name, one.size_bytes, one.mtime_ns) not in before]
    missed = {one.name for one in listing.skipped}
    return tuple(sorted({*new, *(one.name for one in now.skipped if one.is_loss and one.name not in missed)}))


def announced_name(relative: bytes) -> str:
    r"""Write a path on the card as text: UTF-8, and a byte that is not UTF-8 as `\xNN`."""
    return relative.decode("utf-8", "backslashreplace")


def reason_of(problem: OSError) -> str:
    """Return a short, stable word for an error of the operating system, without paths."""
    return os.strerror(problem.errno) if problem.errno else type(problem).__name__


def _walk(folder: str, prefix: bytes) -> Iterator[Found | Skipped]:
    pending = [(folder, prefix)]
    while pending:
        place, before = pending.pop()
        try:
            with os.scandir(place) as entries:
                found = list(entries)
        except OSError as problem:
            yield Skipped(announced_name(before.rstrip(b"/")), reason_of(problem), is_loss=True)
            continue
        for entry in found:
            relative = before + os.fsencode(entry.name)
            try:
                facts = entry.stat(follow_symlinks=False)
            except OSError as problem:
                yield Skipped(announced_name(relative), reason_of(problem), is_loss=True)
                continue
            if stat.S_ISDIR(facts.st_mode):
                pending.append((entry.path, relative + b"/"))
            else:
                yield _sort(entry.path, announced_name(relative), facts)


def _sort(path: str, name: str, facts: os.stat_result) -> Found | Skipped:
    if not stat.S_ISREG(facts.st_mode):
        kind = next((word for is_kind, word in _KINDS if is_kind(facts.st_mode)), "unknown-kind")
        return Skipped(name, kind, is_loss=False)
    if len(name.encode()) > LONGEST_NAME_BYTES:
        return Skipped(name, "name-too-long", is_loss=True)
    return Found(name, path, facts.st_size, facts.st_mtime_ns)
