"""Requests to every route, as well made as they can be without knowing more than the table."""

from __future__ import annotations

import itertools

from evidence.domain.access import ANYONE
from tests.asgi import Answer
from tests.permissions.reading import ROUTES, TABLE
from tests.permissions.room import ABSENT, Persona, Room
from tests.web.talk import OCTETS, metadata

NUMBERS = itertools.count()
# Bodies well made enough to come to the recording, and such that nothing about it changes.
BODIES = {
    "POST /api/v1/receipts": b'{"uploads": ["x"]}',
    # An unknown ground: nothing is held, so that nothing changes for those who ask later.
    "POST /api/v1/recordings/{recording_id}/holds": b'{"ground": "none", "reason": "x"}',
    "POST /api/v1/samples/{sample_id}/recordings/{recording_id}/review": (
        b'{"outcome": "in-order", "note": "x"}'
    ),
    "POST /api/v1/recordings/{recording_id}/markers": b'{"kind": "notice-given", "from_s": 0, "to_s": 1}',
    "POST /api/v1/recordings/{recording_id}/derivatives": (
        b'{"operation": "still", "title": "x", "reason": "x", "from_s": 0}'
    ),
    "POST /api/v1/recordings/{recording_id}/derivatives/proposals": b'{"from_s": 0, "to_s": 1}',
    "POST /api/v1/recordings/{recording_id}/class": b'{"class": "ordinary", "reason": "x"}',
    "POST /api/v1/recordings/{recording_id}/readers": b'{"person": "x", "until": "2000-01-01T00:00:00Z"}',
}


def credential(room: Room, persona: Persona) -> dict[str, str]:
    """The header with which a persona comes."""
    if persona.caller is ANYONE:
        return {}
    token = room.dock_token if persona.name == "dock" else persona.name.replace(" ", "-")
    return {"Authorization": f"Bearer {token}"}


def ask(room: Room, persona: Persona, route: str, recording: str = ABSENT) -> Answer:
    """Ask a route as well made as it can be made without knowing more than the table."""
    method, path = route.split()
    known = {"recording_id": recording, "upload_id": room.upload_id, "year": "2026", "index": "1"}
    for name, value in known.items():
        path = path.replace("{" + name + "}", value)
    while "{" in path:
        path = path[: path.index("{")] + ABSENT + path[path.index("}") + 1 :]
    headers, body = {"Tus-Resumable": "1.0.0", **credential(room, persona)}, b""
    if route == "POST /api/v1/uploads":
        told = metadata(filename=f"{next(NUMBERS)}.mp4", device="D", wearer="1")
        headers |= {"Upload-Length": "4", "Upload-Metadata": told}
    elif method in ("POST", "PUT", "PATCH"):
        kind = OCTETS if "upload_id" in route else "application/json"
        headers |= {"Content-Type": kind, "Upload-Offset": "1"}
        body = BODIES.get(route, b"{}")
    purpose = "?purpose=case" if TABLE[ROUTES[route]].rules & {"purpose"} else ""
    return room.line.ask(method, path + purpose, headers, body)
