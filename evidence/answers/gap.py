"""How explanations and exemptions stand in answers: the same over HTTP and on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from evidence.answers.lacked_fields import told_to
from evidence.domain.access import Caller
from evidence.domain.contradictions import Against
from evidence.domain.explanations import Exemption, Explanation, Gap
from evidence.domain.instants import to_text
from evidence.service.gaps.explanations import History


def explanation_out(one: Explanation, caller: Caller) -> dict[str, Any]:
    """An explanation as JSON values. outcome: null while nobody has decided; of "fault" `verdicts` say
    what the file that it opened has found."""
    spoken = one.spoken
    return {
        "id": one.id,
        "gap": one.gap,
        "finding": one.finding_id,
        "cause": one.cause,
        "text": one.text,
        "spoken": spoken
        and {
            "recording": spoken.recording_id,
            "from_s": spoken.from_ms / 1000,
            "to_s": spoken.to_ms / 1000,
            "marker": spoken.marker_id,
        },
        "author": one.author,
        "at": to_text(one.at),
        "outcome": one.outcome,
        "reason": one.reason,
        "decided_by": one.reviewed_by,
        "decided": _time(one.reviewed_at),
        "verdicts": verdicts_out(one, caller),
    }


def verdicts_out(one: Explanation, caller: Caller) -> list[dict[str, Any]]:
    """What the fault file found about each person, by whom and when; null while nobody has decided."""
    return [
        told_to(
            {
                "wearer": found.number,
                "verdict": found.verdict,
                "decided_by": found.by,
                "decided": _time(found.at),
            },
            caller,
            found.number,
        )
        for found in one.verdicts_for(caller.name)
    ]


def history_out(history: History, caller: Caller) -> dict[str, Any]:
    """A gap as it was explained first, with all that was said and decided."""
    wearer = history.gap.wearer
    return {
        **told_to(_gap_out(history.gap), caller, wearer),
        "explanations": [
            told_to(explanation_out(one, caller), caller, wearer) for one in history.explanations
        ],
    }


def state_words(say: Callable[..., str], row: Mapping[str, Any]) -> list[str]:
    """How far a line of the gap report is, as people read it; of one that is exempt, what speaks against the
    statement. say: a text of the catalogues."""
    if "gap_state" not in row:
        return []
    more = [say("exemptions.against-count", count=row["against"])] if row.get("against") else []
    return [say(f"gap-state.{row['gap_state']}"), *more]


def exemption_out(one: Exemption, caller: Caller, known: Mapping[str, Sequence[Against]]) -> dict[str, Any]:
    """An exemption statement. agrees: null while no head has received it. reason: why it was withdrawn.
    against: footage of that very time; recording and name are null where the reader may not know of it."""
    row = {
        "id": one.id,
        "person": one.person_id,
        "ground": one.ground,
        "basis": one.basis,
        "since": to_text(one.span.start),
        "until": to_text(one.span.end),
        "device_state": one.device_state,
        "author": one.author,
        "at": to_text(one.at),
        "agrees": one.agrees,
        "view": one.view,
        "received_by": one.received_by,
        "received": _time(one.received_at),
        "state": one.state.value,
        "withdrawn": _time(one.withdrawn_at),
        "reason": one.withdrawal,
    }
    wearer = caller.name if caller.id == one.person_id else None
    speaking = [told_to(_against_out(each), caller, wearer) for each in known.get(one.id, ())]
    return {**told_to(row, caller, wearer), "against": speaking}


def _against_out(one: Against) -> dict[str, Any]:
    """What of a stated time was recorded. from, to: null where only its end is known. recording: null, and a
    name, of a file that a card's list names and nobody has stored."""
    return {
        "recording": one.recording_id,
        "device": one.device,
        "name": one.file,
        "from": None if one.span is None else to_text(one.span.start),
        "to": None if one.span is None else to_text(one.span.end),
        "ended": to_text(one.ended_at),
    }


def _gap_out(one: Gap) -> dict[str, Any]:
    return {
        "gap": one.subject.name,
        "part": one.part,
        "code": one.code,
        "device": one.device,
        "file": one.file,
        "wearer": one.wearer,
        "recording": one.recording_id,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)
