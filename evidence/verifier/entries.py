"""Entries of the log: read strictly, their commitments, and the chain of entries about one object."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, Dict, List, NamedTuple, Optional

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


def verify_chain(object_id: str, entries: List[Entry]) -> None:
    """Verify that these are the first entries about an object, none left out, in order.

    Raises: Wrong("history") that names where the chain breaks.
    """
    before: Optional[Entry] = None
    for n, entry in enumerate(entries, 1):
        link = entry.about(object_id) or {}
        expected: Dict[str, Any] = {"n": n}
        if before is not None:
            expected["prev"] = before.leaf
            if before.log != entry.log:
                expected["prev_log"] = before.log
        if {key: one for key, one in link.items() if key not in ("id", "k")} != expected:
            raise Wrong("history", entry.place, "%s n=%s, expected n=%d" % (object_id, link.get("n"), n))
        if before is not None and before.log == entry.log and entry.leaf <= before.leaf:
            raise Wrong("history", entry.place, object_id)
        before = entry
