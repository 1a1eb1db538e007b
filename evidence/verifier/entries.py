"""Entries of the log: read strictly, their commitments, and the chain of entries about one object."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from evidence.verifier.arithmetic import Wrong, read_base64
from evidence.verifier.canonical import read_canonical, write_canonical

_NEEDED = {"act", "id", "obj", "res", "t", "log", "salt", "v"}
_MAY = {"by", "facts", "pd", "ref"}
_OBJECT_ID = re.compile(r"[0-9a-f]{32}")
_LONGEST_ENTRY = 65535


class Entry(NamedTuple):
    """An entry of a log: its place, its bytes, what they say."""

    leaf: int
    raw: bytes
    said: Dict[str, Any]

    @property
    def log(self) -> str:
        """The origin of its log."""
        return str(self.said["log"])

    @property
    def family(self) -> str:
        """The kind of its log: custody, or access."""
        return "access" if re.search(r"/access/[0-9]{4}$", self.log) else self.log.rpartition("/")[2]

    @property
    def place(self) -> str:
        """Its place, for people."""
        return "%s #%d" % (self.log, self.leaf)

    def about(self, object_id: str) -> Optional[Dict[str, Any]]:
        """Return what it says of an object's history, or None."""
        return next((one for one in self.said["obj"] if one["id"] == object_id), None)


class Withheld(NamedTuple):
    """An entry whose content does not go along: its place, its line, its log, its leaf hash."""

    leaf: int
    raw: bytes
    log: str
    digest: bytes


class Gap(NamedTuple):
    """A hole in a history: so many entries are not there, after one leaf of a log and up to another, which
    the next entry points back to.
    """

    log: str
    after: int
    last: int
    missing: int


def read_withheld(raw: bytes, said: Dict[str, Any], where: str) -> Withheld:
    """Return what a line says that withholds an entry. Raises: Wrong("entry")."""
    is_shaped = set(said) == {"index", "leaf", "log", "withheld"} and said["withheld"] is True
    if not is_shaped or type(said["index"]) is not int or not isinstance(said["log"], str):
        raise Wrong("entry", where)
    digest = read_base64(said["leaf"]) if isinstance(said["leaf"], str) else b""
    if len(digest) != 32:
        raise Wrong("entry", where)
    return Withheld(said["index"], raw, said["log"], digest)


def read_log_entry(index: int, raw: bytes, where: str) -> Entry:
    """Read an entry. Raises: Wrong("entry")."""
    said = read_canonical(raw, where)
    if len(raw) > _LONGEST_ENTRY or not isinstance(said, dict) or not _NEEDED <= set(said) <= _NEEDED | _MAY:
        raise Wrong("entry", where)
    texts = [said[name] for name in ("act", "id", "log", "res", "salt", "t")]
    if said["v"] != 1 or not all(isinstance(one, str) for one in texts) or not isinstance(said["obj"], list):
        raise Wrong("entry", where)
    if not all(isinstance(said.get(name, {}), dict) for name in ("facts", "pd", "ref")):
        raise Wrong("entry", where)
    ids = [_linked(one, where) for one in said["obj"]]
    if len(set(ids)) != len(ids):
        raise Wrong("entry", where)
    return Entry(index, raw, said)


def _linked(one: Any, where: str) -> str:
    """Return the id of an object; its number and what points back have their shape."""
    is_shaped = isinstance(one, dict) and {"id", "k", "n"} <= set(one) <= {"id", "k", "n", "prev", "prev_log"}
    if not is_shaped or not isinstance(one["id"], str) or not _OBJECT_ID.fullmatch(one["id"]):
        raise Wrong("entry", where)
    numbers = [one["n"], one.get("prev", 0)]
    if any(type(number) is not int or number < 0 for number in numbers):
        raise Wrong("entry", where)
    return str(one["id"])


def verify_field(entry: Entry, name: str, salt: str, value: Any) -> None:
    """Verify that an entry committed to a value. Raises: Wrong("field")."""
    salted = read_base64(salt)
    message = b"evidence-field/1\x00" + name.encode() + b"\x00" + salted + write_canonical(value)
    made = base64.b64encode(hashlib.sha256(message).digest()).decode().rstrip("=")
    if len(salted) != 16 or entry.said.get("pd", {}).get(name) != made:
        raise Wrong("field", entry.place, name)


def verify_chain(object_id: str, entries: List[Entry], withheld: Set[Tuple[str, int]]) -> List[Gap]:
    """Verify that these are the first entries about an object, in order, none left out but withheld ones;
    return where those are missing.

    Raises: Wrong("history") that names where the chain breaks.
    """
    before: Optional[Entry] = None
    n, gaps = 0, []
    for entry in entries:
        link = entry.about(object_id) or {}
        missing = link.get("n", 0) - n - 1
        expected: Dict[str, Any] = {"n": n + 1}
        if before is not None:
            expected["prev"] = before.leaf
            if before.log != entry.log:
                expected["prev_log"] = before.log
            gap = Gap(before.log, before.leaf, link.get("prev", -1), missing)
            if missing > 0 and before.log == entry.log and _is_explained(gap, withheld):
                gaps.append(gap)
                expected = {"n": link["n"], "prev": gap.last}
        if {key: one for key, one in link.items() if key not in ("id", "k")} != expected:
            raise Wrong("history", entry.place, "%s n=%s, expected n=%d" % (object_id, link.get("n"), n + 1))
        last = expected.get("prev", -1)
        if before is not None and before.log == entry.log and not before.leaf <= last < entry.leaf:
            raise Wrong("history", entry.place, object_id)
        before, n = entry, link["n"]
    return gaps


def _is_explained(gap: Gap, withheld: Set[Tuple[str, int]]) -> bool:
    """Tell whether the entry that is pointed back to is withheld, and so are as many as are missing."""
    between = [leaf for log, leaf in withheld if log == gap.log and gap.after < leaf <= gap.last]
    return gap.last in between and len(between) >= gap.missing


def unneeded(gaps: List[Gap], withheld: Set[Tuple[str, int]]) -> List[Tuple[str, int]]:
    """Return the withheld entries that no gap has room for. One may be missing in the histories of many
    objects; but a gap of one is its last leaf and nothing else, a gap of two that and one more.
    """
    named = {(gap.log, gap.last) for gap in gaps}
    free = [gap for gap in sorted(gaps, key=lambda gap: gap.last) for _ in range(gap.missing - 1)]
    found = []
    for log, leaf in sorted(withheld - named):  # the gap that ends first is filled first: no room is lost
        fit = next((gap for gap in free if gap.log == log and gap.after < leaf < gap.last), None)
        if fit is None:
            found.append((log, leaf))
        else:
            free.remove(fit)
    return found
