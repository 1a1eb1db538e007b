"""Entries of the log: canonical bytes, a counter for each object, commitments.

Who writes an entry knows its place, since whoever may write is alone: the bytes are final when they are
written, with the origin and a salt, and for each object its number and the entry before it. What is hashed
is these bytes, never JSON read from a database. Form: docs/formats/log-entry.md. Which acts there are, and
who may do them, is not here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NoReturn, cast

from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.canonical import MAX_INTEGER, canonical, read_canonical
from evidence.ledger.encodings import read_base64, read_hash, write_base64
from evidence.ledger.tiles import MAX_ENTRY_BYTES

VERSION = 1
SALT_BYTES = 16

_GIVEN = {"act", "id", "obj", "res", "t"}
_ADDED = {"log", "salt", "v"}
_OPTIONAL = {"by", "facts", "pd", "ref"}
_LINK = ("n", "prev", "prev_log")

_ID = re.compile(r"[0-9a-f]{32}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_FIELD = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_ORIGIN = re.compile(r"[!#-*,-\[\]-~]{1,255}")  # as the name of a key: no space, no +, nothing to escape
_TEXTS = {
    "act": re.compile(r"[a-z]+(?:[.-][a-z]+)*"),
    "by": re.compile(r"[0-9a-f]{32}|operator|service|anyone"),
    "id": _ID,
    "res": re.compile(r"[!-~]{1,64}"),
    "t": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"),
}


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry about an object. n: its number, from 1. index: its leaf in the log of this origin."""

    n: int
    index: int
    log: str


def write_entry(
    fields: Mapping[str, object], log: str, index: int, salt: bytes, heads: Mapping[str, Head]
) -> tuple[bytes, dict[str, Head]]:
    """Write the bytes of leaf `index` of a log; return them and the new heads of the entry's objects.

    fields: `act`, `id`, `obj` (each with `id` and `k`), `res`, `t`, and what applies of `by`, `facts`, `pd`
    and `ref`. log: its origin. salt: 16 random bytes, new for each entry. heads: the last entry of each
    object that has one, by object id.
    Raises: Invalid `entry-malformed` with the member at fault, or `members`, `index`; `not-canonical`;
    `log-entry-too-long`; IntegrityFault `history-broken`: `order`, for a head that is not before this leaf.
    """
    fault = _fault_given(fields, log, index, salt)
    if fault:
        raise Invalid("entry-malformed", reason=fault)
    about, new_heads = [], {}
    for one in cast(list[dict[str, Any]], fields["obj"]):
        id_ = one["id"]
        head = heads.get(id_)
        link = _link_after(head, log)
        _verify_order(head, log, index, id_)
        about.append({**one, **link})
        new_heads[id_] = Head(link["n"], index, log)
    raw = canonical({**fields, "log": log, "obj": about, "salt": write_base64(salt), "v": VERSION})
    if len(raw) > MAX_ENTRY_BYTES:
        raise Invalid("log-entry-too-long", bytes=len(raw), act=fields["act"])
    return raw, new_heads


def read_entry(raw: bytes) -> dict[str, Any]:
    """Read an entry.

    Raises: IntegrityFault `log-entry-too-long`, `json-not-canonical`, `entry-malformed` with the member.
    """
    if len(raw) > MAX_ENTRY_BYTES:
        raise IntegrityFault("log-entry-too-long", bytes=len(raw))
    fields = read_canonical(raw)
    fault = _fault(fields)
    if fault:
        raise IntegrityFault("entry-malformed", reason=fault)
    return cast(dict[str, Any], fields)


def is_origin(text: object) -> bool:
    """Tell whether a log may be called so: 1 to 255 printable ASCII characters, no space, `"`, `+`, `\\`."""
    return _is_text(text, _ORIGIN)


def follow(entry: Mapping[str, Any], index: int, object_id: str, head: Head | None) -> Head:
    """Verify that an entry (as `read_entry` returns it) at `index` is the next one about an object.

    head: the entry before it, None if there is none. Returns the head from now on.
    Raises: IntegrityFault `history-broken`: `not about it`, `n`, `prev`, `order`.
    """
    link = next((one for one in entry["obj"] if one["id"] == object_id), None)
    if link is None:
        _broken("not about it", object_id, index)
    expected = _link_after(head, entry["log"])
    if link["n"] != expected["n"]:
        _broken("n", object_id, index)
    if {key: link[key] for key in _LINK if key in link} != expected:
        _broken("prev", object_id, index)
    _verify_order(head, entry["log"], index, object_id)
    return Head(link["n"], index, entry["log"])


def verify_history(object_id: str, entries: Iterable[tuple[str, int, bytes]]) -> Head:
    """Verify that these are all entries about an object, from the first on; return the last.

    entries: (origin of the log, leaf index, stored bytes), in order, each with its inclusion verified
    elsewhere. That the last one is the newest is for the caller to see: an export ends with its own entry.
    Raises: IntegrityFault as `read_entry` and `follow`; `history-broken`: `empty`, `log`.
    """
    head: Head | None = None
    for log, index, raw in entries:
        entry = read_entry(raw)
        if entry["log"] != log:
            _broken("log", object_id, index)
        head = follow(entry, index, object_id, head)
    if head is None:
        raise IntegrityFault("history-broken", reason="empty", object=object_id)
    return head


