"""The chain of custody as figures: computed from what is in the package, docs/formats/statement.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evidence.bundle.audit import Audit, Gone, Read
from evidence.bundle.shipment import LaidBag, Statement
from evidence.ledger.encodings import write_base64

TYPE = "evidence.custody/1"
_OF_ITEM = ("id", "kind", "parent", "device_name", "size", "sha256", "sha512", "sm3")


def statement(
    set_list: Mapping[str, Any], bags: Sequence[LaidBag], audit: Audit, report: Mapping[str, object]
) -> Statement:
    """Return the statement. report: the words beside the figures."""
    return {
        "type": TYPE,
        "export": set_list["export"],
        "items": [{name: one[name] for name in _OF_ITEM if name in one} for one in set_list["items"]],
        "bags": [
            {
                "name": one.name,
                "files": one.payload_files,
                "bytes": one.payload_bytes,
                "manifest_sha256": one.manifest_sha256,
                "manifest_sm3": one.manifest_sm3,
            }
            for one in bags
        ],
        "custody": [_row(one) for one in audit.all],
        "logs": [
            {"origin": at.origin, "size": at.size, "root": write_base64(at.root)}
            for _, at in sorted(audit.checkpoints.values(), key=lambda one: one[1].origin)
        ],
        "report": dict(report),
    }


def _row(one: Read | Gone) -> dict[str, object]:
    if isinstance(one, Gone):
        return {"log": one.origin, "index": one.proof.index, "withheld": True}
    entry = one.entry
    return {
        "log": entry["log"],
        "index": one.proof.index,
        "t": entry["t"],
        "act": entry["act"],
        "by": entry.get("by"),
        "res": entry["res"],
        "objects": [about["id"] for about in entry["obj"]],
        "fields": {
            name: {key: said[key] for key in ("state", "value") if key in said}
            for name, said in one.logged.fields.items()
        },
    }
