"""A file of which a part was sent is not on the card any more: told at the next docking, and asked about in
the gap report (Dazhe 2020 art. 12). What was never begun stands there as missing.

A dock lists a whole card, so what its list lacks is a finding (`card-incomplete`, manner `gone`), until
the file is listed again or sealed. A person in a browser may choose single files: they are told of what they
began themselves, and nothing is found by it. What was received stays where it is: the upload is named.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.instants import to_text
from evidence.domain.recordings import Origin
from evidence.domain.rights import Kind
from evidence.domain.uploads import Upload, UploadState
from evidence.policy.rules import Pack, cite_ids
from evidence.service.catalogue import AnnouncedFile, Scope
from evidence.service.ports import UnitOfWork

_KIND = "card"  # of the examination
_WHOLE = frozenset({UploadState.COMPLETE, UploadState.SEALED, UploadState.REFUSED})


@dataclass(frozen=True, slots=True)
class GoneFile:
    """A file that a list announced, and the newest one lacks. upload: what was begun of it, and is kept."""

    file: AnnouncedFile
    upload: Upload


def gone_from(
    unit: UnitOfWork, caller: Caller, device: str, listed: Sequence[AnnouncedFile]
) -> Sequence[GoneFile]:
    """Return what the caller's list of a recorder's card lacks, oldest first."""
    there = {one.id for one in listed}
    owed = [one for one in unit.cards.outstanding(device=device) if one.id not in there]
    found = list(_unfinished(unit, device, owed))
    if caller.kind is Kind.PERSON:
        return [one for one in found if one.upload.account_id == caller.id]
    return found


def note_gone(unit: UnitOfWork, gone: Collection[GoneFile], pack: Pack, now: datetime) -> None:
    """Find what is gone; the same as before is found once."""
    for one in gone:
        finding = _finding(one, pack)
        facts = json.dumps(dict(finding.detail), sort_keys=True)
        unit.examinations.record(_scope(one.file), _KIND, pack, facts, [finding], now)


def settle_gone(unit: UnitOfWork, file: AnnouncedFile, pack: Pack, now: datetime) -> None:
    """Supersede the finding about a file that is there again, or sealed."""
    if unit.examinations.facts("announced", file.id, _KIND) is not None:
        unit.examinations.record(_scope(file), _KIND, pack, "{}", [], now)


def _unfinished(unit: UnitOfWork, device: str, owed: Sequence[AnnouncedFile]) -> Iterator[GoneFile]:
    """Yield those that were begun and of which not all bytes are here, each with the upload that has most."""
    begun: dict[tuple[str, int, datetime | None], list[Upload]] = {}
    for upload in unit.uploads.named(device, [one.origin.name for one in owed], UploadState):
        begun.setdefault(_key(upload.origin), []).append(upload)
    for file in owed:
        mine = begun.get(_key(file.origin), [])
        kept = [one for one in mine if one.state is not UploadState.TERMINATED]
        if kept and not any(one.state in _WHOLE for one in mine):
            yield GoneFile(file, max(kept, key=lambda one: one.offset))


def _key(origin: Origin) -> tuple[str, int, datetime | None]:
    return origin.name, origin.size_bytes, origin.modified_at


def _finding(one: GoneFile, pack: Pack) -> Finding:
    detail: dict[str, object] = {
        "announced": to_text(one.file.announced_at),
        "manner": "gone",
        "unit": "bytes",
        "upload": one.upload.id,
    }
    return Finding(
        Code.CARD_INCOMPLETE,
        Severity.ATTENTION,
        one.file.origin.name,
        measured=one.upload.offset,
        limit=one.file.origin.size_bytes,
        cites=cite_ids(pack.upload_deadline.cites),
        detail=detail,
    )


def _scope(file: AnnouncedFile) -> Scope:
    return Scope("announced", file.id, file.origin.device)
