"""The words of a custody statement, beside the figures that the package computes (exports.md §6.2): who asked
and decided, what each file is and was called, how it was collected, what was found, what is not proven.

All of it is in the statement's member `report`, and a page says nothing that is not in the statement. Titles
are told as they were at each event, and as they are now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evidence import __version__
from evidence.bundle.shipment import Logged
from evidence.domain.audit import Act
from evidence.domain.exports import Export, Item, Way
from evidence.domain.findings import Severity
from evidence.domain.instants import from_text, to_text
from evidence.domain.labels import PERSONAL, Given
from evidence.domain.media import MediaFacts
from evidence.domain.standing import Standing
from evidence.errors import IntegrityFault
from evidence.ledger import notes
from evidence.ledger.entries import read_entry
from evidence.ledger.tlog_proofs import TlogProof
from evidence.policy.rules import Label, cite_ids
from evidence.service.catalogue import StoredFinding, StoredRecording
from evidence.service.court.export_access import rule_of
from evidence.service.court.package_names import PERSON, PackageNames, person_of
from evidence.service.examining.faults import findings_in_force
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST_FINDINGS = 20  # of one file
_TITLE = (Label.CASE_NUMBER, Label.CATEGORY, Label.STAGE, Label.MATTER)


@dataclass(frozen=True)
class CustodyReport:
    """What is said of one export in one transaction."""

    site: Site
    unit: UnitOfWork
    export: Export
    now: datetime

    def make(self, entries: Sequence[Logged], stamps: Mapping[str, bytes]) -> dict[str, object]:
        """Return the words, as canonical JSON values."""
        ids = [item.recording_id for item in self.export.granted]
        stored, standings = self.unit.recordings.some(ids), self.unit.standings.some(ids, self.now)
        read = [read_entry(one.entry) for one in entries]
        names = PackageNames(self.unit, self.export, {str(one["by"]) for one in read if "by" in one})
        sealed = {obj["id"]: one["by"] for one in read if one["act"] == Act.SEAL for obj in one["obj"]}
        strength = self.site.vault.strength()
        return {
            "cover": cover_of(self.site, self.unit, self.export, self.now),
            "items": [
                {
                    **self._item(stored[item.recording_id], item),
                    **_hands(names, sealed.get(item.recording_id), standings[item.recording_id]),
                }
                for item in self.export.granted
            ],
            "custody": [
                self._event(one, entry, names, stored) for one, entry in zip(entries, read, strict=True)
            ],
            "derivatives": [
                self._derivative(stored[item.recording_id], item, names)
                for item in self.export.granted
                if item.derivative_id
            ],
            "findings": [self._findings(stored[item.recording_id]) for item in self.export.granted],
            "integrity": [self._integrity(stored[item.recording_id]) for item in self.export.granted],
            "log": _log_of(entries, stamps),
            "refused": len(self.export.refused),
            "store": {"kind": strength.kind, "withstands": strength.withstands},
            "zone": self.site.policies.latest.time_zone,
        }

    def _item(self, stored: StoredRecording, item: Item) -> dict[str, object]:
        recording, origin = stored.recording, stored.recording.origin
        facts = _probed(self.site, self.unit, stored)
        length, began = _length_of(facts), began_at(self.site, self.unit, stored)
        kinds = {track.kind for track in facts.tracks} if facts else set()
        category = next((kind for kind in ("video", "audio", "image") if kind in kinds), "data")
        found = findings_in_force(self.unit, recording.id)
        return {
            "began": None if began is None else to_text(began),
            "category": category,
            "clock_offset_ms": origin.clock_offset_ms if origin.is_offset_measured else None,
            "codecs": sorted({track.codec for track in facts.tracks}) if facts else [],
            "container": facts.container if facts else "unknown",
            "device": origin.device,
            "device_time": None if origin.modified_at is None else to_text(origin.modified_at),
            "ended": None if stored.ended_at is None else to_text(stored.ended_at),
            "findings": sorted({str(one.body["code"]) for one in found}),
            "firmware": facts.device_texts.get("firmware") if facts else None,
            "form": item.form.value,
            "id": recording.id,
            "length_ms": length,
            "sealed": to_text(recording.sealed_at),
            "source": origin.name,
            "title": title_at(stored, self.now),
            "wearer": origin.wearer,
        }

    def _findings(self, stored: StoredRecording) -> dict[str, object]:
        """Return what examination found of a file that somebody must explain; breaches first, and no more
        than a page holds. What was measured may name other files: it goes along as evidence only."""
        found = [one for one in findings_in_force(self.unit, stored.recording.id) if _asks(one)]
        found.sort(key=lambda one: (one.body["severity"] != Severity.BREACH, str(one.body["code"])))
        is_whole = self.export.way is Way.TRANSFER
        return {
            "id": stored.recording.id,
            "more": max(0, len(found) - MOST_FINDINGS),
            "told": [
                {
                    "body": json.dumps(dict(one.body), sort_keys=True) if is_whole else None,
                    "cites": [str(cite) for cite in one.body.get("cites") or ()],  # type: ignore[attr-defined]
                    "code": one.body["code"],
                    "severity": one.body["severity"],
                }
                for one in found[:MOST_FINDINGS]
            ],
        }

    def _derivative(self, stored: StoredRecording, item: Item, names: PackageNames) -> dict[str, object]:
        """Return what a derivative is, how it was made, and the digests of what it was made from; the words
        about it, which may be about people, go along as evidence only."""
        found = self.unit.derivatives.get(item.derivative_id or "")
        if found is None:
            raise IntegrityFault("derivative-differs", recording=item.recording_id)
        digests, length = stored.recording.digests, None if found.output is None else found.output.length_ms
        began = began_at(self.site, self.unit, stored)
        if began is not None:
            began += timedelta(milliseconds=int(str(found.parameters.get("from_ms") or 0)))
        ended = None if began is None or length is None else began + timedelta(milliseconds=length)
        return {
            "asked_by": names.who(found.asked_by),
            "began": None if began is None else to_text(began),
            "ended": None if ended is None else to_text(ended),
            "id": found.id,
            "length_ms": length,
            "made_with": dict(found.output.made_with) if found.output else {},
            "operation": found.operation.value,
            "original": {"sha256": digests.sha256, "sm3": digests.sm3},
            "parameters": dict(found.parameters),
            "words": dict(found.words) if self.export.way is Way.TRANSFER else None,
        }

    def _integrity(self, stored: StoredRecording) -> dict[str, object]:
        checked = stored.checked_at
        return {
            "checked": None if checked is None else to_text(checked),
            "id": stored.recording.id,
            "past_faults": list(stored.past_faults),
            "result": stored.check_result,
        }

    def _event(
        self,
        one: Logged,
        entry: Mapping[str, Any],
        names: PackageNames,
        stored: Mapping[str, StoredRecording],
    ) -> dict[str, object]:
        """Return what a page says of an entry: whose act, as what, and what each file was called then."""
        at, by = from_text(entry["t"]), entry.get("by")
        who = names.who(by)
        grants = self.unit.grants.in_force(at, by) if who["kind"] == PERSON else ()
        about = [stored[obj["id"]] for obj in entry["obj"] if obj["id"] in stored]
        return {
            "export": names.export_of(entry),
            "index": one.index,
            "log": one.log,
            "roles": sorted({grant.role.value for grant in grants}),
            "titles": {each.recording.id: title_at(each, at) for each in about},
            "who": who,
        }


def cover_of(site: Site, unit: UnitOfWork, one: Export, now: datetime) -> dict[str, object]:
    """Return what a document about an export is of: by whom, for whom, on what ground."""
    said, decided = one.said, one.decision
    case = None if one.case_id is None else unit.cases.get(one.case_id)
    return {
        "agency": full_names(unit.units.all()).get(one.unit_id, one.unit_id),
        "asked": to_text(one.asked_at),
        "basis": said.basis,
        "case": None if case is None else case.number,
        "cites": list(cite_ids(rule_of(site, one.way, one.asked_at).cites)),
        "decided": None if decided is None else to_text(decided.at),
        "medium": one.medium.value,
        "number": one.number,
        "prepared_by": person_of(unit, one.asked_by),
        "purpose": said.purpose,
        "recipient": said.recipient,
        "reviewed_by": None if decided is None else person_of(unit, decided.by),
        "system": f"evidence {__version__}",
        "time": to_text(now),
        "way": one.way.value,
    }


def _hands(names: PackageNames, by: str | None, standing: Standing) -> dict[str, object]:
    """Return through whose hands a recording came: a dock's, or those of a person in a browser."""
    who = names.who(by)
    return {
        "brought_by": who,
        "docked": "browser" if who["kind"] == PERSON else "dock",
        "unit": names.unit_of(standing.unit_path),
        "wearer_name": names.wearer(standing.person_id),
    }


