"""The requests of docs/formats/dock-protocol.md, one function each, over a line. Nothing is asked twice
here."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.dock.finding import Found
from evidence.dock.line import Answer, Line, error_of
from evidence.domain.ids import is_id
from evidence.domain.instants import to_text
from evidence.errors import EvidenceError, IntegrityFault
from evidence.ledger.keys import VerifierKey

STATES = ("wanted", "receiving", "sealing", "sealed")
_JSON = {"Content-Type": "application/json"}
_OCTETS = "application/offset+octet-stream"
_COUNT = re.compile(r"[0-9]{1,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wearing:
    """Who wore which recorder, how far its clock is off (milliseconds to add; None: nobody measured), the
    labels given, and whether a person confirmed the offset however large it is."""

    device: str
    wearer: str
    clock_offset_ms: int | None
    labels: Mapping[str, str]
    is_offset_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What the service says about an announced file: one of STATES, the ids it goes with, and what the last
    reading back of its original found ("ok", a fault, None before the first), and the keys of what was given
    now but stands otherwise with the file already."""

    state: str
    upload: str | None
    recording: str | None
    check: str | None = None
    not_stored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it came, what the last reading back of its original found (as in Standing), and the upload
    that it was asked for."""

    document: bytes
    check: str | None
    upload: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A file of which a part was sent, and that this card does not have. received: bytes of it that the
    service keeps."""

    name: str
    size_bytes: int
    received: int


def fetch_key(line: Line) -> VerifierKey:
    """Return the verifier key that the service shows. Raises: Invalid when it is none."""
    return VerifierKey.parse(line.ask("GET", "/api/v1/key", {}).body.decode("utf-8", "replace"))


def announce(
    line: Line, wearing: Wearing, files: Sequence[Found]
) -> tuple[str, tuple[Standing, ...], tuple[Gone, ...]]:
    """Announce the card; return its id, where each file stands, in the order given, and what is gone.

    Raises: IntegrityFault `answer-malformed` when the answer is not about exactly these files.
    """
    listed = [
        {"name": f.name, "size": f.size_bytes, "modified": to_text(f.modified) if f.modified else None}
        for f in files
    ]
    body = {
        "device": wearing.device,
        "wearer": wearing.wearer,
        "labels": dict(wearing.labels),
        "files": listed,
        **({} if wearing.clock_offset_ms is None else {"clock_offset_ms": wearing.clock_offset_ms}),
        **({"clock_offset_confirmed": True} if wearing.is_offset_confirmed else {}),
    }
    answer = line.ask("POST", "/api/v1/cards", _JSON, json.dumps(body, ensure_ascii=False).encode())
    try:
        document = json.loads(answer.body)
        entries = document["files"]
        same = [(e["name"], e["size"]) for e in entries] == [(f.name, f.size_bytes) for f in files]
        standings = tuple(_standing(entry) for entry in entries)
        gone = tuple(map(_gone, document.get("gone", [])))  # a service before this member says nothing
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise IntegrityFault("answer-malformed", to="cards") from problem
    if not same or not is_id(str(document["card"])):
        raise IntegrityFault("answer-malformed", to="cards")
    return document["card"], standings, gone


def create_upload(
    line: Line, wearing: Wearing, card: str, found: Found, first: memoryview, digest: bytes
) -> tuple[str, int]:
    """Open an upload (tus creation), with its first bytes, if any, and the digest of these; return its id
    and the durable offset: 0 from a service that takes no bytes with a creation.
    """
    facts = {
        "filename": found.name,
        "device": wearing.device,
        "wearer": wearing.wearer,
        "card": card,
    }
    if wearing.clock_offset_ms is not None:
        facts["clock-offset-ms"] = str(wearing.clock_offset_ms)
    if found.modified is not None:
        facts["modified"] = to_text(found.modified)
    facts |= {f"label-{name}": text for name, text in wearing.labels.items()}
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode('ascii')}" for k, v in facts.items())
    headers = {"Upload-Length": str(found.size_bytes), "Upload-Metadata": metadata}
    if first:
        headers |= {"Content-Type": _OCTETS, "Upload-Checksum": _checksum(digest)}
    answer = line.ask("POST", "/api/v1/uploads", headers, first)
    upload = answer.headers.get("location", "").rpartition("/")[2]
    if not is_id(upload):
        raise IntegrityFault("answer-malformed", to="uploads")
    return upload, _offset(answer) if "upload-offset" in answer.headers else 0


def fetch_offset(line: Line, upload: str) -> int:
    """Return how many bytes of an upload are durable (tus HEAD)."""
    return _offset(line.ask("HEAD", f"/api/v1/uploads/{upload}", {}))


def send_chunk(
    line: Line, upload: str, offset: int, chunk: memoryview, prefix_digest: bytes, sent: Callable[[int], None]
) -> int:
    """Send bytes at an offset (tus PATCH) with the digest of the file from its start to the end of these
    bytes; return the new durable offset."""
    headers = {
        "Content-Type": _OCTETS,
        "Upload-Offset": str(offset),
        "Upload-Checksum": _checksum(prefix_digest),
    }
    return _offset(line.ask("PATCH", f"/api/v1/uploads/{upload}", headers, chunk, sent))