def commitment(field: str, salt: bytes, value: object) -> str:
    """Return what stands in an entry's `pd` for a value that is kept elsewhere: 43 characters.

    Base64 without padding of SHA-256("evidence-field/1" ‖ 0 ‖ field ‖ 0 ‖ salt ‖ canonical JSON of value).
    salt: 16 random bytes, new for each field. Raises: Invalid `entry-malformed`: `pd`, `salt`;
    `not-canonical`.
    """
    if not _FIELD.fullmatch(field):
        raise Invalid("entry-malformed", reason="pd")
    if len(salt) != SALT_BYTES:
        raise Invalid("entry-malformed", reason="salt")
    message = b"evidence-field/1\x00" + field.encode("ascii") + b"\x00" + salt + canonical(value)
    return write_base64(hashlib.sha256(message).digest()).rstrip("=")


def verify_field(entry: Mapping[str, Any], field: str, salt: bytes, value: object) -> None:
    """Verify that an entry committed to this value. Raises: IntegrityFault `field-wrong`; as `commitment`."""
    if entry.get("pd", {}).get(field) != commitment(field, salt, value):
        raise IntegrityFault("field-wrong", field=field)


def _link_after(head: Head | None, log: str) -> dict[str, Any]:
    """The counter rule: n is 1, 2, 3…; prev is the index of n − 1; prev_log its log where that is another."""
    if head is None:
        return {"n": 1}
    link = {"n": head.n + 1, "prev": head.index}
    return link if head.log == log else {**link, "prev_log": head.log}


def _verify_order(head: Head | None, log: str, index: int, object_id: str) -> None:
    """A leaf stands after the one before it in the same log; indices of two logs say nothing."""
    if head is not None and head.log == log and index <= head.index:
        _broken("order", object_id, index)


def _fault_given(fields: Mapping[str, object], log: str, index: int, salt: bytes) -> str | None:
    """Name the first thing with which no entry can be written."""
    if not _GIVEN <= fields.keys() <= _GIVEN | _OPTIONAL:
        return "members"
    if len(salt) != SALT_BYTES:
        return "salt"
    if not is_origin(log):
        return "log"
    if not 0 <= index <= MAX_INTEGER:
        return "index"
    return _fault_said(fields) or (None if _are_objects(fields["obj"], _is_unlinked) else "obj")


def _fault(fields: object) -> str | None:
    """Name the first member of an entry that is not as the format says."""
    if not isinstance(fields, dict):
        return "members"
    wanted = _GIVEN | _ADDED
    if not wanted <= fields.keys() <= wanted | _OPTIONAL:
        return "members"
    if not _is_number(fields["v"]) or fields["v"] != VERSION:
        return "v"
    if not _is_salt(fields["salt"]):
        return "salt"
    if not is_origin(fields["log"]):
        return "log"
    linked = partial(_is_linked, log=fields["log"])
    return _fault_said(fields) or (None if _are_objects(fields["obj"], linked) else "obj")


def _fault_said(fields: Mapping[str, Any]) -> str | None:
    """Name the first member at fault of those that an act gives, its objects aside."""
    for name, shape in _TEXTS.items():
        if name in fields and not _is_text(fields[name], shape):
            return name
    if not _is_time(fields["t"]):
        return "t"
    if not isinstance(fields.get("facts", {}), dict):
        return "facts"
    if "pd" in fields and not _are_commitments(fields["pd"]):
        return "pd"
    if "ref" in fields and not _is_reference(fields["ref"]):
        return "ref"
    return None


def _are_objects(objects: object, is_one: Callable[[Mapping[str, object]], bool]) -> bool:
    """Tell whether this is a list of objects, each once, and each as `is_one` wants it."""
    if not isinstance(objects, list):
        return False
    for one in objects:
        if not isinstance(one, dict) or not _is_text(one.get("id"), _ID) or not _is_text(one.get("k"), _WORD):
            return False
        if not is_one(one):
            return False
    return len({one["id"] for one in objects}) == len(objects)


def _is_unlinked(one: Mapping[str, object]) -> bool:
    return len(one) == 2  # id and k


def _is_linked(one: Mapping[str, object], log: str) -> bool:
    n, prev, others = one.get("n"), one.get("prev"), one.keys() - {"id", "k"}
    if not _is_number(n) or n == 0:
        return False
    if n == 1:
        return others == {"n"}
    if not _is_number(prev) or not others <= set(_LINK):
        return False
    return "prev_log" not in one or (is_origin(one["prev_log"]) and one["prev_log"] != log)


def _are_commitments(fields: object) -> bool:
    return isinstance(fields, dict) and all(
        _is_text(name, _FIELD) and isinstance(one, str) and read_hash(one + "=") is not None
        for name, one in fields.items()
    )


def _is_reference(ref: object) -> bool:
    if not isinstance(ref, dict) or not {"sha256", "size"} <= ref.keys() <= {"sha256", "size", "sm3"}:
        return False
    return _is_number(ref["size"]) and all(_is_text(ref[k], _HEX64) for k in ref.keys() & {"sha256", "sm3"})


def _is_number(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_text(value: object, shape: re.Pattern[str]) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None


def _is_salt(value: object) -> bool:
    return isinstance(value, str) and len(read_base64(value) or b"") == SALT_BYTES


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _broken(reason: str, object_id: str, index: int) -> NoReturn:
    raise IntegrityFault("history-broken", reason=reason, object=object_id, index=index)
