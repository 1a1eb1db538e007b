"""`evidence verify`: re-read every original against its digests, its manifest and its row."""

from __future__ import annotations

import json

import typer

from evidence.cli.site import OPERATOR, Data, Json, open_site
from evidence.cli.words import printable
from evidence.locale import say


def verify(data: Data = None, json_: Json = False) -> None:
    """校验原件 / Re-read all originals; exit code 4 when anything does not agree, else 3 when
    something could not be checked.
    """
    application = open_site(data)
    faulty, checked, unchecked, rows = 0, 0, 0, []
    for verdict in application.fixity.verify_all(OPERATOR):
        checked += verdict.is_checked
        unchecked += not verdict.is_checked
        faulty += verdict.is_checked and bool(verdict.faults)
        rows.append(
            {
                "recording": verdict.recording_id,
                "device": verdict.device,
                "name": verdict.name,
                "size": verdict.size_bytes,
                "result": verdict.result,
                "faults": list(verdict.faults),
                "destroyed": verdict.is_destroyed,
            }
        )
        if not json_:
            words = " · ".join(say(f"fault.{fault}") for fault in verdict.faults)
            sound = "cli.verified-destroyed" if verdict.is_destroyed else "cli.verified"
            said = f"‼ {words}" if words else say(sound)
            place = "  ".join(printable(part) for part in (verdict.device, verdict.name) if part)
            print(f"{said}  {place}  {verdict.recording_id}")
    if json_:
        told = {"checked": checked, "faulty": faulty, "not_checked": unchecked, "recordings": rows}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        print(say("cli.verify-total", checked=checked, faulty=faulty, unchecked=unchecked))
    if faulty or unchecked:
        raise typer.Exit(4 if faulty else 3)
