"""The sign in a folder that it is a vault.

Where a disc is not mounted its mount point is an empty folder, and nothing may be sealed there: it would lie
on another disc, and be hidden as soon as the right one is back.

    <root>/~vault        made once, with the vault; what it says is for people and is never read

Not here: which folder without it may get it (storage/local.py).
"""

from __future__ import annotations

from storage.durable import Folder, put
from storage.errors import Exists

SIGN = "~vault"  # "~" is in no key, so no object can be taken for it
_TEXT = (
    "本目录是证据封存库；无此文件时不在此封存。请勿删除。\n"
    "This folder is a vault of evidence. Without this file nothing is sealed here: keep it.\n"
)


def is_signed(root: Folder) -> bool:
    """Whether this folder is known to be a vault. Raises: StoreUnavailable."""
    return root.is_taken(SIGN)


def sign(root: Folder) -> None:
    """Put the sign durably, or find it. Raises: StoreFull, StoreUnavailable."""
    try:
        put(root, SIGN, _TEXT.encode(), stop="after-sign")
    except Exists:
        root.sync()  # who made it may have died before syncing it
