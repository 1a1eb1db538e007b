"""An entry of the log: which act, by whom, on what, with which result. First form; the tree comes beside it.

An entry is canonical JSON, at most 65,535 bytes, salted, so that its later leaf hash tells nothing about its
content. Object ids are random; names of people and files are
never in an entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Act(StrEnum):
    """The acts that are logged."""

    INIT = "site.init"
    DOCK_ADD = "dock.add"
    DOCK_REVOKE = "dock.revoke"
    CARD_ANNOUNCE = "card.announce"
    UPLOAD_CREATE = "upload.create"
    UPLOAD_TERMINATE = "upload.terminate"
    UPLOAD_COMPLETE = "upload.complete"
    UPLOAD_EXPIRE = "upload.expire"
    UPLOAD_REFUSE = "upload.refuse"
    UPLOAD_REPEAT = "upload.repeat"  # the same recording again
    SEAL = "evidence.seal"
    EXAMINE = "evidence.examine"
    READ_ORIGINAL = "evidence.read"
    READ_LIST = "evidence.list"
    READ_MANIFEST = "evidence.manifest"
    VERIFY = "evidence.verify"
    MOVE = "site.move"
    DEADLINE_NOTICE = "deadline.notice"
    DENIED = "access.denied"


@dataclass(frozen=True, slots=True)
class Entry:
    """One act to be logged. objects: (kind, id) pairs; facts: strings, integers, booleans, null, lists,
    maps.
    """

    act: Act
    caller: str
    objects: tuple[tuple[str, str], ...] = ()
    result: str = "ok"
    facts: Mapping[str, object] = field(default_factory=dict)