def title_at(stored: StoredRecording, at: datetime) -> str:
    """Return what a recording was called at a moment: by its labels then, without personal words, and the
    device's own name for the file."""
    said = {one.name: one.value for one in stored.told if _stood(one, at) and one.name not in PERSONAL}
    words = [said[name] for name in _TITLE if said.get(name)]
    return " · ".join([*map(str, words), stored.recording.origin.name.rpartition("/")[2]])


def began_at(site: Site, unit: UnitOfWork, stored: StoredRecording) -> datetime | None:
    """Return when a recording began: its end, less its length. None where either is not known."""
    length, ended = _length_of(_probed(site, unit, stored)), stored.ended_at
    return None if ended is None or length is None else ended - timedelta(milliseconds=length)


def begun_at(site: Site, unit: UnitOfWork, stored: StoredRecording) -> datetime:
    """Return the same as well as it is known: else what the device's clocks say, however sure they are, else
    from when the file was last written, or sealed."""
    if (known := began_at(site, unit, stored)) is not None:
        return known
    times = json.loads(unit.examinations.facts("recording", stored.recording.id, "sequence") or "{}")
    if times.get("start"):
        return from_text(times["start"])
    origin, length = stored.recording.origin, _length_of(_probed(site, unit, stored)) or 0
    written = None if origin.modified_at is None else origin.modified_at + origin.clock_offset
    return (written or stored.recording.sealed_at) - timedelta(milliseconds=length)


def _probed(site: Site, unit: UnitOfWork, stored: StoredRecording) -> MediaFacts | None:
    text = unit.examinations.facts("recording", stored.recording.id, "probe")
    return None if text is None else site.prober.read(text)


def _length_of(facts: MediaFacts | None) -> int | None:
    return None if facts is None or facts.duration_s is None else round(facts.duration_s * 1000)


def _asks(one: StoredFinding) -> bool:
    return one.body["severity"] in (Severity.BREACH, Severity.ATTENTION)


def _stood(one: Given, at: datetime) -> bool:
    return one.given_at <= at and (one.ended_at is None or at < one.ended_at)


def _log_of(entries: Sequence[Logged], stamps: Mapping[str, bytes]) -> list[dict[str, object]]:
    """Return for each log its checkpoint, and whose signatures stand under it."""
    found: dict[str, dict[str, object]] = {}
    for one in entries:
        if one.log not in found:
            note = TlogProof.parse(one.proof).checkpoint
            signers = [f"{line.name}+{line.key_id}" for line in notes.parse(note).signatures]
            found[one.log] = {
                "checkpoint": note.decode(),
                "log": one.log,
                "signers": signers,
                "stamped": one.log in stamps,
            }
    return [found[name] for name in sorted(found)]