def fetch_receipt(line: Line, upload: str) -> tuple[Receipt | None, float]:
    """Return the receipt, or None and the seconds after which to ask again while sealing goes on."""
    answer = line.ask("GET", f"/api/v1/uploads/{upload}/receipt", {})
    if answer.status == 200:
        return Receipt(answer.body, answer.headers.get("evidence-check"), upload), 0.0
    wait = answer.headers.get("retry-after", "")
    return None, float(wait) if _COUNT.fullmatch(wait) else 1.0


def fetch_receipts(line: Line, uploads: Sequence[str]) -> Sequence[Receipt | EvidenceError | None]:
    """Return the receipts of up to 100 uploads in this order, None while sealing goes on, and what is wrong
    with one in its place.

    Raises: NotFound, from a service that tells them one by one only; IntegrityFault `answer-malformed` when
    the answer is not about exactly these uploads.
    """
    asked = json.dumps({"uploads": list(uploads)}).encode()
    answer = line.ask("POST", "/api/v1/receipts", _JSON, asked)
    try:
        told = json.loads(answer.body)["receipts"]
        if [one["upload"] for one in told] != list(uploads):
            raise ValueError("other uploads")
        return [_receipt(one) for one in told]
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise IntegrityFault("answer-malformed", to="receipts") from problem


def _receipt(told: Mapping[str, Any]) -> Receipt | EvidenceError | None:
    match told["state"]:
        case "sealed":
            document, check = told["receipt"], told.get("check")
            if not isinstance(document, str) or not isinstance(check, str | None):
                raise ValueError("not a receipt")
            return Receipt(document.encode(), check, told["upload"])
        case "problem":
            return error_of(Answer(int(told["problem"]["status"]), {}, json.dumps(told["problem"]).encode()))
        case "sealing":
            return None
    raise ValueError("not a state")


def fetch_log_keys(line: Line) -> bytes:
    """Return the signed list of the keys of the logs. Raises: NotFound, before services gave one."""
    return line.ask("GET", "/api/v1/log-keys", {}).body


def fetch_proof(line: Line, upload: str) -> bytes:
    """Return the proof of the entry that an upload's receipt names. Raises: Conflict `not-yet-published`."""
    return line.ask("GET", f"/api/v1/uploads/{upload}/proof", {}).body


def show_receipt(line: Line, receipt: bytes) -> bytes:
    """Return the proof for a receipt whose upload is another account's. Raises: as `fetch_proof`; NotFound
    from a service of before this request."""
    return line.ask("POST", "/api/v1/proofs", _JSON, receipt).body


def fetch_checkpoint(line: Line) -> bytes:
    """Return the newest checkpoint of the log of custody. Raises: NotFound `log-not-found` where nothing is
    published, or another code from a service that had no logs yet."""
    return line.ask("GET", "/api/v1/logs/custody/checkpoint", {}).body


def fetch_consistency(line: Line, old: int, new: int) -> bytes:
    """Return the proof that the log of custody only grew from one size to another, as text."""
    return line.ask("GET", f"/api/v1/logs/custody/consistency?old={old}&new={new}", {}).body


def show_checkpoint(line: Line, note: bytes) -> bool:
    """Show the service a checkpoint that was kept; return whether its log goes on from it. Where not, it has
    raised an alarm. Raises: IntegrityFault `answer-malformed`."""
    answer = line.ask("POST", "/api/v1/checkpoints", {"Content-Type": "text/plain"}, note)
    try:
        return bool(json.loads(answer.body)["goes_on"])
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise IntegrityFault("answer-malformed", to="checkpoints") from problem


def _checksum(prefix_digest: bytes) -> str:
    return f"sha256-prefix {base64.b64encode(prefix_digest).decode('ascii')}"


def _offset(answer: Answer) -> int:
    text = answer.headers.get("upload-offset", "")
    if not _COUNT.fullmatch(text):
        raise IntegrityFault("answer-malformed", to="uploads")
    return int(text)


def _gone(entry: Mapping[str, object]) -> Gone:
    name, size, received = entry["name"], entry["size"], entry["received"]
    if not isinstance(name, str) or type(size) is not int or type(received) is not int:
        raise ValueError("not a file")
    return Gone(name, size, received)


def _standing(entry: Mapping[str, object]) -> Standing:
    state, upload, recording = entry["state"], entry["upload"], entry["recording"]
    for name in (upload, recording):
        if name is not None and not (isinstance(name, str) and is_id(name)):
            raise ValueError("not an id")
    check = entry.get("check")  # a service before this member says nothing
    if check is not None and not isinstance(check, str):
        raise ValueError("not a check")
    not_stored = entry.get("not_stored", [])
    if not isinstance(not_stored, list) or not all(isinstance(one, str) for one in not_stored):
        raise ValueError("not fields")
    if state not in STATES or (state in ("receiving", "sealing") and upload is None):
        raise ValueError("not a state")
    return Standing(str(state), upload, recording, check, tuple(not_stored))  # type: ignore[arg-type]
