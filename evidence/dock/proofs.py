"""What the dock believes of the log: that the entry which a receipt names stands under a signed checkpoint.

Sources: docs/formats/log-proof.md, signed-document.md (evidence.log-keys/1). The proof file carries the
entry; who may have signed the checkpoint stands in a list that the pinned key of the site has signed.
A proof of anything else is refused, however sound its arithmetic is. What is fetched when: proving.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from evidence.dock.receipts import TYPE, check_ed25519
from evidence.domain.audit import Act, Family
from evidence.domain.signed import verify_document
from evidence.errors import IntegrityFault, Invalid
from evidence.ledger import notes
from evidence.ledger.entries import read_entry
from evidence.ledger.keys import ED25519, VerifierKey
from evidence.ledger.tlog_proofs import TlogProof
from evidence.ledger.trust import NONE, Trust

KEYS_TYPE = "evidence.log-keys/1"
CHECKS: Mapping[int, notes.NoteCheck] = {ED25519: notes.over_text(check_ed25519)}


def verify_log_keys(document: bytes, key: VerifierKey) -> tuple[VerifierKey, ...]:
    """Return the keys of the logs in a list that the pinned key has signed; none perhaps.

    Raises: IntegrityFault: the codes of `verify_document`, `log-keys-malformed`.
    """
    vkeys = verify_document(document, [key], KEYS_TYPE, check_ed25519).get("keys")
    if not isinstance(vkeys, list) or not all(isinstance(one, str) for one in vkeys):
        raise IntegrityFault("log-keys-malformed", reason="keys")
    try:
        return tuple(VerifierKey.parse(one) for one in vkeys)
    except Invalid as fault:
        raise IntegrityFault("log-keys-malformed", **fault.fields) from None


def origin_of(key: VerifierKey) -> str:
    """Return the origin of the log of custody of the site that this key belongs to."""
    return f"{key.name}/{Family.CUSTODY}"


def verify_proof(raw: bytes, receipt: bytes, key: VerifierKey, logs: Sequence[VerifierKey]) -> None:
    """Verify that a proof file shows the entry that a receipt names, in the log of custody:

    1. the receipt is signed by the pinned key, and names the log of that site
    2. the file holds an entry, at the index that the receipt names
    3. a key of this log has signed the checkpoint, and the hashes lead from the entry to its root
    4. checkpoint and entry are of this log
    5. the entry says that this recording was sealed, with these bytes and this manifest

    logs: the keys of all logs. Raises: IntegrityFault: the codes of `verify_document`, `TlogProof.verify` and
    `read_entry`; `proof-differs` with the field.
    """
    said = verify_document(receipt, [key], TYPE, check_ed25519)
    if said.get("log") != origin_of(key):
        _differs("log", origin_of(key), said.get("log"))
    proof = TlogProof.parse(raw)
    if proof.extra is None:
        _differs("extra", "an entry", None)
    if proof.index != said.get("log_index"):
        _differs("log_index", said.get("log_index"), proof.index)
    trust = Trust(tuple(logs), {}, {}, NONE, {})
    origin = proof.verify(proof.extra, trust, CHECKS).checkpoint.origin
    if origin != said["log"]:
        _differs("log", said["log"], origin)
    _verify_seal(read_entry(proof.extra), said)


def _verify_seal(entry: Mapping[str, Any], said: Mapping[str, object]) -> None:
    """Verify that an entry seals what a receipt names. Raises: IntegrityFault `proof-differs`."""
    reference, facts = entry.get("ref", {}), entry.get("facts", {})
    agreed: dict[str, tuple[object, object]] = {
        "log": (said["log"], entry["log"]),
        "act": (Act.SEAL.value, entry["act"]),
        "res": ("ok", entry["res"]),
        "sha256": (said.get("sha256"), reference.get("sha256")),
        "size": (said.get("size"), reference.get("size")),
        "sm3": (said.get("sm3"), reference.get("sm3")),
        "manifest_sha256": (said.get("manifest_sha256"), facts.get("manifest_sha256")),
    }
    for field, (expected, found) in agreed.items():
        if expected != found:
            _differs(field, expected, found)
    recordings = [one["id"] for one in entry["obj"] if one["k"] == "recording"]
    if said.get("recording") not in recordings:
        _differs("recording", said.get("recording"), " ".join(recordings))


def _differs(field: str, expected: object, found: object) -> NoReturn:
    raise IntegrityFault("proof-differs", field=field, expected=expected, found=found)
