"""Certificates of destruction: what is left of a recording's bytes, signed (docs/formats/signed-document.md).

A destroyed recording is known by its certificate: signed by the site, in the log by its digest, and about
the very digests that were sealed. Anything less, and it is not destroyed but lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from evidence import __version__
from evidence.domain.audit import Act, Family
from evidence.domain.disposals import Disposal, State
from evidence.domain.instants import to_text
from evidence.errors import IntegrityFault
from evidence.ledger.entries import read_entry
from evidence.policy.rules import Pack, cite_ids
from evidence.service.catalogue import StoredRecording
from evidence.service.intake.documents import original_out
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.vault import Sealed, Vault

DESTRUCTION = "evidence.destruction/1"


def certificate_body(
    stored: StoredRecording, disposal: Disposal, pack: Pack, now: datetime, absent: Sequence[str] = ()
) -> dict[str, object]:
    """Build the certificate's body. pack: in force now. absent: what was made from the recording and was not
    there when it should have been destroyed."""
    recording = stored.recording
    return {
        **({"absent": list(absent)} if absent else {}),
        "asked": _by_whom(disposal.asked_by, disposal.asked_at),
        "begun": to_text(disposal.begun_at or now),
        "cites": list(cite_ids(pack.retention.cites)),
        "decided": _by_whom(disposal.decided_by, disposal.decided_at),
        "destroyed": to_text(now),
        "device": recording.origin.device,
        "disposal": disposal.id,
        "kept_until": to_text(recording.retain_until),
        "manifest_sha256": recording.manifest_sha256,
        "original": original_out(recording.origin, recording.digests),
        "policy": {"pack": pack.id, "version": pack.version},
        "recording": recording.id,
        "sealed": to_text(recording.sealed_at),
        "software": f"evidence {__version__}",
        "type": DESTRUCTION,
    }


def destruction_faults(site: Site, stored: StoredRecording) -> Iterator[str]:
    """Name what is wrong with a recording that counts as destroyed, or is being destroyed: nothing where its
    certificate holds and its bytes have gone, or where what was begun is still to be ended.

    Raises: StoreUnavailable.
    """
    recording_id = stored.recording.id
    with site.database.reading() as unit:
        disposals = unit.disposals.of(recording_id)
        entries = list(_entries(unit, recording_id))
    ended = next((one for one in disposals if one.certificate is not None), None)
    if ended is None:
        if not _is_being_destroyed(disposals, entries):
            yield "certificate-missing"
        return
    assert ended.certificate is not None
    try:
        said = site.signer.read(ended.certificate, DESTRUCTION)
    except IntegrityFault:
        yield "certificate-wrong"
        return
    recording = stored.recording
    wanted = (recording_id, recording.manifest_sha256, original_out(recording.origin, recording.digests))
    if (said.get("recording"), said.get("manifest_sha256"), said.get("original")) != wanted:
        yield "certificate-wrong"
    digest = hashlib.sha256(ended.certificate).hexdigest()
    if digest not in _facts(entries, Act.DESTROY, "certificate_sha256"):
        yield "certificate-unlogged"
    if is_there(site.vault, recording.data_key):
        yield "destroyed-but-there"


def absent_copies(unit: UnitOfWork, recording_id: str) -> Sequence[str]:
    """Return the ids of what was made from a recording and was not there when it was to be destroyed."""
    told = (one for one in _entries(unit, recording_id) if one["act"] == Act.DERIVATIVE_DESTROY.value)
    objects = (one["obj"] for one in told if one["facts"].get("absent"))
    return sorted(ref["id"] for some in objects for ref in some if ref["k"] == "derivative")


def is_there(vault: Vault, key: str) -> bool:
    """Tell whether a vault has bytes under a key, also such as a disposal left. Raises: StoreUnavailable."""
    return any(
        one.key == key and (isinstance(one, Sealed) or one.kind != "delete-marker")
        for one in vault.census(key)
    )


def sealed_in(unit: UnitOfWork, recording_id: str) -> int:
    """Return the place in the log of custody where a recording was sealed. Raises: IntegrityFault."""
    for _, index, body in unit.log.about(Family.CUSTODY, recording_id):
        if read_entry(body)["act"] == Act.SEAL.value:
            return index
    raise IntegrityFault("row-without-entry", recording=recording_id)


def _is_being_destroyed(disposals: Sequence[Disposal], entries: Sequence[Mapping[str, Any]]) -> bool:
    begun = {one.id for one in disposals if one.state is State.BEGUN}
    return bool(begun & _facts(entries, Act.DISPOSAL_BEGIN, "disposal"))


def _facts(entries: Sequence[Mapping[str, Any]], act: Act, name: str) -> set[str]:
    return {str(one["facts"].get(name)) for one in entries if one["act"] == act.value}


def _entries(unit: UnitOfWork, recording_id: str) -> Iterator[Mapping[str, Any]]:
    for _, _, body in unit.log.about(Family.CUSTODY, recording_id):
        try:
            yield read_entry(body)
        except IntegrityFault:  # a fault of its own
            continue


def _by_whom(who: str | None, at: datetime | None) -> dict[str, object]:
    return {"at": None if at is None else to_text(at), "by": who}
