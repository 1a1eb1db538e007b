"""How exports stand in answers: the same over HTTP and on the command line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from evidence.domain.exports import Built, Decision, HandOver, Item, Receipt, Volume, Withdrawal
from evidence.domain.instants import to_text
from evidence.service.court.export_lists import ListedExport


def export_out(listed: ListedExport) -> dict[str, Any]:
    """An export as JSON values. A file of which the caller may not know has null in the place of its id.

    withheld: it is restricted, and cannot go out whole as it was asked for. people: who stands behind the
    ids of those who asked, decided and handed over. alike: others on their way with the same files to the
    same recipient.
    """
    one, said = listed.export, listed.export.said
    return {
        "id": one.id,
        "number": one.number,
        "way": one.way.value,
        "state": one.state.value,
        "unit": one.unit_id,
        "unit_name": listed.cover["agency"],
        "case": one.case_id,
        "case_number": listed.cover["case"],
        "medium": one.medium.value,
        "recipient": said.recipient,
        "purpose": said.purpose,
        "basis": said.basis,
        "applicant": said.applicant,
        "relation": said.relation,
        "identity": said.identity,
        "asked_by": one.asked_by,
        "asked": to_text(one.asked_at),
        "cites": list(listed.cites),
        "answer_by": listed.answer_by.isoformat(),
        "alike": [
            {"id": other.id, "number": other.number, "state": other.state.value} for other in listed.alike
        ],
        "items": [_item_out(item, listed.titles, listed.withheld) for item in one.items],
        "withdrawn": one.withdrawn and _withdrawn_out(one.withdrawn),
        "decision": one.decision and _decision_out(one.decision),
        "problem": one.problem,
        "built": one.built and _built_out(one.built),
        "handed_over": one.hand_over and _hand_over_out(one.hand_over),
        "people": {id_: dict(person) for id_, person in listed.people.items()},
        "receipt": one.receipt and _receipt_out(one.receipt),
    }


def _item_out(one: Item, seen: Mapping[str, str], withheld: Collection[str]) -> dict[str, Any]:
    is_seen = one.recording_id in seen
    return {
        "recording": one.recording_id if is_seen else None,
        "title": seen.get(one.recording_id),
        "sha256": one.sha256 if is_seen else None,
        "form": one.form.value,
        "derivative": one.derivative_id if is_seen else None,
        "withheld": one.recording_id in withheld if is_seen else None,
        "granted": one.is_granted,
        "ground": None if one.ground is None else one.ground.value,
    }


def _withdrawn_out(one: Withdrawal) -> dict[str, Any]:
    return {"by": one.by, "at": to_text(one.at), "reason": one.reason}


def _decision_out(one: Decision) -> dict[str, Any]:
    return {
        "approved": one.is_approved,
        "by": one.by,
        "at": to_text(one.at),
        "reason": one.reason,
        "secrecy": one.secrecy,
        "set_sha256": one.set_sha256,
        "valid_to": None if one.valid_to is None else one.valid_to.isoformat(),
        "lapsed": _time(one.lapsed_at),
    }


def _built_out(one: Built) -> dict[str, Any]:
    return {
        "at": to_text(one.at),
        "package_sha256": one.package_sha256,
        "volumes": [_volume_out(volume) for volume in one.volumes],
        "retained": one.retained_key,
        "retained_sha256": one.retained_sha256,
    }


def _volume_out(one: Volume) -> dict[str, Any]:
    return {
        "label": one.label,
        "number": one.number,
        "file": one.file,
        "size": one.size_bytes,
        "sha256": one.sha256,
        "sm3": one.sm3,
        "serial": one.serial,
        "written": _time(one.written_at),
        "written_by": one.written_by,
        "read": None if one.written_at is None else one.is_read,
    }


def _hand_over_out(one: HandOver) -> dict[str, Any]:
    return {
        "gave": one.gave,
        "beside": one.beside,
        "receiver": one.receiver,
        "by": one.by,
        "at": to_text(one.at),
    }


def _receipt_out(one: Receipt) -> dict[str, Any]:
    return {"by": one.by, "at": to_text(one.at)}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)
