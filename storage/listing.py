"""The pages of a bucket's list of versions: each begins later than the one before, or it has no end.

Not here: asking for a page (storage/bucket.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote_plus

from storage.errors import StoreUnavailable

_PAGE = "1000"

Words = dict[str, str | list[str] | tuple[str]]  # as the SDK declares them


class Pages:
    """The place in a list."""

    def __init__(self, prefix: str) -> None:
        self._prefix, self._key = prefix, ""
        self._versions: list[str] = []  # of this key, where a page has ended; one for each thousand

    @property
    def query(self) -> Words:
        """What to ask the next page with; some servers' policies want words without a value too."""
        words: Words = {
            "versions": "", "delimiter": "", "encoding-type": "url", "max-keys": _PAGE, "prefix": self._prefix
        }  # fmt: skip
        if self._key:
            words["key-marker"] = self._key
        if self._versions:
            words["version-id-marker"] = self._versions[-1]
        return words

    def go_on(self, key: str | None, version: str | None, listed: Iterable[str]) -> None:
        """Take the server's word where the next page begins: a later key, or another version of this one.

        listed: the keys of this page. Ceph 16 writes them encoded, and the next page's beginning plain, so
        that the SDK makes another key of a foreign one with "+" or "%" in it.

        Raises: StoreUnavailable(reason="list-stands-still").
        """
        last = max(listed, key=str.encode, default="")
        key = last if key == unquote_plus(last) else key
        if key and key.encode() > self._key.encode():
            self._key, self._versions = key, [version] if version else []
        elif key == self._key and version and version not in self._versions:
            self._versions.append(version)
        else:
            raise StoreUnavailable(reason="list-stands-still", prefix=self._prefix, at=self._key)
