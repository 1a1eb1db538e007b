"""What some callers are not told about what they may know of: `LACKED` is the one table of that.

What a caller lacks is absent from an answer, not empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.domain.access import Caller
from evidence.domain.people import PersonType


@dataclass(frozen=True, slots=True)
class Lacked:
    """Fields that a caller is not told: of any recording, and of recordings that somebody else wore."""

    always: frozenset[str]
    of_others: frozenset[str]


LACKED: Mapping[PersonType, Lacked] = {
    # Names of files tell recorder and wearer, labels and details of findings may tell anybody.
    PersonType.AUXILIARY: Lacked(
        always=frozenset({"device", "sha256", "sm3"}),
        of_others=frozenset(
            {
                *("name", "file", "wearer", "labels", "case_number_due", "measured", "limit", "detail"),
                *("text", "reason", "basis", "device_state", "view", "place"),
            }
        ),
    ),
}


def told_to(row: dict[str, Any], caller: Caller, wearer: str | None) -> dict[str, Any]:
    """Leave out what the caller lacks. wearer: the number of who wore the recorder, None where not known."""
    lacked = None if caller.person_type is None else LACKED.get(caller.person_type)
    if lacked is None:
        return row
    absent = lacked.always | (frozenset() if wearer == caller.name else lacked.of_others)
    return {key: value for key, value in row.items() if key not in absent}
